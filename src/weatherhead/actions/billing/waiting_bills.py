"""What a customer's summary bill of a day is made of: the bills that wait for it, and those that no longer can."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from weatherhead.actions.documents.keeping import document_of
from weatherhead.areas.billing.frozen import frozen_bills
from weatherhead.areas.billing.summaries import bills_for_summary, days_of_bills, enrollments_of, runs_issuing_on
from weatherhead.areas.customers.queries import AccountFacts, accounts_of_customer
from weatherhead.areas.documents.queries import bills_in_print_files
from weatherhead.areas.ledger.queries import balance_of
from weatherhead.core.statements import BillDocument

BILLS_LEAST = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingBills:
    """A customer's accounts, and of a day's bills those that are on no summary and in no print file, by their number.

    `owed` is what each account owes now; `running` a run that may issue more bills of the day.
    """

    accounts: tuple[AccountFacts, ...]
    enrolled: frozenset[int]
    bills: Mapping[int, BillDocument]
    owed: Mapping[str, int]
    running: int | None

    @property
    def moved(self) -> frozenset[str]:
        """The numbers of accounts that owe another amount than their bills say: a summary would ask for that."""
        in_order = sorted(self.bills.values(), key=lambda bill: bill.number)
        # The last bill of each account, with what it leaves for later.
        says = {bill.account_number: bill.amount_due_cents + bill.later_cents for bill in in_order}
        return frozenset(number for number, cents in says.items() if cents != self.owed[number])

    @property
    def together(self) -> tuple[Mapping[int, BillDocument], ...]:
        """The bills of each summary that can be made: those to one address, of accounts that owe what they say."""
        by_mail: dict[tuple[str, ...], dict[int, BillDocument]] = {}
        moved = self.moved
        for bill_id, bill in self.bills.items():
            if bill.account_number not in moved:
                by_mail.setdefault((bill.customer_name, *bill.mail), {})[bill_id] = bill
        return tuple(bills for bills in by_mail.values() if len(bills) >= BILLS_LEAST)

    @property
    def left_alone(self) -> tuple[str, ...]:
        """The numbers of bills that are mailed by themselves because their account's balance has moved."""
        moved = self.moved
        return tuple(bill.number for bill in self.bills.values() if bill.account_number in moved)


def waiting_bills(*, customer_id: int, issued_on: date) -> WaitingBills:
    """Read the bills of a customer's day.

    Raises:
        DocumentChanged: a bill is not what was issued.
    """
    accounts = accounts_of_customer(customer_id)
    known = enrollments_of(item.account_id for item in accounts)
    waiting = bills_for_summary(customer_id=customer_id, issued_on=issued_on)
    printed = bills_in_print_files(waiting)
    found = frozen_bills(bill_id for bill_id in waiting if bill_id not in printed)
    owed = balance_of(bill.account_id for bill in found.values())
    cycles = {item.cycle for item in accounts if item.account_id in known}
    return WaitingBills(
        accounts=accounts,
        enrolled=frozenset(
            account_id for account_id, items in known.items() if any(item.covers(issued_on) for item in items)
        ),
        bills={bill_id: document_of(bill) for bill_id, bill in found.items()},
        owed={item.number: owed[item.account_id] for item in accounts if item.account_id in owed},
        running=next((run for run, cycle in runs_issuing_on(issued_on) if cycle is None or cycle in cycles), None),
    )


def bills_that_wait(bill_ids: tuple[int, ...]) -> frozenset[int]:
    """Those of some bills that a summary is still to be made of.

    Raises:
        DocumentChanged: a bill is not what was issued.
    """
    found: set[int] = set()
    for customer_id, issued_on in days_of_bills(bill_ids):
        waiting = waiting_bills(customer_id=customer_id, issued_on=issued_on)
        if waiting.running is not None:
            found.update(waiting.bills)
        found.update(bill_id for bills in waiting.together for bill_id in bills)
    return frozenset(found.intersection(bill_ids))
