"""The books' accounts: a short list of names, and revenue by class. `utility.yaml` maps each to the utility's GL."""

from __future__ import annotations

import re
from enum import StrEnum

from weatherhead.core.values import Refusal, gettext_noop


class LedgerAccount(StrEnum):
    """The ledger accounts that Weatherhead posts to, besides ``revenue.<class>``. Debits are positive.

    A ledger account belongs to the books; "account" alone is always the customer's.
    """

    CASH_DRAWER = "cash_drawer"
    """Cash in a cashier's drawer."""
    CHECKS_RECEIVED = "checks_received"
    """Checks taken in and not yet at the bank (cash clearing)."""
    CARD_CLEARING = "card_clearing"
    """Card payments between the processor's word and its money; no card number is ever kept."""
    BANK = "bank"
    """What the bank has: deposits made, lockbox money, refunds that were cashed."""
    CASH_OVER_SHORT = "cash_over_short"
    """What a drawer held more or less than its payments say."""
    ACH_CLEARING = "ach_clearing"
    """Bank debits between their settlement and the bank statement."""
    RECEIVABLE = "receivable"
    """What a customer owes for service and fees; the only ledger account that is aged."""
    DEPOSIT = "deposit"
    """Security deposits held for a customer; never part of a receivable's ageing."""
    UNAPPLIED_CREDIT = "unapplied_credit"
    """A customer's money that is not yet applied to what they owe."""
    SUSPENSE = "suspense"
    """Money received whose account is unknown."""
    REFUNDS_PAYABLE = "refunds_payable"
    """Refunds that were approved and have not left the bank."""
    SALES_TAX_PAYABLE = "sales_tax_payable"
    """Sales tax collected for the state and the city."""
    CITY_DIVIDEND_PAYABLE = "city_dividend_payable"
    """The dividend that customers pay for the city."""
    FRANCHISE_FEE_PAYABLE = "franchise_fee_payable"
    """Franchise fees collected for the cities served."""
    BUDGET_VARIANCE = "budget_variance"
    """Under budget billing, what was billed by the plan less what was used."""
    ALLOWANCE = "allowance"
    """Allowance for debts that will not be collected."""
    BAD_DEBT_EXPENSE = "bad_debt_expense"
    """What was set aside for debts that will not be collected."""
    UNBILLED_RECEIVABLE = "unbilled_receivable"
    """Energy delivered and not yet billed, at the end of a month."""
    UNBILLED_REVENUE = "unbilled_revenue"
    """The same, as revenue; reversed when the next month is estimated."""
    DEPOSIT_INTEREST_EXPENSE = "deposit_interest_expense"
    """Interest given on security deposits."""
    FEE_REVENUE = "fee_revenue"
    """Late charges, returned-payment fees, reconnect fees and the like."""
    ADJUSTMENTS_EXPENSE = "adjustments_expense"
    """Goodwill credits and waivers."""
    OPENING_BALANCES = "opening_balances"
    """What was taken over from an old system, against receivables and deposits."""


LEDGER_ACCOUNTS_REQUIRED: tuple[str, ...] = tuple(account.value for account in LedgerAccount)
"""What a utility's GL map must name. Revenue classes are added as its tariffs need them."""

CUSTOMER_KEPT = frozenset({LedgerAccount.RECEIVABLE, LedgerAccount.DEPOSIT, LedgerAccount.UNAPPLIED_CREDIT})
"""Ledger accounts that are kept for each customer's account: a posting to them names one."""

BACK_BILL = "back_bill"
"""The charge of an installment of what was billed too little: payable by its own due date, not by the next bill's."""

CODE_LENGTH_MAX = 40

_FIXED = frozenset(LEDGER_ACCOUNTS_REQUIRED)
_REVENUE = re.compile(r"revenue\.[a-z][a-z0-9]*(_[a-z0-9]+)*", re.ASCII)


class UnknownLedgerAccount(Refusal):
    """A code that is neither a named ledger account nor revenue of a class."""

    template = gettext_noop(
        "“%(code)s” is not a ledger account. Use one of the named ledger accounts, "
        "or revenue and a class, like revenue.residential."
    )


def is_ledger_account(code: str) -> bool:
    """Tell whether `code` is a named ledger account or ``revenue.<class>`` with a class in lower_snake_case."""
    return code in _FIXED or (len(code) <= CODE_LENGTH_MAX and _REVENUE.fullmatch(code) is not None)


def ledger_account_code(code: str) -> str:
    """Return `code` when it is a ledger account.

    Raises:
        UnknownLedgerAccount: when it is none.
    """
    if not is_ledger_account(code):
        raise UnknownLedgerAccount(code=code)
    return code


def revenue_account(revenue_class: str) -> str:
    """The ledger account of a class's revenue: ``residential`` → ``revenue.residential``.

    Raises:
        UnknownLedgerAccount: when the class is not lower_snake_case, or too long.
    """
    return ledger_account_code(f"revenue.{revenue_class}")
