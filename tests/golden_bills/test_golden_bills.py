"""Bills worked by hand in the comments of the YAML files beside this one, rated by the engine and by the oracle.

The files were written from the tariffs' own arithmetic, never from the engine's output. A line of zero cents may stand
on a bill or not; it is not compared.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache
from pathlib import Path

import pytest
from pydantic import BaseModel, ConfigDict
from tests.core.rating.oracle import rate_slowly

from weatherhead.core.rating import Schedule, Usage, UsageNotRatable, UsagePart, load_schedule, rate
from weatherhead.core.values import Span, load_yaml, parse_cents

HERE = Path(__file__).parent
TARIFFS = HERE.parents[1] / "tariffs"
CASES_AT_LEAST = 45


class _Data(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class GoldenPart(_Data):
    """A split read."""

    start: date
    end: date
    kwh: Decimal
    by_period_kwh: dict[str, Decimal] = {}


class GoldenUsage(_Data):
    """What was used, in the units of the comments."""

    start: date
    end: date
    kwh: Decimal = Decimal(0)
    by_period_kwh: dict[str, Decimal] = {}
    demand_kw: Decimal | None = None
    demand_by_period_kw: dict[str, Decimal] = {}
    demand_kva: Decimal | None = None
    trailing_average_kwh: Decimal | None = None
    facilities_level: int | None = None
    options: dict[str, str] = {}
    parts: tuple[GoldenPart, ...] = ()


class GoldenCase(_Data):
    """A bill: its lines in order as {code: dollars}, or the name of the refusal."""

    name: str
    usage: GoldenUsage
    lines: tuple[dict[str, str], ...] = ()
    energy_kwh: tuple[Decimal, ...] = ()
    total: str | None = None
    refused: str | None = None


class GoldenFile(_Data):
    """The bills of one tariff."""

    tariff: str
    cases: tuple[GoldenCase, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Golden:
    """A case with its tariff."""

    tariff: Path
    case: GoldenCase

    @property
    def expected(self) -> list[tuple[str, int]]:
        """Code and cents of each line."""
        return [(code, parse_cents(amount)) for line in self.case.lines for code, amount in line.items()]


def _read() -> tuple[tuple[str, Golden], ...]:
    found: list[tuple[str, Golden]] = []
    for path in sorted(HERE.glob("*.yaml")):
        file = load_yaml(path.read_text(encoding="utf-8"), name=path.name, model=GoldenFile)
        tariff = (TARIFFS / file.tariff).resolve()
        found += [(f"{path.stem}: {case.name}", Golden(tariff=tariff, case=case)) for case in file.cases]
    return tuple(found)


GOLDEN = _read()
BILLS = [pytest.param(golden, id=name) for name, golden in GOLDEN if golden.case.refused is None]
REFUSALS = [pytest.param(golden, id=name) for name, golden in GOLDEN if golden.case.refused is not None]


def _milli(value: Decimal | None) -> int | None:
    """kWh to Wh, kW to W, kVA to VA, exactly."""
    if value is None:
        return None
    scaled = value * 1000
    assert scaled == int(scaled), f"{value} has more than three decimals"
    return int(scaled)


def _exactly(value: Decimal) -> int:
    scaled = _milli(value)
    assert scaled is not None
    return scaled


def _all_exactly(values: Mapping[str, Decimal]) -> dict[str, int]:
    return {name: _exactly(value) for name, value in values.items()}


@lru_cache
def _schedule(path: Path) -> Schedule:
    return load_schedule(path.read_text(encoding="utf-8"), name=path.name)


def _usage(golden: Golden) -> Usage:
    given = golden.case.usage
    counts = {name for name, option in _schedule(golden.tariff).options.items() if option.kind == "count"}
    return Usage(
        span=Span(start=given.start, end=given.end),
        energy_wh=_exactly(given.kwh),
        energy_by_period_wh=_all_exactly(given.by_period_kwh),
        demand_w_max=_milli(given.demand_kw),
        demand_by_period_w_max=_all_exactly(given.demand_by_period_kw),
        demand_va_max=_milli(given.demand_kva),
        trailing_average_wh=_milli(given.trailing_average_kwh),
        facilities_level=given.facilities_level,
        options={name: int(value) if name in counts else value for name, value in given.options.items()},
        parts=tuple(
            UsagePart(
                span=Span(start=part.start, end=part.end),
                energy_wh=_exactly(part.kwh),
                energy_by_period_wh=_all_exactly(part.by_period_kwh),
            )
            for part in given.parts
        ),
    )


def test_there_are_enough_bills_and_every_tariff_has_one() -> None:
    """At least 45 bills, and one for each tariff file."""
    assert len(BILLS) >= CASES_AT_LEAST
    assert {golden.tariff for _, golden in GOLDEN} >= set(TARIFFS.rglob("*.yaml"))


@pytest.mark.parametrize("golden", BILLS)
def test_the_worked_lines_sum_to_the_worked_total(golden: Golden) -> None:
    """The hand's own sum is right."""
    assert golden.case.total is not None
    assert sum(cents for _, cents in golden.expected) == parse_cents(golden.case.total)


@pytest.mark.parametrize("golden", BILLS)
def test_engine_makes_the_worked_bill(golden: Golden) -> None:
    """The engine's lines are the worked lines, in order."""
    bill = rate(_schedule(golden.tariff), _usage(golden))
    assert [(line.code, line.amount_cents) for line in bill.lines if line.amount_cents] == golden.expected
    assert bill.total_cents == parse_cents(golden.case.total or "")
    if golden.case.energy_kwh:
        energy = [line.quantity for line in bill.lines if line.code == "energy"]
        assert energy == list(golden.case.energy_kwh)


@pytest.mark.parametrize("golden", BILLS)
def test_oracle_makes_the_worked_bill(golden: Golden) -> None:
    """The oracle's lines are the worked lines, in order."""
    lines = rate_slowly(_schedule(golden.tariff), _usage(golden))
    assert [(line.code, line.amount_cents) for line in lines if line.amount_cents] == golden.expected
    if golden.case.energy_kwh:
        energy = [line.quantity for line in lines if line.code == "energy"]
        assert energy == list(golden.case.energy_kwh)


@pytest.mark.parametrize("golden", REFUSALS)
def test_engine_refuses_by_name(golden: Golden) -> None:
    """What cannot be rated is refused by the refusal that says why."""
    with pytest.raises(UsageNotRatable) as refused:
        rate(_schedule(golden.tariff), _usage(golden))
    assert refused.value.code == golden.case.refused
