"""Deposits, refunds and debts given up."""
