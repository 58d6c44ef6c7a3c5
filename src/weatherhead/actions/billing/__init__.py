"""Bills and what holds them back."""
