"""What a bill says, as plain facts: one account's figures, and apart from them what all bills of a run share.

The rows are named tuples, because a bill run makes thousands of them a second.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple


class Movement(NamedTuple):
    """What moved the balance since the last bill. Debits are positive; `charge` is the posting's (payment …)."""

    on: date
    amount_cents: int
    charge: str


class Use(NamedTuple):
    """What an account used and was charged in the period that ended on a day (exclusive)."""

    end_on: date
    days: int
    energy_wh: int
    estimated: bool
    amount_cents: int


class MeterUse(NamedTuple):
    """Two reads of one meter that follow each other, and the energy between them. Kinds: actual, estimated …"""

    serial: str
    start_on: date
    start_kind: str
    start_reading: int
    end_on: date
    end_kind: str
    end_reading: int
    multiplier: str
    energy_wh: int


class ChargeLine(NamedTuple):
    """A charge. `how` is its arithmetic in short ("500 kWh × $0.0912"); the proof stays with the bill's lines."""

    code: str
    label: str
    clause: str
    how: str
    amount_cents: int


class LastBill(NamedTuple):
    """The bill before this one."""

    number: str
    issued_on: date


class CancelledBill(NamedTuple):
    """The bill that this one replaces, and what it had charged."""

    number: str
    amount_cents: int


class CorrectedUse(NamedTuple):
    """A billed period that a correction looks at: its bill, its days (half-open), and its charges before and after."""

    number: str
    start_on: date
    end_on: date
    before_cents: int
    after_cents: int


class Installment(NamedTuple):
    """A part of the balance that is due later than the bill."""

    due_on: date
    amount_cents: int


class CorrectionFacts(NamedTuple):
    """Why bills are replaced, what becomes of each period, and by which rule. `left` are periods beyond its reach."""

    cause: str
    periods: Sequence[CorrectedUse]
    left: Sequence[CorrectedUse]
    rule: str
    clause: str


class Message(NamedTuple):
    """Something to tell, by code; the frame holds the wording.

    Parameters that end in `_cents` and `_on` are shown as money and days, the rest as they stand.
    """

    code: str
    params: Mapping[str, int | str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceFacts:
    """The charges of one service agreement for `[start_on, end_on)`."""

    agreement_id: int
    schedule: str
    start_on: date
    end_on: date
    address: str
    energy_wh: int
    demand_w_max: int | None
    estimated: bool
    reads: Sequence[MeterUse]
    lines: Sequence[ChargeLine]


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementFacts:
    """One account's bill.

    `kind` is regular, final, corrected or summary. `balance_cents` is what was owed before this bill, and `movements`
    what moved it since `last`. `history` holds earlier periods, oldest first, without this bill's own; `compared` says
    that its last period was of the same services, so that the two can be set beside each other.
    """

    kind: str
    issued_on: date
    due_on: date
    account_number: str
    customer_name: str
    mail: Sequence[str]
    last: LastBill | None
    movements: Sequence[Movement]
    balance_cents: int
    cancelled: CancelledBill | None
    services: Sequence[ServiceFacts]
    history: Sequence[Use]
    compared: bool
    messages: Sequence[Message]
    correction: CorrectionFacts | None = None
    later: Sequence[Installment] = ()  # of the balance, what is due after this bill
