"""More of the stage for the pages of reading: a planned calendar, routes, and a row of most kinds on the list."""

from __future__ import annotations

from datetime import timedelta

from tests.house import House, move_in
from tests.workbench.stage import TODAY
from weatherhead.areas.agreements.models import ServiceAgreement
from weatherhead.areas.metering.models import Read
from weatherhead.areas.metering.queries import meter_by_serial

ROUTE = "14-01"
MISSING, VACANT, ESTIMATED = "77409001", "77409002", "77409003"


def set_reading_stage() -> None:
    """Upon the stage: Dale's held read, a meter that was not read, one that turns for nobody, one estimated too often.

    What no action does in one day (a year of calendar in the past, a service that ended) is written as it would be.
    """
    house = House(today=TODAY, keys=10_000)  # beyond those of the stage
    house.do("plan_calendar", year=TODAY.year)
    house.do("create_route", code=ROUTE, name="Cottonwood St and around", cycle=14)
    house.today = TODAY - timedelta(days=70)
    homes = {
        serial: move_in(house, name=name, street=street, serial=serial)
        for serial, name, street in (
            (MISSING, "Pearl Novotny", "77 Osage Ave"),
            (VACANT, "Clyde Meeker", "15 Mill Rd"),
            (ESTIMATED, "Ida Sand", "402 Union St"),
        )
    }
    for home in homes.values():
        _reads(home.meter_id, start=1000, kind="actual", days=(60, 44))
    _reads(homes[ESTIMATED].meter_id, start=2400, kind="estimated", days=(30, 16))
    _reads(homes[VACANT].meter_id, start=1980, kind="actual", days=(14,))
    ServiceAgreement.objects.filter(pk=homes[VACANT].agreement_id).update(end_on=TODAY - timedelta(days=44))
    house.today = TODAY
    for number, serial in enumerate((MISSING, ESTIMATED, "77402931"), 1):
        place = {"route": ROUTE, "sequence": number * 10, "route_note": "Dog, ring first" if serial == MISSING else ""}
        house.do("place_on_route", service_point_id=_point_of(serial), **place)


def _reads(meter_id: int, *, start: int, kind: str, days: tuple[int, ...]) -> None:
    Read.objects.bulk_create(
        Read(
            meter_id=meter_id,
            read_on=TODAY - timedelta(days=back),
            kind=kind,
            dial_reading=start + 300 * (place + 1),
            state="accepted",
            receipt_id=0,
        )
        for place, back in enumerate(days)
    )


def _point_of(serial: str) -> int:
    found = meter_by_serial(serial)
    assert found is not None
    assert found.service_point_id is not None
    return found.service_point_id
