"""What rating hands out: a bill's lines, each with the proof of its amount."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from weatherhead.core.values import Span


@dataclass(frozen=True, slots=True, kw_only=True)
class RatedLine:
    """One charge of a bill, and how its amount came about.

    `unrounded` is the exact amount in dollars as text; an expansion that does not end is cut after ten decimals and
    ends in "…". `rounding` names the rule that made `amount_cents` of it. `steps` tell the arithmetic in short
    sentences. `quantity` is what the price multiplies (billing kW and lamps before proration, which `steps` show).
    `version` is the date from which the version of the schedule is in force; `status` says how far the price can be
    trusted (verified, secondary, illustrative).
    """

    code: str
    label: str
    quantity: Decimal
    quantity_unit: str
    price: Decimal
    price_unit: str
    unrounded: str
    amount_cents: int
    span: Span
    posts_to: str
    version: date
    clause: str
    citation: str
    status: str
    rounding: str
    steps: tuple[str, ...]

    def to_dict(self) -> dict[str, object]:
        """The line as JSON-able values: decimals as text, dates in ISO 8601."""
        return {
            "code": self.code,
            "label": self.label,
            "quantity": str(self.quantity),
            "quantity_unit": self.quantity_unit,
            "price": str(self.price),
            "price_unit": self.price_unit,
            "unrounded": self.unrounded,
            "amount_cents": self.amount_cents,
            "start_on": self.span.start.isoformat(),
            "end_on": self.span.end.isoformat(),
            "posts_to": self.posts_to,
            "version": self.version.isoformat(),
            "clause": self.clause,
            "citation": self.citation,
            "status": self.status,
            "rounding": self.rounding,
            "steps": list(self.steps),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, object]) -> RatedLine:
        """The line that `to_dict` wrote.

        Raises:
            KeyError, TypeError, ValueError: when the data was not written by `to_dict`.
        """
        amount_cents, steps = data["amount_cents"], data["steps"]
        if not isinstance(amount_cents, int) or not isinstance(steps, list | tuple):
            raise TypeError("a stored line needs whole cents and a list of steps")
        start, end = date.fromisoformat(str(data["start_on"])), date.fromisoformat(str(data["end_on"]))
        return cls(
            code=str(data["code"]),
            label=str(data["label"]),
            quantity=Decimal(str(data["quantity"])),
            quantity_unit=str(data["quantity_unit"]),
            price=Decimal(str(data["price"])),
            price_unit=str(data["price_unit"]),
            unrounded=str(data["unrounded"]),
            amount_cents=amount_cents,
            span=Span(start=start, end=end),
            posts_to=str(data["posts_to"]),
            version=date.fromisoformat(str(data["version"])),
            clause=str(data["clause"]),
            citation=str(data["citation"]),
            status=str(data["status"]),
            rounding=str(data["rounding"]),
            steps=tuple(str(step) for step in steps),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RatedPrice:
    """One price of a schedule as it stands on bills: what every line that it makes has in common.

    The fields are those of `RatedLine`.
    """

    code: str
    label: str
    price: Decimal
    price_unit: str
    posts_to: str
    version: date
    clause: str
    citation: str
    status: str
    rounding: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RatedBill:
    """The lines of one account's period, in the order of the schedule; they sum to the total."""

    schedule: str
    span: Span
    lines: tuple[RatedLine, ...]

    @property
    def total_cents(self) -> int:
        """The sum of the lines."""
        return sum(line.amount_cents for line in self.lines)

    def to_dict(self) -> dict[str, object]:
        """The bill as JSON-able values."""
        return {
            "schedule": self.schedule,
            "start_on": self.span.start.isoformat(),
            "end_on": self.span.end.isoformat(),
            "lines": [line.to_dict() for line in self.lines],
            "total_cents": self.total_cents,
        }
