"""Release a legal hold: the retention rules work again."""

from __future__ import annotations

from dataclasses import dataclass

from weatherhead.actions.figures import house_rule, made
from weatherhead.actions.inputs import NeededNote, Number
from weatherhead.areas.customers.queries import accounts_of_customer
from weatherhead.areas.retention.operations import release_hold
from weatherhead.areas.retention.queries import HoldFacts, legal_hold
from weatherhead.core.values import Sentence, gettext_noop
from weatherhead.door.context import Actor, Moment
from weatherhead.door.proposal import Proposal
from weatherhead.door.registry import Action, Recording, registry


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """The hold, and why it ends."""

    hold_id: Number
    reason: NeededNote


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Which hold ends, and why."""

    hold_id: int
    reason: str
    account_ids: tuple[int, ...]


def locks(inputs: Inputs) -> tuple[int, ...]:
    """The accounts of the customer who is held."""
    held = legal_hold(inputs.hold_id)
    return tuple(item.account_id for item in accounts_of_customer(held.customer_id))


def gather(inputs: Inputs, _moment: Moment, _: Actor) -> HoldFacts:
    """Read the hold."""
    return legal_hold(inputs.hold_id)


def propose(facts: HoldFacts, inputs: Inputs) -> Proposal[Plan]:
    """Say whose records the rules will reach again."""
    account_ids = tuple(item.account_id for item in accounts_of_customer(facts.customer_id))
    return Proposal(
        summary=Sentence(
            gettext_noop("Legal hold on customer %(customer)s released: %(reason)s"),
            {"customer": facts.customer_id, "reason": inputs.reason},
        ),
        confirm=Sentence(gettext_noop("Let the retention rules work again")),
        plan=Plan(hold_id=facts.hold_id, reason=inputs.reason, account_ids=account_ids),
        account_ids=account_ids,
        updates={"retention_legalhold": 1},
        changes=(made(gettext_noop("Disposal"), "by the rules", code="disposal"),),
        rules=(house_rule("legal holds", "What a court may ask for is not disposed of"),),
    )


def record(proposal: Proposal[Plan], recording: Recording) -> None:
    """Release it.

    Raises:
        HoldAlreadyReleased: it was.
    """
    release_hold(hold_id=proposal.plan.hold_id, reason=proposal.plan.reason, released_on=recording.moment.as_of)


ACTION = registry.add(
    Action(
        name="release_legal_hold",
        title=gettext_noop("Release a legal hold"),
        duty=11,
        on="utility",
        inputs=Inputs,
        locks=locks,
        gather=gather,
        propose=propose,
        record=record,
        summary=gettext_noop("Lets the retention rules reach a customer's records again."),
    )
)
