"""Speed, as ratios: each module has `ratios()`, which `make bench` measures and writes to docs/benchmarks.md."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """Something to measure: `run` does `units` units of the same work."""

    name: str
    run: Callable[[], object]
    units: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratio:
    """How many times faster a unit of `subject` is than one of `baseline`. The bench fails below `least`."""

    title: str
    unit: str
    baseline: Work
    subject: Work
    least: float
