"""Recoveries: what was written off and paid after all goes back to the allowance, linked to the write-off.

Money that comes for a written-off account by file or batch leaves it in credit; until this ran that credit cannot be
refunded. What is taken at the counter is recovered with the payment.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from weatherhead.actions.credit.giving_up import recovered
from weatherhead.actions.figures import house_rule, made
from weatherhead.actions.inputs import Number
from weatherhead.areas.credit.operations.write_offs import Recovered, record_recoveries
from weatherhead.areas.credit.write_offs import WriteOffFacts, write_offs_of, written_off_in_credit
from weatherhead.areas.ledger.queries import balance_of
from weatherhead.core.values import Sentence, Unit, format_cents, gettext_noop
from weatherhead.door.context import Actor, Moment
from weatherhead.door.proposal import Proposal
from weatherhead.door.registry import Action, Recording, registry

LAST_ACCOUNT = 2**53


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """The range of account records."""

    from_account: Number = 1
    to_account: Number = LAST_ACCOUNT


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Written-off accounts that are in credit: their write-offs and their balances."""

    write_offs: dict[int, tuple[WriteOffFacts, ...]]
    balances: dict[int, int]
    as_of: date


def locks(inputs: Inputs) -> tuple[int, ...]:
    """The accounts of the range that were written off and are in credit."""
    return written_off_in_credit(from_account=inputs.from_account, to_account=inputs.to_account)


def gather(inputs: Inputs, moment: Moment, _: Actor) -> Facts:
    """Read them."""
    found = locks(inputs)
    return Facts(write_offs=write_offs_of(found), balances=balance_of(found), as_of=moment.as_of)


def propose(facts: Facts, _: Inputs) -> Proposal[tuple[Recovered, ...]]:
    """Debit the receivable, credit the allowance. It names no account: recoveries stand on each."""
    plans = tuple(
        plan
        for account_id, items in sorted(facts.write_offs.items())
        for plan in recovered(items, credit_cents=-facts.balances[account_id], on=facts.as_of)
    )
    total = sum(plan.amount_cents for plan in plans)
    said = {"count": len(plans), "total": format_cents(total)}
    summary = (
        gettext_noop("One recovery of $%(total)s")
        if len(plans) == 1
        else gettext_noop("%(count)s recoveries of $%(total)s")
    )
    return Proposal(
        summary=Sentence(summary, said),
        confirm=Sentence(gettext_noop("Recover $%(total)s"), said),
        plan=plans,
        entries=tuple(plan.entry for plan in plans),
        creates={"credit_recovery": len(plans)} if plans else {},
        changes=(
            made(gettext_noop("Recoveries"), len(plans), code="count", unit=Unit.COUNT),
            made(gettext_noop("Together"), total, code="total", unit=Unit.CENTS),
        ),
        rules=(house_rule("recoveries", "A payment on a written-off account takes the write-off back first"),),
    )


def record(proposal: Proposal[tuple[Recovered, ...]], recording: Recording) -> None:
    """Record the recoveries and post them, as sets."""
    if proposal.plan:
        recording.entry_ids += record_recoveries(
            proposal.plan, on=recording.moment.as_of, at=recording.moment.at, receipt_id=recording.receipt_id
        )


ACTION = registry.add(
    Action(
        name="recover_write_offs",
        title=gettext_noop("Recover what was written off"),
        duty=5,
        on="utility",
        inputs=Inputs,
        locks=locks,
        gather=gather,
        propose=propose,
        record=record,
        summary=gettext_noop("Gives the allowance back what former customers paid after their debt was written off."),
    )
)
