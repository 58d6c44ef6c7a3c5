"""The calendar of cycles, reading routes, and work in the field for a read."""
