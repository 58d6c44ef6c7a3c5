"""The agreements of many accounts at once, for bill runs."""

from __future__ import annotations

from typing import NamedTuple

from weatherhead.areas.records.arrays import among, day_sql, fetch_rows, rows_among, text_sql
from weatherhead.core.values import Int64Array


class AgreementRow(NamedTuple):
    """An agreement and where it is. Days are ordinals, `end` MISSING while in force; `options` is JSON text."""

    agreement_id: int
    account_id: int
    service_point_id: int
    start: int
    end: int
    schedule: str
    options: str
    kind: str  # metered, unmetered
    street: str
    unit: str

    @property
    def address(self) -> str:
        """Street and unit."""
        return f"{self.street}, {self.unit}" if self.unit else self.street


def agreement_rows(account_ids: Int64Array) -> list[AgreementRow]:
    """The agreements of some accounts, by account, and an account's oldest first."""
    rows = fetch_rows(
        "SELECT agreement.id, agreement.account_id, agreement.service_point_id,"  # noqa: S608
        f" {day_sql('agreement.start_on')}, {day_sql('agreement.end_on')}, agreement.schedule,"
        f" {text_sql('agreement.options')}, point.kind, premise.street, premise.unit"
        f" FROM {among('id')} JOIN agreements_serviceagreement AS agreement ON agreement.account_id = wanted.id"
        " JOIN premises_servicepoint AS point ON point.id = agreement.service_point_id"
        " JOIN premises_premise AS premise ON premise.id = point.premise_id"
        " ORDER BY agreement.account_id, agreement.start_on, agreement.id",
        rows_among(account_ids),
    )
    return [AgreementRow(*row) for row in rows]
