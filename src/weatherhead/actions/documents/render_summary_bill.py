"""Render a summary bill: make its PDF and keep it, so that every copy is the same."""

from __future__ import annotations

from dataclasses import dataclass

from weatherhead.actions.documents.keeping import keep_summary_documents
from weatherhead.actions.inputs import Number
from weatherhead.areas.billing.summaries import FrozenSummary, frozen_summary
from weatherhead.areas.documents.queries import documents_of_summaries
from weatherhead.core.values import Refusal, Sentence, gettext_noop
from weatherhead.door.context import Actor, Moment
from weatherhead.door.proposal import Proposal
from weatherhead.door.registry import Action, Recording, registry


class SummaryRenderedAlready(Refusal):
    """There is one document of a summary bill."""

    template = gettext_noop("Summary bill %(summary)s has its PDF already. Open it and choose PDF.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """The summary bill."""

    summary_id: Number


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The summary bill as frozen, and whether its document is kept."""

    summary: FrozenSummary
    rendered: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The summary bill to render."""

    summary: FrozenSummary


def gather(inputs: Inputs, _: Moment, __: Actor) -> Facts:
    """Read the frozen summary bill.

    Raises:
        NoSuchSummary: for an unknown number.
        SummaryChanged, DocumentChanged: it is not what was made.
    """
    found = frozen_summary(inputs.summary_id)
    return Facts(summary=found, rendered=bool(documents_of_summaries([inputs.summary_id])))


def propose(facts: Facts, _: Inputs) -> Proposal[Plan]:
    """Keep its PDF.

    Raises:
        SummaryRenderedAlready: it is kept.
    """
    if facts.rendered:
        raise SummaryRenderedAlready(summary=facts.summary.number)
    return Proposal(
        summary=Sentence(gettext_noop("PDF of summary bill %(number)s"), {"number": facts.summary.number}),
        confirm=Sentence(gettext_noop("Make the PDF")),
        plan=Plan(summary=facts.summary),
        account_ids=facts.summary.account_ids,
        creates={"documents_document": 1},
        when_tied="allow",
    )


def record(proposal: Proposal[Plan], recording: Recording) -> None:
    """Render and keep it."""
    summary = proposal.plan.summary
    kept = keep_summary_documents([summary], at=recording.moment.at)
    recording.made_one("document", kept[summary.summary_id].document_id)


ACTION = registry.add(
    Action(
        name="render_summary_bill",
        title=gettext_noop("Make a summary bill’s PDF"),
        duty=3,
        on="document",
        inputs=Inputs,
        gather=gather,
        propose=propose,
        record=record,
        summary=gettext_noop("Renders a summary bill from its frozen payload, once, and keeps the file."),
    )
)
