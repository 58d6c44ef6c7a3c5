"""Service agreements as frozen values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from weatherhead.areas.agreements.models import ServiceAgreement
from weatherhead.areas.premises.models import ServicePoint
from weatherhead.areas.premises.queries import ServicePointFacts, service_point_facts
from weatherhead.core.values import Refusal, gettext_noop


class NoSuchAgreement(Refusal):
    """No service agreement has that number."""

    template = gettext_noop("There is no service agreement %(agreement)s. Open the account again.")


@dataclass(frozen=True, slots=True, kw_only=True)
class AgreementFacts:
    """A service agreement: an account at a service point on a schedule, `[start_on, end_on)`."""

    agreement_id: int
    account_id: int
    service_point_id: int
    schedule: str
    options: Mapping[str, str]
    start_on: date
    end_on: date | None
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AgreementAt:
    """A service agreement and where it is."""

    agreement: AgreementFacts
    point: ServicePointFacts


def agreement(agreement_id: int) -> AgreementFacts:
    """One agreement.

    Raises:
        NoSuchAgreement: for an unknown number.
    """
    row = ServiceAgreement.objects.filter(pk=agreement_id).first()
    if row is None:
        raise NoSuchAgreement(agreement=agreement_id)
    return _facts(row)


def agreements_of_accounts(account_ids: Iterable[int]) -> tuple[AgreementFacts, ...]:
    """The agreements of some accounts, oldest first."""
    rows = ServiceAgreement.objects.filter(account_id__in=list(account_ids)).order_by("start_on", "pk")
    return tuple(_facts(row) for row in rows)


def agreements_with_points(account_id: int) -> tuple[AgreementAt, ...]:
    """The agreements of an account with their service points, those in force first, then the latest."""
    return agreements_with_points_of([account_id])


def agreements_with_points_of(account_ids: Iterable[int]) -> tuple[AgreementAt, ...]:
    """The agreements of some accounts with their service points, those in force first, then the latest."""
    rows = ServiceAgreement.objects.select_related("service_point__premise").filter(account_id__in=list(account_ids))
    found = sorted(rows, key=lambda row: (row.end_on is not None, -row.start_on.toordinal(), row.pk))
    return tuple(AgreementAt(agreement=_facts(row), point=service_point_facts(row.service_point)) for row in found)


def agreements_at(service_point_ids: Iterable[int]) -> tuple[AgreementFacts, ...]:
    """The agreements at some service points, latest first."""
    rows = ServiceAgreement.objects.filter(service_point_id__in=list(service_point_ids)).order_by("-start_on", "-pk")
    return tuple(_facts(row) for row in rows)


def vacant_points(*, limit: int) -> tuple[ServicePointFacts, ...]:
    """Service points where nobody takes service now, the latest added first."""
    taken = ServiceAgreement.objects.filter(end_on__isnull=True).values("service_point_id")
    rows = ServicePoint.objects.select_related("premise").exclude(pk__in=taken).order_by("-pk")[:limit]
    return tuple(service_point_facts(row) for row in rows)


def premises_of_accounts(account_ids: Iterable[int]) -> tuple[int, ...]:
    """The premises that some accounts take or took service at."""
    rows = ServiceAgreement.objects.filter(account_id__in=list(account_ids))
    return tuple(
        rows.order_by("service_point__premise_id").values_list("service_point__premise_id", flat=True).distinct()
    )


def _facts(row: ServiceAgreement) -> AgreementFacts:
    return AgreementFacts(
        agreement_id=row.pk,
        account_id=row.account_id,
        service_point_id=row.service_point_id,
        schedule=row.schedule,
        options=row.options,
        start_on=row.start_on,
        end_on=row.end_on,
        version=row.version,
    )
