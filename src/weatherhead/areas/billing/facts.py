"""What billing knows of an agreement before it decides, as frozen values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from weatherhead.areas.agreements.queries import AgreementFacts
from weatherhead.areas.metering.queries import BillableRead
from weatherhead.areas.premises.queries import ServicePointFacts
from weatherhead.areas.records.canonical import Json
from weatherhead.areas.tariffs.queries import ScheduleFacts
from weatherhead.core.rating import RatedLine
from weatherhead.core.values import Sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentFacts:
    """A bill segment: the charges of one agreement for `[start_on, end_on)`."""

    segment_id: int
    bill_id: int
    agreement_id: int
    start_on: date
    end_on: date
    active: bool
    schedule: str
    schedule_sha256: str
    energy_wh: int
    demand_w_max: int | None
    estimated: bool
    determinants: Mapping[str, Json]
    amount_cents: int

    @property
    def days(self) -> int:
        """Days of the period."""
        return (self.end_on - self.start_on).days


@dataclass(frozen=True, slots=True, kw_only=True)
class ExceptionFacts:
    """A reason why a period is not billed until a person has looked. `end_on` None holds everything that follows."""

    exception_id: int
    agreement_id: int
    start_on: date
    end_on: date | None
    kind: str
    detail: Mapping[str, Json]
    state: str  # held, released
    raised_on: date
    released_on: date | None
    reason: str

    @property
    def said(self) -> str:
        """Why, as a sentence."""
        return str(Sentence(self.detail["template"], self.detail["params"]))


@dataclass(frozen=True, slots=True, kw_only=True)
class LatestBill:
    """The last bill that an account got."""

    bill_id: int
    number: str
    issued_on: date
    entry_id: int | None


class BillHead(NamedTuple):
    """A bill without its document."""

    bill_id: int
    number: str
    kind: str
    issued_on: date
    due_on: date
    total_cents: int
    entry_id: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AgreementBilling:
    """Everything that decides the next bill of one agreement. Segments are the active ones, oldest first.

    What another system billed before comes first among them, without a bill.
    """

    agreement: AgreementFacts
    point: ServicePointFacts
    schedule: ScheduleFacts
    reads: tuple[BillableRead, ...]
    segments: tuple[SegmentFacts, ...]
    exceptions: tuple[ExceptionFacts, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LineFacts:
    """A bill line. `rated` is its proof."""

    segment_id: int
    sequence: int
    code: str
    label: str
    amount_cents: int
    ledger_account: str
    rated: RatedLine


class ChargeFacts(NamedTuple):
    """What a line charged."""

    code: str
    label: str
    amount_cents: int


class ChargeSum(NamedTuple):
    """What the lines of one code charged on a bill, and to which ledger account that went."""

    ledger_account: str
    code: str
    label: str
    amount_cents: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BillFacts:
    """An issued bill. `payload` is the frozen document; `payload_intact` says that it still hashes to what was kept."""

    bill_id: int
    number: str
    account_id: int
    kind: str
    issued_on: date
    due_on: date
    total_cents: int
    corrects_id: int | None
    corrected_by_id: int | None
    entry_id: int | None
    payload: Mapping[str, Json]
    payload_sha256: str
    payload_intact: bool
    receipt_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BillOfHistory:
    """A bill as one row of an account's history, with what its segments span and sum to."""

    bill_id: int
    number: str
    kind: str
    issued_on: date
    due_on: date
    total_cents: int
    corrects_id: int | None
    entry_id: int | None
    start_on: date
    end_on: date
    energy_wh: int
    estimated: bool
    active: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AdjustmentFacts:
    """A fee, a waiver, a credit, a debit, or the reversal of one.

    `amount_cents` is the signed effect on the balance; `waived_cents` what was waived of a fee, and not added back.
    """

    adjustment_id: int
    account_id: int
    kind: str
    charge: str
    amount_cents: int
    waived_cents: int
    adjusted_on: date
    reason: str
    note: str
    basis: str  # computed, attached, stated
    evidence: str
    waives_id: int | None
    reverses_id: int | None
    reversed_by_id: int | None
    rule: str
    entry_id: int
    receipt_id: int

    @property
    def left_cents(self) -> int:
        """What of a fee is neither waived nor reversed."""
        return 0 if self.reversed_by_id is not None else self.amount_cents - self.waived_cents
