"""Apply a deposit, with its interest, to what the account owes. What is left of it stays held, to be refunded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from weatherhead.actions.credit.deposit_money import (
    NothingHeld,
    counted,
    held_change,
    interest_due,
    leaves,
    touched,
)
from weatherhead.actions.figures import Standing, money_changes, standing_of
from weatherhead.actions.inputs import Number
from weatherhead.areas.agreements.queries import AgreementFacts, agreements_of_accounts
from weatherhead.areas.billing.periods import billed_through
from weatherhead.areas.credit.deposit_rules import DepositBook, deposit_book
from weatherhead.areas.credit.operations import MovePlan, move_deposits
from weatherhead.areas.credit.queries import DepositFacts, deposits_of_account
from weatherhead.areas.credit.write_offs import given_up_of
from weatherhead.core.ledger import Ageing, LedgerAccount, age, asked_for
from weatherhead.core.values import Refusal, Sentence, format_cents, gettext_noop
from weatherhead.door.context import Actor, Moment
from weatherhead.door.proposal import Proposal
from weatherhead.door.registry import Action, Recording, registry


class ServiceGoesOn(Refusal):
    """A deposit secures service that goes on."""

    template = gettext_noop("Service goes on at this account. End it first: the deposit pays the final bill.")


class FinalBillToCome(Refusal):
    """The final bill is not out."""

    template = gettext_noop("The final bill is not made yet. Make it first; the deposit pays it.")


class NothingOwed(Refusal):
    """Nothing to pay."""

    template = gettext_noop("Nothing is owed. Refund the deposit instead.")


class OnlyInstallmentsOwed(Refusal):
    """Installments of a back-bill come due one by one."""

    template = gettext_noop(
        "Only installments are owed, $%(owed)s, the next due on %(on)s. The deposit pays each on its day. If the "
        "customer wants them paid now, choose so."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """The account; whether the customer wants a back-bill's installments paid that are due later, too."""

    account_id: Number
    installments_now: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Deposits, receivable and what was written off of it and not paid since; services and through which day they are
    billed; and the rules.
    """

    deposits: tuple[DepositFacts, ...]
    standing: Standing
    given_up_cents: int
    agreements: tuple[AgreementFacts, ...]
    billed: dict[int, date]
    book: DepositBook
    as_of: date


def locks(inputs: Inputs) -> tuple[int, ...]:
    """The account."""
    return (inputs.account_id,)


def gather(inputs: Inputs, moment: Moment, _: Actor) -> Facts:
    """Read deposits, receivable and services."""
    services = agreements_of_accounts([inputs.account_id])
    return Facts(
        deposits=deposits_of_account(inputs.account_id),
        standing=standing_of(inputs.account_id),
        given_up_cents=given_up_of(inputs.account_id),
        agreements=services,
        billed=billed_through(item.agreement_id for item in services),
        book=deposit_book(),
        as_of=moment.as_of,
    )


def propose(facts: Facts, inputs: Inputs) -> Proposal[tuple[MovePlan, ...]]:
    """Debit what is held, credit the receivable, oldest deposit first.

    Raises:
        NothingHeld, ServiceGoesOn, FinalBillToCome, NothingOwed, OnlyInstallmentsOwed: as they say.
    """
    if not any(item.held_cents for item in facts.deposits):
        raise NothingHeld
    require_final(facts.agreements, billed=facts.billed)
    found = age(facts.standing.movements, as_of=facts.as_of)
    owed_cents = secured_cents(
        found, given_up_cents=facts.given_up_cents, installments_now=inputs.installments_now, as_of=facts.as_of
    )
    plans = plan_applied(facts.deposits, owed_cents=owed_cents, book=facts.book, as_of=facts.as_of)
    if not plans and found.open_items:
        raise OnlyInstallmentsOwed(owed=format_cents(found.balance_cents), on=found.open_items[0].due_on)
    if not plans:
        raise NothingOwed
    entries = tuple(plan.entry for plan in plans)
    said = {"amount": format_cents(-sum(plan.amount_cents for plan in plans))}
    return Proposal(
        summary=Sentence(gettext_noop("Deposit of $%(amount)s applied to what is owed"), said),
        confirm=Sentence(gettext_noop("Apply $%(amount)s of the deposit"), said),
        plan=plans,
        account_ids=(inputs.account_id,),
        entries=entries,
        creates=counted(plans),
        updates=touched(plans, deposits=facts.deposits),
        changes=(
            *money_changes(facts.standing, entries=entries, as_of=facts.as_of),
            held_change(facts.deposits, plans, account_id=inputs.account_id),
        ),
        rules=(facts.book.interest.rule,),
    )


def require_final(agreements: Sequence[AgreementFacts], *, billed: dict[int, date]) -> None:
    """See that service has ended everywhere, and is billed to its end.

    Raises:
        ServiceGoesOn, FinalBillToCome: it has not, or is not.
    """
    for item in agreements:
        if item.end_on is None:
            raise ServiceGoesOn
        if billed.get(item.agreement_id, date.min) < item.end_on:
            raise FinalBillToCome


def secured_cents(found: Ageing, *, given_up_cents: int, as_of: date, installments_now: bool = False) -> int:
    """What a former customer's deposit pays: all that is asked for, then what was written off and not paid since.

    A back-bill's installments keep the months that the rule gives them, unless the customer wants them paid now: what
    is left of the deposit is held meanwhile, earns interest, and pays each on its day. Shared with the nightly action.
    """
    items = found.open_items if installments_now else asked_for(found.open_items, as_of=as_of)
    return sum(item.open_cents for item in items) + max(given_up_cents - found.credit_cents, 0)


def plan_applied(
    deposits: Sequence[DepositFacts], *, owed_cents: int, book: DepositBook, as_of: date
) -> tuple[MovePlan, ...]:
    """What of some deposits, each with its interest until today, pays what is owed. Shared with the nightly action."""
    plans: list[MovePlan] = []
    for item in deposits:
        if owed_cents <= 0 or item.held_cents <= 0:
            continue
        interest = interest_due(item, rule=book.interest, through=as_of)
        earned = interest.amount_cents if interest is not None else 0
        cents = min(item.held_cents, max(owed_cents - earned, 0))
        if not cents + earned:
            continue
        plans.append(
            leaves(
                item,
                kind="applied" if cents else "interest",
                cents=cents,
                interest=interest,
                to=LedgerAccount.RECEIVABLE,
                on=as_of,
                closes="final_bill" if cents == item.held_cents else "",
            )
        )
        owed_cents -= cents + earned
    return tuple(plans)


def record(proposal: Proposal[tuple[MovePlan, ...]], recording: Recording) -> None:
    """Post and note it.

    Raises:
        DepositMovedMeanwhile: a deposit was closed meanwhile.
    """
    recording.entry_ids += move_deposits(proposal.plan, at=recording.moment.at, receipt_id=recording.receipt_id)


ACTION = registry.add(
    Action(
        name="apply_deposit",
        title=gettext_noop("Apply the deposit to the final bill"),
        duty=4,
        on="account",
        inputs=Inputs,
        locks=locks,
        gather=gather,
        propose=propose,
        record=record,
        summary=gettext_noop(
            "Pays what a former customer owes from the deposit and its interest; the rest is refunded."
        ),
    )
)
