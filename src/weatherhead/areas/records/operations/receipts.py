"""Receipts and the authority they consumed."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import date, datetime

from django.db import connection

from weatherhead.areas.records.canonical import Json
from weatherhead.areas.records.database import insert_one, insert_rows
from weatherhead.areas.records.models import AuthorityUse


def open_receipt(
    *,
    action: str,
    title: str,
    actor: str,
    employee_id: int | None,
    approver: str,
    approver_employee_id: int | None,
    at: datetime,
    as_of: date,
) -> int:
    """Write the receipt's head, so that the records of the action can name it.

    Its accounts follow in `name_accounts` and its body in `fill_receipt`.
    """
    return insert_one(
        table="records_receipt",
        values={
            "action": action,
            "title": title,
            "outcome": "done",
            "actor": actor,
            "employee_id": employee_id,
            "approver": approver,
            "approver_employee_id": approver_employee_id,
            "at": at,
            "as_of": as_of,
            "body": "{}",
        },
    )


def name_accounts(*, receipt_id: int, account_ids: Iterable[int]) -> None:
    """Say which accounts a receipt speaks of."""
    rows = [(receipt_id, account_id) for account_id in sorted(set(account_ids))]
    insert_rows("INSERT INTO records_receiptaccount (receipt_id, account_id)", rows)


def fill_receipt(*, receipt_id: int, outcome: str, body: Mapping[str, Json]) -> None:
    """Write what happened into the receipt of this transaction."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE records_receipt SET outcome = %s, body = %s WHERE id = %s", (outcome, json.dumps(body), receipt_id)
        )


def use_authority(
    *,
    employee_id: int,
    account_id: int,
    amount_cents: int,
    cap_cents: int,
    used_on: date,
    approver_employee_id: int | None,
    receipt_id: int,
) -> None:
    """Remember consumed authority (absolute cents) for the rolling caps: the employee's, or an approver's."""
    AuthorityUse.objects.create(
        employee_id=employee_id,
        account_id=account_id,
        amount_cents=amount_cents,
        cap_cents=cap_cents,
        used_on=used_on,
        approved=approver_employee_id is not None,
        approver_employee_id=approver_employee_id,
        receipt_id=receipt_id,
    )
