"""The counter's page: one's drawer, what waits for the bank, and what went there.

A drawer is counted blind, so an open one is shown with its payments and without what they come to.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from weatherhead.areas.customers.queries import accounts
from weatherhead.areas.payments.drawers import (
    CountFacts,
    DepositFacts,
    DrawerFacts,
    Holdings,
    Undeposited,
    batches_waiting,
    closed_drawers_waiting,
    counts_of,
    drawer,
    latest_deposits,
    latest_drawers,
    loose_tenders,
    open_drawer_of,
    takings,
    tenders_by_kind,
)
from weatherhead.core.values import Sentence, gettext_noop
from weatherhead.door.jobs import Grant

ACTIONS = frozenset({"open_drawer", "count_drawer", "close_drawer", "make_deposit", "post_payment_batch"})
"""Whose job grants one of them sees the page."""
TAKINGS_SHOWN = 100
DRAWERS_SHOWN = 12
DEPOSITS_SHOWN = 8

KINDS = {
    "cash": gettext_noop("Cash"),
    "check": gettext_noop("Check"),
    "money_order": gettext_noop("Money order"),
    "card": gettext_noop("Card"),
    "bank": gettext_noop("Bank"),
    "agency": gettext_noop("Agency"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class TakingRow:
    """A payment in a drawer, as a list shows it."""

    payment_id: int
    account_id: int
    number_grouped: str
    customer_name: str
    receipt_id: int
    at: date
    kind: Sentence
    tender_number: str
    amount_cents: int
    reversed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawerView:
    """A drawer with its payments. `by_kind` says how many there are; sums are kept back while it is open."""

    facts: DrawerFacts
    by_kind: tuple[tuple[Sentence, int], ...]
    rows: tuple[TakingRow, ...]
    more: int
    counts: tuple[CountFacts, ...]
    own: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingRow:
    """What waits for the bank: a closed drawer, a batch, or what came by itself."""

    what: Sentence
    drawer_id: int | None
    name: str
    on: date
    holds: Holdings

    @property
    def total_cents(self) -> int:
        """Cash and checks together."""
        return self.holds.cash_cents + self.holds.checks_cents


@dataclass(frozen=True, slots=True, kw_only=True)
class MoneyOverview:
    """The page. `drawer` is the one looked at; on the first page it is one's own open one, if there is any."""

    drawer: DrawerView | None
    own_open: DrawerFacts | None
    waiting: tuple[WaitingRow, ...]
    waiting_total: WaitingRow | None
    drawers: tuple[DrawerFacts, ...]
    everyones: bool
    deposits: tuple[DepositFacts, ...]
    as_of: date


def may_see_money(grant: Grant) -> bool:
    """Whether a job takes money or brings it to the bank."""
    return not ACTIONS.isdisjoint(grant.actions)


def sees_every_drawer(grant: Grant) -> bool:
    """Whether a job decides on others' drawers, and so looks into them."""
    return "approve_request" in grant.actions and may_see_money(grant)


def money_overview(*, employee_id: int, grant: Grant, as_of: date) -> MoneyOverview:
    """Compose the counter's page for a person."""
    own = open_drawer_of(employee_id)
    everyones = sees_every_drawer(grant)
    waiting = _waiting(as_of=as_of) if "make_deposit" in grant.actions else ()
    return MoneyOverview(
        drawer=drawer_view(own, employee_id=employee_id) if own else None,
        own_open=own,
        waiting=waiting,
        waiting_total=_total(waiting, on=as_of) if len(waiting) > 1 else None,
        drawers=latest_drawers(limit=DRAWERS_SHOWN, of=None if everyones else employee_id),
        everyones=everyones,
        deposits=latest_deposits(limit=DEPOSITS_SHOWN) if "make_deposit" in grant.actions else (),
        as_of=as_of,
    )


def one_drawer(drawer_id: int, *, employee_id: int) -> DrawerView:
    """A drawer's own page.

    Raises:
        NoSuchDrawer: for an unknown number.
    """
    return drawer_view(drawer(drawer_id), employee_id=employee_id)


def drawer_view(facts: DrawerFacts, *, employee_id: int) -> DrawerView:
    """A drawer and its latest payments."""
    found = takings(facts.drawer_id, limit=TAKINGS_SHOWN + 1)
    holders = accounts({item.account_id for item in found})
    kinds = tenders_by_kind(facts.drawer_id)
    return DrawerView(
        facts=facts,
        by_kind=tuple((Sentence(KINDS[kind]), kinds[kind]) for kind in KINDS if kind in kinds),
        rows=tuple(
            TakingRow(
                payment_id=item.payment_id,
                account_id=item.account_id,
                number_grouped=holders[item.account_id].number_grouped,
                customer_name=holders[item.account_id].customer_name,
                receipt_id=item.receipt_id,
                at=item.at,
                kind=Sentence(KINDS[item.kind]),
                tender_number=item.number,
                amount_cents=item.amount_cents,
                reversed=item.reversed,
            )
            for item in found[:TAKINGS_SHOWN]
        ),
        more=max(len(found) - TAKINGS_SHOWN, 0),
        counts=counts_of(facts.drawer_id),
        own=facts.employee_id == employee_id,
    )


def _waiting(*, as_of: date) -> tuple[WaitingRow, ...]:
    rows = [
        WaitingRow(
            what=Sentence(gettext_noop("Drawer %(number)s"), {"number": item.number}),
            drawer_id=item.number,
            name=item.name,
            on=item.on,
            holds=item.holds,
        )
        for item in closed_drawers_waiting()
    ]
    rows += [_batch_row(item) for item in batches_waiting()]
    loose = loose_tenders(through=as_of)
    if loose:
        checks = [item for item in loose if item.kind != "cash"]
        rows.append(
            WaitingRow(
                what=Sentence(gettext_noop("Single payments")),
                drawer_id=None,
                name="",
                on=min(item.on for item in loose),
                holds=Holdings(
                    cash_cents=sum(item.cents for item in loose if item.kind == "cash"),
                    checks=len(checks),
                    checks_cents=sum(item.cents for item in checks),
                ),
            )
        )
    return tuple(rows)


def _batch_row(item: Undeposited) -> WaitingRow:
    what = Sentence(gettext_noop("Batch %(number)s"), {"number": item.number})
    return WaitingRow(what=what, drawer_id=None, name=item.name, on=item.on, holds=item.holds)


def _total(rows: tuple[WaitingRow, ...], *, on: date) -> WaitingRow:
    return WaitingRow(
        what=Sentence(gettext_noop("In all")),
        drawer_id=None,
        name="",
        on=on,
        holds=Holdings(
            cash_cents=sum(row.holds.cash_cents for row in rows),
            checks=sum(row.holds.checks for row in rows),
            checks_cents=sum(row.holds.checks_cents for row in rows),
        ),
    )
