"""Types of action inputs: what a form's text must be."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints

from weatherhead.core.values import AmountNotUnderstood, gettext_noop, parse_cents


def _cents(value: object) -> object:
    """Text is dollars, as people write them; an int is cents already. Never a float."""
    if isinstance(value, str):
        try:
            return parse_cents(value)
        except AmountNotUnderstood as refusal:
            raise ValueError(str(refusal)) from refusal
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError(gettext_noop("write the amount as dollars and cents, such as 73.57"))
    return value


def _positive(value: int) -> int:
    if value <= 0:
        raise ValueError(gettext_noop("must be more than zero"))
    return value


def _one_line(value: str) -> str:
    """Names stand in lists, on envelopes and in the headers of files: a line break would begin another line there."""
    if any(sign in value for sign in "\r\n\t\u2028\u2029"):
        raise ValueError(gettext_noop("write it on one line"))
    return value


def _none_if_blank(value: object) -> object:
    return None if isinstance(value, str) and not value.strip() else value


OneLine = AfterValidator(_one_line)
Cents = Annotated[int, BeforeValidator(_cents), AfterValidator(_positive)]
OptionalCents = Annotated[Cents | None, BeforeValidator(_none_if_blank)]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120), OneLine]
ShortText = Annotated[str, StringConstraints(strip_whitespace=True, max_length=120), OneLine]
Note = Annotated[str, StringConstraints(strip_whitespace=True, max_length=500)]
NeededNote = Annotated[str, StringConstraints(strip_whitespace=True, min_length=4, max_length=500)]
Code = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60), OneLine]
Number = Annotated[int, Field(ge=1, le=2**53)]
Blankable = BeforeValidator(_none_if_blank)
