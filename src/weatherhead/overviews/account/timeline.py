"""Everything that happened on an account, latest first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from weatherhead.areas.billing.adjustment_types import title_of
from weatherhead.areas.billing.facts import AdjustmentFacts, BillOfHistory
from weatherhead.areas.credit.refunds import RefundFacts
from weatherhead.areas.ledger.queries import TimelinePosting
from weatherhead.areas.metering.queries import BillableRead
from weatherhead.areas.payments.queries import MOVED, PaymentFacts
from weatherhead.areas.records.queries.approvals import RequestFacts
from weatherhead.areas.records.queries.receipts import ReceiptLine
from weatherhead.areas.service_orders.queries import OrderFacts
from weatherhead.core.values import Sentence, gettext_noop
from weatherhead.door.stored import stored_changes, stored_sentence
from weatherhead.overviews.account.gathered import Gathered


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineRow:
    """One row of everything that happened, latest first. Pending rows change nothing yet."""

    on: date
    kind: str  # bill, payment, adjustment, read, order, contact, account, approval
    kind_title: Sentence
    what: Sentence
    link: str
    detail: Sentence | None
    amount_cents: int | None
    balance_cents: int | None
    pending: bool = False


READ_KINDS = {
    "actual": gettext_noop("Actual read"),
    "estimated": gettext_noop("Estimated read"),
    "customer": gettext_noop("Customer's read"),
    "move_in": gettext_noop("Move-in read"),
    "move_out": gettext_noop("Move-out read"),
    "check": gettext_noop("Check read"),
}
_ORDER_KINDS = {"re_read": gettext_noop("Re-read"), "investigate": gettext_noop("Investigation")}
_TENDERS = {
    "cash": gettext_noop("Cash"),
    "check": gettext_noop("Check"),
    "money_order": gettext_noop("Money order"),
    "card": gettext_noop("Card"),
    "bank": gettext_noop("Bank payment"),
    "agency": gettext_noop("Agency payment"),
}


def timeline_of(found: Gathered) -> tuple[TimelineRow, ...]:
    """The rows of everything that was gathered; those of one day in the order of their entries."""
    bills = {item.entry_id: item for item in found.holdings.bills}
    payments = {item.entry_id: item for item in found.holdings.payments}
    adjustments = {item.entry_id: item for item in found.holdings.adjustments}
    refunds = {item.entry_id: item for item in found.refunds}
    rows: list[tuple[date, int, TimelineRow]] = []
    for posting in found.postings:
        entry_id = posting.ref.entry_id
        if entry_id in bills:
            kind, title, what, link = _bill_row(bills[entry_id])
        elif entry_id in payments:
            kind, title, what, link = _payment_row(payments[entry_id])
            if payments[entry_id].moved_from_id is not None and posting.receipt_id:
                link = f"/receipt/{posting.receipt_id}/"  # of the move: the first receipt is another account's
        elif entry_id in adjustments:
            kind, title, what, link = _adjustment_row(adjustments[entry_id])
        elif entry_id in refunds:
            kind, title, what, link = _refund_row(refunds[entry_id])
        elif posting.kind in _CREDIT:
            kind, title, what, link = _credit_row(posting)
        else:
            undone = payments.get(posting.reverses_id or 0) or bills.get(posting.reverses_id or 0)
            returned = isinstance(undone, PaymentFacts) and undone.came_back_on is not None
            moved = isinstance(undone, PaymentFacts) and undone.reversal_reason == MOVED
            kind, title, what, link = _other_row(posting, reversed_one=_named(undone), returned=returned, moved=moved)
        row = TimelineRow(
            on=posting.effective_on,
            kind=kind,
            kind_title=title,
            what=what,
            link=link,
            detail=refund_state(refunds[entry_id])
            if entry_id in refunds
            else _undone(posting, payment=payments.get(entry_id)),
            amount_cents=posting.amount_cents,
            balance_cents=posting.balance_cents,
        )
        rows.append((posting.effective_on, entry_id, row))
    rows += [(item.refunded_on, item.entry_id, _deposit_refund_row(item)) for item in found.refunds if item.deposit_id]
    rows += [(item.requested_at.date(), 2**62, _request_row(item)) for item in found.requests]
    rows += [(item.as_of, -1, _receipt_row(item)) for item in found.receipts]
    rows += [(item.opened_on, -1, _order_row(item)) for item in found.orders]
    rows += [(read.read_on, -2, _read_row(read)) for reads in found.holdings.reads.values() for read in reads]
    rows.sort(key=lambda item: (item[0], item[1]), reverse=True)
    return tuple(row for _, _, row in rows)


def _undone(posting: TimelinePosting, *, payment: PaymentFacts | None) -> Sentence | None:
    """Whether what was posted was taken back since, and how."""
    if posting.reversed_by_id is None:
        return None
    if payment is not None and payment.came_back_on is not None:
        return Sentence(gettext_noop("returned by the bank"))
    if payment is not None and payment.reversal_reason == MOVED:
        return Sentence(gettext_noop("moved since"))
    return Sentence(gettext_noop("reversed since"))


def _bill_row(item: BillOfHistory) -> tuple[str, Sentence, Sentence, str]:
    what = Sentence(
        gettext_noop("%(start)s to %(end)s, %(energy_wh)s kWh, due %(due)s"),
        {
            "start": item.start_on,
            "end": item.end_on - timedelta(days=1),
            "energy_wh": item.energy_wh,
            "due": item.due_on,
        },
    )
    title = gettext_noop("Corrected bill") if item.corrects_id else gettext_noop("Bill")
    return "bill", Sentence(title), what, f"/bill/{item.bill_id}/"


def _payment_row(item: PaymentFacts) -> tuple[str, Sentence, Sentence, str]:
    if item.check_number and item.tender_kind == "check":
        what = Sentence(gettext_noop("Check %(number)s"), {"number": item.check_number})
    elif item.payer:
        what = Sentence(gettext_noop("Payment by %(agency)s"), {"agency": item.payer})
    else:
        what = Sentence(_TENDERS[item.tender_kind])
    return "payment", Sentence(gettext_noop("Payment")), what, f"/receipt/{item.receipt_id}/"


def _named(item: PaymentFacts | BillOfHistory | None) -> Sentence | None:
    """What a reversal undoes, in a few words."""
    if isinstance(item, PaymentFacts):
        _, _, what, _ = _payment_row(item)
        return Sentence(gettext_noop("%(what)s of %(on)s"), {"what": what, "on": item.paid_on})
    return Sentence(gettext_noop("Bill of %(on)s"), {"on": item.issued_on}) if item else None


def _adjustment_row(item: AdjustmentFacts) -> tuple[str, Sentence, Sentence, str]:
    title = title_of(item.charge)
    link = f"/receipt/{item.receipt_id}/"
    if item.kind == "waiver":
        what = Sentence(gettext_noop("%(title)s waived"), {"title": title})
        return "adjustment", Sentence(gettext_noop("Waiver")), what, link
    if item.kind == "reversal":
        what = Sentence(gettext_noop("%(title)s reversed"), {"title": title})
        return "adjustment", Sentence(gettext_noop("Reversal")), what, link
    return "adjustment", Sentence(_ADJUSTMENT[item.kind]), Sentence("%(title)s", {"title": title}), link


_ADJUSTMENT = {"fee": gettext_noop("Fee"), "credit": gettext_noop("Credit"), "debit": gettext_noop("Charge")}


_CREDIT = {
    "deposit_paid": (gettext_noop("Deposit"), gettext_noop("Held as a deposit")),
    "deposit_applied": (gettext_noop("Deposit"), gettext_noop("Deposit applied to the final bill")),
    "deposit_given_back": (gettext_noop("Deposit"), gettext_noop("Deposit given back after good history")),
    "deposit_interest": (gettext_noop("Interest"), gettext_noop("Interest on the deposit")),
    "refund_cancelled": (gettext_noop("Refund"), gettext_noop("Refund cancelled")),
    "write_off": (gettext_noop("Write-off"), gettext_noop("Written off")),
    "recovery": (gettext_noop("Recovery"), gettext_noop("Paid after it was written off")),
}
_REFUNDS = {"check": gettext_noop("Refund by check"), "tender": gettext_noop("Refund to the original tender")}
_REFUND_STATES = {
    "issued": gettext_noop("check %(number)s on its way"),
    "cancelled": gettext_noop("cancelled %(on)s"),
}


def _credit_row(posting: TimelinePosting) -> tuple[str, Sentence, Sentence, str]:
    title, what = _CREDIT[posting.kind]
    link = f"/receipt/{posting.receipt_id}/" if posting.receipt_id else ""
    return "adjustment", Sentence(title), Sentence(what), link


def _refund_row(item: RefundFacts) -> tuple[str, Sentence, Sentence, str]:
    return "payment", Sentence(gettext_noop("Refund")), Sentence(_REFUNDS[item.method]), f"/receipt/{item.receipt_id}/"


def refund_state(item: RefundFacts) -> Sentence:
    """How far a refund is."""
    said = {"number": item.check_number, "on": item.ended_on or item.hold_until_on}
    if item.state == "paid":
        paid = gettext_noop("check %(number)s paid %(on)s") if item.method == "check" else gettext_noop("sent %(on)s")
        return Sentence(paid, said)
    if item.state != "payable":
        return Sentence(_REFUND_STATES[item.state], said)
    if item.waits_for_a_person:
        return Sentence(gettext_noop("held: looks like another refund"))
    if item.hold_until_on is not None and not item.check_number:
        return Sentence(gettext_noop("approved, address changed: not before %(on)s"), said)
    if item.check_number:
        return Sentence(gettext_noop("check %(number)s ended, another is to come"), said)
    return Sentence(gettext_noop("approved, to be issued"))


def _deposit_refund_row(item: RefundFacts) -> TimelineRow:
    """A refund of a deposit never was in the balance."""
    _, title, what, link = _refund_row(item)
    said = {"what": what, "amount_cents": item.amount_cents}
    return TimelineRow(
        on=item.refunded_on,
        kind="payment",
        kind_title=title,
        what=Sentence(gettext_noop("%(what)s, deposit of %(amount_cents)s"), said),
        link=link,
        detail=refund_state(item),
        amount_cents=None,
        balance_cents=None,
    )


def _other_row(
    posting: TimelinePosting, *, reversed_one: Sentence | None, returned: bool, moved: bool
) -> tuple[str, Sentence, Sentence, str]:
    """A reversal, or an entry of an action that has no list of its own here."""
    link = f"/receipt/{posting.receipt_id}/" if posting.receipt_id else ""
    if posting.reverses_id is not None:
        kind = "payment" if posting.charge == "payment" else "bill"
        what = reversed_one or Sentence(gettext_noop("Entry %(entry)s"), {"entry": str(posting.reverses_id)})
        if returned:
            said = Sentence(gettext_noop("%(what)s returned by the bank"), {"what": what})
            return kind, Sentence(gettext_noop("Return")), said, link
        if moved:
            said = Sentence(gettext_noop("%(what)s moved to another account"), {"what": what})
            return kind, Sentence(gettext_noop("Moved")), said, link
        return (
            kind,
            Sentence(gettext_noop("Reversal")),
            Sentence(gettext_noop("%(what)s reversed"), {"what": what}),
            link,
        )
    if posting.kind == "opening_balance":
        said = Sentence(gettext_noop("Balance of the former system: %(charge)s"), {"charge": _in_words(posting.charge)})
        return "adjustment", Sentence(gettext_noop("Taken over")), said, link
    return "adjustment", Sentence(_in_words(posting.kind).capitalize()), Sentence(_in_words(posting.charge)), link


def _in_words(code: str) -> str:
    """A code of the ledger as people read it."""
    return code.replace("_", " ")


def _request_row(item: RequestFacts) -> TimelineRow:
    return TimelineRow(
        on=item.requested_at.date(),
        kind="approval",
        kind_title=Sentence(gettext_noop("Request")),
        what=stored_sentence(item.body["summary"]),
        link=f"/approvals?chosen={item.request_id}",
        detail=None,
        amount_cents=_change_of_balance(item),
        balance_cents=None,
        pending=True,
    )


def _change_of_balance(item: RequestFacts) -> int | None:
    """What the balance would change by, as it stood when the request was made: a waiver lowers it."""
    for change in stored_changes(item.body):
        if change.code == "balance" and isinstance(change.before, int) and isinstance(change.after, int):
            return change.after - change.before
    return None


def _receipt_row(item: ReceiptLine) -> TimelineRow:
    return TimelineRow(
        on=item.as_of,
        kind="account",
        kind_title=Sentence(gettext_noop("Record")),
        what=stored_sentence(item.body["summary"]),
        link=f"/receipt/{item.receipt_id}/",
        detail=Sentence("%(by)s", {"by": item.actor}),
        amount_cents=None,
        balance_cents=None,
    )


def _order_row(item: OrderFacts) -> TimelineRow:
    """An order by the day it was opened; what came of it stands beside it."""
    params = {"due": item.due_on, "closed": item.closed_on, "what": item.result}
    details = {
        "open": gettext_noop("open, due %(due)s"),
        "done": gettext_noop("done %(closed)s: %(what)s"),
        "cancelled": gettext_noop("cancelled %(closed)s: %(what)s"),
    }
    return TimelineRow(
        on=item.opened_on,
        kind="order",
        kind_title=Sentence(gettext_noop("Order")),
        what=Sentence(
            gettext_noop("%(kind)s of meter %(serial)s for %(about)s: %(why)s"),
            {
                "kind": Sentence(_ORDER_KINDS[item.kind]),
                "serial": item.serial,
                "about": item.about_on,
                "why": item.note,
            },
        ),
        link=f"/receipt/{item.closing_receipt_id or item.receipt_id}/",
        detail=Sentence(details[item.state], params),
        amount_cents=None,
        balance_cents=None,
        pending=item.state == "open",
    )


def _read_row(item: BillableRead) -> TimelineRow:
    return TimelineRow(
        on=item.read_on,
        kind="read",
        kind_title=Sentence(gettext_noop("Read")),
        what=Sentence(
            gettext_noop("%(kind)s %(reading)s"),
            {"kind": Sentence(READ_KINDS[item.kind]), "reading": f"{item.dial_reading:,}"},
        ),
        link="",
        detail=Sentence(gettext_noop("meter %(serial)s"), {"serial": item.serial}),
        amount_cents=None,
        balance_cents=None,
    )
