"""Sign off a migration: a second person confirms that what was loaded is what the old system says, to the cent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import BeforeValidator

from weatherhead.actions.figures import house_rule
from weatherhead.actions.inputs import Note, Number
from weatherhead.areas.migration.facts import LoadedRows, LoadedTotal, SetFacts
from weatherhead.areas.migration.operations import AlreadySignedOff, sign_off
from weatherhead.areas.migration.queries import loaded_rows, loaded_totals, migration_set
from weatherhead.areas.migration.totals import ENERGY, say_total
from weatherhead.core.values import (
    AmountNotUnderstood,
    Change,
    Refusal,
    Sentence,
    Unit,
    format_cents,
    gettext_noop,
    parse_cents,
)
from weatherhead.door.context import Actor, Moment
from weatherhead.door.proposal import Proposal
from weatherhead.door.registry import Action, Recording, registry


class NotAllLoaded(Refusal):
    """Shards are missing."""

    template = gettext_noop(
        "Set %(name)s is not all loaded: %(missing)s shards are missing. Run weatherhead import again."
    )


class SignedByMaker(Refusal):
    """Maker and checker are one person."""

    template = gettext_noop("%(by)s began loading this set. A second person signs it off.")


class TotalsDiffer(Refusal):
    """What is loaded is not what the old system says."""

    template = gettext_noop("Set %(name)s cannot be signed off: %(listing)s.")


class DifferenceNotNamed(Refusal):
    """Rows were rejected, and the difference was not named."""

    template = gettext_noop(
        "Rows of set %(name)s were rejected: $%(difference)s of balances and deposits are missing (%(listing)s). Give "
        "this difference, and say why it is right, to sign off without them."
    )


def _signed_cents(value: object) -> object:
    if isinstance(value, str):
        try:
            return parse_cents(value) if value.strip() else 0
        except AmountNotUnderstood as refusal:
            raise ValueError(str(refusal)) from refusal
    return value


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """The set; where rows were rejected, the difference in balances and deposits (dollars), and why it is right."""

    set_id: Number
    difference_cents: Annotated[int, BeforeValidator(_signed_cents)] = 0
    note: Note = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The set, what the database holds of it, and who signs."""

    set: SetFacts
    rows: tuple[LoadedRows, ...]
    totals: tuple[LoadedTotal, ...]
    employee_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is signed: every total as it is loaded."""

    set_id: int
    note: str
    totals: dict[str, dict[str, int]]


def gather(inputs: Inputs, _: Moment, actor: Actor) -> Facts:
    """Count and sum what is loaded, from the database itself.

    Raises:
        NoSuchSet: for an unknown number.
    """
    facts = migration_set(inputs.set_id)
    return Facts(set=facts, rows=loaded_rows(facts), totals=loaded_totals(facts), employee_id=actor.employee_id)


def propose(facts: Facts, inputs: Inputs) -> Proposal[Plan]:
    """Compare to the cent and to the row.

    Raises:
        AlreadySignedOff, SignedByMaker, NotAllLoaded, TotalsDiffer, DifferenceNotNamed: as they say.
    """
    found = facts.set
    if found.signed_at is not None:
        raise AlreadySignedOff(name=found.name, by=found.signed_by)
    if facts.employee_id == found.begun_by_employee_id:
        raise SignedByMaker(by=found.begun_by)
    missing = sum(found.shards.values()) - sum(found.done.values())
    if missing:
        raise NotAllLoaded(name=found.name, missing=missing)
    _require_agreement(facts, inputs=inputs)
    return Proposal(
        summary=Sentence(
            gettext_noop("Set %(name)s from %(source)s signed off"), {"name": found.name, "source": found.source}
        ),
        confirm=Sentence(gettext_noop("Sign off")),
        plan=Plan(
            set_id=found.set_id,
            note=inputs.note,
            totals={total.name: {"control": total.control, "loaded": total.loaded} for total in facts.totals},
        ),
        updates={"migration_migrationset": 1},
        changes=(*(_row_change(count) for count in facts.rows), *(_change(total) for total in facts.totals)),
        rules=(house_rule("migration", "Who loads a set does not sign it off; totals agree to the cent"),),
    )


def _require_agreement(facts: Facts, *, inputs: Inputs) -> None:
    """Every total agrees, or differs by just what the rejected rows come to and the signer names."""
    rows = [count for count in facts.rows if count.difference != count.rejected]
    totals = [total for total in facts.totals if not total.explained]
    if rows or totals or (not facts.set.good_rows and any(total.difference for total in facts.totals)):
        said = [f"{count.file} {count.loaded:,} rows of {count.control:,}" for count in rows]
        said += [_say(total) for total in (totals or facts.totals) if total.difference]
        raise TotalsDiffer(name=facts.set.name, listing="; ".join(said))
    short = [total for total in facts.totals if total.difference]
    if not any(count.rejected for count in facts.rows):
        return
    difference_cents = sum(
        total.difference for total in facts.totals if total.name.startswith(("receivable", "deposit"))
    )
    if inputs.difference_cents != difference_cents or not inputs.note:
        listing = "; ".join(_say(total) for total in short) or gettext_noop("no total differs")
        raise DifferenceNotNamed(name=facts.set.name, difference=format_cents(difference_cents), listing=listing)


def _say(total: LoadedTotal) -> str:
    return f"{total.name} {say_total(total.name, total.loaded)} of {say_total(total.name, total.control)}"


def _change(total: LoadedTotal) -> Change:
    unit = Unit.ENERGY_WH if total.name == ENERGY else Unit.CENTS
    return Change(code=total.name, label=Sentence(total.name), unit=unit, before=total.control, after=total.loaded)


def _row_change(count: LoadedRows) -> Change:
    label = Sentence(count.file)
    return Change(code=f"rows.{count.file}", label=label, unit=Unit.COUNT, before=count.control, after=count.loaded)


def record(proposal: Proposal[Plan], recording: Recording) -> None:
    """Record who signed, when, and what.

    Raises:
        AlreadySignedOff: somebody was faster.
    """
    plan, actor = proposal.plan, recording.actor
    sign_off(
        migration_set(plan.set_id),
        by=actor.name,
        employee_id=actor.employee_id,
        at=recording.moment.at,
        note=plan.note,
        totals=plan.totals,
    )


ACTION = registry.add(
    Action(
        name="sign_off_migration",
        title=gettext_noop("Sign off a migration set"),
        duty=11,
        on="utility",
        inputs=Inputs,
        gather=gather,
        propose=propose,
        record=record,
        summary=gettext_noop("A second person confirms that what was loaded is what the old system says, to the cent."),
    )
)
