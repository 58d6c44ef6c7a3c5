"""Service agreements: account x service point x rate schedule x dates."""
