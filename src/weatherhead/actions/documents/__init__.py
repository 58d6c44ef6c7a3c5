"""Documents: rendering bills, and the files that go to print."""
