"""The books as tables for files: a header, then rows of plain text, amounts in dollars."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from io import StringIO

from weatherhead.areas.ledger.journal_file import plain_dollars
from weatherhead.overviews.books.aged import AgedAccounts, AgedOverview, AgedRow
from weatherhead.overviews.books.chart import ChartRow
from weatherhead.overviews.books.revenue import RevenueOverview
from weatherhead.overviews.books.trial import TrialBalance, TrialRow

Table = tuple[Sequence[str], list[Sequence[str]]]
_WH_PER_KWH = 1000
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "−", "＝", "＋", "－", "＠")
_BUCKETS = ("not_due", "days_1_30", "days_31_60", "days_61_90", "days_over_90")


def csv_text(table: Table) -> str:
    """A table as CSV (RFC 4180). A text that a spreadsheet would take for a formula is kept from being one."""
    header, rows = table
    out = StringIO()
    writer = csv.writer(out)
    writer.writerow(header)
    writer.writerows(rows)
    return out.getvalue()


def safe_text(text: str) -> str:
    """A name or title that a person chose: led by a quote mark where a spreadsheet would compute it."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def chart_table(rows: Iterable[ChartRow]) -> Table:
    """The chart of accounts."""
    header = ("ledger_account", "gl_account", "ferc_account", "title", "purpose", "kept_for_each_customer")
    return header, [
        (row.ledger_account, row.gl, row.ferc, row.title, str(row.purpose), "yes" if row.per_customer else "no")
        for row in rows
    ]


def trial_table(balance: TrialBalance, *, by_gl: bool) -> Table:
    """The trial balance, with its total as the last row."""
    header = ("gl_account", "ferc_account", "title", "ledger_accounts", "opening", "debits", "credits", "closing")

    def row(item: TrialRow, *, title: str) -> Sequence[str]:
        figures = (item.opening_cents, item.debits_cents, item.credits_cents, item.closing_cents)
        codes = "+".join(item.ledger_accounts)
        return (item.gl, item.ferc, title, codes, *map(plain_dollars, figures))

    rows = balance.by_gl if by_gl else balance.rows
    total = balance.total
    last = (
        "",
        "",
        "total",
        "",
        *map(plain_dollars, (total.opening_cents, total.debits_cents, total.credits_cents, total.closing_cents)),
    )
    return header, [*(row(item, title=item.title) for item in rows), last]


def aged_table(aged: AgedOverview) -> Table:
    """Aged receivables by class, by cycle and in all."""
    header = ("by", "name", "accounts", *_BUCKETS, "credits", "balance")

    def row(kind: str, item: AgedRow) -> Sequence[str]:
        figures = (*item.open_cents, -item.credit_cents, item.balance_cents)
        return (kind, item.name, str(item.accounts), *map(plain_dollars, figures))

    rows = [*(row("class", item) for item in aged.by_class), *(row("cycle", item) for item in aged.by_cycle)]
    return header, [*rows, row("total", aged.total)]


def aged_accounts_table(found: AgedAccounts) -> Table:
    """The accounts behind a figure of aged receivables."""
    header = ("account", "customer", "class", "cycle", *_BUCKETS, "credits", "balance")
    return header, [
        (
            row.number,
            safe_text(row.customer_name),
            row.revenue_class,
            str(row.cycle),
            *map(plain_dollars, (*row.open_cents, -row.credit_cents, row.balance_cents)),
        )
        for row in found.rows
    ]


def _kwh(energy_wh: int, /) -> str:
    """Exactly, as the page has it."""
    whole, rest = divmod(abs(energy_wh), _WH_PER_KWH)
    return ("-" if energy_wh < 0 else "") + str(whole) + (f".{rest:03d}".rstrip("0") if rest else "")


def revenue_table(revenue: RevenueOverview) -> Table:
    """Revenue by class and charge; what was posted without a bill's line is a row of its own."""
    header = ("ledger_account", "gl_account", "charge", "label", "bill_lines", "amount", "kwh")
    rows: list[Sequence[str]] = []
    for item in (*revenue.revenue, *revenue.collected):
        place = (item.ledger_account, item.gl)
        rows += [
            (*place, charge.code, charge.label, str(charge.lines), plain_dollars(charge.amount_cents), "")
            for charge in item.charges
        ]
        if item.other_cents:
            rows.append((*place, "", "posted without a bill's line", "", plain_dollars(item.other_cents), ""))
        energy = "" if item.energy_wh is None else _kwh(item.energy_wh)
        rows.append((*place, "", "total", "", plain_dollars(item.ledger_cents), energy))
    return header, rows
