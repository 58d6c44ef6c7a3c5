"""A small utility for tests, made through the door: staff, one account with service, reads and a bill."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Any, TypeVar

from django.db import connection, transaction
from pytest_django import DjangoDbBlocker

from weatherhead.actions import load_actions
from weatherhead.areas.records.queries.receipts import ReceiptFacts
from weatherhead.areas.workforce.queries import employee_by_username
from weatherhead.door.bootstrap import add_first_administrator
from weatherhead.door.context import Actor, Moment
from weatherhead.door.perform import perform
from weatherhead.door.preview import Preview, preview

PASSWORD = "correct horse battery staple"
STAFF = {
    "reyes": ("J. Reyes", "representative"),
    "dvorak": ("M. Dvorak", "representative"),
    "alvarez": ("T. Alvarez", "supervisor"),
    "okafor": ("C. Okafor", "billing_analyst"),
    "nguyen": ("P. Nguyen", "cashier"),
}
START = date(2025, 10, 1)

Made = TypeVar("Made")


def moment(on: date, *, at: time = time(15, 0)) -> Moment:
    """A moment of a day; 15:00 UTC is the morning at Prairie City."""
    return Moment(at=datetime.combine(on, at, tzinfo=UTC), as_of=on)


@dataclass
class House:
    """A utility under test. `today` moves by `tomorrow` or by setting it; every write takes a fresh key."""

    today: date = START
    keys: int = 0
    actors: dict[str, Actor] = field(default_factory=dict)

    def actor(self, username: str) -> Actor:
        """An employee at the workbench."""
        if username not in self.actors:
            found = employee_by_username(username)
            self.actors[username] = Actor(name=found.name, employee_id=found.employee_id, channel="workbench")
        return self.actors[username]

    def key(self) -> str:
        """A key that was not used before."""
        self.keys += 1
        return f"test key {self.keys}"

    def do(self, name: str, /, *, by: str = "alvarez", key: str | None = None, **inputs: Any) -> ReceiptFacts:
        """Perform an action today."""
        return perform(name, actor=self.actor(by), key=key or self.key(), moment=moment(self.today), inputs=inputs)

    def see(self, name: str, /, *, by: str = "alvarez", **inputs: Any) -> Preview:
        """Preview an action today."""
        return preview(name, actor=self.actor(by), moment=moment(self.today), inputs=inputs)

    def made(self, name: str, kind: str, /, *, by: str = "alvarez", **inputs: Any) -> int:
        """Perform an action and return the number of the one record of a kind that it made."""
        [number] = self.do(name, by=by, **inputs).body["made"][kind]
        return int(number)

    def pass_days(self, count: int) -> None:
        """Let days go by."""
        self.today += timedelta(days=count)


@dataclass(frozen=True, kw_only=True)
class Home:
    """One account with metered service."""

    customer_id: int
    account_id: int
    premise_id: int
    service_point_id: int
    meter_id: int
    agreement_id: int
    serial: str


def open_house() -> House:
    """Staff a new utility."""
    load_actions()
    house = House()
    add_first_administrator(
        username="larsen", password=PASSWORD, name="K. Larsen", started_on=START, moment=moment(START)
    )
    for username, (name, job) in STAFF.items():
        house.do("add_employee", by="larsen", username=username, password=PASSWORD, name=name, job=job)
    return house


def move_in(
    house: House,
    *,
    name: str = "Ruth A. Kowalczyk",
    street: str = "1842 Cottonwood St",
    serial: str = "77402918",
    schedule: str = "R-1",
    revenue_class: str = "residential",
    options: Mapping[str, str] | None = None,
    phone: str = "(402) 555-0142",
    email: str = "",
    customer_id: int | None = None,
    mail_street: str = "",
    **meter: Any,
) -> Home:
    """A customer, or one who is known already, takes service today, with a meter that reads 1000."""
    address = {"city": "Prairie City", "state": "NE", "postal_code": "68900"}
    if customer_id is None:
        customer_id = house.made("create_customer", "customer", kind="person", name=name, phone=phone, email=email)
    account_id = house.made(
        "create_account",
        "account",
        customer_id=customer_id,
        mail_street=mail_street or street,
        cycle=14,
        revenue_class=revenue_class,
        **{f"mail_{key}": value for key, value in address.items()},
    )
    premise_id = house.made("add_premise", "premise", street=street, **address)
    point_id = house.made("add_service_point", "service_point", premise_id=premise_id)
    meter_id = house.made(
        "add_meter",
        "meter",
        service_point_id=point_id,
        serial=serial,
        installed_on=house.today,
        first_reading=1000,
        **meter,
    )
    agreement_id = house.made(
        "start_service",
        "agreement",
        account_id=account_id,
        service_point_id=point_id,
        schedule=schedule,
        start_on=house.today,
        options=dict({"facilities_level": "1"} if options is None else options),
    )
    return Home(
        customer_id=customer_id,
        account_id=account_id,
        premise_id=premise_id,
        service_point_id=point_id,
        meter_id=meter_id,
        agreement_id=agreement_id,
        serial=serial,
    )


def billed_home(house: House) -> Home:
    """One account with service, and its first bill."""
    home = move_in(house)
    read_and_bill(house, home, reading=1700)
    return home


def read_and_bill(house: House, home: Home, *, reading: int, days: int = 30) -> int:
    """A month later: a read, and the bill. Returns the bill's number in the database."""
    house.pass_days(days)
    house.do("enter_read", account_id=home.account_id, meter=home.serial, read_on=house.today, reading=str(reading))
    return house.made("bill_account", "bill", account_id=home.account_id)


class _Undone(Exception):
    """Ends the transaction that holds what was built."""


@contextmanager
def built_once(build: Callable[[], Made], *, blocker: DjangoDbBlocker) -> Iterator[Made]:
    """What `build` makes, held in a transaction around many tests, each with its own inside; undone at the end.

    For fixtures of a module or a package. One may stand on another: what is built last is undone first.
    """
    holding = transaction.atomic()
    with blocker.unblock():
        holding.__enter__()
        try:
            made = build()
        except BaseException as failed:
            holding.__exit__(type(failed), failed, failed.__traceback__)
            raise
    yield made
    with blocker.unblock():
        holding.__exit__(_Undone, _Undone(), None)


def table_rows(*, but: tuple[str, ...] = ()) -> dict[str, dict[tuple[Any, ...], tuple[Any, ...]]]:
    """Every row of every table of ours by its primary key, but those of tables whose names begin with some words."""
    found: dict[str, dict[tuple[Any, ...], tuple[Any, ...]]] = {}
    with connection.cursor() as cursor:
        for table, keys in _tables(connection.vendor):
            if table.startswith(but):
                continue
            cursor.execute(f'SELECT * FROM "{table}"')
            names = [column[0] for column in cursor.description]
            places = [names.index(key) for key in keys]
            found[table] = {
                tuple(row[place] for place in places): tuple(str(value) for value in row) for row in cursor.fetchall()
            }
    return found


@cache
def _tables(_vendor: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Our tables, each with the columns of its primary key; asked once, because PostgreSQL takes its time to say."""
    with connection.cursor() as cursor:
        names = [name for name in sorted(connection.introspection.table_names(cursor)) if name.startswith(OURS)]
        return tuple(
            (name, tuple(connection.introspection.get_primary_key_columns(cursor, name) or ())) for name in names
        )


OURS = (
    "records_",
    "workforce_",
    "premises_",
    "customers_",
    "ledger_",
    "metering_",
    "tariffs_",
    "agreements_",
    "billing_",
    "payments_",
    "documents_",
    "service_orders_",
    "retention_",
    "credit_",
    "programs_",
    "migration_",
)
