"""What correcting writes, counted beforehand, and what people see of it: each period, old beside new, line by line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta

from weatherhead.actions.billing.composing import Kept
from weatherhead.actions.corrections.composing import Composed, CorrectingFacts, correction_rules
from weatherhead.actions.figures import money_changes
from weatherhead.areas.billing.correcting import Again
from weatherhead.areas.billing.late_charges import LATE_CHARGE
from weatherhead.areas.billing.operations.corrections import CorrectedPlan, issue_corrections
from weatherhead.areas.documents.frames import made_frame
from weatherhead.areas.documents.letters import BILLS_CANCELLED, LetterPlan
from weatherhead.areas.documents.operations import keep_frame, keep_letter
from weatherhead.areas.metering.accuracy import percent_text
from weatherhead.areas.tariffs.operations import keep_texts
from weatherhead.areas.tariffs.queries import kept_texts, schedule_facts
from weatherhead.core.values import Change, Comparison, Sentence, Unit, gettext_noop
from weatherhead.door.proposal import Proposal
from weatherhead.door.registry import Recording

_DAY = timedelta(days=1)


def correction_counts(plans: Sequence[CorrectedPlan], *, kept: Kept) -> dict[str, int]:
    """How many rows some corrections insert, by table."""
    bills = [plan.bill for plan in plans if plan.bill is not None]
    segments = [segment for bill in bills for segment in bill.segments]
    prices = {line.price.key for segment in segments for line in segment.lines}
    frames = {bill.payload["frame_sha256"] for bill in bills}
    counts: Mapping[str, int] = {
        "billing_bill": len(bills),
        "billing_billsegment": len(segments),
        "billing_billline": sum(len(segment.lines) for segment in segments),
        "billing_lineprice": len(prices - kept.prices),
        "tariffs_scheduletext": len({segment.schedule_sha256 for segment in segments} - kept.texts),
        "documents_documentframe": len(frames - kept.frames),
        "billing_correctedperiod": sum(len(plan.rows) for plan in plans),
        "documents_letter": sum(plan.cancel is not None for plan in plans),
    }
    return {table: count for table, count in counts.items() if count}


def keep_for(plans: Iterable[CorrectedPlan]) -> None:
    """Keep the rate texts and the frame that corrected bills refer to."""
    bills = [plan.bill for plan in plans if plan.bill is not None]
    named = {segment.schedule_sha256: segment.schedule for bill in bills for segment in bill.segments}
    # A segment that stays as it was may stand on a text that is kept and no longer in the rate book.
    known = kept_texts(named)
    keep_texts(schedule_facts(code) for sha256, code in named.items() if sha256 not in known)
    for sha256 in sorted({bill.payload["frame_sha256"] for bill in bills}):
        keep_frame(made_frame(sha256))


def prepare_letters(plans: Iterable[CorrectedPlan], *, recording: Recording) -> None:
    """A letter to each customer whose bills were cancelled and who gets none in their place."""
    for plan in plans:
        if plan.cancel is not None:
            written = LetterPlan(kind=BILLS_CANCELLED, account_id=plan.cancel.account_id, payload=plan.cancel.told)
            number = keep_letter(written, prepared_on=recording.moment.as_of, receipt_id=recording.receipt_id)
            recording.made_one("letter", number)


def corrected_proposal(
    composed: Composed, *, facts: CorrectingFacts, summary: Sentence, confirm: Sentence
) -> Proposal[CorrectedPlan]:
    """What a person is shown and asked to confirm of one account's correction.

    Consumes authority: the absolute net change over all periods, tax included.
    """
    plan, account_id = composed.plan, composed.account_id
    net_cents = composed.correction.net_cents
    return Proposal(
        summary=summary,
        confirm=confirm,
        plan=plan,
        account_ids=(account_id,),
        entries=plan.entries,
        creates=correction_counts([plan], kept=facts.kept),
        updates={"billing_billsegment": len(plan.cancels)},
        changes=(
            *money_changes(facts.accounts[account_id].standing, entries=plan.entries, as_of=facts.as_of),
            _energy_change(composed),
            *_tested_meters(composed),
            *_late_charges(composed, facts=facts),
        ),
        comparisons=comparisons_of(composed),
        rules=correction_rules(composed, facts=facts),
        authority_cents=abs(net_cents),
        authority_account_id=account_id if net_cents else None,
    )


def record_corrected(proposal: Proposal[CorrectedPlan], recording: Recording) -> None:
    """Reverse the old entries, issue the corrected bill, and make its segments the active ones.

    Raises:
        BillAlreadyCorrected: someone corrected one meanwhile.
    """
    plans = [proposal.plan]
    keep_for(plans)
    issued = issue_corrections(plans, at=recording.moment.at, receipt_id=recording.receipt_id)
    for bill_id in issued.bills.values():
        recording.made_one("bill", bill_id)
    prepare_letters(plans, recording=recording)
    recording.entry_ids.extend(issued.entry_ids)


def _energy_change(composed: Composed) -> Change:
    """The energy of all that is billed again, before and after."""
    segments = composed.correction.segments
    return Change(
        code="energy",
        label=Sentence(gettext_noop("Energy billed")),
        unit=Unit.ENERGY_WH,
        before=sum(item.old.energy_wh for item in segments),
        after=sum(item.new.energy_wh for item in segments if item.new is not None),
        account_id=composed.account_id,
    )


def _tested_meters(composed: Composed) -> tuple[Change, ...]:
    """The meters whose test is why bills are corrected: what they registered of what passed."""
    return tuple(
        Change(
            code="accuracy",
            label=Sentence(gettext_noop("Meter %(serial)s registered, by its test"), {"serial": meter}),
            unit=Unit.TEXT,
            before=None,
            after=f"{percent_text(accuracy)} %",
            account_id=composed.account_id,
        )
        for meter, accuracy in composed.correction.tested
    )


def _late_charges(composed: Composed, *, facts: CorrectingFacts) -> tuple[Change, ...]:
    """Late charges that stand since a bill was too high: a person looks which of them the mistake caused."""
    too_high = [item.due_on for item in composed.correction.changed if item.difference_cents < 0]
    movements = facts.accounts[composed.account_id].standing.movements
    late = {item.ref for item in movements if item.charge == LATE_CHARGE and item.amount_cents > 0}
    late &= {item.ref for item in movements if too_high and item.effective_on > min(too_high)}
    cents = sum(item.amount_cents for item in movements if item.ref in late or item.matches in late)
    if cents <= 0:
        return ()
    label = Sentence(gettext_noop("Late charges since the first bill that was too high"))
    note = Sentence(gettext_noop("Waive those that our mistake caused"))
    return (
        Change(
            code="late_charges",
            label=label,
            unit=Unit.CENTS,
            before=None,
            after=cents,
            note=note,
            account_id=composed.account_id,
        ),
    )


def comparisons_of(composed: Composed) -> tuple[Comparison, ...]:
    """Each period that is put right, and each that differs and is left, oldest first."""
    correction = composed.correction
    changed = [(item, False) for item in correction.changed]
    left = [(item, True) for item in correction.left]
    return tuple(
        _comparison(item, stands=stands)
        for item, stands in sorted([*changed, *left], key=lambda pair: (pair[0].old.start_on, pair[0].old.segment_id))
    )


def _comparison(item: Again, *, stands: bool) -> Comparison:
    old, new = item.old, item.new
    span = Sentence(gettext_noop("%(start)s to %(last)s"), {"start": old.start_on, "last": old.end_on - _DAY})
    notes = []
    if stands:
        notes.append(Sentence(gettext_noop("left as it is")))
    elif new is None:
        notes.append(Sentence(gettext_noop("should not have been billed")))
    elif (new.start_on, new.end_on) != (old.start_on, old.end_on):
        days = {"start": new.start_on, "last": new.end_on - _DAY}
        notes.append(Sentence(gettext_noop("now %(start)s to %(last)s"), days))
    total = Change(
        code="period",
        label=span,
        unit=Unit.CENTS,
        before=old.amount_cents,
        after=item.after_cents,
        note=notes[0] if notes else None,
    )
    return Comparison(title=span, total=total, lines=_lines(item), stands=stands)


def _lines(item: Again) -> tuple[Change, ...]:
    """Energy and each line; lines of one name are added."""
    before: dict[str, int] = {}
    for charge in item.charges:
        before[charge.label] = before.get(charge.label, 0) + charge.amount_cents
    after: dict[str, int] = {}
    for line in item.new.lines if item.new else ():
        after[line.label] = after.get(line.label, 0) + line.amount_cents
    energy = Change(
        code="energy",
        label=Sentence(gettext_noop("Energy")),
        unit=Unit.ENERGY_WH,
        before=item.old.energy_wh,
        after=item.new.energy_wh if item.new else 0,
    )
    return (
        energy,
        *(
            Change(
                code="line",
                label=Sentence(label.replace("%", "%%")),
                unit=Unit.CENTS,
                before=before.get(label),
                after=after.get(label),
            )
            for label in dict.fromkeys([*before, *after])
        ),
    )
