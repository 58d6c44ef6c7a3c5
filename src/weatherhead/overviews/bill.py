"""The bill page: how each cent came about."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from weatherhead.core.values import Sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadFact:
    """A read that bounds a period."""

    on: date
    value: str
    kind: Sentence
    source: Sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class LineProof:
    """One line with everything that made it. Texts of figures are exact, never rounded floats."""

    sequence: int
    code: str
    label: str
    quantity: str  # "1,397 kWh"
    price: str  # "$0.0824"
    amount_cents: int
    steps: tuple[str, ...]  # arithmetic sentences, in order
    unrounded: str  # "$115.1128"
    rounding: Sentence
    determinant: Sentence | None
    schedule: str
    version_on: date
    clause: str
    citation: str
    status: str  # verified, secondary, illustrative
    ledger_account: str
    ledger_title: str
    entry_id: int | None
    entry_line: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentProof:
    """The charges of one service agreement for one period."""

    segment_id: int
    start_on: date
    last_on: date  # inclusive, for people
    days: int
    active: bool
    schedule: str
    schedule_name: str
    service_address: str
    meter_serial: str
    multiplier: str
    start_read: ReadFact | None
    end_read: ReadFact | None
    energy_wh: int
    demand_w_max: int | None
    lines: tuple[LineProof, ...]
    amount_cents: int
    reverses: bool  # a negative copy of a cancelled segment


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckPassed:
    """A check that the bill passed before it was issued, or that a person released."""

    passed: bool
    text: Sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class PostingFact:
    """One line of the bill's ledger entry. Debits positive."""

    sequence: int
    ledger_account: str
    title: str
    gl: str
    amount_cents: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BillNeighbour:
    """The bill before or after."""

    bill_id: int
    issued_on: date
    total_cents: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BillProof:
    """A bill, its lines with proofs, what it was checked for, and its entry in the books."""

    as_of: date
    bill_id: int
    number: str
    account_id: int
    account_number_grouped: str
    customer_name: str
    kind: str
    kind_title: Sentence
    issued_on: date
    due_on: date
    total_cents: int
    corrects_id: int | None
    corrected_by_id: int | None
    segments: tuple[SegmentProof, ...]
    checks: tuple[CheckPassed, ...]
    entry_id: int | None
    postings: tuple[PostingFact, ...]
    payload_sha256: str
    payload_intact: bool
    previous: BillNeighbour | None
    following: BillNeighbour | None
    can_cancel: bool
