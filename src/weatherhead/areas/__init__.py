"""The areas: a Django application each, with models, queries and operations."""
