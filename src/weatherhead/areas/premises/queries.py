"""Premises and service points as frozen values."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Case, When

from weatherhead.areas.premises.models import Premise, ServicePoint
from weatherhead.areas.records.text import fold
from weatherhead.core.values import Refusal, gettext_noop


class NoSuchPremise(Refusal):
    """No premise has that number."""

    template = gettext_noop("There is no premise %(premise)s. Find it again by its address.")


class NoSuchServicePoint(Refusal):
    """No service point has that number."""

    template = gettext_noop("There is no service point %(service_point)s. Find its premise by the address.")


@dataclass(frozen=True, slots=True, kw_only=True)
class ServicePointFacts:
    """A service point and where it is."""

    service_point_id: int
    premise_id: int
    label: str
    kind: str  # metered, unmetered
    street: str
    unit: str
    city: str
    state: str
    postal_code: str

    @property
    def address(self) -> str:
        """Street and unit."""
        return f"{self.street}, {self.unit}" if self.unit else self.street

    @property
    def city_line(self) -> str:
        """City, state and postal code."""
        return f"{self.city} {self.state} {self.postal_code}"


@dataclass(frozen=True, slots=True, kw_only=True)
class PremiseFacts:
    """A premise."""

    premise_id: int
    street: str
    unit: str
    city: str
    state: str
    postal_code: str


def premise(premise_id: int) -> PremiseFacts:
    """One premise.

    Raises:
        NoSuchPremise: for an unknown number.
    """
    row = Premise.objects.filter(pk=premise_id).first()
    if row is None:
        raise NoSuchPremise(premise=premise_id)
    return _premise(row)


def premises_at(text: str, *, limit: int) -> tuple[PremiseFacts, ...]:
    """Premises whose address holds every word, an address that begins with them first."""
    words = fold(text).split()
    if not words:
        return ()
    rows = Premise.objects.all()
    for word in words:
        rows = rows.filter(search_text__contains=word)
    begins = Case(When(search_text__startswith=words[0], then=0), default=1)
    return tuple(_premise(row) for row in rows.order_by(begins, "search_text", "pk")[:limit])


def _premise(row: Premise) -> PremiseFacts:
    return PremiseFacts(
        premise_id=row.pk,
        street=row.street,
        unit=row.unit,
        city=row.city,
        state=row.state,
        postal_code=row.postal_code,
    )


def service_points(service_point_ids: Iterable[int]) -> dict[int, ServicePointFacts]:
    """Service points by number."""
    rows = ServicePoint.objects.select_related("premise").filter(pk__in=list(service_point_ids))
    return {row.pk: service_point_facts(row) for row in rows}


def service_point(service_point_id: int) -> ServicePointFacts:
    """One service point.

    Raises:
        NoSuchServicePoint: for an unknown number.
    """
    found = service_points([service_point_id])
    if service_point_id not in found:
        raise NoSuchServicePoint(service_point=service_point_id)
    return found[service_point_id]


def service_points_at(text: str, *, limit: int) -> tuple[ServicePointFacts, ...]:
    """Service points whose address holds every word, an address that begins with them first."""
    words = fold(text).split()
    if not words:
        return ()
    rows = ServicePoint.objects.select_related("premise")
    for word in words:
        rows = rows.filter(premise__search_text__contains=word)
    begins = Case(When(premise__search_text__startswith=words[0], then=0), default=1)
    return tuple(service_point_facts(row) for row in rows.order_by(begins, "premise__search_text", "pk")[:limit])


def service_point_facts(row: ServicePoint) -> ServicePointFacts:
    """A row, read with its premise, as facts."""
    return ServicePointFacts(
        service_point_id=row.pk,
        premise_id=row.premise_id,
        label=row.label,
        kind=row.kind,
        street=row.premise.street,
        unit=row.premise.unit,
        city=row.premise.city,
        state=row.premise.state,
        postal_code=row.premise.postal_code,
    )
