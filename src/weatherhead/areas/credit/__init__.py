"""Credit and collections; so far the deposits that are held."""
