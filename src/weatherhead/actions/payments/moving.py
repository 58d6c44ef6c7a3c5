"""What a payment in the wrong place did to late charges, and what puts it right."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Protocol

from weatherhead.actions.adjustments.adjustment import AdjustmentPlan, fee_entry, record_planned
from weatherhead.actions.credit.deposit_money import PAID as DEPOSIT_PAID
from weatherhead.actions.figures import Standing
from weatherhead.actions.payments.apply_credit import as_if_applied
from weatherhead.areas.billing.fees import Fee, NoSuchFee, fee
from weatherhead.areas.billing.late_charge_review import (
    Finding,
    History,
    Known,
    LateChargesOf,
    Made,
    Part,
    late_charges_of,
    review,
)
from weatherhead.areas.billing.late_charges import (
    LATE_CHARGE,
    MOVED,
    MOVED_OTHERWISE,
    LateCharge,
    LateCharges,
    NoLateCharges,
    late_charges,
)
from weatherhead.areas.billing.operations.adjustments import record_late_charge_days, record_late_charges
from weatherhead.areas.customers.queries import AccountFacts
from weatherhead.areas.ledger.queries import (
    TimelinePosting,
    WaitingMovement,
    entries,
    postings_for_timeline,
    waiting_movements_of,
)
from weatherhead.areas.payments.queries import MOVED as PAYMENT_MOVED
from weatherhead.areas.payments.queries import PaymentFacts, payments_of_account, same_money
from weatherhead.areas.payments.rules import ApplicationRules, application_rules
from weatherhead.core.ledger import Entry, EntryDraft, LedgerAccount, PostingRef, ReceivableMovement, reversal
from weatherhead.core.values import Change, Sentence, Unit, gettext_noop
from weatherhead.door.registry import Recording

_ALL = 2**31 - 1
_NOT_STORED = 2**60


def effective_on(on: date, *, first_open_on: date | None) -> date:
    """When something of a day counts: on that day, or on the first that is open where its own is closed."""
    return on if first_open_on is None else max(on, first_open_on)


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountHistory:
    """An account as far as its late charges go. `stored` are the entries of its late charges and their waivers.

    `again` are the payments that were reversed and whose money came to the account once more, out of suspense.
    """

    account: AccountFacts
    postings: tuple[TimelinePosting, ...]
    waiting: tuple[WaitingMovement, ...]
    payments: tuple[PaymentFacts, ...]
    again: frozenset[int]
    charges: LateChargesOf
    stored: Mapping[int, Entry]


@dataclass(frozen=True, slots=True, kw_only=True)
class LateChargeRules:
    """When a late charge is due, how much it is, and how long it may be paid; what waiting credit may settle."""

    rule: LateCharges
    fee: Fee
    due_days: int
    application: ApplicationRules | None


class Received(Protocol):
    """Money that came: on which day, and by which receipt it is known."""

    @property
    def paid_on(self) -> date:
        """The day from which it counts."""

    @property
    def receipt_id(self) -> int:
        """The receipt that told of it first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargePlan:
    """A late charge of a day on which the rule ran, with its entry."""

    charge: LateCharge
    on: date
    reason: str
    rule: str
    entry: EntryDraft


@dataclass(frozen=True, slots=True, kw_only=True)
class Corrections:
    """What becomes of an account's late charges: some are reversed, some made in the right amount, some only shown.

    `days` are those of which nothing is posted, and that count as such of a late charge from now on, or no longer.
    """

    account_id: int
    findings: tuple[Finding, ...]
    reversals: tuple[AdjustmentPlan, ...]
    charges: tuple[ChargePlan, ...]
    hidden: tuple[Finding, ...]  # not charged
    days: tuple[tuple[date, bool], ...] = ()

    @property
    def entries(self) -> tuple[EntryDraft, ...]:
        """In the order in which they are posted."""
        return (*(item.entry for item in self.reversals), *(item.entry for item in self.charges))

    @property
    def creates(self) -> dict[str, int]:
        """How many rows they insert, by table."""
        made = {"billing_adjustment": len(self.reversals) + len(self.charges), "billing_latechargeday": len(self.days)}
        return {table: count for table, count in made.items() if count}


def rules_of_late_charges(*, due_days: int) -> LateChargeRules | None:
    """The rules; None where there are no late charges."""
    try:
        return LateChargeRules(
            rule=late_charges(), fee=fee(LATE_CHARGE), due_days=due_days, application=application_rules()
        )
    except (NoLateCharges, NoSuchFee):
        return None


def histories_of(accounts: Iterable[AccountFacts], *, since: int) -> tuple[AccountHistory, ...]:
    """Read what happened on accounts; `since` is the receipt of the mistake."""
    found = []
    for account in accounts:
        charges = late_charges_of(account.account_id, cycle=account.cycle, since=since)
        payments = payments_of_account(account.account_id, limit=_ALL)
        found.append(
            AccountHistory(
                account=account,
                postings=postings_for_timeline(account.account_id),
                waiting=waiting_movements_of(account.account_id),
                payments=payments,
                again=_again(payments),
                charges=charges,
                stored={item.entry_id: item for item in entries(charges.entry_ids)},
            )
        )
    return tuple(found)


def _again(payments: Sequence[PaymentFacts]) -> frozenset[int]:
    """Those whose money came once more; only what was reversed, and did not go elsewhere, can."""
    reversed_here = {item.payment_id for item in payments if item.reversed_on and item.reversal_reason != PAYMENT_MOVED}
    return same_money(item.payment_id for item in payments) & reversed_here if reversed_here else frozenset()


def right_history(
    found: AccountHistory,
    *,
    leaving: Collection[int],
    arriving: Sequence[tuple[Received, EntryDraft]],
    undone: Collection[int] = (),
) -> History:
    """What would have happened on an account if payments had always been where they are, or come, now.

    Payments `leaving` never were there, nor were those whose money came there again: it counts once. Those `arriving`
    came on their day as their entries say, known as they were where they came first. Entries `undone` with them count
    as little: what they recovered of write-offs, or put on deposits. Late charges since the mistake are left out:
    `review` says what is right of them.
    """
    not_there = found.again.union(leaving)
    gone = {number for item in found.payments if _is_gone(item, leaving=not_there) for number in _entries_of(item)}
    gone.update(undone)
    gone |= _on_deposits(found.postings, gone=gone)
    paid = {item.entry_id: item for item in found.payments}
    waited = [
        (item.cents, paid[item.entry_id].receipt_id if item.entry_id in paid else item.receipt_id)
        for item in found.waiting
        if item.entry_id not in gone
    ]
    waited += [
        (-posting.amount_cents, item.receipt_id)
        for item, entry in arriving
        for posting in entry.postings
        if posting.ledger_account == LedgerAccount.UNAPPLIED_CREDIT
    ]
    known = [
        _known(
            posting,
            payment=paid.get(posting.ref.entry_id),
            since=found.charges.known_since.get(posting.ref.entry_id, posting.receipt_id or 0),
        )
        for posting in found.postings
        if posting.ref.entry_id not in gone and posting.ref.entry_id not in found.charges.entry_ids
    ]
    known += [
        Known(
            movement=ReceivableMovement(
                ref=PostingRef(entry_id=_NOT_STORED + place, sequence=sequence),
                effective_on=item.paid_on,
                amount_cents=posting.amount_cents,
                charge=posting.charge,
                matches=posting.matches,
            ),
            since=item.receipt_id,
        )
        for place, (item, entry) in enumerate(arriving)
        for sequence, posting in enumerate(entry.postings, 1)
        if posting.ledger_account == LedgerAccount.RECEIVABLE
    ]
    return History(known=tuple(known), waited=tuple(waited))


def _on_deposits(postings: Sequence[TimelinePosting], *, gone: Collection[int]) -> set[int]:
    """The entries that put money which was not there on deposits, and those that took it off again with it."""
    put = {
        item.ref.entry_id
        for item in postings
        if item.kind == DEPOSIT_PAID and item.matches is not None and item.matches.entry_id in gone
    }
    return put.union(item.ref.entry_id for item in postings if item.reverses_id in put)


def _is_gone(item: PaymentFacts, *, leaving: Collection[int]) -> bool:
    return item.payment_id in leaving or item.reversal_reason == PAYMENT_MOVED


def _entries_of(item: PaymentFacts) -> tuple[int, ...]:
    return (item.entry_id,) if item.reversal_entry_id is None else (item.entry_id, item.reversal_entry_id)


def _known(posting: TimelinePosting, *, payment: PaymentFacts | None, since: int) -> Known:
    """A payment is known since it was received, wherever it was then, and counts from its own day."""
    return Known(
        movement=ReceivableMovement(
            ref=posting.ref,
            effective_on=payment.paid_on if payment else posting.effective_on,
            amount_cents=posting.amount_cents,
            charge=posting.charge,
            due_on=posting.due_on,
            matches=posting.matches,
        ),
        since=payment.receipt_id if payment else since,
    )


def corrections(
    found: AccountHistory,
    history: History,
    *,
    rules: LateChargeRules,
    charge_hidden: bool,
    first_open_on: date | None,
) -> Corrections:
    """What the rule says of an account's late charges now that its payments are right. Pure.

    What was charged and is not due is reversed, with its waivers; what is due in a smaller amount is reversed and
    charged so; what is due and was not charged is shown, and charged only if that is asked for; what an earlier move
    took back, and is due after all, is charged again.

    Raises:
        RuleNotInForce: as they say.
    """
    account_id = found.account.account_id

    def applied(
        movements: tuple[ReceivableMovement, ...], *, waits_cents: int, on: date
    ) -> tuple[ReceivableMovement, ...]:
        standing = Standing(account_id=account_id, movements=movements)
        return as_if_applied(standing, waits_cents=waits_cents, rules=rules.application, on=on).movements

    findings = review(
        history,
        found.charges,
        account_id=account_id,
        fee=rules.fee,
        rule=rules.rule,
        due_days=rules.due_days,
        as_if_applied=applied,
    )
    changed = [item for item in findings if item.is_put_right(charge_hidden=charge_hidden)]
    return Corrections(
        account_id=account_id,
        findings=findings,
        reversals=tuple(
            plan
            for item in changed
            if item.made is not None and not item.made.settled
            for plan in _reversals(item, made=item.made, found=found, first_open_on=first_open_on)
        ),
        charges=tuple(
            _charge(item, right=item.right, found=found, rules=rules, first_open_on=first_open_on)
            for item in changed
            if item.right is not None and item.rest_cents
        ),
        hidden=tuple(item for item in findings if item.hidden_cents and item not in changed),
        days=tuple(
            (item.on, item.counts) for item in findings if item not in changed and item.counts is not item.counted
        ),
    )


def _reversals(
    item: Finding, *, made: Made, found: AccountHistory, first_open_on: date | None
) -> Iterable[AdjustmentPlan]:
    """The charge and every waiver of it, undone on the days on which they counted."""
    reason = MOVED if item.right is None else MOVED_OTHERWISE
    for part in (made.charge, *made.waivers):
        yield _undone(part, found=found, reason=reason, rule=made.rule, first_open_on=first_open_on)


def _undone(part: Part, *, found: AccountHistory, reason: str, rule: str, first_open_on: date | None) -> AdjustmentPlan:
    stored = found.stored[part.entry_id]
    on = effective_on(stored.draft.effective_on, first_open_on=first_open_on)
    return AdjustmentPlan(
        account_id=found.account.account_id,
        kind="reversal",
        charge=LATE_CHARGE,
        amount_cents=-part.amount_cents,
        reason=reason,
        note="",
        rule=rule,
        entry=reversal(stored, effective_on=on, reason=reason),
        reverses_id=part.adjustment_id,
    )


def _charge(
    item: Finding, *, right: LateCharge, found: AccountHistory, rules: LateChargeRules, first_open_on: date | None
) -> ChargePlan:
    """What is right of a late charge and not waived: due when it would have been."""
    on = effective_on(item.on, first_open_on=first_open_on)
    due_on = item.on + timedelta(days=rules.due_days)
    account_id = found.account.account_id
    return ChargePlan(
        charge=LateCharge(
            account_id=account_id,
            bearing_cents=right.bearing_cents,
            amount_cents=item.rest_cents,
            arithmetic=right.arithmetic,
        ),
        on=item.on,
        reason=MOVED,
        rule=rules.fee.rule.code,
        entry=fee_entry(
            account_id=account_id,
            charge=LATE_CHARGE,
            amount_cents=item.rest_cents,
            reason=MOVED,
            effective_on=on,
            due_days=(due_on - on).days,
        ),
    )


def late_charge_changes(one: Corrections, *, number: str, charge_hidden: bool) -> list[Change]:
    """What becomes of each late charge, for people: reversed, charged, or only shown."""
    found = []
    for item in one.findings:
        said = {"on": item.on, "number": number}
        if item.is_put_right(charge_hidden=charge_hidden):
            found.append(
                Change(
                    code="late_charge",
                    label=Sentence(gettext_noop("Late charge of %(on)s, account %(number)s"), said),
                    unit=Unit.CENTS,
                    before=item.owed_cents if item.made else None,
                    after=item.rest_cents,
                )
            )
        elif item.hidden_cents:
            label = Sentence(gettext_noop("Late charge of %(on)s that the mistake hid, account %(number)s"), said)
            note = Sentence(gettext_noop("shown, not charged"))
            found.append(
                Change(
                    code="hidden_late_charge",
                    label=label,
                    unit=Unit.CENTS,
                    before=None,
                    after=item.hidden_cents,
                    note=note,
                )
            )
    return found


def record_corrections(one: Corrections, recording: Recording) -> None:
    """Post what becomes of an account's late charges, and note it."""
    for undone in one.reversals:
        record_planned(undone, recording)
    for item in one.charges:
        recording.entry_ids += record_late_charges(
            [item.charge],
            entries=[item.entry],
            charged_on=item.on,
            reason=item.reason,
            rule=item.rule,
            at=recording.moment.at,
            receipt_id=recording.receipt_id,
        )
    record_late_charge_days(one.days, account_id=one.account_id, receipt_id=recording.receipt_id)
