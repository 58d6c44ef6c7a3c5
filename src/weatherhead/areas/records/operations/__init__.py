"""Writes of what the house remembers."""
