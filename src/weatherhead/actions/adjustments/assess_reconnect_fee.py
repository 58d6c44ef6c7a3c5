"""Charge for a reconnection: the rule chooses the fee by the hour at which the work began."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, time
from typing import Annotated

from pydantic import AfterValidator, StringConstraints

from weatherhead.actions.adjustments.adjustment import AdjustmentPlan, fee_entry, record_planned
from weatherhead.actions.adjustments.connect_fee import REASON
from weatherhead.actions.figures import Standing, made, money_changes, standing_of
from weatherhead.actions.inputs import Number
from weatherhead.areas.billing.fees import Fee, compute_fee, fee
from weatherhead.areas.billing.queries import adjustments_of_account
from weatherhead.areas.billing.service_fees import ReconnectRule, reconnect_rule
from weatherhead.areas.customers.queries import AccountFacts, account
from weatherhead.areas.records.utility import current_utility
from weatherhead.core.values import Refusal, Sentence, Unit, format_cents, gettext_noop
from weatherhead.door.context import Actor, Moment
from weatherhead.door.proposal import Proposal
from weatherhead.door.registry import Action, Recording, registry


class ReconnectedInFuture(Refusal):
    """Work that is still to come."""

    template = gettext_noop("%(on)s is still to come. Charge for the reconnection when it is done.")


class ChargedForReconnecting(Refusal):
    """A reconnection is charged for once."""

    template = gettext_noop("The reconnection of %(on)s was charged for already. Nothing more is needed.")


def _time(value: str) -> str:
    try:
        time.fromisoformat(value)
    except ValueError:
        raise ValueError(gettext_noop("write the time as 16:45")) from None
    return value


ClockTime = Annotated[
    str, StringConstraints(strip_whitespace=True, pattern=r"^[0-2][0-9]:[0-5][0-9]$"), AfterValidator(_time)
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """The account, and the local day and time at which the reconnection began."""

    account_id: Number
    reconnected_on: date
    began_at: ClockTime


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The account, its receivable, the rule and the fee it chooses, and whether that day was charged for."""

    account: AccountFacts
    standing: Standing
    rule: ReconnectRule
    fee: Fee
    charged: bool
    due_days: int
    as_of: date


def locks(inputs: Inputs) -> tuple[int, ...]:
    """The account."""
    return (inputs.account_id,)


def gather(inputs: Inputs, moment: Moment, _: Actor) -> Facts:
    """Read the account, its receivable and fees, and let the rule choose.

    Raises:
        NoReconnectRule: there is none.
    """
    rule = reconnect_rule(on=inputs.reconnected_on)
    mark = _mark(inputs.reconnected_on)
    found = adjustments_of_account(inputs.account_id)
    return Facts(
        account=account(inputs.account_id),
        standing=standing_of(inputs.account_id),
        rule=rule,
        fee=fee(rule.charge_at(inputs.reconnected_on, at=time.fromisoformat(inputs.began_at))),
        charged=any(
            item.rule == rule.rule.code and item.note.startswith(mark) and item.reversed_by_id is None
            for item in found
            if item.kind == "fee"
        ),
        due_days=current_utility().billing.due_days,
        as_of=moment.as_of,
    )


def _mark(on: date) -> str:
    return f"Reconnected {on.isoformat()} "


def propose(facts: Facts, inputs: Inputs) -> Proposal[AdjustmentPlan]:
    """Charge the fee that the rule chose.

    Raises:
        ReconnectedInFuture, ChargedForReconnecting, RuleNotInForce: as they say.
    """
    if inputs.reconnected_on > facts.as_of:
        raise ReconnectedInFuture(on=inputs.reconnected_on)
    if facts.charged:
        raise ChargedForReconnecting(on=inputs.reconnected_on)
    computed = compute_fee(facts.fee, as_of=inputs.reconnected_on, past_due_cents=0)
    entry = fee_entry(
        account_id=inputs.account_id,
        charge=facts.fee.charge,
        amount_cents=computed.amount_cents,
        reason=REASON,
        effective_on=facts.as_of,
        due_days=facts.due_days,
    )
    said = {"title": facts.fee.title, "amount": format_cents(computed.amount_cents)}
    return Proposal(
        summary=Sentence(gettext_noop("%(title)s of $%(amount)s"), said),
        confirm=Sentence(gettext_noop("Charge $%(amount)s"), said),
        plan=AdjustmentPlan(
            account_id=inputs.account_id,
            kind="fee",
            charge=facts.fee.charge,
            amount_cents=computed.amount_cents,
            reason=REASON,
            note=f"{_mark(inputs.reconnected_on)}{inputs.began_at}",
            rule=facts.rule.rule.code,
            entry=entry,
        ),
        account_ids=(inputs.account_id,),
        entries=(entry,),
        creates={"billing_adjustment": 1},
        changes=(
            *money_changes(facts.standing, entries=(entry,), as_of=facts.as_of),
            made(gettext_noop("Reconnected on"), inputs.reconnected_on, code="reconnected", unit=Unit.DATE),
        ),
        rules=(facts.rule.rule, facts.fee.rule),
    )


def record(proposal: Proposal[AdjustmentPlan], recording: Recording) -> None:
    """Record the fee and post it."""
    record_planned(proposal.plan, recording)


ACTION = registry.add(
    Action(
        name="assess_reconnect_fee",
        title=gettext_noop("Charge for a reconnection"),
        duty=5,
        on="account",
        inputs=Inputs,
        locks=locks,
        gather=gather,
        propose=propose,
        record=record,
        summary=gettext_noop("Charges the reconnection fee, normal or after hours, that the rule chooses by the hour."),
    )
)
