"""A bill's document, read back from its frozen payload and frame: what every renderer shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from weatherhead.core.statements.facts import (
    CancelledBill,
    CorrectedUse,
    CorrectionFacts,
    Installment,
    LastBill,
    Message,
    MeterUse,
    Movement,
    Use,
)
from weatherhead.core.statements.frame import payload_sha256, payload_text
from weatherhead.core.statements.payload import LAYOUT
from weatherhead.core.statements.scan_line import ScanLine, pay_code, scan_line
from weatherhead.core.values import RoundingRule, round_ratio

_YEAR_DAYS, _YEAR_SLACK_DAYS = 365, 16


class LayoutUnknown(ValueError):
    """The payload is of another layout than this version renders."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentLine:
    """A charge as the bill shows it."""

    code: str
    label: str
    clause: str
    how: str
    amount_cents: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentService:
    """The charges of one service for `[start_on, end_on)`."""

    agreement_id: int
    schedule: str
    schedule_name: str
    start_on: date
    end_on: date
    address: str
    energy_wh: int
    demand_w_max: int | None
    estimated: bool
    reads: tuple[MeterUse, ...]
    lines: tuple[DocumentLine, ...]
    amount_cents: int

    @property
    def last_on(self) -> date:
        """The last day, inclusive, for people."""
        return self.end_on - timedelta(days=1)

    @property
    def days(self) -> int:
        """Days of the period."""
        return (self.end_on - self.start_on).days


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeStep:
    """One thing that changed, and what it is worth. `before` and `after` are days, Wh a day, or mills a kWh."""

    code: str  # days, use, price
    before: int
    after: int
    amount_cents: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A period beside this one. The steps add to the difference; there are none where they cannot be known."""

    before: Use
    after: Use
    steps: tuple[ChangeStep, ...]

    @property
    def amount_cents(self) -> int:
        """How much higher this period's charges are."""
        return self.after.amount_cents - self.before.amount_cents


@dataclass(frozen=True, slots=True, kw_only=True)
class BillDocument:
    """A bill as it is shown: on paper, on a page, read aloud. `frame` is the frame's body."""

    frame: Mapping[str, Any]
    sha256: str
    kind: str
    number: str
    issued_on: date
    due_on: date
    account_number: str
    customer_name: str
    mail: tuple[str, ...]
    last_bill: LastBill | None
    last_balance_cents: int
    movements: tuple[Movement, ...]
    balance_before_cents: int
    cancelled: CancelledBill | None
    charges_cents: int
    amount_due_cents: int
    services: tuple[DocumentService, ...]
    uses: tuple[Use, ...]  # oldest first; the last is this bill's
    since_last: Change | None
    since_year: Change | None
    messages: tuple[Message, ...]
    scan_line: str
    pay_code: str
    correction: CorrectionFacts | None = None
    later: tuple[Installment, ...] = ()

    @property
    def later_cents(self) -> int:
        """What of the balance is due after this bill."""
        return sum(item.amount_cents for item in self.later)

    @property
    def start_on(self) -> date:
        """The first day of all services."""
        return min(item.start_on for item in self.services)

    @property
    def last_on(self) -> date:
        """The last day of all services, inclusive."""
        return max(item.last_on for item in self.services)


def parse_payload(payload: Mapping[str, Any], *, frame: Mapping[str, Any]) -> BillDocument:
    """The document of a payload and its frame's body.

    Raises:
        LayoutUnknown: of another layout.
        ValueError, KeyError, TypeError: not written by `bill_payload`, or its figures do not foot.
    """
    if payload.get("layout") != LAYOUT:
        raise LayoutUnknown(f"layout {payload.get('layout')!r}; this version shows layout {LAYOUT}")
    uses = tuple(
        Use(date.fromisoformat(end), days, energy_wh, bool(estimated), cents)
        for end, days, energy_wh, estimated, cents in payload["uses"]
    )
    cancelled, last = payload["cancelled"], payload["last_bill"]
    due_on = date.fromisoformat(payload["due_on"])
    account, sha256 = payload["account"], payload_sha256(payload_text(payload))
    said = ScanLine(
        account_number=account["number"],
        bill_number=payload["number"],
        amount_due_cents=payload["amount_due_cents"],
        due_on=due_on,
    )
    document = BillDocument(
        frame=frame,
        sha256=sha256,
        kind=payload["kind"],
        number=payload["number"],
        issued_on=date.fromisoformat(payload["issued_on"]),
        due_on=due_on,
        account_number=account["number"],
        customer_name=account["name"],
        mail=tuple(account["mail"]),
        last_bill=LastBill(last[0], date.fromisoformat(last[1])) if last else None,
        last_balance_cents=payload["last_balance_cents"],
        movements=tuple(Movement(date.fromisoformat(on), cents, charge) for on, cents, charge in payload["movements"]),
        balance_before_cents=payload["balance_before_cents"],
        cancelled=CancelledBill(cancelled[0], cancelled[1]) if cancelled else None,
        charges_cents=payload["charges_cents"],
        amount_due_cents=payload["amount_due_cents"],
        services=tuple(_service(item, frame=frame) for item in payload["segments"]),
        uses=uses,
        since_last=change(uses[-2], uses[-1]) if len(uses) > 1 and payload["compared"] else None,
        since_year=_since_year(uses),
        messages=tuple(Message(code, params) for code, params in payload["messages"]),
        scan_line=scan_line(said),
        pay_code=pay_code(sha256),
        correction=_correction(payload.get("correction")),
        later=tuple(Installment(date.fromisoformat(on), cents) for on, cents in payload.get("later", ())),
    )
    _require_footing(document)
    return document


def _correction(said: Mapping[str, Any] | None) -> CorrectionFacts | None:
    if said is None:
        return None
    rule, clause = said["rule"]
    periods, left = (
        tuple(
            CorrectedUse(number, date.fromisoformat(start), date.fromisoformat(end), before, after)
            for number, start, end, before, after in said[name]
        )
        for name in ("periods", "left")
    )
    return CorrectionFacts(said["cause"], periods, left, rule, clause)


def _service(item: Mapping[str, Any], *, frame: Mapping[str, Any]) -> DocumentService:
    return DocumentService(
        agreement_id=item["agreement"],
        schedule=item["schedule"],
        schedule_name=frame["schedules"].get(item["schedule"], item["schedule"]),
        start_on=date.fromisoformat(item["start_on"]),
        end_on=date.fromisoformat(item["end_on"]),
        address=item["address"],
        energy_wh=item["energy_wh"],
        demand_w_max=item["demand_w_max"],
        estimated=item["estimated"],
        reads=tuple(
            MeterUse(serial, date.fromisoformat(start), kind, reading, date.fromisoformat(end), *rest)
            for serial, start, kind, reading, end, *rest in item["reads"]
        ),
        lines=tuple(_line(line, captions=frame["captions"]) for line in item["lines"]),
        amount_cents=item["amount_cents"],
    )


def _line(line: list[Any], *, captions: list[list[str]]) -> DocumentLine:
    caption, how, cents = line
    code, label, clause = captions[caption] if isinstance(caption, int) else caption
    return DocumentLine(code=code, label=label, clause=clause, how=how, amount_cents=cents)


def _require_footing(document: BillDocument) -> None:
    """Every sum that the bill shows. What does not foot is not shown to anyone."""
    moved = sum(item.amount_cents for item in document.movements)
    cancelled = document.cancelled.amount_cents if document.cancelled else 0
    footings = [
        ("balance before", document.last_balance_cents + moved, document.balance_before_cents),
        ("charges", sum(item.amount_cents for item in document.services), document.charges_cents),
        (
            "amount due",
            document.balance_before_cents - cancelled + document.charges_cents - document.later_cents,
            document.amount_due_cents,
        ),
        *(
            (f"charges of {item.schedule}", sum(line.amount_cents for line in item.lines), item.amount_cents)
            for item in document.services
        ),
    ]
    wrong = [f"{name}: {summed} is not {said}" for name, summed, said in footings if summed != said]
    if wrong:
        raise ValueError(f"bill {document.number} does not foot: {'; '.join(wrong)}")


def _since_year(uses: tuple[Use, ...]) -> Change | None:
    now = uses[-1]
    for item in uses[:-1]:
        if abs((now.end_on - item.end_on).days - _YEAR_DAYS) <= _YEAR_SLACK_DAYS:
            return change(item, now)
    return None


def change(before: Use, after: Use, /) -> Change:
    """Charges of two periods, one thing changed at a time: days, use a day, average price. The steps add exactly.

    Charges are days × Wh a day × average price. After the first step the earlier charges are scaled to this period's
    days, after the second to its energy; the third is what remains, so it holds prices, fixed charges and their share.
    Periods without energy or charges give no steps.
    """
    if before.energy_wh <= 0 or after.energy_wh <= 0 or before.amount_cents <= 0 or after.amount_cents <= 0:
        return Change(before=before, after=after, steps=())
    by_days = _ratio(before.amount_cents * after.days, before.days)
    by_use = _ratio(before.amount_cents * after.energy_wh, before.energy_wh)
    steps = (
        ChangeStep(code="days", before=before.days, after=after.days, amount_cents=by_days - before.amount_cents),
        ChangeStep(
            code="use",
            before=_ratio(before.energy_wh, before.days),
            after=_ratio(after.energy_wh, after.days),
            amount_cents=by_use - by_days,
        ),
        ChangeStep(
            code="price",
            before=_ratio(before.amount_cents * 10_000, before.energy_wh),
            after=_ratio(after.amount_cents * 10_000, after.energy_wh),
            amount_cents=after.amount_cents - by_use,
        ),
    )
    return Change(before=before, after=after, steps=steps)


def _ratio(numerator: int, denominator: int, /) -> int:
    return round_ratio(numerator=numerator, denominator=denominator, rule=RoundingRule.HALF_UP)
