"""A parallel run: our prices for the periods that the old system billed, line by line, differences grouped by cause.

Nothing is issued: the same pure pricing that bills proposes our lines. Each difference gets the first cause that
explains it to the cent; what none explains is said to be unexplained.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import groupby, product

from weatherhead.areas.billing.decide import SegmentPlan, StartReadMissing, plan_segment
from weatherhead.areas.billing.determinants import usage_of
from weatherhead.areas.billing.facts import AgreementBilling
from weatherhead.areas.billing.queries import billing_facts
from weatherhead.areas.customers.queries import account_ids_by_number
from weatherhead.areas.metering.usage import format_kwh
from weatherhead.areas.migration.queries import rows_of_keys
from weatherhead.areas.records.utility import current_utility
from weatherhead.core.rating import PostsTo, Schedule, Usage, UsageNotRatable, rate
from weatherhead.core.values import Refusal, Sentence, Span, SpanIsEmpty, gettext_noop
from weatherhead.overviews.old_bills import OldSegment

CAUSES: Mapping[str, str] = {
    "rounding": gettext_noop("a cent of rounding"),
    "usage": gettext_noop("other energy, or a read that we have not"),
    "price_version": gettext_noop("the price of another version"),
    "proration": gettext_noop("other days of proration"),
    "missing_line": gettext_noop("a rider or charge on one side only"),
    "tax": gettext_noop("a tax or fee by another rule"),
    "follows": gettext_noop("a tax on lines that differ"),
    "not_in_ours": gettext_noop("a period that we would not bill"),
    "not_in_theirs": gettext_noop("service that the old system did not bill"),
    "unexplained": gettext_noop("not explained"),
}
"""The causes, in the order in which they are tried and told."""

_ACCOUNTS_AT_ONCE = 500
_TAXES = frozenset(kind.value for kind in (PostsTo.SALES_TAX, PostsTo.CITY_DIVIDEND, PostsTo.FRANCHISE_FEE))
_DAYS_TRIED = tuple(pair for pair in product((0, 1, -1), (0, 1, -1)) if pair != (0, 0))
_MONTH = timedelta(days=30)
_TAX_SLACK_CENTS = 2  # a percentage of rounded lines


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One line that differs, or a whole period (`line` is ""): cents, None on the side that has none."""

    account: str
    agreement_id: int | None
    start_on: date
    end_on: date
    line: str
    ours_cents: int | None
    theirs_cents: int | None
    cause: str
    why: Sentence

    @property
    def difference_cents(self) -> int:
        """What we would bill more."""
        return (self.ours_cents or 0) - (self.theirs_cents or 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What a comparison came to: periods and lines compared, those that agree, and every difference."""

    periods: int
    periods_equal: int
    lines: int
    lines_equal: int
    ours_cents: int
    theirs_cents: int
    differences: tuple[Difference, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Compared:
    """One period, and the agreement that it belongs to where there is one."""

    agreement_id: int | None
    ours: Mapping[str, int]
    differences: tuple[Difference, ...]


def compare_bills(segments: Sequence[OldSegment], *, told: Callable[[int], None]) -> Comparison:
    """Price every period that the old system billed, and compare; `told` hears how many periods were done."""
    accounts = _account_ids({segment.account for segment in segments})
    agreements = rows_of_keys(kind="agreement", keys={item.agreement for item in segments if item.agreement})
    ordered = sorted(segments, key=lambda item: (accounts.get(item.account, 0), item.start_on, item.line))
    window = (min(item.start_on for item in segments), max(item.end_on for item in segments)) if segments else None
    differences: list[Difference] = []
    lines = lines_equal = periods_equal = ours_cents = 0
    for account_ids, of_chunk in _chunks(ordered, accounts=accounts):
        facts = billing_facts(account_ids)
        billed: set[int] = set()
        for segment in of_chunk:
            compared = _compare(segment, facts=facts.get(accounts.get(segment.account, 0), ()), agreements=agreements)
            if compared.agreement_id is not None:
                billed.add(compared.agreement_id)
            codes = compared.ours.keys() | segment.lines.keys()
            lines += len(codes)
            lines_equal += len(codes) - len({item.line for item in compared.differences if item.line})
            periods_equal += not compared.differences
            ours_cents += sum(compared.ours.values())
            differences += compared.differences
        if window is not None:
            numbers = {accounts[item.account]: item.account for item in of_chunk if item.account in accounts}
            differences += _not_in_theirs(facts, billed=billed, window=window, numbers=numbers)
        told(len(of_chunk))
    return Comparison(
        periods=len(segments),
        periods_equal=periods_equal,
        lines=lines,
        lines_equal=lines_equal,
        ours_cents=ours_cents,
        theirs_cents=sum(sum(segment.lines.values()) for segment in segments),
        differences=tuple(differences),
    )


def _account_ids(numbers: set[str]) -> dict[str, int]:
    """Accounts by their number, ours or an old one."""
    plain = {"".join(number.replace("-", " ").split()): number for number in numbers}
    found = rows_of_keys(kind="account", keys=numbers)
    ours = account_ids_by_number(plain)
    return {plain[number]: account_id for number, account_id in ours.items()} | found


def _chunks(
    ordered: Sequence[OldSegment], *, accounts: Mapping[str, int]
) -> Iterator[tuple[list[int], list[OldSegment]]]:
    """The segments of some accounts at a time, those of unknown accounts first."""
    ids: list[int] = []
    chunk: list[OldSegment] = []
    for account_id, of_account in groupby(ordered, key=lambda item: accounts.get(item.account, 0)):
        if len(ids) == _ACCOUNTS_AT_ONCE:
            yield ids, chunk
            ids, chunk = [], []
        ids.append(account_id)
        chunk += of_account
    if chunk:
        yield ids, chunk


def _agreement_of(
    segment: OldSegment, facts: Sequence[AgreementBilling], agreements: Mapping[str, int]
) -> AgreementBilling | Sentence:
    """The agreement that a period belongs to, or why there is none."""
    if segment.agreement:
        wanted = agreements.get(segment.agreement)
        found = [item for item in facts if item.agreement.agreement_id == wanted]
    else:
        found = [item for item in facts if _covers(item, segment)]
    if len(found) == 1:
        return found[0]
    if not facts:
        return Sentence(gettext_noop("There is no account %(account)s with service."), {"account": segment.account})
    if found:
        return Sentence(gettext_noop("The account has several agreements then: name one in the column agreement."))
    return Sentence(gettext_noop("The account has no such agreement on these days."))


def _covers(item: AgreementBilling, segment: OldSegment) -> bool:
    agreement = item.agreement
    return agreement.start_on <= segment.start_on and (agreement.end_on is None or segment.end_on <= agreement.end_on)


def _compare(segment: OldSegment, *, facts: Sequence[AgreementBilling], agreements: Mapping[str, int]) -> _Compared:
    found = _agreement_of(segment, facts, agreements)
    if isinstance(found, Sentence):
        whole = _whole(segment, None, cause="not_in_ours", why=found)
        return _Compared(agreement_id=None, ours={}, differences=(whole,))
    before = tuple(item for item in found.segments if item.end_on <= segment.start_on)
    item = replace(found, segments=before)
    period = Span(start=segment.start_on, end=segment.end_on)
    try:
        plan = plan_segment(item, period=period, bounds=current_utility().billing.bounds)
    except Refusal as refusal:
        cause = "usage" if isinstance(refusal, StartReadMissing) else "not_in_ours"
        why = Sentence(refusal.template, refusal.params)
        whole = _whole(segment, item.agreement.agreement_id, cause=cause, why=why)
        return _Compared(agreement_id=item.agreement.agreement_id, ours={}, differences=(whole,))
    judged = _Judged.of(plan, segment=segment, schedule=item.schedule.schedule)
    return _Compared(agreement_id=plan.agreement_id, ours=judged.ours, differences=tuple(judged.differences()))


def _whole(segment: OldSegment, agreement_id: int | None, *, cause: str, why: Sentence) -> Difference:
    return Difference(
        account=segment.account,
        agreement_id=agreement_id,
        start_on=segment.start_on,
        end_on=segment.end_on,
        line="",
        ours_cents=None,
        theirs_cents=sum(segment.lines.values()),
        cause=cause,
        why=why,
    )


def _not_in_theirs(
    facts: Mapping[int, Sequence[AgreementBilling]],
    *,
    billed: set[int],
    window: tuple[date, date],
    numbers: Mapping[int, str],
) -> Iterator[Difference]:
    """Service of the accounts of the file, within its days, of which it has no period at all."""
    start, end = window
    for account_id, items in facts.items():
        for item in items:
            agreement = item.agreement
            first, last = max(start, agreement.start_on), min(end, agreement.end_on or end)
            if agreement.agreement_id in billed or last <= first:
                continue
            yield Difference(
                account=numbers[account_id],
                agreement_id=agreement.agreement_id,
                start_on=first,
                end_on=last,
                line="",
                ours_cents=None,
                theirs_cents=None,
                cause="not_in_theirs",
                why=Sentence(
                    gettext_noop("%(schedule)s at %(address)s is in force, and the file has no bill of it."),
                    {"schedule": agreement.schedule, "address": item.point.address},
                ),
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Judged:
    """Both sides of one period, and what explains where they differ."""

    segment: OldSegment
    plan: SegmentPlan
    schedule: Schedule
    usage: Usage
    ours: Mapping[str, int]
    taxes: frozenset[str]

    @classmethod
    def of(cls, plan: SegmentPlan, *, segment: OldSegment, schedule: Schedule) -> _Judged:
        ours: Counter[str] = Counter()
        for line in plan.lines:
            ours[line.code] += line.amount_cents
        taxes = frozenset(line.code for line in plan.lines if line.price.content["posts_to"] in _TAXES)
        usage = _usage(plan, schedule=schedule)
        return cls(segment=segment, plan=plan, schedule=schedule, usage=usage, ours=dict(ours), taxes=taxes)

    def differences(self) -> Iterator[Difference]:
        """Every line that differs, with the first cause that explains it."""
        theirs = self.segment.lines
        differing = [
            code for code in [*self.ours, *(code for code in theirs if code not in self.ours)]
            if self.ours.get(code, 0) != theirs.get(code, 0)
        ]  # fmt: skip
        if not differing:
            return
        candidates = [*self._by_energy(), *self._by_version(), *self._by_days()]
        base_differs = any(code not in self.taxes for code in differing)
        for code in differing:
            cause, why = self._cause(code, candidates=candidates, base_differs=base_differs)
            yield Difference(
                account=self.segment.account,
                agreement_id=self.plan.agreement_id,
                start_on=self.segment.start_on,
                end_on=self.segment.end_on,
                line=code,
                ours_cents=self.ours.get(code),
                theirs_cents=theirs.get(code),
                cause=cause,
                why=why,
            )

    def _cause(self, code: str, *, candidates: Sequence[_Candidate], base_differs: bool) -> tuple[str, Sentence]:
        if code not in self.ours:
            return "missing_line", Sentence(gettext_noop("Our bill has no line %(line)s."), {"line": code})
        if code not in self.segment.lines:
            return "missing_line", Sentence(gettext_noop("Their bill has no line %(line)s."), {"line": code})
        ours, theirs = self.ours[code], self.segment.lines[code]
        if abs(ours - theirs) == 1:
            return "rounding", Sentence(gettext_noop("One cent."))
        if code in self.taxes:
            if base_differs and self._follows(code):
                return "follows", Sentence(gettext_noop("The same percentage of lines that differ."))
            return "tax", Sentence(gettext_noop("Another percentage, or of other lines."))
        for candidate in candidates:
            if candidate.amounts.get(code) == theirs:
                return candidate.cause, candidate.why
        return "unexplained", Sentence(gettext_noop("Neither energy, version nor days come to it."))

    def _follows(self, code: str) -> bool:
        """Whether a tax is the same share of the untaxed lines on both sides."""
        theirs = self.segment.lines
        ours_base = sum(cents for name, cents in self.ours.items() if name not in self.taxes)
        their_base = sum(cents for name, cents in theirs.items() if name not in self.taxes)
        off = abs(theirs[code] * ours_base - self.ours[code] * their_base)
        return off <= _TAX_SLACK_CENTS * abs(ours_base)

    def _by_energy(self) -> Iterator[_Candidate]:
        """Our prices for their energy."""
        if self.segment.energy_wh == self.plan.energy_wh:
            return
        why = Sentence(
            gettext_noop("%(ours)s kWh here, %(theirs)s kWh there."),
            {"ours": format_kwh(self.plan.energy_wh), "theirs": format_kwh(self.segment.energy_wh)},
        )
        yield from self._priced("usage", why, schedule=self.schedule, usage=self._their_usage())

    def _by_version(self) -> Iterator[_Candidate]:
        """Every other version of the schedule, and the riders of a month before and after."""
        usage = self._their_usage()
        for version, schedule in _versions_alone(self.schedule):
            why = Sentence(gettext_noop("The prices of %(version)s come to it."), {"version": version})
            yield from self._priced("price_version", why, schedule=schedule, usage=usage)
        for shift in (-_MONTH, _MONTH):
            span = Span(start=usage.span.start + shift, end=usage.span.end + shift)
            why = Sentence(gettext_noop("The prices of the days from %(start)s come to it."), {"start": span.start})
            yield from self._priced("price_version", why, schedule=self.schedule, usage=replace(usage, span=span))

    def _by_days(self) -> Iterator[_Candidate]:
        """A day more or less at either end."""
        usage = self._their_usage()
        for start, end in _DAYS_TRIED:
            try:
                span = Span(start=usage.span.start + timedelta(days=start), end=usage.span.end + timedelta(days=end))
            except SpanIsEmpty:
                continue
            why = Sentence(
                gettext_noop("%(days)s days instead of %(ours)s come to it."),
                {"days": span.days, "ours": usage.span.days},
            )
            yield from self._priced("proration", why, schedule=self.schedule, usage=replace(usage, span=span))

    def _their_usage(self) -> Usage:
        return replace(self.usage, energy_wh=self.segment.energy_wh)

    def _priced(self, cause: str, why: Sentence, *, schedule: Schedule, usage: Usage) -> Iterator[_Candidate]:
        try:
            rated = rate(schedule, usage)
        except UsageNotRatable:
            return  # a version without a price for it explains nothing
        amounts: Counter[str] = Counter()
        for line in rated.lines:
            amounts[line.code] += line.amount_cents
        yield _Candidate(cause=cause, why=why, amounts=amounts)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Candidate:
    """What our lines would come to in another case."""

    cause: str
    why: Sentence
    amounts: Mapping[str, int]


def _versions_alone(schedule: Schedule) -> Iterator[tuple[date, Schedule]]:
    """The schedule as if each of its versions had always been in force."""
    first = schedule.versions[0].effective
    for version in schedule.versions:
        always = version.model_copy(update={"effective": first})
        yield version.effective, schedule.model_copy(update={"versions": (always,)})


def _usage(plan: SegmentPlan, *, schedule: Schedule) -> Usage:
    """What a segment was priced on, without its parts."""
    span = Span(start=plan.start_on, end=plan.end_on)
    return replace(usage_of(plan.determinants, span=span, schedule=schedule), parts=())
