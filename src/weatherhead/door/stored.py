"""Receipts and requests as they were stored, back as values: sentences, changes and rules."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date

from weatherhead.areas.records.canonical import Json
from weatherhead.core.values import Change, Rule, Sentence, Unit

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def stored_sentence(said: Mapping[str, Json]) -> Sentence:
    """A stored sentence; days become dates again, so that pages write them as elsewhere."""
    return Sentence(said["template"], {name: _param(value) for name, value in said["params"].items()})


def stored_changes(body: Mapping[str, Json]) -> tuple[Change, ...]:
    """The changes of a stored receipt or request."""
    return tuple(
        Change(
            code=item["code"],
            label=stored_sentence(item["label"]),
            unit=Unit(item["unit"]),
            before=_value(item["before"]),
            after=_value(item["after"]),
            account_id=item["account_id"],
            note=stored_sentence(item["note"]) if item["note"] else None,
        )
        for item in body["changes"]
    )


def stored_rules(body: Mapping[str, Json]) -> tuple[Rule, ...]:
    """The rules of a stored receipt or request."""
    return tuple(Rule(**item) for item in body["rules"])


def _param(value: Json) -> int | str | date | Sentence | None:
    """What fills a sentence; a sentence inside a sentence too."""
    return stored_sentence(value) if isinstance(value, Mapping) else _value(value)


def _value(value: Json) -> int | str | date | None:
    if isinstance(value, str) and _DAY.fullmatch(value):
        return date.fromisoformat(value)
    if value is None or isinstance(value, int | str):
        return value
    return str(value)
