"""Meters and reads."""
