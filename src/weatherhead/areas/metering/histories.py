"""What new reads are judged by: what their meters and places have used before, and the utility's bounds."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, timedelta

from django.db.models import Exists, OuterRef, QuerySet, Subquery

from weatherhead.areas.metering.intake import InstallationFacts, MeterHistory
from weatherhead.areas.metering.models import Meter, MeterInstallation, Read
from weatherhead.areas.metering.queries import installation_facts
from weatherhead.areas.metering.usage import KINDS_NOT_BILLED, Dial, DialRead, UseBounds, UsePeriod, use_periods
from weatherhead.areas.records.database import chunks
from weatherhead.areas.records.utility import current_utility

HISTORY_DAYS = 430
"""How far back a read is compared: the same time a year before, and the period that ends there."""


def use_bounds() -> UseBounds:
    """The utility's bounds beyond which a read waits for a person (``billing.bounds`` of utility.yaml)."""
    bounds = current_utility().billing.bounds
    return UseBounds(
        ratio_low=bounds.usage_ratio_low, ratio_high=bounds.usage_ratio_high, floor_wh=bounds.usage_floor_kwh * 1000
    )


def histories(meter_ids: Iterable[int], *, since_on: date) -> dict[int, MeterHistory]:
    """Everything that new reads from `since_on` on are judged by; the number of queries does not grow with reads.

    Reads of the last `HISTORY_DAYS` before that day and later ones, and the last one before those: a meter that was not
    read for long still knows where its dial stood.
    """
    found: dict[int, MeterHistory] = {}
    for chunk in chunks(sorted(set(meter_ids))):
        found |= _histories(Meter.objects.filter(pk__in=chunk), since_on=since_on)
    return found


def histories_by_serial(serials: Iterable[str], *, since_on: date) -> dict[str, MeterHistory]:
    """The same by serial number; serial numbers that no meter has are missing."""
    wanted = sorted(set(serials))
    meter_ids: list[int] = []
    for places in chunks(range(len(wanted))):
        rows = Meter.objects.filter(serial__in=[wanted[place] for place in places])
        meter_ids += rows.values_list("pk", flat=True)
    return {history.serial: history for history in histories(meter_ids, since_on=since_on).values()}


def _histories(rows: QuerySet[Meter], *, since_on: date) -> dict[int, MeterHistory]:
    meters = {row.pk: row for row in rows}
    installations = _installations_of(meters)
    place_ids = {item.service_point_id for items in installations.values() for item in items}
    at_places = _at_shared_places(place_ids)
    accepted, held = _known_reads({*meters, *(row.meter_id for row in at_places)}, since_on=since_on)
    places: defaultdict[int, list[UsePeriod]] = defaultdict(list)
    for row in at_places:
        place = installation_facts(row)
        dial = Dial(dials=row.meter.dials, multiplier=row.meter.multiplier)
        here = [item for item in accepted[row.meter_id] if place.holds(item.read_on)]
        places[place.service_point_id] += use_periods(here, dial=dial)
    return {
        meter_id: MeterHistory(
            meter_id=meter_id,
            serial=row.serial,
            dial=Dial(dials=row.dials, multiplier=row.multiplier),
            has_demand=row.has_demand,
            installations=installations[meter_id],
            reads=tuple(accepted[meter_id]),
            held=held[meter_id],
            place_periods={
                item.service_point_id: tuple(
                    period for period in places[item.service_point_id] if period.meter_id != meter_id
                )
                for item in installations[meter_id]
            },
        )
        for meter_id, row in meters.items()
    }


def _at_shared_places(service_point_ids: Iterable[int]) -> list[MeterInstallation]:
    """The installations at those service points that had more than one meter over the years, oldest first at each."""
    others = MeterInstallation.objects.filter(service_point_id=OuterRef("service_point_id"))
    shared = Exists(others.exclude(meter_id=OuterRef("meter_id")))
    found: list[MeterInstallation] = []
    for chunk in chunks(sorted(service_point_ids)):
        rows = MeterInstallation.objects.select_related("meter").filter(shared, service_point_id__in=chunk)
        found += rows.order_by("service_point_id", "installed_on", "pk")
    return found


def _installations_of(meter_ids: Iterable[int]) -> dict[int, tuple[InstallationFacts, ...]]:
    found: dict[int, list[InstallationFacts]] = {meter_id: [] for meter_id in meter_ids}
    for row in MeterInstallation.objects.filter(meter_id__in=list(found)).order_by("installed_on", "pk"):
        found[row.meter_id].append(installation_facts(row))
    return {meter_id: tuple(items) for meter_id, items in found.items()}


def _known_reads(
    meter_ids: Iterable[int], *, since_on: date
) -> tuple[defaultdict[int, list[DialRead]], defaultdict[int, dict[date, int]]]:
    """Accepted reads by meter, by day, and held ones by meter and day."""
    oldest_on = since_on - timedelta(days=HISTORY_DAYS)
    accepted: defaultdict[int, list[DialRead]] = defaultdict(list)
    held: defaultdict[int, dict[date, int]] = defaultdict(dict)
    columns = ("meter_id", "read_on", "kind", "dial_reading", "turns", "demand_w_max", "state")
    for chunk in chunks(sorted(set(meter_ids))):
        of_meters = Read.objects.filter(meter_id__in=chunk)
        older = Read.objects.filter(meter_id=OuterRef("meter_id"), state="accepted", read_on__lt=oldest_on)
        # Twice: where the dial stood, and where the last billable read was, when that is an older one.
        for rows in (older, older.exclude(kind__in=KINDS_NOT_BILLED)):
            last_on = Subquery(rows.order_by("-read_on").values("read_on")[:1])
            for row in of_meters.filter(state="accepted", read_on=last_on).values_list(*columns):
                _know(row, accepted=accepted, held=held)
        recent = of_meters.filter(state__in=["accepted", "held"], read_on__gte=oldest_on)
        for row in recent.order_by("read_on").values_list(*columns):
            _know(row, accepted=accepted, held=held)
    for meter_id, reads in accepted.items():
        accepted[meter_id] = sorted(dict.fromkeys(reads), key=lambda item: item.read_on)
    return accepted, held


def _know(
    row: tuple[int, date, str, int, int, int | None, str],
    *,
    accepted: defaultdict[int, list[DialRead]],
    held: defaultdict[int, dict[date, int]],
) -> None:
    meter_id, read_on, kind, dial_reading, turns, demand_w_max, state = row
    if state == "held":
        held[meter_id][read_on] = dial_reading
        return
    known = DialRead(
        meter_id=meter_id,
        read_on=read_on,
        kind=kind,
        dial_reading=dial_reading,
        turns=turns,
        demand_w_max=demand_w_max,
    )
    accepted[meter_id].append(known)
