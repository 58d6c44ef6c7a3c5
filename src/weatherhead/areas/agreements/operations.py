"""Writes of service agreements."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

from django.db import IntegrityError, transaction

from weatherhead.areas.agreements.models import ServiceAgreement
from weatherhead.areas.records.database import bulk_insert
from weatherhead.core.values import Refusal, gettext_noop

FORMER_COLUMNS = (
    "agreement_id",
    "start_on",
    "end_on",
    "energy_wh",
    "demand_w_max",
    "estimated",
    "billed_on",
    "bill_number",
    "amount_cents",
    "receipt_id",
)


class ServicePointTaken(Refusal):
    """Someone takes service there."""

    template = gettext_noop("Account %(account)s still takes service at this service point. End that service first.")


def start_agreement(
    *, account_id: int, service_point_id: int, schedule: str, options: Mapping[str, str], start_on: date
) -> int:
    """Start service.

    Raises:
        ServicePointTaken: an agreement is open there, or a later one exists.
    """
    blocking = ServiceAgreement.objects.filter(service_point_id=service_point_id, end_on__isnull=True) | (
        ServiceAgreement.objects.filter(service_point_id=service_point_id, end_on__gt=start_on)
    )
    found = blocking.first()
    if found is not None:
        raise ServicePointTaken(account=found.account_id)
    try:
        with transaction.atomic():
            return ServiceAgreement.objects.create(
                account_id=account_id,
                service_point_id=service_point_id,
                schedule=schedule,
                options=dict(options),
                start_on=start_on,
            ).pk
    except IntegrityError as error:
        raise ServicePointTaken(account="of someone else") from error


class AgreementEnded(Refusal):
    """Service there has an end already."""

    template = gettext_noop("Service there ended on %(on)s already. Nothing more is needed.")


class AgreementChanged(Refusal):
    """Someone changed the agreement meanwhile."""

    template = gettext_noop("Someone changed this service just now. Look at it again, then do this once more.")


def end_agreement(*, agreement_id: int, version: int, end_on: date) -> None:
    """End service on a day, which is the first one that is not served. The service point stays, and so does its meter.

    Raises:
        AgreementEnded: it has an end.
        AgreementChanged: it is no longer at `version`.
    """
    held = ServiceAgreement.objects.filter(pk=agreement_id, version=version, end_on__isnull=True)
    if held.update(end_on=end_on, version=version + 1) == 1:
        return
    on = ServiceAgreement.objects.values_list("end_on", flat=True).get(pk=agreement_id)
    raise AgreementEnded(on=on) if on is not None else AgreementChanged


def load_agreements(rows: Iterable[tuple[int, int, int, str, str, str, str | None]]) -> None:
    """Create many agreements: number of the row, account, service point, schedule, options (JSON text), start, end."""
    columns = ("id", "account_id", "service_point_id", "schedule", "options", "start_on", "end_on", "version")
    bulk_insert(table="agreements_serviceagreement", columns=columns, rows=((*row, 1) for row in rows))


def load_former_periods(rows: Iterable[tuple[object, ...]]) -> None:
    """Record many periods that another system billed; the columns of a row are `FORMER_COLUMNS`."""
    bulk_insert(table="agreements_formerperiod", columns=FORMER_COLUMNS, rows=rows)
