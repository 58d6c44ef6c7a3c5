"""Service agreements as frozen values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import BigIntegerField, Exists, F, IntegerField, OuterRef, QuerySet, Value
from django.db.models.functions import Cast

from weatherhead.areas.agreements.models import AgreementTerms, FormerPeriod, ServiceAgreement
from weatherhead.areas.premises.models import ServicePoint
from weatherhead.areas.premises.queries import ServicePointFacts, service_point_facts
from weatherhead.areas.records.database import chunks
from weatherhead.areas.records.text import fold
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
    """A service agreement, where it is, and whether another system billed it before."""

    agreement: AgreementFacts
    point: ServicePointFacts
    has_former: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class FormerPeriodFacts:
    """What another system billed for an agreement, `[start_on, end_on)`; `amount_cents` as billed, taxes included."""

    period_id: int
    agreement_id: int
    start_on: date
    end_on: date
    energy_wh: int
    demand_w_max: int | None
    estimated: bool
    billed_on: date
    bill_number: str
    amount_cents: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TermsFacts:
    """A schedule with its options, in force at an agreement in `[start_on, end_on)`."""

    start_on: date
    end_on: date | None
    schedule: str
    options: Mapping[str, str]


def terms_of(agreements: Iterable[AgreementFacts]) -> dict[int, tuple[TermsFacts, ...]]:
    """The terms of some agreements, oldest first: corrections may have dated earlier ones; the last is the present."""
    wanted = list(agreements)
    found: dict[int, list[TermsFacts]] = {item.agreement_id: [] for item in wanted}
    # Every correction gives its agreement another version.
    for chunk in chunks(sorted(item.agreement_id for item in wanted if item.version > 1)):
        rows = AgreementTerms.objects.filter(agreement_id__in=chunk, replaced_receipt_id__isnull=True)
        for row in rows.order_by("agreement_id", "start_on"):
            found[row.agreement_id].append(
                TermsFacts(start_on=row.start_on, end_on=row.end_on, schedule=row.schedule, options=row.options)
            )
    for item in wanted:
        dated = found[item.agreement_id]
        since_on = dated[-1].end_on if dated else item.start_on
        assert since_on is not None
        dated.append(TermsFacts(start_on=since_on, end_on=None, schedule=item.schedule, options=item.options))
    return {number: tuple(items) for number, items in found.items()}


def terms_on(terms: tuple[TermsFacts, ...], *, on: date) -> TermsFacts:
    """The terms in force on a day; the first ones hold before it, too."""
    return next((item for item in terms if item.end_on is None or on < item.end_on), terms[-1])


def former_periods(agreement_ids: Iterable[int]) -> dict[int, tuple[FormerPeriodFacts, ...]]:
    """What another system billed for some agreements, oldest first. Agreements without such a past are left out."""
    rows = FormerPeriod.objects.filter(agreement_id__in=list(agreement_ids)).order_by("agreement_id", "start_on")
    found: dict[int, list[FormerPeriodFacts]] = {}
    for row in rows:
        facts = FormerPeriodFacts(
            period_id=row.pk,
            agreement_id=row.agreement_id,
            start_on=row.start_on,
            end_on=row.end_on,
            energy_wh=row.energy_wh,
            demand_w_max=row.demand_w_max,
            estimated=row.estimated,
            billed_on=row.billed_on,
            bill_number=row.bill_number,
            amount_cents=row.amount_cents,
        )
        found.setdefault(row.agreement_id, []).append(facts)
    return {agreement_id: tuple(items) for agreement_id, items in found.items()}


def former_bills(account_id: int) -> QuerySet[FormerPeriod, Any]:
    """What another system billed an account, as rows that billing puts beside its own in one query."""
    none = Cast(Value(None), BigIntegerField())
    return FormerPeriod.objects.filter(agreement__account_id=account_id).values(
        bill=none,
        number=F("bill_number"),
        sort=Value("former"),
        issued=F("billed_on"),
        due=F("billed_on"),
        total=F("amount_cents"),
        corrected=none,
        entry=none,
        start=F("start_on"),
        end=F("end_on"),
        energy=F("energy_wh"),
        guessed=Cast("estimated", IntegerField()),
        holds=Cast(Value(1), IntegerField()),
    )


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
    rows = rows.annotate(has_former=Exists(FormerPeriod.objects.filter(agreement_id=OuterRef("pk"))))
    found = sorted(rows, key=lambda row: (row.end_on is not None, -row.start_on.toordinal(), row.pk))
    return tuple(
        AgreementAt(agreement=_facts(row), point=service_point_facts(row.service_point), has_former=row.has_former)
        for row in found
    )


def agreements_by_start(account_ids: Iterable[int]) -> tuple[AgreementAt, ...]:
    """The same agreements, oldest first."""
    found = agreements_with_points_of(account_ids)
    return tuple(sorted(found, key=lambda item: (item.agreement.start_on, item.agreement.agreement_id)))


def agreements_at(service_point_ids: Iterable[int]) -> tuple[AgreementFacts, ...]:
    """The agreements at some service points, latest first."""
    rows = ServiceAgreement.objects.filter(service_point_id__in=list(service_point_ids)).order_by("-start_on", "-pk")
    return tuple(_facts(row) for row in rows)


def vacant_points(text: str, *, limit: int) -> tuple[ServicePointFacts, ...]:
    """Service points whose address holds every word and where nobody takes service now, by address."""
    open_here = ServiceAgreement.objects.filter(service_point_id=OuterRef("pk"), end_on__isnull=True)
    rows = ServicePoint.objects.select_related("premise").filter(~Exists(open_here))
    for word in fold(text).split():
        rows = rows.filter(premise__search_text__contains=word)
    return tuple(service_point_facts(row) for row in rows.order_by("premise__search_text", "pk")[:limit])


def premises_of_accounts(account_ids: Iterable[int]) -> tuple[int, ...]:
    """The premises that some accounts take or took service at."""
    rows = ServiceAgreement.objects.filter(account_id__in=list(account_ids))
    return tuple(
        rows.order_by("service_point__premise_id").values_list("service_point__premise_id", flat=True).distinct()
    )


def premises_by_account(account_ids: Iterable[int]) -> dict[int, frozenset[int]]:
    """The premises that each of some accounts takes or took service at; none for an account without service."""
    found: dict[int, frozenset[int]] = {}
    rows = ServiceAgreement.objects.filter(account_id__in=list(account_ids))
    for account_id, premise_id in rows.values_list("account_id", "service_point__premise_id"):
        found[account_id] = found.get(account_id, frozenset()) | {premise_id}
    return found


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
