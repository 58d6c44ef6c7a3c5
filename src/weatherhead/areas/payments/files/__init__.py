"""Files of payments: which sources send them, how each kind is laid out, and what stands in one. Pure; no database."""
