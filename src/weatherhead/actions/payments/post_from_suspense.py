"""Post money from suspense to its account, as of the day on which it was received.

Late charges that were added because it lay in suspense are reversed, or made in the amount that is right, as where a
payment is moved; one that was due on another day instead is shown, and charged if that is asked for.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from weatherhead.actions.figures import Standing, house_rule, money_changes, standing_of
from weatherhead.actions.inputs import NeededNote, Number
from weatherhead.actions.payments.moving import (
    AccountHistory,
    Corrections,
    LateChargeRules,
    corrections,
    effective_on,
    histories_of,
    late_charge_changes,
    record_corrections,
    right_history,
    rules_of_late_charges,
)
from weatherhead.actions.payments.receiving import Directed, application_rule, payment_entry, waits_as_credit
from weatherhead.actions.payments.suspending import TenderCameBack, require_open
from weatherhead.areas.customers.queries import AccountFacts, account
from weatherhead.areas.ledger.books import first_open_on
from weatherhead.areas.ledger.queries import entry
from weatherhead.areas.payments.file_queries import SuspenseFacts, suspense_item
from weatherhead.areas.payments.operations.suspense import Resolution, post_item
from weatherhead.areas.payments.queries import payment, same_money
from weatherhead.areas.payments.rules import application_rules
from weatherhead.areas.records.utility import current_utility
from weatherhead.core.ledger import Entry, EntryDraft, reversal
from weatherhead.core.values import Sentence, format_cents, gettext_noop
from weatherhead.door.context import Actor, Moment
from weatherhead.door.proposal import Proposal
from weatherhead.door.registry import Action, Recording, registry


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """The item, the account that it is for, and how that is known.

    `charge_hidden` charges what was not charged, as money was not where it belongs, too.
    """

    suspense_item_id: Number
    account_id: Number
    note: NeededNote
    charge_hidden: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """Since when the money counts, and which receipt told of it."""

    paid_on: date
    receipt_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The item, the entry that put it into suspense, the account with its receivable and late charges, the rules of
    what money settles and of late charges, and the day.

    `before` are the payments that had this money before it was reversed into suspense.
    `first_open_on` is the first day of the books that is open; None where all are.
    """

    item: SuspenseFacts
    entry: Entry
    received: Known
    before: frozenset[int]
    account: AccountFacts
    standing: Standing
    directed: Directed
    history: AccountHistory
    rules: LateChargeRules | None
    first_open_on: date | None
    as_of: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The entry that undoes the one which put it into suspense, the payment's, and what becomes of late charges."""

    item_id: int
    account_id: int
    note: str
    out: EntryDraft
    payment: EntryDraft
    put_right: Corrections | None
    on: date


def locks(inputs: Inputs) -> tuple[int, ...]:
    """The account that is paid."""
    return (inputs.account_id,)


def gather(inputs: Inputs, moment: Moment, _: Actor) -> Facts:
    """Read the item and the account.

    Raises:
        NoSuchSuspenseItem, NoSuchAccount: for unknown numbers.
    """
    item, holder = suspense_item(inputs.suspense_item_id), account(inputs.account_id)
    standing = standing_of(inputs.account_id)
    told = payment(item.payment_id).receipt_id if item.payment_id is not None else item.receipt_id
    before = {item.payment_id} if item.payment_id is not None else set()
    [history] = histories_of([holder], since=told)
    return Facts(
        item=item,
        entry=entry(item.entry_id),
        received=Known(paid_on=item.received_on, receipt_id=told),
        before=same_money(before).union(before),
        account=holder,
        standing=standing,
        directed=Directed(rules=application_rules(), standings={inputs.account_id: standing}),
        history=history,
        rules=rules_of_late_charges(due_days=current_utility().billing.due_days),
        first_open_on=first_open_on(),
        as_of=moment.as_of,
    )


def propose(facts: Facts, inputs: Inputs) -> Proposal[Plan]:
    """Undo the entry that put it into suspense, pay the account, and put late charges right.

    Raises:
        SuspenseResolvedAlready, TenderCameBack: as they say.
    """
    item = facts.item
    require_open(item)
    if item.tender_returned_on is not None:
        raise TenderCameBack(on=item.tender_returned_on)
    # On the day on which it was put there: that day's bank stays what it was. Both after what is closed.
    put_on = effective_on(facts.entry.draft.effective_on, first_open_on=facts.first_open_on)
    out = reversal(facts.entry, effective_on=put_on, reason="posted from suspense")
    paid = _payment(facts, account_id=inputs.account_id)
    put_right = _corrections(facts, paid=paid, charge_hidden=inputs.charge_hidden)
    entries = (out, paid, *(put_right.entries if put_right is not None else ()))
    said = {
        "amount": format_cents(item.amount_cents),
        "on": item.received_on,
        "number": facts.account.number_grouped,
    }
    return Proposal(
        summary=Sentence(gettext_noop("$%(amount)s received on %(on)s posted from suspense to %(number)s"), said),
        confirm=Sentence(gettext_noop("Post $%(amount)s"), said),
        plan=Plan(
            item_id=item.item_id,
            account_id=inputs.account_id,
            note=inputs.note,
            out=out,
            payment=paid,
            put_right=put_right,
            on=facts.as_of,
        ),
        account_ids=(inputs.account_id,),
        entries=entries,
        creates={"payments_payment": 1} | (put_right.creates if put_right is not None else {}),
        updates={"payments_suspenseitem": 1},
        changes=(
            *money_changes(facts.standing, entries=entries, as_of=facts.as_of),
            *waits_as_credit((paid,), account=facts.account),
            *(
                late_charge_changes(put_right, number=facts.account.number_grouped, charge_hidden=inputs.charge_hidden)
                if put_right is not None
                else ()
            ),
        ),
        rules=(
            house_rule("suspense", "Money posted from suspense counts from the day on which it was received"),
            application_rule(facts.directed.rules, tenders=[item.tender_kind], on=item.received_on),
            *(
                (facts.rules.rule.rule,)
                if facts.rules is not None and put_right is not None and put_right.creates
                else ()
            ),
        ),
    )


def _payment(facts: Facts, *, account_id: int) -> EntryDraft:
    item = facts.item
    shares = facts.directed.shares(
        account_id=account_id,
        amount_cents=item.amount_cents,
        tender=item.tender_kind,
        paid_on=item.received_on,
        as_of=facts.as_of,
    )
    return payment_entry(
        account_id=account_id,
        amount_cents=item.amount_cents,
        tender=item.tender_kind,
        paid_on=effective_on(item.received_on, first_open_on=facts.first_open_on),
        shares=shares,
    )


def _corrections(facts: Facts, *, paid: EntryDraft, charge_hidden: bool) -> Corrections | None:
    """What the rule says of the account's late charges now that the money is there; None where it never ran since."""
    if facts.rules is None or not facts.history.charges.runs:
        return None
    known = right_history(facts.history, leaving=facts.before, arriving=[(facts.received, paid)])
    return corrections(
        facts.history, known, rules=facts.rules, charge_hidden=charge_hidden, first_open_on=facts.first_open_on
    )


def record(proposal: Proposal[Plan], recording: Recording) -> None:
    """Post it.

    Raises:
        SuspenseResolvedAlready: somebody was faster.
    """
    plan = proposal.plan
    payment_id, entry_ids = post_item(
        Resolution(item_id=plan.item_id, entry=plan.out, on=plan.on, by=recording.actor.name, note=plan.note),
        account_id=plan.account_id,
        payment=plan.payment,
        at=recording.moment.at,
        receipt_id=recording.receipt_id,
    )
    recording.made_one("payment", payment_id)
    recording.entry_ids += entry_ids
    if plan.put_right is not None:
        record_corrections(plan.put_right, recording)


ACTION = registry.add(
    Action(
        name="post_from_suspense",
        title=gettext_noop("Post money from suspense"),
        duty=4,
        on="suspense_item",
        inputs=Inputs,
        locks=locks,
        gather=gather,
        propose=propose,
        record=record,
        summary=gettext_noop(
            "Posts money whose account was unknown, dated as received; late charges that its absence caused are "
            "reversed."
        ),
    )
)
