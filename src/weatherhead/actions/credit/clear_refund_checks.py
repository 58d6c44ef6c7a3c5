"""Note which refund checks the bank paid, from its list. Good lines are posted; each bad one is told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Annotated

from pydantic import StringConstraints

from weatherhead.actions.figures import house_rule, made
from weatherhead.areas.credit.operations.refunds import clear_checks
from weatherhead.areas.credit.refunds import CheckFacts, checks_by_number
from weatherhead.core.ledger import EntryDraft, LedgerAccount, Posting
from weatherhead.core.values import (
    AmountNotUnderstood,
    Change,
    Refusal,
    Sentence,
    Unit,
    format_cents,
    gettext_noop,
    parse_cents,
)
from weatherhead.door.context import Actor, Moment
from weatherhead.door.proposal import Proposal
from weatherhead.door.registry import Action, Recording, registry

LINES_MAX = 2_000


class ClearedInFuture(Refusal):
    """A day that is still to come."""

    template = gettext_noop("%(on)s is still to come. Enter the day on which the bank paid.")


class NothingCleared(Refusal):
    """No line was good."""

    template = gettext_noop("None of these lines is a check that waits to be paid: %(problems)s")


class TooManyLines(Refusal):
    """More than one commit should hold."""

    template = gettext_noop("%(count)s lines are too many at once. Give at most %(most)s.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """The day, and the bank's list: a check's number and its amount a line, with a comma between."""

    cleared_on: date
    lines: Annotated[str, StringConstraints(strip_whitespace=True, min_length=3, max_length=60_000)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line of the list; what could not be read is None."""

    place: int
    text: str
    number: int | None
    amount_cents: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The lines, the checks that they name, and the day."""

    lines: tuple[Line, ...]
    checks: Mapping[int, CheckFacts]
    as_of: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The checks that were paid, and their entries in the same order."""

    checks: tuple[CheckFacts, ...]
    entries: tuple[EntryDraft, ...]
    cleared_on: date


def lines_of(text: str) -> tuple[Line, ...]:
    """The list taken apart; a header line, like an empty one, is no line."""
    found = []
    for place, line in enumerate(text.splitlines(), 1):
        number, _, amount = (part.strip() for part in line.partition(","))
        if not line.strip() or (place == 1 and not any(sign.isdigit() for sign in line)):
            continue
        found.append(Line(place=place, text=line.strip(), number=_number(number), amount_cents=_cents(amount)))
    return tuple(found)


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 15 else None


def _cents(text: str) -> int | None:
    try:
        return parse_cents(text)
    except AmountNotUnderstood:
        return None


def gather(inputs: Inputs, moment: Moment, _: Actor) -> Facts:
    """Take the list apart, and read the checks.

    Raises:
        TooManyLines: more than `LINES_MAX`.
    """
    lines = lines_of(inputs.lines)
    if len(lines) > LINES_MAX:
        raise TooManyLines(count=len(lines), most=LINES_MAX)
    numbers = {line.number for line in lines if line.number is not None}
    return Facts(lines=lines, checks=checks_by_number(numbers), as_of=moment.as_of)


def propose(facts: Facts, inputs: Inputs) -> Proposal[Plan]:
    """Debit refunds payable, credit the bank.

    Raises:
        ClearedInFuture, NothingCleared: as they say.
    """
    if inputs.cleared_on > facts.as_of:
        raise ClearedInFuture(on=inputs.cleared_on)
    good: dict[int, CheckFacts] = {}
    problems: list[Sentence] = []
    for line in facts.lines:
        check = facts.checks.get(line.number or 0)
        problem = _problem(line, check=check, seen=good, on=inputs.cleared_on)
        if problem is not None:
            problems.append(problem)
        elif check is not None:
            good[check.number] = check
    if not good:
        raise NothingCleared(problems="; ".join(str(item) for item in problems))
    checks = tuple(good[number] for number in sorted(good))
    entries = tuple(_paid(item, on=inputs.cleared_on) for item in checks)
    total = sum(item.amount_cents for item in checks)
    said = {"count": len(checks), "total": format_cents(total)}
    return Proposal(
        summary=Sentence(gettext_noop("%(count)s refund checks of $%(total)s paid by the bank"), said),
        confirm=Sentence(gettext_noop("Clear $%(total)s"), said),
        plan=Plan(checks=checks, entries=entries, cleared_on=inputs.cleared_on),
        entries=entries,
        updates={"credit_refundcheck": len(checks), "credit_refund": len(checks)},
        changes=(
            made(gettext_noop("Checks"), len(checks), code="count", unit=Unit.COUNT),
            made(gettext_noop("Together"), total, code="total", unit=Unit.CENTS),
            *_told(problems),
        ),
        rules=(house_rule("refunds", "A refund is payable until the bank has paid it"),),
    )


def _problem(line: Line, *, check: CheckFacts | None, seen: Mapping[int, CheckFacts], on: date) -> Sentence | None:
    said: dict[str, object] = {"line": line.place, "text": line.text}
    if line.number is None or line.amount_cents is None:
        return Sentence(gettext_noop("line %(line)s: “%(text)s” is no check number and amount"), said)
    said |= {"number": line.number, "amount": format_cents(line.amount_cents)}
    if check is None:
        return Sentence(gettext_noop("line %(line)s: we wrote no check %(number)s"), said)
    if line.number in seen:
        return Sentence(gettext_noop("line %(line)s: check %(number)s stands twice"), said)
    if line.amount_cents != check.amount_cents:
        ours = said | {"ours": format_cents(check.amount_cents)}
        return Sentence(gettext_noop("line %(line)s: check %(number)s is of $%(ours)s, not $%(amount)s"), ours)
    if check.state == "cleared":
        return Sentence(gettext_noop("line %(line)s: check %(number)s was cleared before"), said)
    if check.state != "issued":
        return Sentence(gettext_noop("line %(line)s: check %(number)s was voided or stopped: call the bank"), said)
    if on < check.issued_on:
        return Sentence(gettext_noop("line %(line)s: check %(number)s was written later"), said)
    return None


def _told(problems: list[Sentence]) -> tuple[Change, ...]:
    return tuple(
        Change(
            code=f"problem_{place}",
            label=Sentence(gettext_noop("Not cleared")),
            unit=Unit.TEXT,
            before=None,
            after=str(item),
        )
        for place, item in enumerate(problems, 1)
    )


def _paid(check: CheckFacts, *, on: date) -> EntryDraft:
    return EntryDraft(
        kind="refund_paid",
        effective_on=on,
        postings=(
            Posting(ledger_account=LedgerAccount.REFUNDS_PAYABLE, amount_cents=check.amount_cents, charge="refund"),
            Posting(ledger_account=LedgerAccount.BANK, amount_cents=-check.amount_cents, charge="refund"),
        ),
    )


def record(proposal: Proposal[Plan], recording: Recording) -> None:
    """Mark them paid and post.

    Raises:
        RefundChangedMeanwhile: one was cleared, voided or stopped meanwhile.
    """
    plan = proposal.plan
    recording.entry_ids += clear_checks(
        plan.checks,
        entries=plan.entries,
        cleared_on=plan.cleared_on,
        at=recording.moment.at,
        receipt_id=recording.receipt_id,
    )


ACTION = registry.add(
    Action(
        name="clear_refund_checks",
        title=gettext_noop("Clear refund checks"),
        duty=5,
        on="utility",
        inputs=Inputs,
        gather=gather,
        propose=propose,
        record=record,
        summary=gettext_noop("Posts the refund checks that the bank paid; bad lines of its list are told one by one."),
    )
)
