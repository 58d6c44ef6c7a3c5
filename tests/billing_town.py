"""A few accounts of every kind that a bill run meets, made through the door."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from tests.house import House, moment, move_in
from weatherhead.areas.billing.models import Bill, BillLine, BillSegment
from weatherhead.areas.customers.models import Account
from weatherhead.areas.ledger.queries import entries
from weatherhead.door.context import Moment
from weatherhead.door.worker import Hands

NAMES = ("Ruth A. Kowalczyk", "José Ñúñez-O'Brien", 'The "Corner" Store', "Ann \\ Lee", "Bo Li", "C. Dunn", "D. Ek")


def open_town(house: House, *, months: int = 3) -> House:
    """Residential, commercial with and without demand, lighting beside a meter, an estimated read in the second month.

    The last month is read and not yet billed.
    """
    readings: list[tuple[int, str, int]] = []
    for place, name in enumerate(NAMES[:4]):
        home = move_in(house, name=name, street=f"{100 + place} Elm St", serial=f"7000{place}")
        readings.append((home.account_id, home.serial, 400 + 310 * place))
    store = move_in(
        house, name=NAMES[4], street="12 Main St", serial="88001", schedule="GS-1", revenue_class="commercial",
        options={},
    )  # fmt: skip
    readings.append((store.account_id, store.serial, 2600))
    mill = move_in(
        house, name=NAMES[5], street="1 Mill Rd", serial="88002", schedule="GS-2", revenue_class="commercial",
        options={}, has_demand=True, multiplier="40",
    )  # fmt: skip
    readings.append((mill.account_id, mill.serial, 300))
    _add_light(house, account_id=readings[0][0], premise="Ruth's yard")
    for month in range(months):
        house.pass_days(30)
        for account_id, serial, use in readings:
            demand = {"demand_kw": "38.4"} if serial == "88002" else {}
            kind = "estimated" if serial == "70001" and month == 1 else "actual"
            reading = str(1000 + use * (month + 1) + month)
            inputs: dict[str, Any] = {"account_id": account_id, "meter": serial, "read_on": house.today}
            house.do("enter_read", **inputs, reading=reading, kind=kind, **demand)
        if month < months - 1:
            for account_id, _, _ in readings:
                house.do("bill_account", account_id=account_id)
            house.do("take_payment", account_id=readings[0][0], amount_cents="30.00", tender="cash")
    return house


def _add_light(house: House, *, account_id: int, premise: str) -> None:
    address = {"city": "Prairie City", "state": "NE", "postal_code": "68900"}
    premise_id = house.made("add_premise", "premise", street="5 Yard Ln", **address)
    point = house.made("add_service_point", "service_point", premise_id=premise_id, label=premise, kind="unmetered")
    house.do(
        "start_service",
        account_id=account_id,
        service_point_id=point,
        schedule="AL-1",
        start_on=house.today,
        options=LIGHT,
    )


LIGHT = {"lamps_7000_lumens": "2", "lamps_20000_lumens": "0", "lamps_decorative": "1"}


def clock_of(house: House) -> Callable[[], Moment]:
    """A clock that stands at the house's today."""
    return lambda: moment(house.today)


def work_off(house: House) -> int:
    """Do everything that waits in the queue; returns how many items."""
    done = 0
    hands = Hands(worker="test", clock=clock_of(house), reach=True)
    while hands.work_once() is not None:
        done += 1
    return done


def run_cycle(house: House, *, cycle: int = 14, shard_accounts: int = 3, through_on: date | None = None) -> int:
    """Start, try, release and issue a run. Returns its number."""
    run_id = house.made(
        "start_bill_run", "bill_run", by="okafor", cycle=cycle, shard_accounts=shard_accounts,
        through_on=through_on or house.today,
    )  # fmt: skip
    work_off(house)
    house.do("release_bill_run", by="alvarez", run_id=run_id)
    work_off(house)
    return run_id


def all_billed(*, but_numbers: bool = True) -> dict[int, list[dict[str, Any]]]:
    """Every bill of every account with its segments, lines and entry, without the numbers that the database gives."""
    found: dict[int, list[dict[str, Any]]] = {number: [] for number in Account.objects.values_list("pk", flat=True)}
    for bill in Bill.objects.order_by("account_id", "issued_on", "pk"):
        segments = []
        for segment in BillSegment.objects.filter(bill_id=bill.pk).order_by("agreement_id"):
            lines = BillLine.objects.filter(segment_id=segment.pk).order_by("sequence").select_related("price")
            segments.append(
                {
                    "agreement": segment.agreement_id,
                    "days": (segment.start_on, segment.end_on),
                    "active": segment.active,
                    "schedule": (segment.schedule, segment.schedule_sha256),
                    "figures": (segment.energy_wh, segment.demand_w_max, segment.estimated, segment.amount_cents),
                    "determinants": segment.determinants,
                    "lines": [
                        (
                            line.sequence, line.price.key, line.start_on, line.end_on, line.quantity, line.numerator,
                            line.denominator, line.amount_cents,
                        )
                        for line in lines
                    ],
                }
            )  # fmt: skip
        [entry] = entries([bill.entry_id]) if bill.entry_id else [None]
        payload = bill.payload.replace(f'"number":"{bill.number}"', '"number":"-"') if but_numbers else bill.payload
        found[bill.account_id].append(
            {
                "kind": bill.kind,
                "days": (bill.issued_on, bill.due_on),
                "total": bill.total_cents,
                "payload": payload,
                "segments": segments,
                "entry": entry.draft if entry else None,
            }
        )
    return found


def later(house: House, days: int) -> date:
    """A day after today."""
    return house.today + timedelta(days=days)
