"""How long what is kept, who holds it back, and its disposal. Highest of the areas: it touches all below."""
