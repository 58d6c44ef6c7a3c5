"""How long what is kept: dated, cited rules in ``retention.yaml`` of the utility's regulations."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Annotated

from pydantic import Field, model_validator

from weatherhead.areas.records.utility import load_rules, regulation
from weatherhead.areas.retention.guards import YEARS_MIN
from weatherhead.core.values import (
    DataModel,
    DatedRule,
    ProblemsAt,
    Refusal,
    Rule,
    RuleStatus,
    RuleVersion,
    gettext_noop,
)

FILE = "retention.yaml"


class Subject(StrEnum):
    """What Weatherhead can dispose of."""

    FORMER_CUSTOMERS = "former_customers"  # names, contacts, identifiers, mailing addresses; from the last closing
    BILL_DOCUMENTS = "bill_documents"  # whose bill it was, in its document and its rendered file; from issue
    STATEMENTS = "statements"  # whose prepared summary it was and for whom, in it and its file; from its day
    ADVERSE_ACTIONS = "adverse_actions"  # what a deposit's letter says of a credit report, and the letter; from its day
    MESSAGES = "messages"  # e-mails in the outbox, to whom and all; from when they were written
    REFUND_PAYEES = "refund_payees"  # whom a refund and its checks went to; from when it was paid or cancelled
    PAYERS = "payers"  # whom files of payments named, and what they wrote; from import, or when the last was settled
    READ_FILES = "read_files"  # imported files and the lines of their reports; from import
    READ_NOTES = "read_notes"  # what readers and representatives wrote beside a read; from the read
    FAILED_SIGN_INS = "failed_sign_ins"  # what axes keeps: names as typed, addresses of machines; from the attempt


class RetentionVersion(RuleVersion):
    """A term from a day on: years or days."""

    keep_years: Annotated[int, Field(ge=1, le=100)] | None = None
    keep_days: Annotated[int, Field(ge=1, le=36_500)] | None = None

    @model_validator(mode="after")
    def _one_term(self) -> RetentionVersion:
        if (self.keep_years is None) == (self.keep_days is None):
            raise ProblemsAt([((), "give either keep_years or keep_days")])
        return self

    def cutoff(self, as_of: date) -> date:
        """The first day that is still kept."""
        if self.keep_years is None:
            return as_of - timedelta(days=self.keep_days or 0)
        day = as_of
        while True:
            try:
                return day.replace(year=as_of.year - self.keep_years)
            except ValueError:  # the 29th of February
                day -= timedelta(days=1)

    def __str__(self) -> str:
        """As people say it."""
        return f"{self.keep_years} years" if self.keep_years is not None else f"{self.keep_days} days"


class RetentionRule(DatedRule[RetentionVersion]):
    """One rule: what is disposed of, when, and who says so."""

    code: Annotated[str, Field(pattern="^[a-z][a-z_]*$", max_length=40)]
    disposes: Subject

    @model_validator(mode="after")
    def _consistent(self) -> RetentionRule:
        if self.disposes in {Subject.BILL_DOCUMENTS, Subject.STATEMENTS}:
            problems = [
                (("versions", position), f"the database keeps a document at least {YEARS_MIN} years")
                for position, version in enumerate(self.versions)
                if (version.keep_days or (version.keep_years or 0) * 365) < YEARS_MIN * 365
            ]
            if problems:
                raise ProblemsAt(problems)
        return self

    @property
    def rule(self) -> Rule:
        """The rule for receipts."""
        return Rule(code=self.code, title=f"{self.clause} {self.title}", citation=self.citation, status=self.status)


class Kept(DataModel):
    """What is not disposed of here, for the record: the books and the audit log."""

    what: str
    term: str
    citation: str
    status: RuleStatus


class RetentionBook(DataModel):
    """All rules of a utility."""

    rules: tuple[RetentionRule, ...]
    kept: tuple[Kept, ...] = ()

    @model_validator(mode="after")
    def _codes_differ(self) -> RetentionBook:
        seen: set[str] = set()
        problems: list[tuple[tuple[str | int, ...], str]] = []
        for position, rule in enumerate(self.rules):
            if rule.code in seen:
                problems.append((("rules", position, "code"), f"{rule.code} stands twice"))
            seen.add(rule.code)
        if problems:
            raise ProblemsAt(problems)
        return self


class NoSuchRule(Refusal):
    """The file has no rule of that name."""

    template = gettext_noop("There is no retention rule %(rule)s. There are: %(rules)s.")


class NoRetentionRules(Refusal):
    """This utility has not said how long it keeps anything."""

    template = gettext_noop("%(path)s does not stand, so nothing is ever disposed of. See docs/operations.md.")


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleInForce:
    """A rule, its term on a day, and the first day that is still kept."""

    rule: RetentionRule
    version: RetentionVersion
    cutoff_on: date


def retention_book() -> RetentionBook:
    """The rules of this installation.

    Raises:
        NoRetentionRules: there is no file.
        DataFileInvalid: naming file, line and key.
    """
    path = regulation(FILE)
    if not path.is_file():
        raise NoRetentionRules(path=path)
    return load_rules(path, model=RetentionBook)


def rule_in_force(code: str, *, as_of: date) -> RuleInForce:
    """One rule on a day.

    Raises:
        NoSuchRule, RuleNotInForce: as they say.
    """
    book = retention_book()
    found = next((rule for rule in book.rules if rule.code == code), None)
    if found is None:
        raise NoSuchRule(rule=code, rules=", ".join(rule.code for rule in book.rules) or "none")
    version = found.version_on(as_of)
    return RuleInForce(rule=found, version=version, cutoff_on=version.cutoff(as_of))
