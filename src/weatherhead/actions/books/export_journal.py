"""Make the journal for the general ledger: closed days that it does not have yet, each entry in exactly one export."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import Annotated, Literal

from weatherhead.actions.figures import house_rule
from weatherhead.actions.inputs import Blankable
from weatherhead.areas.ledger.books import (
    ONE_DAY,
    SourceRow,
    by_source,
    closed_through,
    entries_by_kind,
    exported_through,
    exports,
    first_entry_on,
)
from weatherhead.areas.ledger.journal_file import journal_csv, journal_lines
from weatherhead.areas.ledger.operations.closing import ExportPlan, record_export
from weatherhead.areas.records.utility import GeneralLedgerAccount, current_utility
from weatherhead.core.values import Change, Refusal, Sentence, Unit, format_cents, gettext_noop
from weatherhead.door.context import Actor, Moment
from weatherhead.door.proposal import Proposal
from weatherhead.door.registry import Action, Recording, registry


class DaysNotClosed(Refusal):
    """Only closed days are handed over."""

    template = gettext_noop("The books are not closed through %(on)s. Close them first.")


class NothingToExport(Refusal):
    """The general ledger has all of it."""

    template = gettext_noop("The general ledger has every entry of the closed days already. Close more days first.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """The last day, or every closed day when none is given; lines by day, or by day and what posted them."""

    last_on: Annotated[date | None, Blankable] = None
    grouped_by: Literal["day", "source"] = "day"


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the general ledger has, what is closed, and what stands on the days between."""

    number: int
    first_on: date | None
    last_on: date | None
    closed_on: date | None
    rows: tuple[SourceRow, ...]
    entries: int
    mapped: dict[str, GeneralLedgerAccount]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The export, as it will be kept."""

    export: ExportPlan

    @property
    def substance(self) -> str:
        """A hash of the days and the file."""
        export = self.export
        said = f"{export.number}|{export.first_on}|{export.last_on}|{export.entries}|{export.content}"
        return sha256(said.encode()).hexdigest()


def gather(inputs: Inputs, _moment: Moment, _actor: Actor) -> Facts:
    """Read the days that the general ledger does not have."""
    closed_on, exported_on = closed_through(), exported_through()
    first_on = first_entry_on() if exported_on is None else exported_on + ONE_DAY
    last_on = inputs.last_on or closed_on
    has_days = first_on is not None and last_on is not None and closed_on is not None and last_on <= closed_on
    latest = exports(limit=1)
    return Facts(
        number=latest[0].number + 1 if latest else 1,
        first_on=first_on,
        last_on=last_on,
        closed_on=closed_on,
        rows=by_source(first_on=first_on, last_on=last_on) if has_days and first_on and last_on else (),
        entries=sum(entries_by_kind(first_on=first_on, last_on=last_on).values())
        if has_days and first_on and last_on
        else 0,
        mapped=current_utility().ledger_accounts,
    )


def propose(facts: Facts, inputs: Inputs) -> Proposal[Plan]:
    """Form the journal.

    Raises:
        DaysNotClosed, NothingToExport, LedgerAccountUnmapped: as they say.
    """
    first_on, last_on = facts.first_on, facts.last_on
    if last_on is not None and (facts.closed_on is None or last_on > facts.closed_on):
        raise DaysNotClosed(on=last_on)
    if not facts.rows or first_on is None or last_on is None:
        raise NothingToExport
    lines = journal_lines(facts.rows, grouped_by=inputs.grouped_by, mapped=facts.mapped)
    export = ExportPlan(
        number=facts.number,
        first_on=first_on,
        last_on=last_on,
        grouped_by=inputs.grouped_by,
        entries=facts.entries,
        postings=sum(row.postings for row in facts.rows),
        lines=len(lines),
        debits_cents=sum(line.debits_cents for line in lines),
        credits_cents=sum(line.credits_cents for line in lines),
        content=journal_csv(lines, number=facts.number),
    )
    params = {
        "number": export.number, "first": first_on, "last": last_on, "amount": format_cents(export.debits_cents),
    }  # fmt: skip
    return Proposal(
        summary=Sentence(
            gettext_noop("Journal %(number)s made for %(first)s through %(last)s: $%(amount)s on each side"), params
        ),
        confirm=Sentence(gettext_noop("Make journal %(number)s of $%(amount)s"), params),
        plan=Plan(export=export),
        creates={"ledger_journalexport": 1},
        changes=_changes(export),
        rules=(house_rule("journal", "Each ledger entry is handed over once; a journal is printed again unchanged"),),
    )


def _changes(export: ExportPlan) -> tuple[Change, ...]:
    figures = (
        ("first_on", gettext_noop("First day"), Unit.DATE, export.first_on),
        ("last_on", gettext_noop("Last day"), Unit.DATE, export.last_on),
        ("entries", gettext_noop("Entries"), Unit.COUNT, export.entries),
        ("lines", gettext_noop("Lines"), Unit.COUNT, export.lines),
        ("debits", gettext_noop("Debits"), Unit.CENTS, export.debits_cents),
        ("credits", gettext_noop("Credits"), Unit.CENTS, export.credits_cents),
    )
    return tuple(
        Change(code=code, label=Sentence(label), unit=unit, before=None, after=value)
        for code, label, unit, value in figures
    )


def record(proposal: Proposal[Plan], recording: Recording) -> None:
    """Keep it.

    Raises:
        ClosedMeanwhile: another export was made meanwhile.
    """
    number = record_export(
        proposal.plan.export,
        made_by=recording.actor.name,
        at=recording.moment.at,
        receipt_id=recording.receipt_id,
    )
    recording.made_one("journal_export", number)


ACTION = registry.add(
    Action(
        name="export_journal",
        title=gettext_noop("Make the journal for the general ledger"),
        duty=11,
        on="utility",
        inputs=Inputs,
        gather=gather,
        propose=propose,
        record=record,
        summary=gettext_noop("Hands the closed days that the general ledger does not have to it, each entry once."),
    )
)
