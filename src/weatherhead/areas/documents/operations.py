"""Writes of documents: frames and rendered files are kept once, under their hashes."""

from __future__ import annotations

from weatherhead.areas.documents.models import DocumentFrame
from weatherhead.core.statements import Frame


def keep_frame(frame: Frame) -> None:
    """Keep a frame that payloads refer to; keeping one twice is the same as once."""
    if DocumentFrame.objects.filter(pk=frame.sha256).exists():
        return  # the append-only guard of SQLite would not let a conflict pass
    DocumentFrame.objects.bulk_create([DocumentFrame(sha256=frame.sha256, text=frame.text)], ignore_conflicts=True)
