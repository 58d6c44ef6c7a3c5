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


def rows_typed(*columns: str, least: int) -> BeforeValidator:
    """A list, or lines as they are typed or pasted: a record each, its columns with commas between them."""

    def rows(value: object) -> object:
        if not isinstance(value, str):
            return value
        found: list[dict[str, str]] = []
        for number, line in enumerate(value.splitlines(), 1):
            if not line.strip():
                continue
            cells = [cell.strip() for cell in line.split(",")]
            if not least <= len(cells) <= len(columns):
                problem = gettext_noop(
                    "line %(line)s: write at least %(least)s and at most %(most)s parts, with commas between them"
                )
                raise ValueError(problem % {"line": number, "least": least, "most": len(columns)})
            found.append(dict(zip(columns, cells, strict=False)))
        return found

    return BeforeValidator(rows)


def _listed(value: object) -> object:
    """Numbers as they are typed: with commas or spaces between them."""
    return value.replace(",", " ").split() if isinstance(value, str) else value


OneLine = AfterValidator(_one_line)
Cents = Annotated[int, BeforeValidator(_cents), AfterValidator(_positive)]
CountedCents = Annotated[int, BeforeValidator(_cents), Field(ge=0)]
OptionalCents = Annotated[Cents | None, BeforeValidator(_none_if_blank)]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120), OneLine]
ShortText = Annotated[str, StringConstraints(strip_whitespace=True, max_length=120), OneLine]
UnitText = Annotated[str, StringConstraints(strip_whitespace=True, max_length=40), OneLine]
City = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=80), OneLine]
OptionalCity = Annotated[str, StringConstraints(strip_whitespace=True, max_length=80), OneLine]
Label = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60), OneLine]
OptionalLabel = Annotated[str, StringConstraints(strip_whitespace=True, max_length=60), OneLine]
CheckNumber = Annotated[str, StringConstraints(strip_whitespace=True, max_length=20), OneLine]
Note = Annotated[str, StringConstraints(strip_whitespace=True, max_length=500)]
NeededNote = Annotated[str, StringConstraints(strip_whitespace=True, min_length=4, max_length=500)]
Code = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60), OneLine]
Number = Annotated[int, Field(ge=1, le=2**53)]
Blankable = BeforeValidator(_none_if_blank)
Numbers = Annotated[tuple[Number, ...], BeforeValidator(_listed)]
