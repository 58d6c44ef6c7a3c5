"""The one door: the only way to write. Permission, idempotency, locks, authority, audit, receipt."""
