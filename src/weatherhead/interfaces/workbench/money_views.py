"""The counter's pages: one's drawer, what waits for the bank, any drawer, and what is done with them."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from weatherhead.areas.payments.drawers import loose_tenders
from weatherhead.door.authority import NotPermitted
from weatherhead.door.registry import registry
from weatherhead.interfaces.workbench.acting import OpenAction, act
from weatherhead.interfaces.workbench.seat import Seat, at_desk, number_in
from weatherhead.overviews.composing import receipt_view
from weatherhead.overviews.customer_receipt import customer_receipt
from weatherhead.overviews.money import ACTIONS, may_see_money, money_overview, one_drawer, sees_every_drawer

_OF_A_DRAWER = frozenset({"count_drawer", "close_drawer"})
_OF_NONE = ACTIONS - _OF_A_DRAWER


@require_GET
@at_desk
def money(request: HttpRequest, seat: Seat) -> HttpResponse:
    """One's drawer, what waits for the bank, what went there; after an action, with its receipt."""
    return render(request, "workbench/money.html", _context(request, seat))


@require_GET
@at_desk
def drawer_page(request: HttpRequest, seat: Seat, drawer_id: int) -> HttpResponse:
    """A drawer, one's own or, for those who decide on it, a colleague's."""
    return render(request, "workbench/money_drawer.html", _of_drawer(request, seat, drawer_id))


@require_http_methods(["GET", "POST"])
@at_desk
def money_action(request: HttpRequest, seat: Seat, name: str) -> HttpResponse:
    """An action of the counter open in place."""
    action = registry.get(name)
    if name not in _OF_NONE or name not in seat.grant.actions:
        raise NotPermitted(action=action.title)
    here = reverse("workbench:money")
    opened, done = act(request, seat, action, shown=None, close_url=here)
    if done is not None:
        return HttpResponseRedirect(f"{here}?done={done}")
    if name == "make_deposit" and request.method == "GET" and loose_tenders(through=seat.moment.as_of):
        opened.form.initial["loose_through"] = seat.moment.as_of.isoformat()
    part = _part(request, opened)
    return part or _whole(request, "workbench/money.html", _context(request, seat, opened=opened), opened=opened)


@require_http_methods(["GET", "POST"])
@at_desk
def drawer_action(request: HttpRequest, seat: Seat, drawer_id: int, name: str) -> HttpResponse:
    """An action open in place on a drawer."""
    action = registry.get(name)
    if name not in _OF_A_DRAWER or name not in seat.grant.actions:
        raise NotPermitted(action=action.title)
    own = _of_drawer(request, seat, drawer_id)["shown"].own
    here = reverse("workbench:money") if own else reverse("workbench:money_drawer", args=[drawer_id])
    opened, done = act(request, seat, action, shown=None, close_url=here, chosen={"drawer_id": str(drawer_id)})
    if done is not None:
        return HttpResponseRedirect(f"{here}?done={done}")
    part = _part(request, opened)
    if part is not None:
        return part
    context = _of_drawer(request, seat, drawer_id, opened=opened)
    return _whole(request, "workbench/money_drawer.html", context, opened=opened)


@require_GET
@at_desk
def print_receipt(request: HttpRequest, seat: Seat, receipt_id: int) -> HttpResponse:
    """A payment's receipt as the customer gets it, on one strip of paper."""
    shown = customer_receipt(receipt_id)
    return render(request, "workbench/receipt_print.html", {"slip": shown, "as_of": seat.moment.as_of})


def _part(request: HttpRequest, opened: OpenAction) -> HttpResponse | None:
    """What htmx asks for alone; None for a whole page."""
    if not request.htmx:  # type: ignore[attr-defined]
        return None
    template = "action_preview" if request.method == "POST" else "action_open"
    return render(request, f"workbench/{template}.html", {"account": None, "open_action": opened})


def _whole(request: HttpRequest, template: str, context: dict[str, Any], *, opened: OpenAction) -> HttpResponse:
    return render(request, template, context, status=409 if opened.refusal and opened.tried else 200)


def require_money(seat: Seat) -> None:
    """The pages are for those who take money or bring it to the bank.

    Raises:
        NotPermitted: the job grants none of it.
    """
    if not may_see_money(seat.grant):
        raise NotPermitted(action=registry.get("open_drawer").title)


def _context(request: HttpRequest, seat: Seat, *, opened: OpenAction | None = None) -> dict[str, Any]:
    require_money(seat)
    shown = money_overview(employee_id=seat.actor.employee_id, grant=seat.grant, as_of=seat.moment.as_of)
    return _around(request, seat, opened=opened) | {"money": shown, "shown": shown.drawer}


def _of_drawer(request: HttpRequest, seat: Seat, drawer_id: int, *, opened: OpenAction | None = None) -> dict[str, Any]:
    require_money(seat)
    shown = one_drawer(drawer_id, employee_id=seat.actor.employee_id)
    if not shown.own and not sees_every_drawer(seat.grant):
        raise NotPermitted(action=registry.get("count_drawer").title)
    return _around(request, seat, opened=opened) | {"shown": shown}


def _around(request: HttpRequest, seat: Seat, *, opened: OpenAction | None) -> dict[str, Any]:
    number = number_in(request.GET.get("done", ""))
    return {
        "here": "money",
        "as_of": seat.moment.as_of,
        "can": {name: name in seat.grant.actions for name in ACTIONS},
        "open_action": opened,
        "receipt": receipt_view(number) if number is not None else None,
    }
