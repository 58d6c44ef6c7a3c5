"""The message that confirms a payment: day, amount and the end of each account's number; no name and no balance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from email.message import EmailMessage
from email.utils import format_datetime

from django.utils.formats import date_format
from django.utils.translation import gettext

from weatherhead.actions.documents.outbox import put_into_outbox
from weatherhead.actions.documents.prepare_statement import NoEmail
from weatherhead.areas.customers.queries import account, accounts, contact_points
from weatherhead.areas.payments.queries import EventFacts, event
from weatherhead.areas.records.canonical import Json
from weatherhead.areas.records.utility import current_utility
from weatherhead.core.values import format_cents
from weatherhead.door.context import Moment
from weatherhead.door.worker import Handler, handles
from weatherhead.overviews.money import KINDS

MESSAGE = "write_receipt"
_SHOWN_DIGITS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class PaidLine:
    """What an account got, and kept."""

    ending: str
    cents: int


def email_on_file(customer_id: int, *, as_of: date) -> str:
    """The customer's latest e-mail address on a day; empty where there is none."""
    found = (item.value for item in contact_points(customer_id, as_of=as_of) if item.kind == "email")
    return next(found, "")


def paid_by_customer(*, event_id: int, customer_id: int) -> tuple[PaidLine, ...]:
    """What the accounts of one customer got of money that was received at once; others' are left out."""
    return _lines(event(event_id), customer_id=customer_id)


def _lines(found: EventFacts, *, customer_id: int) -> tuple[PaidLine, ...]:
    known = accounts(found.paid_cents)
    return tuple(
        PaidLine(
            ending=known[number].number[-_SHOWN_DIGITS:],
            cents=cents,
        )
        for number, cents in found.paid_cents.items()
        if cents and known[number].customer_id == customer_id
    )


def write_receipt(payload: Mapping[str, Json], _item: int, moment: Moment) -> Json:
    """Write the message of a receipt into the outbox; written twice, it is the same file.

    Of what was taken back before it was written, it says nothing; where that is all, none is written.

    Raises:
        NoEmail: the address went meanwhile.
        OSError: the outbox cannot be written.
    """
    number, holder = int(str(payload["receipt"])), account(int(str(payload["account"])))
    found = event(int(str(payload["event"])))
    lines = _lines(found, customer_id=holder.customer_id)
    if not lines:
        return {"file": ""}
    address = email_on_file(holder.customer_id, as_of=date.fromisoformat(str(payload["as_of"])))
    if not address:
        raise NoEmail(who=holder.customer_name)
    message = message_of(found, lines=lines, address=address, number=number, moment=moment)
    return {"file": put_into_outbox(message, name=f"receipt-{number}.eml")}


def message_of(
    found: EventFacts, *, lines: Sequence[PaidLine], address: str, number: int, moment: Moment
) -> EmailMessage:
    """The message in plain words."""
    utility = current_utility()
    said = {"on": date_format(found.received_on, "F j, Y"), "utility": utility.name, "phone": utility.phone}
    message = EmailMessage()
    message["From"] = utility.email
    message["To"] = address
    message["Subject"] = gettext("Receipt for your payment of %(on)s, %(utility)s") % said
    message["Date"] = format_datetime(moment.at)
    message["Message-ID"] = f"<receipt.{number}.{found.event_id}@{utility.email.partition('@')[2]}>"
    message.set_content("\n".join(_text(found, lines=lines, said=said)))
    return message


def _text(found: EventFacts, *, lines: Sequence[PaidLine], said: Mapping[str, str]) -> list[str]:
    kinds = dict.fromkeys(gettext(KINDS[item.kind]).lower() for item in found.tenders)
    total = format_cents(sum(item.cents for item in lines))
    return [
        gettext("On %(on)s %(utility)s received:") % said,
        "",
        *(
            gettext("Account ending %(ending)s: $%(amount)s")
            % {"ending": item.ending, "amount": format_cents(item.cents)}
            for item in lines
        ),
        "",
        gettext("In all: $%(total)s, by %(kinds)s.") % {"total": total, "kinds": ", ".join(kinds)},
        gettext("A check counts when the bank has honored it."),
        "",
        gettext("Questions? Call %(phone)s. We will never ask for a password or a card number by e-mail.") % said,
        "",
        said["utility"],
    ]


HANDLER = handles(Handler(kind=MESSAGE, work=write_receipt))
