"""Ask for a refund of a credit, or of a deposit. Whatever the amount, a second person approves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Literal

from weatherhead.actions.credit.deposit_money import NothingHeld, counted, held_change, interest_due, leaves, touched
from weatherhead.actions.figures import Standing, made, money_changes, standing_of
from weatherhead.actions.inputs import Note, Number, OptionalCents
from weatherhead.areas.agreements.queries import AgreementFacts, agreements_of_accounts
from weatherhead.areas.credit.deposit_rules import InterestRule, deposit_book
from weatherhead.areas.credit.operations import MovePlan
from weatherhead.areas.credit.operations.refunds import RefundPlan, record_refund
from weatherhead.areas.credit.queries import DepositFacts, deposits_of_account
from weatherhead.areas.credit.refund_rules import RefundRule, RefundVersion, refund_rule
from weatherhead.areas.credit.refunds import RefundFacts, mark_of, refunded_to_payments, refunds_like
from weatherhead.areas.credit.write_offs import WriteOffFacts, write_offs_of
from weatherhead.areas.customers.queries import AccountFacts, account
from weatherhead.areas.payments.queries import PaymentFacts, payments_of_account, payments_of_tender
from weatherhead.areas.records.queries.receipts import last_update_of
from weatherhead.core.ledger import EntryDraft, LedgerAccount, Posting, age
from weatherhead.core.values import Change, Refusal, Sentence, Unit, format_cents, gettext_noop
from weatherhead.door.context import Actor, Moment
from weatherhead.door.proposal import Proposal
from weatherhead.door.registry import Action, Recording, registry

CHARGE = "refund"
EVERY_REFUND = gettext_noop("Every refund is approved by a second person.")
PAYMENTS_READ = 50


class NoCredit(Refusal):
    """Nothing to refund."""

    template = gettext_noop("The account has nothing in its favor that can be refunded.")


class MoreThanTheCredit(Refusal):
    """A refund is never more than the credit."""

    template = gettext_noop("Only $%(credit)s can be refunded. Enter at most that.")


class RefundTooSmall(Refusal):
    """Too little to write a check for."""

    template = gettext_noop("A refund is at least $%(least)s; less stays on the account as a credit.")


class WholeDepositOnly(Refusal):
    """A deposit goes back whole."""

    template = gettext_noop("A deposit is refunded whole, with its interest. Leave the amount empty.")


class DepositSecures(Refusal):
    """Money that is owed, or was and is written off, comes before the deposit goes back."""

    template = gettext_noop("$%(owed)s is owed. Apply the deposit to it first; what is left is refunded.")


class DepositStillNeeded(Refusal):
    """Service goes on, and the rule gives deposits back by itself."""

    template = gettext_noop(
        "Service goes on at this account, so the deposit stays. Good history gives it back by itself: see the rule."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """Whose money, which, why; without an amount all of it."""

    account_id: Number
    source: Literal["credit", "deposit"] = "credit"
    reason: Literal["overpaid", "final_bill", "deposit_returned", "correction", "duplicate_payment"]
    amount_cents: OptionalCents = None
    note: Note = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The account and all of its money, what went back to tenders before, the rule, and what makes a refund wait."""

    account: AccountFacts
    standing: Standing
    deposits: tuple[DepositFacts, ...]
    agreements: tuple[AgreementFacts, ...]
    write_offs: tuple[WriteOffFacts, ...]
    payments: tuple[PaymentFacts, ...]
    refunded: Mapping[int, int]
    like: tuple[RefundFacts, ...]
    moved_on: date | None
    interest: InterestRule | None
    rule: RefundRule
    version: RefundVersion
    as_of: date


def locks(inputs: Inputs) -> tuple[int, ...]:
    """The account."""
    return (inputs.account_id,)


def gather(inputs: Inputs, moment: Moment, _: Actor) -> Facts:
    """Read the account, its money, and what speaks for waiting.

    Raises:
        NoRefundRules: the rule begins later.
    """
    found, as_of = account(inputs.account_id), moment.as_of
    rule, version = refund_rule(on=as_of)
    standing = standing_of(inputs.account_id)
    deposits = deposits_of_account(inputs.account_id) if inputs.source == "deposit" else ()
    payments = payments_of_account(inputs.account_id, limit=PAYMENTS_READ)
    return Facts(
        account=found,
        standing=standing,
        deposits=deposits,
        agreements=agreements_of_accounts([inputs.account_id]),
        write_offs=write_offs_of([inputs.account_id]).get(inputs.account_id, ()),
        payments=payments,
        refunded=_refunded(payments, version=version),
        like=refunds_like(
            payee_mark=mark_of([found.customer_name]),
            address_mark=mark_of(payee_lines(found)),
            since=as_of - timedelta(days=version.duplicate_days),
        ),
        moved_on=last_update_of(
            inputs.account_id, table="customers_account", since=as_of - timedelta(days=version.address_hold_days)
        ),
        interest=deposit_book().interest if deposits else None,
        rule=rule,
        version=version,
        as_of=as_of,
    )


def _refunded(payments: Sequence[PaymentFacts], *, version: RefundVersion) -> dict[int, int]:
    """What went back, or is about to, to each tender that refunds go to: of whichever of its payments."""
    tenders = {item.tender_id for item in payments if item.tender_kind in version.original_tenders}
    parts = {number: [item.payment_id for item in payments_of_tender(number)] for number in sorted(tenders)}
    back = refunded_to_payments(part for whole in parts.values() for part in whole)
    return {number: sum(back.get(part, 0) for part in whole) for number, whole in parts.items()}


def payee_lines(found: AccountFacts) -> tuple[str, ...]:
    """The mailing address as it stands on a check."""
    street = f"{found.mail_street}, {found.mail_unit}" if found.mail_unit else found.mail_street
    return street, f"{found.mail_city} {found.mail_state} {found.mail_postal_code}"


def propose(facts: Facts, inputs: Inputs) -> Proposal[RefundPlan]:
    """Take the money out of the credit or the deposit, to refunds payable.

    Raises:
        NoCredit, MoreThanTheCredit, RefundTooSmall, NothingHeld, WholeDepositOnly, DepositSecures, DepositStillNeeded:
            as they say.
    """
    if inputs.source == "deposit":
        move = _of_deposit(facts, inputs=inputs)
        entry, deposit_id = move.entry, move.deposit_id
        amount_cents = -move.entry.postings[-1].amount_cents
    else:
        move, deposit_id = None, None
        amount_cents = _of_credit(facts, inputs=inputs)
        entry = _credit_entry(inputs.account_id, cents=amount_cents, on=facts.as_of)
    if amount_cents < int(facts.version.at_least * 100):
        raise RefundTooSmall(least=format_cents(int(facts.version.at_least * 100)))
    tender = tender_for(
        facts.payments, cents=amount_cents, refunded=facts.refunded, version=facts.version, as_of=facts.as_of
    )
    plan = RefundPlan(
        account_id=inputs.account_id,
        deposit_id=deposit_id,
        amount_cents=amount_cents,
        method="check" if tender is None else "tender",
        tender_payment_id=tender.payment_id if tender is not None else None,
        payee_name=facts.account.customer_name,
        payee_lines=payee_lines(facts.account),
        reason=inputs.reason,
        refunded_on=facts.as_of,
        hold_until_on=hold_until(facts.moved_on, version=facts.version) if tender is None else None,
        hold_reasons=hold_reasons(
            facts.like, cents=amount_cents, name=facts.account.customer_name, lines=payee_lines(facts.account)
        ),
        entry=entry,
        move=move,
    )
    return _proposal(facts, plan=plan)


def _proposal(facts: Facts, *, plan: RefundPlan) -> Proposal[RefundPlan]:
    moves = [plan.move] if plan.move is not None else []
    said = {"amount": format_cents(plan.amount_cents), "how": Sentence(METHODS[plan.method])}
    account_id = facts.account.account_id
    held = (held_change(facts.deposits, moves, account_id=account_id),) if moves else ()
    rules = (facts.rule.rule, *((facts.interest.rule,) if facts.interest is not None else ()))
    return Proposal(
        summary=Sentence(gettext_noop("Refund of $%(amount)s %(how)s"), said),
        confirm=Sentence(gettext_noop("Refund $%(amount)s"), said),
        plan=plan,
        account_ids=(account_id,),
        entries=(plan.entry,),
        creates={"credit_refund": 1} | counted(moves),
        updates=touched(moves, deposits=facts.deposits),
        changes=(
            *money_changes(facts.standing, entries=(plan.entry,), as_of=facts.as_of),
            *held,
            made(gettext_noop("Pay to"), plan.payee_name, code="payee"),
            *waits(plan),
        ),
        rules=rules,
        authority_cents=plan.amount_cents,
        authority_account_id=account_id,
        needs_approval=Sentence(EVERY_REFUND),
    )


METHODS = {"check": gettext_noop("by check"), "tender": gettext_noop("to the card or account it was paid from")}


def _of_credit(facts: Facts, *, inputs: Inputs) -> int:
    """What of the credit is refunded. What was written off and paid after all is no credit: it is recovered first."""
    credit = age(facts.standing.movements, as_of=facts.as_of).credit_cents
    credit -= sum(item.left_cents for item in facts.write_offs)
    if credit <= 0:
        raise NoCredit
    wanted = credit if inputs.amount_cents is None else inputs.amount_cents
    if wanted > credit:
        raise MoreThanTheCredit(credit=format_cents(credit))
    return wanted


def _of_deposit(facts: Facts, *, inputs: Inputs) -> MovePlan:
    held = next((item for item in facts.deposits if item.held_cents > 0), None)
    if held is None or facts.interest is None:
        raise NothingHeld
    if inputs.amount_cents is not None:
        raise WholeDepositOnly
    if any(item.end_on is None for item in facts.agreements):
        raise DepositStillNeeded
    owed = facts.standing.balance_cents(as_of=facts.as_of) + sum(item.left_cents for item in facts.write_offs)
    if owed > 0:
        raise DepositSecures(owed=format_cents(owed))
    return leaves(
        held,
        kind="refunded",
        cents=held.held_cents,
        interest=interest_due(held, rule=facts.interest, through=facts.as_of),
        to=LedgerAccount.REFUNDS_PAYABLE,
        on=facts.as_of,
        closes="refunded",
    )


def _credit_entry(account_id: int, *, cents: int, on: date) -> EntryDraft:
    """The credit is used up by what is due on that very day."""
    return EntryDraft(
        kind="refund",
        effective_on=on,
        postings=(
            Posting(
                ledger_account=LedgerAccount.RECEIVABLE,
                amount_cents=cents,
                charge=CHARGE,
                account_id=account_id,
                due_on=on,
            ),
            Posting(ledger_account=LedgerAccount.REFUNDS_PAYABLE, amount_cents=-cents, charge=CHARGE),
        ),
    )


def tender_for(
    payments: Sequence[PaymentFacts], *, cents: int, refunded: Mapping[int, int], version: RefundVersion, as_of: date
) -> PaymentFacts | None:
    """The payment whose tender a refund goes back to: the latest that stands, is recent and is large enough, of a
    tender that got so much less back before (`refunded`, by tender) than it paid. Pure.
    """
    since = as_of - timedelta(days=version.original_within_days)
    return next(
        (
            item
            for item in payments
            if item.tender_kind in version.original_tenders
            and item.reversed_on is None
            and min(item.amount_cents, item.tender_cents - refunded.get(item.tender_id, 0)) >= cents
            and item.paid_on >= since
        ),
        None,
    )


def hold_until(moved_on: date | None, *, version: RefundVersion) -> date | None:
    """Until when a check waits because the mailing address was changed on a day. Pure."""
    return (
        None
        if moved_on is None or not version.address_hold_days
        else moved_on + timedelta(days=version.address_hold_days)
    )


def hold_reasons(
    like: Sequence[RefundFacts], *, cents: int, name: str, lines: tuple[str, ...]
) -> tuple[Mapping[str, Any], ...]:
    """Which earlier refunds this one looks like, and in what, for a person to look at. Pure."""
    return tuple(
        {
            "refund": item.refund_id,
            "on": item.refunded_on.isoformat(),
            "amount_cents": item.amount_cents,
            "same": _same(item, cents=cents, name=name, lines=lines),
        }
        for item in like
        if _same(item, cents=cents, name=name, lines=lines)
    )


def _same(item: RefundFacts, *, cents: int, name: str, lines: tuple[str, ...]) -> str:
    payee = mark_of([item.payee_name]) == mark_of([name])
    address = bool(lines) and mark_of(item.payee_lines) == mark_of(lines)
    if payee and address:
        return "payee_and_address"
    if item.amount_cents != cents:
        return ""
    return "amount_and_payee" if payee else "amount_and_address" if address else ""


def waits(plan: RefundPlan) -> tuple[Change, ...]:
    """What makes a refund wait, for people to see."""
    found = []
    if plan.hold_until_on is not None:
        found.append(
            made(gettext_noop("Address changed: waits until"), plan.hold_until_on, code="hold_until", unit=Unit.DATE)
        )
    if plan.hold_reasons:
        numbers = ", ".join(str(item["refund"]) for item in plan.hold_reasons)
        found.append(made(gettext_noop("Looks like refund"), numbers, code="duplicate"))
    return tuple(found)


def record(proposal: Proposal[RefundPlan], recording: Recording) -> None:
    """Record the refund and post it.

    Raises:
        DepositMovedMeanwhile: the deposit was closed meanwhile.
    """
    number, entry_id = record_refund(proposal.plan, at=recording.moment.at, receipt_id=recording.receipt_id)
    recording.made_one("refund", number)
    recording.entry_ids.append(entry_id)


ACTION = registry.add(
    Action(
        name="request_refund",
        title=gettext_noop("Refund a credit or a deposit"),
        duty=4,
        on="account",
        inputs=Inputs,
        locks=locks,
        gather=gather,
        propose=propose,
        record=record,
        summary=gettext_noop("Pays back a credit or a deposit to the original tender or by check, once approved."),
    )
)
