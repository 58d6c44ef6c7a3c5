"""What is known of a migration set, as frozen values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from weatherhead.areas.records.canonical import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class SetFacts:
    """A set whose loading was begun. `shards` counts all of each stage, `done` those that are loaded."""

    set_id: int
    source: str
    name: str
    sha256: str
    plan_sha256: str
    cut_over_on: date
    account_numbers: str
    good_rows: bool
    control: Mapping[str, int]
    found: Mapping[str, Json]
    shards: Mapping[str, int]
    done: Mapping[str, int]
    begun_by: str
    begun_by_employee_id: int
    begun_at: datetime
    signed_by: str
    signed_at: datetime | None
    signed_note: str
    signed_totals: Mapping[str, Json] | None

    @property
    def loaded(self) -> bool:
        """Whether every shard is loaded."""
        return all(self.done.get(stage, 0) == count for stage, count in self.shards.items())

    @property
    def state(self) -> str:
        """One of: loading, loaded, signed_off."""
        if self.signed_at is not None:
            return "signed_off"
        return "loaded" if self.loaded else "loading"


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedTotal:
    """One control total beside what the database holds of the set: cents, or Wh for energy.

    `rejected` is what the rejected rows come to as far as their figures could be read, `unread` how many could not.
    """

    name: str
    control: int
    loaded: int
    rejected: int
    unread: int

    @property
    def difference(self) -> int:
        """What the old system has, and the database has not."""
        return self.control - self.loaded

    @property
    def explained(self) -> bool:
        """Whether the rejected rows account for the difference, to the cent."""
        return self.unread > 0 or self.difference == self.rejected


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedRows:
    """The rows of one file: what the old system counts, what the database holds of the set, what was rejected."""

    file: str
    control: int
    loaded: int
    rejected: int

    @property
    def difference(self) -> int:
        """Rows that the old system has, and the database has not."""
        return self.control - self.loaded
