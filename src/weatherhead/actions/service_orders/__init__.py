"""Orders for work in the field."""
