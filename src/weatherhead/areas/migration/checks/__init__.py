"""Checks across the files of a set, on the staging file: keys, references, overlaps, sequences."""
