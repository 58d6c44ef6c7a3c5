"""How each cent came about: steps, exact amounts, and what a stored line keeps."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from fractions import Fraction
from random import Random

import pytest
from tests.core.rating.cases import draw_schedule, draw_usage
from tests.core.rating.oracle import rate_slowly
from tests.core.rating.rate_sheet import JUNE, ON_AND_OFF, charge, june, one, schedule, version

from weatherhead.core.rating import RatedLine, Schedule, Usage, UsagePart, rate
from weatherhead.core.rating.proof import exact_text, number
from weatherhead.core.values import Span

HALF_JUNE = "15 of the period's 30 days: 2026-06-16 through 2026-06-30"


def lines(schedule: Schedule, usage: Usage) -> dict[str, RatedLine]:
    return {line.code: line for line in rate(schedule, usage).lines}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Fraction(1151128, 10000), "115.1128"),
        (Fraction(5), "5.00"),
        (Fraction(-1, 200), "-0.005"),
        (Fraction(1, 3), "0.3333333333…"),
        (Fraction(-10, 3), "-3.3333333333…"),
        (Fraction(1, 10**10), "0.0000000001"),
        (Fraction(1, 10**11), "0.0000000000…"),
    ],
)
def test_exact_amounts_as_text(value: Fraction, text: str) -> None:
    assert exact_text(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(Decimal("1397.000"), "1,397"), (Decimal("-0.5"), "−0.5"), (Fraction(2, 3), "0.6666666666…"), (1000, "1,000")],
)
def test_numbers_for_people(value: Decimal | Fraction | int, text: str) -> None:
    assert number(value) == text


def test_a_plain_energy_charge_says_one_multiplication() -> None:
    line = lines(one(charge("energy", "energy", price="0.0824")), june(energy_wh=1_397_000))["energy"]
    assert line.steps == (
        "1,397 kWh × $0.0824 = $115.1128",
        "$115.1128 rounded to the cent, a half away from zero: $115.11",
    )
    assert (line.quantity, line.quantity_unit, line.price, line.price_unit) == (
        Decimal(1397),
        "kWh",
        Decimal("0.0824"),
        "$/kWh",
    )
    assert (line.unrounded, line.amount_cents) == ("115.1128", 11511)


def test_an_amount_that_is_whole_cents_is_not_said_to_be_rounded() -> None:
    line = lines(one(charge("fixed", "customer", price="43.50")), june())["customer"]
    assert line.steps == ("$43.50 a month = $43.50",)


def test_a_short_period_says_how_bounds_and_months_were_scaled() -> None:
    blocks = [{"price": "0.10", "up_to_kwh": "500"}, {"price": "0.05"}]
    both = one(charge("fixed", "customer", price="15"), charge("energy", "energy", blocks=blocks))
    span = Span(start=JUNE.start, end=date(2026, 6, 13))
    first, *energy = rate(both, Usage(span=span, energy_wh=250_000)).lines
    not_whole = "the period of 12 days is not a whole month (26 to 35 days): days ÷ 30"
    assert first.steps == (not_whole, "$15.00 a month × 12/30 = $6.00")
    assert (first.quantity, first.quantity_unit) == (Decimal("0.4"), "month")
    assert energy[0].steps == (
        not_whole,
        "up to 500 kWh × 12/30 = 200 kWh",
        "200 kWh × $0.10 = $20.00",
    )
    assert energy[1].steps == (not_whole, "over 500 kWh × 12/30 = 200 kWh", "50 kWh × $0.05 = $2.50")


def test_a_change_inside_says_which_days_and_how_energy_was_shared() -> None:
    two = schedule(
        version(charge("energy", "energy", price="0.10")),
        version(charge("energy", "energy", price="0.20"), effective="2026-06-16"),
    )
    usage = june(energy_wh=301_000)
    second = rate(two, usage).lines[1]
    assert second.steps == (
        HALF_JUNE,
        "301 kWh × 15/30 days = 150.5 kWh, shared by days to the watt-hour",
        "150.5 kWh × $0.20 = $30.10",
    )
    assert (second.version, second.span) == (date(2026, 6, 16), Span(start=date(2026, 6, 16), end=JUNE.end))
    cut = date(2026, 6, 16)
    parts = (
        UsagePart(span=Span(start=JUNE.start, end=cut), energy_wh=1_000),
        UsagePart(span=Span(start=cut, end=JUNE.end), energy_wh=300_000),
    )
    by_reads = rate(two, june(energy_wh=301_000, parts=parts)).lines[1]
    assert by_reads.steps[1] == "300 of the period's 301 kWh, by reads within the period"


def test_demand_says_minimum_and_allowance() -> None:
    demand = {"determinant": "kva", "minimum_kw": "15", "in_excess_of_kw": "10"}
    line = lines(one(charge("demand", "demand", price="2", demand=demand)), june(demand_va_max=12_000))["demand"]
    assert line.steps == (
        "metered 12 kVA; at least 15 kVA are billed",
        "15 kVA − 10 kVA = 5 kVA",
        "5 kVA × $2.00 = $10.00",
    )
    assert (line.quantity, line.quantity_unit, line.price_unit) == (Decimal(5), "kVA", "$/kVA")


def test_hours_of_demand_say_where_the_block_begins_and_ends() -> None:
    hours = [
        {"up_to_hours": "200", "blocks": [{"price": "0.1425", "up_to_kwh": "6000"}, {"price": "0.1250"}]},
        {"blocks": [{"price": "0.08"}]},
    ]
    tariff = one(charge("energy", "energy", hours_blocks=hours))
    rated = rate(tariff, june(energy_wh=11_000_000, demand_w_max=50_000)).lines
    assert [line.steps[:-1] for line in rated] == [
        ("up to 200 hours × 50 kW = 10,000 kWh", "up to 6,000 kWh of these hours"),
        ("up to 200 hours × 50 kW = 10,000 kWh", "over 6,000 kWh of these hours"),
        ("over 200 hours × 50 kW = 10,000 kWh",),
    ]
    assert [line.quantity for line in rated] == [6000, 4000, 1000]


def test_a_fuel_clause_counts_its_steps() -> None:
    fuel = charge("fuel_clause", "fuel", series="cost", base="0.0530", step="0.0001")
    series = {"cost": [{"effective": "2020-01-01", "value": "0.06127", "citation": "notice 7", "status": "verified"}]}
    line = lines(schedule(version(fuel), series=series), june(energy_wh=1_000_000))["fuel"]
    assert line.steps == (
        "average cost $0.06127 since 2020-01-01, base $0.053: 82 whole steps of $0.0001 = $0.0082 a kWh",
        "1,000 kWh × $0.0082 = $8.20",
    )
    assert (line.citation, line.status) == ("notice 7", "verified")


def test_percentages_and_minimums_name_what_they_are_taken_of() -> None:
    tariff = one(
        charge("fixed", "base", price="16"),
        charge("energy", "energy", price="0.1125"),
        charge("minimum", "minimum", price="18", price_per_kw="1", of=["base", "energy"]),
        charge("percentage", "tax", percent="5.5", of=["base", "energy", "minimum"]),
    )
    rated = lines(tariff, june(energy_wh=4_000, demand_w_max=2_000))
    assert rated["minimum"].steps == (
        "base $16.00 + energy $0.45 = $16.45",
        "minimum ($18.00 + 2 kW × $1.00) a month = $20.00",
        "$20.00 − $16.45 = $3.55",
    )
    assert (rated["minimum"].quantity, rated["minimum"].price) == (Decimal("3.55"), Decimal(100))
    assert rated["tax"].steps == (
        "base $16.00 + energy $0.45 + minimum $3.55 = $20.00",
        "$20.00 × 5.5% = $1.10",
    )
    alone = one(charge("fixed", "base", price="16"), charge("percentage", "tax", percent="5", of=["base"]))
    assert lines(alone, june())["tax"].steps == ("of base, $16.00", "$16.00 × 5% = $0.80")


def test_counts_and_levels_are_told() -> None:
    tariff = schedule(
        version(
            charge("fixed", "lamps", price="10.60", times="lamps"),
            charge("fixed", "facilities", price="10", level="1"),
            charge("fixed", "facilities", price="20", level="2"),
            charge("fixed", "daily", price="1.21", per="day"),
            facilities={"levels": [{"level": "1", "below_kwh": "800"}, {"level": "2"}], "unknown": "1"},
        ),
        options={"lamps": {"kind": "count", "label": "Lamps", "unit": "lamp"}},
    )
    rated = lines(tariff, june(options={"lamps": 3}, trailing_average_wh=800_000))
    assert rated["lamps"].steps == ("3 lamps × $10.60 a month = $31.80",)
    assert (rated["lamps"].quantity, rated["lamps"].quantity_unit, rated["lamps"].price_unit) == (3, "lamps", "$/lamp")
    assert rated["facilities"].steps[0] == "facilities level 2: the trailing average is 800 kWh a month"
    assert rated["daily"].steps == ("$1.21 a day × 30 days = $36.30",)
    assert (rated["daily"].quantity, rated["daily"].quantity_unit) == (30, "days")
    unknown = lines(tariff, june(options={"lamps": 1}))
    assert unknown["lamps"].quantity_unit == "lamp"
    assert unknown["facilities"].steps[0] == "facilities level 1, for an account without a trailing average"
    assigned = lines(tariff, june(facilities_level=2))
    assert assigned["facilities"].steps[0] == "facilities level 2 is assigned to the account"


def test_a_block_may_have_its_own_label_clause_and_status() -> None:
    blocks = [
        {"price": "0.10", "up_to_kwh": "500", "label": "First 500 kWh", "clause": "3 (a)", "status": "verified"},
        {"price": "0.05"},
    ]
    tariff = one(charge("energy", "energy", blocks=blocks, clause="3", citation="sheet 4", rounding="down"))
    first, second = rate(tariff, june(energy_wh=600_019)).lines
    assert (first.label, first.clause, first.status, first.citation) == (
        "First 500 kWh",
        "3 (a)",
        "verified",
        "sheet 4",
    )
    assert (second.label, second.clause, second.status) == ("energy", "3", "illustrative")
    assert (second.rounding, second.steps[-1]) == ("down", "$5.00095 rounded toward zero to the cent: $5.00")


def test_energy_of_a_period_tells_its_own_kilowatt_hours() -> None:
    tariff = schedule(
        version(charge("fixed", "customer", price="1")),
        version(
            charge("energy", "on", period="on_peak", price="0.30"),
            charge("energy", "off", period="off_peak", price="0.10"),
            effective="2026-06-16",
            periods=ON_AND_OFF,
        ),
    )
    usage = june(energy_wh=90_000, energy_by_period_wh={"on_peak": 30_000, "off_peak": 60_000})
    assert lines(tariff, usage)["on"].steps[:2] == (
        HALF_JUNE,
        "30 kWh × 15/30 days = 15 kWh, shared by days to the watt-hour",
    )


def test_every_line_survives_being_stored_and_tells_its_exact_amount() -> None:
    random = Random(5)
    count = 0
    for _ in range(15):
        drawn = draw_schedule(random)
        for _ in range(10):
            usage = draw_usage(random, schedule=drawn)
            bill = rate(drawn, usage)
            slow = [line for line in rate_slowly(drawn, usage) if line.amount_cents]
            for line, expected in zip([line for line in bill.lines if line.amount_cents], slow, strict=True):
                count += 1
                assert RatedLine.from_dict(json.loads(json.dumps(line.to_dict()))) == line
                assert line.unrounded == exact_text(expected.dollars)
                assert line.steps
                assert all(len(step) < 600 and "None" not in step for step in line.steps)
    assert count > 500


def test_a_stored_line_that_is_damaged_does_not_load() -> None:
    data = rate(one(charge("fixed", "customer", price="1")), june()).lines[0].to_dict()
    with pytest.raises(TypeError):
        RatedLine.from_dict(data | {"amount_cents": "100"})
    with pytest.raises(KeyError):
        RatedLine.from_dict({name: value for name, value in data.items() if name != "unrounded"})
