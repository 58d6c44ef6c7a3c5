"""Reads of what the house remembers. Frozen values, never model instances."""
