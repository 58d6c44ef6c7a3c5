"""Kept files as numbers."""

from __future__ import annotations

from weatherhead.areas.records.models import Attachment


def attachment_called(sha256: str) -> int | None:
    """The number of the kept file with a hash, if there is one."""
    return Attachment.objects.filter(sha256=sha256).values_list("pk", flat=True).first()
