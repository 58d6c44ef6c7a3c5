"""Reading the meters of a town, in the words of those who do it."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from tests.house import Home, House, move_in, table_rows
from weatherhead.actions.metering.estimate_missing_reads import CycleMostlyUnread, CycleNotYetRead
from weatherhead.actions.reading.change_calendar_day import CycleReadAlready
from weatherhead.actions.reading.place_on_route import CycleDiffers
from weatherhead.actions.reading.put_streets_on_route import NobodyOnStreet, NobodyToPlace
from weatherhead.actions.service_orders.complete_reread import ReadBeforeOrder
from weatherhead.areas.agreements.models import ServiceAgreement
from weatherhead.areas.billing.queries import bill, lines_of_bill
from weatherhead.areas.ledger.queries import trial_balance
from weatherhead.areas.metering.calendar import PeriodOutOfBounds
from weatherhead.areas.metering.estimation import DemandNotEstimated, EstimatesInARow
from weatherhead.areas.metering.models import Read
from weatherhead.areas.metering.operations import CalendarPlanned, SequenceTaken
from weatherhead.areas.metering.queries import reads_of_meter
from weatherhead.areas.metering.reading_rules import reading_rules
from weatherhead.areas.metering.routes import (
    NoSuchRoute,
    calendar_on,
    cycle_day,
    due_read_days,
    next_read_day,
    stops_of_cycle,
)
from weatherhead.areas.service_orders.operations import OrderNotOpen, OrderOpenAlready
from weatherhead.areas.service_orders.queries import orders_of_account
from weatherhead.areas.service_orders.worklist import Filters, Place, WorklistRow, worklist_counts, worklist_page

pytestmark = pytest.mark.django_db
NEVER_CHANGED = ("records_",)


def enter(house: House, home: Home, reading: int, **other: Any) -> int:
    inputs = {"account_id": home.account_id, "meter": home.serial, "read_on": house.today, "reading": str(reading)}
    return house.made("enter_read", "read", **(inputs | other))


def months(house: House, home: Home, *readings: int) -> None:
    for reading in readings:
        house.pass_days(30)
        enter(house, home, reading)


def to_decide(house: House, **filters: Any) -> list[WorklistRow]:
    rule = reading_rules().worklist
    window = house.today - timedelta(days=rule.missing_for_days)
    due = list(due_read_days(after=window, until=house.today - timedelta(days=rule.missing_after_days)).items())
    looked_for = Filters(**filters)
    rows = worklist_page(looked_for, due=due, rule=rule, as_of=house.today, after=None, limit=1000)
    counts = worklist_counts(looked_for, due=due, rule=rule, as_of=house.today)
    if not looked_for.kind:
        assert sum(count for count, _ in counts.values()) == len(rows)
    # In pages of one, it is the same list.
    paged: list[WorklistRow] = []
    after: Place | None = None
    while page := worklist_page(looked_for, due=due, rule=rule, as_of=house.today, after=after, limit=1):
        paged += page
        after = Place.read(page[-1].place.text)
    assert paged == list(rows)
    return list(rows)


def kinds(house: House, **filters: Any) -> list[str]:
    return [row.kind for row in to_decide(house, **filters)]


def refused(house: House, refusal: type[Exception], name: str, /, **inputs: Any) -> None:
    """A refused action changes nothing."""
    before = table_rows(but=NEVER_CHANGED)
    with pytest.raises(refusal):
        house.do(name, **inputs)
    assert table_rows(but=NEVER_CHANGED) == before


# ------------------------------------------------------------------------------------------------ routes and calendar
def test_a_year_is_planned_once_and_says_what_is_read_on_a_day(house: House) -> None:
    house.do("plan_calendar", by="okafor", year=2026)
    refused(house, CalendarPlanned, "plan_calendar", year=2026)
    house.do("plan_calendar", year=2027)
    day = cycle_day(14, month=date(2026, 3, 1))
    on_day = calendar_on(day.read_on)
    assert [item.cycle for item in on_day.to_read] == [14]
    assert [item.cycle for item in calendar_on(day.bill_on).to_bill] == [14]
    house.today = date(2026, 12, 31)
    upcoming = next_read_day(14, as_of=house.today)
    assert upcoming is not None
    assert upcoming.month == date(2027, 1, 1)


def test_a_storm_moves_a_day_and_no_period_grows_too_long(house: House) -> None:
    house.do("plan_calendar", year=2026)
    before = cycle_day(14, month=date(2026, 3, 1))
    moved = before.read_on + timedelta(days=1)
    house.do("change_calendar_day", cycle=14, month="2026-03", read_on=moved, reason="Ice storm")
    after = cycle_day(14, month=date(2026, 3, 1))
    assert (after.read_on, after.reason, after.version) == (moved, "Ice storm", 2)
    assert after.bill_on > before.bill_on
    later = {"cycle": 14, "month": "2026-03", "reason": "Short of readers"}
    refused(house, PeriodOutOfBounds, "change_calendar_day", read_on=moved + timedelta(days=12), **later)
    house.today = moved + timedelta(days=1)
    refused(house, CycleReadAlready, "change_calendar_day", read_on=moved + timedelta(days=2), **later)


def test_a_service_point_gets_its_place_on_a_route_of_its_cycle(house: House, home: Home) -> None:
    house.do("create_route", by="okafor", code="14-01", name="Cottonwood St", cycle=14)
    house.do("create_route", code="3-01", name="Depot St", cycle=3)
    neighbour = move_in(house, name="Dale Sorensen", street="311 Linden St", serial="77402931")
    place = {"service_point_id": home.service_point_id, "route": "14-01"}
    house.do("place_on_route", sequence=10, route_note="Dog", **place)
    refused(house, CycleDiffers, "place_on_route", **(place | {"route": "3-01"}))
    other = {"service_point_id": neighbour.service_point_id, "route": "14-01"}
    refused(house, SequenceTaken, "place_on_route", sequence=10, **other)
    house.do("place_on_route", **other)


def test_whole_streets_are_put_on_a_route_in_the_order_of_the_walk(house: House, home: Home) -> None:
    # Given: two streets, numbers that text would order otherwise, and a home that has its place already.
    house.do("create_route", code="14-01", name="North side", cycle=14)
    house.do("place_on_route", service_point_id=home.service_point_id, route="14-01", sequence=5)
    streets = ("1010 Linden St", "98 Linden St", "311 Elm Ct", "12 Elm Ct")
    there = {
        street: move_in(house, name=f"Customer {serial}", street=street, serial=f"7740{serial}").service_point_id
        for serial, street in enumerate(streets, 3000)
    }
    house.pass_days(1)
    refused(house, NobodyOnStreet, "put_streets_on_route", route="14-01", streets="Linden St, Nowhere Rd")
    refused(house, NoSuchRoute, "put_streets_on_route", route="14-02", streets="")
    # When: first the one, then all that is left.
    house.do("put_streets_on_route", by="okafor", route="14-01", streets=" linden  ST ")
    house.do("put_streets_on_route", by="okafor", route="14-01")
    # Then: each street up its numbers, after who was there before.
    stops = {stop.sequence: stop.service_point_id for stop in stops_of_cycle(14)}
    walked = ["98 Linden St", "1010 Linden St", "12 Elm Ct", "311 Elm Ct"]
    assert stops == {5: home.service_point_id, **{15 + 10 * place: there[at] for place, at in enumerate(walked)}}
    refused(house, NobodyToPlace, "put_streets_on_route", route="14-01")


# ---------------------------------------------------------------------------------------------------------- estimates
def test_an_estimate_too_low_is_made_up_by_the_next_actual_read(house: House, home: Home) -> None:
    # Given: 700 kWh a month; the reader cannot get in, the read is estimated and billed.
    months(house, home, 2400)
    house.made("bill_account", "bill", account_id=home.account_id)
    house.pass_days(30)
    house.do("estimate_read", by="reyes", meter=home.serial, read_on=house.today, reason="Locked gate")
    guessed = reads_of_meter(home.meter_id)[-1]
    assert (guessed.kind, guessed.dial_reading) == ("estimated", 3100)
    first = bill(house.made("bill_account", "bill", account_id=home.account_id))
    # When: a month later the meter reads 4,000, 200 more than twice 700.
    months(house, home, 4000)
    second = bill(house.made("bill_account", "bill", account_id=home.account_id))
    # Then: both bills together hold what was used.
    assert [item.payload["segments"][0]["energy_wh"] for item in (first, second)] == [700_000, 900_000]
    assert sum(trial_balance(as_of=house.today).values()) == 0


def test_an_estimate_too_high_waits_and_is_billed_as_a_credit_of_energy_once_released(house: House, home: Home) -> None:
    months(house, home, 2400)
    house.made("bill_account", "bill", account_id=home.account_id)
    house.pass_days(30)
    house.do("estimate_read", meter=home.serial, read_on=house.today, reason="Locked gate")
    first = bill(house.made("bill_account", "bill", account_id=home.account_id))
    # When: the house stood empty; the meter reads 3,050, less than the 3,100 that were estimated.
    house.pass_days(30)
    held = enter(house, home, 3050)
    [row] = to_decide(house)
    assert (row.kind, row.number) == ("negative", held)
    # Then: a person releases it, and the next bill takes back what was too much.
    house.do("release_read", by="okafor", read_id=held, reason="The house stood empty")
    assert to_decide(house) == []
    # The bill waits too, because so little use is unusual; its release says why.
    [exception] = house.do("bill_account", account_id=home.account_id).body["made"]["exception"]
    house.do("release_exception", by="okafor", exception_id=exception, reason="Makes up for the estimate")
    second = bill(house.made("bill_account", "bill", account_id=home.account_id))
    assert second.payload["segments"][0]["energy_wh"] == -50_000
    assert [item.payload["segments"][0]["energy_wh"] for item in (first, second)] == [700_000, -50_000]
    assert sum(line.amount_cents for line in lines_of_bill(second.bill_id)) == second.total_cents
    assert sum(trial_balance(as_of=house.today).values()) == 0


def test_after_three_estimates_the_meter_must_be_read(house: House, home: Home) -> None:
    months(house, home, 2400)
    for _ in range(3):
        house.pass_days(30)
        house.do("estimate_read", meter=home.serial, read_on=house.today, reason="Locked gate")
    assert kinds(house) == ["estimates"]
    house.pass_days(30)
    refused(house, EstimatesInARow, "estimate_read", meter=home.serial, read_on=house.today, reason="Locked gate")
    enter(house, home, 5300)
    assert kinds(house) == []


def test_demand_is_never_estimated_unasked(house: House) -> None:
    shop = move_in(
        house, name="Prairie Rose Bakery", street="9 Main St", serial="D-77", schedule="GS-2", options={},
        revenue_class="commercial", has_demand=True, multiplier="40",
    )  # fmt: skip
    house.pass_days(30)
    enter(house, shop, 1100, demand_kw="20")
    house.pass_days(30)
    inputs = {"meter": shop.serial, "read_on": house.today, "reason": "Locked gate"}
    refused(house, DemandNotEstimated, "estimate_read", **inputs)


def test_what_a_cycle_lacks_is_estimated_in_shards_unless_most_of_it_is_missing(house: House, home: Home) -> None:
    house.do("plan_calendar", year=house.today.year)
    day = next_read_day(14, as_of=house.today)
    assert day is not None
    neighbours = [move_in(house, street=f"{at} Elm Ct", serial=f"88{at:04}", name="Ann Bell") for at in range(8)]
    inputs = {"cycle": 14, "month": f"{day.month:%Y-%m}"}
    refused(house, CycleNotYetRead, "estimate_missing_reads", **inputs)
    house.today = day.read_on
    refused(house, CycleMostlyUnread, "estimate_missing_reads", **inputs)
    for neighbour in neighbours:
        enter(house, neighbour, 1400)
    house.pass_days(1)
    # Ruth's read is missing: hers is estimated, in whichever of two shards she is, and then nothing is.
    assert [(row.kind, row.meter_id) for row in to_decide(house)] == [("missing", home.meter_id)]
    shard = home.meter_id % 2 or 2
    house.do("estimate_missing_reads", by="okafor", shard=shard, shards=2, **inputs)
    assert to_decide(house) == []
    [made] = Read.objects.filter(kind="estimated")
    assert made.proof is not None
    assert (made.read_on, made.proof["method"]) == (day.read_on, "own_daily_average")


# ------------------------------------------------------------------------------------------------ orders and worklist
def test_a_reread_that_proves_the_read_wrong_takes_its_place(house: House, home: Home) -> None:
    house.pass_days(30)
    held = enter(house, home, 9900)
    asked = {"meter": home.serial, "read_on": house.today, "reason": "Far above her use"}
    order = house.made("request_reread", "service_order", by="reyes", **asked)
    refused(house, OrderOpenAlready, "request_reread", **asked)
    result = {"order_id": order, "reading": "2390", "use_as": "replace", "reason": "Two digits were swapped"}
    refused(house, ReadBeforeOrder, "complete_reread", read_on=house.today - timedelta(days=1), **result)
    house.pass_days(2)
    house.do("complete_reread", by="okafor", read_on=house.today, **result)
    wrong, right = reads_of_meter(home.meter_id)[-2:]
    assert (wrong.read_id, wrong.state, wrong.decision) == (held, "rejected", "Two digits were swapped")
    assert (right.kind, right.state, right.dial_reading) == ("actual", "accepted", 2390)
    [closed] = orders_of_account(home.account_id)
    assert (closed.state, closed.read_id) == ("done", right.read_id)
    refused(house, OrderNotOpen, "cancel_order", order_id=order, reason="No longer needed")


def test_a_reread_of_a_read_that_nobody_doubts_is_listed_until_it_is_closed(house: House, home: Home) -> None:
    # Given: the customer calls about a read that was believed and billed.
    order = house.made(
        "request_reread", "service_order", by="reyes", meter=home.serial, read_on=house.today, reason="She disputes it"
    )
    [row] = to_decide(house)
    assert (row.kind, row.number, row.account_id) == ("order", order, home.account_id)
    house.do("cancel_order", by="reyes", order_id=order, reason="She sent a picture")
    assert to_decide(house) == []


def test_a_check_read_is_compared_and_never_billed(house: House, home: Home) -> None:
    months(house, home, 2400)
    house.made("bill_account", "bill", account_id=home.account_id)
    house.pass_days(3)
    house.do("record_check_read", meter=home.serial, read_on=house.today, reading="2470", note="Beside the reader")
    assert reads_of_meter(home.meter_id)[-1].kind == "check"
    house.pass_days(27)
    enter(house, home, 3100)
    issued = bill(house.made("bill_account", "bill", account_id=home.account_id))
    [segment] = issued.payload["segments"]
    assert segment["energy_wh"] == 700_000
    assert "2470" not in str(segment)
    assert [read.kind for read in reads_of_meter(home.meter_id)][-2:] == ["check", "actual"]


def test_a_held_read_is_corrected_in_one_step(house: House, home: Home) -> None:
    house.pass_days(30)
    held = enter(house, home, 9900)
    house.do("correct_read", by="reyes", read_id=held, reading="2390", reason="The picture shows 2390")
    states = [(read.dial_reading, read.state) for read in reads_of_meter(home.meter_id)][-2:]
    assert states == [(9900, "rejected"), (2390, "accepted")]


def test_a_meter_that_turns_for_nobody_stands_on_the_list_until_someone_went_there(house: House, home: Home) -> None:
    # Given: the service ended, and the meter turned on by 300 kWh.
    months(house, home, 2400)
    ServiceAgreement.objects.filter(pk=home.agreement_id).update(end_on=house.today)
    assert to_decide(house) == []
    house.pass_days(30)
    Read.objects.create(
        meter_id=home.meter_id, read_on=house.today, kind="actual", dial_reading=2700, state="accepted", receipt_id=0
    )
    [row] = to_decide(house)
    assert (row.kind, row.amount, row.since_on) == ("inactive", 300_000, house.today - timedelta(days=30))
    assert row.account_id is None
    # When: an investigation comes back.
    order = house.made(
        "request_reread", "service_order", meter=home.serial, read_on=house.today, reason="Who uses this?",
        order_kind="investigate",
    )  # fmt: skip
    assert kinds(house) == ["inactive"]
    house.pass_days(1)
    house.do("complete_reread", order_id=order, read_on=house.today, reading="2712", reason="A pump in the yard")
    # Then: that day is decided; what turned since is another.
    [again] = to_decide(house)
    assert again.amount == 312_000
    # And when somebody takes service, nothing is left to decide.
    house.do(
        "start_service", account_id=home.account_id, service_point_id=home.service_point_id, schedule="R-1",
        start_on=house.today, options={"facilities_level": "1"},
    )  # fmt: skip
    assert to_decide(house) == []


def test_the_list_is_sifted_by_kind_cycle_route_and_age(house: House, home: Home) -> None:
    other = move_in(house, name="Dale Sorensen", street="311 Linden St", serial="77402931")
    house.do("create_route", code="14-01", name="Cottonwood St", cycle=14)
    house.do("place_on_route", service_point_id=home.service_point_id, route="14-01")
    house.pass_days(30)
    enter(house, home, 9900)
    enter(house, other, 2000)
    house.pass_days(30)
    enter(house, other, 2000)
    assert kinds(house) == ["high", "zero"]
    assert kinds(house, kind="zero") == ["zero"]
    assert kinds(house, route="14-01") == ["high"]
    assert kinds(house, cycle=14) == ["high", "zero"]
    assert kinds(house, cycle=3) == []
    assert kinds(house, until=house.today - timedelta(days=7)) == ["high"]
