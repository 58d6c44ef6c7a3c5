"""Prepared billing summaries as frozen values, each proved by its hash."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from weatherhead.areas.documents.models import Statement
from weatherhead.core.statements import payload_sha256
from weatherhead.core.values import Refusal, gettext_noop


class NoSuchStatement(Refusal):
    """No prepared summary has that number."""

    template = gettext_noop("There is no prepared summary %(statement)s. Open the account again.")


class StatementChanged(Refusal):
    """What is stored is not what was frozen."""

    template = gettext_noop(
        "Prepared summary %(statement)s is not what was prepared; it is not shown or given out. Tell the "
        "administrator, who finds the fault with: weatherhead ledger check"
    )


class StatementDisposed(Refusal):
    """Its term is over."""

    template = gettext_noop(
        "The document of prepared summary %(statement)s was disposed of on %(on)s. Prepare a new one of the same days."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementRow:
    """A prepared summary in a list. `party` is whom it was prepared for; empty: the customer."""

    statement_id: int
    number: str
    kind: str
    start_on: date
    end_on: date
    prepared_on: date
    given_by: str
    party: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FrozenStatement:
    """A prepared summary whose payload is what was frozen."""

    statement_id: int
    number: str
    kind: str
    account_id: int
    consent_id: int | None
    prepared_on: date
    given_by: str
    payload: Mapping[str, Any]
    payload_sha256: str


def frozen_statement(statement_id: int) -> FrozenStatement:
    """One prepared summary; one that was disposed of says no longer whose it was.

    Raises:
        NoSuchStatement: for an unknown number.
        StatementChanged: it is not what was frozen.
    """
    row = Statement.objects.filter(pk=statement_id).first()
    if row is None:
        raise NoSuchStatement(statement=statement_id)
    if payload_sha256(row.payload) != row.payload_sha256 and not is_disposed(row.payload):
        raise StatementChanged(statement=row.number)
    return FrozenStatement(
        statement_id=row.pk,
        number=row.number,
        kind=row.kind,
        account_id=row.account_id,
        consent_id=row.consent_id,
        prepared_on=row.prepared_on,
        given_by=row.given_by,
        payload=json.loads(row.payload),
        payload_sha256=row.payload_sha256,
    )


def is_disposed(payload: str, /) -> bool:
    """Whether a summary's text says that its term is over; the books' proof compares it with what was left of it."""
    return '"disposed":' in payload and "disposed" in json.loads(payload)


def require_file(found: FrozenStatement) -> None:
    """See that the document of a summary was not disposed of.

    Raises:
        StatementDisposed: it was.
    """
    if "disposed" in found.payload:
        raise StatementDisposed(statement=found.number, on=found.payload["disposed"]["on"])


def statements_of_account(account_id: int, *, limit: int) -> tuple[StatementRow, ...]:
    """What was prepared of an account, the latest first."""
    rows = Statement.objects.select_related("consent").defer("payload").filter(account_id=account_id)
    return tuple(
        StatementRow(
            statement_id=row.pk,
            number=row.number,
            kind=row.kind,
            start_on=row.start_on,
            end_on=row.end_on,
            prepared_on=row.prepared_on,
            given_by=row.given_by,
            party=row.consent.party_name if row.consent else "",
        )
        for row in rows.order_by("-prepared_on", "-pk")[:limit]
    )
