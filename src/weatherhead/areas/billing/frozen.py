"""Issued bills as their documents need them: the frozen text with its hash, proved, and what the books have."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from weatherhead.areas.billing.models import Bill
from weatherhead.areas.records.database import chunks
from weatherhead.core.statements import payload_sha256
from weatherhead.core.values import Refusal, gettext_noop


class DocumentChanged(Refusal):
    """What is stored is not what was frozen at issue."""

    template = gettext_noop(
        "The document of bill %(bill)s is not what was issued; it is not shown or printed. Tell the administrator, who "
        "finds the fault with: weatherhead ledger check"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class FrozenBill:
    """A bill whose payload is what was frozen at issue."""

    bill_id: int
    number: str
    account_id: int
    issued_on: date
    total_cents: int
    entry_id: int | None
    payload: Mapping[str, Any]
    payload_sha256: str


def frozen_bills(bill_ids: Iterable[int]) -> dict[int, FrozenBill]:
    """Bills by their number in the database. Those that do not exist are left out.

    Raises:
        DocumentChanged: a payload does not have the hash that was kept at issue.
    """
    found: dict[int, FrozenBill] = {}
    for chunk in chunks(bill_ids):
        for row in Bill.objects.filter(pk__in=chunk).order_by("pk"):
            if payload_sha256(row.payload) != row.payload_sha256:
                raise DocumentChanged(bill=row.number)
            found[row.pk] = FrozenBill(
                bill_id=row.pk,
                number=row.number,
                account_id=row.account_id,
                issued_on=row.issued_on,
                total_cents=row.total_cents,
                entry_id=row.entry_id,
                payload=json.loads(row.payload),
                payload_sha256=row.payload_sha256,
            )
    return found


def bills_issued(*, from_on: date, to_on: date) -> tuple[int, ...]:
    """The bills issued between two days, both included, in the order of their issue."""
    rows = Bill.objects.filter(issued_on__range=(from_on, to_on)).order_by("issued_on", "pk")
    return tuple(rows.values_list("pk", flat=True))
