"""Billing as figures for monitoring."""

from __future__ import annotations

from weatherhead.areas.billing.models import Bill, BillException


def bills_issued() -> int:
    """How many bills were issued since the beginning."""
    return Bill.objects.count()


def exceptions_held() -> int:
    """How many bills wait for a person."""
    return BillException.objects.filter(state="held").count()
