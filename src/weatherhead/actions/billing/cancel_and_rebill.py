"""Cancel a bill and bill its periods again, keeping the periods: a correction of that one bill."""

from __future__ import annotations

from dataclasses import dataclass

from weatherhead.actions.corrections.composing import (
    Ask,
    Composed,
    CorrectingFacts,
    correct_accounts,
    correction_rules,
    gather_correcting,
)
from weatherhead.actions.corrections.correct_bills import BeyondReach
from weatherhead.actions.corrections.counting import (
    comparisons_of,
    correction_counts,
    energy_change,
    keep_for,
    prepare_letters,
    tested_meters,
)
from weatherhead.actions.figures import money_changes
from weatherhead.actions.inputs import NeededNote, Number
from weatherhead.areas.billing.correcting import Scope
from weatherhead.areas.billing.facts import BillFacts
from weatherhead.areas.billing.operations import BillAlreadyCorrected, CorrectedPlan, issue_corrections
from weatherhead.areas.billing.queries import bill
from weatherhead.core.values import Refusal, Sentence, format_cents, gettext_noop
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
    """The bill, and what is known now of its account."""

    bill: BillFacts
    correcting: CorrectingFacts


def locks(inputs: Inputs) -> tuple[int, ...]:
    """The bill's account."""
    return (bill(inputs.bill_id).account_id,)


def gather(inputs: Inputs, moment: Moment, _: Actor) -> Facts:
    """Read the bill as issued and everything that decides it now."""
    issued = bill(inputs.bill_id)
    frame = issued.payload.get("frame_sha256", "")
    return Facts(
        bill=issued,
        correcting=gather_correcting([issued.account_id], as_of=moment.as_of, known_frame=frame),
    )


def propose(facts: Facts, inputs: Inputs) -> Proposal[CorrectedPlan]:
    """Price the same periods with what is known now.

    Consumes authority: the absolute net change over all periods, tax included.

    Raises:
        BillAlreadyCorrected: it was replaced before.
        SameResult: nothing would change.
        BeyondReach: the rule does not reach so far back.
        PeriodNotPriced: what is known now is not enough.
    """
    correcting, account_id = facts.correcting, facts.bill.account_id
    if account_id not in correcting.accounts or inputs.bill_id not in correcting.accounts[account_id].billed.bills:
        raise BillAlreadyCorrected(bill=facts.bill.number)
    ask = Ask(cause="", reason=inputs.reason, scope=Scope(bill_id=inputs.bill_id))
    composed = _require_effect(correct_accounts(correcting, ask=ask)[account_id])
    correction, plan = composed.correction, composed.plan
    net_cents = correction.net_cents
    of = correcting.accounts[account_id]
    return Proposal(
        summary=Sentence(
            gettext_noop("Bill %(number)s corrected: $%(before)s becomes $%(after)s"),
            {
                "number": facts.bill.number,
                "before": format_cents(facts.bill.total_cents),
                "after": format_cents(facts.bill.total_cents + net_cents),
            },
        ),
        confirm=Sentence(gettext_noop("Cancel and rebill, net $%(net)s"), {"net": format_cents(net_cents)}),
        plan=plan,
        account_ids=(account_id,),
        entries=plan.entries,
        creates=correction_counts([plan], kept=correcting.kept),
        updates={"billing_billsegment": len(plan.cancels)},
        changes=(
            *money_changes(of.standing, entries=plan.entries, as_of=correcting.as_of),
            energy_change(composed),
            *tested_meters(composed),
        ),
        comparisons=comparisons_of(composed),
        rules=correction_rules(composed, facts=correcting),
        authority_cents=abs(net_cents),
        authority_account_id=account_id if net_cents else None,
    )


def _require_effect(composed: Composed | Refusal | None) -> Composed:
    if isinstance(composed, Refusal):
        raise composed
    if composed is None:
        raise SameResult
    correction = composed.correction
    if not correction.bills:
        net = format_cents(sum(item.difference_cents for item in correction.left))
        rule, since = correction.reach.rule.title, correction.reach.since_on or ""
        raise BeyondReach(count=len(correction.left), net=net, rule=rule, since=since)
    return composed


def record(proposal: Proposal[CorrectedPlan], recording: Recording) -> None:
    """Reverse the old entry, issue the corrected bill, and make its segments the active ones.

    Raises:
        BillAlreadyCorrected: someone corrected it meanwhile.
    """
    keep_for([proposal.plan])
    issued = issue_corrections([proposal.plan], at=recording.moment.at, receipt_id=recording.receipt_id)
    for bill_id in issued.bills.values():
        recording.made_one("bill", bill_id)
    prepare_letters([proposal.plan], recording=recording)
    recording.entry_ids.extend(issued.entry_ids)


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
