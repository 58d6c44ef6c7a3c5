"""The columns of a lockbox file: the Bank Administration Institute's record format of 80 characters.

As banks publish it for their customers: records 1 (immediate address header), 2 (service), 5 (detail header, one a
batch), 6 (detail), 4 (overflow), 7 (batch total), 8 (service total) and 9 (destination trailer). Banks move columns;
a source in ``payment_sources.yaml`` says which. Columns are numbered from 1 and include both ends.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

WIDTH = 80
UNREADABLE = "\ufffd"
"""Stands for each character that cannot be read, so that columns stay where they are."""
_Column = Annotated[int, Field(ge=2, le=WIDTH)]


def _forward(value: tuple[int, int]) -> tuple[int, int]:
    if value[0] > value[1]:
        raise ValueError(f"ends at {value[1]}, before it begins at {value[0]}")
    return value


Columns = Annotated[tuple[_Column, _Column], AfterValidator(_forward)]

_IN_BATCH = {"batch": (2, 4), "item": (5, 7)}
_OF_BOX = _IN_BATCH | {"lockbox": (8, 14), "deposited_on": (15, 20)}
RECORDS: dict[str, dict[str, tuple[int, int]]] = {
    "header": {"destination": (4, 13), "origin": (14, 23), "made_on": (24, 29), "made_at": (30, 33)},
    "service": {"destination": (2, 11), "origin": (12, 21), "service_type": (32, 34), "record_size": (35, 37)},
    "batch": _OF_BOX,
    "detail": _IN_BATCH
    | {
        "amount": (8, 17),
        "routing": (18, 26),
        "payer_account": (27, 36),
        "check_number": (37, 45),
        "remittance": (46, 80),
    },
    "overflow": _IN_BATCH | {"sequence": (9, 10), "account": (12, 31), "amount": (32, 41), "payer": (42, 80)},
    "batch_total": _OF_BOX | {"items": (21, 23), "amount": (24, 33)},
    "service_total": _OF_BOX | {"items": (21, 24), "amount": (25, 34)},
    "trailer": {"records": (2, 7)},
}
"""Field by record. An overflow record names a further account that the check pays, its amount, or the payer's name."""

CODES = {
    "1": "header",
    "2": "service",
    "5": "batch",
    "6": "detail",
    "4": "overflow",
    "7": "batch_total",
    "8": "service_total",
    "9": "trailer",
}
