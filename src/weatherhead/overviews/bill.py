"""The bill page: how each cent came about."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from weatherhead.areas.billing.determinants import judged
from weatherhead.areas.billing.facts import BillOfHistory, LineFacts, SegmentFacts
from weatherhead.areas.billing.queries import bill, bills_of_account, lines_of_segments, segments_of_bill
from weatherhead.areas.customers.queries import account
from weatherhead.areas.documents.queries import frame_body
from weatherhead.areas.ledger.queries import entry
from weatherhead.areas.records.canonical import Json
from weatherhead.areas.records.utility import current_utility
from weatherhead.core.ledger import Entry
from weatherhead.core.rating import RatedLine
from weatherhead.core.statements import DocumentService, parse_payload, plain_text
from weatherhead.core.values import Sentence, gettext_noop
from weatherhead.door.jobs import Grant
from weatherhead.overviews.account.offers import ActionOffer, offers_on
from weatherhead.overviews.composing import ledger_title


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadFact:
    """A read that bounds a period."""

    on: date
    value: str
    kind: Sentence
    source: Sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class LineProof:
    """One line with everything that made it. Texts of figures are exact, never rounded floats."""

    sequence: int
    code: str
    label: str
    quantity: str  # "1,397 kWh"
    price: str  # "$0.0824"
    amount_cents: int
    steps: tuple[str, ...]  # arithmetic sentences, in order
    unrounded: str  # "$115.1128"
    rounding: Sentence
    determinant: Sentence | None
    schedule: str
    version_on: date
    clause: str
    citation: str
    status: str  # verified, secondary, illustrative
    ledger_account: str
    ledger_title: str
    entry_id: int | None
    entry_line: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentProof:
    """The charges of one service agreement for one period."""

    segment_id: int
    start_on: date
    last_on: date  # inclusive, for people
    days: int
    active: bool
    schedule: str
    schedule_name: str
    service_address: str
    meter_serial: str
    multiplier: str
    start_read: ReadFact | None
    end_read: ReadFact | None
    energy_wh: int
    demand_w_max: int | None
    lines: tuple[LineProof, ...]
    amount_cents: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckPassed:
    """A check that the bill passed before it was issued, or that a person released."""

    passed: bool
    text: Sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class PostingFact:
    """One line of the bill's ledger entry. Debits positive."""

    sequence: int
    ledger_account: str
    title: str
    gl: str
    amount_cents: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BillNeighbour:
    """The bill before or after."""

    bill_id: int
    issued_on: date
    total_cents: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BillProof:
    """A bill, its lines with proofs, what it was checked for, and its entry in the books."""

    as_of: date
    bill_id: int
    number: str
    account_id: int
    account_number_grouped: str
    customer_name: str
    kind: str
    kind_title: Sentence
    issued_on: date
    due_on: date
    total_cents: int
    corrects_id: int | None
    corrected_by_id: int | None
    segments: tuple[SegmentProof, ...]
    checks: tuple[CheckPassed, ...]
    entry_id: int | None
    postings: tuple[PostingFact, ...]
    payload_sha256: str
    payload_intact: bool
    previous: BillNeighbour | None
    following: BillNeighbour | None
    can_cancel: bool
    actions: tuple[ActionOffer, ...] = ()


_KINDS = {
    "regular": gettext_noop("Regular bill"),
    "corrected": gettext_noop("Corrected bill"),
    "final": gettext_noop("Final bill"),
}
_READ_KINDS = {
    "actual": gettext_noop("actual"),
    "estimated": gettext_noop("estimated"),
    "customer": gettext_noop("by the customer"),
    "move_in": gettext_noop("at moving in"),
    "move_out": gettext_noop("at moving out"),
}
_ROUNDING = {
    "half_up": gettext_noop("To the cent; half a cent goes away from zero."),
    "half_even": gettext_noop("To the cent; half a cent goes to the even cent."),
    "down": gettext_noop("To the cent, toward zero."),
    "up": gettext_noop("To the cent, away from zero."),
    "floor": gettext_noop("To the cent, down."),
    "ceiling": gettext_noop("To the cent, up."),
}
_NEIGHBOURS_READ = 1000


def bill_proof(bill_id: int, *, as_of: date, grant: Grant) -> BillProof:
    """Compose the bill page.

    Raises:
        NoSuchBill: for an unknown bill.
    """
    issued = bill(bill_id)
    holder = account(issued.account_id)
    segments = segments_of_bill(bill_id)
    lines = lines_of_segments(segments)
    posted = entry(issued.entry_id) if issued.entry_id is not None else None
    history = bills_of_account(issued.account_id, limit=_NEIGHBOURS_READ)
    place = next((index for index, item in enumerate(history) if item.bill_id == bill_id), 0)
    document = parse_payload(issued.payload, frame=frame_body(issued.payload["frame_sha256"]))
    return BillProof(
        as_of=as_of,
        bill_id=bill_id,
        number=issued.number,
        account_id=issued.account_id,
        account_number_grouped=holder.number_grouped,
        customer_name=holder.customer_name,
        kind=issued.kind,
        kind_title=Sentence(_KINDS[issued.kind]),
        issued_on=issued.issued_on,
        due_on=issued.due_on,
        total_cents=issued.total_cents,
        corrects_id=issued.corrects_id,
        corrected_by_id=issued.corrected_by_id,
        segments=tuple(
            _segment(segment, service=service, lines=lines, posted=posted)
            for segment, service in zip(segments, document.services, strict=True)
        ),
        checks=tuple(check for segment in segments for check in _checks(segment)),
        entry_id=issued.entry_id,
        postings=_postings(posted),
        payload_sha256=issued.payload_sha256,
        payload_intact=issued.payload_intact,
        previous=_neighbour(history[place + 1]) if place + 1 < len(history) else None,
        following=_neighbour(history[place - 1]) if place > 0 else None,
        can_cancel="cancel_and_rebill" in grant.actions and all(segment.active for segment in segments),
        actions=offers_on(issued.account_id, bills=history, grant=grant),
    )


def _segment(
    segment: SegmentFacts, *, service: DocumentService, lines: Sequence[LineFacts], posted: Entry | None
) -> SegmentProof:
    reads = segment.determinants["reads"]
    name = service.schedule_name
    return SegmentProof(
        segment_id=segment.segment_id,
        start_on=segment.start_on,
        last_on=segment.end_on - timedelta(days=1),
        days=segment.days,
        active=segment.active,
        schedule=segment.schedule,
        schedule_name=f"{segment.schedule}, {name}",
        service_address=service.address,
        meter_serial=reads[-1]["meter"] if reads else "",
        multiplier=plain_text(Decimal(reads[-1]["multiplier"])) if reads else "",
        start_read=_read(reads[0]) if reads else None,
        end_read=_read(reads[-1]) if reads else None,
        energy_wh=segment.energy_wh,
        demand_w_max=segment.demand_w_max,
        lines=tuple(
            _line(line, schedule=f"{segment.schedule}, {name}", posted=posted)
            for line in lines
            if line.segment_id == segment.segment_id
        ),
        amount_cents=segment.amount_cents,
    )


def _read(item: Mapping[str, Json]) -> ReadFact:
    return ReadFact(
        on=date.fromisoformat(item["on"]),
        value=f"{item['dial_reading']:,}",
        kind=Sentence(_READ_KINDS[item["kind"]]),
        source=Sentence(gettext_noop("meter %(serial)s"), {"serial": item["meter"]}),
    )


def _line(line: LineFacts, *, schedule: str, posted: Entry | None) -> LineProof:
    rated = line.rated
    place = _place_in(posted, ledger_account=line.ledger_account)
    return LineProof(
        sequence=line.sequence,
        code=line.code,
        label=line.label,
        quantity=_quantity(rated),
        price=_price(rated),
        amount_cents=line.amount_cents,
        steps=rated.steps,
        unrounded=_arithmetic(rated),
        rounding=Sentence(_ROUNDING[rated.rounding]),
        determinant=None,
        schedule=schedule,
        version_on=rated.version,
        clause=rated.clause,
        citation=rated.citation,
        status=rated.status,
        ledger_account=line.ledger_account,
        ledger_title=ledger_title(line.ledger_account),
        entry_id=posted.entry_id if posted and place else None,
        entry_line=place,
    )


def _arithmetic(rated: RatedLine) -> str:
    """Quantity × price = amount, where that is the whole of it; else the exact amount, whose steps stand below."""
    share = rated.price / 100 if rated.price_unit == "%" else rated.price
    if rated.unrounded.endswith("…"):  # a share that does not end: no product of what is shown
        return f"${rated.unrounded}"
    if f"{(rated.quantity * share).normalize():f}" != f"{Decimal(rated.unrounded).normalize():f}":
        return f"${rated.unrounded}"
    return f"{_quantity(rated)} × {_price(rated)} = ${rated.unrounded}"


def _place_in(posted: Entry | None, *, ledger_account: str) -> int | None:
    """Which posting of the bill's entry holds a line's amount: lines of one ledger account are posted together."""
    if posted is None:
        return None
    return next((ref.sequence for ref, item in posted.referenced() if item.ledger_account == ledger_account), None)


def _quantity(rated: RatedLine) -> str:
    """A quantity with its unit; percentages multiply dollars."""
    if rated.quantity_unit in {"$", "USD", "dollars"}:
        return f"${rated.quantity:,.2f}"
    return f"{plain_text(rated.quantity)} {rated.quantity_unit}".strip()


def _price(rated: RatedLine) -> str:
    if rated.price_unit == "%":
        return f"{plain_text(rated.price)}%"
    return f"${plain_text(rated.price, places_min=2)}"


def _checks(segment: SegmentFacts) -> Iterator[CheckPassed]:
    """What a segment was checked for before it was issued."""
    for item in judged(segment.determinants, days=segment.days, amount_cents=segment.amount_cents):
        reason = "" if item.passed else segment.determinants["released"].get(item.code, "")
        text = item.text
        if reason:
            text = Sentence(gettext_noop("%(check)s %(reason)s"), {"check": text, "reason": reason})
        yield CheckPassed(passed=item.passed, text=text)


def _postings(posted: Entry | None) -> tuple[PostingFact, ...]:
    if posted is None:
        return ()
    books = current_utility().ledger_accounts
    return tuple(
        PostingFact(
            sequence=ref.sequence,
            ledger_account=item.ledger_account,
            title=ledger_title(item.ledger_account),
            gl=books[item.ledger_account].gl if item.ledger_account in books else "",
            amount_cents=item.amount_cents,
        )
        for ref, item in posted.referenced()
    )


def _neighbour(item: BillOfHistory) -> BillNeighbour:
    return BillNeighbour(bill_id=item.bill_id, issued_on=item.issued_on, total_cents=item.total_cents)
