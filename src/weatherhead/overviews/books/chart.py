"""The chart of accounts: every ledger account, where the utility's books keep it, and what it is for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from weatherhead.areas.records.utility import current_utility
from weatherhead.core.ledger import CUSTOMER_KEPT, LedgerAccount
from weatherhead.core.values import Sentence, gettext_noop

REVENUE = "revenue."

PURPOSES: Mapping[str, str] = {
    LedgerAccount.CASH_DRAWER: gettext_noop("Cash in a cashier's drawer, until it is deposited"),
    LedgerAccount.CHECKS_RECEIVED: gettext_noop("Checks taken in and not yet at the bank"),
    LedgerAccount.CARD_CLEARING: gettext_noop("Card payments between the processor's word and its money"),
    LedgerAccount.BANK: gettext_noop("What the bank has: deposits, lockbox money, less refunds that were cashed"),
    LedgerAccount.CASH_OVER_SHORT: gettext_noop("What a drawer held more or less than its payments say"),
    LedgerAccount.ACH_CLEARING: gettext_noop("Bank debits between their settlement and the bank statement"),
    LedgerAccount.RECEIVABLE: gettext_noop("What customers owe for service and fees; the one that is aged"),
    LedgerAccount.DEPOSIT: gettext_noop("Security deposits held for customers; never set against what they owe"),
    LedgerAccount.UNAPPLIED_CREDIT: gettext_noop("Customers' money that is not applied to what they owe yet"),
    LedgerAccount.SUSPENSE: gettext_noop("Money received whose account is unknown"),
    LedgerAccount.REFUNDS_PAYABLE: gettext_noop("Refunds approved that have not left the bank"),
    LedgerAccount.SALES_TAX_PAYABLE: gettext_noop("Sales tax collected for the state and the city"),
    LedgerAccount.CITY_DIVIDEND_PAYABLE: gettext_noop("The dividend that customers pay for the city"),
    LedgerAccount.FRANCHISE_FEE_PAYABLE: gettext_noop("Franchise fees collected for the cities served"),
    LedgerAccount.BUDGET_VARIANCE: gettext_noop("Under budget billing, what was billed by plan less what was used"),
    LedgerAccount.ALLOWANCE: gettext_noop("Allowance for debts that will not be collected"),
    LedgerAccount.BAD_DEBT_EXPENSE: gettext_noop("What was set aside for debts that will not be collected"),
    LedgerAccount.UNBILLED_RECEIVABLE: gettext_noop("Energy delivered and not billed yet, at a month's end"),
    LedgerAccount.UNBILLED_REVENUE: gettext_noop("The same as revenue, taken back by the next month's estimate"),
    LedgerAccount.DEPOSIT_INTEREST_EXPENSE: gettext_noop("Interest given on security deposits"),
    LedgerAccount.FEE_REVENUE: gettext_noop("Late charges, returned-payment fees, reconnect fees"),
    LedgerAccount.ADJUSTMENTS_EXPENSE: gettext_noop("Goodwill credits and waivers"),
    LedgerAccount.OPENING_BALANCES: gettext_noop("What was taken over from an old system"),
}
_REVENUE_PURPOSE = gettext_noop("Sales of energy, class %(class)s")


@dataclass(frozen=True, slots=True, kw_only=True)
class ChartRow:
    """A ledger account: its GL and FERC accounts (18 CFR 101), and what it is for."""

    ledger_account: str
    gl: str
    ferc: str
    title: str
    purpose: Sentence
    per_customer: bool


def chart_of_accounts() -> tuple[ChartRow, ...]:
    """Every ledger account of the utility, in the order of its GL accounts."""
    mapped = current_utility().ledger_accounts
    rows = (
        ChartRow(
            ledger_account=code,
            gl=item.gl,
            ferc=item.ferc,
            title=item.title,
            purpose=purpose_of(code),
            per_customer=code in CUSTOMER_KEPT,
        )
        for code, item in mapped.items()
    )
    return tuple(sorted(rows, key=lambda row: (row.gl, row.ledger_account)))


def purpose_of(code: str) -> Sentence:
    """What a ledger account is for."""
    if code.startswith(REVENUE):
        return Sentence(_REVENUE_PURPOSE, {"class": code.removeprefix(REVENUE)})
    return Sentence(PURPOSES[code])
