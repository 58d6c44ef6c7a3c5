"""Idempotency keys: the same key and the same inputs have one effect."""

from __future__ import annotations

from datetime import datetime

from django.db import connection

from weatherhead.areas.records.models import IdempotencyKey
from weatherhead.core.values import Refusal, gettext_noop


class KeyUsedForOtherInputs(Refusal):
    """The same key came with another action or other inputs."""

    template = gettext_noop(
        "This form was already used for something else (%(action)s). Open it again and enter the change once more."
    )


def claim_key(*, key: str, action: str, inputs_hash: str, actor: str, at: datetime) -> int | None:
    """Claim a key inside the open transaction.

    A second claimant waits for the first to end. Returns None when the key is now ours, else the number of the
    receipt that the first claimant got.

    Raises:
        KeyUsedForOtherInputs: the key belongs to another action, other inputs or another person.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO records_idempotencykey (key, action, inputs_hash, actor, receipt_id, created_at)"
            " VALUES (%s, %s, %s, %s, NULL, %s) ON CONFLICT (key) DO NOTHING",
            [key, action, inputs_hash, actor, at],
        )
        if cursor.rowcount == 1:
            return None
    row = IdempotencyKey.objects.get(key=key)
    if (row.action, row.inputs_hash, row.actor) != (action, inputs_hash, actor):
        raise KeyUsedForOtherInputs(action=row.action)
    if row.receipt_id is None:
        raise RuntimeError(f"idempotency key {key!r} was committed without a receipt")
    return row.receipt_id


def settle_key(*, key: str, receipt_id: int) -> None:
    """Tie a claimed key to its receipt."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE records_idempotencykey SET receipt_id = %s WHERE key = %s AND receipt_id IS NULL", [receipt_id, key]
        )
        if cursor.rowcount != 1:
            raise RuntimeError(f"idempotency key {key!r} was not claimed in this transaction")
