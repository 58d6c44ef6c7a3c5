"""Documents as frozen values."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from weatherhead.areas.documents.frames import find_made_frame
from weatherhead.areas.documents.models import DocumentFrame
from weatherhead.core.statements import payload_sha256


class FrameChanged(Exception):
    """A kept frame is missing, or no longer what its hash says: nothing may be shown from it."""


def kept_frames(hashes: Iterable[str]) -> frozenset[str]:
    """Which of some frames are kept already."""
    return frozenset(DocumentFrame.objects.filter(pk__in=list(hashes)).values_list("pk", flat=True))


def frame_body(sha256: str) -> Mapping[str, Any]:
    """The body of a frame: one that this process made, or a kept one, proved by its hash.

    Raises:
        FrameChanged: it is missing or was changed.
    """
    made = find_made_frame(sha256)
    return _kept_body(sha256) if made is None else made.body


@lru_cache(maxsize=16)
def _kept_body(sha256: str) -> Mapping[str, Any]:
    text = DocumentFrame.objects.filter(pk=sha256).values_list("text", flat=True).first()
    if text is None or payload_sha256(text) != sha256:
        raise FrameChanged(f"document frame {sha256}")
    body: Mapping[str, Any] = json.loads(text)
    return body
