"""Render a bill: make the PDF of an issued bill and keep it, so that every copy is the same."""

from __future__ import annotations

from dataclasses import dataclass

from weatherhead.actions.documents.keeping import keep_documents
from weatherhead.actions.inputs import Number
from weatherhead.areas.billing.frozen import FrozenBill, frozen_bills
from weatherhead.areas.billing.queries import NoSuchBill
from weatherhead.areas.documents.queries import documents_of_bills
from weatherhead.core.values import Refusal, Sentence, gettext_noop
from weatherhead.door.context import Actor, Moment
from weatherhead.door.proposal import Proposal
from weatherhead.door.registry import Action, Recording, registry


class BillRenderedAlready(Refusal):
    """There is one document of a bill."""

    template = gettext_noop("Bill %(bill)s has its PDF already. Open the bill and choose PDF.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """The bill."""

    bill_id: Number


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The bill as frozen, and whether its document is kept."""

    bill: FrozenBill
    rendered: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The bill to render."""

    bill: FrozenBill


def gather(inputs: Inputs, _: Moment, __: Actor) -> Facts:
    """Read the frozen bill.

    Raises:
        NoSuchBill: for an unknown number.
        DocumentChanged: it is not what was issued.
    """
    found = frozen_bills([inputs.bill_id])
    if inputs.bill_id not in found:
        raise NoSuchBill(bill=inputs.bill_id)
    return Facts(bill=found[inputs.bill_id], rendered=bool(documents_of_bills([inputs.bill_id])))


def propose(facts: Facts, _: Inputs) -> Proposal[Plan]:
    """Keep the bill's PDF.

    Raises:
        BillRenderedAlready: it is kept.
    """
    if facts.rendered:
        raise BillRenderedAlready(bill=facts.bill.number)
    return Proposal(
        summary=Sentence(gettext_noop("PDF of bill %(number)s"), {"number": facts.bill.number}),
        confirm=Sentence(gettext_noop("Make the PDF")),
        plan=Plan(bill=facts.bill),
        account_ids=(facts.bill.account_id,),
        creates={"documents_document": 1},
        when_tied="allow",
    )


def record(proposal: Proposal[Plan], recording: Recording) -> None:
    """Render and keep it."""
    bill = proposal.plan.bill
    kept = keep_documents([bill], at=recording.moment.at)
    recording.made_one("document", kept[bill.bill_id].document_id)


ACTION = registry.add(
    Action(
        name="render_bill",
        title=gettext_noop("Make a bill’s PDF"),
        duty=3,
        on="document",
        inputs=Inputs,
        gather=gather,
        propose=propose,
        record=record,
        summary=gettext_noop("Renders an issued bill from its frozen payload, once, and keeps the file."),
    )
)
