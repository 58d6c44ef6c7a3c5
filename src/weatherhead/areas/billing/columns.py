"""What decides the next bills of many agreements, laid out as arrays. One agreement is n = 1 of the same.

Every array is int64. Days are proleptic ordinals, energy is Wh, demand W; `MISSING` stands for what is not there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from json.encoder import encode_basestring
from typing import NamedTuple

import numpy as np

from weatherhead.areas.billing.facts import AgreementBilling, ExceptionFacts
from weatherhead.areas.metering.usage import READ_KINDS, step_wh
from weatherhead.areas.records.arrays import MISSING
from weatherhead.areas.tariffs.queries import ScheduleFacts
from weatherhead.core.values import Int64Array

KIND_NUMBERS: Mapping[str, int] = {kind: number for number, kind in enumerate(READ_KINDS)}
"""Read kinds as numbers, for arrays."""


class MeterText(NamedTuple):
    """What a bill says of a meter, and the same as JSON texts."""

    serial: str
    multiplier: str
    serial_json: str
    multiplier_json: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryColumns:
    """Active segments, sorted by agreement and then by start; `agreements` are indexes into the batch."""

    agreements: Int64Array
    starts: Int64Array
    ends: Int64Array
    energy_wh: Int64Array
    amounts_cents: Int64Array
    estimated: Int64Array  # 0 or 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadColumns:
    """Billable reads, sorted by agreement, day, and the order in which the meters were hung."""

    agreements: Int64Array
    read_ids: Int64Array
    meter_ids: Int64Array
    days: Int64Array
    kinds: Int64Array
    dial_readings: Int64Array
    turns: Int64Array
    demand_w_max: Int64Array
    dials: Int64Array
    step_wh: Int64Array
    accuracies: Int64Array  # of the meter until its next read, in hundredths of a percent


@dataclass(frozen=True, slots=True, kw_only=True)
class BillingColumns:
    """n agreements: whose they are, what prices them, what was billed and what was read."""

    agreement_ids: Int64Array
    account_ids: Int64Array
    metered: Int64Array  # 0 or 1
    starts: Int64Array
    ends: Int64Array  # MISSING while in force
    schedules: tuple[ScheduleFacts, ...]
    schedule_of: Int64Array  # index into schedules
    option_sets: tuple[Mapping[str, str], ...]
    options_of: Int64Array  # index into option_sets
    history: HistoryColumns
    reads: ReadColumns
    meters: Mapping[int, MeterText]
    exceptions: Mapping[int, tuple[ExceptionFacts, ...]]  # by index into the batch; held and released ones

    @property
    def count(self) -> int:
        """Number of agreements."""
        return len(self.agreement_ids)


def meter_text(*, serial: str, multiplier: str) -> MeterText:
    """A meter's texts, quoted once for all bills that name it."""
    return MeterText(serial, multiplier, encode_basestring(serial), encode_basestring(multiplier))


def columns_of(agreements: Sequence[AgreementBilling]) -> BillingColumns:
    """Lay out facts that were gathered one account at a time."""
    schedules = {item.schedule.sha256: item.schedule for item in agreements}
    places = {sha256: place for place, sha256 in enumerate(schedules)}
    segments = [(index, segment) for index, item in enumerate(agreements) for segment in item.segments]
    reads = [(index, read) for index, item in enumerate(agreements) for read in item.reads]
    ends = [item.agreement.end_on for item in agreements]
    return BillingColumns(
        agreement_ids=_array(item.agreement.agreement_id for item in agreements),
        account_ids=_array(item.agreement.account_id for item in agreements),
        metered=_array(int(item.point.kind == "metered") for item in agreements),
        starts=_array(item.agreement.start_on.toordinal() for item in agreements),
        ends=_array(MISSING if end is None else end.toordinal() for end in ends),
        schedules=tuple(schedules.values()),
        schedule_of=_array(places[item.schedule.sha256] for item in agreements),
        option_sets=tuple(item.agreement.options for item in agreements),
        options_of=np.arange(len(agreements), dtype=np.int64),
        history=HistoryColumns(
            agreements=_array(index for index, _ in segments),
            starts=_array(segment.start_on.toordinal() for _, segment in segments),
            ends=_array(segment.end_on.toordinal() for _, segment in segments),
            energy_wh=_array(segment.energy_wh for _, segment in segments),
            amounts_cents=_array(segment.amount_cents for _, segment in segments),
            estimated=_array(int(segment.estimated) for _, segment in segments),
        ),
        reads=ReadColumns(
            agreements=_array(index for index, _ in reads),
            read_ids=_array(read.read_id for _, read in reads),
            meter_ids=_array(read.meter_id for _, read in reads),
            days=_array(read.read_on.toordinal() for _, read in reads),
            kinds=_array(KIND_NUMBERS[read.kind] for _, read in reads),
            dial_readings=_array(read.dial_reading for _, read in reads),
            turns=_array(read.turns for _, read in reads),
            demand_w_max=_array(MISSING if read.demand_w_max is None else read.demand_w_max for _, read in reads),
            dials=_array(read.dials for _, read in reads),
            step_wh=_array(step_wh(read.multiplier) for _, read in reads),
            accuracies=_array(read.accuracy for _, read in reads),
        ),
        meters={read.meter_id: meter_text(serial=read.serial, multiplier=str(read.multiplier)) for _, read in reads},
        exceptions={index: item.exceptions for index, item in enumerate(agreements) if item.exceptions},
    )


def _array(values: object) -> Int64Array:
    return np.fromiter(values, dtype=np.int64)  # type: ignore[call-overload, no-any-return]
