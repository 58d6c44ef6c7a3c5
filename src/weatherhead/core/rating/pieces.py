"""Where a charge applies: the windows of dates of versions, seasons and dated prices, cut out of each period."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from weatherhead.core.rating.schedule import (
    Charge,
    FixedCharge,
    FuelClause,
    InForce,
    MinimumCharge,
    PercentageCharge,
    RiderCharge,
    Schedule,
    SeriesEntry,
    Version,
)
from weatherhead.core.rating.usage import UsageArrays
from weatherhead.core.values import Int64Array

Window = tuple[int, int]
Mask = NDArray[np.bool_]

_ALWAYS: Window = (date.min.toordinal(), date.max.toordinal())


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """The parts of some accounts' periods that one version, season and dated price covers; arrays of shape (m,).

    `accounts` holds ascending indexes into the batch, each once; starts and ends are ordinals inside each period.
    Monthly amounts and bounds are scaled by days ÷ `divisors`: the length of the period when that counts as one
    whole month, else the version's days a month.
    """

    accounts: Int64Array
    starts: Int64Array
    ends: Int64Array
    divisors: Int64Array

    @property
    def days(self) -> Int64Array:
        """Days of each account in the piece."""
        return self.ends - self.starts

    def only(self, mask: Mask) -> Piece:
        """The accounts for which the mask holds."""
        if bool(mask.all()):
            return self
        return Piece(
            accounts=self.accounts[mask],
            starts=self.starts[mask],
            ends=self.ends[mask],
            divisors=self.divisors[mask],
        )

    def within(self, window: Window) -> Piece:
        """The days inside a window, of the accounts that have any."""
        starts, ends = np.maximum(self.starts, window[0]), np.minimum(self.ends, window[1])
        return replace(self, starts=starts, ends=ends).only(starts < ends)


def piece_of_version(*, version: Version, window: Window, usages: UsageArrays) -> Piece:
    """The days of every account on which the version is in force."""
    lengths = usages.ends - usages.starts
    rule = version.proration
    whole = (rule.whole_month_days_min <= lengths) & (lengths <= rule.whole_month_days_max)
    divisors = np.where(whole, lengths, rule.days_per_month).astype(np.int64)
    accounts = np.arange(usages.count, dtype=np.int64)
    return Piece(accounts=accounts, starts=usages.starts, ends=usages.ends, divisors=divisors).within(window)


def pieces_of_charge(
    *, charge: Charge, of_version: Piece, version: Version, window: Window, schedule: Schedule, usages: UsageArrays
) -> Iterator[tuple[Piece, SeriesEntry | None]]:
    """Cut a version's piece where the charge's season or dated price changes, in the order of dates.

    A charge without a season is not cut at seasons, and one with a price of its own not at dated prices. A charge a
    bill is made once, by the version in force on the period's last day, for the whole period.
    """
    if isinstance(charge, FixedCharge) and charge.per == "bill":
        last = usages.ends[of_version.accounts] - 1
        due = of_version.only((window[0] <= last) & (last < window[1]))
        yield replace(due, starts=usages.starts[due.accounts], ends=usages.ends[due.accounts]), None
        return
    if not len(of_version.accounts):
        return
    season = None if isinstance(charge, PercentageCharge | MinimumCharge) else charge.season
    first, last_on = int(of_version.starts.min()), int(of_version.ends.max()) - 1
    seasons = [_ALWAYS] if season is None else _season_windows(version, code=season, first=first, last=last_on)
    name = charge.series if isinstance(charge, RiderCharge | FuelClause) else None
    for season_window in seasons:
        in_season = of_version.within(season_window)
        if name is None:
            yield in_season, None
            continue
        assert isinstance(charge, RiderCharge | FuelClause)
        for entry, dated in _series_windows(schedule.series[name]):
            yield _in_force(in_season, rule=charge.in_force, window=dated, usages=usages), entry


def _season_windows(version: Version, *, code: str, first: int, last: int) -> list[Window]:
    """The occurrences of a season, in order; where two entries of the season meet they make one."""
    ends = {"first": date.fromordinal(first), "last": date.fromordinal(last)}
    found = sorted(window for season in version.seasons if season.code == code for window in season.windows(**ends))
    return list(_joined(found))


def _joined(windows: Iterable[Window]) -> Iterator[Window]:
    current: Window | None = None
    for start, end in windows:
        if current is not None and start <= current[1]:
            current = (current[0], max(end, current[1]))
            continue
        if current is not None:
            yield current
        current = (start, end)
    if current is not None:
        yield current


def _series_windows(entries: tuple[SeriesEntry, ...]) -> Iterator[tuple[SeriesEntry, Window]]:
    """Each dated price with its window; the first reaches back before its date, for periods that began earlier."""
    starts = [_ALWAYS[0], *(entry.effective.toordinal() for entry in entries[1:]), _ALWAYS[1]]
    yield from zip(entries, pairwise(starts), strict=True)


def _in_force(piece: Piece, *, rule: InForce, window: Window, usages: UsageArrays) -> Piece:
    if rule is InForce.BY_DAY:
        return piece.within(window)
    deciding = usages.ends[piece.accounts] - 1 if rule is InForce.AT_END else usages.starts[piece.accounts]
    return piece.only((window[0] <= deciding) & (deciding < window[1]))
