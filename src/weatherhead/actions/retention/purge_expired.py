"""Dispose of what a retention rule no longer keeps, once a second person has agreed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from typing import Annotated

from django.conf import settings
from django.core.files.storage import default_storage
from pydantic import Field

from weatherhead.actions.inputs import Code
from weatherhead.areas.records.canonical import Json
from weatherhead.areas.records.utility import current_utility
from weatherhead.areas.retention.operations import (
    dispose_of_adverse_actions,
    dispose_of_bill_documents,
    dispose_of_customers,
    dispose_of_messages,
    dispose_of_payers,
    dispose_of_read_files,
    dispose_of_read_notes,
    dispose_of_refund_payees,
    dispose_of_sign_ins,
    dispose_of_statements,
)
from weatherhead.areas.retention.queries import Expired, expired
from weatherhead.areas.retention.rules import RuleInForce, Subject, rule_in_force
from weatherhead.core.values import Change, Refusal, Sentence, Unit, gettext_noop
from weatherhead.door.context import Actor, Moment
from weatherhead.door.proposal import Proposal, Work
from weatherhead.door.registry import Action, Recording, registry
from weatherhead.door.worker import Handler, handles

AT_MOST = 1_000


class NothingExpired(Refusal):
    """The rule has nothing to do."""

    template = gettext_noop("Nothing from before %(cutoff)s is left to dispose of by the rule %(rule)s.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """The rule, and how many at most in this one receipt; the rest waits for the next."""

    rule: Code
    at_most: Annotated[int, Field(ge=1, le=AT_MOST)] = AT_MOST


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The rule in force, and what it finds."""

    in_force: RuleInForce
    found: Expired


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What goes."""

    rule: str
    subject: str
    cutoff_on: date
    ids: tuple[int, ...]


def gather(inputs: Inputs, moment: Moment, _: Actor) -> Facts:
    """Read the rule, and look."""
    in_force = rule_in_force(inputs.rule, as_of=moment.as_of)
    return Facts(in_force=in_force, found=expired(in_force, at_most=inputs.at_most))


_WORDS = {
    Subject.FORMER_CUSTOMERS: gettext_noop("Former customers"),
    Subject.BILL_DOCUMENTS: gettext_noop("Bill documents"),
    Subject.STATEMENTS: gettext_noop("Prepared summaries"),
    Subject.ADVERSE_ACTIONS: gettext_noop("Notices of adverse action"),
    Subject.MESSAGES: gettext_noop("Messages in the outbox"),
    Subject.REFUND_PAYEES: gettext_noop("Payees of refunds"),
    Subject.PAYERS: gettext_noop("Files of payments, whose payers"),
    Subject.READ_FILES: gettext_noop("Files of reads"),
    Subject.READ_NOTES: gettext_noop("Notes beside reads"),
    Subject.FAILED_SIGN_INS: gettext_noop("Entries of sign-in logs"),
}


def propose(facts: Facts, inputs: Inputs) -> Proposal[Plan]:
    """Say what would go, what stays for now, and by which rule.

    Raises:
        NothingExpired: there is nothing.
    """
    in_force, found = facts.in_force, facts.found
    subject = in_force.rule.disposes
    count = len(found.ids) or found.removes
    if not count:
        raise NothingExpired(rule=inputs.rule, cutoff=in_force.cutoff_on)
    said = {"what": Sentence(_WORDS[subject]), "count": count, "cutoff": in_force.cutoff_on}
    alone = subject is Subject.FAILED_SIGN_INS  # no customer is in them, and the audit log keeps its own record
    return Proposal(
        summary=Sentence(gettext_noop("%(what)s from before %(cutoff)s disposed of: %(count)s"), said),
        confirm=Sentence(gettext_noop("Dispose of %(count)s, for good"), {"count": count}),
        plan=Plan(rule=in_force.rule.code, subject=subject.value, cutoff_on=in_force.cutoff_on, ids=found.ids),
        creates=found.creates,
        updates=found.updates,
        changes=(
            _change("disposed", _WORDS[subject], count),
            _change("left", gettext_noop("Left for the next time"), found.left),
            _change("held_back", gettext_noop("Held back: a legal hold, money or a request is open"), found.held_back),
        ),
        rules=(in_force.rule.rule,),
        work=_deleted(found),
        needs_approval=None if alone else Sentence(gettext_noop("What is disposed of does not come back.")),
    )


def _deleted(found: Expired) -> tuple[Work, ...]:
    """The files that go after the commit: from the storage, and from the outbox."""
    kinds = (("delete_files", "paths", found.files), ("delete_messages", "names", found.messages))
    return tuple(Work(kind=kind, payload={key: list(names)}) for kind, key, names in kinds if names)


def _change(code: str, label: str, count: int) -> Change:
    return Change(code=code, label=Sentence(label), unit=Unit.COUNT, before=None, after=count)


def record(proposal: Proposal[Plan], recording: Recording) -> None:
    """Dispose of it; files go after the commit, through the queue."""
    plan, receipt_id, on = proposal.plan, recording.receipt_id, recording.moment.as_of
    match Subject(plan.subject):
        case Subject.FORMER_CUSTOMERS:
            dispose_of_customers(plan.ids, rule=plan.rule, on=on, receipt_id=receipt_id)
        case Subject.BILL_DOCUMENTS:
            dispose_of_bill_documents(plan.ids, rule=plan.rule, on=on, receipt_id=receipt_id)
        case Subject.STATEMENTS:
            dispose_of_statements(plan.ids, rule=plan.rule, on=on, receipt_id=receipt_id)
        case Subject.ADVERSE_ACTIONS:
            dispose_of_adverse_actions(plan.ids)
        case Subject.MESSAGES:
            dispose_of_messages(plan.ids)
        case Subject.REFUND_PAYEES:
            dispose_of_refund_payees(plan.ids)
        case Subject.PAYERS:
            dispose_of_payers(plan.ids)
        case Subject.READ_FILES:
            dispose_of_read_files(plan.ids)
        case Subject.READ_NOTES:
            dispose_of_read_notes(plan.ids)
        case Subject.FAILED_SIGN_INS:
            dispose_of_sign_ins(before=datetime.combine(plan.cutoff_on, time(), tzinfo=current_utility().zone))


def delete_files(payload: Mapping[str, Json], item_id: int, moment: Moment) -> Json:
    """Delete the contents of what was disposed of. One that is gone already is right."""
    del item_id, moment
    paths = [str(path) for path in payload["paths"]]
    for path in paths:
        default_storage.delete(path)
    return {"deleted": len(paths)}


def delete_messages(payload: Mapping[str, Json], item_id: int, moment: Moment) -> Json:
    """Delete messages from the outbox. One that whatever sends mail took away already is right."""
    del item_id, moment
    names = [str(name) for name in payload["names"]]
    for name in names:
        (Path(settings.OUTBOX_DIR) / Path(name).name).unlink(missing_ok=True)
    return {"deleted": len(names)}


HANDLER = handles(Handler(kind="delete_files", work=delete_files))
MESSAGES_HANDLER = handles(Handler(kind="delete_messages", work=delete_messages))

ACTION = registry.add(
    Action(
        name="purge_expired",
        title=gettext_noop("Dispose of what was kept long enough"),
        duty=11,
        on="utility",
        inputs=Inputs,
        gather=gather,
        propose=propose,
        record=record,
        summary=gettext_noop("Takes persons out of what a retention rule no longer keeps; the books stay."),
    )
)
