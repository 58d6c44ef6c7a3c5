"""Putting right what was billed wrong, and the facts that it was billed on."""
