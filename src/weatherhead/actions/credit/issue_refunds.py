"""Issue refunds: number the checks of all that may be paid, tell the bank of them, pay tenders back. Once each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Annotated

from pydantic import Field

from weatherhead.actions.figures import made
from weatherhead.areas.credit.operations.refunds import RunPlan, record_run
from weatherhead.areas.credit.refund_files import PaidBack
from weatherhead.areas.credit.refund_rules import RefundRule, RefundVersion, refund_rule
from weatherhead.areas.credit.refunds import CheckFacts, RefundFacts, refunds_to_issue, voids_untold
from weatherhead.areas.payments.queries import PaymentFacts, payment
from weatherhead.core.ledger import EntryDraft, LedgerAccount, Posting
from weatherhead.core.values import Refusal, Sentence, Unit, format_cents, gettext_noop
from weatherhead.door.context import Actor, Moment
from weatherhead.door.proposal import Proposal
from weatherhead.door.registry import Action, Recording, registry
from weatherhead.overviews.refunds import paid_back, tenders_gone, uncovered

RUN_MAX = 500


class NothingToIssue(Refusal):
    """No refund may be paid."""

    template = gettext_noop("No refund waits to be issued, and the bank knows of every void. Nothing was made.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """How many refunds at most; the rest waits for the next run."""

    at_most: Annotated[int, Field(ge=1, le=RUN_MAX)] = RUN_MAX


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What may be paid, what is left because its money is gone, the payments whose tenders are paid back, the voids to
    tell, and the rule."""

    refunds: tuple[RefundFacts, ...]
    left: frozenset[int]
    payments: Mapping[int, PaymentFacts]
    voids: tuple[CheckFacts, ...]
    rule: RefundRule
    version: RefundVersion
    as_of: date


def gather(inputs: Inputs, moment: Moment, _: Actor) -> Facts:
    """Read what may be paid today, oldest first.

    Raises:
        NoRefundRules: the rule begins later.
    """
    rule, version = refund_rule(on=moment.as_of)
    ready = refunds_to_issue(as_of=moment.as_of)
    gone = tenders_gone(ready).union(uncovered(ready))
    found = tuple(item for item in ready if item.refund_id not in gone)[: min(inputs.at_most, version.checks_at_most)]
    tenders = {item.tender_payment_id for item in found if item.tender_payment_id is not None}
    return Facts(
        refunds=found,
        left=gone,
        payments={number: payment(number) for number in sorted(tenders)},
        voids=voids_untold(limit=RUN_MAX),
        rule=rule,
        version=version,
        as_of=moment.as_of,
    )


def propose(facts: Facts, _: Inputs) -> Proposal[RunPlan]:
    """One run of them all.

    Raises:
        NothingToIssue: there is none.
    """
    checks = tuple(item for item in facts.refunds if item.method == "check")
    tenders = tuple(
        paid_back(item, paid=facts.payments[item.tender_payment_id or 0])
        for item in facts.refunds
        if item.method == "tender"
    )
    if not (checks or tenders or facts.voids):
        raise NothingToIssue
    entries = tuple(_sent(item, on=facts.as_of) for item in tenders)
    total = sum(item.amount_cents for item in facts.refunds)
    said = {"count": len(facts.refunds), "total": format_cents(total)}
    summary = (
        gettext_noop("One refund of $%(total)s issued")
        if len(facts.refunds) == 1
        else gettext_noop("%(count)s refunds of $%(total)s issued")
    )
    updates = {"credit_refund": len(facts.refunds), "credit_refundcheck": len(facts.voids)}
    return Proposal(
        summary=Sentence(summary, said),
        confirm=Sentence(gettext_noop("Issue $%(total)s"), said),
        plan=RunPlan(
            checks=checks,
            voids=facts.voids,
            tenders=tenders,
            entries=entries,
            bank_account=facts.rule.checks.bank_account,
            first_number=facts.rule.checks.first_number,
        ),
        entries=entries,
        creates={"credit_refundrun": 1} | ({"credit_refundcheck": len(checks)} if checks else {}),
        updates={table: count for table, count in updates.items() if count},
        changes=(
            made(gettext_noop("Checks"), len(checks), code="checks", unit=Unit.COUNT),
            made(gettext_noop("To original tenders"), len(tenders), code="tenders", unit=Unit.COUNT),
            made(gettext_noop("Voids told to the bank"), len(facts.voids), code="voids", unit=Unit.COUNT),
            made(gettext_noop("Together"), total, code="total", unit=Unit.CENTS),
            *(
                (made(gettext_noop("Left: the payment was taken back"), count, code="left", unit=Unit.COUNT),)
                if (count := len(facts.left))
                else ()
            ),
        ),
        rules=(facts.rule.rule,),
    )


_CLEARING = {"card": LedgerAccount.CARD_CLEARING}


def _sent(item: PaidBack, *, on: date) -> EntryDraft:
    """A refund to a tender leaves at once: through the processor's clearing account, or the bank's."""
    leaves_by, cents = _CLEARING.get(item.tender_kind, LedgerAccount.BANK), item.refund.amount_cents
    return EntryDraft(
        kind="refund_paid",
        effective_on=on,
        postings=(
            Posting(ledger_account=LedgerAccount.REFUNDS_PAYABLE, amount_cents=cents, charge="refund"),
            Posting(ledger_account=leaves_by, amount_cents=-cents, charge="refund"),
        ),
    )


def record(proposal: Proposal[RunPlan], recording: Recording) -> None:
    """Number, mark and post.

    Raises:
        RefundChangedMeanwhile: one of them was issued, cancelled or told meanwhile.
    """
    number, entry_ids = record_run(
        proposal.plan,
        made_on=recording.moment.as_of,
        made_at=recording.moment.at,
        made_by=recording.actor.name,
        receipt_id=recording.receipt_id,
    )
    recording.made_one("refund_run", number)
    recording.entry_ids += entry_ids


ACTION = registry.add(
    Action(
        name="issue_refunds",
        title=gettext_noop("Issue refunds"),
        duty=5,
        on="utility",
        inputs=Inputs,
        gather=gather,
        propose=propose,
        record=record,
        summary=gettext_noop("Numbers the checks of approved refunds, with the issue file for the bank; once each."),
    )
)
