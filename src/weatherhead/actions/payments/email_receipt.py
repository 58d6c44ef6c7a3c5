"""Send the receipt of a payment to the e-mail address on file: what was received, and nothing else of the account."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from weatherhead.actions.documents.prepare_statement import NoEmail
from weatherhead.actions.figures import house_rule, made
from weatherhead.actions.inputs import Number
from weatherhead.actions.payments.receipt_message import MESSAGE, email_on_file, paid_by_customer
from weatherhead.areas.customers.queries import AccountFacts, account
from weatherhead.areas.payments.operations import PaymentAlreadyReversed
from weatherhead.areas.payments.queries import PaymentFacts, payment
from weatherhead.areas.records.canonical import Json
from weatherhead.areas.records.operations.work_items import enqueue
from weatherhead.core.values import Sentence, Unit, format_cents, gettext_noop
from weatherhead.door.context import Actor, Moment
from weatherhead.door.proposal import Proposal
from weatherhead.door.registry import Action, Recording, registry


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """A payment on an account of the customer who wants it."""

    payment_id: Number


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The payment, its account, the address on file, and what this customer's accounts got with it."""

    payment: PaymentFacts
    account: AccountFacts
    email: str
    cents: int
    as_of: date


def locks(inputs: Inputs) -> tuple[int, ...]:
    """The payment's account, so that it is not taken back meanwhile."""
    return (payment(inputs.payment_id).account_id,)


def gather(inputs: Inputs, moment: Moment, _: Actor) -> Facts:
    """Read the payment and where its receipt goes.

    Raises:
        NoSuchPayment: for an unknown number.
    """
    found = payment(inputs.payment_id)
    holder = account(found.account_id)
    paid = paid_by_customer(event_id=found.event_id, customer_id=holder.customer_id)
    return Facts(
        payment=found,
        account=holder,
        email=email_on_file(holder.customer_id, as_of=moment.as_of),
        cents=sum(item.cents for item in paid),
        as_of=moment.as_of,
    )


def propose(facts: Facts, _: Inputs) -> Proposal[dict[str, Json]]:
    """Put a message into the queue.

    Raises:
        PaymentAlreadyReversed: nothing was received.
        NoEmail: no address is on file.
    """
    found = facts.payment
    if found.reversed_on is not None:
        raise PaymentAlreadyReversed(payment=found.payment_id, on=found.reversed_on)
    if not facts.email:
        raise NoEmail(who=facts.account.customer_name)
    said = {"amount": format_cents(facts.cents), "on": found.paid_on}
    return Proposal(
        summary=Sentence(gettext_noop("Receipt for $%(amount)s of %(on)s sent by e-mail"), said),
        confirm=Sentence(gettext_noop("Send the receipt")),
        plan={"event": found.event_id, "account": found.account_id, "as_of": facts.as_of.isoformat()},
        account_ids=(found.account_id,),
        changes=(
            made(gettext_noop("E-mail to"), _veiled(facts.email), code="email"),
            made(gettext_noop("Received"), facts.cents, code="received", unit=Unit.CENTS),
        ),
        rules=(house_rule("receipts", "An e-mailed receipt names nobody and shows no balance"),),
        when_tied="allow",
    )


def _veiled(email: str) -> str:
    """Enough of an address to ask whether it is right: its first letter and where it is kept."""
    name, _, host = email.partition("@")
    return f"{name[:1]}•••@{host}"


def record(proposal: Proposal[dict[str, Json]], recording: Recording) -> None:
    """Queue it; asked for again, it is sent again."""
    payload = proposal.plan | {"receipt": recording.receipt_id}
    enqueue(
        kind=MESSAGE, payload=payload, at=recording.moment.at, unique_key=f"message of receipt {recording.receipt_id}"
    )


ACTION = registry.add(
    Action(
        name="email_receipt",
        title=gettext_noop("E-mail a receipt"),
        duty=4,
        on="payment",
        inputs=Inputs,
        locks=locks,
        gather=gather,
        propose=propose,
        record=record,
        summary=gettext_noop("Sends the receipt of a payment to the e-mail address on file."),
    )
)
