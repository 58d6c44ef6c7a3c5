"""From segment plans to a bill: its entry in the books and its document. Shared by billing and cancel/rebill. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from weatherhead.actions.figures import Standing
from weatherhead.areas.billing.decide import SegmentPlan
from weatherhead.areas.billing.facts import AgreementBilling, BillOfHistory
from weatherhead.areas.billing.operations import BillPlan
from weatherhead.areas.billing.queries import kept_prices
from weatherhead.areas.customers.queries import AccountFacts
from weatherhead.areas.payments.queries import PaymentFacts
from weatherhead.areas.records.canonical import Json, to_json
from weatherhead.areas.records.utility import Utility
from weatherhead.areas.tariffs.queries import kept_texts
from weatherhead.core.ledger import EntryDraft, LedgerAccount, Posting
from weatherhead.core.values import Rule


@dataclass(frozen=True, slots=True, kw_only=True)
class BillingFacts:
    """Everything that a bill of one account depends on."""

    account: AccountFacts
    agreements: tuple[AgreementBilling, ...]
    standing: Standing
    bills: tuple[BillOfHistory, ...]
    payments: tuple[PaymentFacts, ...]
    utility: Utility
    as_of: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Corrected:
    """The bill that another one replaces, and its reversal in the books."""

    bill_id: int
    number: str
    total_cents: int
    due_on: date
    segment_ids: tuple[int, ...]
    reversal: EntryDraft | None


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


def compose_bill(
    facts: BillingFacts, *, segments: tuple[SegmentPlan, ...], kind: str, corrected: Corrected | None = None
) -> BillPlan:
    """A bill ready to be issued: entries in their order, and the document's whole payload but its number."""
    total_cents = sum(segment.amount_cents for segment in segments)
    due_on = facts.as_of + timedelta(days=facts.utility.billing.due_days)
    if corrected is not None and total_cents <= corrected.total_cents:
        due_on = max(corrected.due_on, facts.as_of)  # a correction in the customer's favor does not lengthen the debt
    charge = charge_entry(segments, account_id=facts.account.account_id, effective_on=facts.as_of, due_on=due_on)
    reversal = corrected.reversal if corrected else None
    return BillPlan(
        account_id=facts.account.account_id,
        kind=kind,
        issued_on=facts.as_of,
        due_on=due_on,
        total_cents=total_cents,
        segments=segments,
        entries=tuple(entry for entry in (reversal, charge) if entry is not None),
        has_charge_entry=charge is not None,
        corrects_id=corrected.bill_id if corrected else None,
        cancels=corrected.segment_ids if corrected else (),
        payload=_payload(facts, segments=segments, kind=kind, due_on=due_on, corrected=corrected),
    )


def _payload(
    facts: BillingFacts, *, segments: tuple[SegmentPlan, ...], kind: str, due_on: date, corrected: Corrected | None
) -> dict[str, Json]:
    account, utility = facts.account, facts.utility
    before_cents = facts.standing.balance_cents(as_of=facts.as_of)
    total_cents = sum(segment.amount_cents for segment in segments)
    cancelled_cents = corrected.total_cents if corrected else 0
    last = facts.bills[0] if facts.bills else None
    since = [item for item in facts.payments if last and item.paid_on >= last.issued_on and item.reversed_on is None]
    payload = {
        "layout": 1,
        "kind": kind,
        "utility": {
            "name": utility.name,
            "phone": utility.phone,
            "emergency_phone": utility.emergency_phone,
            "email": utility.email,
            "address": utility.address.model_dump(),
        },
        "account": {
            "number": account.number,
            "number_grouped": account.number_grouped,
            "name": account.customer_name,
            "mail": [
                f"{account.mail_street}, {account.mail_unit}" if account.mail_unit else account.mail_street,
                f"{account.mail_city} {account.mail_state} {account.mail_postal_code}",
            ],
        },
        "issued_on": facts.as_of,
        "due_on": due_on,
        "last_bill": {"number": last.number, "issued_on": last.issued_on, "total_cents": last.total_cents}
        if last
        else None,
        "payments": [
            {"on": item.paid_on, "amount_cents": item.amount_cents, "kind": item.tender_kind} for item in since
        ],
        "balance_before_cents": before_cents,
        "corrects": {"number": corrected.number, "total_cents": corrected.total_cents} if corrected else None,
        "charges_cents": total_cents,
        "amount_due_cents": before_cents - cancelled_cents + total_cents,
        "segments": [segment_payload(segment) for segment in segments],
    }
    said: dict[str, Json] = to_json(payload)
    return said


def segment_payload(segment: SegmentPlan) -> dict[str, object]:
    """What the document says of one segment."""
    return {
        "agreement": segment.agreement_id,
        "service": segment.service,
        "start_on": segment.start_on,
        "end_on": segment.end_on,
        "schedule": segment.schedule,
        "schedule_sha256": segment.schedule_sha256,
        "energy_wh": segment.energy_wh,
        "demand_w_max": segment.demand_w_max,
        "estimated": segment.estimated,
        "determinants": segment.determinants,
        "amount_cents": segment.amount_cents,
        "lines": [
            {"code": line.code, "label": line.label, "amount_cents": line.amount_cents} for line in segment.lines
        ],
        "checks": [
            {"code": check.code, "passed": check.passed, "text": check.text, "released": check.released}
            for check in segment.checks
        ],
    }


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
    """What earlier bills have kept: rate texts by hash and prices by key."""

    texts: frozenset[str]
    prices: frozenset[str]


def kept_for(agreements: Sequence[AgreementBilling]) -> Kept:
    """What is kept of the schedules of some agreements."""
    hashes = {item.schedule.sha256 for item in agreements}
    return Kept(texts=kept_texts(hashes), prices=kept_prices(hashes))


def row_counts(plan: BillPlan, *, kept: Kept) -> dict[str, int]:
    """How many rows issuing a bill inserts, by table."""
    prices = {line.price.key for segment in plan.segments for line in segment.lines}
    counts: Mapping[str, int] = {
        "billing_bill": 1,
        "billing_billsegment": len(plan.segments),
        "billing_billline": sum(len(segment.lines) for segment in plan.segments),
        "billing_lineprice": len(prices - kept.prices),
        "tariffs_scheduletext": len({segment.schedule_sha256 for segment in plan.segments} - kept.texts),
    }
    return {table: count for table, count in counts.items() if count}
