"""Billed periods priced again on what is known now, set beside what was billed, within what the rules reach. Pure."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import NamedTuple

from weatherhead.areas.agreements.queries import TermsFacts, terms_on
from weatherhead.areas.billing.correction_rules import CorrectionBook, LookBack, look_back
from weatherhead.areas.billing.decide import SegmentPlan, plan_segments
from weatherhead.areas.billing.facts import AgreementBilling, SegmentFacts
from weatherhead.areas.billing.former import NO_BILL
from weatherhead.areas.records.utility import Bounds
from weatherhead.areas.tariffs.queries import ScheduleFacts
from weatherhead.core.ledger import BACK_BILL, Entry, LedgerAccount
from weatherhead.core.values import Refusal, Rule, Span, gettext_noop

HALF_MONTH_DAYS = 15

CAUSES = {
    "read": gettext_noop("Wrong read"),
    "meter": gettext_noop("Wrong meter"),
    "multiplier": gettext_noop("Wrong multiplier"),
    "rate": gettext_noop("Wrong rate schedule"),
    "class": gettext_noop("Wrong class of customer"),
    "tax": gettext_noop("Wrong tax"),
    "dates": gettext_noop("Wrong dates of service"),
    "premise": gettext_noop("Wrong premise"),
    "price": gettext_noop("Wrong price in the rate book"),
    "tampering": gettext_noop("Tampered meter"),
}
"""Why bills were wrong."""


class StoredCharge(NamedTuple):
    """A line as it was billed."""

    code: str
    label: str
    amount_cents: int
    ledger_account: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BilledBill:
    """A bill that may be replaced."""

    bill_id: int
    number: str
    kind: str
    issued_on: date
    due_on: date
    total_cents: int
    entry_id: int | None
    entry: Entry | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Billed:
    """What was billed on one account and still stands, and the terms that hold there now, dated.

    `first_due` tells when the days of a segment were due at first, where it was corrected before. `as_billed` holds
    segments as plans, where a bill may have to be replaced in part.
    """

    agreements: tuple[AgreementBilling, ...]
    terms: Mapping[int, tuple[TermsFacts, ...]]
    schedules: Mapping[str, ScheduleFacts]
    bills: Mapping[int, BilledBill]
    charges: Mapping[int, tuple[StoredCharge, ...]]
    first_due: Mapping[int, date]
    as_billed: Mapping[int, SegmentPlan]
    revenue_class: str

    @property
    def wrong_since_unknown(self) -> bool:
        """Whether a test found a meter off, and nobody knows since when."""
        return any(not read.wrong_since_known for facts in self.agreements for read in facts.reads)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Which periods are looked at: of a bill, an agreement, a schedule; ending after a day, beginning before one."""

    bill_id: int | None = None
    agreement_id: int | None = None
    schedule: str = ""
    from_on: date | None = None
    to_on: date | None = None

    def holds(self, segment: SegmentFacts) -> bool:
        """Whether a segment is looked at."""
        return (
            segment.bill_id != NO_BILL
            and (self.bill_id is None or segment.bill_id == self.bill_id)
            and (self.agreement_id is None or segment.agreement_id == self.agreement_id)
            and (not self.schedule or segment.schedule == self.schedule)
            and (self.from_on is None or segment.end_on > self.from_on)
            and (self.to_on is None or segment.start_on < self.to_on)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Again:
    """A billed period beside what its days come to now; `new` None where they should never have been billed."""

    old: SegmentFacts
    charges: tuple[StoredCharge, ...]
    due_on: date
    new: SegmentPlan | None

    @property
    def after_cents(self) -> int:
        """What the days come to now."""
        return self.new.amount_cents if self.new else 0

    @property
    def difference_cents(self) -> int:
        """Above 0: too little was billed."""
        return self.after_cents - self.old.amount_cents

    @property
    def reached_from_on(self) -> date:
        """The day that the look-back is held against. Of a period that begins earlier now, and costs more, that is it:
        its first days are billed too little as well.
        """
        if self.new is None or self.difference_cents <= 0:
            return self.old.start_on
        return min(self.old.start_on, self.new.start_on)

    @property
    def tested(self) -> tuple[tuple[str, int], ...]:
        """The meters whose test weighs on the period now and did not when it was billed, with their accuracy."""
        then = {(read["meter"], read.get("accuracy")) for read in self.old.determinants["reads"]}
        reads = self.new.determinants["reads"][:-1] if self.new else ()
        found = {(read["meter"], read["accuracy"]) for read in reads if "accuracy" in read}
        return tuple(sorted(found - then))

    @property
    def differs(self) -> bool:
        """Whether anything is other than it was billed: days, energy, a line, or where one posts to."""
        if self.new is None:
            return True
        span = (self.new.start_on, self.new.end_on) != (self.old.start_on, self.old.end_on)
        lines = [(item.code, item.amount_cents, item.ledger_account) for item in self.new.lines]
        return span or lines != [(item.code, item.amount_cents, item.ledger_account) for item in self.charges]


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """What is put right on an account: the bills replaced, each with its segments anew, and what is left and why.

    `segments` are the replaced bills' periods, whether they differ or not; `left` differ, and the rule does not reach
    them. `reach` is the rule that the whole difference falls under, `refund` that of what was too much.
    """

    bills: tuple[BilledBill, ...]
    segments: tuple[Again, ...]
    left: tuple[Again, ...]
    reach: LookBack
    refund: LookBack

    @property
    def rules(self) -> tuple[Rule, ...]:
        """The rules that say how far back: that of the whole, and besides a back-bill that of what was too much."""
        refunded = self.refund != self.reach and any(item.difference_cents < 0 for item in self.changed)
        return (self.reach.rule, *((self.refund.rule,) if refunded else ()))

    @property
    def changed(self) -> tuple[Again, ...]:
        """The periods that are put right."""
        return tuple(item for item in self.segments if item.differs)

    @property
    def tested(self) -> tuple[tuple[str, int], ...]:
        """The meters whose test is why periods are put right, with their accuracy in hundredths of a percent."""
        return tuple(sorted({found for item in self.changed for found in item.tested}))

    @property
    def net_cents(self) -> int:
        """What all of it comes to, tax included; above 0 is owed by the customer."""
        return sum(item.difference_cents for item in self.segments)


class PeriodNotPriced(Refusal):
    """A billed period cannot be priced on what is known now."""

    template = gettext_noop("The period from %(start)s to %(end)s cannot be priced again: %(why)s")


# ------------------------------------------------------------------------------------------------------ pricing again
def price_again(accounts: Sequence[Billed], *, scope: Scope, bounds: Bounds) -> list[tuple[Again, ...] | Refusal]:
    """Price every standing period of some accounts again, all at once; a refusal stands for an account.

    Use that was billed wrong also weighed on later periods (levels of average use), so that where any energy differs
    all are priced once more on the history as it should have been.
    """
    wanted = [_right_periods(billed, scope=scope) for billed in accounts]
    as_billed = [_history_as_billed(billed) for billed in accounts]
    first = _priced(accounts, wanted, histories=as_billed, bounds=bounds)
    renewed = [
        history if isinstance(items, Refusal) else _history(billed, items)
        for billed, items, history in zip(accounts, first, as_billed, strict=True)
    ]
    return first if renewed == as_billed else _priced(accounts, wanted, histories=renewed, bounds=bounds)


_History = Mapping[int, tuple[SegmentFacts, ...]]
"""The segments of each agreement, oldest first."""


def _history_as_billed(billed: Billed) -> _History:
    return {item.agreement.agreement_id: item.segments for item in billed.agreements}


def _history(billed: Billed, items: Iterable[Again]) -> _History:
    """The history as it should have been."""
    energies = {item.old.segment_id: item.new.energy_wh for item in items if item.new is not None}
    gone = {item.old.segment_id for item in items if item.new is None}
    return {
        item.agreement.agreement_id: tuple(
            replace(segment, energy_wh=energies.get(segment.segment_id, segment.energy_wh))
            for segment in item.segments
            if segment.segment_id not in gone
        )
        for item in billed.agreements
    }


def _right_periods(billed: Billed, *, scope: Scope) -> list[tuple[AgreementBilling, SegmentFacts, Span | None]]:
    """Each standing period in scope with the days that it should have had; None for none at all."""
    found: list[tuple[AgreementBilling, SegmentFacts, Span | None]] = []
    for facts in billed.agreements:
        agreement = facts.agreement
        for place, segment in enumerate(facts.segments):
            if not scope.holds(segment):
                continue
            # Service that began earlier than billed lengthens the first period.
            start = agreement.start_on if place == 0 else max(segment.start_on, agreement.start_on)
            end = segment.end_on if agreement.end_on is None else min(segment.end_on, agreement.end_on)
            found.append((facts, segment, Span(start=start, end=end) if start < end else None))
    return found


def _priced(
    accounts: Sequence[Billed],
    wanted: Sequence[Sequence[tuple[AgreementBilling, SegmentFacts, Span | None]]],
    *,
    histories: Sequence[_History],
    bounds: Bounds,
) -> list[tuple[Again, ...] | Refusal]:
    asked = [
        (_as_then(billed, facts, period=span, history=history), span)
        for billed, items, history in zip(accounts, wanted, histories, strict=True)
        for facts, _, span in items
        if span is not None
    ]
    answers = iter(plan_segments(asked, bounds=bounds))
    return [_beside(billed, items, answers=answers) for billed, items in zip(accounts, wanted, strict=True)]


def _as_then(billed: Billed, facts: AgreementBilling, *, period: Span, history: _History) -> AgreementBilling:
    """What decides a past period: the terms of its first day, its reads, and the history before it."""
    number = facts.agreement.agreement_id
    terms = terms_on(billed.terms[number], on=period.start)
    return replace(
        facts,
        agreement=replace(facts.agreement, schedule=terms.schedule, options=terms.options),
        schedule=billed.schedules[terms.schedule],
        reads=tuple(item for item in facts.reads if period.start <= item.read_on <= period.end),
        segments=tuple(item for item in history[number] if item.end_on <= period.start),
    )


def _beside(
    billed: Billed,
    items: Sequence[tuple[AgreementBilling, SegmentFacts, Span | None]],
    *,
    answers: Iterator[SegmentPlan | Refusal],
) -> tuple[Again, ...] | Refusal:
    found: list[Again] = []
    refused: Refusal | None = None
    for _, segment, span in items:
        new = next(answers) if span is not None else None
        if isinstance(new, Refusal):
            refused = refused or PeriodNotPriced(start=segment.start_on, end=segment.end_on, why=str(new))
            continue
        found.append(
            Again(
                old=segment,
                charges=billed.charges.get(segment.segment_id, ()),
                due_on=billed.first_due.get(segment.segment_id, billed.bills[segment.bill_id].due_on),
                new=new,
            )
        )
    return refused or tuple(found)


# ----------------------------------------------------------------------------------------------------------- deciding
def decide_correction(
    billed: Billed,
    items: Sequence[Again],
    *,
    book: CorrectionBook,
    begin_known: bool,
    tampering: bool,
    back_bill: bool,
    on: date,
) -> Correction | None:
    """Which bills are replaced by what, within the look-back of the rule that the net difference falls under.

    Under a back-bill a period that was too high is refunded by the rule of refunds all the same. None when nothing
    differs. `back_bill` False leaves everything as it is that would cost the customer more.
    """
    differing = [item for item in items if item.differs]
    if not differing:
        return None
    known = begin_known and not (billed.wrong_since_unknown and any(item.tested for item in differing))
    net_cents = sum(item.difference_cents for item in differing)
    reach, refund = (
        look_back(
            book,
            net_cents=cents,
            revenue_class=billed.revenue_class,
            begin_known=known,
            tampering=tampering,
            on=on,
        )
        for cents in (net_cents, min(net_cents, 0))
    )
    reached = [
        item for item in differing if (reach if item.difference_cents > 0 else refund).reaches(item.reached_from_on)
    ]
    # Who paid too much in all is not billed more because the rule does not reach back to it.
    back_bill = back_bill and not net_cents <= 0 < sum(item.difference_cents for item in reached)
    chosen = {item.old.segment_id for item in reached if back_bill or item.difference_cents <= 0}
    bill_ids = {item.old.bill_id for item in differing if item.old.segment_id in chosen}
    segments = [
        item if item.old.segment_id in chosen or not item.differs else _as_it_was(billed, item)
        for item in _all_of(billed, items, bill_ids=bill_ids)
    ]
    return Correction(
        bills=tuple(billed.bills[number] for number in sorted(bill_ids)),
        segments=tuple(segments),
        left=tuple(item for item in differing if item.old.segment_id not in chosen),
        reach=reach,
        refund=refund,
    )


def _all_of(billed: Billed, items: Sequence[Again], *, bill_ids: Collection[int]) -> list[Again]:
    """The periods of some bills, also those that were out of scope: these stay as they were billed."""
    known = {item.old.segment_id: item for item in items}
    found = [
        known.get(segment.segment_id)
        or Again(
            old=segment,
            charges=billed.charges.get(segment.segment_id, ()),
            due_on=billed.first_due.get(segment.segment_id, billed.bills[segment.bill_id].due_on),
            new=billed.as_billed[segment.segment_id],
        )
        for facts in billed.agreements
        for segment in facts.segments
        if segment.bill_id in bill_ids
    ]
    return sorted(found, key=lambda item: (item.old.start_on, item.old.segment_id))


def _as_it_was(billed: Billed, item: Again) -> Again:
    return replace(item, new=billed.as_billed[item.old.segment_id])


# ------------------------------------------------------------------------------------------------------------- paying
class Due(NamedTuple):
    """A part of what is owed: when it is due, cents, whether it is a back-bill's installment, and whether a new one."""

    due_on: date
    amount_cents: int
    later: bool
    fresh: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Owed:
    """How the corrected charges are owed: parts above 0 by due date, or a credit below 0."""

    parts: tuple[Due, ...]
    credit_cents: int

    @property
    def installments(self) -> tuple[Due, ...]:
        """The back-bill's parts, those of an earlier correction among them."""
        return tuple(item for item in self.parts if item.later)

    @property
    def fresh(self) -> tuple[Due, ...]:
        """The installments of what this correction found to be too little."""
        return tuple(item for item in self.parts if item.fresh)


Posted = Mapping[tuple[int, date, bool], int]
"""What bills asked for, in cents: by bill, due date, and whether it is an installment of a back-bill."""


def owed_by(segments: Sequence[Again], *, posted: Posted, first_due_on: date, months: int) -> Owed:
    """When the corrected charges of some periods are due; `posted` is how the bills that they stand on were.

    What a bill had charged and is still right stays due when it was, as if it had been billed right at first. So does
    what an earlier correction billed later, in its installments: what of it is too much is taken off those due last.
    What was billed too little is due at `first_due_on`: as far as it exceeds what was billed too much, in `months`
    equal parts.
    """
    before: dict[tuple[int, date], int] = {}
    after: dict[tuple[int, date], int] = {}
    for item in segments:
        key = (item.old.bill_id, item.due_on)
        before[key] = before.get(key, 0) + item.old.amount_cents
        after[key] = after.get(key, 0) + item.after_cents
    left = dict(posted)
    kept: dict[date, int] = {}
    more = credit = 0
    for key, was in before.items():
        now = after[key]
        first = min(left.get((*key, False), 0), max(was, 0))
        left[(*key, False)] = left.get((*key, False), 0) - first
        stays = max(min(first, now), 0)
        kept[key[1]] = kept.get(key[1], 0) + stays
        more += max(now, 0) - stays
        credit += min(now, 0)
    parts = [Due(on, cents, later=False) for on, cents in sorted(kept.items()) if cents]
    earlier = _earlier_parts(left, at_most=more)
    more -= sum(part.amount_cents for part in earlier)
    set_off = min(more, -credit)  # a period that comes to a credit pays what is new first
    more, credit = more - set_off, credit + set_off
    net = min(max(sum(after.values()) - sum(before.values()), 0), more)
    spread = months > 1 and net >= months
    at_once = more - net if spread else more
    if at_once:
        parts.append(Due(first_due_on, at_once, later=False))
    if spread:
        parts += equal_parts(net, count=months, first_due_on=first_due_on)
    return _less_credit([*parts, *earlier], credit_cents=credit)


def posted_by(bills: Iterable[BilledBill]) -> Posted:
    """How some bills were posted."""
    found: dict[tuple[int, date, bool], int] = {}
    for bill in bills:
        for posting in bill.entry.draft.postings if bill.entry is not None else ():
            if posting.ledger_account == LedgerAccount.RECEIVABLE and posting.amount_cents > 0:
                key = (bill.bill_id, posting.due_on or bill.due_on, posting.charge == BACK_BILL)
                found[key] = found.get(key, 0) + posting.amount_cents
    return found


def _earlier_parts(posted: Posted, *, at_most: int) -> list[Due]:
    """What earlier corrections billed later and is still right, the first due first."""
    sums: dict[tuple[date, bool], int] = {}
    for (_, due_on, later), cents in posted.items():
        sums[due_on, later] = sums.get((due_on, later), 0) + cents
    parts: list[Due] = []
    for (due_on, later), cents in sorted(sums.items()):
        taken = min(cents, at_most)
        at_most -= taken
        if taken > 0:
            parts.append(Due(due_on, taken, later=later))
    return parts


def equal_parts(amount_cents: int, *, count: int, first_due_on: date) -> list[Due]:
    """An amount in equal monthly parts; what does not divide makes the first ones a cent larger."""
    each, rest = divmod(amount_cents, count)
    return [
        Due(months_after(first_due_on, months=place), each + (1 if place < rest else 0), later=True, fresh=True)
        for place in range(count)
    ]


def months_after(on: date, *, months: int) -> date:
    """The same day some months later, or the month's last."""
    year, month = divmod(on.month - 1 + months, 12)
    year, month = on.year + year, month + 1
    return date(year, month, min(on.day, monthrange(year, month)[1]))


def _less_credit(parts: list[Due], *, credit_cents: int) -> Owed:
    """A period that comes to a credit is set off against what is due last."""
    left: list[Due] = []
    for part in sorted(parts, reverse=True):
        taken = min(part.amount_cents, -credit_cents)
        credit_cents += taken
        if part.amount_cents > taken:
            left.append(part._replace(amount_cents=part.amount_cents - taken))
    return Owed(parts=tuple(sorted(left)), credit_cents=credit_cents)


def months_accrued(items: Iterable[Again]) -> int:
    """Over how many months too little was billed: periods by the months in which they end, and one of several months
    by each of them that half a month or more of it belongs to.
    """
    found: set[tuple[int, int]] = set()
    for item in items:
        if item.difference_cents <= 0:
            continue
        on, back = item.old.end_on, 0
        while not back or (on - item.reached_from_on).days >= HALF_MONTH_DAYS:
            found.add((on.year, on.month))
            back += 1
            on = months_after(item.old.end_on, months=-back)
    return len(found)
