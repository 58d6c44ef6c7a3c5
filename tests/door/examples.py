"""For every action an example that it accepts: the generic laws are tested on these."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from axes.models import AccessFailureLog

from tests.house import PASSWORD, Home, House, moment, move_in
from tests.migration.sets import GOOD, check
from tests.payment_files.made import lockbox
from weatherhead.areas.billing.queries import adjustments_of_account, bills_of_account
from weatherhead.areas.billing.runs import shards_of
from weatherhead.areas.customers.queries import account
from weatherhead.areas.ledger.queries import balance_of
from weatherhead.areas.metering.queries import reads_of_meter
from weatherhead.areas.metering.routes import cycle_day, next_read_day
from weatherhead.areas.migration.facts import SetFacts
from weatherhead.areas.migration.plan import STAGES
from weatherhead.areas.migration.queries import migration_set
from weatherhead.areas.payments.file_queries import shard_ids_of, suspense_items
from weatherhead.areas.records.utility import current_utility


@dataclass(frozen=True, kw_only=True)
class Example:
    """Who does it, with which inputs."""

    by: str
    inputs: dict[str, Any] = field(default_factory=dict)


Maker = Callable[[House, Home], Example]
ADDRESS = {"city": "Prairie City", "state": "NE", "postal_code": "68900"}


def _fee(house: House, home: Home, *, amount: str = "20.00") -> int:
    return house.made(
        "assess_fee",
        "adjustment",
        account_id=home.account_id,
        charge="connect_fee",
        reason="service_rendered",
        amount_cents=amount,
    )


def _agency(house: House, home: Home) -> dict[str, Any]:
    return {
        "account_id": home.account_id,
        "party_kind": "agency",
        "party_name": "Community Action Partnership",
        "email": "help@example.org",
        "payments": True,
        "given_how": "written",
        "until_on": house.today + timedelta(days=365),
        "note": "Form 14, signed",
    }


def _consent(house: House, home: Home) -> int:
    return house.made("record_consent", "consent", by="reyes", **_agency(house, home))


def _request(house: House, home: Home) -> int:
    fee = _fee(house, home, amount="80.00")
    asked = house.do("waive_fee", by="reyes", adjustment_id=fee, reason="our_error")
    return int(asked.body["request"])


def _held_read(house: House, home: Home) -> int:
    house.pass_days(30)
    return house.made("enter_read", "read", account_id=home.account_id, read_on=house.today, reading="9900")


def _next_read(house: House, home: Home, *, reading: str = "2350") -> None:
    house.pass_days(30)
    house.do("enter_read", account_id=home.account_id, read_on=house.today, reading=reading)


def _bill_account(house: House, home: Home) -> Example:
    _next_read(house, home)
    return Example(by="okafor", inputs={"account_id": home.account_id})


def _cancel_and_rebill(house: House, home: Home) -> Example:
    _next_read(house, home)
    bill = house.made("bill_account", "bill", account_id=home.account_id)
    house.do("correct_read", read_id=_read_of(home, on=house.today), reading="2300", reason="Misread a dial")
    return Example(by="okafor", inputs={"bill_id": bill, "reason": "The read was entered wrong"})


def _read_of(home: Home, *, on: date) -> int:
    [found] = [item for item in reads_of_meter(home.meter_id) if item.read_on == on and item.state == "accepted"]
    return found.read_id


def _correct_read(house: House, home: Home) -> Example:
    _next_read(house, home)
    inputs = {"read_id": _read_of(home, on=house.today), "reading": "2300", "reason": "Misread a dial"}
    return Example(by="okafor", inputs=inputs)


def _release_exception(house: House, home: Home) -> Example:
    made = house.made("hold_billing", "exception", agreement_id=home.agreement_id, reason="Meter to be tested")
    return Example(by="okafor", inputs={"exception_id": made, "reason": "Meter tested, it is right"})


def _reverse_payment(house: House, home: Home) -> Example:
    made = house.made("take_payment", "payment", account_id=home.account_id, amount_cents="25.00", tender="cash")
    return Example(by="reyes", inputs={"payment_id": made, "reason": "wrong_account", "note": "Meant for his mother"})


def _email_receipt(house: House, _: Home) -> Example:
    named = {"street": "311 Linden St", "serial": "77402931", "name": "Dale Sorensen", "email": "dale@example.com"}
    other = move_in(house, **named)
    made = house.made("take_payment", "payment", account_id=other.account_id, amount_cents="25.00", tender="cash")
    return Example(by="reyes", inputs={"payment_id": made})


def _move_payment(house: House, home: Home) -> Example:
    """Her cash, posted to his account; hers bore a late charge, of which a part was waived. A part was his."""
    other = move_in(house, street="311 Linden St", serial="77402931", name="Dale Sorensen")
    made = house.made("take_payment", "payment", account_id=other.account_id, amount_cents="70.00", tender="cash")
    house.pass_days(40)
    house.do("assess_late_charges", by="okafor", cycle=14)
    [charged] = [item for item in adjustments_of_account(home.account_id) if item.charge == "late_charge"]
    house.do("waive_fee", by="reyes", adjustment_id=charged.adjustment_id, reason="our_error", amount_cents="1.00")
    inputs = {
        "payment_id": made,
        "to_account": account(home.account_id).number,
        "amount_cents": "60.00",
        "reason": "number_mistyped",
        "note": "The stub says hers",
        "charge_hidden": True,
    }
    return Example(by="reyes", inputs=inputs)


def _import_reads(house: House, home: Home) -> Example:
    house.pass_days(30)
    content = f"meter,read_on,kind,reading,demand_kw,note\n{home.serial},{house.today},actual,2400,,\n".encode()
    inputs = {
        "name": "cycle 14.csv",
        "sha256": hashlib.sha256(content).hexdigest(),
        "content": base64.b64encode(content).decode(),
    }
    return Example(by="okafor", inputs=inputs)


def _enter_read(house: House, home: Home) -> Example:
    house.pass_days(30)
    return Example(by="reyes", inputs={"account_id": home.account_id, "read_on": house.today, "reading": "2400"})


def _estimate_read(house: House, home: Home) -> Example:
    _next_read(house, home)
    house.pass_days(30)
    inputs = {"meter": home.serial, "read_on": house.today, "reason": "A dog kept the reader out"}
    return Example(by="reyes", inputs=inputs)


def _estimate_missing_reads(house: House, home: Home) -> Example:
    """Home's read is missing; four neighbours of the cycle were read."""
    house.do("plan_calendar", year=house.today.year)
    planned = next_read_day(14, as_of=house.today + timedelta(days=45))
    assert planned is not None
    read_on = planned.read_on
    neighbours = [move_in(house, street=f"{number} Elm Ct", serial=f"8810{number}", name="A. B") for number in range(4)]
    _next_read(house, home)
    house.today = read_on
    for neighbour in neighbours:
        house.do("enter_read", account_id=neighbour.account_id, read_on=house.today, reading="2100")
    inputs = {"cycle": 14, "month": f"{read_on:%Y-%m}"}
    return Example(by="okafor", inputs=inputs)


def _reread(house: House, home: Home) -> int:
    held = _held_read(house, home)
    assert held
    return house.made(
        "request_reread", "service_order", meter=home.serial, read_on=house.today, reason="Far above his usual use"
    )


def _request_reread(house: House, home: Home) -> Example:
    _held_read(house, home)
    inputs = {"meter": home.serial, "read_on": house.today, "reason": "Far above his usual use"}
    return Example(by="reyes", inputs=inputs)


def _complete_reread(house: House, home: Home) -> Example:
    order = _reread(house, home)
    house.pass_days(2)
    inputs = {
        "order_id": order,
        "read_on": house.today,
        "reading": "2380",
        "use_as": "replace",
        "reason": "A digit was swapped",
    }
    return Example(by="okafor", inputs=inputs)


def _record_check_read(house: House, home: Home) -> Example:
    _next_read(house, home)
    house.pass_days(3)
    return Example(by="okafor", inputs={"meter": home.serial, "read_on": house.today, "reading": "2480"})


def _route(house: House) -> None:
    house.do("create_route", code="14-01", name="Cottonwood St and around", cycle=14)


def _place_on_route(house: House, home: Home) -> Example:
    _route(house)
    inputs = {"service_point_id": home.service_point_id, "route": "14-01", "route_note": "Dog"}
    return Example(by="okafor", inputs=inputs)


def _put_streets_on_route(house: House, home: Home) -> Example:
    _route(house)
    return Example(by="okafor", inputs={"route": "14-01", "streets": ""})


def _change_calendar_day(house: House, home: Home) -> Example:
    house.do("plan_calendar", year=2026)
    day = cycle_day(14, month=date(2026, 3, 1))
    moved = current_utility().business_days.add(day.read_on, 1)
    inputs = {"cycle": 14, "month": "2026-03", "read_on": moved, "reason": "The town's founding day"}
    return Example(by="okafor", inputs=inputs)


def _add_meter(house: House, home: Home) -> Example:
    point = house.made("add_service_point", "service_point", premise_id=home.premise_id, label="Garage")
    inputs = {"service_point_id": point, "serial": "88100204", "installed_on": house.today, "first_reading": "12"}
    return Example(by="reyes", inputs=inputs)


def _start_service(house: House, home: Home) -> Example:
    point = house.made("add_service_point", "service_point", premise_id=home.premise_id, label="Garage")
    house.do("add_meter", service_point_id=point, serial="88100204", installed_on=house.today, first_reading="12")
    inputs = {
        "account_id": home.account_id,
        "service_point_id": point,
        "schedule": "R-1",
        "start_on": house.today,
        "options": {"facilities_level": "1"},
    }
    return Example(by="reyes", inputs=inputs)


def _run(house: House, home: Home) -> int:
    _next_read(house, home)
    return house.made("start_bill_run", "bill_run", by="okafor", cycle=14)


def _shard(run_id: int, *, stage: str) -> int:
    [found] = shards_of(run_id, stage=stage)
    return found.shard_id


def _tried(house: House, home: Home) -> int:
    run_id = _run(house, home)
    house.do("try_bill_shard", by="okafor", shard_id=_shard(run_id, stage="try"))
    return run_id


def _issue_bill_shard(house: House, home: Home) -> Example:
    run_id = _tried(house, home)
    house.do("release_bill_run", by="alvarez", run_id=run_id)
    return Example(by="alvarez", inputs={"shard_id": _shard(run_id, stage="issue")})


def _start_bill_run(house: House, home: Home) -> Example:
    _next_read(house, home)
    return Example(by="okafor", inputs={"cycle": 14})


CORRECTION = {"schedule": "R-1", "from_on": date(2025, 10, 1), "reason": "The energy price was wrong"}


def _wrong_bill(house: House, home: Home) -> None:
    _next_read(house, home)
    house.do("bill_account", account_id=home.account_id)
    house.do("correct_read", read_id=_read_of(home, on=house.today), reading="2300", reason="Misread a dial")


def _correct_bills(house: House, home: Home) -> Example:
    _wrong_bill(house, home)
    return Example(by="okafor", inputs={"account_id": home.account_id, "cause": "read", "reason": "Misread a dial"})


def _correction_run(house: House, home: Home) -> int:
    _wrong_bill(house, home)
    return house.made("start_correction_run", "bill_run", by="okafor", **CORRECTION)


def _start_correction_run(house: House, home: Home) -> Example:
    _wrong_bill(house, home)
    return Example(by="okafor", inputs=CORRECTION)


def _try_correction_shard(house: House, home: Home) -> Example:
    return Example(by="okafor", inputs={"shard_id": _shard(_correction_run(house, home), stage="try")})


def _issue_correction_shard(house: House, home: Home) -> Example:
    run_id = _correction_run(house, home)
    house.do("try_correction_shard", by="okafor", shard_id=_shard(run_id, stage="try"))
    house.do("release_bill_run", by="alvarez", run_id=run_id)
    return Example(by="alvarez", inputs={"shard_id": _shard(run_id, stage="issue")})


def _correct_service_dates(house: House, home: Home) -> Example:
    inputs = {"agreement_id": home.agreement_id, "ended_on": house.today, "reason": "Moved out that day"}
    return Example(by="reyes", inputs=inputs)


def _swap_services(house: House, home: Home) -> Example:
    other = move_in(house, name="Bo Li", street="12 Main St", serial="88001")
    inputs = {"agreement_id": home.agreement_id, "service_point_id": other.service_point_id}
    return Example(by="reyes", inputs={**inputs, "reason": "Each was put at the other's place"})


def _swap_meters(house: House, home: Home) -> Example:
    move_in(house, name="Bo Li", street="12 Main St", serial="88001")
    inputs = {"meter": home.serial, "other_meter": "88001", "reason": "Each hangs at the other's place"}
    return Example(by="okafor", inputs=inputs)


def _end_service(house: House, home: Home) -> Example:
    house.pass_days(12)
    inputs = {
        "agreement_id": home.agreement_id,
        "end_on": house.today,
        "reading": "1980",
        "mail_street": "PO Box 12",
        **{f"mail_{key}": value for key, value in ADDRESS.items()},
    }
    return Example(by="reyes", inputs=inputs)


def _vacant_flat(house: House, *, serial: str = "88100204") -> int:
    """A service point with a meter, where nobody takes service."""
    premise = house.made("add_premise", "premise", street="12 Elm Ct", **ADDRESS)
    point = house.made("add_service_point", "service_point", premise_id=premise)
    house.do("add_meter", service_point_id=point, serial=serial, installed_on=house.today, first_reading="12")
    return point


def _move_service(house: House, home: Home) -> Example:
    point = _vacant_flat(house)
    house.pass_days(12)
    inputs = {
        "agreement_id": home.agreement_id,
        "end_on": house.today,
        "reading": "1980",
        "service_point_id": point,
        "schedule": "R-1",
        "options": {"facilities_level": "1"},
        "start_reading": "12",
    }
    return Example(by="reyes", inputs=inputs)


def _exchange_meter(house: House, home: Home) -> Example:
    house.pass_days(12)
    inputs = {
        "account_id": home.account_id,
        "exchanged_on": house.today,
        "last_reading": "1980",
        "serial": "88100204",
        "first_reading": "3",
        "reason": "failed",
    }
    return Example(by="reyes", inputs=inputs)


def _open_drawer(house: House, *, by: str = "nguyen") -> int:
    return house.made("open_drawer", "drawer", by=by, float_cents="100.00")


def _counted_drawer(house: House, home: Home) -> int:
    drawer = _open_drawer(house)
    check = {"amount_cents": "25.00", "tender": "check", "check_number": "1042"}
    house.do("take_payment", by="nguyen", account_id=home.account_id, **check)
    house.do("take_payment", by="nguyen", account_id=home.account_id, amount_cents="20.00", tender="cash")
    counted = {"pieces": "20.00, 5\n10.00, 1\n5.00, 1\n1.00, 3", "checks": "1", "checks_cents": "25.00"}
    house.do("count_drawer", by="nguyen", drawer_id=drawer, **counted)
    return drawer


def _make_deposit(house: House, home: Home) -> Example:
    """A drawer that was $2.00 short, a check of the mail, and cash that came without drawer."""
    number = account(home.account_id).number
    batch = house.made(
        "post_payment_batch",
        "payment_batch",
        name="Mail",
        counted="1",
        total_cents="40.00",
        payments=f"{number}, 40, 7",
    )
    house.do("take_payment", account_id=home.account_id, amount_cents="3.50", tender="cash")
    drawer = _counted_drawer(house, home)
    house.do("close_drawer", by="nguyen", drawer_id=drawer)
    inputs = {"drawer_ids": f"{drawer}", "batch_ids": [batch], "loose_through": house.today}
    return Example(by="nguyen", inputs={"slip": "0417", "checks": "2", "total_cents": "86.50", **inputs})


def _take_payment(house: House, home: Home) -> Example:
    """Two checks and some cash, for two accounts, into a drawer."""
    other = move_in(house, street="311 Linden St", serial="77402931", name="Dale Sorensen")
    _open_drawer(house)
    inputs = {
        "account_id": home.account_id,
        "amount_cents": "73.57",
        "tender": "cash",
        "tendered_cents": "20.00",
        "also_pays": f"{account(other.account_id).number}, 20.00",
        "more_tenders": "check, 60.00, 1042\nmoney_order, 20.00, 88-1",
    }
    return Example(by="nguyen", inputs=inputs)


def _transfer_credit(house: House, home: Home) -> Example:
    """The whole of a credit that two checks made, to the customer's other account."""
    other = _beside(house, home)
    for number in ("1042", "1043"):
        check = {"tender": "check", "check_number": number, "amount_cents": "60.00"}
        house.do("take_payment", account_id=home.account_id, **check)
    inputs = {"account_id": home.account_id, "other_account": account(other.account_id).number_grouped}
    return Example(by="reyes", inputs=inputs | {"amount_cents": "46.43", "note": "Asked for at the counter"})


def _apply_credit(house: House, home: Home) -> Example:
    """What an agency paid too much, once the next bill is there."""
    pledge = {"tender": "agency", "agency": "Community Action", "amount_cents": "100.00", "channel": "electronic"}
    house.do("take_payment", account_id=home.account_id, **pledge)
    _next_read(house, home)
    house.do("bill_account", account_id=home.account_id)
    return Example(by="reyes", inputs={"account_id": home.account_id})


def _waiting_credits(house: House, home: Home) -> Example:
    _apply_credit(house, home)
    return Example(by="okafor")


def _return_payment(house: House, home: Home) -> Example:
    check = {"amount_cents": "25.00", "tender": "check", "check_number": "1042"}
    made = house.made("take_payment", "payment", account_id=home.account_id, **check)
    house.pass_days(5)
    return Example(by="reyes", inputs={"payment_id": made, "reason": "insufficient_funds"})


def _payment_file(house: House, *accounts: str) -> dict[str, str]:
    """A lockbox file of one check of $25.00 for each account."""
    lines = lockbox([[(25_00, number) for number in accounts]], day=f"{house.today:%y%m%d}")
    content = "\n".join(lines).encode()
    return {
        "name": "lockbox.txt",
        "source": "lockbox",
        "sha256": hashlib.sha256(content).hexdigest(),
        "content": base64.b64encode(content).decode(),
    }


def _import_payment_file(house: House, home: Home) -> Example:
    return Example(by="okafor", inputs=_payment_file(house, account(home.account_id).number, "J SMITH"))


def _post_payment_file_shard(house: House, home: Home) -> Example:
    given = _payment_file(house, account(home.account_id).number, "J SMITH", account(home.account_id).number)
    file_id = house.made("import_payment_file", "payment_file", by="okafor", **given)
    [shard_id] = shard_ids_of(file_id)
    return Example(by="okafor", inputs={"shard_id": shard_id})


def _suspense_item(house: House) -> int:
    file_id = house.made("import_payment_file", "payment_file", by="okafor", **_payment_file(house, "J SMITH"))
    [shard_id] = shard_ids_of(file_id)
    house.do("post_payment_file_shard", by="okafor", shard_id=shard_id)
    [item] = suspense_items()
    return item.item_id


def _post_from_suspense(house: House, home: Home) -> Example:
    inputs = {"suspense_item_id": _suspense_item(house), "account_id": home.account_id, "note": "He showed the check"}
    return Example(by="reyes", inputs=inputs)


def _return_suspense_item(house: House, _: Home) -> Example:
    inputs = {
        "suspense_item_id": _suspense_item(house),
        "way": "refund",
        "payee_name": "J. Smith",
        "mail_street": "9 Elm St",
        "mail_city": "Prairie City",
        "mail_state": "NE",
        "mail_postal_code": "68901",
        "note": "Meant for the gas company",
    }
    return Example(by="okafor", inputs=inputs)


def _post_payment_batch(house: House, home: Home) -> Example:
    number = account(home.account_id).number
    rows = f"{number}, 25.00, 1042\n{number}, 3.50,\n000000000, 7.00, 17"
    return Example(
        by="nguyen", inputs={"name": "Mail of the day", "counted": "3", "total_cents": "35.50", "payments": rows}
    )


def _assess_late_charges(house: House, home: Home) -> Example:
    house.pass_days(60)
    return Example(by="okafor", inputs={"cycle": 14})


def _render_bill(house: House, home: Home) -> Example:
    _next_read(house, home)
    return Example(by="reyes", inputs={"bill_id": house.made("bill_account", "bill", account_id=home.account_id)})


def _make_print_file(house: House, home: Home) -> Example:
    _next_read(house, home)
    bills = [house.made("bill_account", "bill", account_id=home.account_id)]
    return Example(by="okafor", inputs={"bill_ids": bills})


def _beside(house: House, home: Home) -> Home:
    """The customer's other account, whose mail goes where the first's goes."""
    street = account(home.account_id).mail_street
    place = {"street": "1844 Cottonwood St", "mail_street": street}
    return move_in(house, serial="77402919", customer_id=home.customer_id, **place)


def _on_summary(house: House, *homes: Home) -> None:
    for home in homes:
        house.do("put_on_summary", account_id=home.account_id)


def _put_on_summary(house: House, home: Home) -> Example:
    _on_summary(house, _beside(house, home))
    return Example(by="reyes", inputs={"account_id": home.account_id})


def _take_off_summary(house: House, home: Home) -> Example:
    _on_summary(house, home)
    return Example(by="reyes", inputs={"account_id": home.account_id})


def _make_summary_bill(house: House, home: Home) -> Example:
    both = (home, _beside(house, home))
    _on_summary(house, *both)
    house.pass_days(30)
    for item in both:
        house.do("enter_read", account_id=item.account_id, meter=item.serial, read_on=house.today, reading="2350")
        house.do("bill_account", account_id=item.account_id)
    return Example(by="reyes", inputs={"customer_id": home.customer_id, "issued_on": house.today})


def _render_summary_bill(house: House, home: Home) -> Example:
    made = house.made("make_summary_bill", "summary_bill", **_make_summary_bill(house, home).inputs)
    return Example(by="reyes", inputs={"summary_id": made})


def _purge_expired(house: House, home: Home) -> Example:
    call = {"username": "reyes", "ip_address": "203.0.113.9", "user_agent": "x", "http_accept": "x", "path_info": "/"}
    log = AccessFailureLog.objects.create(**call)
    AccessFailureLog.objects.filter(pk=log.pk).update(attempt_time=moment(house.today).at)
    house.pass_days(91)
    return Example(by="larsen", inputs={"rule": "failed_sign_ins"})


def _legal_hold(house: House, home: Home) -> int:
    reason = "Lancaster County CI 26-1183"
    return house.made("place_legal_hold", "legal_hold", by="larsen", customer_id=home.customer_id, reason=reason)


def _begin_migration(house: House, _: Home) -> Example:
    return Example(by="okafor", inputs={"sha256": check(GOOD).files.sha256})


def _load_shard(house: House, _: Home) -> Example:
    """The last shard of the set: what customers owe, whose entries are shown."""
    found = _loaded_set(house, but=("balances", 1))
    return Example(by="okafor", inputs={"set_id": found.set_id, "stage": "balances", "number": 1})


def _sign_off(house: House, _: Home) -> Example:
    return Example(by="alvarez", inputs={"set_id": _loaded_set(house).set_id})


def _loaded_set(house: House, *, but: tuple[str, int] | None = None) -> SetFacts:
    """A set, loaded but for one shard."""
    sha256 = check(GOOD).files.sha256
    set_id = house.made("begin_migration", "migration_set", by="okafor", sha256=sha256)
    for stage in STAGES:
        if (stage, 1) != but:
            house.do("load_migration_shard", by="okafor", set_id=set_id, stage=stage, number=1)
    return migration_set(set_id)


def _deposit(house: House, home: Home, *, amount: str = "150.00") -> int:
    """What the rule asks of home is paid with a check."""
    house.do("assess_deposit", by="alvarez", account_id=home.account_id, reason="no_history", amount_cents=amount)
    paid = house.made(
        "take_payment", "payment", account_id=home.account_id, amount_cents=amount, tender="check", check_number="77"
    )
    house.do("pay_deposit", account_id=home.account_id, payment_id=paid)
    return paid


def _asked(house: House, home: Home) -> Example:
    house.do("assess_deposit", by="reyes", account_id=home.account_id, reason="no_history")
    return Example(by="reyes", inputs={"account_id": home.account_id, "reason": "A letter of credit came"})


def _pay_deposit(house: House, home: Home) -> Example:
    house.do("assess_deposit", by="reyes", account_id=home.account_id, reason="late_payments", installments=2)
    paid = house.made("take_payment", "payment", account_id=home.account_id, amount_cents="40.00", tender="cash")
    return Example(by="reyes", inputs={"account_id": home.account_id, "payment_id": paid})


def ended(house: House, home: Home) -> None:
    """Home's service ends, and its final bill is made."""
    house.pass_days(30)
    house.do("end_service", agreement_id=home.agreement_id, end_on=house.today, reading="2350")
    house.do("bill_account", account_id=home.account_id)


def _apply_deposit(house: House, home: Home) -> Example:
    _deposit(house, home)
    ended(house, home)
    return Example(by="reyes", inputs={"account_id": home.account_id})


def _settle_deposits(house: House, home: Home) -> Example:
    _deposit(house, home)
    house.today = date(2026, 7, 2)
    return Example(by="okafor", inputs={"kind": "interest"})


def refund(house: House, home: Home, *, amount: str = "12.50", over: str = "900.00") -> int:
    """Home paid far too much, and some of it is refunded, approved by the supervisor."""
    house.do("take_payment", account_id=home.account_id, amount_cents=over, tender="cash")
    asked = house.do("request_refund", by="reyes", account_id=home.account_id, reason="overpaid", amount_cents=amount)
    done = house.do("approve_request", by="alvarez", request_id=asked.body["request"])
    [number] = done.body["made"]["refund"]
    return int(number)


def _request_refund(house: House, home: Home) -> Example:
    house.do("take_payment", account_id=home.account_id, amount_cents="900.00", tender="cash")
    inputs = {"account_id": home.account_id, "reason": "overpaid", "amount_cents": "12.50"}
    return Example(by="reyes", inputs=inputs)


def _release_refund(house: House, home: Home) -> Example:
    refund(house, home)
    held = refund(house, home, amount="14.00", over="20.00")
    return Example(by="alvarez", inputs={"refund_id": held, "reason": "Two payments came, both too much"})


def _issued_check(house: House, home: Home) -> int:
    refund(house, home)
    house.do("issue_refunds", by="okafor")
    return 100001


def _issue_refunds(house: House, home: Home) -> Example:
    number = _issued_check(house, home)
    house.do("void_refund_check", check_number=number, how="stop", reason="Lost in the mail")
    return Example(by="okafor")


def _cleared(house: House, home: Home) -> Example:
    number = _issued_check(house, home)
    inputs = {"cleared_on": house.today, "lines": f"{number},12.50\n999,1.00\n"}
    return Example(by="okafor", inputs=inputs)


def _former(house: House, home: Home) -> None:
    ended(house, home)
    house.pass_days(200)


def _written_off(house: House, home: Home) -> Example:
    _former(house, home)
    return Example(by="alvarez", inputs={"account_id": home.account_id, "reason": "Moved abroad, mail returned"})


def _small_balance(house: House, home: Home) -> Example:
    ended(house, home)
    owed = balance_of([home.account_id])[home.account_id]
    house.do("take_payment", account_id=home.account_id, amount_cents=owed - 199, tender="cash")
    house.pass_days(40)
    return Example(by="okafor", inputs={"kind": "small_balance"})


def _recovered(house: House, home: Home) -> Example:
    written = _written_off(house, home)
    house.do("write_off_account", by=written.by, **written.inputs)
    house.do("take_payment", account_id=home.account_id, amount_cents="30.00", tender="cash")
    return Example(by="okafor")


def _provided(house: House, home: Home) -> Example:
    house.today = date(2025, 12, 3)
    return Example(by="okafor", inputs={"month": f"{bills_of_account(home.account_id, limit=1)[0].issued_on:%Y-%m}"})


def _closed(house: House) -> date:
    """Every day through yesterday is closed."""
    house.pass_days(1)
    yesterday = house.today - timedelta(days=1)
    asked = house.do("close_period", by="okafor", last_on=yesterday)
    house.do("approve_request", by="alvarez", request_id=asked.body["request"])
    return yesterday


def _close_period(house: House, home: Home) -> Example:
    house.pass_days(1)
    return Example(by="okafor", inputs={"last_on": house.today - timedelta(days=1)})


def _export_journal(house: House, home: Home) -> Example:
    _closed(house)
    return Example(by="okafor", inputs={"grouped_by": "source"})


def _post_unbilled(house: House, home: Home) -> Example:
    month_end = (house.today.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
    house.today = month_end + timedelta(days=3)
    return Example(by="okafor", inputs={"month_end_on": month_end})


EXAMPLES: dict[str, Maker] = {
    "close_period": _close_period,
    "reopen_period": lambda house, home: Example(
        by="okafor", inputs={"from_on": _closed(house), "reason": "The lockbox file came late"}
    ),
    "export_journal": _export_journal,
    "post_unbilled": _post_unbilled,
    "start_bill_run": _start_bill_run,
    "try_bill_shard": lambda house, home: Example(
        by="okafor", inputs={"shard_id": _shard(_run(house, home), stage="try")}
    ),
    "release_bill_run": lambda house, home: Example(by="alvarez", inputs={"run_id": _tried(house, home)}),
    "issue_bill_shard": _issue_bill_shard,
    "cancel_bill_run": lambda house, home: Example(
        by="okafor", inputs={"run_id": _tried(house, home), "reason": "The reads of route 3 are still out"}
    ),
    "correct_bills": _correct_bills,
    "correct_terms": lambda house, home: Example(
        by="reyes",
        inputs={
            "agreement_id": home.agreement_id,
            "schedule": "GS-1",
            "reason": "It is a shop",
        },
    ),
    "correct_service_dates": _correct_service_dates,
    "swap_services": _swap_services,
    "correct_multiplier": lambda house, home: Example(
        by="okafor", inputs={"meter": home.serial, "multiplier": "2", "reason": "Read off its transformers"}
    ),
    "record_meter_test": lambda house, home: Example(
        by="okafor",
        inputs={
            "meter": home.serial,
            "tested_on": house.today,
            "full_load": "103",
            "light_load": "101",
            "tested_by": "Meter shop",
            "note": "The customer asked for it",
        },
    ),
    "swap_meters": _swap_meters,
    "start_correction_run": _start_correction_run,
    "try_correction_shard": _try_correction_shard,
    "issue_correction_shard": _issue_correction_shard,
    "make_print_file": _make_print_file,
    "put_on_summary": _put_on_summary,
    "take_off_summary": _take_off_summary,
    "make_summary_bill": _make_summary_bill,
    "render_summary_bill": _render_summary_bill,
    "render_bill": _render_bill,
    "add_employee": lambda house, home: Example(
        by="larsen", inputs={"username": "new", "password": PASSWORD, "name": "N. Ewcomer", "job": "cashier"}
    ),
    "assign_job": lambda house, home: Example(
        by="larsen",
        inputs={
            "username": "nguyen",
            "job": "representative",
            "starts_on": house.today,
            "ends_on": house.today + timedelta(days=14),
        },
    ),
    "link_employee": lambda house, home: Example(
        by="larsen", inputs={"username": "reyes", "relation": "household", "premise_id": home.premise_id}
    ),
    "create_customer": lambda house, home: Example(
        by="reyes",
        inputs={
            "kind": "person",
            "name": "Tomás O'Neil-Alvarez",
            "phone": "402-555-0177",
            "email": "Tomas@Example.com",
            "identifier_kind": "ssn",
            "identifier": "078-05-1120",
        },
    ),
    "create_account": lambda house, home: Example(
        by="reyes",
        inputs={
            "customer_id": home.customer_id,
            "mail_street": "PO Box 12",
            "cycle": "8",
            "revenue_class": "residential",
            **{f"mail_{key}": value for key, value in ADDRESS.items()},
        },
    ),
    "change_mailing_address": lambda house, home: Example(
        by="reyes", inputs={"account_id": home.account_id, "version": 1, "street": "PO Box 12", **ADDRESS}
    ),
    "add_premise": lambda house, home: Example(by="reyes", inputs={"street": "12 Elm Ct", **ADDRESS}),
    "add_service_point": lambda house, home: Example(
        by="reyes", inputs={"premise_id": home.premise_id, "label": "Garage"}
    ),
    "add_meter": _add_meter,
    "start_service": _start_service,
    "enter_read": _enter_read,
    "import_reads": _import_reads,
    "release_read": lambda house, home: Example(
        by="okafor", inputs={"read_id": _held_read(house, home), "reason": "Called: a kiln was fired"}
    ),
    "reject_read": lambda house, home: Example(
        by="okafor", inputs={"read_id": _held_read(house, home), "reason": "The picture shows 1990"}
    ),
    "correct_read": _correct_read,
    "estimate_read": _estimate_read,
    "estimate_missing_reads": _estimate_missing_reads,
    "record_check_read": _record_check_read,
    "request_reread": _request_reread,
    "complete_reread": _complete_reread,
    "cancel_order": lambda house, home: Example(
        by="reyes", inputs={"order_id": _reread(house, home), "reason": "The customer sent a picture"}
    ),
    "plan_calendar": lambda house, home: Example(by="okafor", inputs={"year": 2026}),
    "change_calendar_day": _change_calendar_day,
    "create_route": lambda house, home: Example(
        by="okafor", inputs={"code": "14-01", "name": "Cottonwood St and around", "cycle": 14}
    ),
    "place_on_route": _place_on_route,
    "put_streets_on_route": _put_streets_on_route,
    "bill_account": _bill_account,
    "cancel_and_rebill": _cancel_and_rebill,
    "hold_billing": lambda house, home: Example(
        by="okafor", inputs={"agreement_id": home.agreement_id, "reason": "Meter to be tested"}
    ),
    "release_exception": _release_exception,
    "take_payment": _take_payment,
    "transfer_credit": _transfer_credit,
    "apply_credit": _apply_credit,
    "apply_waiting_credits": _waiting_credits,
    "open_drawer": lambda house, home: Example(by="nguyen", inputs={"float_cents": "100.00"}),
    "count_drawer": lambda house, home: Example(
        by="nguyen", inputs={"drawer_id": _open_drawer(house), "pieces": "20.00, 5"}
    ),
    "close_drawer": lambda house, home: Example(by="nguyen", inputs={"drawer_id": _counted_drawer(house, home)}),
    "make_deposit": _make_deposit,
    "email_receipt": _email_receipt,
    "reverse_payment": _reverse_payment,
    "move_payment": _move_payment,
    "return_payment": _return_payment,
    "post_payment_batch": _post_payment_batch,
    "import_payment_file": _import_payment_file,
    "post_payment_file_shard": _post_payment_file_shard,
    "post_from_suspense": _post_from_suspense,
    "return_suspense_item": _return_suspense_item,
    "end_service": _end_service,
    "move_service": _move_service,
    "exchange_meter": _exchange_meter,
    "assess_late_charges": _assess_late_charges,
    "assess_deposit": lambda house, home: Example(
        by="reyes",
        inputs={
            "account_id": home.account_id,
            "reason": "credit_report",
            "installments": 3,
            "agency_name": "Plains Credit Reports",
            "agency_address": "1 Report Way, Omaha NE 68100",
            "agency_phone": "(800) 555-0100",
        },
    ),
    "withdraw_deposit": _asked,
    "pay_deposit": _pay_deposit,
    "apply_deposit": _apply_deposit,
    "settle_deposits": _settle_deposits,
    "request_refund": _request_refund,
    "release_refund": _release_refund,
    "cancel_refund": lambda house, home: Example(
        by="alvarez", inputs={"refund_id": refund(house, home), "reason": "She wants it kept as a credit"}
    ),
    "issue_refunds": _issue_refunds,
    "void_refund_check": lambda house, home: Example(
        by="alvarez",
        inputs={"check_number": _issued_check(house, home), "how": "void", "reason": "Came back to us"},
    ),
    "clear_refund_checks": _cleared,
    "write_off_account": _written_off,
    "write_off_accounts": _small_balance,
    "recover_write_offs": _recovered,
    "provide_for_bad_debt": _provided,
    "assess_reconnect_fee": lambda house, home: Example(
        by="reyes",
        inputs={"account_id": home.account_id, "reconnected_on": house.today, "began_at": "18:30"},
    ),
    "assess_fee": lambda house, home: Example(
        by="reyes",
        inputs={"account_id": home.account_id, "charge": "returned_payment_fee", "reason": "returned_payment"},
    ),
    "waive_fee": lambda house, home: Example(
        by="reyes",
        inputs={"adjustment_id": _fee(house, home), "reason": "first_in_12_months", "amount_cents": "7.39"},
    ),
    "post_adjustment": lambda house, home: Example(
        by="reyes",
        inputs={
            "account_id": home.account_id,
            "type": "goodwill_credit",
            "reason": "repeated_outages",
            "amount_cents": "15.00",
            "evidence": "Outage tickets 4410 and 4423",
        },
    ),
    "reverse_adjustment": lambda house, home: Example(
        by="reyes", inputs={"adjustment_id": _fee(house, home), "note": "Meant for the neighbor"}
    ),
    "withdraw_request": lambda house, home: Example(by="reyes", inputs={"request_id": _request(house, home)}),
    "place_legal_hold": lambda house, home: Example(
        by="larsen", inputs={"customer_id": home.customer_id, "reason": "Lancaster County CI 26-1183"}
    ),
    "release_legal_hold": lambda house, home: Example(
        by="larsen", inputs={"hold_id": _legal_hold(house, home), "reason": "Case closed"}
    ),
    "purge_expired": _purge_expired,
    "prepare_statement": lambda house, home: Example(
        by="reyes",
        inputs={
            "account_id": home.account_id,
            "kind": "payment_history",
            "consent_id": _consent(house, home),
            "given_by": "email",
        },
    ),
    "record_consent": lambda house, home: Example(by="reyes", inputs=_agency(house, home)),
    "revoke_consent": lambda house, home: Example(
        by="reyes",
        inputs={"account_id": home.account_id, "consent_id": _consent(house, home), "note": "She called"},
    ),
    "approve_request": lambda house, home: Example(by="alvarez", inputs={"request_id": _request(house, home)}),
    "begin_migration": _begin_migration,
    "load_migration_shard": _load_shard,
    "sign_off_migration": _sign_off,
    "decline_request": lambda house, home: Example(
        by="alvarez", inputs={"request_id": _request(house, home), "note": "No outage that day"}
    ),
}
