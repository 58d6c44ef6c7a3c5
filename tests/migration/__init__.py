"""Tests of loading a utility from its old system."""
