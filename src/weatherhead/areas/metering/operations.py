"""Writes of meters, installations, reads and imported files."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Literal

from django.db import IntegrityError, transaction

from weatherhead.areas.metering.calendar import CycleDayPlan
from weatherhead.areas.metering.intake import ReadPlan
from weatherhead.areas.metering.models import (
    CycleDay,
    Meter,
    MeterInstallation,
    Read,
    ReadBatch,
    ReadingRoute,
    RouteStop,
)
from weatherhead.areas.metering.queries import accepted_count
from weatherhead.areas.metering.usage import step_wh
from weatherhead.areas.premises.models import ServicePoint
from weatherhead.areas.records.canonical import Json, to_json
from weatherhead.areas.records.database import bulk_insert, lock_rows
from weatherhead.areas.records.utility import current_utility
from weatherhead.core.values import Refusal, gettext_noop


class SerialTaken(Refusal):
    """Another meter has the serial number."""

    template = gettext_noop("There is a meter %(serial)s already. Check the serial number.")


class ServicePointHasMeter(Refusal):
    """A meter hangs there."""

    template = gettext_noop(
        "Meter %(serial)s hangs at this service point from %(installed_on)s. Remove it first, or choose another point."
    )


class MeterHangsElsewhere(Refusal):
    """The meter hangs at another service point."""

    template = gettext_noop("Meter %(serial)s hangs at service point %(service_point)s. Remove it there first.")


class ServicePointUnmetered(Refusal):
    """A service point without a place for a meter."""

    template = gettext_noop("%(label)s is an unmetered service point. Choose or add a metered one.")


class MeterReadMeanwhile(Refusal):
    """Other reads of the same meters came while these were being judged."""

    template = gettext_noop("Somebody entered or released reads of the same meter just now. Do this once more.")


class ReadNotAccepted(Refusal):
    """A read that was set aside, or decided by somebody else meanwhile."""

    template = gettext_noop(
        "The read of meter %(serial)s on %(read_on)s is %(state)s now. Look at it again; what was set aside is not "
        "corrected."
    )


class ReadNotHeld(Refusal):
    """Only a held read can be released or rejected."""

    template = gettext_noop("The read of meter %(serial)s on %(read_on)s is %(state)s, not held. Look at it again.")


class FileAlreadyImported(Refusal):
    """The same file, byte for byte."""

    template = gettext_noop(
        "This file was imported on %(imported_on)s as %(name)s: %(accepted)s reads accepted, %(held)s held. "
        "See receipt %(receipt)s."
    )


def create_meter(*, serial: str, dials: int, multiplier: Decimal, has_demand: bool) -> int:
    """Create a meter; it hangs nowhere yet.

    Raises:
        SerialTaken: the serial number is on file.
        MultiplierNotExact: one step of the dial is no whole number of watt-hours.
    """
    step_wh(multiplier)
    try:
        with transaction.atomic():
            row = Meter.objects.create(serial=serial, dials=dials, multiplier=multiplier, has_demand=has_demand)
    except IntegrityError as error:
        if not Meter.objects.filter(serial=serial).exists():
            raise
        raise SerialTaken(serial=serial) from error
    return row.pk


def install_meter(*, meter_id: int, service_point_id: int, installed_on: date) -> int:
    """Hang a meter at a service point from a day on.

    Raises:
        ServicePointUnmetered: no meter belongs there.
        ServicePointHasMeter: one hangs there, or did on that day or later.
        MeterHangsElsewhere: the meter hangs, or hung on that day or later, at another point.
    """
    point = ServicePoint.objects.get(pk=service_point_id)
    if point.kind != "metered":
        raise ServicePointUnmetered(label=point.label)
    lock_rows(Meter, [meter_id])
    _require_free(meter_id=meter_id, service_point_id=service_point_id, installed_on=installed_on)
    try:
        with transaction.atomic():
            row = MeterInstallation.objects.create(
                meter_id=meter_id, service_point_id=service_point_id, installed_on=installed_on
            )
    except IntegrityError:
        # Someone else's installation came first, and can be seen now.
        _require_free(meter_id=meter_id, service_point_id=service_point_id, installed_on=installed_on)
        raise
    return row.pk


def _require_free(*, meter_id: int, service_point_id: int, installed_on: date) -> None:
    rows = MeterInstallation.objects.select_related("meter")
    blocking = rows.filter(removed_on__isnull=True) | rows.filter(removed_on__gt=installed_on)
    there = blocking.filter(service_point_id=service_point_id).order_by("-installed_on").first()
    if there is not None:
        raise ServicePointHasMeter(serial=there.meter.serial, installed_on=there.installed_on)
    elsewhere = blocking.filter(meter_id=meter_id).order_by("-installed_on").first()
    if elsewhere is not None:
        raise MeterHangsElsewhere(serial=elsewhere.meter.serial, service_point=elsewhere.service_point_id)


def record_reads(
    plans: Sequence[ReadPlan],
    *,
    receipt_id: int,
    batch_id: int | None,
    meter_ids: Collection[int],
    accepted_before: int,
) -> tuple[int, ...]:
    """Record reads as they were decided; returns their numbers.

    `accepted_before` is `accepted_count(meter_ids)` as it was when they were decided: under the lock of the meters it
    must still hold, or they were judged by what is no longer so.

    Raises:
        MeterReadMeanwhile: it does not, or another read of the same meter and day came first.
    """
    _lock_unchanged(meter_ids, accepted_before=accepted_before)
    try:
        with transaction.atomic():
            made = Read.objects.bulk_create(
                Read(**dict(zip(_COLUMNS, values, strict=True)) | {"detail": _detail(plan), "proof": plan.proof})
                for plan, values in zip(plans, _rows(plans, receipt_id=receipt_id, batch_id=batch_id), strict=True)
            )
    except IntegrityError as error:
        raise _meanwhile(plans, error=error) from error
    return tuple(row.pk for row in made)


def record_many_reads(
    plans: Sequence[ReadPlan],
    *,
    receipt_id: int,
    batch_id: int | None,
    meter_ids: Collection[int],
    accepted_before: int,
) -> None:
    """The same for thousands of reads, in one statement; their numbers are nobody's concern.

    Raises:
        MeterReadMeanwhile: see `record_reads`.
    """
    _lock_unchanged(meter_ids, accepted_before=accepted_before)
    try:
        with transaction.atomic():
            bulk_insert(
                table=Read._meta.db_table,
                columns=_COLUMNS,
                rows=_rows(plans, receipt_id=receipt_id, batch_id=batch_id),
            )
    except IntegrityError as error:
        raise _meanwhile(plans, error=error) from error


_COLUMNS = (
    "meter_id",
    "read_on",
    "kind",
    "dial_reading",
    "turns",
    "demand_w_max",
    "state",
    "exception",
    "detail",
    "proof",
    "note",
    "batch_id",
    "receipt_id",
    "decision",
)


def _rows(plans: Sequence[ReadPlan], *, receipt_id: int, batch_id: int | None) -> Iterator[tuple[object, ...]]:
    """A row for each read, in the order of `_COLUMNS`; JSON as text."""
    for plan in plans:
        yield (
            plan.meter_id,
            plan.read_on,
            plan.kind,
            plan.dial_reading,
            plan.turns,
            plan.demand_w_max,
            plan.state,
            plan.exception,
            None if plan.sentence is None else json.dumps(_detail(plan)),
            None if plan.proof is None else json.dumps(plan.proof),
            plan.note,
            batch_id,
            receipt_id,
            "",
        )


def _detail(plan: ReadPlan) -> Json:
    return None if plan.sentence is None else to_json(plan.sentence)


def _lock_unchanged(meter_ids: Collection[int], *, accepted_before: int) -> None:
    """Lock meters, and see that what their new reads were judged by still holds."""
    lock_rows(Meter, meter_ids)
    if accepted_count(meter_ids) != accepted_before:
        raise MeterReadMeanwhile


def _meanwhile(plans: Sequence[ReadPlan], *, error: IntegrityError) -> Exception:
    """What a violated constraint means: another read of the same day came first, or a bug."""
    days = {(plan.meter_id, plan.read_on) for plan in plans}
    return MeterReadMeanwhile() if len(days) == len(plans) and _any_taken(days) else error


def _any_taken(days: set[tuple[int, date]]) -> bool:
    live = Read.objects.filter(state__in=["accepted", "held"], read_on__in={on for _, on in days})
    return not days.isdisjoint(live.values_list("meter_id", "read_on"))


def record_batch(
    *,
    name: str,
    sha256: str,
    attachment_id: int,
    imported_at: datetime,
    accepted: int,
    held: int,
    rejected: int,
    report: Sequence[Mapping[str, Json]],
    receipt_id: int,
    part: int = 1,
    parts: int = 1,
) -> int:
    """Record an imported file and what came of every row; returns its number.

    Raises:
        FileAlreadyImported: reads of the same bytes were kept before.
    """
    try:
        with transaction.atomic():
            row = ReadBatch.objects.create(
                name=name[:200],
                sha256=sha256,
                part=part,
                parts=parts,
                attachment_id=attachment_id,
                imported_at=imported_at,
                rows=accepted + held + rejected,
                accepted=accepted,
                held=held,
                rejected=rejected,
                report=list(report),
                receipt_id=receipt_id,
            )
    except IntegrityError as error:
        first = ReadBatch.objects.filter(sha256=sha256, part=part).exclude(accepted=0, held=0).first()
        if first is None:
            raise
        raise FileAlreadyImported(
            imported_on=first.imported_at.astimezone(current_utility().zone).date(),
            name=first.name,
            accepted=first.accepted,
            held=first.held,
            receipt=first.receipt_id,
        ) from error
    return row.pk


def release_read(
    *, read_id: int, turns: int, decided_on: date, decision: str, receipt_id: int, accepted_before: int
) -> None:
    """Accept a held read, with the turns of the dial that the person decided on.

    Raises:
        ReadNotHeld: someone decided it meanwhile.
        MeterReadMeanwhile: other reads of the meter came since it was looked at.
    """
    row = Read.objects.get(pk=read_id)
    lock_rows(Meter, [row.meter_id])
    if accepted_count([row.meter_id]) != accepted_before:
        raise MeterReadMeanwhile
    _decide(read_id, state="accepted", turns=turns, decided_on=decided_on, decision=decision, receipt_id=receipt_id)


def reject_read(*, read_id: int, decided_on: date, decision: str, receipt_id: int) -> None:
    """Reject a held read: it is kept, and never billed.

    Raises:
        ReadNotHeld: someone decided it meanwhile.
    """
    turns = Read.objects.values_list("turns", flat=True).get(pk=read_id)
    _decide(read_id, state="rejected", turns=turns, decided_on=decided_on, decision=decision, receipt_id=receipt_id)


def withdraw_read(
    *, read_id: int, decided_on: date, decision: str, receipt_id: int, state: Literal["accepted", "held"] = "accepted"
) -> None:
    """Set a read aside because it is wrong: it is kept, and no longer billed. `state` is what it was looked at as.

    Raises:
        ReadNotAccepted: it is no longer in that state.
    """
    changed = Read.objects.filter(pk=read_id, state=state).update(
        state="rejected", decided_on=decided_on, decision=decision, decision_receipt_id=receipt_id
    )
    if changed != 1:
        row = Read.objects.select_related("meter").get(pk=read_id)
        raise ReadNotAccepted(serial=row.meter.serial, read_on=row.read_on, state=row.state)


def _decide(read_id: int, *, state: str, turns: int, decided_on: date, decision: str, receipt_id: int) -> None:
    changed = Read.objects.filter(pk=read_id, state="held").update(
        state=state, turns=turns, decided_on=decided_on, decision=decision, decision_receipt_id=receipt_id
    )
    if changed != 1:
        row = Read.objects.select_related("meter").get(pk=read_id)
        raise ReadNotHeld(serial=row.meter.serial, read_on=row.read_on, state=row.state)


# --------------------------------------------------------------------------------------------- routes and the calendar
ROUTE_STEP = 10
"""New stops leave room between them, for houses yet to be built."""


class RouteTaken(Refusal):
    """Another route has the code."""

    template = gettext_noop("There is a route %(code)s already: %(name)s. Choose another code.")


class SequenceTaken(Refusal):
    """Another service point has the place."""

    template = gettext_noop("Place %(sequence)s of route %(route)s is taken. Choose another number.")


class PlacedMeanwhile(Refusal):
    """Somebody else placed one of them, or took a number."""

    template = gettext_noop("Someone changed route %(route)s just now. Look at it again.")


class CalendarPlanned(Refusal):
    """The year is planned already."""

    template = gettext_noop("The calendar of %(year)s is planned already. Change a single day instead.")


class CycleDayChanged(Refusal):
    """Somebody else moved the day."""

    template = gettext_noop("The day of cycle %(cycle)s was moved just now. Look at the calendar again.")


def create_route(*, code: str, name: str, cycle: int) -> int:
    """Create a reading route; nobody is on it yet.

    Raises:
        RouteTaken: the code is.
    """
    try:
        with transaction.atomic():
            return ReadingRoute.objects.create(code=code, name=name, cycle=cycle).pk
    except IntegrityError as error:
        first = ReadingRoute.objects.filter(code=code).first()
        if first is None:
            raise
        raise RouteTaken(code=code, name=first.name) from error


def place_on_route(*, route_id: int, service_point_id: int, sequence: int, note: str) -> int:
    """Give a service point a place on a route, taking it off the route where it was; returns the stop's number.

    Raises:
        SequenceTaken: another service point has that place.
    """
    try:
        with transaction.atomic():
            row, _ = RouteStop.objects.update_or_create(
                service_point_id=service_point_id,
                defaults={"route_id": route_id, "sequence": sequence, "note": note},
            )
    except IntegrityError as error:
        if not RouteStop.objects.filter(route_id=route_id, sequence=sequence).exists():
            raise
        route = ReadingRoute.objects.get(pk=route_id)
        raise SequenceTaken(sequence=sequence, route=route.code) from error
    return row.pk


def extend_route(*, route_id: int, after: int, service_point_ids: Sequence[int]) -> None:
    """Give service points that are on no route places after a number, in their order, with room between them.

    Raises:
        PlacedMeanwhile: one has a place by now, or a number is taken.
    """
    rows = [
        RouteStop(route_id=route_id, service_point_id=point, sequence=after + ROUTE_STEP * place)
        for place, point in enumerate(service_point_ids, 1)
    ]
    try:
        with transaction.atomic():
            RouteStop.objects.bulk_create(rows)
    except IntegrityError as error:
        raise PlacedMeanwhile(route=ReadingRoute.objects.get(pk=route_id).code) from error


def record_calendar(plans: Sequence[CycleDayPlan], *, receipt_id: int) -> tuple[int, ...]:
    """Record the planned days of a year.

    Raises:
        CalendarPlanned: somebody planned it meanwhile.
    """
    try:
        with transaction.atomic():
            made = CycleDay.objects.bulk_create(
                CycleDay(
                    cycle=plan.cycle,
                    month=plan.month,
                    read_on=plan.read_on,
                    bill_on=plan.bill_on,
                    due_on=plan.due_on,
                    receipt_id=receipt_id,
                )
                for plan in plans
            )
    except IntegrityError as error:
        if not CycleDay.objects.filter(month__in={plan.month for plan in plans}).exists():
            raise
        raise CalendarPlanned(year=plans[0].month.year) from error
    return tuple(row.pk for row in made)


def move_cycle_day(plan: CycleDayPlan, *, version: int, reason: str, receipt_id: int) -> None:
    """Move a cycle's day of a month.

    Raises:
        CycleDayChanged: it is not the version that was looked at.
    """
    changed = CycleDay.objects.filter(cycle=plan.cycle, month=plan.month, version=version).update(
        read_on=plan.read_on,
        bill_on=plan.bill_on,
        due_on=plan.due_on,
        reason=reason,
        receipt_id=receipt_id,
        version=version + 1,
    )
    if changed != 1:
        raise CycleDayChanged(cycle=plan.cycle)
