"""Money in: payment events, tenders and payments."""
