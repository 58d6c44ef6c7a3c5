"""From facts to the frozen payload of a bill, layout 2: plain dictionaries and lists, nothing looked up, no floats.

See docs/documents.md for the layout.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Any

from weatherhead.core.rating import RatedLine
from weatherhead.core.statements.facts import ChargeLine, CorrectedUse, ServiceFacts, StatementFacts
from weatherhead.core.statements.frame import Frame

LAYOUT = 2
PERIODS_SHOWN = 13
_HOW_LENGTH_MAX = 70
_PRICE_PLACES_MIN = 2


def bill_payload(facts: StatementFacts, *, frame: Frame) -> dict[str, Any]:
    """Everything that a bill says but its number, which is given at issue (`numbered`).

    Raises:
        ValueError: the balance is not what moved it; a bug of the caller.
    """
    services = [_service(item, frame=frame) for item in facts.services]
    charges_cents = sum(item["amount_cents"] for item in services)
    moved_cents = sum(item.amount_cents for item in facts.movements)
    cancelled = facts.cancelled
    if facts.last is None and moved_cents != facts.balance_cents:
        raise ValueError(f"{moved_cents} cents moved since the account began, and {facts.balance_cents} are owed")
    uses = [
        [item.end_on.isoformat(), item.days, item.energy_wh, int(item.estimated), item.amount_cents]
        for item in facts.history[-(PERIODS_SHOWN - 1) :]
    ]
    uses.append(_use(facts, charges_cents=charges_cents))
    later_cents = sum(item.amount_cents for item in facts.later)
    return {
        **_rare(facts),
        "layout": LAYOUT,
        "frame_sha256": frame.sha256,
        "kind": facts.kind,
        "issued_on": facts.issued_on.isoformat(),
        "due_on": facts.due_on.isoformat(),
        "account": {"number": facts.account_number, "name": facts.customer_name, "mail": list(facts.mail)},
        "last_bill": [facts.last.number, facts.last.issued_on.isoformat()] if facts.last else None,
        "last_balance_cents": facts.balance_cents - moved_cents,
        "movements": [[item.on.isoformat(), item.amount_cents, item.charge] for item in facts.movements],
        "balance_before_cents": facts.balance_cents,
        "cancelled": [cancelled.number, cancelled.amount_cents] if cancelled else None,
        "charges_cents": charges_cents,
        "amount_due_cents": facts.balance_cents
        + charges_cents
        - (cancelled.amount_cents if cancelled else 0)
        - later_cents,
        "segments": services,
        "uses": uses,
        "compared": facts.compared,
        "messages": [[item.code, dict(item.params)] for item in facts.messages],
    }


def _rare(facts: StatementFacts) -> dict[str, Any]:
    """What few bills say: such keys are left out of the others."""
    said: dict[str, Any] = {}
    if facts.later:
        said["later"] = [[item.due_on.isoformat(), item.amount_cents] for item in facts.later]
    if facts.correction is not None:
        cause, periods, left, rule, clause = facts.correction
        said["correction"] = {
            "cause": cause,
            "periods": [_corrected(item) for item in periods],
            "left": [_corrected(item) for item in left],
            "rule": [rule, clause],
        }
    return said


def _corrected(item: CorrectedUse) -> list[Any]:
    return [item.number, item.start_on.isoformat(), item.end_on.isoformat(), item.before_cents, item.after_cents]


def numbered(payload: Mapping[str, Any], *, number: str) -> dict[str, Any]:
    """The payload with its bill's number."""
    return {**payload, "number": number}


def _service(item: ServiceFacts, *, frame: Frame) -> dict[str, Any]:
    return {
        "agreement": item.agreement_id,
        "schedule": item.schedule,
        "start_on": item.start_on.isoformat(),
        "end_on": item.end_on.isoformat(),
        "address": item.address,
        "energy_wh": item.energy_wh,
        "demand_w_max": item.demand_w_max,
        "estimated": item.estimated,
        "reads": [
            [
                read.serial,
                read.start_on.isoformat(),
                read.start_kind,
                read.start_reading,
                read.end_on.isoformat(),
                read.end_kind,
                read.end_reading,
                read.multiplier,
                read.energy_wh,
            ]
            for read in item.reads
        ],
        "lines": [_line(line, frame=frame) for line in item.lines],
        "amount_cents": sum(line.amount_cents for line in item.lines),
    }


def _line(line: ChargeLine, *, frame: Frame) -> list[Any]:
    """A line names its caption by its place in the frame; a caption that the frame lacks stands in the line itself."""
    key = (line.code, line.label, line.clause)
    place = frame.captions.get(key)
    return [list(key) if place is None else place, line.how, line.amount_cents]


def _use(facts: StatementFacts, *, charges_cents: int) -> list[Any]:
    """This bill as the last row of the history, from its first day to its last; of a correction its last period."""
    services = list(facts.services)
    end = max(item.end_on for item in services)
    if facts.correction is not None:
        services = [item for item in services if item.end_on == end]
        charges_cents = sum(line.amount_cents for item in services for line in item.lines)
    return [
        end.isoformat(),
        (end - min(item.start_on for item in services)).days,
        sum(item.energy_wh for item in services),
        int(any(item.estimated for item in services)),
        charges_cents,
    ]


def charge_line(rated: RatedLine) -> ChargeLine:
    """What a bill says of a rated line."""
    return ChargeLine(
        code=rated.code,
        label=rated.label,
        clause=rated.clause,
        how=how_text(
            quantity=rated.quantity,
            quantity_unit=rated.quantity_unit,
            price=rated.price,
            price_unit=rated.price_unit,
            unrounded=rated.unrounded,
            last_step=next((step for step in reversed(rated.steps) if " = $" in step), ""),
        ),
        amount_cents=rated.amount_cents,
    )


def how_text(
    *, quantity: Decimal, quantity_unit: str, price: Decimal, price_unit: str, unrounded: str, last_step: str
) -> str:
    """A line's arithmetic in short: quantity × price where that is the whole of it, else its last step, if short.

    `last_step` is the step of the proof that ends in the exact amount ("$21.50 a month × 12/30 = $8.60").
    """
    share = price.scaleb(-2) if price_unit == "%" else price
    exact = (quantity * share).normalize()
    if unrounded.endswith("…") or exact != Decimal(unrounded).normalize():
        step = last_step.rpartition(" = ")[0]
        return step if len(step) <= _HOW_LENGTH_MAX else ""
    return f"{quantity_text(quantity, unit=quantity_unit)} × {price_text(price, unit=price_unit)}"


def quantity_text(quantity: Decimal, *, unit: str) -> str:
    """A quantity with its unit; percentages multiply dollars."""
    if unit == "$":
        return f"${quantity:,.2f}"
    return f"{plain_text(quantity)} {unit}"


@lru_cache(maxsize=10_000)
def price_text(price: Decimal, *, unit: str) -> str:
    """A price as people write it: "4.5%", "$0.0858", "$21.50"."""
    return f"{plain_text(price)}%" if unit == "%" else f"${plain_text(price, places_min=_PRICE_PLACES_MIN)}"


def plain_text(value: Decimal, *, places_min: int = 0) -> str:
    """A decimal without superfluous zeros, thousands separated."""
    exponent = value.normalize().as_tuple().exponent
    assert isinstance(exponent, int)
    return f"{value:,.{max(-exponent, places_min, 0)}f}"
