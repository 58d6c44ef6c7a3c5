"""A stored entry's fingerprint: whoever changes a cent, a date or a word of it changes this too."""

from __future__ import annotations

import json
from datetime import UTC, date
from hashlib import sha256

from weatherhead.core.ledger.entries import Entry, Posting


def entry_digest(entry: Entry) -> str:
    """SHA-256 (hexadecimal) of everything that a stored entry says, in one canonical form.

    It makes a change visible that keeps all sums right, such as another date, reason or revenue class. Someone who can
    rewrite the tables can rewrite the digest; the audit log, which is chained and signed, is where a copy is safe.
    """
    draft = entry.draft
    content = [
        entry.entry_id,
        draft.kind,
        draft.effective_on.isoformat(),
        draft.state.value,
        draft.reason,
        draft.reverses_id,
        draft.resolves_id,
        entry.receipt_id,
        entry.inserted_at.astimezone(UTC).isoformat(timespec="microseconds"),
        [_content(posting) for posting in draft.postings],
    ]
    return sha256(json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()).hexdigest()


def _content(posting: Posting) -> list[str | int | None]:
    matches = posting.matches
    return [
        posting.ledger_account,
        posting.amount_cents,
        posting.account_id,
        _text(posting.due_on),
        posting.charge,
        matches.entry_id if matches else None,
        matches.sequence if matches else None,
    ]


def _text(on: date | None) -> str | None:
    return None if on is None else on.isoformat()
