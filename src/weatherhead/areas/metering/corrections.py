"""Putting right what is on file about meters: their multipliers, and where they hang. What was is kept."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from django.db import IntegrityError

from weatherhead.areas.metering.models import Meter, MeterCorrection, MeterInstallation, Read
from weatherhead.areas.metering.usage import step_wh
from weatherhead.areas.records.database import lock_rows
from weatherhead.core.values import Refusal, gettext_noop


class MeterChanged(Refusal):
    """Someone changed it meanwhile."""

    template = gettext_noop("Someone changed meter %(serial)s just now. Look at it again, then do this once more.")


def correct_multiplier(
    *, meter_id: int, before: Decimal, after: Decimal, corrected_on: date, reason: str, receipt_id: int
) -> int:
    """Give a meter another multiplier, and its demands with it; returns how many reads had a demand.

    A demand is kept with the multiplier applied, so that each is set aside and written anew.

    Raises:
        MeterChanged: it is no longer what it was.
        MultiplierNotExact: one step of the dial is no whole number of watt-hours.
    """
    step_wh(after)
    lock_rows(Meter, [meter_id])
    if Meter.objects.filter(pk=meter_id, multiplier=before).update(multiplier=after) != 1:
        raise MeterChanged(serial=Meter.objects.values_list("serial", flat=True).get(pk=meter_id))
    rows = list(Read.objects.filter(meter_id=meter_id, state__in=["accepted", "held"], demand_w_max__isnull=False))
    Read.objects.filter(pk__in=[row.pk for row in rows]).update(
        state="rejected", decided_on=corrected_on, decision=reason, decision_receipt_id=receipt_id
    )
    for row in rows:
        row.pk = None
        row.demand_w_max = int(Decimal(row.demand_w_max or 0) * after / before)
        row.receipt_id = receipt_id
    Read.objects.bulk_create(rows)
    _remember(
        meter_id, kind="multiplier", before=f"{before.normalize():f}", after=f"{after.normalize():f}",
        corrected_on=corrected_on, reason=reason, receipt_id=receipt_id,
    )  # fmt: skip
    return len(rows)


def swap_meters(*, installation_ids: tuple[int, int], corrected_on: date, reason: str, receipt_id: int) -> None:
    """Let two installations change their service points, as it was all the time.

    Raises:
        MeterChanged: one was moved meanwhile.
    """
    rows = {row.pk: row for row in MeterInstallation.objects.filter(pk__in=installation_ids)}
    one, other = (rows[number] for number in installation_ids)
    lock_rows(Meter, sorted((one.meter_id, other.meter_id)))
    places = (other.service_point_id, one.service_point_id)
    removed = (one.removed_on, other.removed_on)
    # A place has one meter at a time, so each is taken down for the moment of the exchange.
    held = MeterInstallation.objects.filter(pk__in=installation_ids)
    held.update(removed_on=date.max)
    try:
        for row, place, removed_on in zip((one, other), places, removed, strict=True):
            held.filter(pk=row.pk).update(service_point_id=place, removed_on=removed_on)
    except IntegrityError as error:
        raise MeterChanged(serial=Meter.objects.values_list("serial", flat=True).get(pk=one.meter_id)) from error
    for row, place in zip((one, other), places, strict=True):
        _remember(
            row.meter_id, kind="place", before=str(row.service_point_id), after=str(place),
            corrected_on=corrected_on, reason=reason, receipt_id=receipt_id,
        )  # fmt: skip


def _remember(
    meter_id: int, *, kind: str, before: str, after: str, corrected_on: date, reason: str, receipt_id: int
) -> None:
    MeterCorrection.objects.create(
        meter_id=meter_id,
        kind=kind,
        before=before,
        after=after,
        corrected_on=corrected_on,
        reason=reason,
        receipt_id=receipt_id,
    )


__all__: Sequence[str] = ("MeterChanged", "correct_multiplier", "swap_meters")
