"""A seat at the desk: who sits there, and what becomes of what is refused to them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import cache_control

from weatherhead.areas.agreements.queries import NoSuchAgreement
from weatherhead.areas.billing.queries import NoSuchAdjustment, NoSuchBill, NoSuchException
from weatherhead.areas.billing.runs import NoSuchRun
from weatherhead.areas.billing.summaries import NoSuchSummary
from weatherhead.areas.credit.refunds import NoSuchCheck, NoSuchRefund
from weatherhead.areas.customers.queries import NoSuchAccount
from weatherhead.areas.documents.statements import NoSuchStatement
from weatherhead.areas.ledger.books import NoSuchExport
from weatherhead.areas.payments.drawers import NoSuchDrawer
from weatherhead.areas.payments.file_queries import NoSuchPaymentFile, NoSuchSuspenseItem
from weatherhead.areas.records.queries.approvals import NoSuchRequest
from weatherhead.areas.records.queries.receipts import NoSuchReceipt
from weatherhead.core.values import Refusal
from weatherhead.door.authority import NotPermitted
from weatherhead.door.context import Actor, Moment
from weatherhead.door.jobs import Grant
from weatherhead.door.looks import LookNotPermitted
from weatherhead.door.registry import NoSuchAction
from weatherhead.interfaces.workbench.errors import session_ended

View = Callable[..., HttpResponse]

_NUMBER_DIGITS_MAX = 15
_NOT_FOUND = (
    NoSuchAccount,
    NoSuchAction,
    NoSuchAdjustment,
    NoSuchAgreement,
    NoSuchBill,
    NoSuchCheck,
    NoSuchDrawer,
    NoSuchException,
    NoSuchExport,
    NoSuchPaymentFile,
    NoSuchReceipt,
    NoSuchRefund,
    NoSuchRequest,
    NoSuchRun,
    NoSuchStatement,
    NoSuchSummary,
    NoSuchSuspenseItem,
)
_FORBIDDEN = (NotPermitted, LookNotPermitted)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seat:
    """Someone at the desk: the actor, what their jobs grant today, and the moment."""

    actor: Actor
    grant: Grant
    moment: Moment


def at_desk(view: View) -> View:
    """Only for employees; refusals become pages that say what to do."""

    @wraps(view)
    def seated(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:  # noqa: ANN401
        desk = request.desk  # type: ignore[attr-defined]
        if desk.actor is None or desk.grant is None or not desk.grant.jobs:
            return render(request, "403.html", {"refusal": None}, status=403)
        if any(isinstance(number, int) and len(str(number)) > _NUMBER_DIGITS_MAX for number in kwargs.values()):
            return render(request, "404.html", status=404)  # more than any database numbers
        try:
            return view(request, Seat(actor=desk.actor, grant=desk.grant, moment=desk.moment), *args, **kwargs)
        except _NOT_FOUND:
            return render(request, "404.html", status=404)
        except _FORBIDDEN as refusal:
            return render(request, "403.html", {"refusal": refusal}, status=403)
        except Refusal as refusal:
            return render(request, "409.html", {"refusal": refusal}, status=409)

    inside = login_required(seated)

    @wraps(view)
    def known(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:  # noqa: ANN401
        is_page = request.method in {"GET", "HEAD"} and not request.htmx  # type: ignore[attr-defined]
        if not is_page and not request.user.is_authenticated:
            return session_ended(request)
        return inside(request, *args, **kwargs)

    # Customers' records stay in no cache, neither a proxy's nor that of a browser on a shared desk.
    return cache_control(no_store=True, private=True)(known)


def number_in(text: str) -> int | None:
    """A record's number in an address; None for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _NUMBER_DIGITS_MAX else None
