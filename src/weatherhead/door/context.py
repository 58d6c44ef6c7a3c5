"""Who acts, and when. Interfaces make these; everything below receives them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Someone at the door. Without an `employee_id` nothing can be written: every deed has a person.

    `channel` is the face that the actor came through: workbench, cli, worker.
    """

    name: str
    employee_id: int
    channel: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """One reading of the clock, passed down: the instant (UTC) and the utility's local date."""

    at: datetime
    as_of: date

    def __post_init__(self) -> None:
        """A naive instant is a bug."""
        if self.at.tzinfo is None:
            raise ValueError("an instant carries its time zone")
