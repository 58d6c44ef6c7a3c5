"""A print run through the queue: documents are rendered in pieces by any number of workers, then put into files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from django.db import transaction

from weatherhead.actions.billing.make_summary_bill import BalancesMoved, NothingToSummarize
from weatherhead.actions.documents.keeping import keep_documents, keep_summary_documents
from weatherhead.areas.billing.frozen import frozen_bills
from weatherhead.areas.billing.summaries import (
    bills_for_summary,
    days_for_summaries,
    frozen_summaries,
    summaries_of_bills,
)
from weatherhead.areas.documents.printing import BILLS_MAX
from weatherhead.areas.documents.queries import bills_in_print_files, documents_of_bills, documents_of_summaries
from weatherhead.areas.records.canonical import Json, stored_sentence
from weatherhead.areas.records.operations.work_items import enqueue
from weatherhead.core.values import Refusal
from weatherhead.door.context import Actor, Moment
from weatherhead.door.perform import perform
from weatherhead.door.worker import Handler, handles

BILLS_A_PIECE = 25
"""How many bills a piece of work renders: about half a second, for which SQLite's one writer is taken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SummariesMade:
    """How many customers' days got a summary bill; which bills wait and why; what is mailed by itself and why."""

    made: int
    waiting: frozenset[int]
    refused: tuple[str, ...]
    alone: tuple[str, ...]


def make_summaries(*, from_on: date, to_on: date, actor: Actor, moment: Moment) -> SummariesMade:
    """Make every summary bill of some days that waits. Where one is refused, that customer's bills of the day wait."""
    made = 0
    waiting: set[int] = set()
    refused: dict[str, None] = {}
    alone: list[str] = []
    for customer_id, issued_on, first in days_for_summaries(from_on=from_on, to_on=to_on):
        try:
            done = perform(
                "make_summary_bill",
                actor=actor,
                key=f"summary of {issued_on} for customer {customer_id} from bill {first}",
                moment=moment,
                inputs={"customer_id": customer_id, "issued_on": issued_on},
            )
        except NothingToSummarize:
            continue  # what waits is alone, or was mailed alone: it is printed by itself
        except BalancesMoved as moved:
            alone.append(str(moved))
        except Refusal as refusal:
            waiting.update(bills_for_summary(customer_id=customer_id, issued_on=issued_on))
            refused[str(refusal)] = None
        else:
            made += 1
            if "alone" in done.body["summary"]["params"]:
                alone.append(str(stored_sentence(done.body["summary"])))
    return SummariesMade(made=made, waiting=frozenset(waiting), refused=tuple(refused), alone=tuple(alone))


def bills_to_print(bill_ids: Sequence[int]) -> tuple[int, ...]:
    """Those that are in no print file yet, in their order."""
    printed = bills_in_print_files(bill_ids)
    return tuple(bill_id for bill_id in bill_ids if bill_id not in printed)


def documents_missing(bill_ids: Sequence[int]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Of what some bills are mailed as, what has no document yet: bills that are mailed alone, and summary bills."""
    on_summaries = summaries_of_bills(bill_ids)
    alone = [bill_id for bill_id in bill_ids if bill_id not in on_summaries]
    together = sorted(set(on_summaries.values()))
    bills, summaries = documents_of_bills(alone), documents_of_summaries(together)
    return (
        tuple(bill_id for bill_id in alone if bill_id not in bills),
        tuple(summary_id for summary_id in together if summary_id not in summaries),
    )


def queue_rendering(bill_ids: Sequence[int], *, moment: Moment) -> int:
    """Queue the rendering of what has no document yet; asking again adds nothing. Counts the pieces."""
    bills, summaries = documents_missing(bill_ids)
    pieces = [bills[start : start + BILLS_A_PIECE] for start in range(0, len(bills), BILLS_A_PIECE)]
    with transaction.atomic():
        for piece in pieces:
            key = f"render bills {piece[0]} to {piece[-1]}, {len(piece)}"
            enqueue(kind=HANDLER.kind, payload={"bills": list(piece)}, at=moment.at, unique_key=key)
        for summary_id in summaries:  # one a piece: a summary may have as many pages as a piece of bills
            key = f"render summary bill {summary_id}"
            enqueue(kind=SUMMARIES.kind, payload={"summaries": [summary_id]}, at=moment.at, unique_key=key)
    return len(pieces) + len(summaries)


def render_piece(payload: Mapping[str, Json], item_id: int, moment: Moment) -> Json:
    """Render a piece's bills, those that nobody rendered meanwhile."""
    del item_id
    kept = keep_documents(frozen_bills(payload["bills"]).values(), at=moment.at)
    return {"documents": len(kept), "pages": sum(item.pages for item in kept.values())}


def render_summaries(payload: Mapping[str, Json], item_id: int, moment: Moment) -> Json:
    """The same for summary bills."""
    del item_id
    kept = keep_summary_documents(frozen_summaries(payload["summaries"]).values(), at=moment.at)
    return {"documents": len(kept), "pages": sum(item.pages for item in kept.values())}


HANDLER = handles(Handler(kind="render_bills", work=render_piece))
SUMMARIES = handles(Handler(kind="render_summaries", work=render_summaries))


def files_of(bill_ids: Sequence[int]) -> tuple[tuple[int, ...], ...]:
    """The bills of each print file of a run: at most 500, and those of a summary bill in one."""
    files: list[list[int]] = [[]]
    for together in _kept_together(bill_ids):
        if files[-1] and len(files[-1]) + len(together) > BILLS_MAX:
            files.append([])
        files[-1] += together
    return tuple(tuple(file) for file in files if file)


def _kept_together(bill_ids: Sequence[int]) -> Iterator[list[int]]:
    """Each bill that is mailed alone, and the bills of each summary where its first stands."""
    on_summaries = summaries_of_bills(bill_ids)
    members: dict[int, list[int]] = {}
    for bill_id in bill_ids:
        if bill_id in on_summaries:
            members.setdefault(on_summaries[bill_id], []).append(bill_id)
    for bill_id in bill_ids:
        if bill_id not in on_summaries:
            yield [bill_id]
        elif (together := members.pop(on_summaries[bill_id], None)) is not None:
            yield together


def make_file(bill_ids: Sequence[int], *, actor: Actor, moment: Moment) -> int:
    """Make one print file; the same bills again give the first receipt. Returns the file's number in the database."""
    done = perform(
        "make_print_file",
        actor=actor,
        key=f"print bills {bill_ids[0]} to {bill_ids[-1]}, {len(bill_ids)}",
        moment=moment,
        inputs={"bill_ids": tuple(bill_ids)},
    )
    [number] = done.body["made"]["print_file"]
    return int(number)
