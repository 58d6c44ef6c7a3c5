"""The cashier's days before the demo's: a drawer that was two dollars short, a deposit, and a drawer to be counted yet.

What came by mail and at the counter goes to the bank once a week.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

from weatherhead.actions.payments.count_drawer import PIECES_CENTS
from weatherhead.areas.ledger.queries import balance_of
from weatherhead.areas.payments.drawers import (
    Holdings,
    batches_waiting,
    closed_drawers_waiting,
    holdings_of_drawers,
    loose_tenders,
)
from weatherhead.interfaces.cli.demo_town.chance import Chance
from weatherhead.interfaces.cli.demo_town.life import Months
from weatherhead.interfaces.cli.demo_town.reading_days import TODAY
from weatherhead.interfaces.cli.demo_town.town import Town, seconds_later

CASHIER = "nguyen"
FLOAT_CENTS = 150_00
SHORT_CENTS = 2_00
_OPENS, _COUNTED, _CLOSED, _BANK, _WEEKLY = time(8, 2), time(16, 40), time(16, 52), time(9, 10), time(16, 30)
_FIRST_PAYS, _PAY_SECONDS = time(8, 20), 8 * 60 * 60
_PAYERS = 12


class Counter:
    """The counter of a town."""

    def __init__(self, town: Town, *, months: Months, opens_on: date) -> None:
        """Write into the diary what happens at it."""
        self._town, self._months, self._drawer_id = town, months, 0
        last = town.clock.add(TODAY, -1)
        before = town.clock.add(last, -1)
        for week in range((before - opens_on).days // 7):
            friday = town.clock.next_open(opens_on + timedelta(days=7 * week + (4 - opens_on.weekday()) % 7))
            if friday < before:
                town.diary.write(friday, _WEEKLY, self._deposit)
        for on in (before, last):
            town.diary.write(on, _OPENS, self._open)
            town.diary.write(on, seconds_later(_OPENS, 60), self._expect_payers)
        town.diary.write(before, _COUNTED, self._count)
        town.diary.write(before, _CLOSED, self._close)
        town.diary.write(last, _BANK, self._deposit)

    def _do(self, action: str, *, at: datetime, **inputs: object) -> dict[str, object]:
        what = f"{at:%Y-%m-%d %H}"
        return dict(self._town.do(action, by=CASHIER, at=at, what=what, inputs=inputs).body)

    def _open(self, at: datetime) -> None:
        made = self._do("open_drawer", at=at, float_cents=FLOAT_CENTS)["made"]
        assert isinstance(made, dict)
        [self._drawer_id] = made["drawer"]

    def _expect_payers(self, at: datetime) -> None:
        """A dozen people who owe a bill come in the course of the day."""
        town, chance = self._town, self._town.chance
        known = {
            ref: town.known[ref].account_id
            for ref, member in town.members.items()
            if ref.startswith("resident-") and not ref.endswith("-before") and member.ends_on is None
        }
        owed = balance_of([number for number in known.values() if number])
        refs = sorted(ref for ref, number in known.items() if number and owed[number] > 0)
        for ref in _some(refs, on=at.date(), chance=chance):
            when = seconds_later(_FIRST_PAYS, chance.whole(0, _PAY_SECONDS, "comes to the counter", ref))
            cents = owed[known[ref]]
            town.diary.write(at.date(), when, lambda at, ref=ref, cents=cents: self._pay(ref, cents=cents, at=at))  # type: ignore[misc]

    def _pay(self, ref: str, *, cents: int, at: datetime) -> None:
        chance, name = self._town.chance, (ref, at.date().isoformat())
        check = chance.happens(0.35, "drawer check", *name)
        self._months.take_payment(
            ref,
            amount_cents=cents,
            check_number=str(chance.whole(1_001, 9_899, "drawer check number", *name)) if check else "",
            channel="counter",
            by=CASHIER,
            at=at,
            what=f"counter {ref} {at.date()}",
        )

    def _count(self, at: datetime) -> None:
        """Blind, as everybody counts; two dollars went out with somebody's change, if anybody had any."""
        held = holdings_of_drawers([self._drawer_id])[self._drawer_id]
        short_cents = SHORT_CENTS if held.cash_cents > SHORT_CENTS else 0
        pieces = _pieces(FLOAT_CENTS + held.cash_cents - short_cents)
        self._do(
            "count_drawer",
            at=at,
            drawer_id=self._drawer_id,
            pieces=pieces,
            checks=held.checks,
            checks_cents=held.checks_cents,
        )

    def _close(self, at: datetime) -> None:
        note = "Change given from a twenty in the morning rush; looked for, not found"
        self._do("close_drawer", at=at, drawer_id=self._drawer_id, note=note)

    def _deposit(self, at: datetime) -> None:
        """Everything that waits, if there is anything."""
        drawers, batches = closed_drawers_waiting(), batches_waiting()
        loose = loose_tenders(through=at.date())
        parts: list[Holdings] = [item.holds for item in (*drawers, *batches)]
        checks = sum(part.checks for part in parts) + sum(item.kind != "cash" for item in loose)
        cents = sum(part.cash_cents + part.checks_cents for part in parts) + sum(item.cents for item in loose)
        if cents <= 0:
            return
        self._do(
            "make_deposit",
            at=at,
            slip=f"{at:%m%d}-1",
            checks=checks,
            total_cents=cents,
            drawer_ids=[item.number for item in drawers],
            batch_ids=[item.number for item in batches],
            loose_through=at.date() if loose else None,
        )


def _some(refs: Sequence[str], *, on: date, chance: Chance) -> list[str]:
    """A dozen of them, others each day."""
    return sorted(refs, key=lambda ref: chance.whole(0, 1_000_000, "at the counter", ref, on.isoformat()))[:_PAYERS]


def _pieces(cents: int) -> list[dict[str, int]]:
    """An amount in as few coins and notes as make it."""
    found: list[dict[str, int]] = []
    for worth in sorted(PIECES_CENTS, reverse=True):
        count, cents = divmod(cents, worth)
        if count:
            found.append({"worth_cents": worth, "count": count})
    return found
