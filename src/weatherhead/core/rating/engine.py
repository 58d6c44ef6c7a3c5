"""Rating: usage times prices, exact to the cent, over many accounts at once. One account is n = 1 of the same code.

Formulas with worked tables are in docs/algorithms/rating.md. All arithmetic is on 64-bit integers; what would not fit
raises OverflowError. An account that cannot be rated is a refusal in the result and never stops the others.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import assert_never

import numpy as np

from weatherhead.core.rating.columns import (
    Amounts,
    Column,
    Tier,
    billing_demand_w,
    cut,
    demand_amounts,
    energy_amounts,
    fixed_amounts,
    percentage_amounts,
    rounding_of,
    scaled_bound_wh,
    scaled_hours_wh,
    shortfall_amounts,
)
from weatherhead.core.rating.lines import RatedBill
from weatherhead.core.rating.pieces import Mask, Piece, Window, piece_of_version, pieces_of_charge
from weatherhead.core.rating.price import price_per_kwh
from weatherhead.core.rating.ratable import (
    demand_missing,
    energy_by_period_unfit,
    energy_missing,
    facilities_levels,
    not_in_force,
    option_missing,
    out_of_range,
)
from weatherhead.core.rating.rated import RatedArrays
from weatherhead.core.rating.schedule import (
    Block,
    Charge,
    ChoiceOption,
    DemandCharge,
    EnergyCharge,
    FixedCharge,
    FuelClause,
    HoursBlock,
    MinimumCharge,
    PercentageCharge,
    RiderCharge,
    Schedule,
    SeriesEntry,
    Version,
)
from weatherhead.core.rating.usage import MISSING, Usage, UsageArrays, UsageNotRatable, usage_arrays
from weatherhead.core.values import Int64Array, add_exactly, round_ratios


def rate(schedule: Schedule, usage: Usage) -> RatedBill:
    """Rate one account's period.

    Raises:
        UsageNotRatable: saying what is missing or does not fit.
        OverflowError: when an amount is beyond 64-bit fixed point, instead of a wrong amount.
    """
    return rate_many(schedule, usage_arrays(schedule=schedule, usages=[usage])).bill(0)


def rate_many(schedule: Schedule, usages: UsageArrays) -> RatedArrays:
    """Rate n accounts' periods; refusals of single accounts are values in the result, by index.

    Raises:
        OverflowError: when an amount is beyond 64-bit fixed point.
    """
    batch = _Batch(schedule=schedule, usages=usages)
    for version, start, end in schedule.windows():
        _rate_version(batch, version=version, window=(start, end))
    return batch.result()


class _Batch:
    """What rating gathers on its way: columns of lines, refusals, and sums that percentages are taken of."""

    def __init__(self, *, schedule: Schedule, usages: UsageArrays) -> None:
        self.schedule = schedule
        self.usages = usages
        self.columns: list[Column] = []
        self.refused: dict[int, UsageNotRatable] = {}
        self._ratable: Mask = np.ones(usages.count, dtype=np.bool_)
        self._sums: dict[str, Int64Array] = {}
        self.refuse(usages.refused)
        self.refuse(out_of_range(schedule=schedule, usages=usages))
        self.refuse(not_in_force(schedule=schedule, usages=usages))

    def refuse(self, found: Mapping[int, UsageNotRatable]) -> None:
        """Leave accounts out from here on; the first reason found is kept."""
        for account, refusal in found.items():
            self.refused.setdefault(account, refusal)
            self._ratable[account] = False

    def ratable(self, piece: Piece) -> Piece:
        """The accounts of a piece that are not refused."""
        return piece.only(self._ratable[piece.accounts]) if self.refused else piece

    def begin_version(self) -> None:
        """Percentages and minimums are taken of their own version's lines."""
        self._sums = {}

    def base_cents(self, *, codes: tuple[str, ...], accounts: Int64Array) -> Int64Array:
        """Sum of the rounded lines with these codes so far in this version."""
        total = np.zeros(len(accounts), dtype=np.int64)
        for code in codes:
            if code in self._sums:
                total = add_exactly(total, self._sums[code][accounts])
        return total

    def add(
        self,
        *,
        version: Version,
        charge: Charge,
        price: Decimal,
        piece: Piece,
        amounts: Amounts,
        entry: SeriesEntry | None = None,
        tier: Tier | None = None,
    ) -> None:
        """Round amounts to cents and keep the lines that have a quantity (a minimum: that fall short by a cent)."""
        rule = rounding_of(version=version, charge=charge)
        cents = round_ratios(numerators=amounts.numerators, denominator=amounts.denominators, rule=rule)
        keep = cents > 0 if isinstance(charge, MinimumCharge) else amounts.quantities != 0
        if not bool(keep.any()):
            return
        if not bool(keep.all()):
            piece, amounts, cents = piece.only(keep), amounts.only(keep), cents[keep]
        if charge.code not in self._sums:
            self._sums[charge.code] = np.zeros(self.usages.count, dtype=np.int64)
        sums = self._sums[charge.code]
        sums[piece.accounts] = add_exactly(sums[piece.accounts], cents)
        self.columns.append(
            Column(
                version=version,
                charge=charge,
                price=price,
                piece=piece,
                quantities=amounts.quantities,
                numerators=amounts.numerators,
                denominators=amounts.denominators,
                cents=cents,
                entry=entry,
                tier=tier,
            )
        )

    def result(self) -> RatedArrays:
        """The columns without refused accounts, and their totals."""
        columns = [column.only(self._ratable[column.piece.accounts]) for column in self.columns]
        totals = np.zeros(self.usages.count, dtype=np.int64)
        for column in columns:
            accounts = column.piece.accounts
            totals[accounts] = add_exactly(totals[accounts], column.cents)
        return RatedArrays(
            schedule=self.schedule,
            usages=self.usages,
            columns=tuple(column for column in columns if len(column.cents)),
            total_cents=totals,
            refused=dict(sorted(self.refused.items())),
        )


def _rate_version(batch: _Batch, *, version: Version, window: Window) -> None:
    piece = batch.ratable(piece_of_version(version=version, window=window, usages=batch.usages))
    if not len(piece.accounts):
        return
    levels, refused = facilities_levels(
        schedule=batch.schedule, version=version, usages=batch.usages, accounts=piece.accounts
    )
    batch.refuse(refused)
    batch.refuse(energy_by_period_unfit(version=version, window=window, usages=batch.usages, accounts=piece.accounts))
    batch.begin_version()
    for charge in version.charges:
        chosen = _under_conditions(batch, charge=charge, piece=piece, levels=levels)
        for part, entry in pieces_of_charge(
            charge=charge,
            of_version=chosen,
            version=version,
            window=window,
            schedule=batch.schedule,
            usages=batch.usages,
        ):
            if len(part.accounts):
                _rate_charge(batch, version=version, charge=charge, piece=part, entry=entry)


def _under_conditions(batch: _Batch, *, charge: Charge, piece: Piece, levels: Int64Array) -> Piece:
    """The accounts to which a charge applies by its options and level."""
    chosen = batch.ratable(piece)
    if isinstance(charge, FixedCharge) and charge.level is not None:
        chosen = chosen.only(levels[chosen.accounts] == charge.level)
    for name, value in charge.when.items():
        batch.refuse(option_missing(schedule=batch.schedule, usages=batch.usages, accounts=chosen.accounts, name=name))
        chosen = batch.ratable(chosen)
        option = batch.schedule.options[name]
        assert isinstance(option, ChoiceOption)  # the loader sees to it
        chosen = chosen.only(batch.usages.option(name)[chosen.accounts] == option.values.index(value))
    return chosen


def _rate_charge(batch: _Batch, *, version: Version, charge: Charge, piece: Piece, entry: SeriesEntry | None) -> None:
    match charge:
        case FixedCharge():
            counts = np.ones(len(piece.accounts), dtype=np.int64)
            if charge.times is not None:
                counts = batch.usages.option(charge.times)[piece.accounts]
                counts = np.where(counts == MISSING, 0, counts)
            amounts = fixed_amounts(price=charge.price, per=charge.per, counts=counts, piece=piece)
            batch.add(version=version, charge=charge, price=charge.price, piece=piece, amounts=amounts)
        case EnergyCharge():
            _rate_energy(batch, version=version, charge=charge, piece=piece)
        case RiderCharge() | FuelClause():
            _rate_rider(batch, version=version, charge=charge, piece=piece, entry=entry)
        case DemandCharge():
            piece, metered_w = _with_demand(batch, piece=piece, determinant=charge.demand.determinant)
            demand_w = billing_demand_w(demand=charge.demand, metered_w=metered_w)
            amounts = demand_amounts(price=charge.price, demand_w=demand_w, piece=piece)
            batch.add(version=version, charge=charge, price=charge.price, piece=piece, amounts=amounts)
        case PercentageCharge():
            base_cents = batch.base_cents(codes=charge.of, accounts=piece.accounts)
            amounts = percentage_amounts(percent=charge.percent, base_cents=base_cents)
            batch.add(version=version, charge=charge, price=charge.percent, piece=piece, amounts=amounts)
        case MinimumCharge():
            _rate_minimum(batch, version=version, charge=charge, piece=piece)
        case _:
            assert_never(charge)


def _rate_minimum(batch: _Batch, *, version: Version, charge: MinimumCharge, piece: Piece) -> None:
    demand_w = np.zeros(len(piece.accounts), dtype=np.int64)
    if charge.price_per_kw:
        piece, metered_w = _with_demand(batch, piece=piece, determinant=charge.demand.determinant)
        demand_w = billing_demand_w(demand=charge.demand, metered_w=metered_w)
    amounts = shortfall_amounts(
        price=charge.price,
        price_per_kw=charge.price_per_kw,
        demand_w=demand_w,
        base_cents=batch.base_cents(codes=charge.of, accounts=piece.accounts),
        piece=piece,
    )
    batch.add(version=version, charge=charge, price=charge.price, piece=piece, amounts=amounts)


def _rate_rider(
    batch: _Batch, *, version: Version, charge: RiderCharge | FuelClause, piece: Piece, entry: SeriesEntry | None
) -> None:
    piece, energy_wh = _with_energy(batch, piece=piece, period=charge.period)
    price = price_per_kwh(charge, entry=entry)
    amounts = energy_amounts(price=price, energy_wh=energy_wh)
    batch.add(version=version, charge=charge, price=price, piece=piece, amounts=amounts, entry=entry)


def _rate_energy(batch: _Batch, *, version: Version, charge: EnergyCharge, piece: Piece) -> None:
    piece, energy_wh = _with_energy(batch, piece=piece, period=charge.period)
    demand_w: Int64Array | None = None
    if charge.hours_blocks:
        kept, demand_w = _with_demand(batch, piece=piece, determinant=charge.hours_of)
        energy_wh = energy_wh[np.isin(piece.accounts, kept.accounts, assume_unique=True)]
        piece = kept
    for hours_from, hours_block in _hours_with_lower(charge.tiers):
        inside = energy_wh
        if demand_w is not None:
            inside = cut(
                energy_wh=energy_wh,
                lower=scaled_hours_wh(hours=hours_from, demand_w=demand_w, piece=piece) if hours_from else None,
                upper=None
                if hours_block.up_to_hours is None
                else scaled_hours_wh(hours=hours_block.up_to_hours, demand_w=demand_w, piece=piece),
            )
        for kwh_from, block in _blocks_with_lower(hours_block.blocks):
            in_block = cut(
                energy_wh=inside,
                lower=scaled_bound_wh(bound_kwh=kwh_from, piece=piece) if kwh_from else None,
                upper=None if block.up_to_kwh is None else scaled_bound_wh(bound_kwh=block.up_to_kwh, piece=piece),
            )
            batch.add(
                version=version,
                charge=charge,
                price=block.price,
                piece=piece,
                amounts=energy_amounts(price=block.price, energy_wh=in_block),
                tier=Tier(hours_block=hours_block, hours_from=hours_from, block=block, kwh_from=kwh_from),
            )


def _hours_with_lower(tiers: tuple[HoursBlock, ...]) -> Iterator[tuple[Decimal, HoursBlock]]:
    lower = Decimal(0)
    for tier in tiers:
        yield lower, tier
        lower = tier.up_to_hours or lower


def _blocks_with_lower(blocks: tuple[Block, ...]) -> Iterator[tuple[Decimal, Block]]:
    lower = Decimal(0)
    for block in blocks:
        yield lower, block
        lower = block.up_to_kwh or lower


def _with_energy(batch: _Batch, *, piece: Piece, period: str | None) -> tuple[Piece, Int64Array]:
    """The accounts whose energy is known, and their Wh in the piece; the others are refused."""
    if period is not None:
        batch.refuse(
            energy_missing(schedule=batch.schedule, usages=batch.usages, accounts=piece.accounts, period=period)
        )
        piece = batch.ratable(piece)
    energy_wh = batch.usages.energy_between(
        accounts=piece.accounts, starts=piece.starts, ends=piece.ends, period=period
    )
    return piece, energy_wh


def _with_demand(batch: _Batch, *, piece: Piece, determinant: str) -> tuple[Piece, Int64Array]:
    """The accounts whose demand is known, and their W (VA for kVA); the others are refused."""
    batch.refuse(
        demand_missing(schedule=batch.schedule, usages=batch.usages, accounts=piece.accounts, determinant=determinant)
    )
    piece = batch.ratable(piece)
    return piece, batch.usages.demand(determinant)[piece.accounts]
