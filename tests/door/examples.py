"""For every action an example that it accepts: the generic laws are tested on these."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from tests.house import PASSWORD, Home, House
from tests.migration.sets import GOOD, check
from weatherhead.areas.metering.queries import reads_of_meter
from weatherhead.areas.migration.facts import SetFacts
from weatherhead.areas.migration.plan import STAGES
from weatherhead.areas.migration.queries import migration_set


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


EXAMPLES: dict[str, Maker] = {
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
    "bill_account": _bill_account,
    "cancel_and_rebill": _cancel_and_rebill,
    "hold_billing": lambda house, home: Example(
        by="okafor", inputs={"agreement_id": home.agreement_id, "reason": "Meter to be tested"}
    ),
    "release_exception": _release_exception,
    "take_payment": lambda house, home: Example(
        by="nguyen",
        inputs={"account_id": home.account_id, "amount_cents": "73.57", "tender": "check", "check_number": "1042"},
    ),
    "reverse_payment": _reverse_payment,
    "assess_fee": lambda house, home: Example(
        by="reyes",
        inputs={"account_id": home.account_id, "charge": "returned_payment_fee", "reason": "returned_payment"},
    ),
    "waive_fee": lambda house, home: Example(
        by="reyes",
        inputs={"adjustment_id": _fee(house, home), "reason": "first_in_12_months", "amount_cents": "7.39"},
    ),
    "approve_request": lambda house, home: Example(by="alvarez", inputs={"request_id": _request(house, home)}),
    "begin_migration": _begin_migration,
    "load_migration_shard": _load_shard,
    "sign_off_migration": _sign_off,
    "decline_request": lambda house, home: Example(
        by="alvarez", inputs={"request_id": _request(house, home), "note": "No outage that day"}
    ),
}
