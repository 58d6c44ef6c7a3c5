"""The files of a refund run: made anew from what is kept, the same bytes every time. Pure."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from weatherhead.areas.credit.refunds import CheckFacts, RefundFacts
from weatherhead.core.values import format_cents

CHECKS, POSITIVE_PAY, TENDERS = "checks.csv", "positive-pay.csv", "tenders.csv"
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True, kw_only=True)
class PaidBack:
    """A refund that goes back to a tender: of which kind that was, and what the processor or the bank calls it."""

    refund: RefundFacts
    tender_kind: str
    reference: str


def files_of_run(
    *,
    bank_account: str,
    issued: Sequence[CheckFacts],
    ended: Sequence[CheckFacts],
    tenders: Sequence[PaidBack],
) -> dict[str, bytes]:
    """The files by name: checks for the printer, the issue file for the bank, and tenders paid back.

    A tender is paid back by its `reference`: the processor knows a card's payment by nothing else of ours.

    The issue file tells the bank every check that it may pay (I), and of those told before, which it may not (V).
    """
    return {
        CHECKS: _csv(
            ("check_number", "issued_on", "amount", "payee", *(f"address_{line}" for line in range(1, 4)), "refund"),
            (
                (
                    item.number,
                    item.issued_on,
                    _dollars(item.amount_cents),
                    item.payee_name,
                    *_three(item),
                    item.refund_id,
                )
                for item in issued
            ),
        ),
        POSITIVE_PAY: _csv(
            ("account", "type", "check_number", "amount", "date", "payee"),
            (
                (bank_account, kind, item.number, _dollars(item.amount_cents), on, item.payee_name)
                for kind, items in (("I", issued), ("V", ended))
                for item in items
                for on in ((item.issued_on if kind == "I" else item.ended_on),)
            ),
        ),
        TENDERS: _csv(
            ("refund", "payment", "tender", "reference", "amount", "payee"),
            (
                (
                    item.refund.refund_id,
                    item.refund.tender_payment_id,
                    item.tender_kind,
                    item.reference,
                    _dollars(item.refund.amount_cents),
                    item.refund.payee_name,
                )
                for item in tenders
            ),
        ),
    }


def manifest_of(
    number: str, *, issued: Sequence[CheckFacts], ended: Sequence[CheckFacts], tenders: Sequence[PaidBack],
    files: dict[str, bytes],
) -> dict[str, Any]:  # fmt: skip
    """What a run holds: counts, sums, the span of its check numbers, and the hash of each file."""
    return {
        "refund_run": number,
        "checks": len(issued),
        "checks_cents": sum(item.amount_cents for item in issued),
        "first_check": issued[0].number if issued else None,
        "last_check": issued[-1].number if issued else None,
        "voids": len(ended),
        "voids_cents": sum(item.amount_cents for item in ended),
        "tenders": len(tenders),
        "tenders_cents": sum(item.refund.amount_cents for item in tenders),
        "files": {name: hashlib.sha256(content).hexdigest() for name, content in files.items()},
    }


def _three(item: CheckFacts) -> tuple[str, str, str]:
    lines = (*item.payee_lines, "", "", "")
    return lines[0], lines[1], lines[2]


def _dollars(cents: int) -> str:
    return format_cents(cents, ascii_only=True).replace(",", "")


def _csv(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows([_plain(value) for value in row] for row in rows)
    return text.getvalue().encode()


def _plain(value: object) -> str:
    """A name that begins like a formula is no formula in whatever opens the file."""
    said = str(value)
    return f"'{said}" if isinstance(value, str) and said.startswith(_FORMULA) else said
