"""What all bills of a run share, said once: the frame. A payload refers to it by its hash."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def payload_text(payload: Mapping[str, Any] | Sequence[Any]) -> str:
    """The canonical JSON text of a payload, a part of one, or a frame: sorted keys, no spaces; hashed and kept."""
    return _ENCODER.encode(payload)


def payload_sha256(text: str) -> str:
    """SHA-256 of a canonical text, in hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """A frame ready for use: its body, its text with hash, and where each caption stands in it."""

    body: Mapping[str, Any]
    text: str
    sha256: str
    captions: Mapping[tuple[str, str, str], int]

    @classmethod
    def of(cls, body: Mapping[str, Any]) -> Frame:
        """The frame of a body: ``captions`` holds ``[code, label, clause]`` of charges, the rest is the renderers'."""
        text = payload_text(body)
        captions = {(code, label, clause): place for place, (code, label, clause) in enumerate(body["captions"])}
        return cls(body=body, text=text, sha256=payload_sha256(text), captions=captions)
