"""Which sources send payment files, and how each reads: data, in ``payment_sources.yaml`` of the regulations."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from weatherhead.areas.payments.files.layout import RECORDS, Columns
from weatherhead.areas.records.utility import load_rules, regulation
from weatherhead.core.values import CitedRule, DataModel, ProblemsAt, Refusal, Rule, gettext_noop

FILE = "payment_sources.yaml"

DEBITS = {"bank": "bank", "agency": "bank", "card": "card_clearing"}
"""The ledger account that each kind of tender of a file is booked to; a reversal takes it from there again."""

_NAME = r"^[a-z][a-z0-9-]{0,39}$"
_CODE = r"^[0-9]{3}$"
Column = Annotated[str, Field(min_length=1, max_length=60)]


class NoSuchSource(Refusal):
    """No source of that name."""

    template = gettext_noop("%(source)s is no source of payment files. Known: %(known)s. See payment_sources.yaml.")


class TotalRow(DataModel):
    """The last row of a CSV file that says how many payments there are and what they come to, by column from 1."""

    label: Annotated[str, Field(min_length=1)]  # what stands in its first column
    count: Annotated[int, Field(ge=2)] | None = None
    amount: Annotated[int, Field(ge=2)] | None = None


class CsvColumns(DataModel):
    """What the file calls each column; others are passed over."""

    account: Column
    amount: Column
    reference: Column
    paid_on: Column | None = None
    payer: Column | None = None
    agency: Column | None = None
    check_number: Column | None = None

    @property
    def named(self) -> dict[str, str]:
        """Ours to theirs, of those that the file has."""
        return {name: str(value) for name, value in self.model_dump().items() if value}


class Source(DataModel):
    """A source of payment files."""

    title: Annotated[str, Field(min_length=1, max_length=80)]
    kind: Literal["lockbox", "bai2", "csv", "agency"]
    tender: Literal["bank", "agency", "card"]
    debits: str
    jobs: Annotated[tuple[str, ...], Field(min_length=1)]  # who may import its files
    totals_differ: Literal["post_good", "refuse"]
    layout: dict[str, dict[str, Columns]] = {}  # lockbox: columns that differ from the published ones
    receipts: tuple[Annotated[str, Field(pattern=_CODE)], ...] = ()  # bai2: type codes that are money in
    account: str = ""  # bai2: a pattern whose first group is the account number or scan line in the text
    columns: CsvColumns | None = None  # csv, agency
    date: str = "%Y-%m-%d"  # csv, agency
    total_row: TotalRow | None = None  # csv, agency

    @field_validator("account")
    @classmethod
    def _pattern(cls, value: str) -> str:
        try:
            groups = re.compile(value).groups
        except re.error as error:
            raise ValueError(f"is no pattern: {error}") from error
        if value and groups != 1:
            raise ValueError(f"must have one group, the account number, not {groups}")
        return value

    @model_validator(mode="after")
    def _consistent(self) -> Source:
        problems: list[tuple[tuple[str | int, ...], str]] = []
        if self.debits != DEBITS[self.tender]:
            problems.append((("debits",), f"a {self.tender} tender is booked to {DEBITS[self.tender]}"))
        if self.kind == "bai2" and not (self.receipts and self.account):
            problems.append((("kind",), "a bai2 source needs receipts and account"))
        if self.kind in ("csv", "agency") and self.columns is None:
            problems.append((("kind",), f"a {self.kind} source needs columns"))
        if self.kind == "agency" and (self.tender != "agency" or self.columns is None or self.columns.agency is None):
            problems.append((("kind",), "an agency source needs tender agency and a column agency"))
        for record, columns in self.layout.items():
            unknown = [name for name in columns if name not in RECORDS.get(record, {})]
            if record not in RECORDS or unknown:
                problems.append((("layout", record), f"is not known: {', '.join(unknown) or record}"))
        if problems:
            raise ProblemsAt(problems)
        return self


class PaymentSources(CitedRule):
    """Every source of this utility."""

    sources: dict[Annotated[str, Field(pattern=_NAME)], Source]

    @property
    def rule(self) -> Rule:
        """The rule for receipts."""
        return self.named("payment files")


def payment_sources() -> PaymentSources | None:
    """This installation's sources; None where its regulations name none.

    Raises:
        DataFileInvalid: naming file, line and key.
    """
    path = regulation(FILE)
    return load_rules(path, model=PaymentSources) if path.exists() else None


def payment_source(name: str) -> tuple[Source, Rule]:
    """A source by name, and the rule that names it.

    Raises:
        NoSuchSource: for an unknown one.
        DataFileInvalid: as `payment_sources`.
    """
    found = payment_sources()
    if found is None or name not in found.sources:
        known = ", ".join(sorted(found.sources)) if found else "–"
        raise NoSuchSource(source=name, known=known)
    return found.sources[name], found.rule
