"""What retention wants proved with the books: a document that was disposed of says so, and says the same figures."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import chain

from django.db.models import F

from weatherhead.areas.billing.models import Bill
from weatherhead.areas.documents.models import Statement
from weatherhead.areas.ledger.check import Checker, Finding
from weatherhead.areas.retention.models import BillDisposal, StatementDisposal
from weatherhead.areas.retention.redaction import DISPOSED
from weatherhead.core.values import gettext_noop

_CHUNK = 2_000


def _wrong_disposals() -> Iterator[Finding]:
    """A bill without a disposal that says it was disposed of, and one whose document is not what the disposal left."""
    marked = Bill.objects.filter(payload__contains=f'"{DISPOSED}":')
    told = BillDisposal.objects.values("bill_id")
    for row in marked.exclude(pk__in=told).order_by("pk").iterator(chunk_size=_CHUNK):
        if DISPOSED in json.loads(row.payload):
            template = gettext_noop("The document of bill %(bill)s says it was disposed of, and no purge did that.")
            yield Finding(
                code="bill_disposed_by_nobody",
                template=template,
                values={"bill": row.number},
                account_id=row.account_id,
            )
    for disposal in BillDisposal.objects.select_related("bill").order_by("pk").iterator(chunk_size=_CHUNK):
        bill = disposal.bill
        said = json.loads(bill.payload)
        if bill.payload != disposal.payload or said["charges_cents"] != bill.total_cents:
            template = gettext_noop("The document of bill %(bill)s is not what its disposal left of it.")
            yield Finding(
                code="bill_disposal_changed",
                template=template,
                values={"bill": bill.number},
                account_id=bill.account_id,
            )


def _wrong_statement_disposals() -> Iterator[Finding]:
    """The same of prepared summaries; that its figures foot, the documents' own check proves."""
    marked = Statement.objects.filter(payload__contains=f'"{DISPOSED}":')
    told = StatementDisposal.objects.values("statement_id")
    for row in marked.exclude(pk__in=told).order_by("pk").iterator(chunk_size=_CHUNK):
        if DISPOSED in json.loads(row.payload):
            template = gettext_noop("Prepared summary %(statement)s says it was disposed of, and no purge did that.")
            yield Finding(
                code="statement_disposed_by_nobody",
                template=template,
                values={"statement": row.number},
                account_id=row.account_id,
            )
    changed = StatementDisposal.objects.select_related("statement").exclude(payload=F("statement__payload"))
    for disposal in changed.order_by("pk").iterator(chunk_size=_CHUNK):
        template = gettext_noop("Prepared summary %(statement)s is not what its disposal left of it.")
        yield Finding(
            code="statement_disposal_changed",
            template=template,
            values={"statement": disposal.statement.number},
            account_id=disposal.statement.account_id,
        )


def _documents() -> int:
    return BillDisposal.objects.count() + StatementDisposal.objects.count()


CHECKERS = (
    Checker(
        code="disposals_are_told",
        title=gettext_noop("Every document that was disposed of is what its disposal left"),
        unit=gettext_noop("documents"),
        count=_documents,
        find=lambda: chain(_wrong_disposals(), _wrong_statement_disposals()),
    ),
)
