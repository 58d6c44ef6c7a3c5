"""Withdraw a request of one's own. Nothing changes but that it waits no longer."""

from __future__ import annotations

from dataclasses import dataclass

from weatherhead.actions.approvals.deciding import Ending, ended, record_ending, require_waiting
from weatherhead.actions.figures import house_rule
from weatherhead.actions.inputs import Note, Number
from weatherhead.areas.records.queries.approvals import RequestFacts, request
from weatherhead.core.values import Refusal, Sentence, gettext_noop
from weatherhead.door.context import Actor, Moment
from weatherhead.door.proposal import Proposal
from weatherhead.door.registry import Action, registry


class NotTheirRequest(Refusal):
    """Only whoever asked takes it back."""

    template = gettext_noop("%(by)s asked for request %(request)s. Only they withdraw it; an approver may decline it.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """The request, and a word on it."""

    request_id: Number
    note: Note = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The request, and who withdraws it."""

    request: RequestFacts
    employee_id: int


def locks(inputs: Inputs) -> tuple[int, ...]:
    """The request's account, so that withdrawing and approving wait for each other."""
    account_id = request(inputs.request_id).account_id
    return () if account_id is None else (account_id,)


def gather(inputs: Inputs, _: Moment, actor: Actor) -> Facts:
    """Read the request."""
    return Facts(request=request(inputs.request_id), employee_id=actor.employee_id)


def propose(given: Facts, inputs: Inputs) -> Proposal[Ending]:
    """Say that it waits no longer.

    Raises:
        RequestAlreadyDecided: someone decided it before.
        NotTheirRequest: somebody else asked.
    """
    facts = given.request
    require_waiting(facts)
    if facts.requested_by_employee_id != given.employee_id:
        raise NotTheirRequest(by=facts.requested_by, request=facts.request_id)
    return Proposal(
        summary=Sentence(gettext_noop("Request %(number)s withdrawn"), {"number": str(facts.request_id)}),
        confirm=Sentence(gettext_noop("Withdraw")),
        plan=Ending(request_id=facts.request_id, state="withdrawn", note=inputs.note),
        account_ids=() if facts.account_id is None else (facts.account_id,),
        changes=(ended(facts, state="withdrawn"),),
        when_tied="allow",
        rules=(house_rule("maker and checker", "What was asked for may be taken back until it is decided"),),
    )


ACTION = registry.add(
    Action(
        name="withdraw_request",
        title=gettext_noop("Withdraw a request"),
        duty=5,
        on="request",
        inputs=Inputs,
        locks=locks,
        gather=gather,
        propose=propose,
        record=record_ending,
        summary=gettext_noop("Takes back what one asked for oneself, until it is decided."),
    )
)
