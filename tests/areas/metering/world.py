"""A small utility for the tests of metering: one account, one employee, and meters with three periods of history.

Every E meter is alike: five dials, multiplier 1, about 20 kWh a day (620, 600 and 620 kWh in August, September and
October 2026), 11840 on November 1. The D meters have multiplier 40 and measure demand: 150 steps, 6000 kWh, and 40 kW a
period. R-3001 passes zero in November. N-4001 is new. O-5001 was taken down on October 15. S-6001 lies in the store.
H-7001 has a held read.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal

from weatherhead.areas.agreements.operations import start_agreement
from weatherhead.areas.customers.operations import create_account, create_customer
from weatherhead.areas.metering.models import Meter, MeterInstallation, Read
from weatherhead.areas.premises.operations import create_premise, create_service_point
from weatherhead.areas.workforce.operations import assign_job, create_employee
from weatherhead.door.context import Actor, Moment

AS_OF = date(2026, 12, 2)
MOMENT = Moment(at=datetime(2026, 12, 2, 15, 30, tzinfo=UTC), as_of=AS_OF)
INSTALLED_ON = date(2026, 1, 1)
DAYS = (date(2026, 8, 1), date(2026, 9, 1), date(2026, 10, 1), date(2026, 11, 1))
E_SERIALS = tuple(f"E-100{number}" for number in range(1, 7))
D_SERIALS = tuple(f"D-200{number}" for number in range(1, 7))


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Who acts, the account, and the service points by the serial number of the meter that hangs there."""

    actor: Actor
    account_id: int
    premise_id: int
    points: dict[str, int]
    meters: dict[str, int]


def build_world() -> World:
    """Make it, in the open transaction."""
    actor = make_actor(username="ana", name="Ana Ortiz", job="billing_analyst")
    premise_id = create_premise(
        street="12 Elm St", unit="", city="Prairie City", state="NE", postal_code="68900", search_text="12 elm st 68900"
    )
    account_id = make_account(name="Orchard Mills")
    points: dict[str, int] = {}
    meters: dict[str, int] = {}

    def hang(serial: str, *, since: date = INSTALLED_ON, until: date | None = None, multiplier: int = 1) -> None:
        point = create_service_point(premise_id=premise_id, label=serial, kind="metered")
        row = Meter.objects.create(
            serial=serial, dials=5, multiplier=Decimal(multiplier), has_demand=serial.startswith("D")
        )
        MeterInstallation.objects.create(meter_id=row.pk, service_point_id=point, installed_on=since, removed_on=until)
        start_agreement(
            account_id=account_id, service_point_id=point, schedule="residential", options={}, start_on=since
        )
        points[serial], meters[serial] = point, row.pk

    for serial in (*E_SERIALS, "H-7001"):
        hang(serial)
        add_reads(meters[serial], (10_000, 10_620, 11_220, 11_840))
    for serial in D_SERIALS:
        hang(serial, multiplier=40)
        add_reads(meters[serial], (1_550, 1_700, 1_850, 2_000), demand_w=40_000)
    hang("R-3001")
    add_reads(meters["R-3001"], (97_900, 98_520, 99_120, 99_740))
    hang("N-4001", since=DAYS[-1])
    add_reads(meters["N-4001"], (99_950,), days=DAYS[-1:])
    hang("O-5001", until=date(2026, 10, 15))
    add_reads(meters["O-5001"], (100, 400, 700), days=DAYS[:3])
    meters["S-6001"] = Meter.objects.create(serial="S-6001", dials=5, multiplier=Decimal(1)).pk
    Read.objects.create(
        meter_id=meters["H-7001"],
        read_on=date(2026, 11, 20),
        kind="actual",
        dial_reading=15_000,
        state="held",
        exception="high",
        detail={"template": "high", "params": {}},
        receipt_id=0,
    )
    return World(actor=actor, account_id=account_id, premise_id=premise_id, points=points, meters=meters)


def make_actor(*, username: str, name: str, job: str) -> Actor:
    """An employee with a job."""
    employee_id = create_employee(
        username=username, password="not a secret here", email="", name=name, started_on=INSTALLED_ON
    )
    assign_job(
        employee_id=employee_id, name=name, job=job, starts_on=INSTALLED_ON, ends_on=None, approved_by="the board"
    )
    return Actor(name=name, employee_id=employee_id, channel="cli")


def make_account(*, name: str) -> int:
    """An account of a new customer."""
    customer_id = create_customer(
        kind="business", name=name, language="en", created_on=INSTALLED_ON, phone=None, email=None
    )
    return create_account(
        customer_id=customer_id,
        mail_street="12 Elm St",
        mail_unit="",
        mail_city="Prairie City",
        mail_state="NE",
        mail_postal_code="68900",
        cycle=1,
        revenue_class="residential",
        opened_on=INSTALLED_ON,
    )


def add_reads(
    meter_id: int, readings: tuple[int, ...], *, days: tuple[date, ...] = DAYS, demand_w: int | None = None
) -> None:
    """Accepted reads, as an import of long ago left them."""
    Read.objects.bulk_create(
        Read(
            meter_id=meter_id,
            read_on=on,
            kind="actual",
            dial_reading=reading,
            demand_w_max=demand_w,
            state="accepted",
            receipt_id=0,
        )
        for on, reading in zip(days, readings, strict=True)
    )
