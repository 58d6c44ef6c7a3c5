"""What payments want proved with the books: each payment is what its entry posted."""

from __future__ import annotations

from collections.abc import Iterator

from weatherhead.areas.ledger.check import Checker, Finding, receivable_cents
from weatherhead.areas.ledger.queries import entries
from weatherhead.areas.payments.models import Payment
from weatherhead.areas.records.database import chunks
from weatherhead.core.values import gettext_noop

_CHUNK = 2_000


def _payments_unlike_entries() -> Iterator[Finding]:
    known = list(Payment.objects.order_by("pk").values_list("pk", flat=True))
    for numbers in chunks(known, most=_CHUNK):
        rows = list(Payment.objects.filter(pk__in=numbers))
        wanted = [row.entry_id for row in rows] + [row.reversal_entry_id for row in rows if row.reversal_entry_id]
        posted = {item.entry_id: item for item in entries(wanted)}
        for row in rows:
            for entry_id, amount_cents in (
                (row.entry_id, -row.amount_cents),
                (row.reversal_entry_id, row.amount_cents),
            ):
                if entry_id is None:
                    continue
                found = receivable_cents(posted.get(entry_id), account_id=row.account_id)
                if found != amount_cents:
                    yield Finding(
                        code="payment_not_its_entry",
                        template=gettext_noop(
                            "Payment %(number)s of %(says)s cents posted %(found)s in entry %(entry)s."
                        ),
                        values={"number": row.pk, "says": row.amount_cents, "found": found, "entry": entry_id},
                        entry_id=entry_id,
                        account_id=row.account_id,
                    )


CHECKERS = (
    Checker(
        code="payments_are_their_entries",
        title=gettext_noop("Every payment is what its ledger entry posted"),
        unit=gettext_noop("payments"),
        count=Payment.objects.count,
        find=_payments_unlike_entries,
    ),
)
