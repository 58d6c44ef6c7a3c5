"""People move, meters are exchanged: what a representative enters, and what is billed then."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.house import Home, House, move_in, table_rows
from weatherhead.actions.premises.end_service import BilledBeyondEnd, EndsBeforeStart, EndsInFuture
from weatherhead.actions.premises.exchange_meter import (
    ExchangeBeforeInstallation,
    MeterHangsNotHere,
    ReadAfterExchange,
)
from weatherhead.actions.premises.move_service import MovedNowhere
from weatherhead.actions.premises.point_reads import NothingToRead, ReadMissing
from weatherhead.actions.premises.start_service import ServiceBeforeAccount
from weatherhead.areas.agreements.operations import AgreementEnded, ServicePointTaken
from weatherhead.areas.agreements.queries import agreement, agreements_of_accounts
from weatherhead.areas.billing.queries import bill
from weatherhead.areas.customers.queries import account
from weatherhead.areas.ledger.queries import balance_of
from weatherhead.areas.metering.intake import ReadExists, ReadInFuture, TooManyDigits
from weatherhead.areas.metering.operations import SerialTaken
from weatherhead.areas.metering.queries import held_reads, meter_by_serial, reads_of_meter
from weatherhead.areas.premises.address import AddressIncomplete
from weatherhead.core.values import Refusal

pytestmark = pytest.mark.django_db

ADDRESS = {"city": "Prairie City", "state": "NE", "postal_code": "68900"}
LAMPS = {"lamps_7000_lumens": "1", "lamps_20000_lumens": "0", "lamps_decorative": "0"}
R1 = {"schedule": "R-1", "options": {"facilities_level": "1"}}


def refused(house: House, refusal: type[Refusal], name: str, /, **inputs: object) -> None:
    """An action is refused and has changed nothing but the audit log."""
    untouched = table_rows(but=("records_",))
    with pytest.raises(refusal):
        house.do(name, by="reyes", **inputs)
    assert table_rows(but=("records_",)) == untouched


def vacant_flat(house: House, *, first_reading: int = 500) -> int:
    """12 Elm Ct, with a meter, where nobody lives yet."""
    premise = house.made("add_premise", "premise", street="12 Elm Ct", **ADDRESS)
    point = house.made("add_service_point", "service_point", premise_id=premise)
    house.do(
        "add_meter", service_point_id=point, serial="88100204", installed_on=house.today, first_reading=first_reading
    )
    return point


def energy_of(bill_id: int) -> list[int]:
    return [segment["energy_wh"] for segment in bill(bill_id).payload["segments"]]


def test_a_customer_leaves_and_the_next_one_starts_with_the_same_read(house: House, home: Home) -> None:
    # Given: Ruth is billed through a read of 1700. She calls: she moved out twelve days later, the meter at 1980.
    house.pass_days(12)
    leaving = {"agreement_id": home.agreement_id, "end_on": house.today}
    done = house.do("end_service", by="reyes", **leaving, reading="1980", mail_street="PO Box 12", **mail())
    # Then: the agreement has an end, mail follows her, and the meter hangs on.
    assert agreement(home.agreement_id).end_on == house.today
    assert account(home.account_id).mail_street == "PO Box 12"
    assert "final" in done.body["summary"]["template"]
    hanging = meter_by_serial(home.serial)
    assert hanging is not None
    assert hanging.service_point_id == home.service_point_id
    refused(house, AgreementEnded, "end_service", **leaving)
    # When: Dale takes the place on the same day. The read of that day is his first one too: nobody reads twice.
    dale = house.made(
        "create_account",
        "account",
        customer_id=house.made(
            "create_customer", "customer", kind="person", name="Dale Sorensen", phone="402-555-0106"
        ),
        mail_street="1842 Cottonwood St",
        cycle=14,
        revenue_class="residential",
        **mail(),
    )
    taking = {"account_id": dale, "service_point_id": home.service_point_id, "start_on": house.today, **R1}
    house.do("start_service", by="reyes", **taking, reading="1980")
    refused(house, ServicePointTaken, "start_service", **taking)
    # Then: her next bill is final and covers her days; his first one begins where hers ends.
    final = house.made("bill_account", "bill", account_id=home.account_id)
    assert (bill(final).kind, energy_of(final)) == ("final", [280_000])
    house.pass_days(30)
    house.do("enter_read", account_id=dale, read_on=house.today, reading="2700")
    first = house.made("bill_account", "bill", account_id=dale)
    assert (bill(first).kind, energy_of(first)) == ("regular", [720_000])


def mail() -> dict[str, str]:
    return {f"mail_{key}": value for key, value in ADDRESS.items()}


def test_a_mover_keeps_the_account_and_gets_one_bill_for_both_places(house: House, home: Home) -> None:
    # Given: a flat that stood empty for 12 days and used 9 kWh meanwhile.
    point = vacant_flat(house)
    house.pass_days(12)
    moving = {"agreement_id": home.agreement_id, "end_on": house.today, "service_point_id": point, **R1}
    # When: Ruth moves there: one action, a read at both places, and her mail goes along.
    house.do("move_service", by="reyes", **moving, reading="1980", start_reading="509")
    here, there = agreements_of_accounts([home.account_id])
    assert (here.end_on, there.start_on, there.end_on) == (house.today, house.today, None)
    assert account(home.account_id).mail_street == "12 Elm Ct"
    # Then: her next bill has a part for each place, and is not a final one.
    house.pass_days(20)
    lived_in = house.made(
        "enter_read", "read", account_id=home.account_id, meter="88100204", read_on=house.today, reading="909"
    )
    house.do("release_read", by="okafor", read_id=lived_in, reason="Nobody lived there before")
    both = house.made("bill_account", "bill", account_id=home.account_id)
    assert (bill(both).kind, energy_of(both)) == ("regular", [280_000, 400_000])
    # And: what the empty flat used is nobody's.
    assert balance_of([home.account_id])[home.account_id] > 0


def test_what_is_wrong_with_an_end_or_a_move_is_said_and_nothing_changes(house: House, home: Home) -> None:
    point, billed_on = vacant_flat(house), house.today
    house.pass_days(12)
    leaving = {"agreement_id": home.agreement_id}
    refused(house, ReadMissing, "end_service", **leaving, end_on=house.today)
    refused(house, BilledBeyondEnd, "end_service", **leaving, end_on=_before(house, days=13), reading="1650")
    refused(house, EndsInFuture, "end_service", **leaving, end_on=_before(house, days=-1), reading="1980")
    refused(house, EndsBeforeStart, "end_service", **leaving, end_on=agreement(home.agreement_id).start_on)
    refused(house, TooManyDigits, "end_service", **leaving, end_on=house.today, reading="123456")
    refused(house, AddressIncomplete, "end_service", **leaving, end_on=house.today, reading="1980", mail_unit="4")
    refused(house, ReadExists, "end_service", **leaving, end_on=billed_on, reading="1980")
    moving = {**leaving, "end_on": house.today, "reading": "1980", **R1}
    refused(house, MovedNowhere, "move_service", **moving, service_point_id=home.service_point_id)
    refused(house, ReadMissing, "move_service", **moving, service_point_id=point)
    early = {"service_point_id": point, "start_on": _before(house, days=300), "start_reading": "500"}
    refused(house, ServiceBeforeAccount, "move_service", **moving, **early)
    light = house.made(
        "add_service_point", "service_point", premise_id=home.premise_id, label="Light", kind="unmetered"
    )
    lit = {"account_id": home.account_id, "service_point_id": light, "start_on": house.today, "schedule": "AL-1"}
    refused(house, NothingToRead, "start_service", **lit, options=LAMPS, reading="5")


def _before(house: House, *, days: int) -> str:
    house.pass_days(-days)
    on = house.today.isoformat()
    house.pass_days(days)
    return on


def test_a_move_out_read_that_looks_wrong_waits_for_a_person(house: House, home: Home) -> None:
    house.pass_days(12)
    house.do("end_service", by="reyes", agreement_id=home.agreement_id, end_on=house.today, reading="9980")
    [held] = held_reads()
    assert (held.kind, held.exception) == ("move_out", "high")
    house.do("release_read", by="okafor", read_id=held.read_id, reason="Photo of the dial: 9980")
    final = house.made("bill_account", "exception", account_id=home.account_id)  # and the bill gets its second look
    house.do("release_exception", by="okafor", exception_id=final, reason="The kiln ran all week")
    assert energy_of(house.made("bill_account", "bill", account_id=home.account_id)) == [8_280_000]


def test_a_meter_that_failed_is_exchanged_and_the_bill_sums_both(house: House, home: Home) -> None:
    # When: the old meter comes down at 1980, the new one goes up at 3.
    house.pass_days(12)
    taken_down = {"account_id": home.account_id, "last_reading": "1980", "serial": "88100204", "reason": "failed"}
    house.do("exchange_meter", by="okafor", **taken_down, exchanged_on=house.today, first_reading="3")
    old, new = meter_by_serial(home.serial), meter_by_serial("88100204")
    assert old is not None
    assert new is not None
    assert (old.service_point_id, new.service_point_id) == (None, home.service_point_id)
    assert [item.dial_reading for item in reads_of_meter(new.meter_id)] == [3]
    # Then: a bill of 18 more days takes 280 kWh of the old and 420 of the new.
    house.pass_days(18)
    house.do("enter_read", account_id=home.account_id, read_on=house.today, reading="423")
    assert energy_of(house.made("bill_account", "bill", account_id=home.account_id)) == [700_000]


def test_what_is_wrong_with_an_exchange_is_said_and_nothing_changes(house: House, home: Home) -> None:
    move_in(house, name="Dale Sorensen", street="311 Linden St", serial="77402931", phone="402-555-0106")
    house.pass_days(12)
    given = {"account_id": home.account_id, "last_reading": "1980", "serial": "88100204", "reason": "age"}
    wrong: list[tuple[type[Refusal], Callable[[], dict[str, object]]]] = [
        (MeterHangsNotHere, lambda: {"meter": "77402931", "exchanged_on": house.today}),
        (SerialTaken, lambda: {"serial": "77402931", "exchanged_on": house.today}),
        (ReadInFuture, lambda: {"exchanged_on": _before(house, days=-1)}),
        (ExchangeBeforeInstallation, lambda: {"exchanged_on": _before(house, days=42)}),
        (ReadAfterExchange, lambda: {"exchanged_on": _before(house, days=13)}),
        (TooManyDigits, lambda: {"first_reading": "123456", "exchanged_on": house.today}),
        (TooManyDigits, lambda: {"last_reading": "123456", "exchanged_on": house.today}),
    ]
    for refusal, change in wrong:
        refused(house, refusal, "exchange_meter", **{**given, **change()})
