"""Cancel a bill and bill its periods again, keeping the periods: a correction of that one bill."""

from __future__ import annotations

from dataclasses import dataclass

from weatherhead.actions.corrections.composing import (
    Ask,
    Composed,
    CorrectingFacts,
    correct_accounts,
    gather_correcting,
)
from weatherhead.actions.corrections.correct_bills import BeyondReach
from weatherhead.actions.corrections.counting import corrected_proposal, record_corrected
from weatherhead.actions.inputs import NeededNote, Number
from weatherhead.areas.billing.correcting import Scope
from weatherhead.areas.billing.facts import BillFacts
from weatherhead.areas.billing.operations import BillAlreadyCorrected
from weatherhead.areas.billing.operations.corrections import CorrectedPlan
from weatherhead.areas.billing.queries import bill
from weatherhead.core.values import Refusal, Sentence, format_cents, gettext_noop
from weatherhead.door.context import Actor, Moment
from weatherhead.door.proposal import Proposal
from weatherhead.door.registry import Action, registry


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
    net_cents = composed.correction.net_cents
    return corrected_proposal(
        composed,
        facts=correcting,
        summary=Sentence(
            gettext_noop("Bill %(number)s corrected: $%(before)s becomes $%(after)s"),
            {
                "number": facts.bill.number,
                "before": format_cents(facts.bill.total_cents),
                "after": format_cents(facts.bill.total_cents + net_cents),
            },
        ),
        confirm=Sentence(gettext_noop("Cancel and rebill, net $%(net)s"), {"net": format_cents(net_cents)}),
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
        record=record_corrected,
        summary=gettext_noop(
            "Reverses a bill and bills its periods again with what is known now; issues the difference."
        ),
    )
)
