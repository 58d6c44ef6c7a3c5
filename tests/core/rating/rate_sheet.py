"""Small schedules for tests, written as a tariff file would say them."""

from __future__ import annotations

from datetime import date
from typing import Any

from weatherhead.core.rating import Schedule, Usage
from weatherhead.core.values import Span

JUNE = Span(start=date(2026, 6, 1), end=date(2026, 7, 1))
"""Thirty days: one whole month."""


def charge(kind: str, code: str, **more: Any) -> dict[str, Any]:
    """A charge of revenue."""
    return {"kind": kind, "code": code, "label": code.replace("_", " "), "posts_to": "revenue"} | more


def version(*charges: dict[str, Any], effective: str = "2020-01-01", **more: Any) -> dict[str, Any]:
    """A version with these charges."""
    return {"effective": effective, "citation": "test", "status": "illustrative", "charges": list(charges)} | more


def schedule(*versions: dict[str, Any], **more: Any) -> Schedule:
    """A schedule T-1 with these versions."""
    about = {
        "utility": "test",
        "utility_name": "Test Power",
        "code": "T-1",
        "name": "Test",
        "revenue_class": "residential",
    }
    return Schedule.model_validate(about | {"versions": list(versions)} | more)


def one(*charges: dict[str, Any], **more: Any) -> Schedule:
    """A schedule of one version."""
    return schedule(version(*charges, **more))


def june(**more: Any) -> Usage:
    """A usage of June 2026."""
    return Usage(span=JUNE, **more)


SUMMER_AND_WINTER = [
    {"code": "summer", "name": "Summer", "start": "06-01", "through": "09-30"},
    {"code": "winter", "name": "Winter", "start": "10-01", "through": "05-31"},
]
ON_AND_OFF = [{"code": "on_peak", "name": "On peak"}, {"code": "off_peak", "name": "Off peak"}]
