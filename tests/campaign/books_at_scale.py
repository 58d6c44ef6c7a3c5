"""The books of a large utility: how long balances, ageing and closing take on a made ledger of 24 months.

    python -m scripts.postgres run -- python -m tests.campaign.books_at_scale
    DATABASE_URL=sqlite:////tmp/books.sqlite3 python -m tests.campaign.books_at_scale --accounts 40000

Fills the database of DATABASE_URL, which must be empty and is thrown away after, and writes the figures into
docs/campaigns/books-at-scale.md. Guards are off while the ledger is made; what is measured runs as it always does.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from typing import TypeVar

import django

ACCOUNTS, MONTHS = 155_000, 24
COMPARED = ("src/weatherhead/areas/ledger", "src/weatherhead/overviews/books", "tests/campaign/books_at_scale.py")
FIRST_ON = date(2024, 1, 2)
Found = TypeVar("Found")

# Bills are due in 20 days and paid in 15; every thirteenth account stops paying 3 months before the end, and every
# fiftieth has a waiver. Numbers: bills and payments of a month after each other, so that ids follow the days.
_BILL = "month.n * {twice} + account.n"
_PAID = "month.n * {twice} + {accounts} + account.n"
_DUE = "(account.n % 21) + month.n * 30"
_CENTS = "(8000 + (account.n * 37 + month.n * 91) % 9000)"
_TAX = f"({_CENTS} * 7 / 100)"
_STOPPED = "(account.n % 13 = 0 AND month.n >= {stops})"
_WAIVER = "{waivers} + account.n"


def _day(days: str, *, postgresql: bool) -> str:
    first = FIRST_ON.isoformat()
    return f"(DATE '{first}' + ({days})::integer)" if postgresql else f"date('{first}', '+' || ({days}) || ' days')"


def _statements(*, accounts: int, postgresql: bool) -> list[str]:
    """SQL that makes the ledger from the tables account and month of numbers."""

    def filled(text: str) -> str:
        return text.format(twice=2 * accounts, accounts=accounts, stops=MONTHS - 3, waivers=2 * accounts * MONTHS)

    columns = (
        "(entry_id, sequence, ledger_account, account_id, amount_cents, due_on, charge, matches_entry_id,"
        " matches_sequence)"
    )
    both = "FROM made_month AS month CROSS JOIN made_account AS account"
    due = _day(f"{_DUE} + 20", postgresql=postgresql)
    billed, paid = _day(_DUE, postgresql=postgresql), _day(f"{_DUE} + 15", postgresql=postgresql)
    at = "'2026-01-01 00:00:00+00'" if postgresql else "'2026-01-01 00:00:00'"
    head = "INSERT INTO ledger_journalentry (id, kind, effective_on, inserted_at, reason, state, posting_count, digest)"
    post = f"INSERT INTO ledger_ledgerposting {columns}"
    pays, waives = f"WHERE NOT {_STOPPED} ORDER BY 1", "WHERE account.n % 50 = 0 AND month.n = 0 ORDER BY 1"
    digest = "'" + "0" * 64 + "'"
    given: list[tuple[str, str, str, str, str]] = [
        (_BILL, "1, 'receivable', account.n", _CENTS, due, "ORDER BY 1"),
        (_BILL, "2, 'revenue.residential', NULL", f"{_TAX} - {_CENTS}", "NULL", "ORDER BY 1"),
        (_BILL, "3, 'sales_tax_payable', NULL", f"-{_TAX}", "NULL", "ORDER BY 1"),
        (_PAID, "1, 'receivable', account.n", f"-{_CENTS}", "NULL", pays),
        (_PAID, "2, 'checks_received', NULL", _CENTS, "NULL", pays),
    ]
    cast = (lambda text: f"({text})::date" if text == "NULL" else text) if postgresql else (lambda text: text)
    none = cast("NULL")
    made = [
        filled(f"{post} SELECT {number}, {what}, {cents}, {cast(on)}, 'bill', NULL, NULL {both} {where}")
        for number, what, cents, on, where in given
    ]
    made += [
        filled(
            f"{post} SELECT {_WAIVER}, 1, 'receivable', account.n, -500, {none}, 'waiver', {_BILL}, 1 {both} {waives}"
        ),
        filled(
            f"{post} SELECT {_WAIVER}, 2, 'adjustments_expense', NULL, 500, {none}, 'waiver', NULL, NULL"
            f" {both} {waives}"
        ),
    ]
    for number, kind, on, count, where in (
        (_BILL, "bill", billed, 3, "ORDER BY 1"),
        (_PAID, "payment", paid, 2, pays),
        (_WAIVER, "waiver", billed, 2, waives),
    ):
        made.append(
            filled(f"{head} SELECT {number}, '{kind}', {on}, {at}, '', 'posted', {count}, {digest} {both} {where}")
        )
    made.append(
        "INSERT INTO ledger_runningbalance (account_id, ledger_account, balance_cents)"
        " SELECT account_id, ledger_account, sum(amount_cents) FROM ledger_ledgerposting WHERE account_id IS NOT NULL"
        " GROUP BY account_id, ledger_account"
    )
    return made


def make_ledger(*, accounts: int) -> None:
    """Fill an empty database."""
    from django.core.management import call_command
    from django.db import connection

    from weatherhead.areas.records.database import is_postgresql

    call_command("migrate", interactive=False, verbosity=0)
    postgresql = is_postgresql(connection)
    _make_accounts(accounts)
    with connection.cursor() as cursor:
        if postgresql:
            cursor.execute("SET session_replication_role = replica")
        else:
            cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'ledger%'")
            for (name,) in cursor.fetchall():
                cursor.execute(f"DROP TRIGGER {name}")
            for pragma in ("synchronous = OFF", "foreign_keys = OFF", "cache_size = -524288", "temp_store = MEMORY"):
                cursor.execute(f"PRAGMA {pragma}")
        for table, low, high in (("made_account", 1, accounts), ("made_month", 0, MONTHS - 1)):
            cursor.execute(
                f"CREATE TEMPORARY TABLE {table} AS WITH RECURSIVE number (n) AS (SELECT {low} UNION ALL"
                f" SELECT n + 1 FROM number WHERE n < {high}) SELECT CAST(n AS bigint) AS n FROM number"
            )
        for statement in _statements(accounts=accounts, postgresql=postgresql):
            cursor.execute(statement)
        cursor.execute("ANALYZE")
        if postgresql:
            cursor.execute("SET session_replication_role = origin")


def _make_accounts(count: int) -> None:
    from weatherhead.areas.customers.models import Account, Customer

    customer = Customer.objects.create(kind="person", name="Many", search_text="many", created_on=FIRST_ON)
    rows = (
        Account(
            pk=number, number=f"{number:09}", customer=customer, mail_street="1 Elm St", mail_city="Prairie City",
            mail_state="NE", mail_postal_code="68900", cycle=number % 21 + 1,
            revenue_class="residential" if number % 8 else "commercial", opened_on=FIRST_ON,
        )
        for number in range(1, count + 1)
    )  # fmt: skip
    Account.objects.bulk_create(rows, batch_size=2_000)


def timed(work: Callable[[], Found]) -> tuple[float, Found]:
    """Seconds of the second run: the first one warms the cache."""
    work()
    begun = time.perf_counter()
    found = work()
    return time.perf_counter() - begun, found


def measure() -> list[tuple[str, float, str]]:
    """Rows of what was done, seconds, and what it came to."""
    from django.db import transaction

    from weatherhead.areas.ledger.aged import aged_receivables
    from weatherhead.areas.ledger.books import by_source, movements
    from weatherhead.areas.ledger.operations.closing import Hands, close_through
    from weatherhead.overviews.books.aged import aged_overview

    last_on = FIRST_ON + timedelta(days=30 * MONTHS + 10)
    month = {"first_on": last_on - timedelta(days=30), "last_on": last_on}
    rows: list[tuple[str, float, str]] = []

    def note(what: str, work: Callable[[], Sequence[object]], unit: str) -> None:
        seconds, found = timed(work)
        rows.append((what, seconds, f"{len(found):,} {unit}"))

    note("trial balance of a month, no day closed", lambda: movements(**month), "ledger accounts")
    hands = Hands(asked_by="A", decided_by="B", decided_by_employee_id=1, at=datetime.now(UTC), receipt_id=1)
    closed_on = month["first_on"] - timedelta(days=1)
    begun = time.perf_counter()
    with transaction.atomic():
        close_through(closed_on, former_on=None, hands=hands)
    rows.append(("closing every day but the last month's", time.perf_counter() - begun, ""))
    note("trial balance of the last month, open", lambda: movements(**month), "ledger accounts")
    early = {"first_on": FIRST_ON + timedelta(days=330), "last_on": FIRST_ON + timedelta(days=360)}
    note("trial balance of a closed month", lambda: movements(**early), "ledger accounts")
    note("what posted in a month, by day and kind", lambda: by_source(**early), "sums")
    begun = time.perf_counter()
    with transaction.atomic():
        close_through(last_on, former_on=closed_on, hands=hands)
    rows.append(("closing the last month", time.perf_counter() - begun, ""))
    note("trial balance of the last month, closed", lambda: movements(**month), "ledger accounts")
    note("the whole receivable aged", lambda: aged_receivables(as_of=last_on).account_ids, "accounts with a balance")
    note(
        "the same half a year before",
        lambda: aged_receivables(as_of=last_on - timedelta(days=180)).account_ids,
        "accounts",
    )
    overview = aged_overview(as_of=last_on)
    if not overview.foots:
        raise SystemExit("The aged receivable does not foot to the ledger account.")
    note("the page of aged receivables, by class and cycle", lambda: aged_overview(as_of=last_on).by_cycle, "cycles")
    return rows


def main(arguments: Sequence[str]) -> int:
    """Make, measure, and keep the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--accounts", type=int, default=ACCOUNTS)
    asked = parser.parse_args(arguments)
    os.environ.setdefault("WEATHERHEAD_DEBUG", "1")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "weatherhead.config.settings")
    with suppress(RuntimeError):
        django.setup()
    from django.db import connection

    from tests.campaign.kept import PAGES, machine, revision

    begun = time.perf_counter()
    make_ledger(accounts=asked.accounts)
    made_seconds = time.perf_counter() - begun
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM ledger_ledgerposting")
        [postings] = cursor.fetchone()
    told = (
        f"{postings:,} postings of {MONTHS} months, made in {made_seconds:.0f} s. {machine()}, revision"
        f" {revision(COMPARED)}, {datetime.now(UTC):%Y-%m-%d}."
    )
    lines = [
        f"## {connection.vendor}, {asked.accounts:,} accounts",
        "",
        told,
        "",
        "| what | seconds | comes to |",
        "| --- | ---: | --- |",
        *(f"| {what} | {seconds:.3f} | {found} |" for what, seconds, found in measure()),
        "",
    ]
    print("\n".join(lines))
    page = PAGES / "books-at-scale.md"
    about = "By `tests/campaign/books_at_scale.py`; the second run of each, the first one warms the cache."
    title = f"# The books at scale\n\n{about}\n"
    kept = page.read_text(encoding="utf-8") if page.exists() else title
    parts = [part for part in kept.split("\n## ") if not part.startswith(f"{connection.vendor},")]
    page.write_text("\n## ".join(parts).rstrip() + "\n\n" + "\n".join(lines), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
