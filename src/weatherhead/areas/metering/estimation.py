"""Estimating a read that could not be taken. Pure, in whole watt-hours; every estimate keeps its proof.

Between two reads an estimate divides the use by days. After the last read the methods of the utility's rule are
tried in its order: the same period a year before, scaled by how the use of the cycle changed since; the own daily
average of the last periods with actual reads; the daily average of the class. What follows from the service's own
history never lies outside it: a day's use is not below its lowest nor above its highest period. The next actual read
puts the energy right by itself, because a period's energy is the difference of two readings.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from weatherhead.areas.metering.intake import (
    InstallationFacts,
    MeterHistory,
    MeterNotInstalled,
    ReadExists,
    ReadInFuture,
    ReadPlan,
    spans_of,
)
from weatherhead.areas.metering.reading_rules import EstimationVersion
from weatherhead.areas.metering.usage import KINDS_NOT_BILLED, DialRead, UsePeriod, same_time_a_year_before, use_periods
from weatherhead.areas.records.canonical import Json, to_json
from weatherhead.core.values import Refusal, Rule, gettext_noop

_DEMAND_DAYS = 365
NEAR_DAYS = 10
"""A period of another service ends "at the same time" when it ends within so many days."""


class EstimateWithoutStart(Refusal):
    """Nothing was read there before."""

    template = gettext_noop("Meter %(serial)s has no read before %(read_on)s to estimate from. It must be read.")


class EstimatesInARow(Refusal):
    """It has been estimated too often."""

    template = gettext_noop(
        "Meter %(serial)s was estimated %(count)s times in a row, and the rule allows %(most)s. It must be read: "
        "request a re-read."
    )


class DemandNotEstimated(Refusal):
    """The schedule prices demand."""

    template = gettext_noop(
        "The service of meter %(serial)s is billed for demand, which is not estimated. It must be read."
    )


class DemandUnknown(Refusal):
    """There is no demand to estimate from."""

    template = gettext_noop("Meter %(serial)s has no demand of the year before to estimate from. It must be read.")


class NothingToEstimateFrom(Refusal):
    """No method has what it needs."""

    template = gettext_noop(
        "Neither meter %(serial)s nor enough services like it have actual reads to estimate from. It must be read."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """Energy in Wh over days, of so many services."""

    energy_wh: int
    days: int
    services: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeOfUse:
    """What the same services used in the period that ends now and in the one a year before."""

    now: Use
    year_before: Use


@dataclass(frozen=True, slots=True, kw_only=True)
class EstimateFacts:
    """What an estimate is made of. `read_on` is the day at whose start the dial is estimated."""

    meter: MeterHistory
    read_on: date
    as_of: date
    rule: Rule
    version: EstimationVersion
    demand_priced: bool
    change: ChangeOfUse
    of_class: Use
    replaced_on: date | None = None  # a held read of that day gives way to the estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """An estimate: how it is recorded, from which read on, by which method, with how much energy in Wh."""

    plan: ReadPlan
    since: DialRead
    method: str
    energy_wh: int

    @property
    def days(self) -> int:
        """The days that it covers."""
        return (self.plan.read_on - self.since.read_on).days


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """What a method gives, and from which periods."""

    method: str
    energy_wh: int
    periods: tuple[UsePeriod, ...]
    scaled: bool = False
    within: tuple[int, int] | None = None  # the lowest and highest of the own history, for as many days


def estimate(facts: EstimateFacts) -> Estimate:
    """Estimate a read.

    Raises:
        ReadInFuture, MeterNotInstalled, ReadExists: there can be no read of that day.
        EstimateWithoutStart, EstimatesInARow, DemandNotEstimated, DemandUnknown, NothingToEstimateFrom: none may be
            made.
    """
    meter, on = facts.meter, facts.read_on
    installation = _require_possible(facts)
    reads = [read for read in meter.reads_at(installation) if read.kind not in KINDS_NOT_BILLED]
    before = [read for read in reads if read.read_on < on]
    after = next((read for read in reads if read.read_on > on), None)
    if not before:
        raise EstimateWithoutStart(serial=meter.serial, read_on=on)
    since = before[-1]
    _require_few(before, meter=meter, most=facts.version.in_a_row_max)
    demand_w, demand_from = _demand(facts, reads=before)
    periods = [period for period in meter.periods_at(installation) if period.end_on <= on and not period.estimated]
    found = (
        _between(since, after=after, meter=meter, on=on) if after else _by_methods(facts, since=since, periods=periods)
    )
    step = meter.dial.step_wh
    steps = since.steps(meter.dial) + (2 * found.energy_wh + step) // (2 * step)  # to the nearest step of the dial
    turns, reading = divmod(steps, meter.dial.range_steps)
    energy_wh = (steps - since.steps(meter.dial)) * step
    plan = ReadPlan(
        meter_id=meter.meter_id,
        read_on=on,
        kind="estimated",
        dial_reading=reading,
        turns=turns,
        demand_w_max=demand_w,
        state="accepted",
        exception="",
        sentence=None,
        note="",
        proof=_proof(facts, since=since, found=found, energy_wh=energy_wh, demand_from=demand_from),
    )
    return Estimate(plan=plan, since=since, method=found.method, energy_wh=energy_wh)


def _require_possible(facts: EstimateFacts) -> InstallationFacts:
    meter, on = facts.meter, facts.read_on
    if on > facts.as_of:
        raise ReadInFuture(read_on=on)
    installation = meter.installation_on(on)
    if installation is None:
        raise MeterNotInstalled(serial=meter.serial, read_on=on, spans=spans_of(meter.installations))
    held = {day: reading for day, reading in meter.held.items() if day != facts.replaced_on}
    on_day = {read.read_on: read.dial_reading for read in meter.reads} | held
    if on in on_day:
        raise ReadExists(serial=meter.serial, reading=str(on_day[on]), read_on=on)
    return installation


def _require_few(before: Sequence[DialRead], *, meter: MeterHistory, most: int) -> None:
    count = estimates_in_a_row(before)
    if count >= most:
        raise EstimatesInARow(serial=meter.serial, count=count, most=most)


def estimates_in_a_row(reads: Sequence[DialRead]) -> int:
    """How many of the last billable reads are estimates."""
    count = 0
    for read in reversed(reads):
        if read.kind != "estimated":
            break
        count += 1
    return count


def _demand(facts: EstimateFacts, *, reads: Sequence[DialRead]) -> tuple[int | None, str]:
    """The demand in W, and the day of the read that it is taken from."""
    meter, rule = facts.meter, facts.version.demand
    if not facts.demand_priced and not meter.has_demand:
        return None, ""
    if not rule.allowed:
        raise DemandNotEstimated(serial=meter.serial)
    wanted = facts.read_on.toordinal() - _DEMAND_DAYS
    known = [read for read in reads if read.demand_w_max is not None and read.kind != "estimated"]
    if rule.method == "same_period_year_before":
        near = [read for read in known if abs(read.read_on.toordinal() - wanted) <= _NEAR_YEAR_DAYS]
        chosen = min(near, key=lambda read: abs(read.read_on.toordinal() - wanted), default=None)
    else:
        recent = [read for read in known if read.read_on.toordinal() > wanted]
        chosen = max(recent, key=lambda read: read.demand_w_max or 0, default=None)
    if chosen is None:
        raise DemandUnknown(serial=meter.serial)
    return chosen.demand_w_max, chosen.read_on.isoformat()


_NEAR_YEAR_DAYS = 16


def _between(since: DialRead, *, after: DialRead, meter: MeterHistory, on: date) -> _Found:
    """A later read is known: the use between the two, by days."""
    span_wh = (after.steps(meter.dial) - since.steps(meter.dial)) * meter.dial.step_wh
    days, of_days = (on - since.read_on).days, (after.read_on - since.read_on).days
    whole = UsePeriod(
        meter_id=meter.meter_id, start_on=since.read_on, end_on=after.read_on, energy_wh=span_wh, estimated=False
    )
    return _Found(method="between_reads", energy_wh=span_wh * days // of_days, periods=(whole,))


def _by_methods(facts: EstimateFacts, *, since: DialRead, periods: Sequence[UsePeriod]) -> _Found:
    days = (facts.read_on - since.read_on).days
    for method in facts.version.methods:
        if method == "same_period_year_before":
            found = _year_before(facts, days=days, periods=periods)
        elif method == "own_daily_average":
            found = _own_average(facts, days=days, periods=periods)
        else:
            found = _class_average(facts, days=days)
        if found is not None:
            return _within_history(found, periods=periods, days=days) if found.periods else found
    raise NothingToEstimateFrom(serial=facts.meter.serial)


def _year_before(facts: EstimateFacts, *, days: int, periods: Sequence[UsePeriod]) -> _Found | None:
    same = same_time_a_year_before(periods, read_on=facts.read_on)
    if same is None:
        return None
    now, then = facts.change.now, facts.change.year_before
    scaled = now.services >= facts.version.scaling_services_min and then.energy_wh > 0 and now.energy_wh > 0
    above, below = same.energy_wh * days, same.days
    if scaled:
        above, below = above * now.energy_wh * then.days, below * then.energy_wh * now.days
    return _Found(method="same_period_year_before", energy_wh=above // below, periods=(same,), scaled=scaled)


def _own_average(facts: EstimateFacts, *, days: int, periods: Sequence[UsePeriod]) -> _Found | None:
    last = tuple(periods[-facts.version.trailing_periods :])
    if not last:
        return None
    energy_wh = sum(period.energy_wh for period in last) * days // sum(period.days for period in last)
    return _Found(method="own_daily_average", energy_wh=energy_wh, periods=last)


def _class_average(facts: EstimateFacts, *, days: int) -> _Found | None:
    use = facts.of_class
    if use.services < facts.version.class_services_min or use.days == 0:
        return None
    return _Found(method="class_average", energy_wh=max(use.energy_wh * days // use.days, 0), periods=())


def _within_history(found: _Found, *, periods: Sequence[UsePeriod], days: int) -> _Found:
    """Not below the lowest nor above the highest daily use of the own periods, and never negative."""
    rates = [max(period.energy_wh, 0) * days // period.days for period in periods]
    low, high = min(rates), max(rates)
    return _Found(
        method=found.method,
        energy_wh=min(max(found.energy_wh, low), high),
        periods=found.periods,
        scaled=found.scaled,
        within=(low, high),
    )


def _proof(
    facts: EstimateFacts, *, since: DialRead, found: _Found, energy_wh: int, demand_from: str
) -> Mapping[str, Json]:
    """What the estimate was made from, to be shown and worked again by hand."""
    proof: dict[str, Json] = {
        "method": found.method,
        "since": {"on": since.read_on.isoformat(), "reading": since.dial_reading, "kind": since.kind},
        "days": (facts.read_on - since.read_on).days,
        "energy_wh": energy_wh,
        "periods": [
            {"start": period.start_on.isoformat(), "end": period.end_on.isoformat(), "energy_wh": period.energy_wh}
            for period in found.periods
        ],
        "rule": to_json(facts.rule),
    }
    if found.scaled:
        proof["scaled_by"] = to_json(facts.change)
    if found.within is not None:
        proof["within_wh"] = list(found.within)
    if found.method == "class_average":
        proof["of_class"] = to_json(facts.of_class)
    if demand_from:
        proof["demand_from"] = demand_from
    return proof


# ------------------------------------------------------------------------------------------- what other services used
def change_of_use(histories: Iterable[MeterHistory], *, read_on: date, but: int) -> ChangeOfUse:
    """How the use of some meters with actual reads changed against a year before; the meter `but` is left out."""
    pairs = [pair for meter in histories if meter.meter_id != but for pair in _pair(meter, read_on=read_on)]
    return ChangeOfUse(now=_use([now for now, _ in pairs]), year_before=_use([then for _, then in pairs]))


def use_now(histories: Iterable[MeterHistory], *, read_on: date, but: int) -> Use:
    """What some meters with actual reads used in the period that ends about now; the meter `but` is left out."""
    found = [_ending(meter, read_on=read_on) for meter in histories if meter.meter_id != but]
    return _use([period for period in found if period is not None])


def _pair(meter: MeterHistory, *, read_on: date) -> list[tuple[UsePeriod, UsePeriod]]:
    now = _ending(meter, read_on=read_on)
    if now is None:
        return []
    then = same_time_a_year_before(_actual(meter), read_on=now.end_on)
    return [] if then is None else [(now, then)]


def _ending(meter: MeterHistory, *, read_on: date) -> UsePeriod | None:
    near = [period for period in _actual(meter) if abs((period.end_on - read_on).days) <= NEAR_DAYS]
    return near[-1] if near else None


def _actual(meter: MeterHistory) -> list[UsePeriod]:
    return [period for period in use_periods(meter.reads, dial=meter.dial) if not period.estimated]


def _use(periods: Sequence[UsePeriod]) -> Use:
    return Use(
        energy_wh=sum(period.energy_wh for period in periods),
        days=sum(period.days for period in periods),
        services=len(periods),
    )
