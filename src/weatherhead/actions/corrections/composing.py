"""From periods priced again to a corrected bill: reversals, the charges anew by due date, and the document. Pure.

One account is n = 1 of what a mass correction does to thousands.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from weatherhead.actions.billing.composing import BillingFacts, Kept, rules_of, statement_of
from weatherhead.actions.billing.composing import Corrected as CorrectedBill
from weatherhead.actions.figures import Standing, money_changes
from weatherhead.areas.billing.billed import billed_on
from weatherhead.areas.billing.correcting import (
    Again,
    Billed,
    Correction,
    Owed,
    Scope,
    decide_correction,
    months_accrued,
    owed_by,
    posted_by,
    price_again,
)
from weatherhead.areas.billing.correction_rules import CorrectionBook, correction_book
from weatherhead.areas.billing.decide import SegmentPlan
from weatherhead.areas.billing.facts import LatestBill
from weatherhead.areas.billing.former import NO_BILL
from weatherhead.areas.billing.operations import BillPlan
from weatherhead.areas.billing.operations.corrections import CancelPlan, CorrectedPlan, CorrectedRow
from weatherhead.areas.billing.queries import kept_prices
from weatherhead.areas.customers.queries import AccountFacts, accounts
from weatherhead.areas.documents.frames import bill_frame
from weatherhead.areas.documents.queries import kept_frames
from weatherhead.areas.metering.accuracy import percent_text
from weatherhead.areas.records.canonical import Json
from weatherhead.areas.records.utility import Utility, current_utility
from weatherhead.areas.tariffs.queries import kept_texts, rate_book
from weatherhead.core.ledger import BACK_BILL, EntryDraft, LedgerAccount, Posting, reversal
from weatherhead.core.statements import (
    CancelledBill,
    CorrectedUse,
    CorrectionFacts,
    Frame,
    Installment,
    Message,
    Use,
    bill_payload,
)
from weatherhead.core.values import Refusal, Rule, number_of


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectionOfAccount:
    """What is known of one account: what stands billed, who it is, and its receivable."""

    account: AccountFacts
    billed: Billed
    standing: Standing
    waits_cents: int
    latest: LatestBill | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectingFacts:
    """The accounts, by number, and what holds for all of them."""

    accounts: Mapping[int, CorrectionOfAccount]
    book: CorrectionBook
    utility: Utility
    frame: Frame
    kept: Kept
    as_of: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """What is asked for: the cause (none where only a bill is named), the periods, and what the rules want to know.

    `begin_known`: since when it was wrong is known. `back_bill` False bills nothing that was too little. `at_once`:
    the customer does without installments.
    """

    cause: str
    reason: str
    scope: Scope
    begin_known: bool = True
    tampering: bool = False
    back_bill: bool = True
    at_once: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Composed:
    """One account's correction, ready to be recorded."""

    account_id: int
    correction: Correction
    owed: Owed
    plan: CorrectedPlan


def gather_correcting(account_ids: Sequence[int], *, as_of: date, known_frame: str = "") -> CorrectingFacts:
    """Read what was billed on some accounts and all that prices it again, in a fixed number of queries.

    `known_frame` names a frame that is known to be kept.

    Raises:
        NoCorrectionRules: the regulations have none.
    """
    utility = current_utility()
    known = accounts(account_ids)
    billed, moved, waits = billed_on({number: item.revenue_class for number, item in known.items()})
    frame = bill_frame(utility, rate_book=rate_book())
    return CorrectingFacts(
        accounts={
            number: CorrectionOfAccount(
                account=known[number],
                billed=found,
                standing=Standing(account_id=number, movements=moved[number]),
                waits_cents=waits.get(number, 0),
                latest=_latest(found),
            )
            for number, found in billed.items()
        },
        book=correction_book(),
        utility=utility,
        frame=frame,
        kept=_kept(billed.values(), frame=frame, known_frame=known_frame),
        as_of=as_of,
    )


def kept_of(facts: CorrectingFacts) -> Kept:
    """What is kept now of what the facts were gathered with: that it still is as it was."""
    return _kept((item.billed for item in facts.accounts.values()), frame=facts.frame, known_frame="")


def _kept(billed: Iterable[Billed], *, frame: Frame, known_frame: str) -> Kept:
    """What is kept of the texts, prices and the frame that corrected bills refer to."""
    accounts = list(billed)
    segments = [segment for item in accounts for facts in item.agreements for segment in facts.segments]
    kept = frozenset(segment.schedule_sha256 for segment in segments if segment.bill_id != NO_BILL)
    hashes = kept | {schedule.sha256 for item in accounts for schedule in item.schedules.values()}
    return Kept(
        texts=kept | kept_texts(hashes - kept),
        prices=kept_prices(hashes),
        frames=kept_frames({frame.sha256} - {known_frame}) | {known_frame},
    )


def _latest(billed: Billed) -> LatestBill | None:
    """The last of the bills that stand."""
    if not billed.bills:
        return None
    last = max(billed.bills.values(), key=lambda item: (item.issued_on, item.bill_id))
    return LatestBill(bill_id=last.bill_id, number=last.number, issued_on=last.issued_on, entry_id=last.entry_id)


def correct_accounts(facts: CorrectingFacts, *, ask: Ask) -> dict[int, Composed | Refusal | None]:
    """The correction of each account: None where nothing differs, a refusal where it cannot be priced again."""
    numbers = list(facts.accounts)
    again = price_again(
        [facts.accounts[number].billed for number in numbers],
        scope=ask.scope,
        bounds=facts.utility.billing.bounds,
    )
    return {
        number: items if isinstance(items, Refusal) else _correct(facts, number, items=items, ask=ask)
        for number, items in zip(numbers, again, strict=True)
    }


def _correct(facts: CorrectingFacts, account_id: int, *, items: Sequence[Again], ask: Ask) -> Composed | None:
    of = facts.accounts[account_id]
    correction = decide_correction(
        of.billed,
        items,
        book=facts.book,
        begin_known=ask.begin_known,
        tampering=ask.tampering,
        back_bill=ask.back_bill,
        on=facts.as_of,
    )
    if correction is None:
        return None
    spread = correction.reach.equal_months and not ask.at_once
    owed = owed_by(
        correction.segments,
        posted=posted_by(correction.bills),
        first_due_on=facts.as_of + timedelta(days=facts.utility.billing.due_days),
        months=months_accrued(correction.changed) if spread else 1,
    )
    plan = _plan(facts, of, correction=correction, owed=owed, ask=ask)
    return Composed(account_id=account_id, correction=correction, owed=owed, plan=plan)


# ------------------------------------------------------------------------------------------------------------ planning
def _plan(
    facts: CorrectingFacts, of: CorrectionOfAccount, *, correction: Correction, owed: Owed, ask: Ask
) -> CorrectedPlan:
    reversals = tuple(
        reversal(bill.entry, effective_on=facts.as_of, reason=ask.reason)
        for bill in correction.bills
        if bill.entry is not None
    )
    cancels = tuple(item.old.segment_id for item in correction.segments)
    rows = tuple(_row(item, account_id=of.account.account_id, cause=ask.cause) for item in correction.segments)
    if not any(item.new is not None for item in correction.segments):
        told = _told_instead(of, correction=correction, reversals=reversals, ask=ask, as_of=facts.as_of)
        cancel = CancelPlan(account_id=of.account.account_id, entries=reversals, cancels=cancels, told=told)
        return CorrectedPlan(bill=None, cancel=cancel, rows=rows)
    bill = _bill(facts, of, correction=correction, owed=owed, ask=ask, reversals=reversals)
    return CorrectedPlan(bill=bill, cancel=None, rows=rows)


def _told_instead(
    of: CorrectionOfAccount, *, correction: Correction, reversals: Sequence[EntryDraft], ask: Ask, as_of: date
) -> dict[str, Json]:
    """What the letter says where no bill takes the place of those that are cancelled: nobody's name or place."""
    [balance] = [item for item in money_changes(of.standing, entries=reversals, as_of=as_of) if item.code == "balance"]
    return {
        "cause": ask.cause,
        "bills": [[bill.number, bill.issued_on.isoformat(), bill.total_cents] for bill in correction.bills],
        "balance_cents": number_of(balance.after),
    }


def _row(item: Again, *, account_id: int, cause: str) -> CorrectedRow:
    return CorrectedRow(
        account_id=account_id,
        agreement_id=item.old.agreement_id,
        replaces_id=item.old.bill_id,
        was_start_on=item.old.start_on,
        was_end_on=item.old.end_on,
        start_on=item.new.start_on if item.new else None,
        end_on=item.new.end_on if item.new else None,
        before_cents=item.old.amount_cents,
        after_cents=item.after_cents,
        due_on=item.due_on,
        cause=cause,
    )


def _bill(
    facts: CorrectingFacts,
    of: CorrectionOfAccount,
    *,
    correction: Correction,
    owed: Owed,
    ask: Ask,
    reversals: tuple[EntryDraft, ...],
) -> BillPlan:
    segments = tuple(item.new for item in correction.segments if item.new is not None)
    charge = _charge_entry(correction, owed=owed, account_id=of.account.account_id, effective_on=facts.as_of)
    entries = (*reversals, *([charge] if charge else []))
    asks = [part.due_on for part in owed.parts if part.due_on > facts.as_of and not part.later]
    first_later = [part.due_on for part in owed.installments][:1]
    due_on = max(asks or first_later or [facts.as_of])
    last = correction.bills[-1]
    corrected = CorrectedBill(
        number=last.number,
        total_cents=sum(bill.total_cents for bill in correction.bills),
        segment_ids=tuple(item.old.segment_id for item in correction.segments),
    )
    billing = BillingFacts(
        account=of.account,
        agreements=of.billed.agreements,
        standing=of.standing,
        waits_cents=of.waits_cents,
        latest=of.latest,
        utility=facts.utility,
        frame=facts.frame,
        as_of=facts.as_of,
    )
    said = statement_of(billing, segments=segments, kind="corrected", due_on=due_on, corrected=corrected)
    later = of.standing.later_parts(entries=entries, as_of=facts.as_of, due_on=due_on)
    said = replace(
        said,
        cancelled=CancelledBill(last.number, corrected.total_cents),
        compared=said.compared and len(correction.bills) == 1,
        messages=[
            *_messages(correction, owed=owed, ask=ask, later=later),
            *_kept_messages(said.messages, later=later, left=all(item.agreement.end_on for item in billing.agreements)),
        ],
        history=[*said.history, *_earlier_uses(segments)],
        correction=_said(correction, ask=ask),
        later=later,
    )
    return BillPlan(
        account_id=of.account.account_id,
        kind="corrected",
        issued_on=facts.as_of,
        due_on=due_on,
        total_cents=sum(segment.amount_cents for segment in segments),
        segments=segments,
        entries=entries,
        has_charge_entry=charge is not None,
        corrects_id=last.bill_id,
        cancels=corrected.segment_ids,
        payload=bill_payload(said, frame=facts.frame),
    )


def _earlier_uses(segments: Sequence[SegmentPlan]) -> list[Use]:
    """The corrected periods but the last, which the document tells as this bill's, oldest first."""
    by_end: dict[date, list[SegmentPlan]] = {}
    for segment in segments:
        by_end.setdefault(segment.end_on, []).append(segment)
    return [
        Use(
            end_on,
            (end_on - min(item.start_on for item in items)).days,
            sum(item.energy_wh for item in items),
            any(item.estimated for item in items),
            sum(item.amount_cents for item in items),
        )
        for end_on, items in sorted(by_end.items())[:-1]
    ]


def _charge_entry(correction: Correction, *, owed: Owed, account_id: int, effective_on: date) -> EntryDraft | None:
    """The charges anew: the receivable by due date, against what each line posts to."""
    credits_cents: dict[str, int] = {}
    for item in correction.segments:
        for line in item.new.lines if item.new else ():
            credits_cents[line.ledger_account] = credits_cents.get(line.ledger_account, 0) - line.amount_cents
    postings = [
        Posting(
            ledger_account=LedgerAccount.RECEIVABLE,
            amount_cents=part.amount_cents,
            charge=BACK_BILL if part.later else "bill",
            account_id=account_id,
            due_on=part.due_on,
        )
        for part in owed.parts
    ]
    if owed.credit_cents:
        credit = Posting(
            ledger_account=LedgerAccount.RECEIVABLE,
            amount_cents=owed.credit_cents,
            charge="bill",
            account_id=account_id,
        )
        postings.append(credit)
    postings += [
        Posting(ledger_account=code, amount_cents=cents, charge="bill")
        for code, cents in sorted(credits_cents.items())
        if cents
    ]
    return EntryDraft(kind="bill", effective_on=effective_on, postings=tuple(postings)) if postings else None


# ------------------------------------------------------------------------------------------------------------- telling
def correction_rules(composed: Composed, *, facts: CorrectingFacts) -> tuple[Rule, ...]:
    """The rules that a correction goes by: how far back, why it is owed, and what its periods were priced on."""
    correction = composed.correction
    tested = (facts.book.meter_test.named("meter test"),) if correction.tested else ()
    agreements = facts.accounts[composed.account_id].billed.agreements
    return (*correction.rules, *tested, *rules_of(agreements, on=correction.segments[-1].old.end_on))


def _said(correction: Correction, *, ask: Ask) -> CorrectionFacts:
    numbers = {bill.bill_id: bill.number for bill in correction.bills}
    return CorrectionFacts(
        cause=ask.cause,
        periods=[_use(item, number=numbers[item.old.bill_id]) for item in correction.segments],
        left=[_use(item, number="") for item in correction.left],
        rule=correction.reach.rule.title,
        clause=correction.reach.rule.code.rpartition(" ")[2],
    )


def _use(item: Again, *, number: str) -> CorrectedUse:
    return CorrectedUse(number, item.old.start_on, item.old.end_on, item.old.amount_cents, item.after_cents)


def _messages(correction: Correction, *, owed: Owed, ask: Ask, later: Sequence[Installment]) -> list[Message]:
    """What was replaced, why, and how it is paid; `later` are the installments that are still open."""
    before = sum(bill.total_cents for bill in correction.bills)
    after = sum(item.after_cents for item in correction.segments)
    figures: dict[str, int | str] = {"before_cents": before, "after_cents": after}
    if len(correction.bills) == 1:
        told = [Message("corrected", {"number": correction.bills[0].number, **figures})]
    else:
        told = [Message("corrected_many", {"count": len(correction.bills), **figures})]
    if ask.cause and not (ask.cause == "meter" and correction.tested):
        told.append(Message(f"cause_{ask.cause}", {}))
    told += [
        Message("cause_meter_test", {"meter": meter, "percent": percent_text(accuracy)})
        for meter, accuracy in correction.tested
    ]
    net, parts = correction.net_cents, owed.fresh
    if net < 0:
        told.append(Message("fewer_parts" if later else "refund", {"amount_cents": -net}))
    elif parts:
        first = parts[0]
        how: dict[str, int | str] = {"each_cents": first.amount_cents, "first_on": first.due_on.isoformat()}
        told.append(Message("payback", {"amount_cents": net, "count": len(parts), **how}))
    elif net > 0:
        told.append(Message("back_bill", {"amount_cents": net}))
    return told


def _kept_messages(messages: Sequence[Message], *, later: Sequence[Installment], left: bool) -> list[Message]:
    """What else the bill says; an average of a year is no news on it, and was not told of installments. Of someone who
    left, no bill comes that uses a credit up.
    """
    dropped = {"corrected", "average"} | ({"credit"} if later else set())
    kept = [item for item in messages if item.code not in dropped]
    return [item._replace(code="credit_final") if left and item.code == "credit" else item for item in kept]
