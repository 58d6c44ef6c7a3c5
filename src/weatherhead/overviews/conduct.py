"""Reports on how adjustments are made: by representative against their peers, and whether waivers are even-handed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from weatherhead.areas.billing.conduct import (
    Adjusted,
    Waived,
    adjusted_by_employee,
    approved_by_employee,
    waived_by_cycle,
    waived_by_employee,
    waived_by_place,
)
from weatherhead.areas.workforce.queries import employees_with_jobs
from weatherhead.core.values import Sentence, gettext_noop
from weatherhead.door.jobs import job_profiles
from weatherhead.overviews.spread import PEERS_MIN, REVIEW_AT, Spread, spread_of

DAYS = (30, 90, 365)
DAYS_USUAL = 90
COUNTED_MIN = 30
"""A rate of fewer fees than these says nothing (the four-fifths rule, and its mirror above)."""
RATIO_LEAST, RATIO_MOST = Fraction(4, 5), Fraction(5, 4)

MEASURES: tuple[tuple[str, Sentence], ...] = (
    ("waivers", Sentence(gettext_noop("Waivers"))),
    ("credits", Sentence(gettext_noop("Credits"))),
    ("charges", Sentence(gettext_noop("Charges"))),
    ("reversals", Sentence(gettext_noop("Reversals"))),
)
_MEASURE_OF = {
    "waiver": "waivers",
    "credit": "credits",
    "debit": "charges",
    "fee": "charges",
    "reversal": "reversals",
    "payment": "reversals",
}
_ADJUSTING = ("waive_fee", "post_adjustment")


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasureView:
    """One measure of one representative: how often, how much, and how far from the peers' median."""

    code: str
    title: Sentence
    count: int
    cents: int
    share: int  # of the largest sum, of 100, for the bar
    score: Decimal | None  # modified z-score, one place
    review: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ConductRow:
    """A representative's adjustments."""

    employee_id: int
    name: str
    measures: tuple[MeasureView, ...]
    by_policy: int  # waivers that a rule computed: they consume no authority and are not measured
    stated: int  # adjustments without evidence
    approved: int  # adjustments of others that they approved
    approved_cents: int

    @property
    def review(self) -> bool:
        """Whether some measure is to be looked at."""
        return any(item.review for item in self.measures)


@dataclass(frozen=True, slots=True, kw_only=True)
class MedianView:
    """The peers' middle of one measure."""

    title: Sentence
    median_cents: int
    deviation_cents: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ConductReport:
    """Adjustments by representative in `[start_on, end_on)`, those to look at first."""

    as_of: date
    days: int
    start_on: date
    end_on: date
    rows: tuple[ConductRow, ...]
    peers: int
    enough: bool  # peers to measure by
    peers_min: int
    review_at: Decimal
    medians: tuple[MedianView, ...]
    to_review: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RateRow:
    """A group's waiver rate beside everyone's."""

    name: str
    fees: int
    waived: int
    rate: Decimal | None
    ratio: Decimal | None
    share: int  # of the largest rate, of 100, for the bar
    enough: bool
    review: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RateTable:
    """Waiver rates by one kind of group."""

    code: str
    title: Sentence
    note: Sentence
    rows: tuple[RateRow, ...]
    fees: int
    rate: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FairnessReport:
    """Waiver rates by representative and area in `[start_on, end_on)`."""

    as_of: date
    days: int
    start_on: date
    end_on: date
    tables: tuple[RateTable, ...]
    counted_min: int
    least: Decimal
    most: Decimal
    to_review: int


def conduct_report(*, as_of: date, days: int) -> ConductReport:
    """Compose the report on adjustments of the last days, this one included. Four queries."""
    start_on, end_on = _span(as_of, days=days)
    found = adjusted_by_employee(start_on=start_on, end_on=end_on)
    approved = approved_by_employee(start_on=start_on, end_on=end_on)
    names = _peers(as_of, also={item.employee_id for item in found} | set(approved))
    sums = {number: _sums(item for item in found if item.employee_id == number) for number in names}
    spreads = {code: spread_of([sums[number][code][1] for number in names]) for code, _ in MEASURES}
    largest = {code: max((sums[number][code][1] for number in names), default=0) for code, _ in MEASURES}
    rows = [
        ConductRow(
            employee_id=number,
            name=name,
            measures=tuple(
                _measure(code, title=title, figures=sums[number][code], spread=spreads[code], largest=largest[code])
                for code, title in MEASURES
            ),
            by_policy=_counted(found, employee_id=number, basis="computed"),
            stated=_counted(found, employee_id=number, basis="stated", but="payment"),
            approved=approved.get(number, (0, 0))[0],
            approved_cents=approved.get(number, (0, 0))[1],
        )
        for number, name in names.items()
    ]
    rows.sort(key=lambda row: (not row.review, -sum(item.cents for item in row.measures), row.name))
    return ConductReport(
        as_of=as_of,
        days=days,
        start_on=start_on,
        end_on=end_on,
        rows=tuple(rows),
        peers=len(names),
        enough=len(names) >= PEERS_MIN,
        peers_min=PEERS_MIN,
        review_at=_decimal(REVIEW_AT, places=1),
        medians=tuple(
            MedianView(
                title=title, median_cents=int(spreads[code].median), deviation_cents=int(spreads[code].deviation)
            )
            for code, title in MEASURES
        ),
        to_review=sum(row.review for row in rows),
    )


def fairness_report(*, as_of: date, days: int) -> FairnessReport:
    """Compose the report on waiver rates of the last days, this one included. Four queries."""
    start_on, end_on = _span(as_of, days=days)
    by_employee = waived_by_employee(start_on=start_on, end_on=end_on)
    names = _peers(as_of, also=set(by_employee))
    cycles = waived_by_cycle(start_on=start_on, end_on=end_on)
    tables = (
        _rates(
            "representative",
            title=Sentence(gettext_noop("By representative")),
            note=Sentence(gettext_noop("Fees on accounts that they worked on since, and those that they waived.")),
            groups={names[number]: item for number, item in by_employee.items() if number in names},
        ),
        _rates(
            "area",
            title=Sentence(gettext_noop("By area")),
            note=Sentence(gettext_noop("By the ZIP code of the place served.")),
            groups=waived_by_place(start_on=start_on, end_on=end_on),
        ),
        _rates(
            "cycle",
            title=Sentence(gettext_noop("By bill cycle")),
            note=Sentence(gettext_noop("A bill cycle is a part of the town.")),
            groups={str(cycle): item for cycle, item in cycles.items()},
        ),
    )
    return FairnessReport(
        as_of=as_of,
        days=days,
        start_on=start_on,
        end_on=end_on,
        tables=tables,
        counted_min=COUNTED_MIN,
        least=_decimal(RATIO_LEAST, places=2),
        most=_decimal(RATIO_MOST, places=2),
        to_review=sum(row.review for table in tables for row in table.rows),
    )


def _span(as_of: date, *, days: int) -> tuple[date, date]:
    end_on = as_of + timedelta(days=1)
    return end_on - timedelta(days=days), end_on


def _peers(as_of: date, *, also: set[int]) -> dict[int, str]:
    """Whose job it is to adjust, whether they did or not, and whoever else did: number and name, by name."""
    jobs = {job for job, profile in job_profiles().items() if any(profile.grants(name) for name in _ADJUSTING)}
    return {
        item.employee_id: item.name
        for item, held in employees_with_jobs(as_of=as_of)
        if jobs & set(held) or item.employee_id in also
    }


def _sums(found: Iterable[Adjusted]) -> dict[str, tuple[int, int]]:
    """Count and cents by measure, of what no rule computed."""
    sums = {code: (0, 0) for code, _ in MEASURES}
    for item in found:
        if item.basis != "computed":
            count, cents = sums[_MEASURE_OF[item.kind]]
            sums[_MEASURE_OF[item.kind]] = (count + item.count, cents + item.cents)
    return sums


def _counted(found: Sequence[Adjusted], *, employee_id: int, basis: str, but: str = "") -> int:
    return sum(
        item.count for item in found if item.employee_id == employee_id and item.basis == basis and item.kind != but
    )


def _measure(code: str, *, title: Sentence, figures: tuple[int, int], spread: Spread, largest: int) -> MeasureView:
    count, cents = figures
    score = spread.score(cents)
    return MeasureView(
        code=code,
        title=title,
        count=count,
        cents=cents,
        share=_share(Fraction(cents), of=Fraction(largest)),
        score=None if score is None else _decimal(score, places=1),
        review=spread.needs_review(cents),
    )


def _rates(code: str, *, title: Sentence, note: Sentence, groups: Mapping[str, Waived]) -> RateTable:
    """Each group's rate over that of all together; outside four fifths and its mirror, with enough fees, to review."""
    fees = sum(item.fees for item in groups.values())
    overall = Fraction(sum(item.waived for item in groups.values()), fees) if fees else None
    rates = {name: Fraction(item.waived, item.fees) for name, item in groups.items() if item.fees}
    largest = max(rates.values(), default=Fraction(0))
    rows = []
    for name, item in groups.items():
        ratio = rates[name] / overall if overall and name in rates else None
        enough = item.fees >= COUNTED_MIN
        rows.append(
            RateRow(
                name=name,
                fees=item.fees,
                waived=item.waived,
                rate=_decimal(rates[name], places=4) if name in rates else None,
                ratio=None if ratio is None else _decimal(ratio, places=2),
                share=_share(rates.get(name, Fraction(0)), of=largest),
                enough=enough,
                review=enough and ratio is not None and not RATIO_LEAST <= ratio <= RATIO_MOST,
            )
        )
    rows.sort(key=lambda row: (not row.review, -row.fees, row.name))
    return RateTable(
        code=code,
        title=title,
        note=note,
        rows=tuple(rows),
        fees=fees,
        rate=None if overall is None else _decimal(overall, places=4),
    )


def _share(part: Fraction, *, of: Fraction) -> int:
    return min(100, round(100 * part / of)) if of else 0


def _decimal(value: Fraction, *, places: int) -> Decimal:
    exact = Decimal(value.numerator) / Decimal(value.denominator)
    return exact.quantize(Decimal(1).scaleb(-places))
