"""What to bill: reads become determinants, determinants become lines, lines are checked against bounds. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import pairwise

from weatherhead.areas.billing.facts import AgreementBilling, ExceptionFacts, SegmentFacts
from weatherhead.areas.metering.queries import BillableRead
from weatherhead.areas.metering.usage import energy_wh_between
from weatherhead.areas.records.canonical import Json, to_json
from weatherhead.areas.records.utility import Bounds
from weatherhead.core.ledger import LedgerAccount, revenue_account
from weatherhead.core.rating import RatedBill, RatedLine, Schedule, Usage, UsagePart, rate
from weatherhead.core.rating.schedule import CountOption, PostsTo
from weatherhead.core.values import Refusal, Sentence, Span, format_cents, gettext_noop

FACILITIES_LEVEL = "facilities_level"
"""The agreement's option that assigns a level until twelve periods are known."""

_PERIODS_OF_AVERAGE = 12
_FIRST_MONTH_OF_LEVEL_YEAR = 12  # levels are set once a year from the periods that end in December to November
_YEAR_DAYS, _YEAR_SLACK_DAYS = 365, 16
_HISTORY_DAYS_MIN = 20
_WH_PER_KWH = 1000


class NothingToBill(Refusal):
    """No read since the last bill."""

    template = gettext_noop("There is nothing to bill yet: no accepted read after %(start)s. Enter the read first.")


class StartReadMissing(Refusal):
    """Service began without a read."""

    template = gettext_noop(
        "Meter use since %(start)s is unknown: there is no accepted read on that day. Enter the start read."
    )


class UnmeteredPeriodMissing(Refusal):
    """Unmetered service needs a day."""

    template = gettext_noop("Unmetered service from %(start)s is billed through a day: choose one after %(start)s.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing looked at before issuing. `released_by` is the reason with which a person let it pass."""

    code: str
    passed: bool
    text: Sentence
    released: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinePlan:
    """A charge ready to be recorded."""

    code: str
    label: str
    amount_cents: int
    ledger_account: str
    proof: Mapping[str, Json]


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
        NothingToBill, StartReadMissing, UnmeteredPeriodMissing: as they say.
    """
    start = facts.segments[-1].end_on if facts.segments else facts.agreement.start_on
    last = min(through_on, facts.agreement.end_on or through_on)
    if facts.point.kind == "unmetered":
        if last <= start:
            raise UnmeteredPeriodMissing(start=start)
        return Span(start=start, end=last)
    ends = [read.read_on for read in facts.reads if start < read.read_on <= last]
    if not ends:
        raise NothingToBill(start=start)
    if not any(read.read_on == start for read in facts.reads):
        raise StartReadMissing(start=start)
    return Span(start=start, end=max(ends))


def plan_segment(facts: AgreementBilling, *, period: Span, bounds: Bounds) -> SegmentPlan:
    """Price one agreement's period and check it.

    Raises:
        UsageNotRatable: the schedule cannot price this usage, saying what is missing.
        StartReadMissing: no read on the first or last day of a metered period.
    """
    reads = _reads_of(facts, period=period)
    parts = _parts(reads)
    usage = _usage(facts, period=period, reads=reads, parts=parts)
    rated = rate(facts.schedule.schedule, usage)
    estimated = any(read.kind == "estimated" for read in reads[-1:])
    checks = _checks(facts, period=period, usage=usage, rated=rated, bounds=bounds)
    return SegmentPlan(
        agreement_id=facts.agreement.agreement_id,
        start_on=period.start,
        end_on=period.end,
        schedule=facts.schedule.schedule.code,
        schedule_sha256=facts.schedule.sha256,
        energy_wh=usage.energy_wh,
        demand_w_max=usage.demand_w_max,
        estimated=estimated,
        determinants=_determinants(reads, usage=usage, checks=checks),
        lines=tuple(_line(line, schedule=facts.schedule.schedule) for line in rated.lines),
        checks=checks,
        service=_service(facts, reads=reads),
    )


def _reads_of(facts: AgreementBilling, *, period: Span) -> tuple[BillableRead, ...]:
    if facts.point.kind == "unmetered":
        return ()
    reads = tuple(read for read in facts.reads if period.start <= read.read_on <= period.end)
    if not reads or reads[0].read_on != period.start or reads[-1].read_on != period.end:
        raise StartReadMissing(start=period.start)
    return reads


def _parts(reads: Sequence[BillableRead]) -> tuple[UsagePart, ...]:
    """Energy between each two reads that follow each other on the same meter."""
    parts: list[UsagePart] = []
    for first, second in pairwise(reads):
        if first.meter_id != second.meter_id or first.read_on == second.read_on:
            continue
        energy_wh = energy_wh_between(
            start_reading=first.dial_reading,
            end_reading=second.dial_reading,
            turns=second.turns - first.turns,
            dials=second.dials,
            multiplier=second.multiplier,
        )
        parts.append(UsagePart(span=Span(start=first.read_on, end=second.read_on), energy_wh=energy_wh))
    return tuple(parts)


def _usage(
    facts: AgreementBilling, *, period: Span, reads: Sequence[BillableRead], parts: tuple[UsagePart, ...]
) -> Usage:
    demands = [read.demand_w_max for read in reads if read.demand_w_max is not None and read.read_on > period.start]
    options = {name: value for name, value in facts.agreement.options.items() if name != FACILITIES_LEVEL}
    average = trailing_average_wh(facts.segments, before=period.start)
    assigned = facts.agreement.options.get(FACILITIES_LEVEL)
    return Usage(
        span=period,
        energy_wh=sum(part.energy_wh for part in parts),
        demand_w_max=max(demands, default=None),
        trailing_average_wh=average,
        facilities_level=int(assigned) if assigned and average is None else None,
        options=_typed_options(options, schedule=facts.schedule.schedule),
        parts=parts if len(parts) > 1 else (),
    )


def _typed_options(options: Mapping[str, str], *, schedule: Schedule) -> dict[str, str | int]:
    typed: dict[str, str | int] = {}
    for name, value in options.items():
        is_count = isinstance(schedule.options.get(name), CountOption) and value.isascii() and value.isdigit()
        typed[name] = int(value) if is_count else value
    return typed


def trailing_average_wh(segments: Sequence[SegmentFacts], *, before: date) -> int | None:
    """Average monthly Wh over the twelve periods that ended in the last full December to November, or None.

    LES sets facilities levels once a year so (les.com, residential rates); the demo utility does the same.
    """
    year = before.year if before.month == _FIRST_MONTH_OF_LEVEL_YEAR else before.year - 1
    first, end = date(year - 1, _FIRST_MONTH_OF_LEVEL_YEAR, 1), date(year, _FIRST_MONTH_OF_LEVEL_YEAR, 1)
    known = [segment for segment in segments if first <= segment.end_on < end]
    if len(known) < _PERIODS_OF_AVERAGE:
        return None
    return sum(segment.energy_wh for segment in known) // len(known)


def _line(line: RatedLine, *, schedule: Schedule) -> LinePlan:
    return LinePlan(
        code=line.code,
        label=line.label,
        amount_cents=line.amount_cents,
        ledger_account=ledger_account_of(PostsTo(line.posts_to), revenue_class=schedule.revenue_class),
        proof=line.to_dict(),
    )


def ledger_account_of(posts_to: PostsTo, *, revenue_class: str) -> str:
    """Where a line's amount goes: revenue and riders to the class's revenue, the rest to what is owed onward."""
    if posts_to == PostsTo.CITY_DIVIDEND:
        return LedgerAccount.CITY_DIVIDEND_PAYABLE.value
    if posts_to == PostsTo.SALES_TAX:
        return LedgerAccount.SALES_TAX_PAYABLE.value
    if posts_to == PostsTo.FRANCHISE_FEE:
        return LedgerAccount.FRANCHISE_FEE_PAYABLE.value
    return revenue_account(revenue_class)


def _determinants(reads: Sequence[BillableRead], *, usage: Usage, checks: Sequence[Check]) -> dict[str, Json]:
    """What the prices multiplied, and what it was checked for."""
    return {
        "checks": [to_json(check) for check in checks],
        "reads": [
            {
                "read": read.read_id,
                "meter": read.serial,
                "on": read.read_on.isoformat(),
                "kind": read.kind,
                "dial_reading": read.dial_reading,
                "multiplier": str(read.multiplier),
                "dials": read.dials,
                "turns": read.turns,
            }
            for read in reads
        ],
        "energy_wh": usage.energy_wh,
        "demand_w_max": usage.demand_w_max,
        "trailing_average_wh": usage.trailing_average_wh,
        "facilities_level": usage.facilities_level,
        "options": {name: str(value) for name, value in usage.options.items()},
    }


def _service(facts: AgreementBilling, *, reads: Sequence[BillableRead]) -> dict[str, Json]:
    return {
        "address": facts.point.address,
        "city_line": facts.point.city_line,
        "service_point": facts.point.service_point_id,
        "schedule_name": facts.schedule.schedule.name,
        "meter": reads[-1].serial if reads else "",
    }


def _checks(
    facts: AgreementBilling, *, period: Span, usage: Usage, rated: RatedBill, bounds: Bounds
) -> tuple[Check, ...]:
    checks = [_usage_check(facts, period=period, usage=usage, bounds=bounds)] if facts.point.kind == "metered" else []
    checks.append(_days_check(facts, period=period, bounds=bounds))
    checks.append(_amount_check(rated, bounds=bounds))
    template = gettext_noop("Nothing was billed for these days before.")
    checks.append(Check(code="not_billed_before", passed=True, text=Sentence(template)))
    return tuple(_with_release(check, facts=facts, period=period) for check in checks)


def _with_release(check: Check, *, facts: AgreementBilling, period: Span) -> Check:
    """A check that a person released for this very period passes, with their reason."""
    if check.passed:
        return check
    found = next((item for item in facts.exceptions if _is_release(item, check=check, period=period)), None)
    return Check(code=check.code, passed=False, text=check.text, released=found.reason) if found else check


def _is_release(item: ExceptionFacts, *, check: Check, period: Span) -> bool:
    return (
        item.state == "released"
        and item.kind == check.code
        and (item.start_on, item.end_on) == (period.start, period.end)
    )


def _usage_check(facts: AgreementBilling, *, period: Span, usage: Usage, bounds: Bounds) -> Check:
    before = comparable_segment(facts.segments, period=period)
    if before is None:
        return Check(code="usage", passed=True, text=Sentence(gettext_noop("No earlier use to compare with.")))
    expected_wh = before.energy_wh * period.days // before.days
    floor_wh = bounds.usage_floor_kwh * _WH_PER_KWH
    ratio = Decimal(usage.energy_wh) / Decimal(expected_wh) if expected_wh > 0 else None
    inside = ratio is not None and bounds.usage_ratio_low <= ratio <= bounds.usage_ratio_high
    passed = inside or abs(usage.energy_wh - expected_wh) <= floor_wh
    template = gettext_noop(
        "Usage is %(ratio)s times that of the period ending %(before)s; held outside %(low)s to %(high)s "
        "when %(floor)s kWh or more apart."
    )
    params = {
        "ratio": f"{ratio:.2f}" if ratio is not None else "∞",
        "before": before.end_on,
        "low": str(bounds.usage_ratio_low),
        "high": str(bounds.usage_ratio_high),
        "floor": str(bounds.usage_floor_kwh),
    }
    return Check(code="usage", passed=passed, text=Sentence(template, params))


def comparable_segment(segments: Sequence[SegmentFacts], *, period: Span) -> SegmentFacts | None:
    """The segment to compare a period's usage with: a year before when there is one, else the last."""
    past = [item for item in segments if item.end_on <= period.start and item.days >= _HISTORY_DAYS_MIN]
    for item in past:
        if abs((period.end - item.end_on).days - _YEAR_DAYS) <= _YEAR_SLACK_DAYS:
            return item
    return past[-1] if past else None


def _days_check(facts: AgreementBilling, *, period: Span, bounds: Bounds) -> Check:
    first, final = not facts.segments, facts.agreement.end_on == period.end
    short_allowed = first or final
    passed = period.days <= bounds.days_high and (short_allowed or period.days >= bounds.days_low)
    template = gettext_noop(
        "%(days)s days; held outside %(low)s to %(high)s, except a first or last bill that is shorter."
    )
    params = {"days": str(period.days), "low": str(bounds.days_low), "high": str(bounds.days_high)}
    return Check(code="days", passed=passed, text=Sentence(template, params))


def _amount_check(rated: RatedBill, *, bounds: Bounds) -> Check:
    passed = rated.total_cents <= bounds.amount_high_cents
    template = gettext_noop("The charges are $%(amount)s; held above $%(high)s.")
    params = {"amount": format_cents(rated.total_cents), "high": format_cents(bounds.amount_high_cents)}
    return Check(code="amount", passed=passed, text=Sentence(template, params))
