"""A prepared billing summary: its payload, proved sum by sum before anybody is shown it.

Kinds: ``statement`` (an account's, for a span), ``payment_history``, ``yearly`` (months), ``usage`` (periods) and
``accounts`` (all of a customer's). docs/statements.md lists the payload's keys.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from weatherhead.core.statements.document import LayoutUnknown
from weatherhead.core.statements.frame import payload_sha256, payload_text

PREPARED_LAYOUT = 1
KINDS = ("statement", "payment_history", "yearly", "usage", "accounts")


class DoesNotFoot(ValueError):
    """A summary's figures do not add up: a bug of whoever composed it, and shown to nobody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedDocument:
    """A billing summary as it is shown. `number` is empty while it is only looked at."""

    frame: Mapping[str, Any]
    payload: Mapping[str, Any]
    sha256: str

    @property
    def kind(self) -> str:
        """One of `KINDS`."""
        return str(self.payload["kind"])

    @property
    def number(self) -> str:
        """The number of a prepared one."""
        return str(self.payload.get("number", ""))

    @property
    def prepared_on(self) -> date:
        """The day whose books it shows."""
        return date.fromisoformat(self.payload["prepared_on"])

    @property
    def start_on(self) -> date:
        """Its first day."""
        return date.fromisoformat(self.payload["start_on"])

    @property
    def last_on(self) -> date:
        """Its last day."""
        return date.fromisoformat(self.payload["end_on"]) - timedelta(days=1)


def parse_prepared(payload: Mapping[str, Any], *, frame: Mapping[str, Any]) -> PreparedDocument:
    """The document of a payload and its frame's body.

    Raises:
        LayoutUnknown: of another layout.
        DoesNotFoot: a sum that it shows is not the sum of what it shows.
        KeyError, TypeError, ValueError: not written by the composers.
    """
    if payload.get("layout") != PREPARED_LAYOUT or payload.get("kind") not in KINDS:
        raise LayoutUnknown(f"layout {payload.get('layout')!r} of {payload.get('kind')!r}")
    check_footing(payload)
    return PreparedDocument(frame=frame, payload=payload, sha256=payload_sha256(payload_text(payload)))


def check_footing(payload: Mapping[str, Any]) -> None:
    """Prove every sum of a payload.

    Raises:
        DoesNotFoot: one is wrong.
    """
    checks = {"statement": _check_statement, "yearly": _check_months, "accounts": _check_accounts}
    check = checks.get(payload["kind"])
    if check is not None:
        check(payload["body"])


def _check_statement(body: Mapping[str, Any]) -> None:
    running = body["opening_cents"]
    for place, line in enumerate(body["lines"], 1):
        running += line["cents"]
        _require(line["balance_cents"] == running, f"the balance of line {line['number']}")
        _require(line["number"] == place, f"the number of line {line['number']}")
        groups = line["groups"]
        _require(not groups or sum(cents for _, cents in groups) == line["cents"], f"the parts of line {place}")
    _require(running == body["closing_cents"], "the closing balance")


def _check_months(body: Mapping[str, Any]) -> None:
    running = body["opening_cents"]
    for month in body["months"]:
        running += month["charges_cents"] + month["taxes_cents"] + month["other_cents"] + month["paid_cents"]
        _require(month["balance_cents"] == running, f"the balance of {month['month']}")
    _require(running == body["closing_cents"], "the closing balance")


def _check_accounts(body: Mapping[str, Any]) -> None:
    for item in body["accounts"]:
        moved = item["charged_cents"] + item["paid_cents"] + item["other_cents"]
        _require(item["opening_cents"] + moved == item["closing_cents"], f"account {item['number']}")


def _require(holds: bool, what: str, /) -> None:
    if not holds:
        raise DoesNotFoot(f"{what} is not the sum of what it shows")
