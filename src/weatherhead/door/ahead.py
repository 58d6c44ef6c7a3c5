"""Thinking ahead: facts and proposal before the transaction begins, and whether they still hold once it has.

On SQLite one transaction writes at a time. A shard of a bill run spends half its time on reading and composing, which
needs no lock: done before, it goes on while another worker writes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from weatherhead.areas.records.canonical import Json
from weatherhead.areas.records.database import one_writer, snapshot
from weatherhead.areas.records.queries.audit import last_entry, performed_since
from weatherhead.door.context import Actor, Moment
from weatherhead.door.proposal import Proposal
from weatherhead.door.registry import Action, registry


@dataclass(frozen=True, slots=True, kw_only=True)
class Thought:
    """What an action would do, as of the audit log's entry `since`: every write leaves one in its own commit."""

    action: Action[Any, Any, Any]
    values: object
    as_of: date
    since: int
    facts: object
    proposal: Proposal[Any]


def think_ahead(
    name: str,
    *,
    actor: Actor,
    moment: Moment,
    inputs: Mapping[str, Json],
) -> Thought | None:
    """Gather and propose outside a transaction; None where it gains nothing.

    Raises:
        Refusal: as the action would.
    """
    action = registry.get(name)
    if action.ahead is None or not one_writer():
        return None
    values = action.parse(inputs)
    with snapshot():
        since = last_entry()
        facts = action.gather(values, moment, actor)
    return Thought(
        action=action,
        values=values,
        as_of=moment.as_of,
        since=since,
        facts=facts,
        proposal=action.propose(facts, values),
    )


def holds(thought: Thought, *, action: Action[Any, Any, Any], values: object, as_of: date) -> bool:
    """Whether a thought is about this, and all that it was made of is as it was. Asked inside the transaction."""
    ahead = thought.action.ahead
    return (
        ahead is not None
        and (thought.action is action and thought.values == values and thought.as_of == as_of)
        and not performed_since(thought.since, but=ahead.beside)
        and ahead.still(thought.facts)
    )
