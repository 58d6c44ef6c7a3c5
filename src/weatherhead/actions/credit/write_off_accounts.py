"""Write off what former customers owe, by the rule, many accounts at once. A second person approves all but small sums.

A night is one such action after another, each over a range of account records: a unit of commit. Doing it again moves
nothing twice: what was written off is not owed any more.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

from weatherhead.actions.credit.giving_up import given_up
from weatherhead.actions.figures import made
from weatherhead.actions.inputs import Number
from weatherhead.areas.credit.operations.write_offs import GiveUp, record_write_offs
from weatherhead.areas.credit.write_off_rules import WriteOffRule, WriteOffVersion, write_off_rule
from weatherhead.areas.credit.write_offs import SMALL_BALANCE, Candidate, candidates, former_debtors
from weatherhead.core.values import Refusal, Sentence, Unit, format_cents, gettext_noop
from weatherhead.door.context import Actor, Moment
from weatherhead.door.proposal import Proposal
from weatherhead.door.registry import Action, Recording, registry

ACCOUNTS_MAX = 5_000
LAST_ACCOUNT = 2**53


class TooManyDebts(Refusal):
    """More accounts than one commit should hold."""

    template = gettext_noop("%(count)s accounts are too many at once. Give a range that holds at most %(most)s.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """Uncollectible debts or small balances, and the range of account records."""

    kind: Literal["uncollectible", "small_balance"]
    from_account: Number = 1
    to_account: Number = LAST_ACCOUNT


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Who owes what, and the rule."""

    candidates: tuple[Candidate, ...]
    rule: WriteOffRule
    version: WriteOffVersion
    as_of: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The debts, and of which kind they are."""

    kind: str
    debts: tuple[GiveUp, ...]


def locks(inputs: Inputs) -> tuple[int, ...]:
    """The accounts of the range that owe something without service, whatever the rule says of them.

    Raises:
        TooManyDebts: more than `ACCOUNTS_MAX`.
    """
    found = former_debtors(from_account=inputs.from_account, to_account=inputs.to_account, ended_before=date.max)
    if len(found) > ACCOUNTS_MAX:
        raise TooManyDebts(count=len(found), most=ACCOUNTS_MAX)
    return tuple(item.account_id for item in found)


def gather(inputs: Inputs, moment: Moment, _: Actor) -> Facts:
    """Read who owes what.

    Raises:
        NoWriteOffRule: the rule begins later.
    """
    rule, version = write_off_rule(on=moment.as_of)
    found = candidates(
        inputs.kind,
        version=version,
        from_account=inputs.from_account,
        to_account=inputs.to_account,
        as_of=moment.as_of,
    )
    return Facts(candidates=found, rule=rule, version=version, as_of=moment.as_of)


def propose(facts: Facts, inputs: Inputs) -> Proposal[Plan]:
    """Debit the allowance, credit the receivable of each. It names no account: see the list of write-offs."""
    most = int(facts.version.account_at_most * 100)
    small = inputs.kind == SMALL_BALANCE
    chosen = [item for item in facts.candidates if small or item.owed_cents <= most]
    above = len(facts.candidates) - len(chosen)
    debts = tuple(
        given_up(item.account_id, cents=item.owed_cents, on=facts.as_of, reason=inputs.kind) for item in chosen
    )
    total = sum(item.amount_cents for item in debts)
    said = {"count": len(debts), "total": format_cents(total)}
    template = (
        gettext_noop("%(count)s small balances of $%(total)s written off")
        if small
        else gettext_noop("%(count)s debts of $%(total)s written off")
    )
    return Proposal(
        summary=Sentence(template, said),
        confirm=Sentence(gettext_noop("Write off $%(total)s"), said),
        plan=Plan(kind=inputs.kind, debts=debts),
        entries=tuple(item.entry for item in debts),
        creates={"credit_writeoff": len(debts)} if debts else {},
        changes=(
            made(gettext_noop("Accounts"), len(debts), code="count", unit=Unit.COUNT),
            made(gettext_noop("Together"), total, code="total", unit=Unit.CENTS),
            made(
                gettext_noop("Largest"),
                max((item.amount_cents for item in debts), default=0),
                code="largest",
                unit=Unit.CENTS,
            ),
            *(
                (made(gettext_noop("Above the rule's amount, left"), above, code="above", unit=Unit.COUNT),)
                if above
                else ()
            ),
        ),
        rules=(facts.rule.rule,),
        needs_approval=None if small or not debts else Sentence(gettext_noop("Debts are written off by two people.")),
    )


def record(proposal: Proposal[Plan], recording: Recording) -> None:
    """Record the write-offs and post them, as sets."""
    plan = proposal.plan
    if not plan.debts:
        return
    recording.entry_ids += record_write_offs(
        plan.debts,
        kind=plan.kind,
        on=recording.moment.as_of,
        at=recording.moment.at,
        receipt_id=recording.receipt_id,
    )


ACTION = registry.add(
    Action(
        name="write_off_accounts",
        title=gettext_noop("Write off debts by the rule"),
        duty=5,
        on="utility",
        inputs=Inputs,
        locks=locks,
        gather=gather,
        propose=propose,
        record=record,
        summary=gettext_noop(
            "Over many closed accounts: gives up old debts, approved by a second person, or small ones."
        ),
    )
)
