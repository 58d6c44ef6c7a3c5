"""Ask for a deposit no longer: it was a mistake, or the customer showed what made it needless. Nothing is held yet."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from weatherhead.actions.figures import house_rule
from weatherhead.actions.inputs import NeededNote, Number
from weatherhead.areas.credit.operations import withdraw_deposit
from weatherhead.areas.credit.queries import DepositFacts, deposits_of_account
from weatherhead.core.values import Change, Refusal, Sentence, Unit, format_cents, gettext_noop
from weatherhead.door.context import Actor, Moment
from weatherhead.door.proposal import Proposal
from weatherhead.door.registry import Action, Recording, registry


class NothingAsked(Refusal):
    """No deposit is asked for."""

    template = gettext_noop("No deposit is asked for on this account.")


class PaidAlready(Refusal):
    """Money came for it."""

    template = gettext_noop("$%(held)s was paid for this deposit. Give it back with a refund of the deposit instead.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """The account, and why the deposit is not asked for any longer."""

    account_id: Number
    reason: NeededNote


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The account's deposits, and the day."""

    deposits: tuple[DepositFacts, ...]
    as_of: date


def locks(inputs: Inputs) -> tuple[int, ...]:
    """The account."""
    return (inputs.account_id,)


def gather(inputs: Inputs, moment: Moment, _: Actor) -> Facts:
    """Read the account's deposits."""
    return Facts(deposits=deposits_of_account(inputs.account_id), as_of=moment.as_of)


def propose(facts: Facts, inputs: Inputs) -> Proposal[int]:
    """Close what is asked for.

    Raises:
        NothingAsked, PaidAlready: as they say.
    """
    asked = next((item for item in facts.deposits if item.closed_on is None and item.asked_on is not None), None)
    if asked is None:
        raise NothingAsked
    if asked.held_since_on is not None:
        raise PaidAlready(held=format_cents(asked.held_cents))
    said = {"amount": format_cents(asked.amount_cents)}
    return Proposal(
        summary=Sentence(gettext_noop("Deposit of $%(amount)s not asked for any longer"), said),
        confirm=Sentence(gettext_noop("Withdraw $%(amount)s"), said),
        plan=asked.deposit_id,
        account_ids=(inputs.account_id,),
        updates={"credit_deposit": 1},
        changes=(
            Change(
                code="deposit_asked",
                label=Sentence(gettext_noop("Deposit asked for")),
                unit=Unit.CENTS,
                before=asked.amount_cents,
                after=0,
                account_id=inputs.account_id,
            ),
        ),
        rules=(house_rule("deposits", "What is asked for is no debt: nothing is posted until money comes"),),
    )


def record(proposal: Proposal[int], recording: Recording) -> None:
    """Close the deposit.

    Raises:
        DepositMovedMeanwhile: money came, or somebody else closed it.
    """
    withdraw_deposit(deposit_id=proposal.plan, on=recording.moment.as_of)


ACTION = registry.add(
    Action(
        name="withdraw_deposit",
        title=gettext_noop("Ask for a deposit no longer"),
        duty=2,
        on="account",
        inputs=Inputs,
        locks=locks,
        gather=gather,
        propose=propose,
        record=record,
        summary=gettext_noop("Takes back the asking for a deposit that no money has come for."),
    )
)
