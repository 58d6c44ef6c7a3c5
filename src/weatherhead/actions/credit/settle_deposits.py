"""Deposits of many accounts at once, as every night does: interest, good history, final bills.

A night is one such action after another, each over a range of account records: a unit of commit. Doing it again on the
same day moves nothing twice, whatever its key: interest begins where it ended, and what was given back is not held.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Literal

from weatherhead.actions.credit.apply_deposit import (
    FinalBillToCome,
    ServiceGoesOn,
    plan_applied,
    require_final,
    secured_cents,
)
from weatherhead.actions.credit.deposit_money import counted, interest_due, leaves, touched
from weatherhead.actions.figures import made
from weatherhead.actions.inputs import Number
from weatherhead.areas.agreements.queries import AgreementFacts, agreements_of_accounts
from weatherhead.areas.billing.periods import billed_through
from weatherhead.areas.credit.deposit_rules import DepositBook, GiveBackVersion, deposit_book
from weatherhead.areas.credit.history import payment_history
from weatherhead.areas.credit.operations import MovePlan, move_deposits
from weatherhead.areas.credit.queries import DepositFacts, accounts_with_deposits, open_deposits
from weatherhead.areas.credit.write_offs import given_up_of_each
from weatherhead.areas.ledger.queries import movements_of
from weatherhead.core.credit import months_before
from weatherhead.core.ledger import LedgerAccount, ReceivableMovement, age
from weatherhead.core.values import Refusal, Sentence, Unit, format_cents, gettext_noop
from weatherhead.door.context import Actor, Moment
from weatherhead.door.proposal import Proposal
from weatherhead.door.registry import Action, Recording, registry

ACCOUNTS_MAX = 5_000
LAST_ACCOUNT = 2**53


class TooManyDeposits(Refusal):
    """More accounts than one commit should hold."""

    template = gettext_noop("%(count)s accounts are too many at once. Give a range that holds at most %(most)s.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """What is done, and the range of account records."""

    kind: Literal["interest", "good_history", "final_bill"]
    from_account: Number = 1
    to_account: Number = LAST_ACCOUNT


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The deposits held, and, unless only interest is given, the receivables and services of their accounts; for final
    bills also through which day those are billed, and what was written off and not paid since.
    """

    deposits: tuple[DepositFacts, ...]
    movements: dict[int, tuple[ReceivableMovement, ...]]
    agreements: dict[int, tuple[AgreementFacts, ...]]
    billed: dict[int, date]
    given_up: dict[int, int]
    book: DepositBook
    as_of: date


def locks(inputs: Inputs) -> tuple[int, ...]:
    """The accounts of the range that a deposit is held for.

    Raises:
        TooManyDeposits: more than `ACCOUNTS_MAX`.
    """
    found = accounts_with_deposits(from_account=inputs.from_account, to_account=inputs.to_account)
    if len(found) > ACCOUNTS_MAX:
        raise TooManyDeposits(count=len(found), most=ACCOUNTS_MAX)
    return found


def gather(inputs: Inputs, moment: Moment, _: Actor) -> Facts:
    """Read deposits, and what the kind needs beside."""
    held = open_deposits(from_account=inputs.from_account, to_account=inputs.to_account)
    accounts = sorted({item.account_id for item in held}) if inputs.kind != "interest" else []
    services = agreements_of_accounts(accounts) if accounts else ()
    return Facts(
        deposits=held,
        movements=movements_of(accounts),
        agreements=_by_account(services),
        billed=billed_through(item.agreement_id for item in services) if inputs.kind == "final_bill" else {},
        given_up=given_up_of_each(accounts) if inputs.kind == "final_bill" else {},
        book=deposit_book(),
        as_of=moment.as_of,
    )


def _by_account(services: Iterable[AgreementFacts]) -> dict[int, tuple[AgreementFacts, ...]]:
    found: dict[int, tuple[AgreementFacts, ...]] = {}
    for item in services:
        found[item.account_id] = (*found.get(item.account_id, ()), item)
    return found


def propose(facts: Facts, inputs: Inputs) -> Proposal[tuple[MovePlan, ...]]:
    """Decide of each deposit. It names no account: a night is remembered once, its movements stand on each account.

    Raises:
        RuleNotInForce: the rule begins later.
    """
    plans = _PLANS[inputs.kind](facts)
    interest = sum(plan.interest.amount_cents for plan in plans if plan.interest is not None)
    moved = -sum(plan.amount_cents for plan in plans)
    said = {
        "what": Sentence(_WORDS[inputs.kind]),
        "count": len(plans),
        "moved": format_cents(moved),
        "interest": format_cents(interest),
    }
    rule = facts.book.give_back.rule if inputs.kind == "good_history" else facts.book.interest.rule
    return Proposal(
        summary=Sentence(
            gettext_noop("%(what)s: one deposit, $%(moved)s and $%(interest)s interest")
            if len(plans) == 1
            else gettext_noop("%(what)s: %(count)s deposits, $%(moved)s and $%(interest)s interest"),
            said,
        ),
        confirm=Sentence(gettext_noop("Post $%(moved)s and $%(interest)s interest"), said),
        plan=plans,
        entries=tuple(plan.entry for plan in plans),
        creates=counted(plans),
        updates=touched(plans, deposits=facts.deposits),
        changes=(
            made(gettext_noop("Deposits"), len(plans), code="count", unit=Unit.COUNT),
            made(gettext_noop("Deposits moved"), moved, code="moved", unit=Unit.CENTS),
            made(gettext_noop("Interest"), interest, code="interest", unit=Unit.CENTS),
        ),
        rules=(rule,),
    )


def _interest(facts: Facts) -> tuple[MovePlan, ...]:
    """Interest until the last day of crediting, to the account's balance."""
    through = facts.book.interest.credited_through(facts.as_of)
    plans = []
    for item in facts.deposits:
        earned = interest_due(item, rule=facts.book.interest, through=through)
        if earned is not None and earned.amount_cents:
            plans.append(
                leaves(item, kind="interest", cents=0, interest=earned, to=LedgerAccount.RECEIVABLE, on=facts.as_of)
            )
    return tuple(plans)


def _good_history(facts: Facts) -> tuple[MovePlan, ...]:
    rule = facts.book.give_back.version_on(facts.as_of)
    return tuple(
        leaves(
            item,
            kind="given_back",
            cents=item.held_cents,
            interest=interest_due(item, rule=facts.book.interest, through=facts.as_of),
            to=LedgerAccount.RECEIVABLE,
            on=facts.as_of,
            closes="good_history",
        )
        for item in facts.deposits
        if item.left_cents == 0
        and any(service.end_on is None for service in facts.agreements.get(item.account_id, ()))
        and has_good_history(item, movements=facts.movements[item.account_id], rule=rule, as_of=facts.as_of)
    )


def has_good_history(
    deposit: DepositFacts, *, movements: tuple[ReceivableMovement, ...], rule: GiveBackVersion, as_of: date
) -> bool:
    """Whether a deposit was held long enough, enough bills fell due since, and at most so many were paid late. Pure."""
    since = months_before(as_of, rule.prompt_months)
    if deposit.held_since_on is None or deposit.held_since_on > since or age(movements, as_of=as_of).past_due_cents:
        return False
    found = payment_history(movements, since=since, as_of=as_of, grace_days=rule.grace_days)
    return len(found.due_on) >= rule.bills_at_least and len(found.late_on) <= rule.late_forgiven


def _final_bill(facts: Facts) -> tuple[MovePlan, ...]:
    plans: list[MovePlan] = []
    by_account: dict[int, list[DepositFacts]] = {}
    for item in facts.deposits:
        by_account.setdefault(item.account_id, []).append(item)
    for account_id, held in by_account.items():
        services = facts.agreements.get(account_id, ())
        if not services:
            continue  # a deposit paid before service begins
        try:
            require_final(services, billed=facts.billed)
        except (ServiceGoesOn, FinalBillToCome):
            continue
        found = age(facts.movements[account_id], as_of=facts.as_of)
        owed = secured_cents(found, given_up_cents=facts.given_up.get(account_id, 0), as_of=facts.as_of)
        plans += plan_applied(held, owed_cents=owed, book=facts.book, as_of=facts.as_of)
    return tuple(plans)


_PLANS = {"interest": _interest, "good_history": _good_history, "final_bill": _final_bill}
_WORDS = {
    "interest": gettext_noop("Interest on deposits"),
    "good_history": gettext_noop("Deposits given back after good history"),
    "final_bill": gettext_noop("Deposits applied to final bills"),
}


def record(proposal: Proposal[tuple[MovePlan, ...]], recording: Recording) -> None:
    """Post and note the movements, as sets.

    Raises:
        DepositMovedMeanwhile: a deposit was closed meanwhile.
    """
    if proposal.plan:
        recording.entry_ids += move_deposits(proposal.plan, at=recording.moment.at, receipt_id=recording.receipt_id)


ACTION = registry.add(
    Action(
        name="settle_deposits",
        title=gettext_noop("Settle deposits"),
        duty=5,
        on="utility",
        inputs=Inputs,
        locks=locks,
        gather=gather,
        propose=propose,
        record=record,
        summary=gettext_noop(
            "Over many accounts: credits interest, gives deposits back for good history, or pays final bills with them."
        ),
    )
)
