"""The queue's part of bill runs: a work item a shard, done in the commit of its bills."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from weatherhead.areas.billing.operations.runs import RunNotAsExpected
from weatherhead.areas.billing.runs import run, shard, shard_key
from weatherhead.areas.records.canonical import Json
from weatherhead.areas.records.operations.work_items import enqueue
from weatherhead.door.context import Actor
from weatherhead.door.registry import Recording
from weatherhead.door.worker import Handler, Task, handles

KIND = "bill_run_shard"
ACTION_OF = {
    ("bill", "try"): "try_bill_shard",
    ("bill", "issue"): "issue_bill_shard",
    ("correct", "try"): "try_correction_shard",
    ("correct", "issue"): "issue_correction_shard",
}
"""What is done with a shard, by the purpose of its run and its stage."""


def queue_shards(shard_ids: Iterable[int], *, recording: Recording) -> None:
    """Put shards into the queue, to be done in the name of whoever started or released the run."""
    for shard_id in shard_ids:
        payload: dict[str, Json] = {
            "shard": shard_id,
            "employee": recording.actor.employee_id,
            "name": recording.actor.name,
        }
        enqueue(kind=KIND, payload=payload, at=recording.moment.at, unique_key=shard_key(shard_id))


def task_of_shard(payload: Mapping[str, Json]) -> Task:
    """Trying or issuing a shard; a second time gives the first receipt."""
    found = shard(payload["shard"])
    return Task(
        action=ACTION_OF[run(found.run_id).purpose, found.stage],
        actor=Actor(name=payload["name"], employee_id=payload["employee"], channel="worker"),
        key=found.work_key,
        inputs={"shard_id": found.shard_id},
    )


# A cancelled run's shards have nothing to do.
HANDLER = handles(Handler(kind=KIND, task=task_of_shard, forgiven=(RunNotAsExpected,)))
