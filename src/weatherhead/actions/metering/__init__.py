"""Meters and their reads."""
