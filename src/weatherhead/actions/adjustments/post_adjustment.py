"""Post an adjustment: a goodwill credit, a billing or tax correction, a charge. Its evidence is named.

Consumes authority: its absolute amount, whichever way it goes.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated

from pydantic import StringConstraints

from weatherhead.actions.adjustments.adjustment import AdjustmentPlan, basis_of, record_planned
from weatherhead.actions.figures import Standing, money_changes, standing_of
from weatherhead.actions.inputs import Cents, Code, Note, Number, ShortText
from weatherhead.areas.billing.adjustment_types import (
    AdjustmentType,
    AdjustmentTypes,
    adjustment_types,
    posted_against,
    require_allowed,
    require_type,
)
from weatherhead.areas.billing.fees import require_evidence, require_reason
from weatherhead.areas.billing.queries import latest_adjustment
from weatherhead.areas.customers.queries import AccountFacts, account
from weatherhead.areas.records.queries.attachments import attachment_called
from weatherhead.areas.records.utility import current_utility
from weatherhead.areas.workforce.queries import jobs_of
from weatherhead.core.ledger import EntryDraft, LedgerAccount, Posting
from weatherhead.core.values import Refusal, Sentence, format_cents, gettext_noop
from weatherhead.door.context import Actor, Moment
from weatherhead.door.proposal import Proposal
from weatherhead.door.registry import Action, Recording, registry

Sha256 = Annotated[str, StringConstraints(strip_whitespace=True, to_lower=True, pattern="^([0-9a-fA-F]{64})?$")]


class NoSuchFile(Refusal):
    """The evidence is not kept here."""

    template = gettext_noop("No file with that hash is kept here. Keep it first, or type a reference.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """Which adjustment, on which account, why, how much, and what stands behind it: a reference, or a kept file."""

    account_id: Number
    type: Code
    reason: Code
    amount_cents: Cents
    evidence: ShortText = ""
    attachment_sha256: Sha256 = ""
    note: Note = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The account, its receivable and its last adjustment; the types; what jobs the actor has; the file named."""

    account: AccountFacts
    standing: Standing
    latest_id: int
    types: AdjustmentTypes
    jobs: tuple[str, ...]
    attachment_id: int | None
    due_days: int
    as_of: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The adjustment, and what was adjusted last before it: whoever approves sees that something came between."""

    adjustment: AdjustmentPlan
    after_id: int


def locks(inputs: Inputs) -> tuple[int, ...]:
    """The account."""
    return (inputs.account_id,)


def gather(inputs: Inputs, moment: Moment, actor: Actor) -> Facts:
    """Read the account, its receivable, the types, and the jobs of whoever makes it."""
    return Facts(
        account=account(inputs.account_id),
        standing=standing_of(inputs.account_id),
        latest_id=latest_adjustment(inputs.account_id),
        types=adjustment_types(),
        jobs=jobs_of(actor.employee_id, as_of=moment.as_of),
        attachment_id=attachment_called(inputs.attachment_sha256) if inputs.attachment_sha256 else None,
        due_days=current_utility().billing.due_days,
        as_of=moment.as_of,
    )


def propose(facts: Facts, inputs: Inputs) -> Proposal[Plan]:
    """Credit or debit the receivable against the type's ledger account.

    Raises:
        NoSuchAdjustmentType, RuleNotInForce, NotForThisJob, OverTheType, ReasonUnknown, EvidenceNeeded,
            NoSuchFile: as they say.
    """
    found = require_type(facts.types, inputs.type)
    version = require_allowed(found, on=facts.as_of, jobs=facts.jobs, amount_cents=inputs.amount_cents)
    reason = require_reason(inputs.reason, among=found.reasons)
    if inputs.attachment_sha256 and facts.attachment_id is None:
        raise NoSuchFile
    basis = basis_of(inputs.evidence, attachment_id=facts.attachment_id)
    require_evidence(reason, given=basis == "attached")
    signed_cents = -inputs.amount_cents if found.sign == "credit" else inputs.amount_cents
    against = posted_against(version, revenue_class=facts.account.revenue_class)
    entry = _entry(facts, found=found, signed_cents=signed_cents, against=against, reason=reason.code)
    said = {"title": found.title, "amount": format_cents(inputs.amount_cents), "reason": reason.title}
    return Proposal(
        summary=Sentence(gettext_noop("%(title)s of $%(amount)s: %(reason)s"), said),
        confirm=Sentence(gettext_noop("Credit $%(amount)s"), said)
        if found.sign == "credit"
        else Sentence(gettext_noop("Charge $%(amount)s"), said),
        plan=Plan(
            adjustment=AdjustmentPlan(
                account_id=inputs.account_id,
                kind=found.sign,
                charge=found.code,
                amount_cents=signed_cents,
                reason=reason.code,
                note=inputs.note,
                rule=found.rule.code,
                entry=entry,
                basis=basis,
                evidence=inputs.evidence,
                attachment_id=facts.attachment_id,
            ),
            after_id=facts.latest_id,
        ),
        account_ids=(inputs.account_id,),
        entries=(entry,),
        creates={"billing_adjustment": 1},
        changes=money_changes(facts.standing, entries=(entry,), as_of=facts.as_of),
        rules=(found.rule,),
        authority_cents=inputs.amount_cents,
        authority_account_id=inputs.account_id,
    )


def _entry(facts: Facts, *, found: AdjustmentType, signed_cents: int, against: str, reason: str) -> EntryDraft:
    """A debit is owed so many days after today; a credit ages with the oldest debt first."""
    return EntryDraft(
        kind="adjustment",
        effective_on=facts.as_of,
        reason=reason,
        postings=(
            Posting(
                ledger_account=LedgerAccount.RECEIVABLE,
                amount_cents=signed_cents,
                charge=found.code,
                account_id=facts.account.account_id,
                due_on=facts.as_of + timedelta(days=facts.due_days) if signed_cents > 0 else None,
            ),
            Posting(ledger_account=against, amount_cents=-signed_cents, charge=found.code),
        ),
    )


def record(proposal: Proposal[Plan], recording: Recording) -> None:
    """Record the adjustment and post it."""
    record_planned(proposal.plan.adjustment, recording)


ACTION = registry.add(
    Action(
        name="post_adjustment",
        title=gettext_noop("Post an adjustment"),
        duty=5,
        on="account",
        inputs=Inputs,
        locks=locks,
        gather=gather,
        propose=propose,
        record=record,
        key="J",
        summary=gettext_noop(
            "Credits or charges an account for a reason of the list, with evidence, within one's authority."
        ),
    )
)
