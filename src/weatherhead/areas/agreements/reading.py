"""Which meters a bill cycle reads, and which of them were not read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, Q

from weatherhead.areas.agreements.models import ServiceAgreement
from weatherhead.areas.metering.models import MeterInstallation, Read
from weatherhead.areas.metering.usage import KINDS_NOT_BILLED


@dataclass(frozen=True, slots=True, kw_only=True)
class MeteredService:
    """A meter through which an account takes service on a day."""

    meter_id: int
    serial: str
    service_point_id: int
    agreement_id: int
    account_id: int
    schedule: str


def services_of_cycle(cycle: int, *, on: date) -> tuple[MeteredService, ...]:
    """The metered services of a cycle in force on a day, by meter number."""
    return _services(_metered(on=on).filter(account__cycle=cycle))


def service_of_meter(meter_id: int, *, on: date) -> MeteredService | None:
    """The service through a meter on a day: the one that ends there when another begins that day."""
    found = _services(_metered(on=on).filter(hanging_id=meter_id))
    return found[0] if found else None


def unread_services(cycle: int, *, read_on: date, early_days: int) -> tuple[MeteredService, ...]:
    """The metered services of a cycle that no accepted or held billable read covers since shortly before a day."""
    taken = Read.objects.filter(
        meter_id=OuterRef("hanging_id"),
        read_on__gte=read_on - timedelta(days=early_days),
        state__in=["accepted", "held"],
    ).exclude(kind__in=KINDS_NOT_BILLED)
    return _services(_metered(on=read_on).filter(~Exists(taken), account__cycle=cycle))


def _metered(*, on: date) -> Any:  # noqa: ANN401 - a query set with two more columns
    """Agreements in force at the end of the day before, with the meter that hung there: what a read of the day ends."""
    hung = MeterInstallation.objects.filter(
        Q(removed_on__isnull=True) | Q(removed_on__gte=on),
        service_point_id=OuterRef("service_point_id"),
        installed_on__lt=on,
    ).order_by("-installed_on")
    return (
        ServiceAgreement.objects.filter(Q(end_on__isnull=True) | Q(end_on__gte=on), start_on__lt=on)
        .annotate(hanging_id=hung.values("meter_id")[:1], serial=hung.values("meter__serial")[:1])
        .filter(hanging_id__isnull=False)
    )


def _services(rows: Any) -> tuple[MeteredService, ...]:  # noqa: ANN401
    values = rows.order_by("hanging_id", "pk").values_list(
        "hanging_id", "serial", "service_point_id", "pk", "account_id", "schedule"
    )
    return tuple(
        MeteredService(
            meter_id=meter_id,
            serial=serial,
            service_point_id=point_id,
            agreement_id=agreement_id,
            account_id=account_id,
            schedule=schedule,
        )
        for meter_id, serial, point_id, agreement_id, account_id, schedule in values
    )
