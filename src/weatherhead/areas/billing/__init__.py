"""Bills, their segments and lines, exceptions and adjustments."""
