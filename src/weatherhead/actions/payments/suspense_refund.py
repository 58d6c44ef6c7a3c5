"""A refund of money in suspense: to whoever is named, by check or to the tender that it came by. It has no account."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from weatherhead.actions.credit.request_refund import hold_reasons
from weatherhead.areas.credit.operations.refunds import RefundPlan
from weatherhead.areas.credit.refund_rules import RefundRule, RefundVersion, refund_rule
from weatherhead.areas.credit.refunds import RefundFacts, mark_of, refunds_like
from weatherhead.areas.payments.file_queries import SuspenseFacts
from weatherhead.areas.premises.address import check_address
from weatherhead.core.ledger import EntryDraft, LedgerAccount, Posting
from weatherhead.core.values import Refusal, format_cents, gettext_noop

REASON = "suspense"


class PayeeMissing(Refusal):
    """Nobody is named."""

    template = gettext_noop("Say whom the money goes back to: nothing that came with it names anyone.")


class SuspenseTooSmall(Refusal):
    """Too little to write a check for."""

    template = gettext_noop("A refund is at least $%(least)s. Send less back through the bank, or leave it here.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Payee:
    """Who is paid, and where the check goes; `lines` are empty where it goes back to its tender."""

    name: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """A mailing address as it was typed; all of it may be empty."""

    street: str
    unit: str
    city: str
    state: str
    postal_code: str

    @property
    def lines(self) -> tuple[str, ...]:
        """As it stands on a check."""
        street = f"{self.street}, {self.unit}" if self.unit else self.street
        return street, f"{self.city} {self.state} {self.postal_code}"


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundTerms:
    """The rule, how it is paid, and the refunds that it looks like."""

    rule: RefundRule
    version: RefundVersion
    method: str
    payee: Payee
    like: tuple[RefundFacts, ...]


def refund_terms(item: SuspenseFacts, *, name: str, address: Address, as_of: date) -> RefundTerms:
    """Read what a refund of an item depends on. A check needs an address; a tender knows its way back.

    Raises:
        PayeeMissing, AddressIncomplete, NoRefundRules: as they say.
    """
    rule, version = refund_rule(on=as_of)
    by_tender = _goes_back_to_tender(item, version=version, as_of=as_of)
    if not by_tender:
        check_address(street=address.street, city=address.city, state=address.state, postal_code=address.postal_code)
    payee = Payee(name=name or item.payer, lines=() if by_tender else address.lines)
    if not payee.name:
        raise PayeeMissing
    like = refunds_like(
        payee_mark=mark_of([payee.name]),
        address_mark=mark_of(payee.lines),
        since=as_of - timedelta(days=version.duplicate_days),
    )
    return RefundTerms(rule=rule, version=version, method="tender" if by_tender else "check", payee=payee, like=like)


def _goes_back_to_tender(item: SuspenseFacts, *, version: RefundVersion, as_of: date) -> bool:
    """Whether the rule sends it where it came from; a payment must name that."""
    recent = item.received_on >= as_of - timedelta(days=version.original_within_days)
    return item.payment_id is not None and item.tender_kind in version.original_tenders and recent


def plan_refund(item: SuspenseFacts, *, terms: RefundTerms, on: date) -> RefundPlan:
    """The refund, and the entry that takes the money out of suspense.

    Raises:
        SuspenseTooSmall: the rule writes no check for so little.
    """
    least = int(terms.version.at_least * 100)
    if item.amount_cents < least:
        raise SuspenseTooSmall(least=format_cents(least))
    return RefundPlan(
        account_id=None,
        suspense_item_id=item.item_id,
        deposit_id=None,
        amount_cents=item.amount_cents,
        method=terms.method,
        tender_payment_id=item.payment_id if terms.method == "tender" else None,
        payee_name=terms.payee.name,
        payee_lines=terms.payee.lines,
        reason=REASON,
        refunded_on=on,
        hold_until_on=None,
        hold_reasons=hold_reasons(terms.like, cents=item.amount_cents, name=terms.payee.name, lines=terms.payee.lines),
        entry=EntryDraft(
            kind="suspense_refund",
            effective_on=on,
            reason="nobody's money here",
            postings=(
                Posting(ledger_account=LedgerAccount.SUSPENSE, amount_cents=item.amount_cents, charge="refund"),
                Posting(ledger_account=LedgerAccount.REFUNDS_PAYABLE, amount_cents=-item.amount_cents, charge="refund"),
            ),
        ),
    )
