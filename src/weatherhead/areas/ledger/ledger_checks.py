"""The books against the audit log: every entry that was audited stands as it was posted, and no other does."""

from __future__ import annotations

from collections.abc import Iterator

from weatherhead.areas.ledger.check import Checker, Finding
from weatherhead.areas.ledger.models import JournalEntry
from weatherhead.areas.records.queries.told import told_digests
from weatherhead.core.values import gettext_noop

_CHUNK = 5_000


def _unlike_the_audit_log() -> Iterator[Finding]:
    told = dict(told_digests())
    for entry_id, digest in JournalEntry.objects.values_list("pk", "digest").iterator(chunk_size=_CHUNK):
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


CHECKERS = (
    Checker(
        code="entries_are_as_audited",
        title=gettext_noop("Every entry is what the audit log saw posted"),
        unit=gettext_noop("entries"),
        count=JournalEntry.objects.count,
        find=_unlike_the_audit_log,
    ),
)
