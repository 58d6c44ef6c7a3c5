"""Say of a refund that looks like another that it is none. Not by whoever asked for it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from weatherhead.actions.figures import house_rule, made
from weatherhead.actions.inputs import NeededNote, Number
from weatherhead.actions.payments.suspending import accounts_concerned
from weatherhead.areas.credit.operations.refunds import release_refund
from weatherhead.areas.credit.refunds import RefundFacts, refund
from weatherhead.areas.records.queries.receipts import maker_of
from weatherhead.core.values import Refusal, Sentence, format_cents, gettext_noop
from weatherhead.door.context import Actor, Moment
from weatherhead.door.proposal import Proposal
from weatherhead.door.registry import Action, Recording, registry


class RefundNotHeld(Refusal):
    """Nothing waits for a person."""

    template = gettext_noop("Refund %(refund)s does not wait for anyone's word. Look at the list again.")


class OwnRefund(Refusal):
    """Whoever asked for it does not release it."""

    template = gettext_noop("You asked for this refund yourself. A colleague has to look at it.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """The refund, and what shows that it is no duplicate."""

    refund_id: Number
    reason: NeededNote


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The refund, whose money it may be where it is no account's, who asked for it, who looks at it, and the day."""

    refund: RefundFacts
    concerns: tuple[int, ...]
    maker_employee_id: int | None
    employee_id: int
    as_of: date


def locks(inputs: Inputs) -> tuple[int, ...]:
    """The refund's account."""
    account_id = refund(inputs.refund_id).account_id
    return () if account_id is None else (account_id,)


def gather(inputs: Inputs, moment: Moment, actor: Actor) -> Facts:
    """Read the refund and who asked for it."""
    found = refund(inputs.refund_id)
    return Facts(
        refund=found,
        concerns=(
            accounts_concerned(found.suspense_item_id, payee=found.payee_name)
            if found.suspense_item_id is not None
            else ()
        ),
        maker_employee_id=maker_of(found.receipt_id),
        employee_id=actor.employee_id,
        as_of=moment.as_of,
    )


def propose(facts: Facts, _: Inputs) -> Proposal[int]:
    """Let it be paid.

    Raises:
        RefundNotHeld, OwnRefund: as they say.
    """
    found = facts.refund
    if found.state != "payable" or not found.waits_for_a_person:
        raise RefundNotHeld(refund=found.refund_id)
    if facts.maker_employee_id == facts.employee_id:
        raise OwnRefund
    said = {"amount": format_cents(found.amount_cents), "refund": found.refund_id}
    return Proposal(
        summary=Sentence(gettext_noop("Refund %(refund)s of $%(amount)s released"), said),
        confirm=Sentence(gettext_noop("Release $%(amount)s"), said),
        plan=found.refund_id,
        account_ids=(found.account_id,) if found.account_id is not None else (),
        concerns=facts.concerns,
        updates={"credit_refund": 1},
        changes=(
            made(
                gettext_noop("Looked like refund"),
                ", ".join(str(item["refund"]) for item in found.hold_reasons),
                code="duplicate",
            ),
        ),
        rules=(house_rule("refunds", "Who asked for a refund does not release it"),),
        when_tied="refuse",
    )


def record(proposal: Proposal[int], recording: Recording) -> None:
    """Mark it released.

    Raises:
        RefundChangedMeanwhile: it was released or cancelled meanwhile.
    """
    release_refund(refund_id=proposal.plan, by=recording.actor.name, receipt_id=recording.receipt_id)


ACTION = registry.add(
    Action(
        name="release_refund",
        title=gettext_noop("Release a refund that looks like another"),
        duty=5,
        on="refund",
        inputs=Inputs,
        locks=locks,
        gather=gather,
        propose=propose,
        record=record,
        summary=gettext_noop("Lets a refund be paid that was held as a possible duplicate; never one's own."),
    )
)
