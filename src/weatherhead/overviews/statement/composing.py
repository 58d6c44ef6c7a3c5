"""A billing summary's payload: looked at, or frozen by `prepare_statement`. One composition for both."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from weatherhead.areas.customers.consents import COVERS, ConsentFacts
from weatherhead.areas.customers.mailing import mail_lines
from weatherhead.areas.customers.queries import AccountFacts, account, accounts_beside
from weatherhead.areas.documents.statement_frames import statement_frame
from weatherhead.areas.records.utility import current_utility
from weatherhead.core.statements import PREPARED_LAYOUT, Frame, check_footing
from weatherhead.core.values import Span
from weatherhead.overviews.statement.account_lines import statement_body
from weatherhead.overviews.statement.gathered import Known, known_of
from weatherhead.overviews.statement.history import history_body
from weatherhead.overviews.statement.months import usage_body, yearly_body
from weatherhead.overviews.statement.over_accounts import accounts_body, served_within

ALL = frozenset(COVERS)
NEEDS: dict[str, frozenset[str]] = {
    "statement": frozenset({"bills", "payments", "balance"}),
    "payment_history": frozenset({"payments"}),
    "yearly": frozenset({"bills", "payments", "balance"}),
    "usage": frozenset({"usage"}),
    "accounts": frozenset({"bills", "payments", "balance"}),
}
"""What a consent must cover for a kind of summary; what else it shows is left out when it is not covered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Composed:
    """A payload with the frame that it is read with, the accounts that it speaks of, and where its lines lead."""

    payload: dict[str, Any]
    frame: Frame
    account_ids: tuple[int, ...]
    links: tuple[str, ...] = ()


def compose(account_id: int, *, kind: str, span: Span, as_of: date, consent: ConsentFacts | None = None) -> Composed:
    """Compose a summary of some days.

    Without `consent` it is the customer's own. With one it is for that party: the mailing address is left out, and
    whatever the consent does not cover is None.

    Raises:
        NoSuchAccount: for an unknown account.
        DoesNotFoot: a sum is not what it sums; a bug.
    """
    accounts = accounts_beside(account_id) if kind == "accounts" else (account(account_id),)
    holder = next(item for item in accounts if item.account_id == account_id)
    frame = statement_frame(current_utility())
    covers = ALL if consent is None else consent.covers
    body, links, ids, places = _body(kind, holder=holder, accounts=accounts, span=span, covers=covers)
    payload: dict[str, Any] = {
        "layout": PREPARED_LAYOUT,
        "kind": kind,
        "frame_sha256": frame.sha256,
        "prepared_on": as_of.isoformat(),
        "start_on": span.start.isoformat(),
        "end_on": span.end.isoformat(),
        "account": {
            "number": holder.number,
            "name": holder.customer_name,
            "mail": mail_lines(holder) if consent is None else [],
            "places": places,
        },
        "consent": _given(consent) if consent is not None else None,
        "body": body,
    }
    check_footing(payload)
    return Composed(payload=payload, frame=frame, account_ids=ids, links=links)


def _body(
    kind: str, *, holder: AccountFacts, accounts: tuple[AccountFacts, ...], span: Span, covers: frozenset[str]
) -> tuple[dict[str, Any], tuple[str, ...], tuple[int, ...], list[str]]:
    """Body, links, accounts, and the places where service is taken."""
    if kind == "accounts":
        body, ids = accounts_body(accounts, span=span)
        return body, tuple(f"/account/{number}/" for number in ids), ids, []
    known = known_of(holder)
    own, places = (holder.account_id,), _places(known, span=span)
    if kind == "statement":
        body, links = statement_body(known, span=span)
        return body, links, own, places
    if kind == "payment_history":
        return history_body(known, span=span, covers=covers), (), own, places
    if kind == "yearly":
        return yearly_body(known, span=span, covers=covers), (), own, places
    return usage_body(known, span=span, covers=covers), (), own, places


def _places(known: Known, *, span: Span) -> list[str]:
    """Where service was taken within the span, each place once."""
    served = [item.point.address for item in known.services if served_within(item, span=span)]
    return list(dict.fromkeys(served))


def _given(consent: ConsentFacts) -> dict[str, Any]:
    """For whom it is and what allows it."""
    return {
        "party": consent.party_name,
        "party_kind": consent.party_kind,
        "covers": [name for name in COVERS if name in consent.covers],
        "how": consent.given_how,
        "starts_on": consent.starts_on.isoformat(),
        "last_on": consent.last_on.isoformat(),
    }
