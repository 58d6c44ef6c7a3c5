"""Documents for customers: what all of a run's bills share, what was rendered, and the files that go to print."""
