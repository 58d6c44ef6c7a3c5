"""The people who work here: users, employees and their job assignments."""
