"""What the tests of the journal share: accounts to post to, and statements as they are."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime

from django.db import connection, transaction
from tests.core.ledger.books import bill, payment, plain, receivable, waiver

from weatherhead.areas.customers.models import Account, Customer
from weatherhead.areas.ledger.operations import post
from weatherhead.core.ledger import EntryDraft

__all__ = [
    "INSERTED_AT",
    "TABLES",
    "bill",
    "make_accounts",
    "payment",
    "plain",
    "posted",
    "receivable",
    "rows",
    "run",
    "waiver",
]

INSERTED_AT = datetime(2026, 1, 2, 15, 4, 5, 678901, tzinfo=UTC)
TABLES = ("ledger_ledgerposting", "ledger_journalentry")


def make_accounts(count: int) -> list[int]:
    """Accounts of one customer, by number of their rows."""
    opened_on = date(2025, 12, 1)
    customer = Customer.objects.create(
        kind="person", name="Rosa Delgado", search_text="rosa delgado", created_on=opened_on
    )
    return [
        Account.objects.create(
            number=f"{customer.pk:08}{place:02}",
            customer=customer,
            mail_street="1 Elm St",
            mail_city="Prairie City",
            mail_state="NE",
            mail_postal_code="68000",
            cycle=1,
            revenue_class="residential",
            opened_on=opened_on,
        ).pk
        for place in range(count)
    ]


def posted(*drafts: EntryDraft, receipt_id: int | None = 1) -> tuple[int, ...]:
    """Post in a transaction, as the door does."""
    with transaction.atomic():
        return post(drafts, inserted_at=INSERTED_AT, receipt_id=receipt_id)


def run(*statements: str) -> None:
    """Run statements on the database, as they are."""
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def rows(statement: str) -> Sequence[tuple[object, ...]]:
    """What a SELECT finds."""
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return list(cursor.fetchall())
