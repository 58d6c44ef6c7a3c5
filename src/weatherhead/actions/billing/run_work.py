"""The queue's part of bill runs: a work item a shard, done in the commit of its bills."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from weatherhead.areas.billing.operations.runs import RunNotAsExpected
from weatherhead.areas.billing.runs import shard, shard_key
from weatherhead.areas.records.canonical import Json
from weatherhead.areas.records.operations.work_items import enqueue
from weatherhead.door.context import Actor, Moment
from weatherhead.door.perform import perform
from weatherhead.door.registry import Recording
from weatherhead.door.worker import Handler, handles

KIND = "bill_run_shard"
ACTION_OF_STAGE = {"try": "try_bill_shard", "issue": "issue_bill_shard"}


def queue_shards(shard_ids: Iterable[int], *, recording: Recording) -> None:
    """Put shards into the queue, to be done in the name of whoever started or released the run."""
    for shard_id in shard_ids:
        payload: dict[str, Json] = {
            "shard": shard_id,
            "employee": recording.actor.employee_id,
            "name": recording.actor.name,
        }
        enqueue(kind=KIND, payload=payload, at=recording.moment.at, unique_key=shard_key(shard_id))


def do_shard(payload: Mapping[str, Json], item_id: int, moment: Moment) -> Json:
    """Try or issue a shard; a second time gives the first receipt. A cancelled run's shards have nothing to do."""
    del item_id
    found = shard(payload["shard"])
    actor = Actor(name=payload["name"], employee_id=payload["employee"], channel="worker")
    try:
        receipt = perform(
            ACTION_OF_STAGE[found.stage],
            actor=actor,
            key=found.work_key,
            moment=moment,
            inputs={"shard_id": found.shard_id},
        )
    except RunNotAsExpected as refusal:
        return {"refused": str(refusal)}
    return {"receipt": receipt.receipt_id}


HANDLER = handles(Handler(kind=KIND, work=do_shard))
