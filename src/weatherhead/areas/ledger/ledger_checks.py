"""The books against the audit log: every entry that was audited stands as it was posted, and no other does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from hashlib import sha256
from itertools import groupby
from operator import itemgetter

from weatherhead.areas.ledger import books_checks
from weatherhead.areas.ledger.check import Checker, Finding
from weatherhead.areas.ledger.models import JournalEntry
from weatherhead.areas.records.queries.told import told_batches, told_digests
from weatherhead.core.values import gettext_noop

_CHUNK = 5_000


def _unlike_the_audit_log() -> Iterator[Finding]:
    told = dict(told_digests())
    batches = {receipt: (count, digest) for receipt, count, digest in told_batches()}
    yield from _batches_unlike(batches)
    single = JournalEntry.objects.exclude(receipt_id__in=list(batches))
    for entry_id, digest in single.values_list("pk", "digest").iterator(chunk_size=_CHUNK):
        audited = told.pop(entry_id, None)
        if audited is None:
            yield Finding(
                code="entry_untold",
                template=gettext_noop("Entry %(entry)s is not in the audit log: it did not come through the door."),
                values={"entry": entry_id},
                entry_id=entry_id,
            )
        elif audited != digest:
            yield Finding(
                code="entry_rewritten",
                template=gettext_noop("Entry %(entry)s is not what the audit log saw posted: it was rewritten."),
                values={"entry": entry_id},
                entry_id=entry_id,
            )
    for entry_id in told:
        yield Finding(
            code="entry_removed",
            template=gettext_noop("Entry %(entry)s was posted, says the audit log, and is gone."),
            values={"entry": entry_id},
            entry_id=entry_id,
        )


def _batches_unlike(batches: Mapping[int, tuple[int, str]]) -> Iterator[Finding]:
    """Each batch of a bill run as a whole: as many entries as were posted, and the hash of their digests."""
    rows = JournalEntry.objects.filter(receipt_id__in=list(batches)).order_by("receipt_id", "pk")
    found: dict[int, tuple[int, str]] = {}
    for receipt_id, group in groupby(
        rows.values_list("receipt_id", "digest").iterator(chunk_size=_CHUNK), key=itemgetter(0)
    ):
        digests = [digest for _, digest in group]
        found[receipt_id] = (len(digests), sha256("".join(digests).encode()).hexdigest())
    for receipt_id, (count, digest) in batches.items():
        if found.get(receipt_id, (0, digest)) != (count, digest):
            yield Finding(
                code="batch_rewritten",
                template=gettext_noop(
                    "The %(count)s entries of receipt %(receipt)s are not what the audit log saw posted: "
                    "%(found)s stand, or some were rewritten."
                ),
                values={"receipt": receipt_id, "count": count, "found": found.get(receipt_id, (0, ""))[0]},
            )


CHECKERS = (
    Checker(
        code="entries_are_as_audited",
        title=gettext_noop("Every entry is what the audit log saw posted"),
        unit=gettext_noop("entries"),
        count=JournalEntry.objects.count,
        find=_unlike_the_audit_log,
    ),
    *books_checks.CHECKERS,
)
