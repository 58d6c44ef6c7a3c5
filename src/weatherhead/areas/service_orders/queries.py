"""Service orders as frozen values."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db.models import QuerySet

from weatherhead.areas.records.database import chunks
from weatherhead.areas.service_orders.models import ServiceOrder
from weatherhead.core.values import Refusal, gettext_noop


class NoSuchOrder(Refusal):
    """No service order has that number."""

    template = gettext_noop("There is no service order %(order)s. Open the list again.")


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderFacts:
    """A service order. `about_on` is the day of the read in question; `result` says what came of it."""

    order_id: int
    kind: str  # re_read, investigate
    service_point_id: int
    meter_id: int
    serial: str
    account_id: int | None
    about_on: date
    opened_on: date
    due_on: date
    note: str
    state: str  # open, done, cancelled
    closed_on: date | None
    result: str
    read_id: int | None
    receipt_id: int
    closing_receipt_id: int | None


def order(order_id: int) -> OrderFacts:
    """One order.

    Raises:
        NoSuchOrder: for an unknown number.
    """
    found = _orders(ServiceOrder.objects.filter(pk=order_id))
    if not found:
        raise NoSuchOrder(order=order_id)
    return found[0]


def open_order(meter_id: int, *, about_on: date) -> OrderFacts | None:
    """The open order about a meter's read of a day, if there is one."""
    return next(iter(_orders(ServiceOrder.objects.filter(meter_id=meter_id, about_on=about_on, state="open"))), None)


def open_orders_of_meters(meter_ids: Iterable[int]) -> tuple[OrderFacts, ...]:
    """The open orders about some meters, the first due first."""
    found: list[OrderFacts] = []
    for chunk in chunks(sorted(set(meter_ids))):
        found += _orders(ServiceOrder.objects.filter(meter_id__in=chunk, state="open"))
    return tuple(sorted(found, key=lambda item: (item.due_on, item.order_id)))


def orders_of_account(account_id: int) -> tuple[OrderFacts, ...]:
    """Every order on an account, oldest first."""
    return _orders(ServiceOrder.objects.filter(account_id=account_id).order_by("opened_on", "pk"))


def _orders(rows: QuerySet[ServiceOrder]) -> tuple[OrderFacts, ...]:
    return tuple(
        OrderFacts(
            order_id=row.pk,
            kind=row.kind,
            service_point_id=row.service_point_id,
            meter_id=row.meter_id,
            serial=row.meter.serial,
            account_id=row.account_id,
            about_on=row.about_on,
            opened_on=row.opened_on,
            due_on=row.due_on,
            note=row.note,
            state=row.state,
            closed_on=row.closed_on,
            result=row.result,
            read_id=row.read_id,
            receipt_id=row.receipt_id,
            closing_receipt_id=row.closing_receipt_id,
        )
        for row in rows.select_related("meter")
    )
