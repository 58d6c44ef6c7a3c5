"""Writes of programs."""

from __future__ import annotations

from collections.abc import Iterable

from weatherhead.areas.records.database import bulk_insert


def load_enrollments(rows: Iterable[tuple[int, str, str, int | None, int]]) -> None:
    """Record many enrollments: account, program, since (ISO date), monthly cents or None, receipt."""
    columns = ("account_id", "program", "since_on", "monthly_cents", "receipt_id")
    bulk_insert(table="programs_enrollment", columns=columns, rows=rows)
