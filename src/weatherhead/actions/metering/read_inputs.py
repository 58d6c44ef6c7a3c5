"""Types of the inputs of a read: what a form's text must be, in the same words as in a file of reads."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, StringConstraints

from weatherhead.actions.inputs import OneLine
from weatherhead.areas.metering.fields import (
    SERIAL_LENGTH_MAX,
    ReadingNegative,
    parse_day,
    parse_demand_w,
    parse_reading,
)
from weatherhead.core.values import Refusal, gettext_noop


def _from_text(parse: Callable[[str], object]) -> Callable[[object], object]:
    """Parse text; what is no text has been parsed before, and the type decides."""

    def convert(value: object) -> object:
        if not isinstance(value, str):
            return value
        try:
            return parse(value.strip())
        except Refusal as refusal:
            raise ValueError(str(refusal)) from refusal

    return convert


def _multiplier(value: object) -> object:
    if isinstance(value, str):
        try:
            return Decimal(value.strip())
        except InvalidOperation as error:
            raise ValueError(gettext_noop("write the multiplier as on the meter's plate, such as 1 or 40")) from error
    if isinstance(value, float):
        raise ValueError(gettext_noop("write the multiplier as text, such as 1 or 40"))
    return value


def _demand(value: str) -> str:
    """Kilowatts stay text, so that nothing rounds them; they are checked here and become watts in the proposal."""
    try:
        parse_demand_w(value)
    except Refusal as refusal:
        raise ValueError(str(refusal)) from refusal
    return value


def _not_negative(value: int) -> int:
    """What came as a number has passed no parser of text."""
    if value < 0:
        raise ValueError(str(ReadingNegative(text=str(value))))
    return value


Day = Annotated[date, BeforeValidator(_from_text(parse_day))]
Reading = Annotated[int, BeforeValidator(_from_text(parse_reading)), AfterValidator(_not_negative)]
DemandKw = Annotated[str, StringConstraints(strip_whitespace=True), AfterValidator(_demand)]
Multiplier = Annotated[Decimal, BeforeValidator(_multiplier)]
Serial = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=SERIAL_LENGTH_MAX), OneLine]
OptionalSerial = Annotated[str, StringConstraints(strip_whitespace=True, max_length=SERIAL_LENGTH_MAX), OneLine]
