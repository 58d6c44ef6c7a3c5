"""What to bill on one account: the batch's formulas with n = 1, told as plans that people can read. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from weatherhead.areas.billing.columns import BillingColumns, columns_of
from weatherhead.areas.billing.determinants import determinants_of, judged
from weatherhead.areas.billing.facts import AgreementBilling
from weatherhead.areas.billing.lines import PricePoint, hows_of, lines_of_group
from weatherhead.areas.billing.price_many import (
    FACILITIES_LEVEL,
    Periods,
    Priced,
    next_periods,
    price_many,
)
from weatherhead.areas.billing.refusals import NothingToBill, StartReadMissing, UnmeteredPeriodMissing
from weatherhead.areas.records.arrays import MISSING
from weatherhead.areas.records.canonical import Json
from weatherhead.areas.records.utility import Bounds
from weatherhead.core.values import Refusal, Sentence, Span

__all__ = [
    "FACILITIES_LEVEL",
    "Check",
    "LinePlan",
    "NothingToBill",
    "SegmentPlan",
    "StartReadMissing",
    "UnmeteredPeriodMissing",
    "next_period",
    "plan_segment",
    "plan_segments",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing looked at before issuing. `released_by` is the reason with which a person let it pass."""

    code: str
    passed: bool
    text: Sentence
    released: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinePlan:
    """A charge ready to be recorded. `quantity`, `numerator` and `denominator` are those of `BillLine`.

    `how` is its short arithmetic, as the bill says it.
    """

    price: PricePoint
    start_on: date
    end_on: date
    quantity: int
    numerator: int
    denominator: int
    amount_cents: int
    how: str

    @property
    def code(self) -> str:
        """The charge."""
        return self.price.code

    @property
    def label(self) -> str:
        """What the bill calls it."""
        return self.price.label

    @property
    def clause(self) -> str:
        """The clause of the tariff that it stands in."""
        clause: str = self.price.content["clause"]
        return clause

    @property
    def ledger_account(self) -> str:
        """Where it posts to."""
        return self.price.ledger_account


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentPlan:
    """The charges of one agreement for one period, ready to be recorded."""

    agreement_id: int
    start_on: date
    end_on: date
    schedule: str
    schedule_sha256: str
    energy_wh: int
    demand_w_max: int | None
    estimated: bool
    determinants: Mapping[str, Json]
    lines: tuple[LinePlan, ...]
    checks: tuple[Check, ...]
    service: Mapping[str, Json]

    @property
    def amount_cents(self) -> int:
        """The sum of the lines."""
        return sum(line.amount_cents for line in self.lines)

    @property
    def failed(self) -> tuple[Check, ...]:
        """Checks that hold the segment back."""
        return tuple(check for check in self.checks if not check.passed and not check.released)


def next_period(facts: AgreementBilling, *, through_on: date) -> Span:
    """The period to bill next: from the end of the last billed one to the last read up to `through_on`.

    Raises:
        NothingToBill, StartReadMissing, UnmeteredPeriodMissing, BillingHeld: as they say.
    """
    periods = next_periods(columns_of([facts]), through_on=through_on)
    if periods.refused:
        raise periods.refused[0]
    return Span(start=date.fromordinal(int(periods.starts[0])), end=date.fromordinal(int(periods.ends[0])))


def plan_segment(facts: AgreementBilling, *, period: Span, bounds: Bounds) -> SegmentPlan:
    """Price one agreement's period and check it.

    Raises:
        UsageNotRatable: the schedule cannot price this usage, saying what is missing.
        StartReadMissing: no read on the first or last day of a metered period.
    """
    [planned] = plan_segments([(facts, period)], bounds=bounds)
    if isinstance(planned, Refusal):
        raise planned
    return planned


def plan_segments(
    wanted: Sequence[tuple[AgreementBilling, Span]], *, bounds: Bounds
) -> tuple[SegmentPlan | Refusal, ...]:
    """Price periods of agreements, and check each; a period that cannot be priced gives the reason in its place."""
    if not wanted:
        return ()
    columns = columns_of([facts for facts, _ in wanted])
    periods = Periods(
        starts=np.array([period.start.toordinal() for _, period in wanted], dtype=np.int64),
        ends=np.array([period.end.toordinal() for _, period in wanted], dtype=np.int64),
        refused={},
    )
    priced = price_many(columns, periods=periods, bounds=bounds)
    lines = _lines(columns, priced=priced)
    kept = determinants_of(
        columns,
        priced=priced,
        bounds=bounds,
        indexes=(index for index in range(columns.count) if index not in priced.refused),
    )
    return tuple(
        priced.refused.get(index)
        or _planned(
            facts, period, columns=columns, priced=priced, index=index, determinants=kept[index], lines=lines[index]
        )
        for index, (facts, period) in enumerate(wanted)
    )


def _planned(
    facts: AgreementBilling,
    period: Span,
    /,
    *,
    columns: BillingColumns,
    priced: Priced,
    index: int,
    determinants: Mapping[str, Json],
    lines: Sequence[LinePlan],
) -> SegmentPlan:
    demand = int(priced.demand_w_max[index])
    return SegmentPlan(
        agreement_id=facts.agreement.agreement_id,
        start_on=period.start,
        end_on=period.end,
        schedule=facts.schedule.schedule.code,
        schedule_sha256=facts.schedule.sha256,
        energy_wh=int(priced.energy_wh[index]),
        demand_w_max=None if demand == MISSING else demand,
        estimated=bool(priced.estimated[index]),
        determinants=determinants,
        lines=tuple(lines),
        checks=_checks(determinants, period=period, amount_cents=int(priced.total_cents[index])),
        service=_service(facts, priced=priced, columns=columns, index=index),
    )


def _lines(columns: BillingColumns, *, priced: Priced) -> dict[int, list[LinePlan]]:
    """The lines of each agreement in the batch, in their order."""
    found: dict[int, list[LinePlan]] = {index: [] for index in range(columns.count)}
    for group in priced.groups:
        schedule = columns.schedules[int(columns.schedule_of[group.members[0]])]
        for column, item in zip(group.rated.columns, lines_of_group(group, facts=schedule), strict=True):
            rows = zip(
                item.members.tolist(),
                item.starts.tolist(),
                item.ends.tolist(),
                item.quantities.tolist(),
                item.numerators.tolist(),
                item.denominators.tolist(),
                item.amounts_cents.tolist(),
                hows_of(column, schedule=schedule.schedule, usages=group.rated.usages),
                strict=True,
            )
            for index, start, end, quantity, numerator, denominator, amount_cents, how in rows:
                if index in priced.refused:
                    continue
                line = LinePlan(
                    price=item.price,
                    start_on=date.fromordinal(start),
                    end_on=date.fromordinal(end),
                    quantity=quantity,
                    numerator=numerator,
                    denominator=denominator,
                    amount_cents=amount_cents,
                    how=how,
                )
                found[index].append(line)
    return found


def _service(facts: AgreementBilling, *, priced: Priced, columns: BillingColumns, index: int) -> dict[str, Json]:
    last = int(priced.reads_to[index]) - 1
    metered = last >= int(priced.reads_from[index])
    return {
        "address": facts.point.address,
        "city_line": facts.point.city_line,
        "service_point": facts.point.service_point_id,
        "schedule_name": facts.schedule.schedule.name,
        "meter": next(read.serial for read in facts.reads if read.meter_id == columns.reads.meter_ids[last])
        if metered
        else "",
    }


def _checks(determinants: Mapping[str, Json], *, period: Span, amount_cents: int) -> tuple[Check, ...]:
    return tuple(
        Check(
            code=item.code,
            passed=item.passed,
            text=item.text,
            released=determinants["released"].get(item.code, "") if not item.passed else "",
        )
        for item in judged(determinants, days=period.days, amount_cents=amount_cents)
    )
