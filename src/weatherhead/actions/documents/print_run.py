"""A print run through the queue: bills are rendered in small pieces by any number of workers, then put into files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.db import transaction

from weatherhead.actions.documents.keeping import keep_documents
from weatherhead.areas.billing.frozen import frozen_bills
from weatherhead.areas.documents.printing import BILLS_MAX
from weatherhead.areas.documents.queries import bills_in_print_files, documents_of_bills
from weatherhead.areas.records.canonical import Json
from weatherhead.areas.records.operations.work_items import enqueue
from weatherhead.door.context import Actor, Moment
from weatherhead.door.perform import perform
from weatherhead.door.worker import Handler, handles

BILLS_A_PIECE = 25
"""How many bills a piece of work renders: about half a second, for which SQLite's one writer is taken."""


def bills_to_print(bill_ids: Sequence[int]) -> tuple[int, ...]:
    """Those that are in no print file yet, in their order."""
    printed = bills_in_print_files(bill_ids)
    return tuple(bill_id for bill_id in bill_ids if bill_id not in printed)


def queue_rendering(bill_ids: Sequence[int], *, moment: Moment) -> int:
    """Queue the rendering of bills that have no document yet; asking again adds nothing. Counts the pieces."""
    known = documents_of_bills(bill_ids)
    missing = [bill_id for bill_id in bill_ids if bill_id not in known]
    pieces = [missing[start : start + BILLS_A_PIECE] for start in range(0, len(missing), BILLS_A_PIECE)]
    with transaction.atomic():
        for piece in pieces:
            key = f"render bills {piece[0]} to {piece[-1]}, {len(piece)}"
            enqueue(kind=HANDLER.kind, payload={"bills": piece}, at=moment.at, unique_key=key)
    return len(pieces)


def render_piece(payload: Mapping[str, Json], item_id: int, moment: Moment) -> Json:
    """Render a piece's bills, those that nobody rendered meanwhile."""
    del item_id
    kept = keep_documents(frozen_bills(payload["bills"]).values(), at=moment.at)
    return {"documents": len(kept), "pages": sum(item.pages for item in kept.values())}


HANDLER = handles(Handler(kind="render_bills", work=render_piece))


def files_of(bill_ids: Sequence[int]) -> tuple[tuple[int, ...], ...]:
    """The bills of each print file of a run."""
    return tuple(tuple(bill_ids[start : start + BILLS_MAX]) for start in range(0, len(bill_ids), BILLS_MAX))


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
