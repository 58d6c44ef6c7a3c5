"""Aged receivables: what customers owe by how long it is due, by class and cycle, down to the accounts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from weatherhead.areas.customers.columns import account_classes, accounts_told
from weatherhead.areas.ledger.aged import BUCKETS, AgedReceivables, aged_receivables
from weatherhead.areas.ledger.books import balance_on
from weatherhead.areas.records.database import snapshot
from weatherhead.core.ledger import LedgerAccount
from weatherhead.core.values import Int64Array, gettext_noop

BUCKET_TITLES = (
    gettext_noop("Not due"),
    gettext_noop("1–30 days"),
    gettext_noop("31–60 days"),
    gettext_noop("61–90 days"),
    gettext_noop("Over 90 days"),
)
ACCOUNTS_A_PAGE = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class AgedRow:
    """Some accounts' receivable by age (cents); `balance_cents` is what is open less credits."""

    name: str
    accounts: int
    open_cents: tuple[int, ...]
    credit_cents: int

    @property
    def past_due_cents(self) -> int:
        """Everything whose due date has gone by."""
        return sum(self.open_cents[1:])

    @property
    def balance_cents(self) -> int:
        """What is owed in all; negative: in credit."""
        return sum(self.open_cents) - self.credit_cents


@dataclass(frozen=True, slots=True, kw_only=True)
class AgedOverview:
    """The whole receivable on a day. `ledger_cents` is what the ledger account says; the total is the same."""

    as_of: date
    by_class: tuple[AgedRow, ...]
    by_cycle: tuple[AgedRow, ...]
    total: AgedRow
    ledger_cents: int

    @property
    def foots(self) -> bool:
        """Whether the total is the ledger account's balance, as it must be."""
        return self.total.balance_cents == self.ledger_cents


@dataclass(frozen=True, slots=True, kw_only=True)
class AgedAccount:
    """One account by age."""

    account_id: int
    number: str
    customer_name: str
    revenue_class: str
    cycle: int
    open_cents: tuple[int, ...]
    credit_cents: int

    @property
    def balance_cents(self) -> int:
        """What it owes; negative: in credit."""
        return sum(self.open_cents) - self.credit_cents


@dataclass(frozen=True, slots=True, kw_only=True)
class AgedAccounts:
    """A page of accounts, those with the most in the buckets asked for first."""

    as_of: date
    page: int
    pages: int
    count: int
    rows: tuple[AgedAccount, ...]
    total: AgedRow


@snapshot()
def aged_overview(*, as_of: date) -> AgedOverview:
    """Age everything, and sum it by class and by cycle."""
    aged, classes = aged_receivables(as_of=as_of), account_classes()
    places = [classes[number] for number in aged.account_ids.tolist()]
    return AgedOverview(
        as_of=as_of,
        by_class=_summed(aged, names=[revenue_class for revenue_class, _ in places]),
        by_cycle=_summed(aged, names=[f"{cycle:>2}" for _, cycle in places]),
        total=_row(aged, np.arange(len(places), dtype=np.int64), name=""),
        ledger_cents=balance_on(LedgerAccount.RECEIVABLE, as_of=as_of),
    )


def _summed(aged: AgedReceivables, *, names: list[str]) -> tuple[AgedRow, ...]:
    given, group_of = np.unique(np.array(names, dtype=str), return_inverse=True)
    return tuple(
        _row(aged, np.flatnonzero(group_of == place), name=str(name).strip()) for place, name in enumerate(given)
    )


def _row(aged: AgedReceivables, chosen: Int64Array, *, name: str) -> AgedRow:
    return AgedRow(
        name=name,
        accounts=len(chosen),
        open_cents=tuple(aged.open_cents[chosen].sum(axis=0).tolist()) if len(chosen) else (0,) * BUCKETS,
        credit_cents=int(aged.credit_cents[chosen].sum()),
    )


@snapshot()
def aged_accounts(
    *,
    as_of: date,
    revenue_class: str = "",
    cycle: int | None = None,
    bucket: int | None = None,
    page: int = 1,
    a_page: int | None = ACCOUNTS_A_PAGE,
) -> AgedAccounts:
    """The accounts behind a figure: of a class, a cycle, with something in a bucket. `a_page` None: all on one page."""
    aged, classes = aged_receivables(as_of=as_of), account_classes()
    keep = np.array(
        [
            (not revenue_class or classes[number][0] == revenue_class)
            and (cycle is None or classes[number][1] == cycle)
            for number in aged.account_ids.tolist()
        ],
        dtype=np.bool_,
    )
    weight = aged.open_cents[:, 1:].sum(axis=1) if bucket is None else aged.open_cents[:, bucket]
    if bucket is not None:
        keep = keep & (weight > 0)
    chosen = np.flatnonzero(keep)
    chosen = chosen[np.lexsort((aged.account_ids[chosen], -aged.balance_cents[chosen], -weight[chosen]))]
    size = a_page or max(len(chosen), 1)
    pages = max(-(-len(chosen) // size), 1)
    page = min(max(page, 1), pages)
    shown = chosen[(page - 1) * size : page * size]
    told = accounts_told(np.sort(aged.account_ids[shown]))
    return AgedAccounts(
        as_of=as_of,
        page=page,
        pages=pages,
        count=len(chosen),
        rows=tuple(_account(aged, place, told=told, classes=classes) for place in shown.tolist()),
        total=_row(aged, chosen, name=""),
    )


def _account(
    aged: AgedReceivables, place: int, *, told: dict[int, tuple[str, str]], classes: dict[int, tuple[str, int]]
) -> AgedAccount:
    account_id = int(aged.account_ids[place])
    number, name = told[account_id]
    revenue_class, cycle = classes[account_id]
    return AgedAccount(
        account_id=account_id,
        number=number,
        customer_name=name,
        revenue_class=revenue_class,
        cycle=cycle,
        open_cents=tuple(aged.open_cents[place].tolist()),
        credit_cents=int(aged.credit_cents[place]),
    )
