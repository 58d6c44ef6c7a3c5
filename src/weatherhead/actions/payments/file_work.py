"""The queue's part of payment files: a work item a shard, done in the commit of its payments."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from weatherhead.areas.payments.operations.files import ShardPostedAlready
from weatherhead.areas.records.canonical import Json
from weatherhead.areas.records.operations.work_items import enqueue
from weatherhead.door.context import Actor
from weatherhead.door.registry import Recording
from weatherhead.door.worker import Handler, Task, handles

KIND = "payment_file_shard"


def shard_key(shard_id: int) -> str:
    """The key under which a shard is posted, whoever does it: a second time gives the first receipt."""
    return f"payment file shard {shard_id}"


def queue_shards(shard_ids: Iterable[int], *, recording: Recording) -> None:
    """Put shards into the queue, to be done in the name of whoever imported the file."""
    for shard_id in shard_ids:
        payload: dict[str, Json] = {
            "shard": shard_id,
            "employee": recording.actor.employee_id,
            "name": recording.actor.name,
        }
        enqueue(kind=KIND, payload=payload, at=recording.moment.at, unique_key=shard_key(shard_id))


def task_of_shard(payload: Mapping[str, Json]) -> Task:
    """Posting a shard."""
    return Task(
        action="post_payment_file_shard",
        actor=Actor(name=payload["name"], employee_id=payload["employee"], channel="worker"),
        key=shard_key(payload["shard"]),
        inputs={"shard_id": payload["shard"]},
    )


HANDLER = handles(Handler(kind=KIND, task=task_of_shard, forgiven=(ShardPostedAlready,)))
