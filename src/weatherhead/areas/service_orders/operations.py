"""Writes of service orders."""

from __future__ import annotations

from datetime import date

from django.db import IntegrityError, transaction

from weatherhead.areas.service_orders.models import ServiceOrder
from weatherhead.core.values import Refusal, gettext_noop


class OrderOpenAlready(Refusal):
    """Somebody was asked to go there for the same read."""

    template = gettext_noop(
        "Meter %(serial)s is to be looked at for %(about_on)s already: opened %(opened_on)s, due %(due_on)s. "
        "Complete or cancel that order."
    )


class OrderNotOpen(Refusal):
    """It was completed or cancelled."""

    template = gettext_noop("The order for meter %(serial)s is %(state)s since %(closed_on)s. Open the list again.")


def open_order(
    *,
    kind: str,
    service_point_id: int,
    meter_id: int,
    account_id: int | None,
    about_on: date,
    opened_on: date,
    due_on: date,
    note: str,
    receipt_id: int,
) -> int:
    """Open an order; returns its number.

    Raises:
        OrderOpenAlready: one is open about the same meter and day.
    """
    try:
        with transaction.atomic():
            row = ServiceOrder.objects.create(
                kind=kind,
                service_point_id=service_point_id,
                meter_id=meter_id,
                account_id=account_id,
                about_on=about_on,
                opened_on=opened_on,
                due_on=due_on,
                note=note,
                state="open",
                receipt_id=receipt_id,
            )
    except IntegrityError as error:
        first = (
            ServiceOrder.objects.select_related("meter")
            .filter(meter_id=meter_id, about_on=about_on, state="open")
            .first()
        )
        if first is None:
            raise
        raise OrderOpenAlready(
            serial=first.meter.serial, about_on=first.about_on, opened_on=first.opened_on, due_on=first.due_on
        ) from error
    return row.pk


def close_order(
    *, order_id: int, state: str, closed_on: date, result: str, receipt_id: int, read_id: int | None = None
) -> None:
    """Close an open order as ``done`` or ``cancelled``.

    Raises:
        OrderNotOpen: somebody closed it meanwhile.
    """
    changed = ServiceOrder.objects.filter(pk=order_id, state="open").update(
        state=state, closed_on=closed_on, result=result, closing_receipt_id=receipt_id, read_id=read_id
    )
    if changed != 1:
        row = ServiceOrder.objects.select_related("meter").get(pk=order_id)
        raise OrderNotOpen(serial=row.meter.serial, state=row.state, closed_on=row.closed_on)
