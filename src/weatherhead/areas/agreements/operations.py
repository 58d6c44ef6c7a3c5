"""Writes of service agreements."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from django.db import IntegrityError, transaction

from weatherhead.areas.agreements.models import ServiceAgreement
from weatherhead.core.values import Refusal, gettext_noop


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
