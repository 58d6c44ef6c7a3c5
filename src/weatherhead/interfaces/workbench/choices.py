"""What a form's field is chosen from: what an account holds, the fee book's and the rate book's entries."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.translation import gettext

from weatherhead.areas.billing.fees import fee, fee_book
from weatherhead.areas.billing.queries import (
    bills_of_account,
    fees_to_waive,
    held_exceptions_of_account,
)
from weatherhead.areas.customers.queries import cycles
from weatherhead.areas.metering.queries import reads_of_meter
from weatherhead.areas.payments.queries import payments_of_account
from weatherhead.areas.records.utility import current_utility
from weatherhead.areas.tariffs.queries import rate_book
from weatherhead.door.jobs import job_profiles
from weatherhead.door.registry import Action
from weatherhead.door.stored import stored_sentence
from weatherhead.interfaces.workbench.templatetags.desk import day, money, say
from weatherhead.overviews.account.page import AccountOverview

CHOICES_MAX = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class ChoiceLabel:
    """A choice with an amount and a word on it; the template lays it out."""

    title: str
    note: str = ""
    amount_cents: int | None = None

    def __str__(self) -> str:
        """For a select, which shows one line."""
        return self.title


Choices = Sequence[tuple[str, Any]]


def choices_of(action: Action[Any, Any, Any], name: str, *, account: AccountOverview | None) -> Choices | None:
    """The choices that an account, the fee book or the rate book holds for a field; None when anything may be typed."""
    if name == "reason" and action.name in {"waive_fee", "assess_fee"}:
        book = fee_book()
        reasons = book.waiver_reasons if action.name == "waive_fee" else book.fee_reasons
        return [(reason.code, gettext(reason.title)) for reason in reasons]
    if name == "charge":
        return [(item.charge, gettext(item.title)) for item in fee_book().fees]
    if name == "schedule":
        return [(code, f"{code}, {facts.schedule.name}") for code, facts in sorted(rate_book().items())]
    if name == "revenue_class":
        codes = [code for code in current_utility().ledger_accounts if code.startswith("revenue.")]
        return [(code.removeprefix("revenue."), code.removeprefix("revenue.").capitalize()) for code in codes]
    if name == "job":
        return [("", "—"), *((job, gettext(profile.title)) for job, profile in sorted(job_profiles().items()))]
    if name == "cycle" and action.name == "start_bill_run":
        return _cycle_choices()
    if account is None:
        return None
    if name == "read_id" and action.name == "correct_read":
        return _accepted_reads(account)
    if name == "agreement_id" and action.name == "correct_bills":
        return [("", gettext("Every service")), *_agreements(account)]
    if name == "agreement_id" and action.name in {"end_service", "move_service"}:
        return _agreements(account, in_force=True)
    if name == "payment_id" and action.name == "return_payment":
        return _payments(account, but_not="cash")
    maker = _OF_ACCOUNT.get(name)
    return maker(account) if maker else None


def _cycle_choices() -> Choices:
    return [("", gettext("Every cycle")), *((str(cycle), str(cycle)) for cycle in cycles())]


def _fees(account: AccountOverview) -> Choices:
    return [
        (
            str(item.adjustment_id),
            ChoiceLabel(
                title=gettext("%(title)s of %(on)s")
                % {"title": fee(item.charge).title, "on": day(item.adjusted_on, account.as_of)},
                note=item.note if item.note != money(item.left_cents) else "",
                amount_cents=item.left_cents,
            ),
        )
        for item in fees_to_waive(account.account_id)[:CHOICES_MAX]
    ]


def _payments(account: AccountOverview, *, but_not: str = "") -> Choices:
    latest = payments_of_account(account.account_id, limit=CHOICES_MAX)
    standing = [item for item in latest if item.reversed_on is None and item.tender_kind != but_not]
    return [
        (str(item.payment_id), f"{day(item.paid_on, account.as_of)}, {money(item.amount_cents)}, {item.tender_kind}")
        for item in standing
    ]


def _bills(account: AccountOverview) -> Choices:
    active = [item for item in bills_of_account(account.account_id, limit=CHOICES_MAX) if item.active]
    return [(str(item.bill_id), f"{day(item.issued_on, account.as_of)}, {money(item.total_cents)}") for item in active]


def _exceptions(account: AccountOverview) -> Choices:
    return [
        (str(item.exception_id), say(stored_sentence(item.detail)))
        for item in held_exceptions_of_account(account.account_id)
    ]


def _agreements(account: AccountOverview, *, in_force: bool = False) -> Choices:
    return [
        (str(item.agreement_id), f"{item.address}, {item.schedule_name}")
        for item in account.services
        if not (in_force and item.ended_on)
    ]


def _reads(account: AccountOverview) -> Choices:
    return [
        (str(item.read_id), f"{day(item.read_on, account.as_of)}: {item.dial_reading:,}") for item in account.held_reads
    ]


def _accepted_reads(account: AccountOverview) -> Choices:
    reads = [
        read
        for item in account.services
        if item.meter_id is not None
        for read in reads_of_meter(item.meter_id)
        if read.state == "accepted" and item.started_on <= read.read_on <= (item.ended_on or date.max)
    ]
    reads.sort(key=lambda item: item.read_on, reverse=True)
    return [
        (str(item.read_id), f"{day(item.read_on, account.as_of)}: {item.dial_reading:,}, {item.serial}")
        for item in reads[:CHOICES_MAX]
    ]


def _meters(account: AccountOverview) -> Choices:
    return [(item.meter_serial, item.meter_serial) for item in account.services if item.meter_serial]


_OF_ACCOUNT: Mapping[str, Callable[[AccountOverview], Choices]] = {
    "adjustment_id": _fees,
    "payment_id": _payments,
    "bill_id": _bills,
    "exception_id": _exceptions,
    "agreement_id": _agreements,
    "read_id": _reads,
    "meter": _meters,
}
