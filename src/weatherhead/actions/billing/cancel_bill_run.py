"""Cancel a bill run that was not released. Nothing was issued."""

from __future__ import annotations

from dataclasses import dataclass

from weatherhead.actions.figures import house_rule
from weatherhead.actions.inputs import NeededNote, Number
from weatherhead.areas.billing.operations.runs import RunNotAsExpected, cancel_run
from weatherhead.areas.billing.runs import RunFacts, run
from weatherhead.core.values import Change, Sentence, Unit, gettext_noop
from weatherhead.door.context import Actor, Moment
from weatherhead.door.proposal import Proposal
from weatherhead.door.registry import Action, Recording, registry


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """The run, and why."""

    run_id: Number
    reason: NeededNote


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The run."""

    run_id: int


def gather(inputs: Inputs, _moment: Moment, _: Actor) -> RunFacts:
    """Read the run."""
    return run(inputs.run_id)


def propose(facts: RunFacts, inputs: Inputs) -> Proposal[Plan]:
    """Say what is cancelled.

    Raises:
        RunNotAsExpected: it was released or is over.
    """
    if facts.state not in ("trying", "tried"):
        raise RunNotAsExpected(run=facts.run_id, state=facts.state)
    change = Change(
        code="state",
        label=Sentence(gettext_noop("Bill run")),
        unit=Unit.TEXT,
        before=facts.state,
        after="cancelled",
    )
    return Proposal(
        summary=Sentence(
            gettext_noop("Bill run %(run)s cancelled: %(reason)s"), {"run": facts.run_id, "reason": inputs.reason}
        ),
        confirm=Sentence(gettext_noop("Cancel the run")),
        plan=Plan(run_id=facts.run_id),
        updates={"billing_billrun": 1},
        changes=(change,),
        rules=(house_rule("bill runs", "A run that was not released can be cancelled; it has issued nothing"),),
    )


def record(proposal: Proposal[Plan], recording: Recording) -> None:
    """Cancel it.

    Raises:
        RunNotAsExpected: it was released or cancelled meanwhile.
    """
    cancel_run(run_id=proposal.plan.run_id, at=recording.moment.at)


ACTION = registry.add(
    Action(
        name="cancel_bill_run",
        title=gettext_noop("Cancel a bill run"),
        duty=3,
        on="bill_run",
        inputs=Inputs,
        gather=gather,
        propose=propose,
        record=record,
        summary=gettext_noop("Ends a bill run before it is released. Nothing was issued."),
    )
)
