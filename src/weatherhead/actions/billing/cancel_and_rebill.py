"""Cancel a bill and bill its periods again, keeping the periods."""

from __future__ import annotations

from dataclasses import dataclass

from weatherhead.actions.billing.bill_account import gather_billing
from weatherhead.actions.billing.composing import (
    BillingFacts,
    Corrected,
    Kept,
    compose_bill,
    kept_for,
    row_counts,
    rules_of,
)
from weatherhead.actions.figures import money_changes
from weatherhead.actions.inputs import NeededNote, Number
from weatherhead.areas.billing.decide import SegmentPlan, plan_segment
from weatherhead.areas.billing.facts import BillFacts, ChargeFacts, SegmentFacts
from weatherhead.areas.billing.operations import BillAlreadyCorrected, BillPlan, issue_bill
from weatherhead.areas.billing.queries import bill, charges_of_bill
from weatherhead.areas.documents.frames import made_frame
from weatherhead.areas.documents.operations import keep_frame
from weatherhead.areas.ledger.queries import entry
from weatherhead.areas.tariffs.operations import keep_texts
from weatherhead.areas.tariffs.queries import schedule_facts
from weatherhead.core.ledger import Entry, reversal
from weatherhead.core.values import Change, Refusal, Sentence, Span, Unit, format_cents, gettext_noop
from weatherhead.door.context import Actor, Moment
from weatherhead.door.proposal import Proposal
from weatherhead.door.registry import Action, Recording, registry


class SameResult(Refusal):
    """Billing again would change nothing."""

    template = gettext_noop(
        "Billing these days again gives the same charges, line by line. Correct the read, meter or rate first."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """The bill, and why it was wrong."""

    bill_id: Number
    reason: NeededNote


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The bill, its segments and entry, and what billing knows now."""

    bill: BillFacts
    segments: tuple[SegmentFacts, ...]
    charges: tuple[ChargeFacts, ...]
    entry: Entry | None
    billing: BillingFacts
    kept: Kept


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The corrected bill."""

    bill: BillPlan


def locks(inputs: Inputs) -> tuple[int, ...]:
    """The bill's account."""
    return (bill(inputs.bill_id).account_id,)


def gather(inputs: Inputs, moment: Moment, _: Actor) -> Facts:
    """Read the bill as issued and everything that decides it now."""
    issued = bill(inputs.bill_id)
    billing = gather_billing(issued.account_id, as_of=moment.as_of)
    segments = segments_among(billing, bill_id=inputs.bill_id)
    return Facts(
        bill=issued,
        segments=segments,
        charges=charges_of_bill(inputs.bill_id),
        entry=entry(issued.entry_id) if issued.entry_id is not None else None,
        billing=billing,
        kept=kept_for(
            billing,
            texts=frozenset(item.schedule_sha256 for item in segments),
            frame=issued.payload.get("frame_sha256", ""),
        ),
    )


def segments_among(billing: BillingFacts, *, bill_id: int) -> tuple[SegmentFacts, ...]:
    """A bill's segments among the active ones of its account, in their order; none once it was replaced."""
    found = [item for facts in billing.agreements for item in facts.segments if item.bill_id == bill_id]
    return tuple(sorted(found, key=lambda item: item.segment_id))


def propose(facts: Facts, inputs: Inputs) -> Proposal[Plan]:
    """Price the same periods with what is known now.

    Consumes authority: the absolute net change over all periods, tax included.

    Raises:
        BillAlreadyCorrected: it was replaced before.
        SameResult: nothing would change.
    """
    if not facts.segments:
        raise BillAlreadyCorrected(bill=facts.bill.number)
    as_of = facts.billing.as_of
    segments = tuple(_again(segment, billing=facts.billing) for segment in facts.segments)
    if _charges(segments) == [(line.code, line.amount_cents) for line in facts.charges]:
        raise SameResult
    corrected = Corrected(
        bill_id=facts.bill.bill_id,
        number=facts.bill.number,
        total_cents=facts.bill.total_cents,
        due_on=facts.bill.due_on,
        segment_ids=tuple(segment.segment_id for segment in facts.segments),
        reversal=reversal(facts.entry, effective_on=as_of, reason=inputs.reason) if facts.entry else None,
    )
    plan = compose_bill(facts.billing, segments=segments, kind="corrected", corrected=corrected)
    net_cents = plan.total_cents - facts.bill.total_cents
    return Proposal(
        summary=Sentence(
            gettext_noop("Bill %(number)s corrected: $%(before)s becomes $%(after)s"),
            {
                "number": facts.bill.number,
                "before": format_cents(facts.bill.total_cents),
                "after": format_cents(plan.total_cents),
            },
        ),
        confirm=Sentence(gettext_noop("Cancel and rebill, net $%(net)s"), {"net": format_cents(net_cents)}),
        plan=Plan(bill=plan),
        account_ids=(facts.bill.account_id,),
        entries=plan.entries,
        creates=row_counts(plan, kept=facts.kept),
        updates={"billing_billsegment": len(facts.segments)},
        changes=(
            *money_changes(facts.billing.standing, entries=plan.entries, as_of=as_of),
            *_differences(facts, segments=segments),
        ),
        rules=rules_of(facts.billing.agreements, on=facts.segments[-1].end_on),
        authority_cents=abs(net_cents),
        authority_account_id=facts.bill.account_id if net_cents else None,
    )


def _again(segment: SegmentFacts, *, billing: BillingFacts) -> SegmentPlan:
    """Price a billed period again. Earlier segments alone are its history, as they were then."""
    found = next(item for item in billing.agreements if item.agreement.agreement_id == segment.agreement_id)
    earlier = tuple(item for item in found.segments if item.end_on <= segment.start_on)
    period = Span(start=segment.start_on, end=segment.end_on)
    facts = type(found)(
        agreement=found.agreement,
        point=found.point,
        schedule=found.schedule,
        reads=found.reads,
        segments=earlier,
        exceptions=found.exceptions,
    )
    return plan_segment(facts, period=period, bounds=billing.utility.billing.bounds)


def _charges(segments: tuple[SegmentPlan, ...]) -> list[tuple[str, int]]:
    return [(line.code, line.amount_cents) for segment in segments for line in segment.lines]


def _differences(facts: Facts, *, segments: tuple[SegmentPlan, ...]) -> tuple[Change, ...]:
    """Energy and each line, old and new."""
    before: dict[str, int] = {}
    for line in facts.charges:
        before[line.label] = before.get(line.label, 0) + line.amount_cents
    after: dict[str, int] = {}
    for segment in segments:
        for planned in segment.lines:
            after[planned.label] = after.get(planned.label, 0) + planned.amount_cents
    changes = [
        Change(
            code="energy",
            label=Sentence(gettext_noop("Energy billed")),
            unit=Unit.ENERGY_WH,
            before=sum(segment.energy_wh for segment in facts.segments),
            after=sum(segment.energy_wh for segment in segments),
        )
    ]
    for label in dict.fromkeys([*before, *after]):
        old, new = before.get(label), after.get(label)
        if old != new:
            line_change = Change(
                code="line", label=Sentence(label.replace("%", "%%")), unit=Unit.CENTS, before=old, after=new
            )
            changes.append(line_change)
    return tuple(changes)


def record(proposal: Proposal[Plan], recording: Recording) -> None:
    """Reverse the old entry, issue the corrected bill, and make its segments the active ones.

    Raises:
        BillAlreadyCorrected: someone corrected it meanwhile.
    """
    plan = proposal.plan.bill
    keep_texts(schedule_facts(segment.schedule) for segment in plan.segments)
    keep_frame(made_frame(plan.payload["frame_sha256"]))
    bill_id, entry_ids = issue_bill(plan, at=recording.moment.at, receipt_id=recording.receipt_id)
    recording.made_one("bill", bill_id)
    recording.entry_ids.extend(entry_ids)


ACTION = registry.add(
    Action(
        name="cancel_and_rebill",
        title=gettext_noop("Cancel and rebill"),
        duty=9,
        on="bill",
        inputs=Inputs,
        locks=locks,
        gather=gather,
        propose=propose,
        record=record,
        summary=gettext_noop(
            "Reverses a bill and bills its periods again with what is known now; issues the difference."
        ),
    )
)
