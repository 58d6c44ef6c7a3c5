"""What every way of receiving money has in common: kinds of tender, what each needs, and the entry that it posts."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import StringConstraints

from weatherhead.areas.payments.operations import TenderPlan
from weatherhead.core.ledger import EntryDraft, LedgerAccount, Posting
from weatherhead.core.values import Refusal, Sentence, format_cents, gettext_noop

BACKDATED_DAYS_MAX = 5
PAYMENT_CENTS_MAX = 100_000_00

TenderKind = Literal["cash", "check", "money_order", "card", "bank", "agency"]
CardDigits = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^([0-9]{4})?$")]

LEDGER_ACCOUNT_OF = {
    "cash": LedgerAccount.CASH_DRAWER,
    "check": LedgerAccount.CHECKS_RECEIVED,
    "money_order": LedgerAccount.CHECKS_RECEIVED,
    "card": LedgerAccount.CARD_CLEARING,
    "bank": LedgerAccount.BANK,
    "agency": LedgerAccount.BANK,
}
"""Where the books keep a tender when it comes in."""

_OF = {
    "cash": gettext_noop("Cash payment of $%(amount)s"),
    "check": gettext_noop("Check of $%(amount)s"),
    "money_order": gettext_noop("Money order of $%(amount)s"),
    "card": gettext_noop("Card payment of $%(amount)s"),
    "bank": gettext_noop("Bank payment of $%(amount)s"),
    "agency": gettext_noop("Agency payment of $%(amount)s"),
}


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
    """A check has a number, and so has a money order."""

    template = gettext_noop("Enter the number of the check.")


class CardReferenceMissing(Refusal):
    """A card is known by what its processor calls the payment."""

    template = gettext_noop("Enter the reference that the card processor gave. The card's number is never kept.")


class AgencyMissing(Refusal):
    """An agency has a name."""

    template = gettext_noop("Enter which agency paid.")


def require_received_by(paid_on: date, *, as_of: date) -> None:
    """See that money can have come on a day.

    Raises:
        PaidInFuture, PaidTooLongAgo: as they say.
    """
    if paid_on > as_of:
        raise PaidInFuture(on=paid_on)
    if (as_of - paid_on).days > BACKDATED_DAYS_MAX:
        raise PaidTooLongAgo(days=BACKDATED_DAYS_MAX)


def tender_plan(
    *,
    kind: str,
    amount_cents: int,
    change_cents: int = 0,
    check_number: str = "",
    reference: str = "",
    payer: str = "",
    card_last4: str = "",
) -> TenderPlan:
    """A tender with what its kind needs; what belongs to another kind is left out.

    Raises:
        CheckNumberMissing, CardReferenceMissing, AgencyMissing: as they say.
    """
    has_number = kind in ("check", "money_order")
    if has_number and not check_number:
        raise CheckNumberMissing
    if kind == "card" and not reference:
        raise CardReferenceMissing
    if kind == "agency" and not payer:
        raise AgencyMissing
    return TenderPlan(
        kind=kind,
        amount_cents=amount_cents,
        change_cents=change_cents,
        check_number=check_number if has_number else "",
        reference=reference if kind in ("card", "bank", "agency") else "",
        payer=payer if kind == "agency" else "",
        card_last4=card_last4 if kind == "card" else "",
    )


def tender_of(kind: str, *, amount_cents: int) -> Sentence:
    """A tender in words: Check of $73.57."""
    return Sentence(_OF[kind], {"amount": format_cents(amount_cents)})


def payment_entry(*, account_id: int, amount_cents: int, tender: str, paid_on: date) -> EntryDraft:
    """What was received against the receivable."""
    return EntryDraft(
        kind="payment",
        effective_on=paid_on,
        postings=(
            Posting(ledger_account=LEDGER_ACCOUNT_OF[tender], amount_cents=amount_cents, charge="payment"),
            Posting(
                ledger_account=LedgerAccount.RECEIVABLE,
                amount_cents=-amount_cents,
                charge="payment",
                account_id=account_id,
            ),
        ),
    )


def kept_entry(*, tender: str, amount_cents: int, on: date, reason: str) -> EntryDraft:
    """Money that is here and whose account is unknown now, because the payment that it made was reversed."""
    return EntryDraft(
        kind="suspense",
        effective_on=on,
        reason=reason,
        postings=(
            Posting(ledger_account=LEDGER_ACCOUNT_OF[tender], amount_cents=amount_cents, charge="payment"),
            Posting(ledger_account=LedgerAccount.SUSPENSE, amount_cents=-amount_cents, charge="payment"),
        ),
    )


def charged_back_entry(*, tender: str, amount_cents: int, on: date, reason: str) -> EntryDraft:
    """What the bank takes back of a deposit, because a tender in it came back."""
    return EntryDraft(
        kind="charged_back",
        effective_on=on,
        reason=reason,
        postings=(
            Posting(ledger_account=LEDGER_ACCOUNT_OF[tender], amount_cents=amount_cents, charge="returned_tender"),
            Posting(ledger_account=LedgerAccount.BANK, amount_cents=-amount_cents, charge="returned_tender"),
        ),
    )
