"""The refunds worklist: what is approved and not paid yet, what of it waits and why, and the latest runs."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from weatherhead.areas.credit.refund_files import PaidBack, files_of_run
from weatherhead.areas.credit.refunds import (
    PAYABLE,
    RefundFacts,
    RunFacts,
    checks_of_run,
    latest_refunds,
    open_refunds,
    refund_runs,
    tenders_of_run,
)
from weatherhead.areas.customers.queries import accounts
from weatherhead.areas.ledger.queries import balance_of
from weatherhead.areas.payments.queries import PaymentFacts, last_taken_back, payments_numbered
from weatherhead.areas.records.queries.receipts import NoSuchReceipt, receipt
from weatherhead.areas.retention.redaction import GONE
from weatherhead.core.values import Refusal, Sentence, gettext_noop
from weatherhead.door.jobs import Grant
from weatherhead.door.registry import registry
from weatherhead.door.stored import stored_sentence
from weatherhead.overviews.account.timeline import refund_state
from weatherhead.overviews.preview import DoneView

ACTIONS = ("release_refund", "void_refund_check", "cancel_refund", "issue_refunds", "clear_refund_checks")
"""Whose job grants one of them follows refunds."""
ON_ALL = ("issue_refunds", "clear_refund_checks")
ROWS_SHOWN = 200
RUNS_SHOWN = 8
PAID_DAYS = 30
FILTERS = ("open", "waiting", "paid")


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundRow:
    """A refund of the list."""

    refund: RefundFacts
    account_number: str  # empty: no account, it was in suspense
    state: Sentence
    waits: bool
    held: bool  # until a day, after a change of address
    owed_cents: int  # what its account owes since its payment was taken back; 0: nothing was, or nothing is owed
    tender_gone: bool  # what it was to go back to came back itself


@dataclass(frozen=True, slots=True, kw_only=True)
class Likeness:
    """An earlier refund that the chosen one looks like."""

    refund_id: int
    on: date
    amount_cents: int
    same: Sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What may be done, and where it is asked."""

    name: str
    title: Sentence
    query: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundsOverview:
    """The list, the chosen refund with what speaks against paying it, and the runs."""

    filter: str
    rows: tuple[RefundRow, ...]
    open_cents: int
    open_count: int
    waiting_count: int
    chosen: RefundRow | None
    like: tuple[Likeness, ...]
    asked_by: str
    approved_by: str
    offers: tuple[Offer, ...]
    runs: tuple[RunFacts, ...]
    as_of: date


class PayeesDisposedOf(Refusal):
    """Names and addresses went by the rule of retention."""

    template = gettext_noop(
        "Whom refund run %(number)s went to was disposed of by the rule of retention, so its files cannot be written "
        "any more. Its manifest and what was posted stand: weatherhead refunds runs --json"
    )


class RunChanged(Refusal):
    """The files are not those that were made."""

    template = gettext_noop("Refund run %(number)s is not what was made; nothing was written. Restore from the backup.")


def may_follow_refunds(grant: Grant) -> bool:
    """Whether a job has to do with refunds: they show whom money goes to."""
    return not set(ACTIONS).isdisjoint(grant.actions)


def refunds_overview(*, shown: str, chosen: int | None, grant: Grant, as_of: date) -> RefundsOverview:
    """Compose the worklist. `shown` is one of `FILTERS`; anything else shows what is open."""
    kind = shown if shown in FILTERS else "open"
    pending = open_refunds(limit=ROWS_SHOWN)
    owed, gone = uncovered(pending), tenders_gone(pending)
    waiting = tuple(item for item in pending if item.waits(as_of=as_of) or item.refund_id in {*owed, *gone})
    found = {"open": pending, "waiting": waiting}.get(kind)
    if found is None:
        found = tuple(item for item in latest_refunds(limit=ROWS_SHOWN) if _ended_lately(item, as_of=as_of))
    known = accounts({item.account_id for item in found if item.account_id is not None})
    rows = tuple(
        RefundRow(
            refund=item,
            account_number=known[item.account_id].number_grouped if item.account_id is not None else "",
            state=refund_state(item),
            waits=item.waits(as_of=as_of) or item.refund_id in {*owed, *gone},
            held=item.waits_for_a_day(as_of=as_of) and not item.waits_for_a_person,
            owed_cents=owed.get(item.refund_id, 0),
            tender_gone=item.refund_id in gone,
        )
        for item in found
    )
    row = next((item for item in rows if item.refund.refund_id == chosen), rows[0] if rows else None)
    asked_by, approved_by = _hands(row)
    return RefundsOverview(
        filter=kind,
        rows=rows,
        open_cents=sum(item.amount_cents for item in pending),
        open_count=len(pending),
        waiting_count=len(waiting),
        chosen=row,
        like=_likes(row),
        asked_by=asked_by,
        approved_by=approved_by,
        offers=_offers(row, grant=grant),
        runs=refund_runs(limit=RUNS_SHOWN),
        as_of=as_of,
    )


def uncovered(found: Iterable[RefundFacts]) -> dict[int, int]:
    """Refunds whose money is gone: what the account owes, by refund, where a payment was taken back since.

    One that is payable waits until its account owes nothing, or is cancelled. A bill that came since holds nothing up.
    """
    payable = [(item, item.account_id) for item in found if item.state == PAYABLE and item.account_id is not None]
    taken_back = last_taken_back(account_id for _, account_id in payable)
    gone = [pair for pair in payable if pair[1] in taken_back and taken_back[pair[1]] >= pair[0].refunded_on]
    owed = balance_of(account_id for _, account_id in gone)
    return {item.refund_id: owed[account_id] for item, account_id in gone if owed[account_id] > 0}


def tenders_gone(found: Iterable[RefundFacts]) -> frozenset[int]:
    """Refunds to a card or an account that took its money back itself since: it gets back no more than it paid.

    One is cancelled, and asked for again: then it goes by check.
    """
    aimed = {
        item.refund_id: item.tender_payment_id
        for item in found
        if item.state == PAYABLE and item.tender_payment_id is not None
    }
    if not aimed:
        return frozenset()
    gone = {item.payment_id for item in payments_numbered(aimed.values()) if item.returned_on is not None}
    return frozenset(refund_id for refund_id, payment_id in aimed.items() if payment_id in gone)


def paid_back(item: RefundFacts, *, paid: PaymentFacts) -> PaidBack:
    """A refund to a tender, and how the processor or the bank finds that: by the reference of its payment."""
    return PaidBack(refund=item, tender_kind=paid.tender_kind, reference=paid.reference or paid.check_number)


def files_of_refund_run(run: RunFacts) -> dict[str, bytes]:
    """The files of a run, by name, as it was made.

    Raises:
        PayeesDisposedOf: who its refunds went to was disposed of.
        RunChanged: they are not those that were made.
    """
    issued, ended = checks_of_run(run.run_id)
    back = tenders_of_run(run.run_id)
    known = {item.payment_id: item for item in payments_numbered(item.tender_payment_id or 0 for item in back)}
    tenders = tuple(paid_back(item, paid=known[item.tender_payment_id or 0]) for item in back)
    files = files_of_run(bank_account=run.bank_account, issued=issued, ended=ended, tenders=tenders)
    if {name: hashlib.sha256(content).hexdigest() for name, content in files.items()} == run.manifest["files"]:
        return files
    payees = {item.payee_name for item in (*issued, *ended)} | {item.payee_name for item in back}
    if GONE in payees:
        raise PayeesDisposedOf(number=run.number)
    raise RunChanged(number=run.number)


def _ended_lately(item: RefundFacts, *, as_of: date) -> bool:
    return item.ended_on is not None and item.ended_on >= as_of - timedelta(days=PAID_DAYS)


def _hands(row: RefundRow | None) -> tuple[str, str]:
    if row is None:
        return "", ""
    found = receipt(row.refund.receipt_id)
    return found.actor, found.approver


_SAME = {
    "payee_and_address": gettext_noop("the same payee at the same address"),
    "amount_and_payee": gettext_noop("the same amount to the same payee"),
    "amount_and_address": gettext_noop("the same amount to the same address"),
}


def _likes(row: RefundRow | None) -> tuple[Likeness, ...]:
    if row is None:
        return ()
    return tuple(
        Likeness(
            refund_id=item["refund"],
            on=date.fromisoformat(item["on"]),
            amount_cents=item["amount_cents"],
            same=Sentence(_SAME[item["same"]]),
        )
        for item in row.refund.hold_reasons
    )


def _offers(row: RefundRow | None, *, grant: Grant) -> tuple[Offer, ...]:
    """What this job may do with the chosen refund, then with all of them."""
    wanted: list[tuple[str, str]] = []
    if row is not None:
        item = row.refund
        if item.state == "payable":
            if item.waits_for_a_person:
                wanted.append(("release_refund", f"?refund={item.refund_id}"))
            wanted.append(("cancel_refund", f"?refund={item.refund_id}"))
        if item.state == "issued" and item.check_number is not None:
            wanted.append(("void_refund_check", f"?refund={item.refund_id}&check_number={item.check_number}"))
    wanted += [(name, "") for name in ON_ALL]
    return tuple(
        Offer(name=name, title=Sentence(registry.get(name).title), query=query)
        for name, query in wanted
        if name in grant.actions
    )


def refund_done_view(receipt_id: int) -> DoneView | None:
    """What was just done on this page, in a sentence; None for a receipt that there is not or of something else."""
    try:
        found = receipt(receipt_id)
    except NoSuchReceipt:
        return None
    body: Mapping[str, Any] = found.body
    if found.action not in ACTIONS:
        return None
    return DoneView(
        receipt_id=found.receipt_id,
        outcome=found.outcome,
        summary=stored_sentence(body["summary"]),
        as_of=found.as_of,
    )
