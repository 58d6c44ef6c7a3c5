"""What a customer is given for a payment: where, when, how, for which account, what is owed then. No name, no address.

It is put together from what was kept when the money was taken, so a copy says what the first one said; of a payment
that was taken back since, it says that, too.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from weatherhead.areas.customers.queries import AccountFacts, accounts
from weatherhead.areas.payments.queries import TenderFacts, event_of_receipt
from weatherhead.areas.records.queries.receipts import NoSuchReceipt, receipt
from weatherhead.areas.records.utility import current_utility
from weatherhead.core.values import Sentence, gettext_noop
from weatherhead.door.stored import stored_changes
from weatherhead.overviews.money import KINDS

_SHOWN_DIGITS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class PaidAccount:
    """An account that was paid. `ending` is what is shown of its number; the balance is that after this payment."""

    account_id: int
    ending: str
    amount_cents: int
    balance_cents: int | None
    reversed_cents: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PaidTender:
    """How it was paid. Of cash, `given_cents` is with the change."""

    kind: Sentence
    ending: str
    payer: str
    given_cents: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerReceipt:
    """The receipt as a customer has it."""

    receipt_id: int
    utility_name: str
    address: tuple[str, ...]
    phone: str
    received_at: datetime
    received_on: date
    received_by: str
    accounts: tuple[PaidAccount, ...]
    tenders: tuple[PaidTender, ...]
    total_cents: int
    change_cents: int
    reversed: bool


def customer_receipt(receipt_id: int) -> CustomerReceipt:
    """Compose what is printed for a payment.

    Raises:
        NoSuchReceipt: for an unknown number, and for one that is of no payment.
    """
    found, event = receipt(receipt_id), event_of_receipt(receipt_id)
    if event is None:
        raise NoSuchReceipt(receipt=receipt_id)
    balances = {item.account_id: item.after for item in stored_changes(found.body) if item.code == "balance"}
    utility, known = current_utility(), accounts(event.paid_cents)
    return CustomerReceipt(
        receipt_id=receipt_id,
        utility_name=utility.name,
        address=(
            utility.address.street,
            f"{utility.address.city} {utility.address.state} {utility.address.postal_code}",
        ),
        phone=utility.phone,
        received_at=event.received_at,
        received_on=event.received_on,
        received_by=event.received_by,
        accounts=tuple(
            PaidAccount(
                account_id=number,
                ending=_ending(known[number]),
                amount_cents=cents + event.reversed_cents.get(number, 0),
                balance_cents=_whole(balances.get(number)),
                reversed_cents=event.reversed_cents.get(number, 0),
            )
            for number, cents in event.paid_cents.items()
        ),
        tenders=tuple(_tender(item) for item in event.tenders),
        total_cents=sum(item.amount_cents for item in event.tenders),
        change_cents=sum(item.change_cents for item in event.tenders),
        reversed=bool(event.reversed_cents),
    )


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) else None


def _ending(item: AccountFacts) -> str:
    return item.number[-_SHOWN_DIGITS:]


def _tender(item: TenderFacts) -> PaidTender:
    number = item.card_last4 if item.kind == "card" else item.number
    return PaidTender(
        kind=Sentence(KINDS.get(item.kind, gettext_noop("Payment"))),
        ending=number,
        payer=item.payer,
        given_cents=item.amount_cents + item.change_cents,
    )
