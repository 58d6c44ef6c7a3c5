"""One way to write a value as JSON, so that equal values have equal hashes."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from typing import Any

from weatherhead.core.values import Sentence

Json = Any  # null, bool, int, str, lists and objects of them; never a float
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def to_json(value: object) -> Json:
    """Turn a frozen value into JSON types. Dates become ISO text, decimals plain text; a float is a bug.

    Raises:
        TypeError: for a float or a type that has no one canonical form.
    """
    if value is None or (isinstance(value, bool | int | str) and not isinstance(value, Enum)):
        return value
    if isinstance(value, Enum):
        return to_json(value.value)
    if isinstance(value, Decimal | Fraction):
        return str(value)
    if isinstance(value, datetime | date):
        return value.isoformat()
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: to_json(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): to_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [to_json(item) for item in value]
    if isinstance(value, set | frozenset):
        return sorted(to_json(item) for item in value)
    raise TypeError(f"{type(value).__name__} has no canonical JSON form")


def canonical(value: object) -> str:
    """The canonical JSON text of a value: sorted keys, no spaces, UTF-8."""
    return json.dumps(to_json(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def digest(value: object) -> str:
    """SHA-256 of the canonical text, in hexadecimal."""
    return hashlib.sha256(canonical(value).encode()).hexdigest()


def stored_sentence(said: Mapping[str, Json]) -> Sentence:
    """A stored sentence; days become dates again, so that pages write them as elsewhere."""
    return Sentence(said["template"], {name: _param(value) for name, value in said["params"].items()})


def stored_value(value: Json) -> int | str | date | None:
    """A stored figure; a day becomes a date again."""
    if isinstance(value, str) and _DAY.fullmatch(value):
        return date.fromisoformat(value)
    if value is None or isinstance(value, int | str):
        return value
    return str(value)


def _param(value: Json) -> int | str | date | Sentence | None:
    """What fills a sentence; a sentence inside a sentence too."""
    return stored_sentence(value) if isinstance(value, Mapping) else stored_value(value)
