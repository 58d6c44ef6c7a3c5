"""Begin to load a set of files that was checked whole: from here on nothing is billed until it is signed off."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Annotated

from pydantic import StringConstraints

from weatherhead.actions.figures import house_rule, made
from weatherhead.areas.migration.operations import SetPlan, begin_set
from weatherhead.areas.migration.problems import REFUSED, REJECTED
from weatherhead.areas.migration.queries import set_of_name
from weatherhead.areas.migration.staging import open_staging
from weatherhead.areas.records.canonical import Json
from weatherhead.core.values import Change, Refusal, Sentence, Unit, gettext_noop
from weatherhead.door.context import Actor, Moment
from weatherhead.door.proposal import Proposal
from weatherhead.door.registry import Action, Recording, registry

Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class SetRefused(Refusal):
    """The files are not what the old system says of them."""

    template = gettext_noop(
        "The set cannot be loaded: %(count)s of its files or totals are wrong. Correct what the report says."
    )


class RowsRejected(Refusal):
    """All or nothing, and not all are good."""

    template = gettext_noop(
        "%(count)s problems were found, and nothing was loaded. Correct the rows, or load the good ones: --good-rows."
    )


class NothingToLoad(Refusal):
    """Not one good row."""

    template = gettext_noop("The set has no row that could be loaded.")


class CutOverInFuture(Refusal):
    """A set is loaded when the old system has stopped."""

    template = gettext_noop(
        "The cut-over is on %(on)s, which has not come yet. Until then a set can be tried: --dry-run."
    )


class NameTaken(Refusal):
    """Another set has the name."""

    template = gettext_noop(
        "Set %(name)s of %(source)s was begun on %(on)s with other content. Finish it with its own files, or give "
        "these another name in control.yaml."
    )


class BegunBefore(Refusal):
    """The very same set."""

    template = gettext_noop("Set %(name)s was begun on %(on)s. Run weatherhead import with it to finish it.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """The set, by the hash of its content, and whether its good rows are loaded although others were rejected."""

    sha256: Sha256
    good_rows: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the check of the set came to, and the day on which a set of that name was begun."""

    source: str
    name: str
    plan_sha256: str
    cut_over_on: date
    account_numbers: str
    control: Mapping[str, int]
    rows: Mapping[str, Json]
    totals: Mapping[str, Json]
    problems: Mapping[str, int]
    shards: Mapping[str, int]
    other_begun_on: date | None
    same: bool  # that other is this very set
    as_of: date


def gather(inputs: Inputs, moment: Moment, _: Actor) -> Facts:
    """Read what the check noted.

    Raises:
        StagingMissing: the set was not checked here.
    """
    staging = open_staging(inputs.sha256)
    try:
        noted = {
            name: staging.noted(name)
            for name in ("source", "name", "plan_sha256", "account_numbers", "control", "rows", "totals", "problems")
        }
        other = set_of_name(source=noted["source"], name=noted["name"])
        return Facts(
            **noted,
            cut_over_on=date.fromisoformat(staging.noted("cut_over_on")),
            shards={stage: len(numbers) for stage, numbers in staging.noted("shards").items()},
            other_begun_on=other.begun_at.date() if other is not None else None,
            same=other is not None and other.sha256 == inputs.sha256,
            as_of=moment.as_of,
        )
    finally:
        staging.close()


def propose(facts: Facts, inputs: Inputs) -> Proposal[SetPlan]:
    """Refuse a set that is not what it should be.

    Raises:
        BegunBefore, SetRefused, RowsRejected, NothingToLoad, CutOverInFuture, NameTaken: as they say.
    """
    if facts.same:
        raise BegunBefore(name=facts.name, on=facts.other_begun_on)
    if facts.problems.get(REFUSED):
        raise SetRefused(count=facts.problems[REFUSED])
    if facts.problems.get(REJECTED) and not inputs.good_rows:
        raise RowsRejected(count=f"{facts.problems[REJECTED]:,}")
    if not any(facts.shards.values()):
        raise NothingToLoad
    if facts.cut_over_on > facts.as_of:
        raise CutOverInFuture(on=facts.cut_over_on)
    if facts.other_begun_on is not None:
        raise NameTaken(name=facts.name, source=facts.source, on=facts.other_begun_on)
    plan = SetPlan(
        source=facts.source,
        name=facts.name,
        sha256=inputs.sha256,
        plan_sha256=facts.plan_sha256,
        cut_over_on=facts.cut_over_on,
        account_numbers=facts.account_numbers,
        good_rows=inputs.good_rows,
        control=facts.control,
        found={"rows": facts.rows, "totals": facts.totals},
        shards=facts.shards,
    )
    return Proposal(
        summary=Sentence(
            gettext_noop("Loading of set %(name)s from %(source)s began"), {"name": facts.name, "source": facts.source}
        ),
        confirm=Sentence(gettext_noop("Begin loading")),
        plan=plan,
        creates={"migration_migrationset": 1},
        changes=(
            made(gettext_noop("Cut-over"), facts.cut_over_on, code="cut_over", unit=Unit.DATE),
            *(_rows(file, counts) for file, counts in facts.rows.items()),
        ),
        rules=(house_rule("migration", "Nothing is billed until a second person has signed the totals off"),),
    )


def _rows(file: str, counts: Mapping[str, int]) -> Change:
    good = counts["found"] - counts["rejected"]
    return Change(code=f"rows.{file}", label=Sentence(file), unit=Unit.COUNT, before=counts["found"], after=good)


def record(proposal: Proposal[SetPlan], recording: Recording) -> None:
    """Record the set.

    Raises:
        SetNameTaken: somebody began another set of that name just now.
    """
    actor = recording.actor
    number = begin_set(proposal.plan, by=actor.name, employee_id=actor.employee_id, at=recording.moment.at)
    recording.made_one("migration_set", number)


ACTION = registry.add(
    Action(
        name="begin_migration",
        title=gettext_noop("Begin loading a migration set"),
        duty=11,
        on="utility",
        inputs=Inputs,
        gather=gather,
        propose=propose,
        record=record,
        summary=gettext_noop("Takes up a set of files that was checked whole; billing stops until it is signed off."),
    )
)
