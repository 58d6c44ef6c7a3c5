"""Take a payment in cash or by check and post it to the account."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Annotated, Literal

from weatherhead.actions.figures import Standing, house_rule, money_changes, standing_of
from weatherhead.actions.inputs import Blankable, Cents, CheckNumber, Number
from weatherhead.areas.customers.queries import AccountFacts, account
from weatherhead.areas.payments.operations import record_payment
from weatherhead.core.ledger import EntryDraft, LedgerAccount, Posting
from weatherhead.core.values import Refusal, Sentence, format_cents, gettext_noop
from weatherhead.door.context import Actor, Moment
from weatherhead.door.proposal import Proposal
from weatherhead.door.registry import Action, Recording, registry

BACKDATED_DAYS_MAX = 5
PAYMENT_CENTS_MAX = 100_000_00

_TENDERS = {"cash": LedgerAccount.CASH_DRAWER, "check": LedgerAccount.CHECKS_RECEIVED}


class PaidInFuture(Refusal):
    """Money that has not come."""

    template = gettext_noop("A payment cannot be dated %(on)s, which is still to come.")


class PaidTooLongAgo(Refusal):
    """Backdating has a limit."""

    template = gettext_noop(
        "A payment can be dated at most %(days)s days back. Leave the date as today and note the reason."
    )


class PaymentTooLarge(Refusal):
    """Probably a slip."""

    template = gettext_noop("$%(amount)s is more than is taken at a counter. Check the amount.")


class CheckNumberMissing(Refusal):
    """A check has a number."""

    template = gettext_noop("Enter the number of the check.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """What was received, how, and when."""

    account_id: Number
    amount_cents: Cents
    tender: Literal["cash", "check"]
    check_number: CheckNumber = ""
    channel: Literal["counter", "mail", "drop_box"] = "counter"
    paid_on: Annotated[date | None, Blankable] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The account, its receivable, and the day."""

    account: AccountFacts
    standing: Standing
    as_of: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The payment and its entry."""

    account_id: int
    amount_cents: int
    tender: str
    check_number: str
    channel: str
    paid_on: date
    entry: EntryDraft


def locks(inputs: Inputs) -> tuple[int, ...]:
    """The account."""
    return (inputs.account_id,)


def gather(inputs: Inputs, moment: Moment, _: Actor) -> Facts:
    """Read the account and its receivable."""
    return Facts(account=account(inputs.account_id), standing=standing_of(inputs.account_id), as_of=moment.as_of)


def propose(facts: Facts, inputs: Inputs) -> Proposal[Plan]:
    """Debit what was received, credit the receivable.

    Raises:
        PaidInFuture, PaidTooLongAgo, PaymentTooLarge, CheckNumberMissing: as they say.
    """
    paid_on = inputs.paid_on or facts.as_of
    if paid_on > facts.as_of:
        raise PaidInFuture(on=paid_on)
    if (facts.as_of - paid_on).days > BACKDATED_DAYS_MAX:
        raise PaidTooLongAgo(days=BACKDATED_DAYS_MAX)
    if inputs.amount_cents > PAYMENT_CENTS_MAX:
        raise PaymentTooLarge(amount=format_cents(inputs.amount_cents))
    if inputs.tender == "check" and not inputs.check_number:
        raise CheckNumberMissing
    entry = payment_entry(
        account_id=inputs.account_id, amount_cents=inputs.amount_cents, tender=inputs.tender, paid_on=paid_on
    )
    amount = {"amount": format_cents(inputs.amount_cents), "name": facts.account.customer_name}
    template = (
        gettext_noop("Cash payment of $%(amount)s") if inputs.tender == "cash" else gettext_noop("Check of $%(amount)s")
    )
    return Proposal(
        summary=Sentence(template, amount),
        confirm=Sentence(gettext_noop("Take $%(amount)s"), amount),
        plan=Plan(
            account_id=inputs.account_id,
            amount_cents=inputs.amount_cents,
            tender=inputs.tender,
            check_number=inputs.check_number if inputs.tender == "check" else "",
            channel=inputs.channel,
            paid_on=paid_on,
            entry=entry,
        ),
        account_ids=(inputs.account_id,),
        entries=(entry,),
        creates={"payments_paymentevent": 1, "payments_tender": 1, "payments_payment": 1},
        changes=money_changes(facts.standing, entries=(entry,), as_of=facts.as_of),
        rules=(house_rule("payment application", "Payments go to the oldest due charge first"),),
    )


def payment_entry(*, account_id: int, amount_cents: int, tender: str, paid_on: date) -> EntryDraft:
    """What was received against the receivable."""
    return EntryDraft(
        kind="payment",
        effective_on=paid_on,
        postings=(
            Posting(ledger_account=_TENDERS[tender], amount_cents=amount_cents, charge="payment"),
            Posting(
                ledger_account=LedgerAccount.RECEIVABLE,
                amount_cents=-amount_cents,
                charge="payment",
                account_id=account_id,
            ),
        ),
    )


def record(proposal: Proposal[Plan], recording: Recording) -> None:
    """Record event, tender and payment, and post."""
    plan = proposal.plan
    payment_id, entry_id = record_payment(
        account_id=plan.account_id,
        amount_cents=plan.amount_cents,
        kind=plan.tender,
        check_number=plan.check_number,
        channel=plan.channel,
        paid_on=plan.paid_on,
        received_at=recording.moment.at,
        received_by=recording.actor.name,
        entry=plan.entry,
        receipt_id=recording.receipt_id,
    )
    recording.made_one("payment", payment_id)
    recording.entry_ids.append(entry_id)


ACTION = registry.add(
    Action(
        name="take_payment",
        title=gettext_noop("Take a payment"),
        duty=4,
        on="account",
        inputs=Inputs,
        locks=locks,
        gather=gather,
        propose=propose,
        record=record,
        key="P",
        summary=gettext_noop("Posts cash or a check to an account; the oldest due charge is paid first."),
    )
)
