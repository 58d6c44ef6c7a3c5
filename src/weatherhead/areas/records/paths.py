"""Where contents lie under the storage's root."""

from __future__ import annotations


def attachment_path(sha256: str) -> str:
    """The path of a content by its hash."""
    return f"attachments/{sha256[:2]}/{sha256}"
