"""What a billing summary of one account is composed of, each thing read once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from weatherhead.areas.agreements.queries import AgreementAt, agreements_with_points_of
from weatherhead.areas.billing.facts import BillOfHistory, ChargeSum
from weatherhead.areas.billing.queries import billed_periods, demand_of_periods, periods_of, sums_of_bills
from weatherhead.areas.customers.queries import AccountFacts
from weatherhead.areas.ledger.queries import TimelinePosting, held_of, postings_for_timeline
from weatherhead.areas.payments.queries import PaymentFacts, payments_of_account
from weatherhead.core.ledger import ReceivableMovement
from weatherhead.core.statements import Moved
from weatherhead.core.values import Span

_ALL = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """An account's books and bills, whole: what is shown of them is chosen afterwards."""

    account: AccountFacts
    postings: tuple[TimelinePosting, ...]
    bills: tuple[BillOfHistory, ...]  # latest first
    former: tuple[BillOfHistory, ...]  # what another system billed, latest first
    payments: Mapping[int, PaymentFacts]  # by entry
    services: tuple[AgreementAt, ...]

    @property
    def moved(self) -> tuple[Moved, ...]:
        """The receivable as a statement takes it."""
        return tuple(
            Moved(
                entry_id=item.ref.entry_id,
                on=item.effective_on,
                kind=item.kind,
                charge=item.charge,
                amount_cents=item.amount_cents,
                due_on=item.due_on,
                reverses_id=item.reverses_id,
                reversed_by_id=item.reversed_by_id,
            )
            for item in self.postings
        )

    @property
    def movements(self) -> tuple[ReceivableMovement, ...]:
        """The receivable as ageing takes it."""
        return tuple(
            ReceivableMovement(
                ref=item.ref,
                effective_on=item.effective_on,
                amount_cents=item.amount_cents,
                charge=item.charge,
                due_on=item.due_on,
                matches=item.matches,
            )
            for item in self.postings
        )

    @property
    def bills_by_entry(self) -> dict[int, BillOfHistory]:
        """The bills that posted something."""
        return {item.entry_id: item for item in self.bills if item.entry_id is not None}


def known_of(account: AccountFacts) -> Known:
    """Read an account's books and bills."""
    bills, former = billed_periods(account.account_id, limit=_ALL)
    payments = payments_of_account(account.account_id, limit=_ALL)
    return Known(
        account=account,
        postings=postings_for_timeline(account.account_id),
        bills=bills,
        former=former,
        payments={item.entry_id: item for item in payments},
        services=agreements_with_points_of([account.account_id]),
    )


def charges_within(known: Known, *, span: Span) -> dict[int, tuple[ChargeSum, ...]]:
    """What the bills charged whose entries, or whose reversals, fall into a span; by bill."""
    by_entry = known.bills_by_entry
    touched = {
        by_entry[entry_id].bill_id
        for item in known.postings
        if span.contains(item.effective_on)
        for entry_id in (item.ref.entry_id, item.reverses_id)
        if entry_id in by_entry
    }
    return sums_of_bills(touched)


def used_within(known: Known, *, span: Span) -> tuple[tuple[BillOfHistory, int | None], ...]:
    """The standing periods that end within a span, oldest first, each with its highest demand (W).

    Those of the former system come first; of a bill that replaced several, each period by itself.
    """
    shown = sorted(
        (item for item in (*periods_of(known.bills), *known.former) if span.start < item.end_on <= span.end),
        key=lambda item: (item.end_on, item.bill_id),
    )
    highest = demand_of_periods(item.bill_id for item in shown if item.bill_id)
    whole: dict[int, int] = {}
    for (bill_id, _), most in highest.items():
        whole[bill_id] = max(most, whole.get(bill_id, 0))
    return tuple(
        (item, whole.get(item.bill_id) if item.corrects_id is None else highest.get((item.bill_id, item.end_on)))
        for item in shown
    )


def held_on(account_ids: tuple[int, ...], *, on: date) -> list[list[str | int]]:
    """Deposits and credit that is not applied, as a payload has them."""
    return [[name, cents] for name, cents in held_of(account_ids, as_of=on).items()]
