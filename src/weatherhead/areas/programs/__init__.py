"""Programs that accounts are enrolled in; so far the bare facts of enrollment."""
