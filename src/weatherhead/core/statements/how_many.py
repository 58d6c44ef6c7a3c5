"""The arithmetic of many lines in short: what `how_text` says of each, without making the proof of each."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from weatherhead.core.rating import Column
from weatherhead.core.rating.schedule import (
    DemandCharge,
    EnergyCharge,
    FixedCharge,
    FuelClause,
    PercentageCharge,
    RiderCharge,
)
from weatherhead.core.statements.payload import price_text

_KILO = 1_000
_CENTS = 100
_PLACES_SHOWN = 10
_KWH_PLACES = 3
_PERCENT_PLACES = 4


def how_texts(column: Column, *, of_line: Callable[[int], str]) -> list[str]:
    """The short arithmetic of every line of a column.

    Energy, demand of a whole month and percentages are written straight from their figures. `of_line` says it of one
    position from its proof; it is asked once for all fixed charges of the same days, and for whatever else there is.
    """
    charge, price = column.charge, column.price
    exponent = price.normalize().as_tuple().exponent
    places = -exponent if isinstance(exponent, int) else _PLACES_SHOWN
    if isinstance(charge, EnergyCharge | RiderCharge | FuelClause) and places <= _PLACES_SHOWN - _KWH_PLACES:
        said = f" kWh × {price_text(price, unit='$/kWh')}"
        return [f"{kilo_text(quantity)}{said}" for quantity in column.quantities.tolist()]
    if isinstance(charge, PercentageCharge) and places <= _PLACES_SHOWN - _PERCENT_PLACES:
        said = f" × {price_text(price, unit='%')}"
        return [
            f"${quantity // _CENTS:,}.{quantity % _CENTS:02d}{said}" if quantity >= 0 else of_line(place)
            for place, quantity in enumerate(column.quantities.tolist())
        ]
    if isinstance(charge, DemandCharge) and places <= _PLACES_SHOWN - _KWH_PLACES:
        said = f" {charge.demand.unit} × {price_text(price, unit='$/kW')}"
        whole = (column.piece.days == column.piece.divisors).tolist()
        figures = zip(whole, column.quantities.tolist(), strict=True)
        return [
            f"{kilo_text(quantity)}{said}" if month else of_line(place)
            for place, (month, quantity) in enumerate(figures)
        ]
    if not isinstance(charge, FixedCharge):
        return [of_line(place) for place in range(len(column.cents))]
    piece = column.piece
    alike = np.column_stack([column.quantities, piece.days, piece.divisors])
    _, first, which = np.unique(alike, axis=0, return_index=True, return_inverse=True)
    texts = [of_line(place) for place in first.tolist()]
    return [texts[place] for place in which.reshape(-1).tolist()]


def kilo_text(value: int) -> str:
    """Wh as kWh, W as kW: thousands apart, no needless zeros."""
    whole, rest = divmod(abs(value), _KILO)
    decimals = f".{rest:03d}".rstrip("0") if rest else ""
    return f"{'-' if value < 0 else ''}{whole:,}{decimals}"
