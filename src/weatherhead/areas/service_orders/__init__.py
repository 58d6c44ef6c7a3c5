"""Work in the field: what is asked for, and what came of it."""
