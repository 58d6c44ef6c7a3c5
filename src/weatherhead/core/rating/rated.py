"""The result of rating many accounts: columns of amounts; lines with their proofs are made when asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np

from weatherhead.core.rating.columns import Column
from weatherhead.core.rating.lines import RatedBill, RatedLine
from weatherhead.core.rating.proof import line_of
from weatherhead.core.rating.schedule import Schedule
from weatherhead.core.rating.usage import UsageArrays, UsageNotRatable
from weatherhead.core.values import Int64Array, Span


@dataclass(frozen=True, slots=True, kw_only=True)
class RatedArrays:
    """Rated periods of n accounts.

    `columns` hold the lines, one price a column, in the order in which they stand on a bill. `total_cents` (n,) is 0
    for an account in `refused`, which tells why it could not be rated.
    """

    schedule: Schedule
    usages: UsageArrays
    columns: tuple[Column, ...]
    total_cents: Int64Array
    refused: Mapping[int, UsageNotRatable]

    @property
    def count(self) -> int:
        """Number of accounts, refused ones included."""
        return len(self.total_cents)

    def bill(self, index: int) -> RatedBill:
        """The lines of one account with their proofs.

        Raises:
            UsageNotRatable: the account's own refusal.
            IndexError: when there is no such account.
        """
        if not 0 <= index < self.count:
            raise IndexError(f"there is no account {index} among {self.count}")
        if index in self.refused:
            raise self.refused[index]
        start, end = int(self.usages.starts[index]), int(self.usages.ends[index])
        return RatedBill(
            schedule=self.schedule.code,
            span=Span(start=date.fromordinal(start), end=date.fromordinal(end)),
            lines=tuple(self._lines(index)),
        )

    def _lines(self, index: int) -> list[RatedLine]:
        lines: list[RatedLine] = []
        for column in self.columns:
            position = int(np.searchsorted(column.piece.accounts, index))
            if position < len(column.cents) and column.piece.accounts[position] == index:
                lines.append(
                    line_of(column, position=position, schedule=self.schedule, usages=self.usages, above=lines)
                )
        return lines
