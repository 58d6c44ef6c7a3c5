"""Correct bills: cancel and rebill one or many periods of an account on what is known now, for a named cause."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Annotated, Literal

from weatherhead.actions.corrections.composing import (
    Ask,
    Composed,
    CorrectingFacts,
    correct_accounts,
    gather_correcting,
)
from weatherhead.actions.corrections.counting import corrected_proposal, record_corrected
from weatherhead.actions.inputs import Blankable, NeededNote, Number
from weatherhead.areas.billing.correcting import CAUSES, Scope
from weatherhead.areas.billing.operations.corrections import CorrectedPlan
from weatherhead.areas.billing.refusals import MigrationNotSignedOff
from weatherhead.areas.migration.queries import migration_open
from weatherhead.core.values import Refusal, Sentence, format_cents, gettext_noop
from weatherhead.door.context import Actor, Moment
from weatherhead.door.proposal import Proposal
from weatherhead.door.registry import Action, registry


class NothingBilled(Refusal):
    """There is no bill to correct."""

    template = gettext_noop("Nothing that was billed on account %(number)s stands in those days. Check the days.")


class NothingToCorrect(Refusal):
    """Billing again would change nothing."""

    template = gettext_noop(
        "Billing these days again gives the same charges, line by line. Put right first what was wrong: the read, the "
        "meter, its multiplier, the rate, the tax, the dates or the place."
    )


class BeyondReach(Refusal):
    """The rule reaches none of the periods."""

    template = gettext_noop(
        "%(count)s periods differ, by $%(net)s in all, and none is put right: %(rule)s reaches back to %(since)s only."
    )


class NoBackBill(Refusal):
    """Only what was too much was to be put right, and nothing was."""

    template = gettext_noop("Only too little was billed, $%(net)s in all. To bill that, choose it.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """The account, why its bills are wrong, and which periods to look at: all of its services' when left out.

    `begin_known`: since when it was wrong is known, so that an overcharge is refunded whole. `back_bill` False bills
    nothing that was too little. `at_once`: a back-bill is due at once, where the customer does without installments.
    """

    account_id: Number
    cause: Literal["read", "meter", "multiplier", "rate", "class", "tax", "dates", "premise", "price", "tampering"]
    agreement_id: Annotated[Number | None, Blankable] = None
    from_on: Annotated[date | None, Blankable] = None
    to_on: Annotated[date | None, Blankable] = None
    begin_known: bool = True
    back_bill: bool = True
    at_once: bool = False
    reason: NeededNote


def locks(inputs: Inputs) -> tuple[int, ...]:
    """The account."""
    return (inputs.account_id,)


def gather(inputs: Inputs, moment: Moment, _: Actor) -> CorrectingFacts:
    """Read what was billed and all that prices it again.

    Raises:
        MigrationNotSignedOff: what was loaded from an old system waits for its sign-off.
    """
    if migration_open():
        raise MigrationNotSignedOff
    return gather_correcting([inputs.account_id], as_of=moment.as_of)


def ask_of(inputs: Inputs) -> Ask:
    """What the inputs ask for."""
    return Ask(
        cause=inputs.cause,
        reason=inputs.reason,
        scope=Scope(agreement_id=inputs.agreement_id, from_on=inputs.from_on, to_on=inputs.to_on),
        begin_known=inputs.begin_known,
        tampering=inputs.cause == "tampering",
        back_bill=inputs.back_bill,
        at_once=inputs.at_once,
    )


def propose(facts: CorrectingFacts, inputs: Inputs) -> Proposal[CorrectedPlan]:
    """Price every period again, and replace the bills that differ as far back as the rule reaches.

    Consumes authority: the absolute net change over all periods, tax included.

    Raises:
        NothingBilled, NothingToCorrect, BeyondReach, NoBackBill, PeriodNotPriced: as they say.
    """
    of = facts.accounts.get(inputs.account_id)
    if of is None or not of.billed.bills:
        raise NothingBilled(number=of.account.number_grouped if of else inputs.account_id)
    composed = correct_accounts(facts, ask=ask_of(inputs))[inputs.account_id]
    if isinstance(composed, Refusal):
        raise composed
    composed = _require_effect(composed, back_bill=inputs.back_bill)
    correction = composed.correction
    said: dict[str, str | int | Sentence] = {
        "bills": len(correction.bills),
        "cause": Sentence(CAUSES[inputs.cause]),
        "before": format_cents(sum(item.old.amount_cents for item in correction.segments)),
        "after": format_cents(sum(item.after_cents for item in correction.segments)),
        "net": format_cents(correction.net_cents),
    }
    summary = (
        gettext_noop("%(cause)s: 1 bill corrected, $%(before)s becomes $%(after)s")
        if len(correction.bills) == 1
        else gettext_noop("%(cause)s: %(bills)s bills corrected, $%(before)s becomes $%(after)s")
    )
    return corrected_proposal(
        composed,
        facts=facts,
        summary=Sentence(summary, said),
        confirm=Sentence(gettext_noop("Correct the bills, net $%(net)s"), said),
    )


def _require_effect(composed: Composed | None, *, back_bill: bool) -> Composed:
    if composed is None:
        raise NothingToCorrect
    correction = composed.correction
    if correction.bills:
        return composed
    net = format_cents(sum(item.difference_cents for item in correction.left))
    if not back_bill:
        raise NoBackBill(net=net)
    reach = correction.reach
    raise BeyondReach(count=len(correction.left), net=net, rule=reach.rule.title, since=reach.since_on or "")


ACTION = registry.add(
    Action(
        name="correct_bills",
        title=gettext_noop("Correct bills"),
        duty=9,
        on="account",
        inputs=Inputs,
        locks=locks,
        gather=gather,
        propose=propose,
        record=record_corrected,
        summary=gettext_noop(
            "Bills one or many periods again on what is known now, as far back as the rules reach, and bills the "
            "difference; a back-bill is paid over as many months as it accrued."
        ),
    )
)
