"""Billing many accounts through the queue: a piece of work bills some accounts, each in a receipt of its own."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from django.db import transaction

from weatherhead.areas.customers.queries import accounts_of_cycle
from weatherhead.areas.records.canonical import Json
from weatherhead.areas.records.operations.work_items import enqueue
from weatherhead.core.values import Refusal
from weatherhead.door.context import Actor, Moment
from weatherhead.door.perform import perform
from weatherhead.door.worker import Handler, handles

ACCOUNTS_EACH = 50


def queue_cycle(*, cycle: int, through_on: date, actor: Actor, moment: Moment) -> int:
    """Queue billing for every open account of a cycle; the same cycle and day again adds nothing. Counts pieces."""
    ids = accounts_of_cycle(cycle)
    shards = [ids[start : start + ACCOUNTS_EACH] for start in range(0, len(ids), ACCOUNTS_EACH)]
    with transaction.atomic():
        for number, shard in enumerate(shards, 1):
            payload: dict[str, Json] = {
                "accounts": list(shard),
                "through_on": through_on.isoformat(),
                "employee": actor.employee_id,
                "name": actor.name,
            }
            key = f"bill cycle {cycle} through {through_on.isoformat()} piece {number}"
            enqueue(kind="bill_accounts", payload=payload, at=moment.at, unique_key=key)
    return len(shards)


def bill_accounts(payload: Mapping[str, Json], item_id: int, moment: Moment) -> Json:
    """Bill a piece of work's accounts. One that cannot be billed is a line of the result, and stops nothing."""
    del item_id
    actor = Actor(name=payload["name"], employee_id=payload["employee"], channel="worker")
    refused: list[Json] = []
    for account_id in payload["accounts"]:
        try:
            perform(
                "bill_account",
                actor=actor,
                key=f"bill {account_id} through {payload['through_on']}",
                moment=moment,
                inputs={"account_id": account_id, "through_on": payload["through_on"]},
            )
        except Refusal as refusal:
            refused.append({"account": account_id, "refusal": refusal.code, "said": str(refusal)})
    return {"accounts": len(payload["accounts"]), "refused": refused}


HANDLER = handles(Handler(kind="bill_accounts", work=bill_accounts))
