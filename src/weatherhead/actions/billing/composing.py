"""From segment plans to a bill: its entry in the books and its document. Shared by billing and cancel/rebill. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import NamedTuple

from weatherhead.actions.figures import Standing
from weatherhead.areas.billing.decide import SegmentPlan
from weatherhead.areas.billing.determinants import energy_between
from weatherhead.areas.billing.facts import AgreementBilling, LatestBill, SegmentFacts
from weatherhead.areas.billing.operations import BillPlan
from weatherhead.areas.billing.queries import kept_prices
from weatherhead.areas.customers.mailing import mail_lines
from weatherhead.areas.customers.queries import AccountFacts
from weatherhead.areas.documents.queries import kept_frames
from weatherhead.areas.records.canonical import Json
from weatherhead.areas.records.utility import Utility
from weatherhead.areas.tariffs.queries import kept_texts
from weatherhead.core.ledger import EntryDraft, LedgerAccount, Posting
from weatherhead.core.statements import (
    CancelledBill,
    ChargeLine,
    Frame,
    LastBill,
    Message,
    MeterUse,
    Movement,
    ServiceFacts,
    StatementFacts,
    Use,
    bill_payload,
)
from weatherhead.core.values import RoundingRule, Rule, round_ratio

PERIODS_OF_YEAR = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class BillingFacts:
    """Everything that a bill of one account depends on."""

    account: AccountFacts
    agreements: tuple[AgreementBilling, ...]
    standing: Standing
    waits_cents: int  # as unapplied credit, beside the receivable
    latest: LatestBill | None
    utility: Utility
    frame: Frame
    as_of: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Corrected:
    """What another bill replaces: the number of the last of the bills, what they had charged, and their segments."""

    number: str
    total_cents: int
    segment_ids: tuple[int, ...]


def charge_entry(
    segments: Sequence[SegmentPlan], *, account_id: int, effective_on: date, due_on: date
) -> EntryDraft | None:
    """The entry of some segments: receivable against what each line posts to. None when all of it nets to nothing."""
    credits_cents: dict[str, int] = {}
    for segment in segments:
        for line in segment.lines:
            credits_cents[line.ledger_account] = credits_cents.get(line.ledger_account, 0) - line.amount_cents
    total_cents = -sum(credits_cents.values())
    postings = [
        Posting(ledger_account=code, amount_cents=cents, charge="bill")
        for code, cents in sorted(credits_cents.items())
        if cents
    ]
    if total_cents:
        receivable = Posting(
            ledger_account=LedgerAccount.RECEIVABLE,
            amount_cents=total_cents,
            charge="bill",
            account_id=account_id,
            due_on=due_on if total_cents > 0 else None,
        )
        postings.insert(0, receivable)
    if not postings:
        return None
    return EntryDraft(kind="bill", effective_on=effective_on, postings=tuple(postings))


def compose_bill(facts: BillingFacts, *, segments: tuple[SegmentPlan, ...], kind: str) -> BillPlan:
    """A bill ready to be issued: entries in their order, and the document's whole payload but its number."""
    total_cents = sum(segment.amount_cents for segment in segments)
    due_on = facts.as_of + timedelta(days=facts.utility.billing.due_days)
    charge = charge_entry(segments, account_id=facts.account.account_id, effective_on=facts.as_of, due_on=due_on)
    return BillPlan(
        account_id=facts.account.account_id,
        kind=kind,
        issued_on=facts.as_of,
        due_on=due_on,
        total_cents=total_cents,
        segments=segments,
        entries=(charge,) if charge is not None else (),
        has_charge_entry=charge is not None,
        corrects_id=None,
        cancels=(),
        payload=bill_payload(
            statement_of(facts, segments=segments, kind=kind, due_on=due_on, corrected=None), frame=facts.frame
        ),
    )


def statement_of(
    facts: BillingFacts, *, segments: Sequence[SegmentPlan], kind: str, due_on: date, corrected: Corrected | None
) -> StatementFacts:
    """What the document says, from what billing knows."""
    account = facts.account
    balance_cents = facts.standing.balance_cents(as_of=facts.as_of)
    cancelled_ids = frozenset(corrected.segment_ids) if corrected else frozenset()
    past, compared = uses_before(facts.agreements, segments=segments, cancelled_ids=cancelled_ids)
    charges_cents = sum(segment.amount_cents for segment in segments)
    cancelled = CancelledBill(corrected.number, corrected.total_cents) if corrected else None
    last = facts.latest
    later = facts.standing.later_parts(as_of=facts.as_of, due_on=due_on)
    later_cents = sum(item.amount_cents for item in later)
    due_cents = balance_cents + charges_cents - (cancelled.amount_cents if cancelled else 0) - later_cents
    return StatementFacts(
        kind=kind,
        issued_on=facts.as_of,
        due_on=due_on,
        account_number=account.number,
        customer_name=account.customer_name,
        mail=mail_lines(account),
        last=LastBill(last.number, last.issued_on) if last else None,
        movements=_movements_since(facts),
        balance_cents=balance_cents,
        cancelled=cancelled,
        services=[_service_facts(segment) for segment in segments],
        history=past,
        compared=compared,
        messages=bill_messages(
            kind=kind,
            services=[
                BilledService(segment.end_on, segment.estimated, str(segment.service["meter"])) for segment in segments
            ],
            year_cents=[item.amount_cents for item in past],
            charges_cents=charges_cents,
            due_cents=due_cents,
            past_due_cents=0 if corrected else facts.standing.past_due_cents(as_of=facts.as_of),
            waits_cents=facts.waits_cents,
            cancelled=cancelled,
            first=last is None,
        ),
        later=later,
    )


class BilledService(NamedTuple):
    """What messages ask of a billed service."""

    end_on: date
    estimated: bool
    meter: str


def _movements_since(facts: BillingFacts) -> list[Movement]:
    """What moved the balance since the last bill's entry. What is effective later is not counted yet."""
    last = facts.latest
    moved: list[Movement] = []
    for item in facts.standing.movements:
        if item.effective_on > facts.as_of:
            continue
        if last is not None and last.entry_id is not None and item.ref.entry_id <= last.entry_id:
            continue
        if last is not None and last.entry_id is None and item.effective_on <= last.issued_on:
            continue
        moved.append(Movement(item.effective_on, item.amount_cents, item.charge))
    return moved


def uses_before(
    agreements: Sequence[AgreementBilling], *, segments: Sequence[SegmentPlan], cancelled_ids: frozenset[int]
) -> tuple[list[Use], bool]:
    """Earlier periods of an account, oldest first, and whether the last of them was of the services billed now."""
    starts_on = min(segment.start_on for segment in segments)
    by_end: dict[date, list[SegmentFacts]] = {}
    for agreement in agreements:
        for item in agreement.segments:
            if item.segment_id not in cancelled_ids and item.end_on <= starts_on:
                by_end.setdefault(item.end_on, []).append(item)
    uses = [
        Use(
            end_on,
            (end_on - min(item.start_on for item in items)).days,
            sum(item.energy_wh for item in items),
            any(item.estimated for item in items),
            sum(item.amount_cents for item in items),
        )
        for end_on, items in sorted(by_end.items())
    ]
    if not uses:
        return [], False
    before = {item.agreement_id for item in by_end[uses[-1].end_on]}
    return uses, before == {segment.agreement_id for segment in segments}


def _service_facts(segment: SegmentPlan) -> ServiceFacts:
    return ServiceFacts(
        agreement_id=segment.agreement_id,
        schedule=segment.schedule,
        start_on=segment.start_on,
        end_on=segment.end_on,
        address=str(segment.service["address"]),
        energy_wh=segment.energy_wh,
        demand_w_max=segment.demand_w_max,
        estimated=segment.estimated,
        reads=meter_uses(segment.determinants["reads"]),
        lines=[
            ChargeLine(
                code=line.code, label=line.label, clause=line.clause, how=line.how, amount_cents=line.amount_cents
            )
            for line in segment.lines
        ],
    )


def meter_uses(reads: Sequence[Mapping[str, Json]]) -> list[MeterUse]:
    """Each two reads of one meter that follow each other, with the energy between them."""
    return [
        MeterUse(
            second["meter"],
            date.fromisoformat(first["on"]),
            first["kind"],
            first["dial_reading"],
            date.fromisoformat(second["on"]),
            second["kind"],
            second["dial_reading"],
            second["multiplier"],
            energy_between(first, second),
        )
        for first, second in pairwise(reads)
        if first["meter"] == second["meter"] and first["on"] != second["on"]
    ]


def bill_messages(
    *,
    kind: str,
    services: Sequence[BilledService],
    year_cents: Sequence[int],
    charges_cents: int,
    due_cents: int,
    past_due_cents: int,
    waits_cents: int,
    cancelled: CancelledBill | None,
    first: bool,
) -> list[Message]:
    """What to tell beside the figures, the weightiest first. An account's own figures, or nothing."""
    told: list[Message] = []
    if cancelled is not None:
        params: dict[str, int | str] = {"number": cancelled.number, "before_cents": cancelled.amount_cents}
        told.append(Message("corrected", {**params, "after_cents": charges_cents}))
    if kind == "final":
        told.append(Message("final", {"end_on": max(item.end_on for item in services).isoformat()}))
    estimated = [item for item in services if item.estimated]
    told.extend(Message("estimated", {"meter": item.meter}) for item in estimated)
    if past_due_cents > 0 and due_cents > 0:
        told.append(Message("past_due", {"amount_cents": min(past_due_cents, due_cents)}))
    if due_cents < 0:
        told.append(Message("credit_final" if kind == "final" else "credit", {"amount_cents": -due_cents}))
    if waits_cents > 0:
        told.append(Message("waiting", {"amount_cents": waits_cents}))
    if first and cancelled is None:
        told.append(Message("first", {}))
    year = year_cents[-(PERIODS_OF_YEAR - 1) :]
    if len(year) == PERIODS_OF_YEAR - 1:
        total_cents = sum(year) + charges_cents
        average = round_ratio(numerator=total_cents, denominator=PERIODS_OF_YEAR, rule=RoundingRule.HALF_UP)
        figures = {"count": PERIODS_OF_YEAR, "total_cents": total_cents, "average_cents": average}
        told.append(Message("average", figures))
    return told


def rules_of(agreements: Sequence[AgreementBilling], *, on: date) -> tuple[Rule, ...]:
    """The tariff versions that price some agreements on a day."""
    rules: list[Rule] = []
    for facts in agreements:
        schedule = facts.schedule.schedule
        version = next((item for item in reversed(schedule.versions) if item.effective <= on), schedule.versions[0])
        rule = Rule(code=schedule.code, title=schedule.name, citation=version.citation, status=version.status.value)
        if rule not in rules:
            rules.append(rule)
    return tuple(rules)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What earlier bills have kept: rate texts and frames by hash, prices by key."""

    texts: frozenset[str]
    prices: frozenset[str]
    frames: frozenset[str]


def kept_for(facts: BillingFacts, *, texts: frozenset[str] = frozenset(), frame: str = "") -> Kept:
    """What is kept of the schedules and the frame that a bill would refer to; `texts` and `frame` are known to be."""
    hashes = {item.schedule.sha256 for item in facts.agreements}
    return Kept(
        texts=texts | kept_texts(hashes - texts),
        prices=kept_prices(hashes),
        frames=kept_frames({facts.frame.sha256} - {frame}) | {frame},
    )


def row_counts(plan: BillPlan, *, kept: Kept) -> dict[str, int]:
    """How many rows issuing a bill inserts, by table."""
    prices = {line.price.key for segment in plan.segments for line in segment.lines}
    counts: Mapping[str, int] = {
        "billing_bill": 1,
        "billing_billsegment": len(plan.segments),
        "billing_billline": sum(len(segment.lines) for segment in plan.segments),
        "billing_lineprice": len(prices - kept.prices),
        "tariffs_scheduletext": len({segment.schedule_sha256 for segment in plan.segments} - kept.texts),
        "documents_documentframe": len({plan.payload["frame_sha256"]} - kept.frames),
    }
    return {table: count for table, count in counts.items() if count}
