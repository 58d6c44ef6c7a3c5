"""Deciding what others asked for."""
