"""Customers, their contact points, and accounts: what we bill."""
