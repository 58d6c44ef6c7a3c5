"""Backups: everything of an installation but its keys and settings, in one directory that is whole or absent."""
