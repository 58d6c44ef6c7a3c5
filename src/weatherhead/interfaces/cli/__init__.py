"""The command line: for operators and batch work."""
