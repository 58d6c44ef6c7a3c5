"""Employees, jobs and ties."""
