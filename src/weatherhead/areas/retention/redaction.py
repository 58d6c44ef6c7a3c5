"""Taking persons out of documents, receipts and reports, and leaving figures, days and codes. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date

from weatherhead.areas.records.canonical import Json

GONE = "(disposed of)"
DISPOSED = "disposed"
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_PLACES = frozenset({"address", "city_line", "place", "street", "unit"})


def redact_payload(payload: Mapping[str, Json], *, on: date, rule: str) -> dict[str, Json]:
    """A bill's document without whose it was: account number, days, use and every amount stay."""
    kept: dict[str, Json] = dict(payload)
    account = payload.get("account")
    if isinstance(account, Mapping):
        kept["account"] = {**account, "name": GONE, "mail": []}
    segments = payload.get("segments")
    if isinstance(segments, list):
        kept["segments"] = _redact_places(segments)
    if "messages" in payload:
        kept["messages"] = []  # their words may name people
    kept[DISPOSED] = {"on": on.isoformat(), "rule": rule}
    return kept


def redact_statement(payload: Mapping[str, Json], *, on: date, rule: str) -> dict[str, Json]:
    """A prepared summary without whose it was and for whom: account numbers, days, use and every amount stay."""
    kept: dict[str, Json] = {name: _redact_places(value) for name, value in payload.items()}
    account, given = payload.get("account"), payload.get("consent")
    if isinstance(account, Mapping):
        kept["account"] = {**account, "name": GONE, "mail": [], "places": []}
    if isinstance(given, Mapping):
        kept["consent"] = {**given, "party": GONE}
    kept[DISPOSED] = {"on": on.isoformat(), "rule": rule}
    return kept


def _redact_places(value: Json) -> Json:
    """Where the service was, however deep it stands; figures, meters and schedules stay."""
    if isinstance(value, list):
        return [_redact_places(item) for item in value]
    if isinstance(value, Mapping):
        return {
            key: GONE if key in _PLACES and isinstance(item, str) else _redact_places(item)
            for key, item in value.items()
        }
    return value


def redact_receipt(body: Mapping[str, Json]) -> dict[str, Json]:
    """A receipt's body whose sentences keep their numbers and days, and lose their words."""
    kept: dict[str, Json] = dict(body)
    for name in ("summary", "reason"):
        if name in kept:
            kept[name] = _redact_sentence(kept[name])
    if kept.get("note"):
        kept["note"] = GONE
    if "changes" in kept:
        kept["changes"] = [_redact_change(item) for item in kept["changes"]]
    return kept


def _redact_change(item: Mapping[str, Json]) -> dict[str, Json]:
    return {
        **item,
        "label": _redact_sentence(item["label"]),
        "before": _redact_value(item["before"]),
        "after": _redact_value(item["after"]),
        "note": _redact_sentence(item["note"]) if item["note"] else None,
    }


def _redact_sentence(said: Json) -> Json:
    """A sentence without params is a text of ours, unless it was written by a person: then it has no placeholder."""
    if not isinstance(said, Mapping):
        return GONE if isinstance(said, str) else said
    params = said.get("params") or {}
    return {**said, "params": {name: _redact_value(value) for name, value in params.items()}}


def _redact_value(value: Json) -> Json:
    if isinstance(value, Mapping):
        return _redact_sentence(value)
    if isinstance(value, str) and not _DAY.fullmatch(value):
        return GONE
    return value
