"""The frozen payload: compact, the same every time, and refused when its figures do not foot."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.core.statements.bills import CHARGES, END_ON, LINES, USES, facts, frame, payload, service

from weatherhead.core.statements import (
    CancelledBill,
    LayoutUnknown,
    Use,
    bill_payload,
    change,
    how_text,
    parse_payload,
    payload_text,
)

SIZE_MAX_BYTES = 2_500


def _kinds(value: Any) -> set[type]:
    if isinstance(value, dict):
        return {dict}.union(*map(_kinds, value.values()))
    if isinstance(value, list):
        return {list}.union(*map(_kinds, value))
    return {type(value)}


def test_a_payload_is_small_plain_and_the_same_every_time() -> None:
    text = payload_text(payload())
    assert len(text.encode()) < SIZE_MAX_BYTES
    assert _kinds(payload()) <= {dict, list, str, int, bool, type(None)}
    assert text == payload_text(payload()) == payload_text(json.loads(text))


def test_it_is_read_back_as_it_was_meant() -> None:
    document = parse_payload(payload(), frame=frame().body)
    assert document.customer_name == "Maria T. Delgado"
    assert [line.amount_cents for item in document.services for line in item.lines] == [2150, 10159, 554, 900]
    assert [line.label for line in document.services[0].lines] == [line.label for line in LINES]
    assert document.services[0].schedule_name == "Residential Service 01"
    assert (document.last_balance_cents, document.balance_before_cents) == (9064, 0)
    assert document.amount_due_cents == 13763
    assert [item.energy_wh // 1000 for item in document.uses] == [*USES, 1184]
    assert (document.start_on, document.last_on) == (date(2018, 6, 14), END_ON - timedelta(days=1))


def test_a_caption_outside_the_frame_stands_in_the_line() -> None:
    captions = [line[0] for line in payload()["segments"][0]["lines"]]
    assert captions == [0, 1, 2, ["tax", "State and city sales tax", "Rider ST §1"]]


@pytest.mark.parametrize(
    "damage",
    [
        {"amount_due_cents": 13762},
        {"balance_before_cents": 1},
        {"last_balance_cents": 9063},
        {"charges_cents": 13764},
        {"movements": [["2018-07-02", -9063, "payment"]]},
        {"cancelled": ["20117201", 1]},
    ],
)
def test_figures_that_do_not_foot_are_shown_to_nobody(damage: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="does not foot"):
        parse_payload(payload() | damage, frame=frame().body)


def test_a_line_that_was_changed_does_not_foot() -> None:
    said = payload()
    said["segments"][0]["lines"][1][2] += 1
    with pytest.raises(ValueError, match="charges of 01"):
        parse_payload(said, frame=frame().body)


def test_another_layout_is_not_guessed_at() -> None:
    with pytest.raises(LayoutUnknown, match="layout 3"):
        parse_payload(payload() | {"layout": 3}, frame=frame().body)


def test_a_first_bill_lists_everything_that_moved_the_balance() -> None:
    with pytest.raises(ValueError, match="-9064 cents moved"):
        bill_payload(facts(last=None), frame=frame())


def test_a_corrected_bill_takes_off_what_it_replaces() -> None:
    cancelled = CancelledBill("20117201", 14000)
    document = parse_payload(payload(cancelled=cancelled, balance_cents=4936), frame=frame().body)
    assert document.amount_due_cents == 4936 - 14000 + 13763
    assert document.cancelled == cancelled


def test_a_credit_asks_for_nothing() -> None:
    document = parse_payload(payload(balance_cents=-20_000), frame=frame().body)
    assert document.amount_due_cents == -6237
    assert document.scan_line[17:26] == "000000000"


def test_the_steps_from_the_last_bill_to_this_one() -> None:
    document = parse_payload(payload(), frame=frame().body)
    assert document.since_last is not None
    # By hand: 90.64 × 32/30 = 96.68; 90.64 × 1184/846 = 126.85; the rest up to 137.63.
    assert [step.amount_cents for step in document.since_last.steps] == [9668 - 9064, 12685 - 9668, 13763 - 12685]
    assert document.since_last.amount_cents == 13763 - CHARGES[-1]
    assert document.since_year is not None
    assert document.since_year.before.energy_wh == 1_236_000


def test_services_that_differ_are_not_compared() -> None:
    assert parse_payload(payload(compared=False), frame=frame().body).since_last is None


POSITIVE = st.integers(min_value=1, max_value=10**9)


PAIR = st.tuples(POSITIVE, POSITIVE)


@given(days=st.tuples(st.integers(1, 400), st.integers(1, 400)), wh=PAIR, cents=PAIR)
def test_steps_always_add_to_the_difference(days: tuple[int, int], wh: tuple[int, int], cents: tuple[int, int]) -> None:
    before, after = (Use(END_ON, *figures[:2], False, figures[2]) for figures in zip(days, wh, cents, strict=True))
    found = change(before, after)
    assert sum(step.amount_cents for step in found.steps) == found.amount_cents == cents[1] - cents[0]


@pytest.mark.parametrize("lacking", [{"energy_wh": 0}, {"amount_cents": 0}, {"amount_cents": -500}])
def test_there_are_no_steps_where_nothing_can_be_divided(lacking: dict[str, int]) -> None:
    use = Use(END_ON, 30, 500_000, False, 6000)
    assert change(use._replace(**lacking), use).steps == ()
    assert change(use, use._replace(**lacking)).steps == ()


def test_two_services_are_one_history() -> None:
    lamp = service(lines=LINES[:1], agreement_id=8, energy_wh=0, reads=[], start_on=END_ON - timedelta(days=31))
    document = parse_payload(payload(services=[service(), lamp]), frame=frame().body)
    assert document.charges_cents == 13763 + 2150
    assert document.uses[-1] == Use(END_ON, 32, 1_184_000, False, 13763 + 2150)


@pytest.mark.parametrize(
    ("figures", "text"),
    [
        (("500", "kWh", "0.0912", "$/kWh", "45.60", ""), "500 kWh × $0.0912"),
        (("1", "month", "21.5", "$/month", "21.50", ""), "1 month × $21.50"),
        (("123.09", "$", "4.5", "%", "5.53905", ""), "$123.09 × 4.5%"),
        (
            ("0.4", "month", "21.5", "$/month", "8.6666666666…", "$21.50 a month × 12/30 = $8.6666666666…"),
            "$21.50 a month × 12/30",
        ),
        (("20", "kW", "9", "$/kW", "90", "20 kW × $9.00 × 15/30 = $90.00"), "20 kW × $9.00 × 15/30"),
        (("20", "kW", "9", "$/kW", "90", "x" * 80 + " = $90.00"), ""),
    ],
)
def test_how_a_line_is_told(figures: tuple[str, ...], text: str) -> None:
    quantity, unit, price, price_unit, unrounded, step = figures
    said = how_text(
        quantity=Decimal(quantity),
        quantity_unit=unit,
        price=Decimal(price),
        price_unit=price_unit,
        unrounded=unrounded,
        last_step=step,
    )
    assert said == text


def test_what_has_no_place_in_the_facts_is_refused_by_its_type() -> None:
    with pytest.raises(TypeError):
        replace(facts(), colour="green")  # type: ignore[call-arg]
