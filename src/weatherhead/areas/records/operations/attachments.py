"""Files kept under the hash of their content."""

from __future__ import annotations

import hashlib
from datetime import datetime

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from weatherhead.areas.records.models import Attachment
from weatherhead.areas.records.paths import attachment_path
from weatherhead.core.values import Refusal, gettext_noop

SIZE_MAX_BYTES = 10 * 1024 * 1024

# What a file must begin with to be what its type says. Text types are checked by decoding.
_SIGNATURES = {"application/pdf": b"%PDF-", "image/png": b"\x89PNG\r\n\x1a\n", "image/jpeg": b"\xff\xd8\xff"}
_TEXT_TYPES = {"text/plain", "text/csv"}
_ANY_BYTES = "application/octet-stream"  # kept as evidence of what was sent; never shown, only handed out again


class AttachmentTooLarge(Refusal):
    """More than we keep."""

    template = gettext_noop("%(name)s has %(size)s bytes; at most %(most)s are kept. Send a smaller scan.")


class AttachmentTypeWrong(Refusal):
    """The content is not what the type says, or the type is not kept."""

    template = gettext_noop("%(name)s is not a %(media_type)s file. Attach a PDF, PNG, JPEG, text or CSV file.")


def keep_attachment(
    *, name: str, media_type: str, content: bytes, at: datetime, size_max_bytes: int = SIZE_MAX_BYTES
) -> int:
    """Keep a file's content once, whatever its name; returns the attachment's number.

    Raises:
        AttachmentTooLarge: over `size_max_bytes`.
        AttachmentTypeWrong: the content does not begin as its media type must.
    """
    if len(content) > size_max_bytes:
        raise AttachmentTooLarge(name=name, size=f"{len(content):,}", most=f"{size_max_bytes:,}")
    if not _is_type(content, media_type=media_type):
        raise AttachmentTypeWrong(name=name, media_type=media_type)
    sha256 = hashlib.sha256(content).hexdigest()
    path = attachment_path(sha256)
    if not default_storage.exists(path):
        default_storage.save(path, ContentFile(content))
    row = Attachment(sha256=sha256, media_type=media_type, size_bytes=len(content), name=name[:200], created_at=at)
    Attachment.objects.bulk_create([row], ignore_conflicts=True)
    return Attachment.objects.values_list("pk", flat=True).get(sha256=sha256)


def _is_type(content: bytes, *, media_type: str) -> bool:
    if media_type in _TEXT_TYPES:
        return b"\x00" not in content
    if media_type == _ANY_BYTES:
        return True
    signature = _SIGNATURES.get(media_type)
    return signature is not None and content.startswith(signature)
