"""When someone of the town pays a bill, and how much: the same in the old system and in the new one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from weatherhead.core.values import BusinessDays
from weatherhead.interfaces.cli.demo_town.chance import Chance
from weatherhead.interfaces.cli.demo_town.members import Member

_PART_LEAST_CENTS, _PART_STEP_CENTS = 20_00, 5_00
_AHEAD_STEP_CENTS = 100_00


@dataclass(frozen=True, slots=True, kw_only=True)
class Paying:
    """The day on which a bill will be paid, and whether that is after it was due."""

    on: date
    late: bool


def plan_payment(
    member: Member, *, billed_on: date, due_on: date, clock: BusinessDays, chance: Chance
) -> Paying | None:
    """What the customer's habit makes of a bill; None for one whom only a story makes pay."""
    if member.pays_until is not None and billed_on >= member.pays_until:
        return None
    name = (member.ref, billed_on.isoformat())
    late = member.habit == "late" or (member.habit == "usually" and chance.happens(0.22, "late", *name))
    days = chance.whole(5, 21, "days late", *name) if late else -chance.whole(2, 13, "days early", *name)
    on = clock.next_open(max(due_on + timedelta(days=days), billed_on + timedelta(days=2)))
    return Paying(on=on, late=late)


def amount_paid(member: Member, *, owed_cents: int, on: date, chance: Chance) -> int:
    """How much of what is owed someone pays."""
    name = (member.ref, on.isoformat())
    if member.habit == "partial" and not chance.happens(0.3, "in full", *name):
        return min(owed_cents, max(_PART_LEAST_CENTS, owed_cents * 6 // 10 // _PART_STEP_CENTS * _PART_STEP_CENTS))
    if member.habit == "ahead":
        return (owed_cents // _AHEAD_STEP_CENTS + 1) * _AHEAD_STEP_CENTS
    return owed_cents
