"""Preview is propose: the same gathering and deciding, and nothing written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import transaction

from weatherhead.areas.customers.queries import EmployeeTies
from weatherhead.door.authority import NotPermitted, Verdict, grant_for, judge, require_not_asked
from weatherhead.door.context import Actor, Moment
from weatherhead.door.jobs import Grant
from weatherhead.door.open_days import require_open_days
from weatherhead.door.proposal import Proposal
from weatherhead.door.registry import registry


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What performing now would do, and whether it would need approval. `substance` is confirmed with the form."""

    proposal: Proposal[Any]
    verdict: Verdict
    substance: str


def preview(
    name: str,
    *,
    actor: Actor,
    moment: Moment,
    inputs: Any,  # noqa: ANN401 - the action's own dataclass, or a mapping of texts
    grant: Grant | None = None,
    ties: EmployeeTies | None = None,
    known: object | None = None,
) -> Preview:
    """Propose an action without performing it. `grant` and `ties` are the actor's, when they were read already.

    `known` is what the action is done to, as its `gather_from` takes it, when that was read already.

    Raises:
        Refusal: what `perform` would refuse, but for what only shows under its locks, and for a maker's lost job.
    """
    action = registry.get(name)
    if grant is None:
        grant = grant_for(actor, as_of=moment.as_of)
    if action.name not in grant.actions:
        raise NotPermitted(action=action.title)
    values = action.parse(inputs)
    with transaction.atomic():
        if known is not None and action.gather_from is not None:
            facts = action.gather_from(known, moment)
        else:
            facts = action.gather(values, moment, actor)
        proposal = action.propose(facts, values)
        require_open_days(proposal, as_of=moment.as_of)
        verdict = judge(proposal, action=action.name, actor=actor, grant=grant, moment=moment, ties=ties)
        if verdict.ask is not None:
            require_not_asked(action, values=values, proposal=proposal, as_of=moment.as_of)
        transaction.set_rollback(True)
    return Preview(proposal=proposal, verdict=verdict, substance=proposal.substance(as_of=moment.as_of))
