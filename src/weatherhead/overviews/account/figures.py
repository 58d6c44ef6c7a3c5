"""The account's money, and its use month by month."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from weatherhead.areas.billing.facts import BillOfHistory
from weatherhead.areas.ledger.queries import TimelinePosting
from weatherhead.areas.payments.queries import PaymentFacts
from weatherhead.core.ledger import ReceivableMovement, age
from weatherhead.overviews.account.gathered import Gathered


@dataclass(frozen=True, slots=True, kw_only=True)
class Money:
    """The money strip. Cents; dates are local."""

    balance_cents: int
    past_due_cents: int
    days_past_due: int
    pending_cents: int
    waits_cents: int  # unapplied credit: the customer's, and not counted in the balance
    next_due_cents: int | None
    next_due_on: date | None
    last_payment_cents: int | None
    last_payment_on: date | None
    last_payment_how: str
    last_bill_id: int | None
    last_bill_cents: int | None
    last_bill_on: date | None
    last_bill_change_cents: int | None  # against the bill before


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageMonth:
    """One billed period of the usage chart; `last_year_kwh` is the same month a year before, if billed.

    `bill_id` is 0 for a period that another system billed.
    """

    ends_on: date  # the last day
    kwh: int
    days: int
    estimated: bool
    last_year_kwh: int | None
    bill_id: int


_USAGE_PERIODS = 13
_YEAR_SLACK_DAYS = 20


def money_of(found: Gathered, *, as_of: date) -> Money:
    """What is owed and since when, and what was billed and paid last."""
    ageing = age((_movement(item) for item in found.postings), as_of=as_of)
    issued = [item for item in found.holdings.bills if item.issued_on <= as_of]
    last, before = (issued[0] if issued else None), (issued[1] if len(issued) > 1 else None)
    paid = next((item for item in found.holdings.payments if item.reversed_on is None), None)
    due_on = ageing.next_due_on
    return Money(
        balance_cents=ageing.balance_cents,
        past_due_cents=ageing.past_due_cents,
        days_past_due=ageing.days_past_due,
        pending_cents=0,
        waits_cents=found.holdings.waits_cents,
        next_due_cents=sum(item.open_cents for item in ageing.open_items if item.due_on == due_on) if due_on else None,
        next_due_on=due_on,
        last_payment_cents=paid.amount_cents if paid else None,
        last_payment_on=paid.paid_on if paid else None,
        last_payment_how=_how(paid),
        last_bill_id=last.bill_id if last else None,
        last_bill_cents=last.total_cents if last else None,
        last_bill_on=last.issued_on if last else None,
        last_bill_change_cents=last.total_cents - before.total_cents if last and before else None,
    )


def _how(paid: PaymentFacts | None) -> str:
    if paid is None:
        return ""
    return f"check {paid.check_number}" if paid.tender_kind == "check" else paid.tender_kind.replace("_", " ")


def _movement(item: TimelinePosting) -> ReceivableMovement:
    return ReceivableMovement(
        ref=item.ref,
        effective_on=item.effective_on,
        amount_cents=item.amount_cents,
        charge=item.charge,
        due_on=item.due_on,
        matches=item.matches,
    )


def usage_of(bills: Sequence[BillOfHistory]) -> tuple[UsageMonth, ...]:
    """The last billed periods, oldest first; `bills` come latest first."""
    active = [item for item in reversed(bills) if item.active]
    return tuple(
        UsageMonth(
            ends_on=item.end_on - timedelta(days=1),
            kwh=item.energy_wh // 1000,
            days=(item.end_on - item.start_on).days,
            estimated=item.estimated,
            last_year_kwh=_a_year_before(item, among=active),
            bill_id=item.bill_id,
        )
        for item in active[-_USAGE_PERIODS:]
    )


def _a_year_before(item: BillOfHistory, *, among: Sequence[BillOfHistory]) -> int | None:
    near = [other for other in among if abs((item.end_on - other.end_on).days - 365) <= _YEAR_SLACK_DAYS]
    return near[0].energy_wh // 1000 if near else None
