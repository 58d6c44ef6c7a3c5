"""How stories are told: deeds about accounts, written into the town's diary."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time
from typing import Any

from weatherhead.areas.billing.queries import fees_to_waive
from weatherhead.areas.metering.queries import ReadFacts, meter_by_serial, reads_of_meter
from weatherhead.interfaces.cli.demo_town.life import Months
from weatherhead.interfaces.cli.demo_town.town import Town

Deed = Callable[[datetime], None]


class Telling:
    """What stories are made of; those of people who do not live in a smaller town are left out."""

    def __init__(self, town: Town, *, months: Months) -> None:
        """Tell of a town; writes nothing yet."""
        self._town, self._months = town, months

    def _on(self, ref: str, month: int, day: int, hour: int, minute: int, deed: Deed) -> None:
        """Plan a deed of 2026 about an account, if it is in this town."""
        if ref in self._town.members:
            self._town.diary.write(date(2026, month, day), time(hour, minute), deed)

    def _act(
        self,
        action: str,
        *,
        by: str,
        at: datetime,
        what: str,
        asks: str = "",
        **inputs: Any,  # noqa: ANN401 - texts of a form
    ) -> dict[str, Any]:
        done = self._town.do(action, by=by, at=at, what=f"story {what}", inputs=inputs, note=asks)
        return dict(done.body)

    def _fee(self, ref: str, charge: str) -> int:
        """The latest fee of a kind on an account of which something is left."""
        fees = fees_to_waive(self._town.known[ref].account_id)
        return next(item.adjustment_id for item in fees if item.charge == charge)

    def _charge(self, ref: str, charge: str, *, reason: str = "service_rendered", by: str, note: str = "") -> Deed:
        return lambda at: self._months.assess(ref, charge=charge, reason=reason, by=by, at=at, note=note)

    def _waive(self, ref: str, charge: str, *, by: str, reason: str, note: str, evidence: str = "") -> Deed:
        """Waive the latest fee of a kind; over the limit this becomes a request, which is remembered."""

        def deed(at: datetime) -> None:
            body = self._act(
                "waive_fee",
                by=by,
                at=at,
                what=f"waive {ref} {charge} {at.date()}",
                asks=note,
                adjustment_id=self._fee(ref, charge),
                reason=reason,
                note=note,
                evidence=evidence,
            )
            if "request" in body:
                self._town.known[ref].request_ids.append(body["request"])

        return deed

    def _release(self, ref: str, *, by: str, reason: str) -> Deed:
        """Release the one read of an account that is held."""

        def deed(at: datetime) -> None:
            (held,) = (item for item in self._reads_of(ref) if item.state == "held")
            self._act("release_read", by=by, at=at, what=f"release {held.read_id}", read_id=held.read_id, reason=reason)

        return deed

    def _reads_of(self, ref: str) -> tuple[ReadFacts, ...]:
        """Every read of an account's first meter."""
        meter = self._town.members[ref].services[0].meter
        found = meter_by_serial(meter.serial) if meter else None
        if found is None:
            raise LookupError(f"the meter of {ref} is not on file")
        return reads_of_meter(found.meter_id)
