"""What is wrong with a row, a field, a file or a total: where, what, and what to do. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from weatherhead.areas.metering.fields import code_of
from weatherhead.areas.records.csv_records import printable
from weatherhead.core.values import Refusal, Sentence

REJECTED, WARNED, REFUSED = "rejected", "warned", "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One problem. `file` is its name with its ending, `line` the physical line where the row begins, from 1.

    `outcome`: ``rejected`` (this row is not loaded), ``warned`` (it is, but look), ``refused`` (nothing is loaded).
    `code` is stable; `what` says what is wrong and what to do.
    """

    file: str
    line: int
    column: str
    code: str
    outcome: str
    what: Sentence


def shown(params: Mapping[str, object]) -> dict[str, object]:
    """Parameters as a terminal and a database can take them: text made printable, everything else plain."""
    return {
        name: value if isinstance(value, int) else printable(value if isinstance(value, str) else str(value))
        for name, value in params.items()
    }


def problem_of(refusal: Refusal, *, file: str, line: int, column: str, outcome: str = REJECTED) -> Problem:
    """A refusal as the problem of a field."""
    what = Sentence(template=refusal.template, params=shown(refusal.params))
    return Problem(file=file, line=line, column=column, code=code_of(refusal), outcome=outcome, what=what)
