"""What every way of receiving money has in common: kinds of tender, what each needs, and the entry that it posts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated, Literal

from pydantic import StringConstraints

from weatherhead.actions.figures import Standing, house_rule
from weatherhead.areas.customers.numbers import check_account_number
from weatherhead.areas.customers.queries import AccountFacts
from weatherhead.areas.payments.operations import TenderPlan
from weatherhead.areas.payments.queries import Likeness, LikePayment, likeness, payments_like
from weatherhead.areas.payments.rules import ApplicationRules, direction_of, duplicate_days, payment_rules
from weatherhead.areas.records.utility import AccountNumberFormat
from weatherhead.core.ledger import (
    PLAIN,
    EntryDraft,
    LedgerAccount,
    OpenItem,
    Posting,
    Share,
    allocate,
    asked_for,
)
from weatherhead.core.statements.scan_line import ScanLine, read_scan_line
from weatherhead.core.values import Change, Refusal, Rule, Sentence, Unit, format_cents, gettext_noop

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


class AmountMissing(Refusal):
    """Neither an amount nor a stub that asks for one."""

    template = gettext_noop("Enter the amount for %(account)s, or scan its stub.")


class LooksLikeDuplicate(Refusal):
    """The same money was posted before."""

    template = gettext_noop(
        "%(tender)s, number %(number)s, was posted to this account on %(on)s already, receipt %(receipt)s. If this is "
        "another one, say that it is no duplicate, and why."
    )


class CheckNumberMissing(Refusal):
    """A check has a number, and so has a money order."""

    template = gettext_noop("Enter the number of the check.")


class CardReferenceMissing(Refusal):
    """A card is known by what its processor calls the payment."""

    template = gettext_noop("Enter the reference that the card processor gave. The card's number is never kept.")


class AgencyMissing(Refusal):
    """An agency has a name."""

    template = gettext_noop("Enter which agency paid.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """Whose money it is, as it was typed or scanned: the account's number and, of a stub, what it asks for."""

    number: str
    stub: ScanLine | None = None

    def amount_cents(self, typed_cents: int | None) -> int:
        """What was typed, or else what the stub asks for.

        Raises:
            AmountMissing: neither is more than nothing.
        """
        found = typed_cents or (self.stub.amount_due_cents if self.stub else 0)
        if not found:
            raise AmountMissing(account=self.number)
        return found


def said_of(text: str, *, form: AccountNumberFormat) -> Said:
    """An account's number, or the scan line of a stub, whose check digits and account number must both be right.

    Raises:
        AccountNumberMistyped: a number with a slip in it, or a stub that names no account of ours.
        ScanLineUnreadable: longer than a number, and no scan line.
    """
    digits = "".join(text.replace("-", " ").split())
    if not digits.isdigit() or len(digits) <= form.digits:
        return Said(number=check_account_number(text, form=form))
    stub = read_scan_line(digits)
    return Said(number=check_account_number(stub.account_number, form=form), stub=stub)


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


def payment_entry(
    *,
    account_id: int,
    amount_cents: int,
    tender: str,
    paid_on: date,
    shares: Sequence[Share] = (),
    reason: str = "",
) -> EntryDraft:
    """What was received against the receivable, or as the `shares` of a rule say."""
    parts = shares or allocate((), amount_cents=amount_cents, direction=PLAIN)
    return EntryDraft(
        kind="payment",
        effective_on=paid_on,
        reason=reason,
        postings=(
            Posting(ledger_account=LEDGER_ACCOUNT_OF[tender], amount_cents=amount_cents, charge="payment"),
            *(
                Posting(
                    ledger_account=part.ledger_account,
                    amount_cents=-part.amount_cents,
                    charge="payment",
                    account_id=account_id,
                    matches=part.matches,
                )
                for part in parts
            ),
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Directed:
    """What a rule says of where money goes, and what it has to know of the accounts for it.

    `standings` may leave accounts out where every tender in question settles the oldest due charge first.
    """

    rules: ApplicationRules | None
    standings: Mapping[int, Standing]

    def shares(
        self,
        *,
        account_id: int,
        amount_cents: int,
        tender: str,
        paid_on: date,
        as_of: date,
        before: Sequence[EntryDraft] = (),
    ) -> tuple[Share, ...]:
        """The parts of a payment. `before` are entries of the same account that come first."""
        direction = direction_of(self.rules, tender=tender, on=paid_on)
        items: Sequence[OpenItem] = ()
        if not direction.is_plain:
            items = asked_for(self.standings[account_id].open_items(as_of=as_of, entries=before), as_of=as_of)
        return allocate(items, amount_cents=amount_cents, direction=direction)


def kept_as_credit(entries: Iterable[EntryDraft], *, account_id: int) -> int:
    """What entries post to an account's unapplied credit; what waits there for the customer is negative."""
    return sum(
        posting.amount_cents
        for entry in entries
        for posting in entry.postings
        if posting.ledger_account == LedgerAccount.UNAPPLIED_CREDIT and posting.account_id == account_id
    )


def waits_as_credit(entries: Iterable[EntryDraft], *, account: AccountFacts) -> tuple[Change, ...]:
    """What of a payment waits for charges that it may settle."""
    cents = -kept_as_credit(entries, account_id=account.account_id)
    label = Sentence(gettext_noop("Waits as unapplied credit, account %(number)s"), {"number": account.number_grouped})
    change = Change(
        code="unapplied_credit",
        label=label,
        unit=Unit.CENTS,
        before=None,
        after=cents,
        account_id=account.account_id,
    )
    return (change,) if cents else ()


def application_rule(rules: ApplicationRules | None, *, tenders: Iterable[str], on: date) -> Rule:
    """The rule that a receipt names: the regulation's where it directs one of the tenders, else the house's."""
    if rules is not None and not all(direction_of(rules, tender=tender, on=on).is_plain for tender in tenders):
        return rules.rule
    return house_rule("payment application", "Payments go to the oldest due charge first")


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """The payments of late that a second one is known by, and for how many days they are looked at."""

    days: int
    payments: Mapping[Likeness, LikePayment]

    def like(self, *, account_id: int, kind: str, number: str, amount_cents: int) -> LikePayment | None:
        """The payment that one looks like; none for one without a number."""
        known_by = likeness(account_id=account_id, kind=kind, number=number, amount_cents=amount_cents)
        return self.payments.get(known_by) if known_by else None

    def require_new(self, *, account_id: int, kind: str, number: str, amount_cents: int) -> None:
        """See that a payment was not posted before.

        Raises:
            LooksLikeDuplicate: one like it was.
        """
        first = self.like(account_id=account_id, kind=kind, number=number, amount_cents=amount_cents)
        if first is not None:
            raise LooksLikeDuplicate(
                tender=tender_of(kind, amount_cents=amount_cents),
                number=number,
                on=first.paid_on,
                receipt=first.receipt_id,
            )


def known_payments(account_ids: Iterable[int], *, as_of: date) -> Known:
    """Gather what payments of late are known by."""
    days = duplicate_days(payment_rules(), on=as_of)
    found = payments_like(account_ids, since=as_of - timedelta(days=days)) if days else {}
    return Known(days=days, payments=found)


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


def suspense_back_entry(*, amount_cents: int, on: date, reason: str) -> EntryDraft:
    """What the bank takes back of a deposit, and what is in suspense of it."""
    return EntryDraft(
        kind="charged_back",
        effective_on=on,
        reason=reason,
        postings=(
            Posting(ledger_account=LedgerAccount.SUSPENSE, amount_cents=amount_cents, charge="returned_tender"),
            Posting(ledger_account=LedgerAccount.BANK, amount_cents=-amount_cents, charge="returned_tender"),
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
