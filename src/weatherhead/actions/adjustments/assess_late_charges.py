"""Assess late charges: the dated rule, on every account of a cycle (or of a part of it) at once.

A run is one such action after another, each over a range of account numbers: a unit of commit. Doing it again on the
same day charges nobody twice, whatever its key: the rule itself keeps days between two late charges.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated

from pydantic import Field

from weatherhead.actions.adjustments.adjustment import fee_entry
from weatherhead.actions.figures import Standing, made
from weatherhead.actions.inputs import Number
from weatherhead.actions.payments.apply_credit import as_if_applied
from weatherhead.areas.billing.fees import Fee, fee
from weatherhead.areas.billing.late_charges import (
    LATE_CHARGE,
    LateCharge,
    LateCharges,
    last_late_charges,
    late_charge_due,
    late_charges,
)
from weatherhead.areas.billing.operations.adjustments import record_late_charge_run, record_late_charges
from weatherhead.areas.customers.queries import accounts_of_cycle
from weatherhead.areas.ledger.queries import accounts_with_waiting_credit, balance_of, movements_of
from weatherhead.areas.payments.rules import application_rules
from weatherhead.areas.records.utility import current_utility
from weatherhead.core.ledger import EntryDraft
from weatherhead.core.values import Refusal, Sentence, Unit, format_cents, gettext_noop
from weatherhead.door.context import Actor, Moment
from weatherhead.door.proposal import Proposal
from weatherhead.door.registry import Action, Recording, registry

ACCOUNTS_MAX = 5_000
REASON = "past_due"
_LAST = 2**53


class TooManyAtOnce(Refusal):
    """More accounts than one commit should hold."""

    template = gettext_noop("%(count)s accounts are too many at once. Give a range that holds at most %(most)s.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """The bill cycle, and the range of account records in it; without a range, all of it."""

    cycle: Annotated[int, Field(ge=1, le=99)]
    from_account: Number = 1
    to_account: Number = _LAST


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Who owes anything, when they were charged last, and the rules."""

    accounts: int
    standings: tuple[Standing, ...]  # as if what waits had been applied
    last_charged_on: Mapping[int, date]
    fee: Fee
    rule: LateCharges
    due_days: int
    as_of: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The charges and their entries, in the same order."""

    cycle: int
    from_account: int
    to_account: int
    charges: tuple[LateCharge, ...]
    entries: tuple[EntryDraft, ...]
    rule: str


def account_ids(inputs: Inputs) -> tuple[int, ...]:
    """The open accounts of the range.

    Raises:
        TooManyAtOnce: more than `ACCOUNTS_MAX`.
    """
    found = [item for item in accounts_of_cycle(inputs.cycle) if inputs.from_account <= item <= inputs.to_account]
    if len(found) > ACCOUNTS_MAX:
        raise TooManyAtOnce(count=len(found), most=ACCOUNTS_MAX)
    return tuple(found)


def gather(inputs: Inputs, moment: Moment, _: Actor) -> Facts:
    """Read the receivables of those who owe anything, and the rules."""
    ids = account_ids(inputs)
    owing = [account_id for account_id, cents in balance_of(ids).items() if cents > 0] if ids else []
    return Facts(
        accounts=len(ids),
        standings=_standings(owing, as_of=moment.as_of),
        last_charged_on=last_late_charges(owing),
        fee=fee(LATE_CHARGE),
        rule=late_charges(),
        due_days=current_utility().billing.due_days,
        as_of=moment.as_of,
    )


def _standings(owing: Sequence[int], *, as_of: date) -> tuple[Standing, ...]:
    """What they owe, as if what waits had been applied."""
    if not owing:
        return ()
    waiting = accounts_with_waiting_credit(first=min(owing), last=max(owing))
    rules = application_rules() if waiting else None
    found = [
        Standing(account_id=account_id, movements=movements)
        for account_id, movements in sorted(movements_of(owing).items())
    ]
    return tuple(
        as_if_applied(item, waits_cents=waiting[item.account_id], rules=rules, on=as_of)
        if item.account_id in waiting
        else item
        for item in found
    )


def propose(facts: Facts, inputs: Inputs) -> Proposal[Plan]:
    """Charge whom the rule charges. It names no account: a run is remembered once, its fees stand on each account.

    Raises:
        RuleNotInForce: the rule or the fee begins later.
    """
    version = facts.rule.version_on(facts.as_of)
    due = [
        late_charge_due(
            standing.movements,
            account_id=standing.account_id,
            last_charged_on=facts.last_charged_on.get(standing.account_id),
            fee=facts.fee,
            version=version,
            as_of=facts.as_of,
        )
        for standing in facts.standings
    ]
    charges = tuple(item for item in due if item is not None)
    entries = tuple(_entry(item, facts=facts) for item in charges)
    total_cents = sum(item.amount_cents for item in charges)
    said = {"count": len(charges), "accounts": facts.accounts, "total": format_cents(total_cents)}
    return Proposal(
        summary=Sentence(gettext_noop("Late charges: %(count)s, $%(total)s, of %(accounts)s accounts"), said),
        confirm=Sentence(gettext_noop("Charge $%(total)s"), said),
        plan=Plan(
            cycle=inputs.cycle,
            from_account=inputs.from_account,
            to_account=inputs.to_account,
            charges=charges,
            entries=entries,
            rule=facts.fee.rule.code,
        ),
        entries=entries,
        creates={"billing_latechargerun": 1} | ({"billing_adjustment": len(charges)} if charges else {}),
        changes=(
            made(gettext_noop("Late charges"), len(charges), code="count", unit=Unit.COUNT),
            made(gettext_noop("Together"), total_cents, code="total", unit=Unit.CENTS),
        ),
        rules=(facts.rule.rule, facts.fee.rule),
    )


def _entry(charge: LateCharge, *, facts: Facts) -> EntryDraft:
    return fee_entry(
        account_id=charge.account_id,
        charge=LATE_CHARGE,
        amount_cents=charge.amount_cents,
        reason=REASON,
        effective_on=facts.as_of,
        due_days=facts.due_days,
    )


def record(proposal: Proposal[Plan], recording: Recording) -> None:
    """Record the charges and post them, as sets; and that the rule was applied."""
    plan = proposal.plan
    record_late_charge_run(
        cycle=plan.cycle,
        from_account=plan.from_account,
        to_account=plan.to_account,
        ran_on=recording.moment.as_of,
        receipt_id=recording.receipt_id,
    )
    if not plan.charges:
        return
    recording.entry_ids += record_late_charges(
        plan.charges,
        entries=plan.entries,
        charged_on=recording.moment.as_of,
        reason=REASON,
        rule=plan.rule,
        at=recording.moment.at,
        receipt_id=recording.receipt_id,
    )


ACTION = registry.add(
    Action(
        name="assess_late_charges",
        title=gettext_noop("Assess late charges"),
        duty=5,
        on="utility",
        inputs=Inputs,
        locks=account_ids,
        gather=gather,
        propose=propose,
        record=record,
        summary=gettext_noop("Adds a late charge to every account of a cycle on which the dated rule puts one."),
    )
)
