"""``control.yaml``: what the old system says of a set. Pure: text in, frozen values out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, field_validator, model_validator

from weatherhead.areas.migration.fields import amount_cents, energy_wh
from weatherhead.areas.migration.layout import AGES, BY_NAME, CONTROL_FILE, FILES
from weatherhead.core.values import DataModel, ProblemsAt, Refusal, load_yaml

_NAME = r"^[A-Za-z0-9][A-Za-z0-9._-]*$"


def _cents(value: object) -> object:
    try:
        return amount_cents(value) if isinstance(value, str) else value
    except Refusal as refusal:
        raise ValueError(str(refusal)) from refusal


def _wh(value: object) -> object:
    try:
        return energy_wh(value) if isinstance(value, str) else value
    except Refusal as refusal:
        raise ValueError(str(refusal)) from refusal


def _not_negative(value: int) -> int:
    if value < 0:
        raise ValueError("cannot be below zero")
    return value


def _not_positive(value: int) -> int:
    if value > 0:
        raise ValueError("is what customers have to their credit: write it below zero, as in the file")
    return value


Cents = Annotated[int, BeforeValidator(_cents)]
OwedCents = Annotated[Cents, AfterValidator(_not_negative)]
CreditCents = Annotated[Cents, AfterValidator(_not_positive)]
EnergyWh = Annotated[int, BeforeValidator(_wh)]


class Receivable(DataModel):
    """Opening balances by age at the cut-over, in cents; credits apart and below zero."""

    not_yet_due: OwedCents = 0
    days_1_to_30: OwedCents = 0
    days_31_to_60: OwedCents = 0
    days_61_to_90: OwedCents = 0
    days_over_90: OwedCents = 0
    credit: CreditCents = 0


class Totals(DataModel):
    """Sums of money in cents and energy in Wh."""

    receivable: Receivable = Receivable()
    deposit: OwedCents = 0
    history_kwh: EnergyWh = 0
    history_amount: Cents = 0


class Control(DataModel):
    """A set's control file."""

    source: Annotated[str, Field(pattern=_NAME, max_length=40)]
    set: Annotated[str, Field(pattern=_NAME, max_length=80)]
    cut_over_on: date
    account_numbers: Literal["assign", "keep"] = "assign"
    rows: Mapping[str, Annotated[int, Field(ge=0)]]
    totals: Totals = Totals()

    @field_validator("rows")
    @classmethod
    def _files_known(cls, value: Mapping[str, int]) -> Mapping[str, int]:
        unknown = [name for name in value if name not in BY_NAME]
        if unknown:
            raise ProblemsAt([((name,), f"is no file of a set; there are {', '.join(BY_NAME)}") for name in unknown])
        return value

    @model_validator(mode="after")
    def _something(self) -> Control:
        if not self.rows:
            raise ProblemsAt([(("rows",), "names no file")])
        return self

    def figures(self) -> dict[str, int]:
        """Every total by its path in the file: cents, and Wh for history_kwh."""
        receivable = self.totals.receivable
        found = {f"receivable.{age}": getattr(receivable, age) for age in (*AGES, "credit")}
        return found | {
            "deposit": self.totals.deposit,
            "history_kwh": self.totals.history_kwh,
            "history_amount": self.totals.history_amount,
        }


def load_control(text: str, *, name: str = CONTROL_FILE) -> Control:
    """Read a control file.

    Raises:
        DataFileInvalid: naming line and key of every problem.
    """
    return load_yaml(text, name=name, model=Control)


def control_template() -> str:
    """A control file to fill in."""
    rows = "\n".join(f"  {layout.name}: 0" for layout in FILES)
    ages = "\n".join(f"    {age}: 0.00" for age in (*AGES, "credit"))
    return (
        "source: old-cis                # the old system: keys are its own, and kept beside ours\n"
        "set: first-set                 # the name of this set\n"
        "cut_over_on: 2025-01-01\n"
        "account_numbers: assign        # or keep\n"
        f"rows:\n{rows}\n"
        f"totals:\n  receivable:\n{ages}\n"
        "  deposit: 0.00\n  history_kwh: 0\n  history_amount: 0.00\n"
    )
