"""Money in suspense as people work it off: how long it waits, by when it must go back, and whose it may be."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from stdnum import luhn

from weatherhead.areas.billing.queries import accounts_of_bill_number
from weatherhead.areas.credit.refunds import RefundFacts, refund_of_suspense
from weatherhead.areas.customers.queries import AccountFacts, accounts, accounts_numbered, find_by_name
from weatherhead.areas.ledger.queries import accounts_owing
from weatherhead.areas.migration.queries import accounts_of_former_number
from weatherhead.areas.payments.file_queries import (
    SuspenseFacts,
    accounts_paid_from,
    suspense_ages,
    suspense_item,
    suspense_items,
    suspense_totals,
)
from weatherhead.areas.payments.files.judging import WHY, number_written
from weatherhead.areas.payments.queries import payment
from weatherhead.areas.records.queries.approvals import RequestFacts, waiting_for
from weatherhead.areas.records.utility import AccountNumberFormat, current_utility
from weatherhead.core.statements.scan_line import BILL_DIGITS
from weatherhead.core.values import Sentence, format_cents, gettext_noop
from weatherhead.door.jobs import Grant

ACTIONS = frozenset({"post_from_suspense", "return_suspense_item"})
"""Whose job grants one of them works suspense off."""
SHOWN = 200
AGE_DAYS = (5, 30, 90)
_CANDIDATES_MAX = 5
_NAMES_MAX = 3
_REPAIRS_MAX = 400

REASONS = {
    "former_number": (60, gettext_noop("had this number in the old system")),
    "scan_line": (50, gettext_noop("the scan line begins with its number")),
    "bill_number": (45, gettext_noop("the scan line names its bill")),
    "transposed": (40, gettext_noop("two digits changed places")),
    "one_digit": (30, gettext_noop("one digit differs")),
    "same_payer": (35, gettext_noop("was paid from the same bank account before")),
    "amount": (25, gettext_noop("it alone owes just this amount, $%(amount)s")),
    "name": (15, gettext_noop("the payer's name is alike")),
}
"""Why an account is suggested, and how much that weighs: a digit that differs says more than a name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """An account that an item may be for, and why."""

    account_id: int
    number_grouped: str
    customer_name: str
    closed: bool
    reasons: tuple[Sentence, ...]
    codes: tuple[str, ...]
    weight: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SuspenseRow:
    """An item in the list."""

    item: SuspenseFacts
    why: Sentence
    days: int
    overdue: bool  # an agency's money that should have gone back

    @property
    def shown_account(self) -> str:
        """What was written for the account."""
        return self.item.account_text


@dataclass(frozen=True, slots=True, kw_only=True)
class AgeRow:
    """Items that have waited for so many days."""

    label: Sentence
    items: int
    cents: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SuspenseOverview:
    """The list, how old it is, and the chosen item with whose it may be, or with what sends it back.

    `asked` is the request for its refund that waits; `refund` is how it went back.
    """

    rows: tuple[SuspenseRow, ...]
    ages: tuple[AgeRow, ...]
    items: int
    cents: int
    overdue: int
    chosen: SuspenseRow | None
    matches: tuple[Match, ...]
    asked: RequestFacts | None
    refund: RefundFacts | None
    can_post: bool
    can_return: bool
    as_of: date


def may_work_suspense(grant: Grant) -> bool:
    """Whether a job has to do with suspense."""
    return not ACTIONS.isdisjoint(grant.actions)


def suspense_overview(*, as_of: date, grant: Grant, chosen: int | None) -> SuspenseOverview:
    """Compose the list; `chosen` is an item's number, and the one that has waited longest without it.

    Raises:
        NoSuchSuspenseItem: for an unknown number.
    """
    rows = tuple(_row(item, as_of=as_of) for item in suspense_items(limit=SHOWN))
    picked = _row(suspense_item(chosen), as_of=as_of) if chosen is not None else next(iter(rows), None)
    open_picked = picked is not None and picked.item.state == "open"
    items, cents = suspense_totals()
    returned = picked is not None and picked.item.state == "returned"
    return SuspenseOverview(
        rows=rows,
        ages=_ages(as_of),
        items=items,
        cents=cents,
        overdue=sum(1 for row in rows if row.overdue),
        chosen=picked,
        matches=matches_of(picked.item) if picked is not None and open_picked else (),
        asked=_asked(picked.item.item_id, as_of=as_of) if picked is not None and open_picked else None,
        refund=refund_of_suspense(picked.item.item_id) if picked is not None and returned else None,
        can_post="post_from_suspense" in grant.actions,
        can_return="return_suspense_item" in grant.actions,
        as_of=as_of,
    )


def _asked(item_id: int, *, as_of: date) -> RequestFacts | None:
    asked = "return_suspense_item"
    return waiting_for(action=asked, account_id=None, subject="suspense_item_id", number=item_id, as_of=as_of)


def suspense_items_shown(*, as_of: date) -> tuple[SuspenseRow, ...]:
    """Every open item, oldest first."""
    return tuple(_row(item, as_of=as_of) for item in suspense_items())


def _row(item: SuspenseFacts, *, as_of: date) -> SuspenseRow:
    return SuspenseRow(
        item=item,
        why=Sentence(WHY[item.why]),
        days=(as_of - item.received_on).days,
        overdue=item.state == "open" and item.return_by is not None and item.return_by < as_of,
    )


def _ages(as_of: date) -> tuple[AgeRow, ...]:
    found = suspense_ages(bounds=[as_of - timedelta(days=days) for days in AGE_DAYS])
    labels = [Sentence(gettext_noop("up to %(days)s days"), {"days": days}) for days in AGE_DAYS]
    labels.append(Sentence(gettext_noop("longer than %(days)s days"), {"days": AGE_DAYS[-1]}))
    return tuple(
        AgeRow(label=label, items=age.items, cents=age.cents) for label, age in zip(labels, found, strict=True)
    )


def matches_of(item: SuspenseFacts) -> tuple[Match, ...]:
    """Accounts that an item may be for, the likeliest first, each with its reasons."""
    form = current_utility().account_number
    found: dict[int, set[str]] = {}
    before = payment(item.payment_id).account_id if item.payment_id is not None else None
    for code, account_ids in _suggested(item, form=form):
        for account_id in account_ids:
            if account_id != before:  # it was reversed there: whose it is not, is known
                found.setdefault(account_id, set()).add(code)
    known = accounts(found)
    rows = [
        _match(known[account_id], codes=codes, item=item) for account_id, codes in found.items() if account_id in known
    ]
    return tuple(sorted(rows, key=lambda row: (-row.weight, row.account_id))[:_CANDIDATES_MAX])


def _match(account: AccountFacts, *, codes: Iterable[str], item: SuspenseFacts) -> Match:
    ordered = tuple(sorted(codes, key=lambda code: -REASONS[code][0]))
    params = {"amount": format_cents(item.amount_cents)}
    return Match(
        account_id=account.account_id,
        number_grouped=account.number_grouped,
        customer_name=account.customer_name,
        closed=account.closed_on is not None,
        reasons=tuple(Sentence(REASONS[code][1], params) for code in ordered),
        codes=ordered,
        weight=sum(REASONS[code][0] for code in ordered),
    )


def _suggested(item: SuspenseFacts, *, form: AccountNumberFormat) -> Iterator[tuple[str, Iterable[int]]]:
    written = item.account_text.strip()
    digits = "".join(written.replace("-", " ").split())
    if item.payment_id is None and digits.isascii() and digits.isdigit():
        yield "former_number", accounts_of_former_number(written) or accounts_of_former_number(digits)
        number = number_written(digits, form=form)
        repairs = repairs_of(number or digits, digits=form.digits)
        known = accounts_numbered(repairs)
        for code in ("transposed", "one_digit"):
            yield code, [known[found][0] for found, how in repairs.items() if how == code and found in known]
        if len(digits) > form.digits + BILL_DIGITS:
            yield "scan_line", [account_id for account_id, _ in accounts_numbered([digits[: form.digits]]).values()]
            yield "bill_number", accounts_of_bill_number(digits[form.digits : form.digits + BILL_DIGITS])
    yield "same_payer", accounts_paid_from(item.bank_mark, limit=_NAMES_MAX)
    owing = accounts_owing(item.amount_cents, limit=2)
    yield "amount", owing if len(owing) == 1 else ()
    if item.payer and item.tender_kind != "agency":
        yield "name", [found.account_id for found in find_by_name(item.payer, limit=_NAMES_MAX)]


def repairs_of(written: str, *, digits: int) -> Mapping[str, str]:
    """Account numbers with a right check digit that differ from what was written by one slip, and which.

    Two neighbors that changed places, one wrong digit, one too few or one too many.
    """
    found: dict[str, str] = {}

    def offer(number: str, how: str) -> None:
        if len(number) == digits and number != written and luhn.is_valid(number) and len(found) < _REPAIRS_MAX:
            found.setdefault(number, how)

    if abs(len(written) - digits) > 1:
        return found
    for place in range(len(written) - 1):
        offer(written[:place] + written[place + 1] + written[place] + written[place + 2 :], "transposed")
    for place in range(len(written) + 1):
        offer(written[:place] + written[place + 1 :], "one_digit")
        for digit in "0123456789":
            offer(written[:place] + digit + written[place + 1 :], "one_digit")
            offer(written[:place] + digit + written[place:], "one_digit")
    return found
