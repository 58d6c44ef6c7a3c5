"""Reject a held read: it is wrong. It is kept, and never billed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from weatherhead.actions.inputs import NeededNote, Number
from weatherhead.actions.metering.held_read import accounts_of_read, require_held, state_change
from weatherhead.actions.metering.one_meter import BOUNDS_RULE
from weatherhead.areas.metering.operations import reject_read
from weatherhead.areas.metering.queries import ReadFacts, read
from weatherhead.core.values import Sentence, gettext_noop
from weatherhead.door.context import Actor, Moment
from weatherhead.door.proposal import Proposal
from weatherhead.door.registry import Action, Recording, registry


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """The read, and why it is wrong."""

    read_id: Number
    reason: NeededNote


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The read, whose account it is on, and the day."""

    read: ReadFacts
    account_ids: tuple[int, ...]
    as_of: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is rejected, when and why."""

    read_id: int
    rejected_on: date
    reason: str


def locks(inputs: Inputs) -> tuple[int, ...]:
    """The account that took service through the meter on that day."""
    return accounts_of_read(inputs.read_id)


def gather(inputs: Inputs, moment: Moment, _: Actor) -> Facts:
    """Read the read."""
    found = read(inputs.read_id)
    return Facts(read=found, account_ids=accounts_of_read(inputs.read_id), as_of=moment.as_of)


def propose(facts: Facts, inputs: Inputs) -> Proposal[Plan]:
    """Say what will be rejected.

    Raises:
        ReadNotHeld: it was decided before.
    """
    found = require_held(facts.read)
    return Proposal(
        summary=Sentence(
            template=gettext_noop("Read of meter %(serial)s on %(on)s rejected: %(reason)s"),
            params={"serial": found.serial, "on": found.read_on, "reason": inputs.reason},
        ),
        confirm=Sentence(template=gettext_noop("Reject read")),
        plan=Plan(read_id=found.read_id, rejected_on=facts.as_of, reason=inputs.reason),
        account_ids=facts.account_ids,
        updates={"metering_read": 1},
        changes=(state_change(before="held", after="rejected", account_ids=facts.account_ids),),
        rules=(BOUNDS_RULE,),
    )


def record(proposal: Proposal[Plan], recording: Recording) -> None:
    """Reject the read.

    Raises:
        ReadNotHeld: someone decided it meanwhile.
    """
    plan = proposal.plan
    reject_read(
        read_id=plan.read_id,
        decided_on=plan.rejected_on,
        decision=plan.reason,
        receipt_id=recording.receipt_id,
    )


ACTION = registry.add(
    Action(
        name="reject_read",
        title=gettext_noop("Reject a held read"),
        duty=11,
        on="exception",
        inputs=Inputs,
        locks=locks,
        gather=gather,
        propose=propose,
        record=record,
        summary=gettext_noop("Sets a held read aside for good: it is kept with the reason, and never billed."),
    )
)
