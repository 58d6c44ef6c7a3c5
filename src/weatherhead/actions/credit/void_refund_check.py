"""Void or stop a refund check that was not paid. Its refund is payable again: the next run writes another check."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Literal

from weatherhead.actions.credit.request_refund import hold_reasons, hold_until, payee_lines
from weatherhead.actions.figures import house_rule, made
from weatherhead.actions.inputs import NeededNote, Number
from weatherhead.areas.credit.operations.refunds import void_check
from weatherhead.areas.credit.refund_rules import RefundRule, RefundVersion, refund_rule
from weatherhead.areas.credit.refunds import CheckFacts, RefundFacts, check_numbered, mark_of, refund, refunds_like
from weatherhead.areas.customers.queries import AccountFacts, account
from weatherhead.areas.records.queries.receipts import last_update_of
from weatherhead.core.values import Change, Refusal, Sentence, Unit, format_cents, gettext_noop
from weatherhead.door.context import Actor, Moment
from weatherhead.door.proposal import Proposal
from weatherhead.door.registry import Action, Recording, registry


class CheckIsOver(Refusal):
    """Paid, voided or stopped before."""

    template = gettext_noop("Check %(number)s was %(state)s on %(on)s. It cannot be voided.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """The number on the check; `void` where we have it in hand, `stop` where it is lost; and why."""

    check_number: Number
    how: Literal["void", "stop"]
    reason: NeededNote


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The check and its refund, the account as it is now if there is one, other refunds like the next check, and the
    rule.
    """

    check: CheckFacts
    refund: RefundFacts
    account: AccountFacts | None
    like: tuple[RefundFacts, ...]
    moved_on: date | None
    rule: RefundRule
    version: RefundVersion
    as_of: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How the check ends, and to whom and where the next one goes. `hold_reasons` are new ones to look at."""

    check: CheckFacts
    state: str
    note: str
    payee_name: str
    payee_lines: tuple[str, ...]
    hold_until_on: date | None
    hold_reasons: tuple[Mapping[str, Any], ...]


def locks(inputs: Inputs) -> tuple[int, ...]:
    """The account that the check was for."""
    account_id = check_numbered(inputs.check_number).account_id
    return () if account_id is None else (account_id,)


def gather(inputs: Inputs, moment: Moment, _: Actor) -> Facts:
    """Read check, account and rule.

    Raises:
        NoSuchCheck, NoRefundRules: as they say.
    """
    found = check_numbered(inputs.check_number)
    rule, version = refund_rule(on=moment.as_of)
    since, account_id = moment.as_of - timedelta(days=version.address_hold_days), found.account_id
    moved = last_update_of(account_id, table="customers_account", since=since) if account_id is not None else None
    whose = account(account_id) if account_id is not None else None
    like = (
        refunds_like(
            payee_mark=mark_of([whose.customer_name]),
            address_mark=mark_of(payee_lines(whose)),
            since=moment.as_of - timedelta(days=version.duplicate_days),
        )
        if whose is not None
        else ()
    )
    return Facts(
        check=found,
        refund=refund(found.refund_id),
        account=whose,
        like=tuple(item for item in like if item.refund_id != found.refund_id),
        moved_on=moved,
        rule=rule,
        version=version,
        as_of=moment.as_of,
    )


def propose(facts: Facts, inputs: Inputs) -> Proposal[Plan]:
    """End the check; the debt to the customer stays in refunds payable, so nothing is posted.

    Raises:
        CheckIsOver: it was paid, voided or stopped.
    """
    check = facts.check
    if check.state != "issued":
        raise CheckIsOver(number=check.number, state=Sentence(_STATES[check.state]), on=check.ended_on)
    until = hold_until(facts.moved_on, version=facts.version)
    reasons = _reasons(facts)
    said = {"number": check.number, "amount": format_cents(check.amount_cents)}
    template = (
        gettext_noop("Check %(number)s of $%(amount)s voided")
        if inputs.how == "void"
        else gettext_noop("Check %(number)s of $%(amount)s stopped")
    )
    return Proposal(
        summary=Sentence(template, said),
        confirm=Sentence(gettext_noop("End check %(number)s of $%(amount)s"), said),
        plan=Plan(
            check=check,
            state="void" if inputs.how == "void" else "stopped",
            note=inputs.reason,
            payee_name=_payee(facts),
            payee_lines=payee_lines(facts.account) if facts.account is not None else check.payee_lines,
            hold_until_on=until,
            hold_reasons=reasons,
        ),
        account_ids=(check.account_id,) if check.account_id is not None else (),
        updates={"credit_refundcheck": 1, "credit_refund": 1},
        changes=_changes(facts, until=until, reasons=reasons),
        rules=(
            facts.rule.rule,
            house_rule("refunds", "A voided check is told to the bank with the next run, and never revived"),
        ),
    )


_STATES = {
    "void": gettext_noop("voided"),
    "stopped": gettext_noop("stopped"),
    "cleared": gettext_noop("paid by the bank"),
}


def _payee(facts: Facts) -> str:
    """The account's customer as they are called now; of money that was in suspense, whoever was named."""
    return facts.account.customer_name if facts.account is not None else facts.check.payee_name


def _reasons(facts: Facts) -> tuple[Mapping[str, Any], ...]:
    """Which refunds the next check looks like that nobody has looked at for this one: it may go elsewhere now."""
    if facts.account is None:
        return ()
    lines, cents = payee_lines(facts.account), facts.check.amount_cents
    looked_at = {item["refund"] for item in facts.refund.hold_reasons}
    found = hold_reasons(facts.like, cents=cents, name=facts.account.customer_name, lines=lines)
    return tuple(item for item in found if item["refund"] not in looked_at)


def _changes(facts: Facts, *, until: date | None, reasons: Sequence[Mapping[str, Any]]) -> tuple[Change, ...]:
    changes = [made(gettext_noop("Next check to"), _payee(facts), code="payee")]
    if until is not None:
        changes.append(made(gettext_noop("Address changed: waits until"), until, code="hold_until", unit=Unit.DATE))
    if reasons:
        numbers = ", ".join(str(item["refund"]) for item in reasons)
        changes.append(made(gettext_noop("Looks like refund"), numbers, code="duplicate"))
    return tuple(changes)


def record(proposal: Proposal[Plan], recording: Recording) -> None:
    """End the check and make its refund payable.

    Raises:
        RefundChangedMeanwhile: it was paid, voided or stopped meanwhile.
    """
    plan = proposal.plan
    void_check(
        check=plan.check,
        state=plan.state,
        note=plan.note,
        on=recording.moment.as_of,
        payee_name=plan.payee_name,
        payee_lines=plan.payee_lines,
        hold_until_on=plan.hold_until_on,
        hold_reasons=plan.hold_reasons,
        receipt_id=recording.receipt_id,
    )


ACTION = registry.add(
    Action(
        name="void_refund_check",
        title=gettext_noop("Void or stop a refund check"),
        duty=5,
        on="refund",
        inputs=Inputs,
        locks=locks,
        gather=gather,
        propose=propose,
        record=record,
        summary=gettext_noop(
            "Ends a check that was not paid; the next run writes another, to the address as it is now."
        ),
    )
)
