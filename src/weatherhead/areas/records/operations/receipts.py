"""Receipts and the authority they consumed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime

from weatherhead.areas.records.canonical import Json
from weatherhead.areas.records.models import AuthorityUse, Receipt, ReceiptAccount


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
    account_ids: Iterable[int],
) -> int:
    """Write the receipt's head, so that the records of the action can name it. Its body follows in `fill_receipt`."""
    receipt = Receipt.objects.create(
        action=action,
        title=title,
        outcome="done",
        actor=actor,
        employee_id=employee_id,
        approver=approver,
        approver_employee_id=approver_employee_id,
        at=at,
        as_of=as_of,
        body={},
    )
    name_accounts(receipt_id=receipt.pk, account_ids=account_ids)
    return receipt.pk


def name_accounts(*, receipt_id: int, account_ids: Iterable[int]) -> None:
    """Say which accounts a receipt speaks of; naming one twice is the same as once."""
    rows = [ReceiptAccount(receipt_id=receipt_id, account_id=account_id) for account_id in sorted(set(account_ids))]
    ReceiptAccount.objects.bulk_create(rows, ignore_conflicts=True)


def fill_receipt(*, receipt_id: int, outcome: str, body: Mapping[str, Json]) -> None:
    """Write what happened into the receipt of this transaction."""
    Receipt.objects.filter(pk=receipt_id).update(outcome=outcome, body=body)


def use_authority(
    *,
    employee_id: int,
    account_id: int,
    amount_cents: int,
    cap_cents: int,
    used_on: date,
    approved: bool,
    receipt_id: int,
) -> None:
    """Remember consumed authority (absolute cents) for the rolling caps."""
    AuthorityUse.objects.create(
        employee_id=employee_id,
        account_id=account_id,
        amount_cents=amount_cents,
        cap_cents=cap_cents,
        used_on=used_on,
        approved=approved,
        receipt_id=receipt_id,
    )
