"""Reverse an adjustment that was made in error: a fee, a waiver, a credit or a charge. Its entry is negated and linked.

Consumes authority: its absolute amount. What it undoes gave or took money, and so does undoing it; what was consumed
before stays consumed, so that waiving and adding back gives no authority back.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from weatherhead.actions.adjustments.adjustment import AdjustmentPlan, basis_of, record_planned
from weatherhead.actions.figures import Standing, house_rule, money_changes, standing_of
from weatherhead.actions.inputs import NeededNote, Number, ShortText
from weatherhead.areas.billing.adjustment_types import title_of
from weatherhead.areas.billing.facts import AdjustmentFacts
from weatherhead.areas.billing.queries import adjustment
from weatherhead.areas.ledger.queries import entry
from weatherhead.core.ledger import Entry, reversal
from weatherhead.core.values import Refusal, Sentence, format_cents, gettext_noop
from weatherhead.door.context import Actor, Moment
from weatherhead.door.proposal import Proposal
from weatherhead.door.registry import Action, Recording, registry

REASON = "made_in_error"


class ReversalIsFinal(Refusal):
    """A reversal is not reversed."""

    template = gettext_noop("That is a reversal itself. Post the fee, credit or charge anew if it was right after all.")


class AdjustmentAlreadyReversed(Refusal):
    """It was."""

    template = gettext_noop("This was reversed already: see adjustment %(by)s. Nothing more is needed.")


class WaivedMeanwhile(Refusal):
    """Part of the fee was waived."""

    template = gettext_noop("$%(waived)s of this fee was waived. Reverse the waiver first, or waive the rest.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """The adjustment, what was wrong with it, and a reference to what shows it."""

    adjustment_id: Number
    note: NeededNote
    evidence: ShortText = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The adjustment, its entry, the account's receivable, and the day."""

    adjustment: AdjustmentFacts
    title: str
    entry: Entry
    standing: Standing
    as_of: date


def locks(inputs: Inputs) -> tuple[int, ...]:
    """The adjustment's account."""
    return (adjustment(inputs.adjustment_id).account_id,)


def gather(inputs: Inputs, moment: Moment, _: Actor) -> Facts:
    """Read the adjustment, its entry and the receivable."""
    found = adjustment(inputs.adjustment_id)
    return Facts(
        adjustment=found,
        title=title_of(found.charge),
        entry=entry(found.entry_id),
        standing=standing_of(found.account_id),
        as_of=moment.as_of,
    )


def propose(facts: Facts, inputs: Inputs) -> Proposal[AdjustmentPlan]:
    """Negate the adjustment's entry.

    Raises:
        ReversalIsFinal, AdjustmentAlreadyReversed, WaivedMeanwhile: as they say.
    """
    found = facts.adjustment
    if found.kind == "reversal":
        raise ReversalIsFinal
    if found.reversed_by_id is not None:
        raise AdjustmentAlreadyReversed(by=found.reversed_by_id)
    if found.waived_cents:
        raise WaivedMeanwhile(waived=format_cents(found.waived_cents))
    draft = reversal(facts.entry, effective_on=facts.as_of, reason=REASON)
    said = {"title": facts.title, "amount": format_cents(abs(found.amount_cents)), "on": found.adjusted_on}
    template = gettext_noop("%(title)s of $%(amount)s of %(on)s reversed")
    if found.kind == "waiver":
        template = gettext_noop("Waiver of $%(amount)s of %(on)s reversed: %(title)s")
    return Proposal(
        summary=Sentence(template, said),
        confirm=Sentence(gettext_noop("Reverse $%(amount)s"), said),
        plan=AdjustmentPlan(
            account_id=found.account_id,
            kind="reversal",
            charge=found.charge,
            amount_cents=-found.amount_cents,
            reason=REASON,
            note=inputs.note,
            rule=found.rule,
            entry=draft,
            reverses_id=found.adjustment_id,
            basis=basis_of(inputs.evidence),
            evidence=inputs.evidence,
        ),
        account_ids=(found.account_id,),
        entries=(draft,),
        creates={"billing_adjustment": 1},
        changes=money_changes(facts.standing, entries=(draft,), as_of=facts.as_of),
        rules=(house_rule("corrections", "A correction is a linked reversal; nothing posted is edited"),),
        authority_cents=abs(found.amount_cents),
        authority_account_id=found.account_id,
    )


def record(proposal: Proposal[AdjustmentPlan], recording: Recording) -> None:
    """Record the reversal and post it."""
    record_planned(proposal.plan, recording)


ACTION = registry.add(
    Action(
        name="reverse_adjustment",
        title=gettext_noop("Reverse an adjustment"),
        duty=5,
        on="adjustment",
        inputs=Inputs,
        locks=locks,
        gather=gather,
        propose=propose,
        record=record,
        summary=gettext_noop(
            "Takes back a fee, waiver, credit or charge made in error; uses authority as making it did."
        ),
    )
)
