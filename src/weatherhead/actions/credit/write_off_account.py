"""Write off what one former customer owes: above the rule's amount, or before its time. Uses authority: all of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from weatherhead.actions.credit.apply_deposit import ServiceGoesOn
from weatherhead.actions.credit.giving_up import given_up
from weatherhead.actions.figures import Standing, money_changes, standing_of
from weatherhead.actions.inputs import NeededNote, Number
from weatherhead.areas.agreements.queries import AgreementFacts, agreements_of_accounts
from weatherhead.areas.credit.operations.write_offs import GiveUp, record_write_offs
from weatherhead.areas.credit.queries import DepositFacts, deposits_of_account
from weatherhead.areas.credit.write_off_rules import WriteOffRule, write_off_rule
from weatherhead.areas.credit.write_offs import UNCOLLECTIBLE
from weatherhead.areas.ledger.queries import waiting_credit_of
from weatherhead.core.values import Refusal, Sentence, format_cents, gettext_noop
from weatherhead.door.context import Actor, Moment
from weatherhead.door.proposal import Proposal
from weatherhead.door.registry import Action, Recording, registry


class NoDebt(Refusal):
    """Nothing is owed."""

    template = gettext_noop("Nothing is owed on this account, so there is nothing to write off.")


class DepositFirst(Refusal):
    """A deposit is held."""

    template = gettext_noop("A deposit of $%(held)s is held. Apply it to what is owed first.")


class CreditFirst(Refusal):
    """The customer's money waits."""

    template = gettext_noop(
        "$%(waits)s of this account's money waits as unapplied credit. Apply it first: what its rule keeps from the "
        "debt may go to the balance by a second person's decision."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """The account, and what shows that the debt will not be collected."""

    account_id: Number
    reason: NeededNote


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The account's receivable, what waits beside it, services and deposits, and the rule."""

    standing: Standing
    waits_cents: int
    agreements: tuple[AgreementFacts, ...]
    deposits: tuple[DepositFacts, ...]
    rule: WriteOffRule
    as_of: date


def locks(inputs: Inputs) -> tuple[int, ...]:
    """The account."""
    return (inputs.account_id,)


def gather(inputs: Inputs, moment: Moment, _: Actor) -> Facts:
    """Read receivable, services and deposits.

    Raises:
        NoWriteOffRule: the rule begins later.
    """
    rule, _version = write_off_rule(on=moment.as_of)
    return Facts(
        standing=standing_of(inputs.account_id),
        waits_cents=waiting_credit_of([inputs.account_id])[inputs.account_id],
        agreements=agreements_of_accounts([inputs.account_id]),
        deposits=deposits_of_account(inputs.account_id),
        rule=rule,
        as_of=moment.as_of,
    )


def propose(facts: Facts, inputs: Inputs) -> Proposal[GiveUp]:
    """Debit the allowance, credit the receivable.

    Raises:
        ServiceGoesOn, DepositFirst, NoDebt, CreditFirst: as they say.
    """
    if any(item.end_on is None for item in facts.agreements):
        raise ServiceGoesOn
    held = sum(item.held_cents for item in facts.deposits)
    if held:
        raise DepositFirst(held=format_cents(held))
    owed = facts.standing.balance_cents(as_of=facts.as_of)
    if owed <= 0:
        raise NoDebt
    if facts.waits_cents > 0:
        raise CreditFirst(waits=format_cents(facts.waits_cents))
    plan = given_up(inputs.account_id, cents=owed, on=facts.as_of, reason=inputs.reason)
    said = {"amount": format_cents(owed)}
    return Proposal(
        summary=Sentence(gettext_noop("Debt of $%(amount)s written off"), said),
        confirm=Sentence(gettext_noop("Write off $%(amount)s"), said),
        plan=plan,
        account_ids=(inputs.account_id,),
        entries=(plan.entry,),
        creates={"credit_writeoff": 1},
        changes=money_changes(facts.standing, entries=(plan.entry,), as_of=facts.as_of),
        rules=(facts.rule.rule,),
        authority_cents=owed,
        authority_account_id=inputs.account_id,
    )


def record(proposal: Proposal[GiveUp], recording: Recording) -> None:
    """Record the write-off and post it."""
    recording.entry_ids += record_write_offs(
        [proposal.plan],
        kind=UNCOLLECTIBLE,
        on=recording.moment.as_of,
        at=recording.moment.at,
        receipt_id=recording.receipt_id,
    )


ACTION = registry.add(
    Action(
        name="write_off_account",
        title=gettext_noop("Write off a debt"),
        duty=5,
        on="account",
        inputs=Inputs,
        locks=locks,
        gather=gather,
        propose=propose,
        record=record,
        summary=gettext_noop("Gives up what a former customer owes; uses the authority of whoever does it."),
    )
)
