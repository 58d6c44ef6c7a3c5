"""Random rate schedules and usages that fit them, from a seed, and their comparison with the slow rating.

Schedules are drawn from every structure that the data model knows; usages lean toward what goes wrong: bounds hit
exactly, energy below zero, periods of one day and of a year, changes of version and season inside, split reads.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from random import Random
from typing import Any

from tests.core.rating.oracle import rate_slowly

from weatherhead.core.rating import RatedArrays, Schedule, Usage, UsagePart, rate_many, usage_arrays
from weatherhead.core.values import RoundingRule, Span

FIRST_ON = date(2022, 1, 1)
CITATION = "drawn at random"

Line = tuple[str, date, date, date, Fraction, int]
"""Code, version, start, end, exact dollars, cents."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A case in which the engine and the slow rating disagree."""

    schedule: Schedule
    usage: Usage
    engine: tuple[Line, ...]
    oracle: tuple[Line, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """How many lines were compared, and the cases that differ in any."""

    lines: int
    differences: tuple[Difference, ...]


def compare(*, schedule: Schedule, usages: Sequence[Usage]) -> Comparison:
    """Rate all usages by the engine at once, and one by one slowly. Lines of zero cents are not compared."""
    rated = rate_many(schedule, usage_arrays(schedule=schedule, usages=usages))
    lines, differences = 0, []
    for usage, by_engine, total_cents in zip(usages, engine_lines(rated), rated.total_cents.tolist(), strict=True):
        by_oracle = tuple(
            (line.code, line.version, line.start, line.end, line.dollars, line.amount_cents)
            for line in rate_slowly(schedule, usage)
            if line.amount_cents
        )
        lines += len(by_oracle)
        if by_engine != by_oracle or total_cents != sum(line[-1] for line in by_oracle):
            differences.append(Difference(schedule=schedule, usage=usage, engine=by_engine, oracle=by_oracle))
    return Comparison(lines=lines, differences=tuple(differences))


def engine_lines(rated: RatedArrays) -> list[tuple[Line, ...]]:
    """The lines of each account that are not of zero cents. An account that was refused is a failure here."""
    assert not rated.refused, dict(rated.refused)
    lines: list[list[Line]] = [[] for _ in range(rated.count)]
    for column in rated.columns:
        below = column.denominators
        denominators = [below] * len(column.cents) if isinstance(below, int) else below.tolist()
        rows = zip(
            column.piece.accounts.tolist(),
            column.piece.starts.tolist(),
            column.piece.ends.tolist(),
            column.numerators.tolist(),
            denominators,
            column.cents.tolist(),
            strict=True,
        )
        for account, start, end, numerator, denominator, cents in rows:
            if cents:
                exact = Fraction(numerator, denominator * 100)
                span = date.fromordinal(start), date.fromordinal(end)
                lines[account].append((column.charge.code, column.version.effective, *span, exact, cents))
    return [tuple(found) for found in lines]


def draw_schedule(random: Random) -> Schedule:
    """A valid schedule with one to three versions."""
    effective = sorted(random.sample(range(1_100), random.choice([1, 1, 2, 3])))
    options: dict[str, Any] = {
        "phase": {"kind": "choice", "label": "Phase", "values": ["single", "three"], "default": "single"},
        "lamps": {"kind": "count", "label": "Lamps", "unit": "lamp"},
    }
    return Schedule.model_validate(
        {
            "utility": "random",
            "utility_name": "Random Power",
            "code": "X-1",
            "name": "Drawn at random",
            "revenue_class": "residential",
            "options": options,
            "series": {name: _series(random, first=effective[0]) for name in ("adjustment", "cost")},
            "versions": [_version(random, effective=FIRST_ON + timedelta(days=days)) for days in effective],
        }
    )


def _decimal(random: Random, *, whole: int, places: int) -> str:
    return f"{Decimal(random.randrange(whole * 10**places + 1)).scaleb(-places):f}"


def _price_per_kwh(random: Random) -> str:
    return random.choice(["", "", "", "-"]) + _decimal(
        random, whole=random.choice([0, 1]), places=random.choice([2, 4, 7])
    )


def _series(random: Random, *, first: int) -> list[dict[str, str]]:
    days = [first, *sorted(random.sample(range(first + 1, first + 1_500), random.randrange(4)))]
    return [
        {
            "effective": (FIRST_ON + timedelta(days=day)).isoformat(),
            "value": _decimal(random, whole=0, places=1)[:1] + f".0{random.randrange(10**5):05d}",
        }
        for day in days
    ]


def _version(random: Random, *, effective: date) -> dict[str, Any]:
    seasons = _seasons(random)
    periods = random.choice([[], [], ["on_peak", "off_peak"], ["on_peak", "mid", "off_peak"]])
    shortest = random.randrange(20, 29)
    return {
        "effective": effective.isoformat(),
        "citation": CITATION,
        "status": "illustrative",
        "rounding": random.choice(["half_up", "half_up", *RoundingRule]),
        "proration": {
            "whole_month_days_min": str(shortest),
            "whole_month_days_max": str(random.randrange(shortest + 3, 45)),
            "days_per_month": random.choice(["30", "30", "28", "31"]),
        },
        "seasons": seasons,
        "periods": [{"code": code, "name": code} for code in periods],
        "facilities": _facilities(random),
        "charges": _charges(random, seasons=list(dict.fromkeys(s["code"] for s in seasons)), periods=periods),
    }


def _seasons(random: Random) -> list[dict[str, str]]:
    """No seasons, or two to four that cover the year; with four, two parts of one season that never meet."""
    count = random.choice([0, 2, 2, 3, 4])
    if not count:
        return []
    leap_year = [date(2000, 1, 1) + timedelta(days=offset) for offset in range(366)]
    starts = sorted(random.sample([day for day in leap_year if (day.month, day.day) != (2, 29)], count))
    ends = [*starts[1:], starts[0]]
    codes = ["summer", "shoulder", "winter", "shoulder"][:count]
    return [
        {"code": code, "name": code, "start": f"{start:%m-%d}", "through": f"{end - timedelta(days=1):%m-%d}"}
        for code, start, end in zip(codes, starts, ends, strict=True)
    ]


def _facilities(random: Random) -> dict[str, Any]:
    bounds = sorted(random.sample([500, 800, 1500, 2000], random.choice([1, 2, 3])))
    levels: list[dict[str, Any]] = [
        {"level": str(number), random.choice(["below_kwh", "through_kwh"]): str(bound)}
        for number, bound in enumerate(bounds, start=1)
    ]
    return {"levels": [*levels, {"level": str(len(bounds) + 1)}], "unknown": "1"}


def _charges(random: Random, *, seasons: list[str], periods: list[str]) -> list[dict[str, Any]]:
    charges = [*_fixed(random, seasons=seasons), *_energy(random, seasons=seasons, periods=periods)]
    charges += _riders(random, periods=periods)
    charges += _demand(random, seasons=seasons, periods=periods)
    codes = list(dict.fromkeys(charge["code"] for charge in charges))
    for number in range(random.randrange(4)):
        code = f"on_top_{number}"
        of = random.sample(codes, random.randrange(1, len(codes) + 1))
        kind = random.choice(["percentage", "percentage", "minimum"])
        more: dict[str, Any] = {"percent": _decimal(random, whole=20, places=random.choice([0, 1, 3]))}
        if kind == "minimum":
            more = {"price": _decimal(random, whole=300, places=2)}
            if random.random() < 0.5:
                more |= {
                    "price_per_kw": _decimal(random, whole=9, places=2),
                    "demand": _billing_demand(random, periods),
                }
        charges.append(_charge(random, kind=kind, code=code, of=of, **more))
        codes.append(code)
    return charges


def _charge(random: Random, *, kind: str, code: str, **more: Any) -> dict[str, Any]:
    rounding = {"rounding": random.choice(list(RoundingRule))} if random.random() < 0.2 else {}
    return {"kind": kind, "code": code, "label": code, "posts_to": "revenue", **rounding, **more}


def _by_season(random: Random, seasons: list[str]) -> list[dict[str, str]]:
    return [{"season": season} for season in seasons] if seasons and random.random() < 0.7 else [{}]


def _fixed(random: Random, *, seasons: list[str]) -> Iterator[dict[str, Any]]:
    per = random.choice(["month", "month", "day", "bill"])
    for condition in [{}] if per == "bill" else _by_season(random, seasons):
        price = random.choice(["", "", "-"]) + _decimal(random, whole=50, places=random.choice([0, 2, 3]))
        yield _charge(random, kind="fixed", code="customer", price=price, per=per, **condition)
    if random.random() < 0.5:
        price = _decimal(random, whole=50, places=2)
        yield _charge(random, kind="fixed", code="level_one", price=price, level="1", partial="true")
    if random.random() < 0.5:
        per = random.choice(["month", "day", "bill"])
        yield _charge(
            random, kind="fixed", code="lamps", price=_decimal(random, whole=30, places=2), times="lamps", per=per
        )
    if random.random() < 0.5:
        for phase in ("single", "three"):
            price = _decimal(random, whole=30, places=2)
            yield _charge(random, kind="fixed", code="service", price=price, when={"phase": phase})


def _blocks(random: Random) -> list[dict[str, str]]:
    bounds = sorted(random.sample([100, 500, 1000, 1250, 2000, 6000], random.choice([0, 1, 2, 3])))
    blocks = [{"price": _price_per_kwh(random), "up_to_kwh": str(bound)} for bound in bounds]
    return [*blocks, {"price": _price_per_kwh(random)}]


def _energy(random: Random, *, seasons: list[str], periods: list[str]) -> Iterator[dict[str, Any]]:
    by_period: list[dict[str, str]] = [{"period": period} for period in periods] if random.random() < 0.7 else []
    for condition in _by_season(random, seasons):
        for period in by_period or [{}]:
            form = random.choice(["price", "blocks", "hours"])
            more: dict[str, Any] = {"price": _price_per_kwh(random)}
            if form == "blocks":
                more = {"blocks": _blocks(random)}
            elif form == "hours":
                hours = sorted(random.sample([50, 100, 200, 300, 400], random.choice([1, 2])))
                tiers: list[dict[str, Any]] = [{"up_to_hours": str(hour), "blocks": _blocks(random)} for hour in hours]
                more = {"hours_blocks": [*tiers, {"blocks": _blocks(random)}]}
                more["hours_of"] = random.choice(["max", "kva", *periods])
            yield _charge(random, kind="energy", code="energy", **condition, **period, **more)


def _riders(random: Random, *, periods: list[str]) -> Iterator[dict[str, Any]]:
    in_force = random.choice(["by_day", "by_day", "at_end", "at_start"])
    period = {"period": random.choice(periods)} if periods and random.random() < 0.3 else {}
    if random.random() < 0.5:
        yield _charge(random, kind="rider", code="surcharge", price=_price_per_kwh(random))
    if random.random() < 0.6:
        yield _charge(random, kind="rider", code="adjustment", series="adjustment", in_force=in_force, **period)
    if random.random() < 0.4:
        yield _charge(
            random,
            kind="fuel_clause",
            code="fuel",
            series="cost",
            base="0.0530",
            step=random.choice(["0.0001", "0.0005", "0.0003"]),
            below_base=random.choice(["nothing", "credit"]),
            in_force=in_force,
        )


def _billing_demand(random: Random, periods: list[str]) -> dict[str, str]:
    return {
        "determinant": random.choice(["max", "kva", *periods]),
        "minimum_kw": random.choice(["0", "0", "5", "12.5"]),
        "in_excess_of_kw": random.choice(["0", "0", "10", "2.345"]),
    }


def _demand(random: Random, *, seasons: list[str], periods: list[str]) -> Iterator[dict[str, Any]]:
    if random.random() < 0.5:
        demand = _billing_demand(random, periods)
        for condition in _by_season(random, seasons):
            price = _decimal(random, whole=20, places=2)
            yield _charge(random, kind="demand", code="demand", price=price, demand=demand, **condition)


def draw_usage(random: Random, *, schedule: Schedule) -> Usage:
    """A usage that the schedule can rate."""
    first = schedule.versions[0].effective
    start = first + timedelta(days=random.randrange(1_500))
    days = random.choice([random.randrange(26, 36)] * 6 + [random.randrange(1, 26), random.randrange(36, 70), 1])
    if random.random() < 0.005:
        days = random.randrange(70, 400)
    span = Span(start=start, end=start + timedelta(days=days))
    periods = dict.fromkeys(period.code for version in schedule.versions for period in version.periods)
    by_period, energy_wh = _split(random, schedule=schedule, periods=list(periods))
    options: dict[str, str | int] = {}
    if random.random() < 0.6:
        options["lamps"] = random.randrange(6)
    if random.random() < 0.6:
        options["phase"] = random.choice(["single", "three"])
    return Usage(
        span=span,
        energy_wh=energy_wh,
        energy_by_period_wh=by_period,
        demand_w_max=_demand_w(random),
        demand_by_period_w_max={period: _demand_w(random) for period in periods},
        demand_va_max=_demand_w(random),
        trailing_average_wh=random.choice([None, 500_000, 800_000, 800_001, 1_499_999, random.randrange(3_000_000)]),
        facilities_level=random.choice([None, None, None, 1, 2]),
        options=options,
        parts=_parts(random, span=span, by_period=by_period, energy_wh=energy_wh) if random.random() < 0.15 else (),
    )


def _demand_w(random: Random) -> int:
    return random.choice([0, 10_000, 12_500, random.randrange(100_000)])


def _energy_wh(random: Random) -> int:
    bounds = [0, 500_000, 500_001, 1_000_000, 2_000_000, -1, -300_000]
    return random.choice([*bounds, *(random.randrange(3_000_000) for _ in range(8)), random.randrange(20_000_000)])


def _split(random: Random, *, schedule: Schedule, periods: list[str]) -> tuple[dict[str, int], int]:
    """Energy by period and in all. Periods sum to the energy in every version: those a version lacks are zero."""
    if not periods:
        return {}, _energy_wh(random)
    shared = set(periods)
    for version in schedule.versions:
        if version.periods:
            shared &= {period.code for period in version.periods}
    by_period = {period: _energy_wh(random) if period in shared else 0 for period in periods}
    return by_period, sum(by_period.values())


def _parts(random: Random, *, span: Span, by_period: dict[str, int], energy_wh: int) -> tuple[UsagePart, ...]:
    cuts = [span.start + timedelta(days=random.randrange(span.days)) for _ in range(random.choice([1, 1, 2]))]
    spans = span.split_at(cuts)
    shares = {period: _pieces(random, total=energy, count=len(spans)) for period, energy in by_period.items()}
    whole = _pieces(random, total=energy_wh, count=len(spans))
    if shares:
        whole = [sum(energy) for energy in zip(*shares.values(), strict=True)]
    return tuple(
        UsagePart(
            span=part,
            energy_wh=whole[index],
            energy_by_period_wh={period: share[index] for period, share in shares.items()},
        )
        for index, part in enumerate(spans)
    )


def _pieces(random: Random, *, total: int, count: int) -> list[int]:
    pieces = [random.randint(-abs(total), abs(total)) for _ in range(count - 1)]
    return [*pieces, total - sum(pieces)]
