"""Writes of service agreements."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from django.db import IntegrityError, transaction

from weatherhead.areas.agreements.models import AgreementCorrection, AgreementTerms, ServiceAgreement
from weatherhead.areas.agreements.queries import TermsFacts
from weatherhead.areas.records.canonical import Json
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """What is put right about an agreement, for the record: as it was, as it is, since when it is known, and why."""

    kind: str  # terms, dates, place
    before: Mapping[str, Json]
    after: Mapping[str, Json]
    corrected_on: date
    reason: str
    receipt_id: int


def correct_terms(*, agreement_id: int, version: int, terms: Sequence[TermsFacts], correction: Correction) -> None:
    """Give an agreement other dated terms, oldest first; the last are its present ones. What was is kept.

    Raises:
        AgreementChanged: it is no longer at `version`.
    """
    *dated, present = terms
    ends = [item.start_on for item in terms[1:]]
    held = ServiceAgreement.objects.filter(pk=agreement_id, version=version)
    if held.update(schedule=present.schedule, options=dict(present.options), version=version + 1) != 1:
        raise AgreementChanged
    standing = AgreementTerms.objects.filter(agreement_id=agreement_id, replaced_receipt_id__isnull=True)
    standing.update(replaced_receipt_id=correction.receipt_id)
    AgreementTerms.objects.bulk_create(
        AgreementTerms(
            agreement_id=agreement_id,
            start_on=item.start_on,
            end_on=end_on,
            schedule=item.schedule,
            options=dict(item.options),
            receipt_id=correction.receipt_id,
        )
        for item, end_on in zip(dated, ends, strict=True)
    )
    _remember(agreement_id, correction)


def correct_dates(
    *, agreement_id: int, version: int, start_on: date, end_on: date | None, correction: Correction
) -> None:
    """Give an agreement other days. What was is kept.

    Raises:
        AgreementChanged: it is no longer at `version`.
        ServicePointTaken: someone else takes service there by now.
    """
    held = ServiceAgreement.objects.filter(pk=agreement_id, version=version)
    try:
        with transaction.atomic():
            if held.update(start_on=start_on, end_on=end_on, version=version + 1) != 1:
                raise AgreementChanged
    except IntegrityError as error:
        raise ServicePointTaken(account="of someone else") from error
    _remember(agreement_id, correction)


def correct_places(moves: Sequence[tuple[int, int, int]], *, corrections: Sequence[Correction]) -> None:
    """Put agreements, given with their versions, at other service points, all at once. What was is kept.

    Raises:
        AgreementChanged: one is no longer at its version.
        ServicePointTaken: someone else takes service there by now.
    """
    ends = dict(ServiceAgreement.objects.filter(pk__in=[move[0] for move in moves]).values_list("pk", "end_on"))
    # A place has one open agreement at a time, so each steps aside for the moment of the exchange.
    for number, version, _ in moves:
        held = ServiceAgreement.objects.filter(pk=number, version=version)
        if held.update(end_on=date.max, version=version + 1) != 1:
            raise AgreementChanged
    try:
        with transaction.atomic():
            for number, _, place in moves:
                ServiceAgreement.objects.filter(pk=number).update(service_point_id=place, end_on=ends[number])
    except IntegrityError as error:
        raise ServicePointTaken(account="of someone else") from error
    for move, correction in zip(moves, corrections, strict=True):
        _remember(move[0], correction)


def _remember(agreement_id: int, correction: Correction) -> None:
    AgreementCorrection.objects.create(
        agreement_id=agreement_id,
        kind=correction.kind,
        before=dict(correction.before),
        after=dict(correction.after),
        corrected_on=correction.corrected_on,
        reason=correction.reason,
        receipt_id=correction.receipt_id,
    )


def load_agreements(rows: Iterable[tuple[int, int, int, str, str, str, str | None]]) -> None:
    """Create many agreements: number of the row, account, service point, schedule, options (JSON text), start, end."""
    columns = ("id", "account_id", "service_point_id", "schedule", "options", "start_on", "end_on", "version")
    bulk_insert(table="agreements_serviceagreement", columns=columns, rows=((*row, 1) for row in rows))


def load_former_periods(rows: Iterable[tuple[object, ...]]) -> None:
    """Record many periods that another system billed; the columns of a row are `FORMER_COLUMNS`."""
    bulk_insert(table="agreements_formerperiod", columns=FORMER_COLUMNS, rows=rows)
