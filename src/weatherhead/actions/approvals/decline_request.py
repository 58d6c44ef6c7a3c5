"""Decline a request: nothing changes but that it is decided. One's own is withdrawn by it."""

from __future__ import annotations

from dataclasses import dataclass

from weatherhead.actions.approvals.deciding import Ending, ended, record_ending, require_waiting
from weatherhead.actions.figures import house_rule
from weatherhead.actions.inputs import NeededNote, Number
from weatherhead.areas.records.queries.approvals import RequestFacts, request
from weatherhead.core.values import Sentence, gettext_noop
from weatherhead.door.context import Actor, Moment
from weatherhead.door.proposal import Proposal
from weatherhead.door.registry import Action, registry


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """The request, and why not."""

    request_id: Number
    note: NeededNote


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The request, and whether the one who declines asked for it."""

    request: RequestFacts
    is_own: bool


def locks(inputs: Inputs) -> tuple[int, ...]:
    """The request's account, so that declining and approving wait for each other."""
    account_id = request(inputs.request_id).account_id
    return () if account_id is None else (account_id,)


def gather(inputs: Inputs, _: Moment, actor: Actor) -> Facts:
    """Read the request."""
    found = request(inputs.request_id)
    return Facts(request=found, is_own=found.requested_by_employee_id == actor.employee_id)


def propose(given: Facts, inputs: Inputs) -> Proposal[Ending]:
    """Say that it will be declined. Its maker may take it back; nobody else decides on an account tied to them.

    Raises:
        RequestAlreadyDecided: someone decided it before.
    """
    facts = given.request
    require_waiting(facts)
    said = {"number": str(facts.request_id)}
    return Proposal(
        summary=Sentence(gettext_noop("Request %(number)s withdrawn"), said)
        if given.is_own
        else Sentence(gettext_noop("Request %(number)s declined"), said),
        confirm=Sentence(gettext_noop("Decline")),
        plan=Ending(request_id=facts.request_id, state="withdrawn" if given.is_own else "declined", note=inputs.note),
        account_ids=() if facts.account_id is None else (facts.account_id,),
        changes=(ended(facts, state="withdrawn" if given.is_own else "declined"),),
        when_tied="allow" if given.is_own else "refuse",
        rules=(house_rule("maker and checker", "What is over one's authority is decided by someone else"),),
    )


ACTION = registry.add(
    Action(
        name="decline_request",
        title=gettext_noop("Decline a request"),
        duty=5,
        on="request",
        inputs=Inputs,
        locks=locks,
        gather=gather,
        propose=propose,
        record=record_ending,
        summary=gettext_noop("Says no to a request, with a reason that its maker reads."),
    )
)
