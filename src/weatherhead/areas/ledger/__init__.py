"""The books: append-only double entry in integer cents."""
