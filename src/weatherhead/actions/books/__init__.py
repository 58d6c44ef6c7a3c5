"""Actions of the books: closing days, reopening them, the journal for the general ledger, unbilled revenue."""
