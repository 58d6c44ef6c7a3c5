"""Receipts and requests as they were stored, back as values: sentences, changes and rules."""

from __future__ import annotations

from collections.abc import Mapping

from weatherhead.areas.records.canonical import Json, stored_sentence, stored_value
from weatherhead.core.values import Change, Comparison, Rule, Unit

__all__ = ["stored_changes", "stored_comparisons", "stored_rules", "stored_sentence"]


def stored_changes(body: Mapping[str, Json]) -> tuple[Change, ...]:
    """The changes of a stored receipt or request."""
    return tuple(map(_change, body["changes"]))


def stored_comparisons(body: Mapping[str, Json]) -> tuple[Comparison, ...]:
    """The parts of a stored receipt or request that are set beside what they were; most have none."""
    return tuple(
        Comparison(
            title=stored_sentence(item["title"]),
            total=_change(item["total"]),
            lines=tuple(map(_change, item["lines"])),
            stands=item["stands"],
        )
        for item in body.get("comparisons", ())
    )


def _change(item: Mapping[str, Json]) -> Change:
    return Change(
        code=item["code"],
        label=stored_sentence(item["label"]),
        unit=Unit(item["unit"]),
        before=stored_value(item["before"]),
        after=stored_value(item["after"]),
        account_id=item["account_id"],
        note=stored_sentence(item["note"]) if item["note"] else None,
    )


def stored_rules(body: Mapping[str, Json]) -> tuple[Rule, ...]:
    """The rules of a stored receipt or request."""
    return tuple(Rule(**item) for item in body["rules"])
