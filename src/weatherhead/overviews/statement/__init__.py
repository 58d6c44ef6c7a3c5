"""Billing summaries: statements, payment histories, yearly and usage summaries, and a statement over accounts."""
