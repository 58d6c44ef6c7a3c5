"""How truly a meter registers, and what passed through it. Pure."""

from __future__ import annotations

from decimal import Decimal

EXACT = 10_000
"""The accuracy of a meter that registers what passes, in hundredths of a percent."""


def hundredths(percent: Decimal) -> int:
    """A percentage with at most two decimals, in hundredths of a percent."""
    return int(percent.scaleb(2))


def percent_text(accuracy: int) -> str:
    """Hundredths of a percent for people: 10260 gives "102.60"."""
    return f"{Decimal(accuracy).scaleb(-2):.2f}"


def right_energy_wh(registered_wh: int, *, accuracy: int) -> int:
    """What passed through a meter that registered so much, at an accuracy in hundredths of a percent; a half Wh up."""
    return (2 * registered_wh * EXACT + accuracy) // (2 * accuracy)
