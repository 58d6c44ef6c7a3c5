"""Many accounts at once, for bill runs."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from weatherhead.areas.customers.models import Account
from weatherhead.areas.records.arrays import among, fetch_rows, rows_among
from weatherhead.core.values import Int64Array


class AccountRow(NamedTuple):
    """What a bill says of an account."""

    account_id: int
    number: str
    customer_name: str
    mail_street: str
    mail_unit: str
    mail_city: str
    mail_state: str
    mail_postal_code: str


def open_accounts(*, cycle: int | None, first_id: int = 0, last_id: int | None = None) -> Int64Array:
    """The open accounts of a cycle (None: of all) from one number through another, ascending."""
    rows = Account.objects.filter(closed_on__isnull=True, pk__gte=first_id)
    if cycle is not None:
        rows = rows.filter(cycle=cycle)
    if last_id is not None:
        rows = rows.filter(pk__lte=last_id)
    return np.fromiter(rows.order_by("pk").values_list("pk", flat=True).iterator(chunk_size=10_000), dtype=np.int64)


def account_rows(account_ids: Int64Array) -> list[AccountRow]:
    """What bills say of some accounts, by number ascending."""
    rows = fetch_rows(
        "SELECT account.id, account.number, customer.name, account.mail_street, account.mail_unit, account.mail_city,"  # noqa: S608
        " account.mail_state, account.mail_postal_code"
        f" FROM {among('id')} JOIN customers_account AS account ON account.id = wanted.id"
        " JOIN customers_customer AS customer ON customer.id = account.customer_id ORDER BY account.id",
        rows_among(account_ids),
    )
    return [AccountRow(*row) for row in rows]


def account_classes() -> dict[int, tuple[str, int]]:
    """The revenue class and cycle of every account, by number."""
    rows = fetch_rows("SELECT id, revenue_class, cycle FROM customers_account")
    return {number: (revenue_class, cycle) for number, revenue_class, cycle in rows}


def accounts_told(account_ids: Int64Array) -> dict[int, tuple[str, str]]:
    """Number and customer's name of some accounts."""
    rows = fetch_rows(
        "SELECT account.id, account.number, customer.name"  # noqa: S608
        f" FROM {among('id')} JOIN customers_account AS account ON account.id = wanted.id"
        " JOIN customers_customer AS customer ON customer.id = account.customer_id",
        rows_among(account_ids),
    )
    return {account_id: (number, name) for account_id, number, name in rows}
