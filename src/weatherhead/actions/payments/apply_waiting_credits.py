"""Apply what waits as unapplied credit on a range of accounts to the charges that its rules let it settle.

After bills were issued: an agency's money that was more than the last bill pays the next one by itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from weatherhead.actions.figures import Standing, made, standings_of
from weatherhead.actions.inputs import Number
from weatherhead.actions.payments.apply_credit import applied_entry, shares_of_waiting
from weatherhead.areas.ledger.operations import post
from weatherhead.areas.ledger.queries import accounts_with_waiting_credit
from weatherhead.areas.payments.rules import ApplicationRules, application_rules
from weatherhead.core.ledger import EntryDraft
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
    """What waits by account in cents, what those accounts owe, the rules of what money settles, and the day."""

    waits_cents: Mapping[int, int]
    standings: Mapping[int, Standing]
    rules: ApplicationRules | None
    as_of: date


def locks(inputs: Inputs) -> tuple[int, ...]:
    """The accounts of the range for which credit waits."""
    return tuple(sorted(accounts_with_waiting_credit(first=inputs.from_account, last=inputs.to_account)))


def gather(inputs: Inputs, moment: Moment, _: Actor) -> Facts:
    """Read what waits and what is owed."""
    waits = accounts_with_waiting_credit(first=inputs.from_account, last=inputs.to_account)
    return Facts(
        waits_cents=waits,
        standings=standings_of(tuple(sorted(waits))) if waits else {},
        rules=application_rules(),
        as_of=moment.as_of,
    )


def propose(facts: Facts, _: Inputs) -> Proposal[tuple[EntryDraft, ...]]:
    """Settle as much as may be on each account, the oldest due charge first. It names none: its entries stand there."""
    entries, total = [], 0
    for account_id, waits_cents in sorted(facts.waits_cents.items()):
        standing = facts.standings[account_id]
        shares = shares_of_waiting(standing, waits_cents=waits_cents, rules=facts.rules, on=facts.as_of)
        cents = sum(share.amount_cents for share in shares)
        if cents:
            entries.append(applied_entry(shares, account_id=account_id, cents=cents, on=facts.as_of))
            total += cents
    said = {"count": len(entries), "total": format_cents(total)}
    summary = (
        gettext_noop("Unapplied credit of $%(total)s applied on one account")
        if len(entries) == 1
        else gettext_noop("Unapplied credit of $%(total)s applied on %(count)s accounts")
    )
    return Proposal(
        summary=Sentence(summary, said),
        confirm=Sentence(gettext_noop("Apply $%(total)s"), said),
        plan=tuple(entries),
        entries=tuple(entries),
        changes=(
            made(gettext_noop("Accounts"), len(entries), code="count", unit=Unit.COUNT),
            made(gettext_noop("Together"), total, code="total", unit=Unit.CENTS),
        ),
        rules=(facts.rules.rule,) if facts.rules else (),
    )


def record(proposal: Proposal[tuple[EntryDraft, ...]], recording: Recording) -> None:
    """Post the entries."""
    if proposal.plan:
        recording.entry_ids += post(proposal.plan, inserted_at=recording.moment.at, receipt_id=recording.receipt_id)


ACTION = registry.add(
    Action(
        name="apply_waiting_credits",
        title=gettext_noop("Apply the credits that wait"),
        duty=4,
        on="utility",
        inputs=Inputs,
        locks=locks,
        gather=gather,
        propose=propose,
        record=record,
        summary=gettext_noop("Settles charges of many accounts with unapplied credit, those that its rules allow."),
    )
)
