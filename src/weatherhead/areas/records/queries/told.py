"""What the audit log says was done, for other areas to hold against what they keep."""

from __future__ import annotations

import json
from collections.abc import Iterator

from weatherhead.areas.records.models import AuditEntry


def told_batches() -> Iterator[tuple[int, int, str]]:
    """Every batch of ledger entries that the audit log tells of: its receipt, how many, and a hash of their digests."""
    rows = AuditEntry.objects.filter(kind="performed").order_by("pk").values_list("detail", flat=True)
    for detail in rows.iterator(chunk_size=5_000):
        told = json.loads(detail)
        if batch := told.get("batch"):
            yield int(told["receipt"]), int(batch["entries"]), str(batch["digest"])


def told_digests() -> Iterator[tuple[int, str]]:
    """Every ledger entry that the audit log tells of, with the digest it had when it was posted."""
    rows = AuditEntry.objects.filter(kind="performed").order_by("pk").values_list("detail", flat=True)
    for detail in rows.iterator(chunk_size=5_000):
        for entry_id, digest in json.loads(detail).get("digests", {}).items():
            yield int(entry_id), str(digest)
