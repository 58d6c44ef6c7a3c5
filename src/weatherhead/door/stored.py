"""Receipts and requests as they were stored, back as values: sentences, changes and rules."""

from __future__ import annotations

from collections.abc import Mapping

from weatherhead.areas.records.canonical import Json, stored_sentence, stored_value
from weatherhead.core.values import Change, Rule, Unit

__all__ = ["stored_changes", "stored_rules", "stored_sentence"]


def stored_changes(body: Mapping[str, Json]) -> tuple[Change, ...]:
    """The changes of a stored receipt or request."""
    return tuple(
        Change(
            code=item["code"],
            label=stored_sentence(item["label"]),
            unit=Unit(item["unit"]),
            before=stored_value(item["before"]),
            after=stored_value(item["after"]),
            account_id=item["account_id"],
            note=stored_sentence(item["note"]) if item["note"] else None,
        )
        for item in body["changes"]
    )


def stored_rules(body: Mapping[str, Json]) -> tuple[Rule, ...]:
    """The rules of a stored receipt or request."""
    return tuple(Rule(**item) for item in body["rules"])
