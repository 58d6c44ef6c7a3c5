"""Revenue of a span of days: by class and by charge, the energy billed beside it, footing to the ledger accounts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from weatherhead.areas.billing.revenue import ChargeRow, billed_charges, billed_energy
from weatherhead.areas.ledger.books import movements
from weatherhead.areas.records.database import snapshot
from weatherhead.areas.records.utility import current_utility
from weatherhead.overviews.books.chart import REVENUE
from weatherhead.overviews.books.trial import UNMAPPED


@dataclass(frozen=True, slots=True, kw_only=True)
class RevenueAccount:
    """A ledger account that bills post to: what their charges say, what else was posted, and the ledger's own figure.

    Cents, credits positive. `energy_wh` and `segments` (billed periods) only where it is a class's revenue.
    """

    ledger_account: str
    gl: str
    title: str
    charges: tuple[ChargeRow, ...]
    ledger_cents: int
    energy_wh: int | None
    segments: int | None

    @property
    def billed_cents(self) -> int:
        """What the lines of bills come to, net of cancelled ones."""
        return sum(charge.amount_cents for charge in self.charges)

    @property
    def other_cents(self) -> int:
        """What was posted without a line of a bill."""
        return self.ledger_cents - self.billed_cents

    @property
    def cents_per_kwh(self) -> str:
        """Average revenue a kWh in cents, for people; empty without energy."""
        if not self.energy_wh or self.energy_wh < 0:
            return ""
        hundredths = (self.ledger_cents * 100_000 * 2 + self.energy_wh) // (2 * self.energy_wh)
        return f"{hundredths // 100}.{hundredths % 100:02}" if hundredths >= 0 else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RevenueOverview:
    """Every ledger account of revenue, and then those that bills collect for others."""

    first_on: date
    last_on: date
    revenue: tuple[RevenueAccount, ...]
    collected: tuple[RevenueAccount, ...]

    @property
    def revenue_cents(self) -> int:
        """Revenue in all."""
        return sum(item.ledger_cents for item in self.revenue)

    @property
    def energy_wh(self) -> int:
        """Energy billed in all."""
        return sum(item.energy_wh or 0 for item in self.revenue)


@snapshot()
def revenue_overview(*, first_on: date, last_on: date) -> RevenueOverview:
    """Compose it from the lines of bills and the ledger."""
    mapped = current_utility().ledger_accounts
    charges: dict[str, list[ChargeRow]] = {}
    for row in billed_charges(first_on=first_on, last_on=last_on):
        charges.setdefault(row.ledger_account, []).append(row)
    energy = billed_energy(first_on=first_on, last_on=last_on)
    moved = {
        item.ledger_account: item.credits_cents - item.debits_cents
        for item in movements(first_on=first_on, last_on=last_on)
        if item.credits_cents or item.debits_cents
    }
    codes = sorted({code for code in moved if code.startswith(REVENUE)} | set(charges))
    accounts = []
    for code in codes:
        wh, segments = (
            energy.get(code.removeprefix(REVENUE), (None, None)) if code.startswith(REVENUE) else (None, None)
        )
        place = mapped.get(code, UNMAPPED)
        accounts.append(
            RevenueAccount(
                ledger_account=code,
                gl=place.gl,
                title=place.title,
                charges=tuple(charges.get(code, ())),
                ledger_cents=moved.get(code, 0),
                energy_wh=wh,
                segments=segments,
            )
        )
    return RevenueOverview(
        first_on=first_on,
        last_on=last_on,
        revenue=tuple(item for item in accounts if item.ledger_account.startswith(REVENUE)),
        collected=tuple(item for item in accounts if not item.ledger_account.startswith(REVENUE)),
    )
