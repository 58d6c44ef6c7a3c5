"""Meters, where they hang, and what they read."""
