"""What one estimate and the estimates of a whole cycle have in common."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from weatherhead.areas.agreements.reading import MeteredService, services_of_cycle
from weatherhead.areas.metering.estimation import EstimateFacts, change_of_use, use_now
from weatherhead.areas.metering.histories import histories
from weatherhead.areas.metering.intake import MeterHistory
from weatherhead.areas.metering.reading_rules import Estimation
from weatherhead.areas.tariffs.queries import rate_book
from weatherhead.core.rating import Schedule

PEERS_MAX = 400
"""Services of the cycle that are looked at for how use changed: enough to know, few enough for a page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Peers:
    """Services of the cycle with the histories of their meters, spread evenly over it, and each one's schedule."""

    histories: tuple[MeterHistory, ...]
    schedules: Mapping[int, str]


def peers_of(cycle: int, *, read_on: date, schedule: str = "") -> Peers:
    """Up to `PEERS_MAX` services of a cycle: those on a schedule when one is named, else of every schedule."""
    services = [item for item in services_of_cycle(cycle, on=read_on) if not schedule or item.schedule == schedule]
    chosen = _spread(services)
    known = histories([item.meter_id for item in chosen], since_on=read_on)
    return Peers(
        histories=tuple(known[item.meter_id] for item in chosen),
        schedules={item.meter_id: item.schedule for item in chosen},
    )


def _spread(services: Sequence[MeteredService]) -> Sequence[MeteredService]:
    step = -(-len(services) // PEERS_MAX) or 1
    return services[::step]


def estimate_facts(
    meter: MeterHistory,
    *,
    read_on: date,
    as_of: date,
    schedule: str,
    peers: Peers,
    rules: Estimation,
    replaced_on: date | None = None,
) -> EstimateFacts:
    """Everything that an estimate of one meter is made of."""
    alike = [item for item in peers.histories if peers.schedules[item.meter_id] == schedule]
    return EstimateFacts(
        meter=meter,
        read_on=read_on,
        as_of=as_of,
        rule=rules.rule,
        version=rules.version_on(read_on),
        demand_priced=prices_demand(rate_book()[schedule].schedule, on=read_on) if schedule in rate_book() else False,
        change=change_of_use(alike, read_on=read_on, but=meter.meter_id),
        of_class=use_now(alike, read_on=read_on, but=meter.meter_id),
        replaced_on=replaced_on,
    )


def prices_demand(schedule: Schedule, *, on: date) -> bool:
    """Whether what a schedule charges on a day depends on demand."""
    day = on.toordinal()
    for version, start, end in schedule.windows():
        if not start <= day < end:
            continue
        for charge in version.charges:
            if charge.kind == "demand":
                return True
            if charge.kind == "minimum" and charge.price_per_kw:
                return True
            if charge.kind == "energy" and charge.hours_blocks:
                return True
    return False
