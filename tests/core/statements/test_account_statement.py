"""A statement foots to the ledger, whatever happened: opening and every line are the closing balance of that day."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weatherhead.core.ledger import PostingRef, ReceivableMovement, age
from weatherhead.core.statements import DoesNotFoot, Moved, check_footing, foot, sums_of
from weatherhead.core.values import Span

FIRST = date(2026, 1, 1)
DAYS = 60
CHARGES = ("bill", "payment", "late_charge", "credit_transfer")


STEPS = st.lists(
    st.tuples(
        st.integers(0, DAYS),
        st.sampled_from(CHARGES),
        st.integers(1, 50_000),
        st.sampled_from(["one", "one", "two", "back"]),  # one posting, two of a charge, or an earlier entry taken back
        st.integers(0, 24),
    ),
    max_size=25,
)
Steps = list[tuple[int, str, int, str, int]]


def history_of(steps: Steps) -> tuple[Moved, ...]:
    """Postings of one account in the order of their entries, some of which take an earlier entry back, each once."""
    entries: dict[int, list[Moved]] = {}
    for entry_id, (day, charge, cents, how, which) in enumerate(steps, 1):
        on = FIRST + timedelta(days=day)
        standing = [number for number, made in entries.items() if made[0].reversed_by_id is None]
        if how == "back" and standing:
            undone = standing[which % len(standing)]
            own = entries[undone]
            late = {"entry_id": entry_id, "on": max(on, own[0].on), "kind": "reversal", "reverses_id": undone}
            entries[entry_id] = [replace(item, amount_cents=-item.amount_cents, **late) for item in own]
            entries[undone] = [replace(item, reversed_by_id=entry_id) for item in own]
            continue
        amount = -cents if charge == "payment" else cents
        first = Moved(entry_id=entry_id, on=on, kind=charge, charge=charge, amount_cents=amount)
        entries[entry_id] = [first, replace(first, amount_cents=which + 1)] if how == "two" else [first]
    return tuple(item for made in entries.values() for item in made)


def balance_on(history: tuple[Moved, ...], *, on: date) -> int:
    """What the ledger says, by ageing: nothing of a statement's own arithmetic."""
    movements = [
        ReceivableMovement(
            ref=PostingRef(entry_id=item.entry_id, sequence=place),
            effective_on=item.on,
            amount_cents=item.amount_cents,
            charge=item.charge,
            due_on=item.due_on,
        )
        for place, item in enumerate(history, 1)
    ]
    return age(movements, as_of=on).balance_cents


spans = st.builds(
    lambda start, days: Span(start=FIRST + timedelta(days=start), end=FIRST + timedelta(days=start + days)),
    st.integers(-5, DAYS),
    st.integers(1, DAYS),
)


@settings(max_examples=150, deadline=None)
@given(steps=STEPS, span=spans)
def test_any_span_of_any_history_foots_to_the_ledger(steps: Steps, span: Span) -> None:
    history = history_of(steps)
    footing = foot(history, span=span)
    assert footing.opening_cents == balance_on(history, on=span.start - timedelta(days=1))
    assert footing.closing_cents == balance_on(history, on=span.last_on)
    moved = [line.moved for line in footing.lines]
    assert footing.opening_cents + sum(item.amount_cents for item in moved) == footing.closing_cents
    assert sums_of(moved).total_cents == footing.closing_cents - footing.opening_cents
    running = footing.opening_cents
    for number, line in enumerate(footing.lines, 1):
        running += line.moved.amount_cents
        assert (line.number, line.balance_cents) == (number, running)
        assert line.undoes < number
        if line.undoes:  # the link holds both ways, and what it takes back is as much as what it was
            other = footing.lines[line.undoes - 1]
            assert other.undone_by == number
            assert other.moved.amount_cents == -line.moved.amount_cents


@settings(max_examples=60, deadline=None)
@given(steps=STEPS, span=spans, cut=st.integers(1, DAYS - 1))
def test_two_spans_that_meet_say_what_the_whole_says(steps: Steps, span: Span, cut: int) -> None:
    if cut >= span.days:
        return
    history = history_of(steps)
    middle = span.start + timedelta(days=cut)
    first, second = (
        foot(history, span=Span(start=span.start, end=middle)),
        foot(history, span=Span(start=middle, end=span.end)),
    )
    whole = foot(history, span=span)
    assert first.closing_cents == second.opening_cents
    assert (first.opening_cents, second.closing_cents) == (whole.opening_cents, whole.closing_cents)
    balances = [line.balance_cents for part in (first, second) for line in part.lines]
    assert balances == [line.balance_cents for line in whole.lines]


def line(number: int, cents: int, balance_cents: int) -> dict[str, object]:
    return {"number": number, "cents": cents, "balance_cents": balance_cents, "groups": []}


@pytest.mark.parametrize(
    "body",
    [
        {"opening_cents": 0, "closing_cents": 101, "lines": [line(1, 100, 100)]},
        {"opening_cents": 1, "closing_cents": 101, "lines": [line(1, 100, 100)]},
        {"opening_cents": 0, "closing_cents": 100, "lines": [line(2, 100, 100)]},
        {"opening_cents": 0, "closing_cents": 100, "lines": [line(1, 100, 100) | {"groups": [["Energy", 99]]}]},
    ],
    ids=["closing", "opening", "number", "parts"],
)
def test_a_statement_that_does_not_foot_is_shown_to_nobody(body: dict[str, object]) -> None:
    with pytest.raises(DoesNotFoot):
        check_footing({"kind": "statement", "body": body})
