"""Close a drawer by its count: what it is over or short is posted; over a limit a colleague with authority decides."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from weatherhead.actions.figures import made
from weatherhead.actions.inputs import Note, Number
from weatherhead.actions.payments.count_drawer import expected_in
from weatherhead.areas.payments.drawers import (
    CountFacts,
    DrawerFacts,
    Holdings,
    counts_of,
    drawer,
    holdings_of_drawers,
)
from weatherhead.areas.payments.operations.drawers import ClosePlan, DrawerClosed, close_drawer, hold_drawer
from weatherhead.areas.payments.rules import PaymentRules, over_short_limit_cents, payment_rules
from weatherhead.core.ledger import EntryDraft, LedgerAccount, Posting
from weatherhead.core.values import Change, Refusal, Sentence, Unit, format_cents, gettext_noop
from weatherhead.door.context import Actor, Moment
from weatherhead.door.proposal import Proposal
from weatherhead.door.registry import Action, Recording, registry


class CountNeeded(Refusal):
    """A drawer is closed as it was counted."""

    template = gettext_noop("Count drawer %(drawer)s first: since its last count something came into it or left it.")


class ChecksDiffer(Refusal):
    """A check is there or it is not: none is over or short."""

    template = gettext_noop(
        "Checks counted: %(counted)s of $%(amount)s; taken: %(found)s of $%(expected)s. Compare them one by one; "
        "reverse a payment that was typed wrong, then count again."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """The drawer, and what there is to say of a difference."""

    drawer_id: Number
    note: Note = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The drawer, what its payments come to, its counts, the rule, who closes it and when."""

    drawer: DrawerFacts
    holds: Holdings
    counts: tuple[CountFacts, ...]
    rules: PaymentRules | None
    employee_id: int
    as_of: date


def gather(inputs: Inputs, moment: Moment, actor: Actor) -> Facts:
    """Hold the drawer still, and read what it should hold and what was counted."""
    hold_drawer(inputs.drawer_id)
    return Facts(
        drawer=drawer(inputs.drawer_id),
        holds=holdings_of_drawers([inputs.drawer_id])[inputs.drawer_id],
        counts=counts_of(inputs.drawer_id),
        rules=payment_rules(),
        employee_id=actor.employee_id,
        as_of=moment.as_of,
    )


def propose(facts: Facts, inputs: Inputs) -> Proposal[ClosePlan]:
    """Take the last count for what the drawer holds, and post the difference.

    Raises:
        DrawerClosed, CountNeeded, ChecksDiffer: as they say.
    """
    held = facts.drawer
    if held.closed_on is not None:
        raise DrawerClosed(drawer=held.drawer_id)
    expected = expected_in(held, holds=facts.holds)
    count = facts.counts[-1] if facts.counts else None
    if count is None or count.expected != expected:
        raise CountNeeded(drawer=held.drawer_id)
    if (count.checks, count.checks_cents) != (expected.checks, expected.checks_cents):
        raise ChecksDiffer(
            counted=count.checks,
            amount=format_cents(count.checks_cents),
            found=expected.checks,
            expected=format_cents(expected.checks_cents),
        )
    difference_cents = count.cash_cents - expected.cash_cents
    entry = over_short_entry(difference_cents, on=facts.as_of, drawer_id=held.drawer_id) if difference_cents else None
    cash_cents = count.cash_cents - held.float_cents
    said = {"drawer": held.drawer_id, "amount": format_cents(abs(difference_cents))}
    return Proposal(
        summary=Sentence(_summary(difference_cents), said),
        confirm=Sentence(gettext_noop("Close drawer %(drawer)s"), said),
        plan=ClosePlan(
            drawer_id=held.drawer_id,
            cash_cents=cash_cents,
            checks=count.checks,
            checks_cents=count.checks_cents,
            over_short_cents=difference_cents,
            closed_on=facts.as_of,
            entry=entry,
        ),
        entries=(entry,) if entry else (),
        updates={"payments_drawer": 1},
        changes=_changes(facts, expected=expected, difference_cents=difference_cents, cash_cents=cash_cents),
        rules=(facts.rules.rule,) if facts.rules else (),
        needs_approval=_asks(facts, difference_cents=difference_cents),
    )


def over_short_entry(difference_cents: int, *, on: date, drawer_id: int) -> EntryDraft:
    """What a drawer holds more, or less (negative), than its payments say."""
    return EntryDraft(
        kind="over_short",
        effective_on=on,
        reason=f"drawer {drawer_id}",
        postings=(
            Posting(ledger_account=LedgerAccount.CASH_DRAWER, amount_cents=difference_cents, charge="over_short"),
            Posting(ledger_account=LedgerAccount.CASH_OVER_SHORT, amount_cents=-difference_cents, charge="over_short"),
        ),
    )


def _summary(difference_cents: int) -> str:
    if not difference_cents:
        return gettext_noop("Drawer %(drawer)s closed: it balances")
    if difference_cents > 0:
        return gettext_noop("Drawer %(drawer)s closed, $%(amount)s over")
    return gettext_noop("Drawer %(drawer)s closed, $%(amount)s short")


def _asks(facts: Facts, *, difference_cents: int) -> Sentence | None:
    """Why someone else decides: too much is over or short, or it is another person's drawer."""
    limit_cents = over_short_limit_cents(facts.rules, on=facts.as_of)
    if abs(difference_cents) > limit_cents:
        said = {"amount": format_cents(abs(difference_cents)), "limit": format_cents(limit_cents)}
        return Sentence(gettext_noop("The drawer is $%(amount)s over or short, more than $%(limit)s."), said)
    if facts.drawer.employee_id != facts.employee_id:
        return Sentence(gettext_noop("It is the drawer of %(name)s."), {"name": facts.drawer.opened_by})
    return None


def _changes(facts: Facts, *, expected: Holdings, difference_cents: int, cash_cents: int) -> tuple[Change, ...]:
    counted = tuple(
        made(gettext_noop("Cash counted, with the float"), count.cash_cents, code="counted", unit=Unit.CENTS)
        for count in facts.counts
    )
    return (
        *counted,
        made(gettext_noop("Cash expected, with the float"), expected.cash_cents, code="expected", unit=Unit.CENTS),
        made(gettext_noop("Over (short: below zero)"), difference_cents, code="over_short", unit=Unit.CENTS),
        made(gettext_noop("Cash for the bank"), cash_cents, code="cash", unit=Unit.CENTS),
        made(gettext_noop("Checks and money orders"), expected.checks, code="checks", unit=Unit.COUNT),
        made(gettext_noop("They come to"), expected.checks_cents, code="checks_cents", unit=Unit.CENTS),
    )


def record(proposal: Proposal[ClosePlan], recording: Recording) -> None:
    """Close it and post the difference.

    Raises:
        DrawerClosed: it was closed meanwhile.
    """
    recording.entry_ids += close_drawer(
        proposal.plan,
        closed_at=recording.moment.at,
        closed_by=recording.actor.name,
        receipt_id=recording.receipt_id,
    )


ACTION = registry.add(
    Action(
        name="close_drawer",
        title=gettext_noop("Close a drawer"),
        duty=4,
        on="drawer",
        inputs=Inputs,
        gather=gather,
        propose=propose,
        record=record,
        summary=gettext_noop(
            "Closes a counted drawer and posts what it is over or short; over a limit, or for another's drawer, asks."
        ),
    )
)
