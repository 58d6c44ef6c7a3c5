"""What a form's field is chosen from: what an account holds, the fee book's and the rate book's entries."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.translation import gettext

from weatherhead.areas.billing.adjustment_types import adjustment_types, title_of
from weatherhead.areas.billing.fees import fee, fee_book
from weatherhead.areas.billing.queries import (
    adjustments_to_reverse,
    bills_of_account,
    fees_to_waive,
    held_exceptions_of_account,
)
from weatherhead.areas.credit.deposit_rules import deposit_book
from weatherhead.areas.customers.consents import consents_in_force
from weatherhead.areas.customers.queries import cycles
from weatherhead.areas.metering.queries import reads_of_meter
from weatherhead.areas.payments.drawers import Undeposited, batches_waiting, closed_drawers_waiting
from weatherhead.areas.payments.queries import PaymentFacts, payments_of_account
from weatherhead.areas.records.utility import current_utility
from weatherhead.areas.tariffs.queries import rate_book
from weatherhead.door.jobs import job_profiles
from weatherhead.door.registry import Action
from weatherhead.door.stored import stored_sentence
from weatherhead.interfaces.workbench.templatetags.desk import day, money, say
from weatherhead.overviews.account.page import AccountOverview
from weatherhead.overviews.money import KINDS as TENDERS

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


def choices_of(
    action: Action[Any, Any, Any], name: str, *, account: AccountOverview | None, jobs: tuple[str, ...] = ()
) -> Choices | None:
    """The choices that an account, the fee book or the rate book holds for a field; None when anything may be typed."""
    if name == "reason" and action.name in {"waive_fee", "assess_fee"}:
        book = fee_book()
        reasons = book.waiver_reasons if action.name == "waive_fee" else book.fee_reasons
        return [(reason.code, gettext(reason.title)) for reason in reasons]
    if action.name == "post_adjustment" and name in {"type", "reason"}:
        return _adjustments(name, account=account, jobs=jobs)
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
    if name == "reason" and action.name == "assess_deposit":
        return [(reason.code, gettext(reason.title)) for reason in deposit_book().reasons]
    if name in {"drawer_ids", "batch_ids"}:
        return _waiting(closed_drawers_waiting() if name == "drawer_ids" else batches_waiting())
    if account is None:
        return None
    if name == "payment_id" and action.name == "pay_deposit":
        return [("", gettext("What the account has in its favor")), *_payments(account)]
    if name == "read_id" and action.name == "correct_read":
        return _accepted_reads(account)
    if name == "consent_id":
        return _consents(account, for_whom=action.name == "prepare_statement")
    if name == "kind" and action.name == "prepare_statement":
        return _summary_kinds(account)
    if name == "agreement_id" and action.name == "correct_bills":
        return [("", gettext("Every service")), *_agreements(account)]
    if name == "agreement_id" and action.name in {"end_service", "move_service"}:
        return _agreements(account, in_force=True)
    if name == "adjustment_id" and action.name == "reverse_adjustment":
        return _reversible(account)
    if name == "also_payments":
        return _payments(account)
    if name == "payment_id" and action.name == "return_payment":
        return _payments(account, but_not="cash")
    maker = _OF_ACCOUNT.get(name)
    return maker(account) if maker else None


def _waiting(found: Sequence[Undeposited]) -> Choices:
    """What waits for the bank: whose it is, and what it comes to."""
    return [
        (
            str(item.number),
            ChoiceLabel(
                title=f"{item.number}, {item.name}",
                note=gettext("Checks: %(count)s") % {"count": item.holds.checks},
                amount_cents=item.holds.cash_cents + item.holds.checks_cents,
            ),
        )
        for item in found
    ]


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


def _adjustments(name: str, *, account: AccountOverview | None, jobs: tuple[str, ...]) -> Choices:
    """The types that one's jobs may make, or the reasons of each, under its name."""
    if account is None:
        return []
    types = adjustment_types().by_hand(on=account.as_of, jobs=jobs)
    if name == "type":
        return [(item.code, gettext(item.title)) for item in types]
    return [(gettext(item.title), [(reason.code, gettext(reason.title)) for reason in item.reasons]) for item in types]


def _reversible(account: AccountOverview) -> Choices:
    return [
        (
            str(item.adjustment_id),
            ChoiceLabel(
                title=gettext("%(title)s of %(on)s")
                % {"title": gettext(title_of(item.charge)), "on": day(item.adjusted_on, account.as_of)},
                note=gettext("waiver") if item.kind == "waiver" else "",
                amount_cents=item.amount_cents,
            ),
        )
        for item in adjustments_to_reverse(account.account_id)[:CHOICES_MAX]
    ]


def _payments(account: AccountOverview, *, but_not: str = "") -> Choices:
    latest = payments_of_account(account.account_id, limit=CHOICES_MAX)
    standing = [item for item in latest if item.reversed_on is None and item.tender_kind != but_not]
    return [
        (
            str(item.payment_id),
            f"{day(item.paid_on, account.as_of)}, {money(item.amount_cents)}, {_tender(item)}",
        )
        for item in standing
    ]


def _tender(item: PaymentFacts) -> str:
    """What was paid with, as people tell one from another: check 2204."""
    kind = gettext(TENDERS[item.tender_kind]).lower()
    return f"{kind} {item.check_number}" if item.check_number else kind


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


def _consents(account: AccountOverview, *, for_whom: bool) -> Choices:
    """Those that somebody may be told on today; `for_whom`: the customer first, who needs none."""
    found = consents_in_force(account.customer_id, account_id=account.account_id, as_of=account.as_of)
    said = gettext("%(party)s, through %(last)s")
    listed: list[tuple[str, Any]] = [
        (str(item.consent_id), said % {"party": item.party_name, "last": day(item.last_on, account.as_of)})
        for item in found
    ]
    return [("", gettext("The customer")), *listed] if for_whom else listed


def _summary_kinds(account: AccountOverview) -> Choices:
    kinds = {
        "statement": gettext("Account statement"),
        "payment_history": gettext("Payment history, 24 months"),
        "yearly": gettext("Yearly summary, month by month"),
        "usage": gettext("Usage summary, 24 months"),
        "accounts": gettext("Statement of all accounts"),
    }
    return [(kind, title) for kind, title in kinds.items() if kind != "accounts" or account.other_accounts]


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
