"""Places that take service, and their service points."""
