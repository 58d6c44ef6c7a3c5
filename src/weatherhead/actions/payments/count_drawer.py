"""Count a drawer without being told what it should hold: neither the form nor the preview nor the receipt says it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from weatherhead.actions.figures import house_rule, made
from weatherhead.actions.inputs import CountedCents, Number, rows_typed
from weatherhead.areas.payments.drawers import (
    CountFacts,
    DrawerFacts,
    Holdings,
    counts_of,
    drawer,
    holdings_of_drawers,
)
from weatherhead.areas.payments.operations.drawers import CountPlan, DrawerClosed, hold_drawer, record_count
from weatherhead.core.values import Refusal, Sentence, Unit, format_cents, gettext_noop
from weatherhead.door.context import Actor, Moment
from weatherhead.door.proposal import Proposal
from weatherhead.door.registry import Action, Recording, registry

COUNTS_MAX = 2
"""As often may a drawer be counted while nothing comes into it or leaves it."""
PIECES_CENTS = (1, 5, 10, 25, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000)
"""The coins and notes of the United States."""


class NoSuchPiece(Refusal):
    """Neither a coin nor a note."""

    template = gettext_noop("There is no coin or note of $%(worth)s. Give the worth of one piece, then how many.")


class PieceTwice(Refusal):
    """A denomination is counted once."""

    template = gettext_noop("Pieces of $%(worth)s stand there twice. Write them once.")


class CountedTwice(Refusal):
    """A third count would be a search for the right answer."""

    template = gettext_noop(
        "Drawer %(drawer)s was counted twice since its last payment. Close it; what it is over or short is looked at."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class PieceRow:
    """How many there are of a coin or note."""

    worth_cents: CountedCents
    count: Annotated[int, Field(ge=0, le=100_000)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """What lies in the drawer: coins and notes, the float among them, and checks and money orders together."""

    drawer_id: Number
    pieces: Annotated[tuple[PieceRow, ...], rows_typed("worth_cents", "count", least=2), Field(max_length=50)] = ()
    checks: Annotated[int, Field(ge=0, le=100_000)] = 0
    checks_cents: CountedCents = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The drawer, what its payments come to, and its counts so far."""

    drawer: DrawerFacts
    holds: Holdings
    counts: tuple[CountFacts, ...]


def expected_in(held: DrawerFacts, *, holds: Holdings) -> Holdings:
    """What a drawer should hold: its float, and what its payments come to."""
    return Holdings(
        cash_cents=held.float_cents + holds.cash_cents, checks=holds.checks, checks_cents=holds.checks_cents
    )


def gather(inputs: Inputs, _: Moment, __: Actor) -> Facts:
    """Hold the drawer still, and read what it should hold."""
    hold_drawer(inputs.drawer_id)
    return Facts(
        drawer=drawer(inputs.drawer_id),
        holds=holdings_of_drawers([inputs.drawer_id])[inputs.drawer_id],
        counts=counts_of(inputs.drawer_id),
    )


def propose(facts: Facts, inputs: Inputs) -> Proposal[CountPlan]:
    """Keep what was counted, and beside it, unsaid, what was expected.

    Raises:
        DrawerClosed, CountedTwice, NoSuchPiece, PieceTwice: as they say.
    """
    held = facts.drawer
    if held.closed_on is not None:
        raise DrawerClosed(drawer=held.drawer_id)
    expected = expected_in(held, holds=facts.holds)
    if sum(count.expected == expected for count in facts.counts) >= COUNTS_MAX:
        raise CountedTwice(drawer=held.drawer_id)
    pieces: dict[str, int] = {}
    for row in inputs.pieces:
        worth = format_cents(row.worth_cents)
        if row.worth_cents not in PIECES_CENTS:
            raise NoSuchPiece(worth=worth)
        if str(row.worth_cents) in pieces:
            raise PieceTwice(worth=worth)
        pieces[str(row.worth_cents)] = row.count
    cash_cents = sum(int(worth) * count for worth, count in pieces.items())
    said = {
        "drawer": held.drawer_id,
        "cash": format_cents(cash_cents),
        "checks": inputs.checks,
        "amount": format_cents(inputs.checks_cents),
    }
    template = gettext_noop("Drawer %(drawer)s counted: $%(cash)s in cash, %(checks)s checks of $%(amount)s")
    if inputs.checks == 1:
        template = gettext_noop("Drawer %(drawer)s counted: $%(cash)s in cash, one check of $%(amount)s")
    return Proposal(
        summary=Sentence(template, said),
        confirm=Sentence(gettext_noop("Keep this count"), said),
        plan=CountPlan(
            drawer_id=held.drawer_id,
            pieces=pieces,
            cash_cents=cash_cents,
            checks=inputs.checks,
            checks_cents=inputs.checks_cents,
            expected_cash_cents=expected.cash_cents,
            expected_checks=expected.checks,
            expected_checks_cents=expected.checks_cents,
        ),
        creates={"payments_drawercount": 1},
        changes=(
            made(gettext_noop("Cash counted, with the float"), cash_cents, code="cash", unit=Unit.CENTS),
            made(gettext_noop("Checks and money orders"), inputs.checks, code="checks", unit=Unit.COUNT),
            made(gettext_noop("They come to"), inputs.checks_cents, code="checks_cents", unit=Unit.CENTS),
        ),
        rules=(house_rule("drawers", "A drawer has one keeper, and is counted before it is told what it should hold"),),
    )


def record(proposal: Proposal[CountPlan], recording: Recording) -> None:
    """Keep the count.

    Raises:
        DrawerClosed: it was closed meanwhile.
    """
    count_id = record_count(
        proposal.plan,
        counted_at=recording.moment.at,
        counted_by=recording.actor.name,
        receipt_id=recording.receipt_id,
    )
    recording.made_one("drawer_count", count_id)


ACTION = registry.add(
    Action(
        name="count_drawer",
        title=gettext_noop("Count a drawer"),
        duty=4,
        on="drawer",
        inputs=Inputs,
        gather=gather,
        propose=propose,
        record=record,
        summary=gettext_noop(
            "Counts a drawer blind: what it should hold is not shown. A second count is allowed once."
        ),
    )
)
