"""A statement over all accounts of a customer: for each what moved its balance, and the sums."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from weatherhead.areas.agreements.queries import AgreementAt, agreements_with_points_of
from weatherhead.areas.customers.queries import AccountFacts
from weatherhead.areas.ledger.queries import movements_of
from weatherhead.core.ledger import ReceivableMovement
from weatherhead.core.statements import Moved, foot, sums_of
from weatherhead.core.values import Span
from weatherhead.overviews.statement.gathered import held_on


def accounts_body(accounts: Sequence[AccountFacts], *, span: Span) -> tuple[dict[str, Any], tuple[int, ...]]:
    """The body, and the accounts in its order; in a fixed number of questions however many accounts there are."""
    ordered = sorted(accounts, key=lambda item: item.number)
    ids = tuple(item.account_id for item in ordered)
    moved = movements_of(ids)
    services = agreements_with_points_of(ids)
    places: dict[int, str] = {}
    for service in (*(item for item in services if served_within(item, span=span)), *services):
        places.setdefault(service.agreement.account_id, service.point.address)
    rows = [
        _row(item, moved=moved[item.account_id], place=places.get(item.account_id, ""), span=span) for item in ordered
    ]
    return {"accounts": rows, "held": held_on(ids, on=span.last_on)}, ids


def served_within(item: AgreementAt, *, span: Span) -> bool:
    """Whether service was taken there on a day of the span."""
    agreement = item.agreement
    return agreement.start_on < span.end and (agreement.end_on is None or agreement.end_on > span.start)


def _row(item: AccountFacts, *, moved: Sequence[ReceivableMovement], place: str, span: Span) -> dict[str, Any]:
    footing = foot(map(_moved, moved), span=span)
    sums = sums_of(line.moved for line in footing.lines)
    return {
        "number": item.number,
        "place": place,
        "opening_cents": footing.opening_cents,
        "charged_cents": sums.charged_cents,
        "paid_cents": sums.paid_cents,
        "other_cents": sums.other_cents,
        "closing_cents": footing.closing_cents,
    }


def _moved(item: ReceivableMovement, /) -> Moved:
    return Moved(
        entry_id=item.ref.entry_id,
        on=item.effective_on,
        kind="",
        charge=item.charge,
        amount_cents=item.amount_cents,
        due_on=item.due_on,
    )
