"""Writes of premises and service points."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import IntegrityError, transaction

from weatherhead.areas.premises.models import Premise, ServicePoint
from weatherhead.areas.records.database import bulk_insert
from weatherhead.core.values import Refusal, gettext_noop


class PremiseExists(Refusal):
    """The address is on file."""

    template = gettext_noop("%(address)s is already on file as premise %(premise)s. Use that one.")


class ServicePointExists(Refusal):
    """The premise has a service point of that label."""

    template = gettext_noop("The premise already has a service point called %(label)s. Choose another label.")


def create_premise(*, street: str, unit: str, city: str, state: str, postal_code: str, search_text: str) -> int:
    """Create a premise.

    Raises:
        PremiseExists: the same address, however abbreviated.
    """
    found = Premise.objects.filter(search_text=search_text).first()
    if found is not None:
        raise PremiseExists(address=street, premise=found.pk)
    return Premise.objects.create(
        street=street, unit=unit, city=city, state=state, postal_code=postal_code, search_text=search_text
    ).pk


def create_service_point(*, premise_id: int, label: str, kind: str) -> int:
    """Create a service point at a premise.

    Raises:
        ServicePointExists: the label is taken there.
    """
    try:
        with transaction.atomic():
            return ServicePoint.objects.create(premise_id=premise_id, label=label, kind=kind).pk
    except IntegrityError as error:
        raise ServicePointExists(label=label) from error


def load_premises(rows: Iterable[tuple[int, str, str, str, str, str, str]]) -> None:
    """Create many premises: number of the row, street, unit, city, state, postal code, address in postal form."""
    columns = ("id", "street", "unit", "city", "state", "postal_code", "search_text", "version")
    bulk_insert(table="premises_premise", columns=columns, rows=((*row, 1) for row in rows))


def load_service_points(rows: Iterable[tuple[int, int, str, str]]) -> None:
    """Create many service points: number of the row, premise, label, kind."""
    bulk_insert(table="premises_servicepoint", columns=("id", "premise_id", "label", "kind"), rows=rows)
