"""The connection fee that starting service charges by itself, where the dated rule says so."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from weatherhead.actions.adjustments.adjustment import AdjustmentPlan, fee_entry
from weatherhead.areas.billing.fees import compute_fee, fee
from weatherhead.areas.billing.service_fees import connect_rule
from weatherhead.areas.records.utility import current_utility
from weatherhead.core.values import Change, Rule, Sentence, Unit, gettext_noop

REASON = "service_rendered"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectFee:
    """A fee about to be charged, and the rules that charge it."""

    plan: AdjustmentPlan
    rules: tuple[Rule, ...]


def connect_fee(account_id: int, *, start_on: date, as_of: date) -> ConnectFee | None:
    """What the rule in force on the day that service starts charges, from today on; None where it charges nothing.

    Raises:
        RuleNotInForce: the fee book has no amount for that day.
    """
    rule = connect_rule(on=start_on)
    if rule is None:
        return None
    found = fee(rule.charge)
    computed = compute_fee(found, as_of=start_on, past_due_cents=0)
    if not computed.amount_cents:
        return None
    plan = AdjustmentPlan(
        account_id=account_id,
        kind="fee",
        charge=rule.charge,
        amount_cents=computed.amount_cents,
        reason=REASON,
        note=computed.arithmetic,
        rule=rule.rule.code,
        entry=fee_entry(
            account_id=account_id,
            charge=rule.charge,
            amount_cents=computed.amount_cents,
            reason=REASON,
            effective_on=as_of,
            due_days=current_utility().billing.due_days,
        ),
    )
    return ConnectFee(plan=plan, rules=(rule.rule, found.rule))


def connect_fee_change(charged: ConnectFee) -> Change:
    """The fee, for people to see before they confirm."""
    return Change(
        code="connect_fee",
        label=Sentence(gettext_noop("Connection fee")),
        unit=Unit.CENTS,
        before=None,
        after=charged.plan.amount_cents,
        account_id=charged.plan.account_id,
    )
