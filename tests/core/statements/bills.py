"""Facts of bills for tests, made by hand."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from weatherhead.core.statements import (
    ChargeLine,
    Frame,
    LastBill,
    Message,
    MeterUse,
    Movement,
    ServiceFacts,
    StatementFacts,
    Use,
    bill_payload,
    numbered,
)

END_ON = date(2018, 7, 16)
LINES = (
    ChargeLine("facilities", "Customer and facilities charge, level 2", "Sched. 01 §2", "1 month × $21.50", 2150),
    ChargeLine("energy", "Energy, summer price", "Sched. 01 §3(a)", "1,184 kWh × $0.0858", 10159),
    ChargeLine("dividend", "City dividend for utility ownership", "Rider CD §1", "$123.09 × 4.5%", 554),
    ChargeLine("tax", "State and city sales tax", "Rider ST §1", "$128.63 × 7%", 900),
)
USES = (1236, 1092, 918, 684, 596, 702, 781, 748, 667, 588, 612, 846)
CHARGES = (14010, 12880, 11210, 6885, 6310, 7004, 7522, 7305, 6775, 6257, 6414, 9064)


def frame(**words: str) -> Frame:
    """A frame with the captions of `LINES`, all but the last."""
    body: dict[str, Any] = {
        "layout": 2,
        "captions": [[line.code, line.label, line.clause] for line in LINES[:-1]],
        "schedules": {"01": "Residential Service 01"},
        "words": words,
    }
    return Frame.of(body)


def service(lines: Sequence[ChargeLine] = LINES, **changes: Any) -> ServiceFacts:
    """Thirty-two days of 1,184 kWh at a house."""
    values: dict[str, Any] = {
        "agreement_id": 7,
        "schedule": "01",
        "start_on": END_ON - timedelta(days=32),
        "end_on": END_ON,
        "address": "1423 Cottonwood St",
        "energy_wh": 1_184_000,
        "demand_w_max": None,
        "estimated": False,
        "reads": [MeterUse("58204117", date(2018, 6, 14), "actual", 48211, END_ON, "actual", 49395, "1", 1_184_000)],
        "lines": lines,
    }
    return ServiceFacts(**(values | changes))


def facts(**changes: Any) -> StatementFacts:
    """Maria Delgado's bill of July."""
    history = [
        Use(END_ON - timedelta(days=32 + 30 * (11 - month)), 30, kwh * 1000, False, cents)
        for month, (kwh, cents) in enumerate(zip(USES, CHARGES, strict=True))
    ]
    values: dict[str, Any] = {
        "kind": "regular",
        "issued_on": date(2018, 7, 18),
        "due_on": date(2018, 8, 8),
        "account_number": "401722681",
        "customer_name": "Maria T. Delgado",
        "mail": ("MARIA T DELGADO", "1423 COTTONWOOD ST", "PRAIRIE CITY NE 68999-1423"),
        "last": LastBill("20117201", date(2018, 6, 16)),
        "movements": [Movement(date(2018, 7, 2), -9064, "payment")],
        "balance_cents": 0,
        "cancelled": None,
        "services": [service()],
        "history": history,
        "compared": True,
        "messages": [Message("average", {"count": 12, "total_cents": 101389, "average_cents": 8449})],
    }
    return StatementFacts(**(values | changes))


def payload(number: str = "20118734", **changes: Any) -> dict[str, Any]:
    """The payload of `facts`, with its number."""
    return numbered(bill_payload(facts(**changes), frame=frame()), number=number)
