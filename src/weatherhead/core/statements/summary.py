"""A summary bill: the bills of a customer's accounts on one document, whose figures are theirs and proved by them.

Its payload names each bill by number and by the hash of what was frozen at issue, and repeats no name and no place.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from weatherhead.core.statements.document import BillDocument, LayoutUnknown
from weatherhead.core.statements.frame import Frame, payload_sha256, payload_text
from weatherhead.core.statements.scan_line import ScanLine, pay_code, scan_line

SUMMARY = "summary"
SUMMARY_LAYOUT = 1
PAYMENT = "payment"  # the charge of a movement by which a customer paid, or a payment was taken back


@dataclass(frozen=True, slots=True, kw_only=True)
class SummaryAccount:
    """What the bills of one account come to, oldest first: most often it is one.

    `paid_cents` are payments since the bill before (negative; less those taken back), `other_cents` fees and whatever
    else moved the balance; previous + paid + other + charges is the whole balance. `later_cents` of it are due after
    the bill, in installments; the rest, `balance_cents`, is due.
    """

    number: str
    bills: tuple[BillDocument, ...]
    start_on: date
    end_on: date
    energy_wh: int
    previous_cents: int
    paid_cents: int
    other_cents: int
    charges_cents: int
    later_cents: int
    balance_cents: int

    @property
    def whole_cents(self) -> int:
        """The account's balance, with what is due later."""
        return self.balance_cents + self.later_cents

    @property
    def replaced_by(self) -> Mapping[str, str]:
        """The numbers of those of its bills that another of them cancels, each with that other's."""
        return {bill.cancelled.number: bill.number for bill in self.bills if bill.cancelled}

    @property
    def places(self) -> tuple[str, ...]:
        """Where service was taken, each place once."""
        return tuple(dict.fromkeys(item.address for bill in self.bills for item in bill.services))

    @property
    def last_on(self) -> date:
        """The last day of all services, inclusive."""
        return self.end_on - timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class SummaryDocument:
    """A summary bill as it is shown. `left_out` are enrolled accounts whose bills come by themselves."""

    frame: Mapping[str, Any]
    sha256: str
    number: str
    issued_on: date
    due_on: date
    customer_name: str
    mail: tuple[str, ...]
    accounts: tuple[SummaryAccount, ...]
    left_out: tuple[str, ...]
    scan_line: str
    pay_code: str

    @property
    def previous_cents(self) -> int:
        """The balances on the bills before."""
        return sum(item.previous_cents for item in self.accounts)

    @property
    def paid_cents(self) -> int:
        """Payments since then, negative."""
        return sum(item.paid_cents for item in self.accounts)

    @property
    def other_cents(self) -> int:
        """Fees and whatever else moved a balance since then."""
        return sum(item.other_cents for item in self.accounts)

    @property
    def charges_cents(self) -> int:
        """The charges of all bills, less those of bills that they cancel."""
        return sum(item.charges_cents for item in self.accounts)

    @property
    def later_cents(self) -> int:
        """What is due after the bills, in installments."""
        return sum(item.later_cents for item in self.accounts)

    @property
    def balance_cents(self) -> int:
        """The accounts' balances, credits off, without what is due later."""
        return sum(item.balance_cents for item in self.accounts)

    @property
    def credits_cents(self) -> int:
        """What some accounts are in credit, not negative: it stays with them."""
        return -sum(min(item.balance_cents, 0) for item in self.accounts)

    @property
    def amount_due_cents(self) -> int:
        """What the stub asks for: every balance that is owed."""
        return self.balance_cents + self.credits_cents

    @property
    def energy_wh(self) -> int:
        """All energy."""
        return sum(item.energy_wh for item in self.accounts)


def summary_accounts(bills: Iterable[BillDocument]) -> tuple[SummaryAccount, ...]:
    """The bills by account, in the order of the accounts' numbers; those of one account in the order of theirs."""
    found: dict[str, list[BillDocument]] = {}
    for bill in sorted(bills, key=lambda item: (item.account_number, item.number)):
        found.setdefault(bill.account_number, []).append(bill)
    return tuple(_account(number, bills=items) for number, items in found.items())


def _account(number: str, *, bills: Sequence[BillDocument]) -> SummaryAccount:
    cancelled = {bill.cancelled.number for bill in bills if bill.cancelled}
    standing = [bill for bill in bills if bill.number not in cancelled]
    charges_cents = sum(bill.charges_cents - (bill.cancelled.amount_cents if bill.cancelled else 0) for bill in bills)
    previous_cents, balance_cents = bills[0].last_balance_cents, bills[-1].amount_due_cents
    later_cents = bills[-1].later_cents
    movements = [item for bill in bills for item in bill.movements]
    paid_cents = sum(item.amount_cents for item in movements if item.charge == PAYMENT)
    other_cents = sum(item.amount_cents for item in movements if item.charge != PAYMENT)
    if previous_cents + paid_cents + other_cents + charges_cents - later_cents != balance_cents:
        summed = f"{previous_cents} + {paid_cents} + {other_cents} + {charges_cents} - {later_cents}"
        raise ValueError(f"account {number} does not foot: {summed} is not {balance_cents}")
    return SummaryAccount(
        number=number,
        bills=tuple(bills),
        start_on=min(bill.start_on for bill in standing),
        end_on=max(bill.last_on for bill in standing) + timedelta(days=1),
        energy_wh=sum(item.energy_wh for bill in standing for item in bill.services),
        previous_cents=previous_cents,
        paid_cents=paid_cents,
        other_cents=other_cents,
        charges_cents=charges_cents,
        later_cents=later_cents,
        balance_cents=balance_cents,
    )


def summary_due_on(accounts: Sequence[SummaryAccount]) -> date:
    """The earliest day on which a regular or final bill of it is due: who pays by then is late on none of them.

    A correction in the customer's favor keeps the day of the bill that it replaces, which may be today: it counts only
    where nothing else is owed.
    """
    owed = [bill for item in accounts if item.balance_cents > 0 for bill in item.bills]
    own = [bill for bill in owed if bill.kind != "corrected"]
    return min(bill.due_on for bill in own or owed or [item.bills[-1] for item in accounts])


def summary_payload(
    bills: Sequence[BillDocument], *, issued_on: date, left_out: Sequence[str], frame: Frame
) -> dict[str, Any]:
    """Everything that a summary bill says beside its bills, but its number, which is given when it is made."""
    accounts = summary_accounts(bills)
    return {
        "layout": SUMMARY_LAYOUT,
        "kind": SUMMARY,
        "frame_sha256": frame.sha256,
        "issued_on": issued_on.isoformat(),
        "due_on": summary_due_on(accounts).isoformat(),
        "accounts": [_said(item) for item in accounts],
        "left_out": list(left_out),
    }


def _said(item: SummaryAccount, /) -> dict[str, Any]:
    later = {"later_cents": item.later_cents} if item.later_cents else {}
    return later | {
        "number": item.number,
        "bills": [[bill.number, bill.sha256] for bill in item.bills],
        "start_on": item.start_on.isoformat(),
        "end_on": item.end_on.isoformat(),
        "energy_wh": item.energy_wh,
        "previous_cents": item.previous_cents,
        "paid_cents": item.paid_cents,
        "other_cents": item.other_cents,
        "charges_cents": item.charges_cents,
        "balance_cents": item.balance_cents,
    }


def parse_summary(
    payload: Mapping[str, Any], *, frame: Mapping[str, Any], bills: Iterable[BillDocument]
) -> SummaryDocument:
    """The document of a summary's payload, its frame's body, and its bills.

    Raises:
        LayoutUnknown: of another layout.
        ValueError, KeyError, TypeError: not written by `summary_payload`, or a figure is not what its bills say.
    """
    if payload.get("layout") != SUMMARY_LAYOUT or payload.get("kind") != SUMMARY:
        raise LayoutUnknown(f"layout {payload.get('layout')!r} of {payload.get('kind')!r}")
    accounts = summary_accounts(bills)
    wrong = [item.number for item, said in zip(accounts, payload["accounts"], strict=True) if _said(item) != said]
    due_on = date.fromisoformat(payload["due_on"])
    if wrong or due_on != summary_due_on(accounts):
        raise ValueError(f"summary bill {payload['number']} is not what its bills say: {', '.join(wrong) or due_on}")
    sha256 = payload_sha256(payload_text(payload))
    first = accounts[0].bills[0]
    amount_due_cents = sum(max(item.balance_cents, 0) for item in accounts)
    said = ScanLine(
        account_number="0" * len(first.account_number),  # no account's: nobody posts it all to one of them
        bill_number=payload["number"],
        amount_due_cents=amount_due_cents,
        due_on=due_on,
    )
    return SummaryDocument(
        frame=frame,
        sha256=sha256,
        number=payload["number"],
        issued_on=date.fromisoformat(payload["issued_on"]),
        due_on=due_on,
        customer_name=first.customer_name,
        mail=first.mail,
        accounts=accounts,
        left_out=tuple(payload["left_out"]),
        scan_line=scan_line(said),
        pay_code=pay_code(sha256),
    )
