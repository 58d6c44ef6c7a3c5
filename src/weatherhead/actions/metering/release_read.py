"""Release a held read: it is right, and may be billed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Annotated

from weatherhead.actions.inputs import Blankable, NeededNote, Number
from weatherhead.actions.metering.held_read import accounts_of_read, require_held, state_change
from weatherhead.actions.metering.one_meter import BOUNDS_RULE
from weatherhead.areas.metering.histories import histories
from weatherhead.areas.metering.intake import MeterHistory
from weatherhead.areas.metering.operations import release_read
from weatherhead.areas.metering.queries import ReadFacts, accepted_count, read
from weatherhead.areas.metering.usage import Dial, DialRead, energy_wh_between, format_reading, sequence_refusal
from weatherhead.core.values import Change, Refusal, Sentence, Unit, gettext_noop
from weatherhead.door.context import Actor, Moment
from weatherhead.door.proposal import Proposal
from weatherhead.door.registry import Action, Recording, registry


class PassedZeroUnknown(Refusal):
    """A higher read before it came while the read was held."""

    template = gettext_noop(
        "%(reading)s is less than %(before)s on %(before_on)s, which came in since. Say whether the dial passed zero "
        "between them, or reject this read."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """The read, and why it is right. `passed_zero` says whether the dial passed zero since the read before.

    Left empty, what was supposed when the read came in stays: it did for the exception `rollover`, and did not for
    `negative`.
    """

    read_id: Number
    reason: NeededNote
    passed_zero: Annotated[bool | None, Blankable] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The read, its meter's history, whose account it is on, and the day."""

    read: ReadFacts
    meter: MeterHistory
    account_ids: tuple[int, ...]
    accepted_before: int
    as_of: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is released, with how many turns of the dial, when and why."""

    read_id: int
    turns: int
    released_on: date
    reason: str
    accepted_before: int


def locks(inputs: Inputs) -> tuple[int, ...]:
    """The account that took service through the meter on that day."""
    return accounts_of_read(inputs.read_id)


def gather(inputs: Inputs, moment: Moment, _: Actor) -> Facts:
    """Read the read and its meter's history."""
    found = read(inputs.read_id)
    return Facts(
        read=found,
        meter=histories([found.meter_id], since_on=found.read_on)[found.meter_id],
        account_ids=accounts_of_read(inputs.read_id),
        accepted_before=accepted_count([found.meter_id]),
        as_of=moment.as_of,
    )


def propose(facts: Facts, inputs: Inputs) -> Proposal[Plan]:
    """Decide where the dial stood, and check it against later reads.

    Raises:
        ReadNotHeld: it was decided before.
        PassedZeroUnknown: a higher read before it came in since.
        ReadOutOfSequence: a later accepted read says that the dial cannot have stood there.
    """
    found, meter = require_held(facts.read), facts.meter
    place = meter.installation_on(found.read_on)
    others = () if place is None else meter.reads_at(place)
    before = next((item for item in reversed(others) if item.read_on < found.read_on), None)
    decided = replace(found.as_dial_read(), turns=_turns(facts, inputs=inputs, before=before))
    refusal = sequence_refusal(decided, dial=meter.dial, reads=others)
    if refusal is not None:
        raise refusal
    return Proposal(
        summary=Sentence(
            template=gettext_noop("Read of meter %(serial)s on %(on)s released: %(reason)s"),
            params={"serial": found.serial, "on": found.read_on, "reason": inputs.reason},
        ),
        confirm=Sentence(template=gettext_noop("Release read")),
        plan=Plan(
            read_id=found.read_id,
            turns=decided.turns,
            released_on=facts.as_of,
            reason=inputs.reason,
            accepted_before=facts.accepted_before,
        ),
        account_ids=facts.account_ids,
        updates={"metering_read": 1},
        changes=(
            state_change(before="held", after="accepted", account_ids=facts.account_ids),
            *_use(decided, before=before, dial=meter.dial),
        ),
        rules=(BOUNDS_RULE,),
    )


def _turns(facts: Facts, *, inputs: Inputs, before: DialRead | None) -> int:
    """The turns at the read: those of the read before, and one more when the dial passed zero between them.

    The read before may be another one than when the read was held.
    """
    if before is None:
        return facts.read.turns
    if inputs.passed_zero is not None:
        return before.turns + inputs.passed_zero
    if facts.read.dial_reading >= before.dial_reading or facts.read.exception == "negative":
        return before.turns
    if facts.read.turns == before.turns + 1:
        return facts.read.turns
    raise PassedZeroUnknown(
        reading=format_reading(facts.read.dial_reading),
        before=format_reading(before.dial_reading),
        before_on=before.read_on,
    )


def _use(decided: DialRead, *, before: DialRead | None, dial: Dial) -> tuple[Change, ...]:
    if before is None:
        return ()
    energy_wh = energy_wh_between(
        start_reading=before.dial_reading,
        end_reading=decided.dial_reading,
        turns=decided.turns - before.turns,
        dials=dial.dials,
        multiplier=dial.multiplier,
    )
    days = (decided.read_on - before.read_on).days
    label = Sentence(template=gettext_noop("Use in %(days)s days"), params={"days": days})
    return (Change(code="use", label=label, unit=Unit.ENERGY_WH, before=None, after=energy_wh),)


def record(proposal: Proposal[Plan], recording: Recording) -> None:
    """Accept the read.

    Raises:
        ReadNotHeld, MeterReadMeanwhile: someone was faster.
    """
    plan = proposal.plan
    release_read(
        read_id=plan.read_id,
        turns=plan.turns,
        decided_on=plan.released_on,
        decision=plan.reason,
        receipt_id=recording.receipt_id,
        accepted_before=plan.accepted_before,
    )


ACTION = registry.add(
    Action(
        name="release_read",
        title=gettext_noop("Release a held read"),
        duty=11,
        on="exception",
        inputs=Inputs,
        locks=locks,
        gather=gather,
        propose=propose,
        record=record,
        summary=gettext_noop("Accepts a held read, with the reason kept beside it."),
    )
)
