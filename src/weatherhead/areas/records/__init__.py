"""What the house remembers: audit, idempotency, receipts, approvals, work items, attachments."""
