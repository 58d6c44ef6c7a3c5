"""Writes of credit."""

from __future__ import annotations

from collections.abc import Iterable

from weatherhead.areas.records.database import bulk_insert


def load_deposits(rows: Iterable[tuple[int, int, str, int, int]]) -> None:
    """Record many deposits: account, amount in cents, held since (ISO date), ledger entry, receipt."""
    columns = ("account_id", "amount_cents", "held_since_on", "entry_id", "receipt_id")
    bulk_insert(table="credit_deposit", columns=columns, rows=rows)
