"""Disposal of what was kept long enough, and the holds that stop it."""
