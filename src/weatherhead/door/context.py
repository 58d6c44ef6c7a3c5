"""Who acts, and when. Interfaces make these; everything below receives them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo


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

    @classmethod
    def read(cls, now: datetime, *, zone: ZoneInfo, today: date | None) -> Moment:
        """The moment of a reading of the clock. On a fixed `today` (a demo's) the time of day still runs on."""
        local = now.astimezone(zone)
        if today is None:
            return cls(at=now, as_of=local.date())
        at = datetime.combine(today, local.time(), tzinfo=zone)
        return cls(at=at.astimezone(UTC), as_of=today)
