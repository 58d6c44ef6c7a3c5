"""Put money on a deposit: a payment that came for it, or what the account has in its favor.

Money for a deposit comes in like any money, through drawers and files, as a payment on the account. This takes it out
of the receivable, linked to the payment so that ageing sets the two off, and holds it. See docs/decisions/0130.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Annotated

from weatherhead.actions.credit.deposit_money import CHARGE, PAID, counted, held_change, touched
from weatherhead.actions.figures import Standing, house_rule, money_changes, standing_of
from weatherhead.actions.inputs import Blankable, Number, OptionalCents
from weatherhead.areas.credit.operations import MovePlan, move_deposits
from weatherhead.areas.credit.queries import DepositFacts, MovementFacts, deposits_of_account, moved_of_payments
from weatherhead.areas.credit.write_offs import given_up_of
from weatherhead.areas.ledger.queries import entry
from weatherhead.areas.payments.operations import PaymentAlreadyReversed
from weatherhead.areas.payments.queries import PaymentFacts, payment
from weatherhead.core.ledger import Entry, EntryDraft, LedgerAccount, Posting, PostingRef, age
from weatherhead.core.values import Refusal, Sentence, format_cents, gettext_noop
from weatherhead.door.context import Actor, Moment
from weatherhead.door.proposal import Proposal
from weatherhead.door.registry import Action, Recording, registry


class NothingLeftToPay(Refusal):
    """No deposit waits for money."""

    template = gettext_noop("No deposit is asked for on this account, or it is paid in full.")


class NoMoneyForDeposit(Refusal):
    """Nothing there to hold."""

    template = gettext_noop("The account has nothing in its favor. Take the payment first, then choose it here.")


class MoreThanThere(Refusal):
    """More than the payment or the credit, or than is asked for."""

    template = gettext_noop("Only $%(most)s can be put on the deposit. Enter at most that.")


class PaymentGoesByARule(Refusal):
    """What its money pays is not for anybody to choose."""

    template = gettext_noop(
        "Payment %(payment)s pays what the rule of its money says, and no deposit. Choose another one, or the credit."
    )


class PaymentOfAnotherAccount(Refusal):
    """The payment paid somebody else's account."""

    template = gettext_noop("Payment %(payment)s is not on this account. Choose one that is.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """The account; the payment whose money it is, or else the account's credit; without an amount all that fits."""

    account_id: Number
    payment_id: Annotated[Number | None, Blankable] = None
    amount_cents: OptionalCents = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The account's deposits and receivable; what was written off of it and not paid since; the payment, its entry, and
    what of it lies on deposits already.
    """

    deposits: tuple[DepositFacts, ...]
    standing: Standing
    given_up_cents: int
    payment: PaymentFacts | None
    entry: Entry | None
    moved: tuple[MovementFacts, ...]
    as_of: date


def locks(inputs: Inputs) -> tuple[int, ...]:
    """The account."""
    return (inputs.account_id,)


def gather(inputs: Inputs, moment: Moment, _: Actor) -> Facts:
    """Read deposits, receivable and the payment."""
    found = payment(inputs.payment_id) if inputs.payment_id is not None else None
    return Facts(
        deposits=deposits_of_account(inputs.account_id),
        standing=standing_of(inputs.account_id),
        given_up_cents=given_up_of(inputs.account_id),
        payment=found,
        entry=entry(found.entry_id) if found is not None else None,
        moved=moved_of_payments([found.payment_id]) if found is not None else (),
        as_of=moment.as_of,
    )


def propose(facts: Facts, inputs: Inputs) -> Proposal[tuple[MovePlan, ...]]:
    """Debit the receivable, credit what is held, oldest deposit first.

    Raises:
        NothingLeftToPay, NoMoneyForDeposit, MoreThanThere, PaymentOfAnotherAccount, PaymentAlreadyReversed,
        PaymentGoesByARule: as they say.
    """
    wanting = [item for item in facts.deposits if item.left_cents > 0]
    if not wanting:
        raise NothingLeftToPay
    there_cents = _there(facts, account_id=inputs.account_id)
    if there_cents <= 0:
        raise NoMoneyForDeposit
    most = min(there_cents, sum(item.left_cents for item in wanting))
    amount_cents = most if inputs.amount_cents is None else inputs.amount_cents
    if amount_cents > most:
        raise MoreThanThere(most=format_cents(most))
    plans, left = [], amount_cents
    for item in wanting:
        part = min(left, item.left_cents)
        if part:
            plans.append(_plan(facts, deposit=item, cents=part, account_id=inputs.account_id))
        left -= part
    entries = tuple(plan.entry for plan in plans)
    said = {"amount": format_cents(amount_cents)}
    return Proposal(
        summary=Sentence(gettext_noop("$%(amount)s held as a deposit"), said),
        confirm=Sentence(gettext_noop("Hold $%(amount)s as a deposit"), said),
        plan=tuple(plans),
        account_ids=(inputs.account_id,),
        entries=entries,
        creates=counted(plans),
        updates=touched(plans, deposits=facts.deposits),
        changes=(
            *money_changes(facts.standing, entries=entries, as_of=facts.as_of),
            held_change(facts.deposits, plans, account_id=inputs.account_id),
        ),
        rules=(house_rule("deposits", "A deposit is held apart from what is owed and never ages"),),
    )


def _there(facts: Facts, *, account_id: int) -> int:
    """What may be held: what is left of the payment, or the account's credit. What was written off is paid first."""
    found = facts.payment
    credit_cents = age(facts.standing.movements, as_of=facts.as_of).credit_cents - facts.given_up_cents
    if found is None:
        return credit_cents
    if found.account_id != account_id:
        raise PaymentOfAnotherAccount(payment=found.payment_id)
    if found.reversed_on is not None:
        raise PaymentAlreadyReversed(payment=found.payment_id, on=found.reversed_on)
    came = _posting_of(facts.entry, account_id=account_id)
    if came is None or facts.entry is None or facts.entry.draft.postings[came.sequence - 1].matches is not None:
        raise PaymentGoesByARule(payment=found.payment_id)
    left_cents = found.amount_cents - sum(item.amount_cents for item in facts.moved)
    return min(left_cents, credit_cents) if facts.given_up_cents else left_cents


def _plan(facts: Facts, *, deposit: DepositFacts, cents: int, account_id: int) -> MovePlan:
    came = _posting_of(facts.entry, account_id=account_id)
    postings = (
        Posting(
            ledger_account=LedgerAccount.RECEIVABLE,
            amount_cents=cents,
            charge=CHARGE,
            account_id=account_id,
            due_on=facts.as_of if came is None else None,
            matches=came,
        ),
        Posting(ledger_account=LedgerAccount.DEPOSIT, amount_cents=-cents, charge=CHARGE, account_id=account_id),
    )
    return MovePlan(
        deposit_id=deposit.deposit_id,
        kind="paid",
        amount_cents=cents,
        moved_on=facts.as_of,
        entry=EntryDraft(kind=PAID, effective_on=facts.as_of, postings=postings),
        payment_id=facts.payment.payment_id if facts.payment is not None else None,
    )


def _posting_of(found: Entry | None, *, account_id: int) -> PostingRef | None:
    """The posting by which the payment came to the account; None where it waits for what its rule says."""
    if found is None:
        return None
    refs = (
        ref
        for ref, posting in found.referenced()
        if posting.ledger_account == LedgerAccount.RECEIVABLE and posting.account_id == account_id
    )
    return next(refs, None)


def record(proposal: Proposal[tuple[MovePlan, ...]], recording: Recording) -> None:
    """Post and note what is held.

    Raises:
        DepositMovedMeanwhile: a deposit was closed meanwhile.
    """
    recording.entry_ids += move_deposits(proposal.plan, at=recording.moment.at, receipt_id=recording.receipt_id)


ACTION = registry.add(
    Action(
        name="pay_deposit",
        title=gettext_noop("Put money on the deposit"),
        duty=4,
        on="account",
        inputs=Inputs,
        locks=locks,
        gather=gather,
        propose=propose,
        record=record,
        summary=gettext_noop("Holds a payment, or the account's credit, as the deposit that was asked for."),
    )
)
