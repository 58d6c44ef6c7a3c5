"""The pages of billing summaries: one that is looked at, and one that was prepared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from weatherhead.areas.customers.consents import ConsentFacts, consents_in_force
from weatherhead.areas.customers.queries import AccountFacts, account
from weatherhead.areas.documents.queries import DocumentFacts, content_of, documents_of_statements, frame_body
from weatherhead.areas.documents.showing_statement import statement_view
from weatherhead.areas.documents.statement_csv import csv_of
from weatherhead.areas.documents.statements import (
    FrozenStatement,
    StatementRow,
    frozen_statement,
    require_file,
    statements_of_account,
)
from weatherhead.areas.records.database import snapshot
from weatherhead.core.statements import KINDS, PreparedDocument, parse_prepared
from weatherhead.core.values import YEARS, Span
from weatherhead.overviews.statement.composing import compose
from weatherhead.overviews.statement.spans import LAST_12_MONTHS, SPANS, span_of

LOOK = "billing_summaries"
"""The look that a job profile grants to whoever reads summaries."""
LINES_A_PAGE = 60
PREPARED_SHOWN = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Which summary of which days somebody asks for; `from_on` and `to_on` count with the span ``days``."""

    kind: str = "statement"
    span: str = LAST_12_MONTHS
    from_on: date | None = None
    to_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SummaryOverview:
    """A summary as it is looked at. `said` holds every text; of long ones it holds the lines of `page`."""

    account_id: int
    account_number_grouped: str
    customer_name: str
    as_of: date
    asked: Asked
    span: Span
    said: Mapping[str, Any]
    page: int
    pages: int
    lines: int
    prepared: tuple[StatementRow, ...]
    consents: tuple[ConsentFacts, ...]


@snapshot()
def summary_overview(account_id: int, *, asked: Asked, as_of: date, page: int = 1) -> SummaryOverview:
    """Compose a summary to look at: nothing of the mailing address, and at most `LINES_A_PAGE` lines.

    Raises:
        NoSuchAccount: for an unknown account.
        SpanDaysMissing, SpanBackwards, SpanNotOver, YearTooLong: the days are none.
    """
    holder = account(account_id)
    span = _span(holder, asked=asked, as_of=as_of)
    composed = compose(account_id, kind=asked.kind, span=span, as_of=as_of)
    document = parse_prepared(composed.payload, frame=composed.frame.body)
    body = composed.payload["body"]
    lines = len(body.get("lines", body.get("accounts", ())))
    pages = max(-(-lines // LINES_A_PAGE), 1)
    shown = min(max(page, 1), pages)
    part = slice((shown - 1) * LINES_A_PAGE, shown * LINES_A_PAGE)
    return SummaryOverview(
        account_id=account_id,
        account_number_grouped=holder.number_grouped,
        customer_name=holder.customer_name,
        as_of=as_of,
        asked=asked,
        span=span,
        said=_linked(statement_view(document, lines=part), links=composed.links[part], kind=asked.kind),
        page=shown,
        pages=pages,
        lines=lines,
        prepared=statements_of_account(account_id, limit=PREPARED_SHOWN),
        consents=consents_in_force(holder.customer_id, account_id=account_id, as_of=as_of),
    )


def _span(holder: AccountFacts, *, asked: Asked, as_of: date) -> Span:
    return span_of(
        asked.span,
        kind=asked.kind,
        opened_on=holder.opened_on,
        as_of=as_of,
        from_on=asked.from_on,
        to_on=asked.to_on,
    )


def _linked(said: dict[str, Any], *, links: tuple[str, ...], kind: str) -> dict[str, Any]:
    """The view without the address, each line with where it leads."""
    if kind in _LINK_AT:
        [table] = said["tables"]
        rows = [row for row in table["rows"] if row["number"] or kind == "accounts"]
        for row, link in zip(rows, links, strict=True):
            row["link"], row["link_at"] = link, _LINK_AT[kind]
    return said | {"mail": None, "window": None}


_LINK_AT = {"statement": 2, "accounts": 0}
"""The column that leads somewhere: what happened, or the account."""


@snapshot()
def summary_csv(account_id: int, *, asked: Asked, as_of: date) -> bytes:
    """The whole of a summary as CSV.

    Raises:
        as `summary_overview`.
    """
    span = _span(account(account_id), asked=asked, as_of=as_of)
    composed = compose(account_id, kind=asked.kind, span=span, as_of=as_of)
    return csv_of(parse_prepared(composed.payload, frame=composed.frame.body))


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedOverview:
    """A prepared summary as a page; `mail` is None while the customer's address is hidden. `party`: "" the customer."""

    statement_id: int
    account_id: int
    account_number_grouped: str
    customer_name: str
    number: str
    kind: str
    party: str
    given_by: str
    mail: tuple[str, ...] | None
    said: Mapping[str, Any]
    document: DocumentFacts


def prepared_overview(statement_id: int, *, revealed: frozenset[int] = frozenset()) -> PreparedOverview:
    """Compose the page of what was prepared. The mailing address is shown when the account is in `revealed`.

    Raises:
        NoSuchStatement: for an unknown number.
        StatementChanged, FrameChanged: it is not what was prepared.
    """
    found = frozen_statement(statement_id)
    document = _document(found)
    holder = account(found.account_id)
    said = statement_view(document)
    given = found.payload["consent"]
    for_party = given is not None
    return PreparedOverview(
        statement_id=statement_id,
        account_id=found.account_id,
        account_number_grouped=holder.number_grouped,
        customer_name=holder.customer_name,
        number=found.number,
        kind=found.kind,
        party=given["party"] if for_party else "",
        given_by=found.given_by,
        mail=tuple(said["mail"]) if for_party or found.account_id in revealed else None,
        said=said,
        document=documents_of_statements([statement_id])[statement_id],
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedFile:
    """Whose summary it is, for whom, its number, and its content."""

    account_id: int
    number: str
    for_party: bool
    content: bytes


def prepared_pdf(statement_id: int) -> PreparedFile:
    """The kept PDF of what was prepared, the same bytes every time.

    Raises:
        NoSuchStatement: for an unknown number.
        StatementChanged, FileChanged: it is not what was kept.
        StatementDisposed: its term is over.
    """
    found = frozen_statement(statement_id)
    require_file(found)
    content = content_of(documents_of_statements([statement_id])[statement_id])
    return _file(found, content=content)


def prepared_csv(statement_id: int) -> PreparedFile:
    """The figures of what was prepared, as CSV.

    Raises:
        as `prepared_overview`.
    """
    found = frozen_statement(statement_id)
    return _file(found, content=csv_of(_document(found)))


def _file(found: FrozenStatement, *, content: bytes) -> PreparedFile:
    return PreparedFile(
        account_id=found.account_id,
        number=found.number,
        for_party=found.consent_id is not None,
        content=content,
    )


def _document(found: FrozenStatement) -> PreparedDocument:
    return parse_prepared(found.payload, frame=frame_body(found.payload["frame_sha256"]))


def asked_of(given: Mapping[str, str]) -> Asked:
    """What an address asks for; whatever it says wrong is asked for as usual."""
    kind = given.get("kind", "")
    from_on, to_on = _day(given.get("from", "")), _day(given.get("to", ""))
    span = given.get("span", "")
    return Asked(
        kind=kind if kind in KINDS else "statement",
        span=span if span in SPANS else LAST_12_MONTHS,
        from_on=from_on,
        to_on=to_on,
    )


def _day(text: str) -> date | None:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return found if found.year in YEARS else None
