"""Fees and waivers."""
