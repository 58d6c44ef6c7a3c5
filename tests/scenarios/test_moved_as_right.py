"""A payment posted wrong and moved, and the same payment posted right: two worlds that end the same.

Both begin from the same two accounts, and the same random days go by: bills, payments, runs of late charges, waivers.
In one world a payment goes to the wrong account and is moved later; in the other it goes to the right one at once.
"""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st
from pytest_django import DjangoDbBlocker

from tests.house import Home, House, built_once, move_in, read_and_bill
from weatherhead.areas.billing.fees import fee
from weatherhead.areas.billing.late_charges import LATE_CHARGE, last_late_charges, late_charge_due, late_charges
from weatherhead.areas.billing.queries import adjustments_of_account, bills_of_account
from weatherhead.areas.customers.queries import account
from weatherhead.areas.ledger.check import check
from weatherhead.areas.ledger.queries import movements_of, waiting_credit_of
from weatherhead.areas.metering.queries import reads_of_meter
from weatherhead.areas.records.queries.receipts import ReceiptFacts
from weatherhead.core.ledger import age
from weatherhead.interfaces.cli.ledger import extra_checkers

pytestmark = pytest.mark.django_db
RIGHT, WRONG = 0, 1


@dataclass(frozen=True, kw_only=True)
class Step:
    """After some days, something that happens in both worlds to one of the accounts."""

    days: int
    what: str  # bill, pay, late, waive, agency
    whose: int
    cents: int


@dataclass(frozen=True, kw_only=True)
class Timeline:
    """What happens, between which steps the payment comes, and after which it is found where it is and moved."""

    steps: tuple[Step, ...]
    at: int
    cents: int
    found_after: int
    charge_hidden: bool


_STEP = st.builds(
    Step,
    days=st.integers(4, 32),
    what=st.sampled_from(["late", "late", "bill", "bill", "pay", "waive", "agency"]),
    whose=st.integers(0, 1),
    cents=st.integers(2_000, 60_000),
)


@st.composite
def timelines(draw: st.DrawFn) -> Timeline:
    """Timelines of up to ten steps."""
    steps = tuple(draw(st.lists(_STEP, min_size=5, max_size=9)))
    at = draw(st.integers(0, len(steps) // 2))
    found_after = draw(st.integers(len(steps) // 2, len(steps) - 1))
    charge_hidden = draw(st.sampled_from([True, True, False]))
    return Timeline(
        # What was only shown and never charged changes what the rule charges later: then the mistake is found last.
        steps=steps if charge_hidden else steps[: found_after + 1],
        at=at,
        cents=draw(st.integers(4_000, 60_000)),
        found_after=found_after,
        charge_hidden=charge_hidden,
    )


# Both owe a bill; the payment settles one of them; then two bill cycles and their late charges go by.
TWO_CYCLES = Timeline(
    steps=(
        Step(days=5, what="bill", whose=0, cents=4_000),
        Step(days=21, what="late", whose=0, cents=0),
        Step(days=4, what="bill", whose=1, cents=0),
        Step(days=24, what="late", whose=0, cents=0),
        Step(days=6, what="bill", whose=1, cents=0),
        Step(days=22, what="late", whose=0, cents=0),
    ),
    at=0,
    cents=8_000,
    found_after=5,
    charge_hidden=True,
)


@dataclass(frozen=True, kw_only=True)
class World:
    """How an account stands, without the numbers of records."""

    balance_cents: int
    by_due_date: Counter[date]
    credit_cents: int
    waits_cents: int
    late_charges: Counter[date]
    next_late_charges: tuple[tuple[date, int] | None, ...]


def stands(account_id: int, *, on: date) -> World:
    """Balance, ageing by due date, what was charged for being late, and what will be: today's, and those to come."""
    movements = movements_of([account_id])[account_id]
    aged = age(movements, as_of=on)
    by_due_date: Counter[date] = Counter()
    for item in aged.open_items:
        by_due_date[item.due_on] += item.open_cents
    charged: Counter[date] = Counter()
    known = {item.adjustment_id: item for item in adjustments_of_account(account_id) if item.charge == LATE_CHARGE}
    for item in known.values():
        about = known[item.reverses_id] if item.reverses_id else item
        about = known[about.waives_id] if about.waives_id else about
        charged[about.adjusted_on] += item.amount_cents
    last = last_late_charges([account_id]).get(account_id)
    coming = []
    for days in (0, 7, 14, 28, 60):
        due = late_charge_due(
            movements,
            account_id=account_id,
            last_charged_on=last,
            fee=fee(LATE_CHARGE),
            version=late_charges().version_on(on),
            as_of=on + timedelta(days=days),
        )
        coming.append((on + timedelta(days=days), due.amount_cents) if due else None)
    return World(
        balance_cents=aged.balance_cents,
        by_due_date=by_due_date,
        credit_cents=aged.credit_cents,
        waits_cents=waiting_credit_of([account_id])[account_id],
        late_charges=+charged,
        next_late_charges=tuple(coming),
    )


def live(house: House, homes: tuple[Home, Home], timeline: Timeline, *, first: int) -> ReceiptFacts | None:
    """Let a timeline go by; the payment goes to `first`. Returns the receipt of its move, if it was wrong there."""
    payment, done = 0, None
    for place, step in enumerate(timeline.steps):
        if place == timeline.at:
            target = homes[first].account_id
            payment = house.made(
                "take_payment", "payment", account_id=target, amount_cents=timeline.cents, tender="cash"
            )
        house.pass_days(step.days)
        home = homes[step.whose]
        if step.what == "late":
            house.do("assess_late_charges", cycle=14)
        elif step.what == "bill":
            owe_more(house, home, cents=step.cents)
        elif step.what == "pay":
            house.do("take_payment", account_id=home.account_id, amount_cents=step.cents, tender="cash")
        elif step.what == "agency" and place < timeline.at:  # later it would be directed otherwise in each world
            how = {"tender": "agency", "agency": "Community Action", "channel": "electronic"}
            house.do("take_payment", account_id=home.account_id, amount_cents=step.cents, **how)
        elif step.what == "waive":
            waivable = [item for item in adjustments_of_account(home.account_id) if item.left_cents > 0]
            if waivable and place < timeline.at:
                house.do("waive_fee", adjustment_id=waivable[0].adjustment_id, reason="our_error")
        if place == timeline.found_after and first == WRONG:
            done = house.do(
                "move_payment",
                payment_id=payment,
                to_account=account(homes[RIGHT].account_id).number,
                reason="number_mistyped",
                note="Two digits were swapped",
                charge_hidden=timeline.charge_hidden,
            )
    return done


def owe_more(house: House, home: Home, *, cents: int) -> None:
    """A bill for as much a day as before, or a fee where that would be too soon."""
    billed = bills_of_account(home.account_id, limit=1)[0]
    days = (house.today - billed.issued_on).days
    if not 27 <= days <= 33:
        what = {"charge": "connect_fee", "reason": "service_rendered", "amount_cents": cents}
        house.do("assess_fee", account_id=home.account_id, **what)
        return
    last = max(item.dial_reading for item in reads_of_meter(home.meter_id))
    read_and_bill(house, home, reading=int(last) + 24 * days, days=0)


class Apart(Exception):
    """Leaves a world behind."""


def in_its_own_world(work: Callable[[], Any]) -> Any:
    """Do something, and undo it."""
    found: list[Any] = []
    try:
        with transaction.atomic():
            found.append(work())
            raise Apart
    except Apart:
        return found[0]


@pytest.fixture(scope="module")
def two(_billed: tuple[House, Home], django_db_blocker: DjangoDbBlocker) -> Iterator[tuple[House, tuple[Home, Home]]]:
    def build() -> tuple[House, tuple[Home, Home]]:
        house = copy.deepcopy(_billed[0])
        other = move_in(house, name="Dale Sorensen", street="311 Linden St", serial="77402931", phone="402-555-0106")
        read_and_bill(house, other, reading=1700)
        return house, (_billed[1], other)

    with built_once(build, blocker=django_db_blocker) as found:
        yield found


@example(timeline=TWO_CYCLES)
@given(timeline=timelines())
@settings(max_examples=20, phases=(Phase.explicit, Phase.generate), suppress_health_check=list(HealthCheck))
def test_a_payment_that_was_moved_leaves_what_one_posted_right_leaves(
    two: tuple[House, tuple[Home, Home]], db: None, timeline: Timeline
) -> None:
    built, homes = two

    def world(first: int) -> tuple[list[World], ReceiptFacts | None]:
        house = copy.deepcopy(built)
        done = live(house, homes, timeline, first=first)
        found = [stands(home.account_id, on=house.today) for home in homes]
        if timeline is TWO_CYCLES:
            assert [finding.sentence for finding in check(extra=extra_checkers()).findings] == []
        return found, done

    right, _ = in_its_own_world(lambda: world(RIGHT))
    moved, done = in_its_own_world(lambda: world(WRONG))
    assert done is not None
    hidden = [item for item in done.body["changes"] if item["code"] == "hidden_late_charge"]
    if not hidden:
        assert moved == right
    else:
        # What the mistake hid is only shown: it is all that is missing.
        assert not timeline.charge_hidden
        owed = sum(item.balance_cents for item in right) - sum(item.balance_cents for item in moved)
        assert owed == sum(item["after"] for item in hidden)
