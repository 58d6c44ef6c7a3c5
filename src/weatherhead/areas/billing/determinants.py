"""What the prices of a segment multiplied, kept with it: enough to rate it again and to say what was checked."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import pairwise

from weatherhead.areas.billing.columns import BillingColumns
from weatherhead.areas.billing.price_many import WH_PER_KWH, Priced, ratio_text, typed_options
from weatherhead.areas.metering.accuracy import EXACT, right_energy_wh
from weatherhead.areas.metering.usage import READ_KINDS, energy_wh_between
from weatherhead.areas.records.arrays import MISSING
from weatherhead.areas.records.canonical import Json, canonical
from weatherhead.areas.records.utility import Bounds
from weatherhead.core.rating import Schedule, Usage, UsagePart
from weatherhead.core.values import Sentence, Span, format_cents, gettext_noop


def determinants_of(
    columns: BillingColumns, *, priced: Priced, bounds: Bounds, indexes: Iterable[int]
) -> dict[int, dict[str, Json]]:
    """What is kept of the periods of some agreements of a batch, by index. The batch is laid out once for them all."""
    text_of = determinants_text(columns, priced=priced, bounds=bounds)
    return {index: json.loads(text_of(index)) for index in indexes}


def bounds_text(bounds: Bounds) -> str:
    """The bounds of the day, as every segment of a batch keeps them."""
    return canonical(bounds.model_dump())


class determinants_text:  # noqa: N801 - used as a function: what a batch has in common is laid out once
    """`determinants_text(columns, priced=…, bounds=…)(index)` is the canonical JSON of one agreement's determinants.

    Written by hand, because a bill run writes thousands a second; a test holds it to `canonical`.
    """

    def __init__(self, columns: BillingColumns, *, priced: Priced, bounds: Bounds) -> None:
        """Turn what is needed of the columns into lists, once."""
        reads, compared = columns.reads, priced.compared
        self._bounds = bounds_text(bounds)
        self._options = [canonical(dict(options)) for options in columns.option_sets]
        self._options_of = columns.options_of.tolist()
        self._meters = columns.meters
        self._reads = list(
            zip(
                reads.dial_readings.tolist(),
                reads.dials.tolist(),
                reads.kinds.tolist(),
                reads.meter_ids.tolist(),
                reads.days.tolist(),
                reads.read_ids.tolist(),
                reads.turns.tolist(),
                reads.accuracies.tolist(),
                strict=True,
            )
        )
        self._from, self._to = priced.reads_from.tolist(), priced.reads_to.tolist()
        self._compared = list(
            zip(compared.days.tolist(), compared.ends.tolist(), compared.energy_wh.tolist(), strict=True)
        )
        self._figures = list(
            zip(
                priced.demand_w_max.tolist(),
                priced.energy_wh.tolist(),
                priced.levels.tolist(),
                priced.average_wh.tolist(),
                priced.short_allowed.tolist(),
                columns.metered.tolist(),
                strict=True,
            )
        )
        self._released = priced.released
        self._day = _DayTexts()

    def __call__(self, index: int) -> str:
        """The JSON text."""
        demand, energy, level, average, short, metered = self._figures[index]
        days, end, before = self._compared[index]
        compared = (
            f'{{"days":{days},"end_on":"{self._day[end]}","energy_wh":{before}}}'
            if end != MISSING and metered
            else "null"
        )
        released = canonical(dict(self._released[index])) if index in self._released else "{}"
        reads = ",".join([self._read(row) for row in self._reads[self._from[index] : self._to[index]]])
        return (
            f'{{"bounds":{self._bounds},"compared":{compared},"demand_w_max":{_number(demand)},"energy_wh":{energy},'
            f'"facilities_level":{_number(level)},"metered":{"true" if metered else "false"},'
            f'"options":{self._options[self._options_of[index]]},"reads":[{reads}],'
            f'"released":{released},"short_allowed":{"true" if short else "false"},'
            f'"trailing_average_wh":{_number(average)}}}'
        )

    def _read(self, row: tuple[int, ...]) -> str:
        reading, dials, kind, meter, day, read, turns, accuracy = row
        text = self._meters[meter]
        # Of a tested meter alone: what does not differ is not told.
        tested = "" if accuracy == EXACT else f'"accuracy":{accuracy},'
        return (
            f'{{{tested}"dial_reading":{reading},"dials":{dials},"kind":"{READ_KINDS[kind]}","meter":{text.serial_json},'
            f'"multiplier":{text.multiplier_json},"on":"{self._day[day]}","read":{read},"turns":{turns}}}'
        )


class _DayTexts(dict[int, str]):
    """Days, by ordinal, as ISO dates."""

    def __missing__(self, ordinal: int) -> str:
        text = self[ordinal] = date.fromordinal(ordinal).isoformat()
        return text


def _number(value: int) -> str:
    return "null" if value == MISSING else str(value)


# ----------------------------------------------------------------------------------------------------- rating it again
def usage_of(determinants: Mapping[str, Json], *, span: Span, schedule: Schedule) -> Usage:
    """The usage that a billed segment was priced on."""
    reads = determinants["reads"]
    parts = tuple(
        UsagePart(
            span=Span(start=date.fromisoformat(first["on"]), end=date.fromisoformat(second["on"])),
            energy_wh=energy_between(first, second),
        )
        for first, second in pairwise(reads)
        if first["meter"] == second["meter"] and first["on"] != second["on"]
    )
    return Usage(
        span=span,
        energy_wh=determinants["energy_wh"],
        demand_w_max=determinants["demand_w_max"],
        trailing_average_wh=determinants["trailing_average_wh"],
        facilities_level=determinants["facilities_level"],
        options=typed_options(determinants["options"], schedule=schedule),
        parts=parts if len(parts) > 1 else (),
    )


def energy_between(first: Mapping[str, Json], second: Mapping[str, Json]) -> int:
    """Energy in Wh between two reads of one meter as determinants keep them."""
    registered = energy_wh_between(
        start_reading=first["dial_reading"],
        end_reading=second["dial_reading"],
        turns=second["turns"] - first["turns"],
        dials=second["dials"],
        multiplier=Decimal(second["multiplier"]),
    )
    accuracy = first.get("accuracy", EXACT)
    return registered if accuracy == EXACT else right_energy_wh(registered, accuracy=accuracy)


# -------------------------------------------------------------------------------------------------------------- checks
@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """One check of a period, and what it says."""

    code: str
    passed: bool
    text: Sentence


def judged(determinants: Mapping[str, Json], *, days: int, amount_cents: int) -> Iterator[Judged]:
    """The checks of a period in words: of what will be billed and of what was."""
    bounds = determinants["bounds"]
    if determinants["metered"]:
        yield _usage(determinants, bounds=bounds, days=days)
    yield Judged(
        code="days",
        passed=days <= bounds["days_high"] and (determinants["short_allowed"] or days >= bounds["days_low"]),
        text=Sentence(
            gettext_noop(
                "%(days)s days; held outside %(low)s to %(high)s, except a first or last bill that is shorter."
            ),
            {"days": str(days), "low": str(bounds["days_low"]), "high": str(bounds["days_high"])},
        ),
    )
    yield Judged(
        code="amount",
        passed=amount_cents <= bounds["amount_high_cents"],
        text=Sentence(
            gettext_noop("The charges are $%(amount)s; held above $%(high)s."),
            {"amount": format_cents(amount_cents), "high": format_cents(bounds["amount_high_cents"])},
        ),
    )
    template = gettext_noop("Nothing was billed for these days before.")
    yield Judged(code="not_billed_before", passed=True, text=Sentence(template))


def _usage(determinants: Mapping[str, Json], *, bounds: Mapping[str, Json], days: int) -> Judged:
    before, energy_wh = determinants["compared"], determinants["energy_wh"]
    if before is None:
        return Judged(code="usage", passed=True, text=Sentence(gettext_noop("No earlier use to compare with.")))
    expected_wh = before["energy_wh"] * days // before["days"]
    low, high = Decimal(bounds["usage_ratio_low"]), Decimal(bounds["usage_ratio_high"])
    inside = expected_wh > 0 and low * expected_wh <= energy_wh <= high * expected_wh
    passed = inside or abs(energy_wh - expected_wh) <= bounds["usage_floor_kwh"] * WH_PER_KWH
    template = gettext_noop(
        "Usage is %(ratio)s times that of the period ending %(before)s; held outside %(low)s to %(high)s "
        "when %(floor)s kWh or more apart."
    )
    params = {
        "ratio": ratio_text(energy_wh=energy_wh, expected_wh=expected_wh),
        "before": date.fromisoformat(before["end_on"]),
        "low": str(bounds["usage_ratio_low"]),
        "high": str(bounds["usage_ratio_high"]),
        "floor": str(bounds["usage_floor_kwh"]),
    }
    return Judged(code="usage", passed=passed, text=Sentence(template, params))
