"""Make a print file: at most 500 bills with their documents, a manifest, and sums that foot to the ledger."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from weatherhead.actions.billing.waiting_bills import bills_that_wait
from weatherhead.actions.documents.keeping import keep_documents, keep_summary_documents
from weatherhead.actions.inputs import Number
from weatherhead.areas.billing.frozen import FrozenBill, frozen_bills
from weatherhead.areas.billing.queries import NoSuchBill
from weatherhead.areas.billing.summaries import FrozenSummary, frozen_summaries, summaries_of_bills
from weatherhead.areas.documents.operations import BillPrintedAlready, keep_print_file, next_print_number
from weatherhead.areas.documents.printing import (
    BILLS_MAX,
    PrintedBill,
    PrintedDocument,
    archive,
    in_order_of_mail,
    manifest_of,
)
from weatherhead.areas.documents.queries import (
    DocumentFacts,
    bills_in_print_files,
    content_of,
    documents_of_bills,
    documents_of_summaries,
)
from weatherhead.areas.ledger.queries import entries
from weatherhead.core.ledger import LedgerAccount
from weatherhead.core.values import Change, Refusal, Sentence, Unit, gettext_noop
from weatherhead.door.context import Actor, Moment
from weatherhead.door.proposal import Proposal
from weatherhead.door.registry import Action, Recording, registry


class PrintDoesNotFoot(Refusal):
    """The bills' charges are not what the ledger posted for them."""

    template = gettext_noop(
        "These bills charge %(bills)s cents and the ledger posted %(ledger)s for them. Nothing is printed; find the "
        "fault with: weatherhead ledger check"
    )


class SummaryTorn(Refusal):
    """A summary bill goes into one envelope."""

    template = gettext_noop(
        "Summary bill %(summary)s holds bills that are not among these. Print all of its bills in one file."
    )


class BillWaitsForSummary(Refusal):
    """Mailed alone, it would never stand on the summary that its customer asked for."""

    template = gettext_noop(
        "Bill %(bill)s waits for its customer's summary bill. Make the summary, and print it, with: "
        "weatherhead print make --from %(day)s --to %(day)s --as USERNAME"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """The bills, at most 500; those of a summary bill together."""

    bill_ids: Annotated[tuple[Number, ...], Field(min_length=1, max_length=BILLS_MAX)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The bills as frozen, the summaries that they are on, what is rendered, printed or waits, what was posted."""

    bills: Mapping[int, FrozenBill]
    summaries: Mapping[int, FrozenSummary]
    rendered: int
    printed: frozenset[int]
    waiting: frozenset[int]
    posted_cents: Mapping[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The bills of the file, those of them that are alone, the summaries of the others, and their sum in the books."""

    bill_ids: tuple[int, ...]
    alone: tuple[int, ...]
    summary_ids: tuple[int, ...]
    posted_cents: int


def gather(inputs: Inputs, _: Moment, __: Actor) -> Facts:
    """Read bills, summaries, documents, print files and entries.

    Raises:
        DocumentChanged, SummaryChanged: a bill or a summary is not what was issued.
    """
    bills = frozen_bills(inputs.bill_ids)
    by_entry = {bill.entry_id: bill for bill in bills.values() if bill.entry_id is not None}
    posted = {
        by_entry[item.entry_id].bill_id: sum(
            posting.amount_cents
            for posting in item.draft.postings
            if posting.ledger_account == LedgerAccount.RECEIVABLE
            and posting.account_id == by_entry[item.entry_id].account_id
        )
        for item in entries(by_entry)
    }
    on_summaries = summaries_of_bills(inputs.bill_ids)
    summaries = frozen_summaries(sorted(set(on_summaries.values())))
    alone = [bill_id for bill_id in bills if bill_id not in on_summaries]
    return Facts(
        bills=bills,
        summaries=summaries,
        rendered=len(documents_of_bills(alone)) + len(documents_of_summaries(summaries)),
        printed=bills_in_print_files(inputs.bill_ids),
        waiting=bills_that_wait(inputs.bill_ids),
        posted_cents=posted,
    )


def propose(facts: Facts, inputs: Inputs) -> Proposal[Plan]:
    """A print file of the bills.

    Raises:
        NoSuchBill, BillPrintedAlready, BillWaitsForSummary, SummaryTorn, PrintDoesNotFoot: as they say.
    """
    ids = tuple(dict.fromkeys(inputs.bill_ids))
    missing = [bill_id for bill_id in ids if bill_id not in facts.bills]
    if missing:
        raise NoSuchBill(bill=missing[0])
    if facts.printed:
        raise BillPrintedAlready
    for bill_id in sorted(facts.waiting):
        bill = facts.bills[bill_id]
        raise BillWaitsForSummary(bill=bill.number, day=bill.issued_on.isoformat())
    together = {bill.bill_id for summary in facts.summaries.values() for bill in summary.bills}
    for summary in facts.summaries.values():
        if any(bill.bill_id not in facts.bills for bill in summary.bills):
            raise SummaryTorn(summary=summary.number)
    for bill_id in ids:
        bill, posted = facts.bills[bill_id], facts.posted_cents.get(bill_id, 0)
        if not bill.total_cents == posted == bill.payload["charges_cents"]:
            raise PrintDoesNotFoot(bills=bill.total_cents, ledger=posted)
    alone = tuple(bill_id for bill_id in ids if bill_id not in together)
    new = len(alone) + len(facts.summaries) - facts.rendered
    counts = {
        "documents_printfile": 1,
        "documents_printfilebill": len(ids),
        "documents_document": new,
    }
    return Proposal(
        summary=Sentence(gettext_noop("Print file of %(count)s bills"), {"count": len(ids)}),
        confirm=Sentence(gettext_noop("Make the print file")),
        plan=Plan(
            bill_ids=ids,
            alone=alone,
            summary_ids=tuple(facts.summaries),
            posted_cents=sum(facts.posted_cents.values()),
        ),
        creates={table: count for table, count in counts.items() if count},
        changes=(
            Change(
                code="charges",
                label=Sentence(gettext_noop("Charges of these bills")),
                unit=Unit.CENTS,
                before=None,
                after=sum(facts.bills[bill_id].total_cents for bill_id in ids),
            ),
        ),
    )


def record(proposal: Proposal[Plan], recording: Recording) -> None:
    """Render what is not rendered yet, and remember the file.

    Raises:
        BillPrintedAlready: someone printed a bill meanwhile.
    """
    plan, at = proposal.plan, recording.moment.at
    alone = frozen_bills(plan.alone)
    bills = keep_documents(alone.values(), at=at)
    together = frozen_summaries(plan.summary_ids)
    summaries = keep_summary_documents(together.values(), at=at)
    printed = [_bill(alone[bill_id], document=bills[bill_id]) for bill_id in alone]
    printed += [_summary(item, document=summaries[item.summary_id]) for item in together.values()]
    documents = in_order_of_mail(printed)
    kept = {item.document_id: item for item in (*bills.values(), *summaries.values())}
    number = next_print_number()
    manifest = manifest_of(number, documents=documents, posted_cents=plan.posted_cents)
    archived = archive(manifest, contents=((item.file, content_of(kept[item.document_id])) for item in documents))
    made = keep_print_file(
        number,
        documents=documents,
        manifest=manifest,
        archived=archived,
        at=at,
        receipt_id=recording.receipt_id,
    )
    recording.made_one("print_file", made)


def _bill(bill: FrozenBill, *, document: DocumentFacts) -> PrintedDocument:
    return PrintedDocument(
        document_id=document.document_id,
        summary_id=None,
        number=bill.number,
        bills=(_figures(bill),),
        postal_code=_postal_code(bill),
        pages=document.pages,
        amount_due_cents=bill.payload["amount_due_cents"],
        sha256=document.sha256,
    )


def _summary(summary: FrozenSummary, *, document: DocumentFacts) -> PrintedDocument:
    return PrintedDocument(
        document_id=document.document_id,
        summary_id=summary.summary_id,
        number=summary.number,
        bills=tuple(_figures(bill) for bill in summary.bills),
        postal_code=_postal_code(summary.bills[0]),
        pages=document.pages,
        amount_due_cents=summary.amount_due_cents,
        sha256=document.sha256,
    )


def _figures(bill: FrozenBill, /) -> PrintedBill:
    return PrintedBill(
        bill_id=bill.bill_id,
        number=bill.number,
        account_number=bill.payload["account"]["number"],
        charges_cents=bill.total_cents,
        amount_due_cents=bill.payload["amount_due_cents"],
    )


def _postal_code(bill: FrozenBill, /) -> str:
    return str(bill.payload["account"]["mail"][-1].rsplit(" ", 1)[-1])


ACTION = registry.add(
    Action(
        name="make_print_file",
        title=gettext_noop("Make a print file"),
        duty=3,
        on="print",
        inputs=Inputs,
        gather=gather,
        propose=propose,
        record=record,
        summary=gettext_noop("Puts at most 500 bills into a file for the printer, with a manifest that foots."),
    )
)
