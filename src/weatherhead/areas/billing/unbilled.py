"""What was delivered and not billed yet, at the end of a day: estimated for every agreement and priced by its tariff.

Billed is what bills issued by that day billed: whoever estimates some days later, when the next bills are out, finds
the same, because the revenue of those stands on their own days.

Of each agreement: what was read since its last bill, and its average daily use for the days after that. A whole period
of usual length is priced with it, so that blocks, minimums and monthly charges are those of a bill; the days that are
unbilled bear their share. Only revenue counts: taxes are owed when they are billed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Annotated

import numpy as np
from pydantic import Field

from weatherhead.areas.billing.columns import BillingColumns, HistoryColumns, ReadColumns
from weatherhead.areas.billing.gather import STOOD_FROM, gather_columns, stood_sql
from weatherhead.areas.billing.lines import lines_of_group
from weatherhead.areas.billing.price_many import Periods, Priced, next_periods, price_many
from weatherhead.areas.billing.refusals import NothingToBill
from weatherhead.areas.metering.accuracy import EXACT
from weatherhead.areas.records.arrays import (
    MISSING,
    among,
    day_sql,
    fetch_columns,
    fetch_rows,
    ordinal_sql,
    rows_among,
)
from weatherhead.areas.records.utility import Bounds, current_utility, load_rules, regulation
from weatherhead.core.values import (
    DatedRule,
    Int64Array,
    Refusal,
    Rule,
    RuleVersion,
    gettext_noop,
)

ACCOUNTS_AT_ONCE = 5_000
UNBILLED_FILE = "unbilled.yaml"
REVENUE = "revenue."
_STALE_DAYS = 366  # an agreement that ended longer ago than this, and was never billed to its end, is no revenue
_DIALS = 15


class NoUnbilledRule(Refusal):
    """The utility's regulations do not say how unbilled revenue is estimated."""

    template = gettext_noop("These regulations have no unbilled.yaml, which says how unbilled revenue is estimated.")


class UnbilledVersion(RuleVersion):
    """From a day on: how much history makes an average, and how long a usual period is."""

    trailing_periods: Annotated[int, Field(ge=1, le=12)]
    schedule_average_days: Annotated[int, Field(ge=28, le=400)]
    period_days: Annotated[int, Field(ge=20, le=62)]


class UnbilledRule(DatedRule[UnbilledVersion]):
    """How unbilled revenue is estimated."""

    @property
    def rule(self) -> Rule:
        """The rule for receipts."""
        return self.named("unbilled revenue")


def unbilled_rule() -> UnbilledRule:
    """This installation's rule.

    Raises:
        NoUnbilledRule: its regulations have none.
        DataFileInvalid: naming file, line and key.
    """
    path = regulation(UNBILLED_FILE)
    if not path.exists():
        raise NoUnbilledRule
    return load_rules(path, model=UnbilledRule)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unbilled:
    """n agreements with days that are not billed. `starts` are ordinals; `energy_wh` is that of the unbilled days.

    `refused` tells, by the number of its agreement, what could not be estimated.
    """

    agreement_ids: Int64Array
    account_ids: Int64Array
    starts: Int64Array
    days: Int64Array
    read_days: Int64Array
    energy_wh: Int64Array
    revenue_cents: Int64Array
    revenue_accounts: tuple[str, ...]  # ledger account of each
    refused: Mapping[int, Refusal]


@dataclass(frozen=True, slots=True, kw_only=True)
class UnbilledOfClass:
    """What is unbilled of one revenue ledger account."""

    ledger_account: str
    agreements: int
    energy_wh: int
    revenue_cents: int


def unbilled_by_class(found: Sequence[Unbilled]) -> tuple[UnbilledOfClass, ...]:
    """Sum estimates by the ledger account of their revenue."""
    sums: dict[str, list[int]] = {}
    for batch in found:
        rows = zip(batch.revenue_accounts, batch.energy_wh.tolist(), batch.revenue_cents.tolist(), strict=True)
        for code, energy_wh, cents in rows:
            of_class = sums.setdefault(code, [0, 0, 0])
            of_class[0] += 1
            of_class[1] += energy_wh
            of_class[2] += cents
    return tuple(
        UnbilledOfClass(ledger_account=code, agreements=count, energy_wh=energy_wh, revenue_cents=cents)
        for code, (count, energy_wh, cents) in sorted(sums.items())
    )


def estimate_unbilled(*, end_of: date, version: UnbilledVersion) -> Iterator[Unbilled]:
    """Estimate what was delivered through the end of a day and not billed by then, thousands of accounts at once."""
    end = end_of + timedelta(days=1)
    averages = _schedule_averages(end_of=end_of, days=version.schedule_average_days)
    bounds = current_utility().billing.bounds
    accounts = _accounts_served(end)
    for first in range(0, len(accounts), ACCOUNTS_AT_ONCE):
        columns, _ = gather_columns(accounts[first : first + ACCOUNTS_AT_ONCE], through_on=end, billed_by=end_of)
        yield estimate_columns(
            columns,
            end=end,
            version=version,
            averages=averages,
            demands=_last_demands(columns.agreement_ids, end_of=end_of),
            bounds=bounds,
        )


def _accounts_served(end: date) -> Int64Array:
    [found] = fetch_columns(
        "SELECT DISTINCT account_id FROM agreements_serviceagreement"  # noqa: S608
        f" WHERE start_on < {ordinal_sql('%s')} AND (end_on IS NULL OR end_on > {ordinal_sql('%s')})"
        " ORDER BY account_id",
        [end.toordinal(), end.toordinal() - _STALE_DAYS],
        width=1,
    )
    return found


def _schedule_averages(*, end_of: date, days: int) -> dict[str, tuple[int, int]]:
    """Wh and days billed on each schedule, of periods that ended within some days before."""
    end, day = end_of.toordinal() + 1, end_of.toordinal()
    length = f"{day_sql('segment.end_on')} - {day_sql('segment.start_on')}"
    rows = fetch_rows(
        f"SELECT segment.schedule, sum(segment.energy_wh), sum({length}) FROM {STOOD_FROM}"  # noqa: S608
        f" WHERE {stood_sql()} AND segment.end_on > {ordinal_sql('%s')} AND segment.end_on <= {ordinal_sql('%s')}"
        " GROUP BY segment.schedule",
        [day, day, end - days, end],
    )
    return {schedule: (int(energy_wh), int(served)) for schedule, energy_wh, served in rows}


def _last_demands(agreement_ids: Int64Array, *, end_of: date) -> dict[int, int]:
    """The highest demand of each agreement's latest billed period that has one (W)."""
    rows = fetch_rows(
        "SELECT segment.agreement_id, segment.demand_w_max"  # noqa: S608
        f" FROM {among('id')} JOIN ({STOOD_FROM}) ON segment.agreement_id = wanted.id"
        f" WHERE {stood_sql()} AND segment.demand_w_max IS NOT NULL ORDER BY segment.end_on",
        [*rows_among(agreement_ids), end_of.toordinal(), end_of.toordinal()],
    )
    return {agreement_id: int(demand) for agreement_id, demand in rows}


# ---------------------------------------------------------------------------------------------------------------- pure
def estimate_columns(
    columns: BillingColumns,
    *,
    end: date,
    version: UnbilledVersion,
    averages: Mapping[str, tuple[int, int]],
    demands: Mapping[int, int],
    bounds: Bounds,
) -> Unbilled:
    """Estimate agreements that were gathered. Pure; one agreement is n = 1 of the same."""
    starts, stops = _unbilled_span(columns, end=end)
    days = np.maximum(stops - starts, 0)
    known_wh, known_through = _known(columns, starts=starts, end=end, bounds=bounds)
    numerator, denominator = _daily_use(columns, trailing=version.trailing_periods, averages=averages)
    to_come = np.where(columns.metered == 1, np.maximum(stops - known_through, 0), 0)
    energy_wh = known_wh + _share(numerator, part=to_come, whole=denominator)
    lengths = np.where(columns.ends == MISSING, np.maximum(days, version.period_days), np.maximum(days, 1))
    whole_wh = energy_wh + _share(numerator, part=np.maximum(lengths - days, 0), whole=denominator)
    priced, refused = _price_whole(
        columns, starts=starts, lengths=lengths, energy_wh=whole_wh, demands=demands, bounds=bounds, open_=days > 0
    )
    revenue, codes = _revenue(columns, priced=priced)
    kept = np.flatnonzero((days > 0) & (revenue != MISSING))
    return Unbilled(
        agreement_ids=columns.agreement_ids[kept],
        account_ids=columns.account_ids[kept],
        starts=starts[kept],
        days=days[kept],
        read_days=np.maximum(np.minimum(known_through, stops) - starts, 0)[kept],
        energy_wh=np.where(columns.metered == 1, energy_wh, 0)[kept],
        revenue_cents=_share(revenue[kept], part=days[kept], whole=lengths[kept]),
        revenue_accounts=tuple(codes[place] for place in kept.tolist()),
        refused={int(columns.agreement_ids[place]): refusal for place, refusal in sorted(refused.items())},
    )


def _share(amounts: Int64Array, *, part: Int64Array, whole: Int64Array) -> Int64Array:
    """amount × part ÷ whole, rounded half away from zero."""
    sizes = np.abs(amounts) * part
    shares: Int64Array = np.sign(amounts) * ((2 * sizes + whole) // (2 * whole))
    return shares


def _unbilled_span(columns: BillingColumns, *, end: date) -> tuple[Int64Array, Int64Array]:
    """From where each agreement is billed through where its service, or the month, ends."""
    starts = columns.starts.copy()
    np.maximum.at(starts, columns.history.agreements, columns.history.ends)
    last = np.full(columns.count, end.toordinal(), dtype=np.int64)
    stops = np.where(columns.ends == MISSING, last, np.minimum(last, columns.ends))
    return starts, stops


def _known(columns: BillingColumns, *, starts: Int64Array, end: date, bounds: Bounds) -> tuple[Int64Array, Int64Array]:
    """What was read since each agreement's last bill (Wh), and through which day."""
    periods = next_periods(columns, through_on=end)
    priced = price_many(columns, periods=periods, bounds=bounds)
    known = np.ones(columns.count, dtype=np.bool_)
    known[list(priced.refused)] = False
    known &= columns.metered == 1
    return np.where(known, priced.energy_wh, 0), np.where(known, periods.ends, starts)


def _daily_use(
    columns: BillingColumns, *, trailing: int, averages: Mapping[str, tuple[int, int]]
) -> tuple[Int64Array, Int64Array]:
    """Each agreement's average daily use as Wh over days: its own last periods', else its schedule's."""
    wh, days = _trailing(columns.history, count=columns.count, periods=trailing)
    of_schedule = [averages.get(facts.schedule.code, (0, 1)) for facts in columns.schedules] or [(0, 1)]
    by_schedule = np.array(of_schedule, dtype=np.int64)[columns.schedule_of] if columns.count else np.zeros((0, 2), int)
    numerator = np.where(days > 0, wh, by_schedule[:, 0])
    return numerator, np.maximum(np.where(days > 0, days, by_schedule[:, 1]), 1)


def _trailing(history: HistoryColumns, *, count: int, periods: int) -> tuple[Int64Array, Int64Array]:
    """Wh and days of each agreement's last so many periods. Rows are sorted by agreement and start."""
    owners = history.agreements
    rows = np.arange(len(owners), dtype=np.int64)
    last = np.full(count, -1, dtype=np.int64)
    last[owners] = rows
    recent = last[owners] - rows < periods
    wh, days = np.zeros(count, dtype=np.int64), np.zeros(count, dtype=np.int64)
    np.add.at(wh, owners[recent], history.energy_wh[recent])
    np.add.at(days, owners[recent], (history.ends - history.starts)[recent])
    return wh, days


def _price_whole(
    columns: BillingColumns,
    *,
    starts: Int64Array,
    lengths: Int64Array,
    energy_wh: Int64Array,
    demands: Mapping[int, int],
    bounds: Bounds,
    open_: Int64Array,
) -> tuple[Priced, dict[int, Refusal]]:
    """Price a whole period of each agreement with unbilled days, as if it were read at both ends."""
    metered = np.flatnonzero(columns.metered == 1)
    both = np.repeat(metered, 2)
    at_end = np.tile(np.array([0, 1], dtype=np.int64), len(metered))
    demand = np.array(
        [demands.get(number, MISSING) for number in columns.agreement_ids.tolist()] or [0], dtype=np.int64
    )
    zeros = np.zeros(len(both), dtype=np.int64)
    reads = ReadColumns(
        agreements=both,
        read_ids=zeros,
        meter_ids=zeros,
        days=starts[both] + at_end * lengths[both],
        kinds=zeros,
        dial_readings=at_end * energy_wh[both],
        turns=zeros,
        demand_w_max=np.where(at_end == 1, demand[both], MISSING) if len(both) else zeros,
        dials=zeros + _DIALS,
        step_wh=zeros + 1,
        accuracies=zeros + EXACT,
    )
    billed = {int(place): NothingToBill(start=date.fromordinal(int(starts[place]))) for place in np.flatnonzero(~open_)}
    whole = replace(columns, reads=reads, exceptions={})
    priced = price_many(whole, periods=Periods(starts=starts, ends=starts + lengths, refused=billed), bounds=bounds)
    return priced, {place: refusal for place, refusal in priced.refused.items() if place not in billed}


def _revenue(columns: BillingColumns, *, priced: Priced) -> tuple[Int64Array, list[str]]:
    """The revenue in each agreement's priced period, MISSING where none was priced, and its ledger account."""
    revenue = np.full(columns.count, MISSING, dtype=np.int64)
    codes = [""] * columns.count
    for group in priced.groups:
        facts = columns.schedules[int(columns.schedule_of[group.members[0]])]
        code = f"{REVENUE}{facts.schedule.revenue_class}"
        good = [int(group.members[place]) for place in range(group.rated.count) if place not in group.rated.refused]
        revenue[good] = 0
        for place in good:
            codes[place] = code
        for line in lines_of_group(group, facts=facts):
            if line.price.ledger_account == code:
                np.add.at(revenue, line.members, line.amounts_cents)
    return revenue, codes
