"""Types of adjustments and their reasons as dated, cited data: ledger account, sign, basis, and who may."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import Field, model_validator

from weatherhead.areas.billing.fees import Dollars, Reason, fee_book
from weatherhead.areas.records.utility import load_rules, regulation
from weatherhead.core.ledger import LedgerAccount, is_ledger_account, revenue_account
from weatherhead.core.values import (
    DataModel,
    DatedRule,
    ProblemsAt,
    Refusal,
    Rule,
    RuleVersion,
    format_cents,
    gettext_noop,
)

REVENUE = "revenue"
"""In place of a ledger account: the revenue of the account's own class."""

_Job = Annotated[str, Field(pattern="^[a-z][a-z_]*$", max_length=60)]


class NoAdjustmentTypes(Refusal):
    """The utility's regulations name none."""

    template = gettext_noop("These regulations have no adjustments.yaml, which says what adjustments there are.")


class NoSuchAdjustmentType(Refusal):
    """Not a type of the list."""

    template = gettext_noop("There is no adjustment called %(type)s. The list has: %(types)s.")


class NotForThisJob(Refusal):
    """Other jobs may."""

    template = gettext_noop("%(title)s is made by: %(jobs)s. Ask a colleague with that job.")


class OverTheType(Refusal):
    """More than the type ever allows."""

    template = gettext_noop(
        "%(title)s is at most $%(most)s, whoever makes it. Enter at most that, or use another type."
    )


class AdjustmentVersion(RuleVersion):
    """A type from a day on: where it posts against the receivable, who may make it, and at most how much."""

    ledger_account: Annotated[str, Field(max_length=40)]
    jobs: Annotated[tuple[_Job, ...], Field(min_length=1)]
    at_most: Dollars | None = None

    @model_validator(mode="after")
    def _known(self) -> AdjustmentVersion:
        code = self.ledger_account
        if code != REVENUE and not is_ledger_account(code):
            raise ProblemsAt([(("ledger_account",), f"{code} is neither a ledger account nor {REVENUE}")])
        if code == LedgerAccount.RECEIVABLE:
            raise ProblemsAt([(("ledger_account",), "an adjustment posts against the receivable, not within it")])
        return self


class AdjustmentType(DatedRule[AdjustmentVersion]):
    """A kind of correction, credit or charge. `basis` is what must stand behind it: a rule, or evidence."""

    code: Annotated[str, Field(pattern="^[a-z][a-z_]*$", max_length=40)]
    sign: Literal["credit", "debit"]
    basis: Literal["computed", "attached"]
    posted_by: Literal["post_adjustment", "assess_fee", "waive_fee"] = "post_adjustment"
    reasons: tuple[Reason, ...] = ()

    @model_validator(mode="after")
    def _whole(self) -> AdjustmentType:
        problems: list[tuple[tuple[str | int, ...], str]] = []
        by_hand = self.posted_by == "post_adjustment"
        if by_hand and not self.reasons:
            problems.append((("reasons",), "give at least one reason"))
        if not by_hand and self.reasons:
            problems.append((("reasons",), "stand in fees.yaml for fees and waivers"))
        if by_hand and self.basis == "computed":
            problems.append((("basis",), "what post_adjustment posts is attached: no rule computes it"))
        if problems:
            raise ProblemsAt(problems)
        return self

    @property
    def rule(self) -> Rule:
        """The rule for receipts."""
        return self.named("adjustment")


class AdjustmentTypes(DataModel):
    """All types. A reason's code is of one type alone, so that it tells the type in reports."""

    types: Annotated[tuple[AdjustmentType, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _unique(self) -> AdjustmentTypes:
        codes: set[str] = set()
        reasons: set[str] = set()
        for place, item in enumerate(self.types):
            if item.code in codes:
                raise ProblemsAt([(("types", place, "code"), f"{item.code} stands twice")])
            codes.add(item.code)
            for row, reason in enumerate(item.reasons):
                if reason.code in reasons:
                    raise ProblemsAt([(("types", place, "reasons", row, "code"), f"{reason.code} stands twice")])
                reasons.add(reason.code)
        return self

    def by_hand(self, *, on: date, jobs: tuple[str, ...] | None = None) -> tuple[AdjustmentType, ...]:
        """What `post_adjustment` posts on a day, for some jobs, or for any."""
        found = [
            item for item in self.types if item.posted_by == "post_adjustment" and item.versions[0].effective <= on
        ]
        if jobs is None:
            return tuple(found)
        return tuple(item for item in found if set(item.version_on(on).jobs) & set(jobs))


def adjustment_types() -> AdjustmentTypes:
    """This installation's types.

    Raises:
        NoAdjustmentTypes: its regulations have none.
        DataFileInvalid: naming file, line and key.
    """
    path = regulation("adjustments.yaml")
    if not path.exists():
        raise NoAdjustmentTypes
    return load_rules(path, model=AdjustmentTypes)


def ledger_account_of(posted_by: str, *, on: date, otherwise: str) -> str:
    """Where fees or waivers post, by the type that their action posts; `otherwise` where no such type is listed."""
    try:
        known = adjustment_types().types
    except NoAdjustmentTypes:
        return otherwise
    found = next((item for item in known if item.posted_by == posted_by), None)
    return otherwise if found is None else found.version_on(on).ledger_account


def title_of(charge: str) -> str:
    """What a charge of the fee book or an adjustment of the list is called; its code when neither knows it."""
    try:
        found = next((item.title for item in adjustment_types().types if item.code == charge), "")
    except NoAdjustmentTypes:
        found = ""
    return found or next((item.title for item in fee_book().fees if item.charge == charge), charge)


def require_type(types: AdjustmentTypes, code: str) -> AdjustmentType:
    """A type that `post_adjustment` posts, by its code.

    Raises:
        NoSuchAdjustmentType: there is none.
    """
    known = {item.code: item for item in types.types if item.posted_by == "post_adjustment"}
    if code not in known:
        raise NoSuchAdjustmentType(type=code, types=", ".join(known))
    return known[code]


def require_allowed(found: AdjustmentType, *, on: date, jobs: tuple[str, ...], amount_cents: int) -> AdjustmentVersion:
    """The version in force, when one of these jobs may make an adjustment of it so large.

    Raises:
        RuleNotInForce, NotForThisJob, OverTheType: as they say.
    """
    version = found.version_on(on)
    if not set(version.jobs) & set(jobs):
        raise NotForThisJob(title=found.title, jobs=", ".join(job.replace("_", " ") for job in version.jobs))
    if version.at_most is not None and amount_cents > int(version.at_most * 100):
        raise OverTheType(title=found.title, most=format_cents(int(version.at_most * 100)))
    return version


def posted_against(version: AdjustmentVersion, *, revenue_class: str) -> str:
    """The ledger account that a type posts to, for an account of a revenue class."""
    return revenue_account(revenue_class) if version.ledger_account == REVENUE else version.ledger_account
