"""The desk's pages of payments that come by file, and of money in suspense."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from weatherhead.actions.payments.import_payment_file import Plan, import_key, inputs_for
from weatherhead.areas.customers.numbers import check_account_number
from weatherhead.areas.customers.queries import account_by_number
from weatherhead.areas.records.utility import current_utility
from weatherhead.core.values import Refusal, gettext_noop
from weatherhead.door.authority import NotPermitted
from weatherhead.door.perform import perform
from weatherhead.door.preview import preview
from weatherhead.door.registry import registry
from weatherhead.interfaces.workbench.acting import OpenAction, act
from weatherhead.interfaces.workbench.seat import Seat, at_desk, number_in
from weatherhead.overviews.composing import receipt_view
from weatherhead.overviews.payment_files import (
    may_import_files,
    payment_file_overview,
    payment_file_progress,
    payment_file_rows,
    sources_for,
)
from weatherhead.overviews.suspense import ACTIONS, may_work_suspense, suspense_overview

_TOLD_PERCENT = 25


class NoFileChosen(Refusal):
    """The form came without a file."""

    template = gettext_noop("Choose the file first.")


@require_http_methods(["GET", "POST"])
@at_desk
def files(request: HttpRequest, seat: Seat) -> HttpResponse:
    """The latest files; a new one is judged (`step` check) or imported."""
    _require_importer(seat)
    context: dict[str, Any] = {
        "here": "money",
        "rows": payment_file_rows(at=seat.moment.at),
        "sources": sources_for(seat.grant),
        "as_of": seat.moment.as_of,
        "chosen_source": request.POST.get("source", ""),
    }
    if request.method == "GET":
        return render(request, "workbench/payment_files.html", context)
    try:
        sent = request.FILES.get("file")
        if not isinstance(sent, UploadedFile):
            raise NoFileChosen
        name = sent.name or "file"
        inputs = inputs_for(name=name, source=context["chosen_source"], content=sent.read())
        if request.POST.get("step") == "check":
            found = preview("import_payment_file", actor=seat.actor, moment=seat.moment, inputs=inputs)
            plan: Plan = found.proposal.plan
            context |= {"tried": plan.read, "tried_name": name}
            return render(request, "workbench/payment_files.html", context)
        key = import_key(inputs, username=str(seat.actor.employee_id))
        receipt = perform("import_payment_file", actor=seat.actor, key=key, moment=seat.moment, inputs=inputs)
    except Refusal as refusal:
        return render(request, "workbench/payment_files.html", context | {"refusal": refusal}, status=409)
    [file_id] = receipt.body["made"]["payment_file"]
    return redirect("workbench:payment_file", file_id)


@require_GET
@at_desk
def file_page(request: HttpRequest, seat: Seat, file_id: int) -> HttpResponse:
    """One file: how far it is, what it came to, what was wrong with it."""
    _require_importer(seat)
    found = payment_file_overview(file_id, at=seat.moment.at)
    context = {
        "here": "money",
        "shown": found,
        "part": found.row,
        "told": _told(found.row.percent),
        "as_of": seat.moment.as_of,
    }
    return render(request, "workbench/payment_file.html", context)


@require_GET
@at_desk
def file_progress(request: HttpRequest, seat: Seat, file_id: int) -> HttpResponse:
    """The part of a file's page that moves, asked for again while workers are at it; then the page is loaded anew."""
    _require_importer(seat)
    part = payment_file_progress(file_id, at=seat.moment.at)
    context = {"part": part, "told": _told(part.percent), "as_of": seat.moment.as_of}
    answer = render(request, "workbench/parts/payment_file_live.html", context)
    if part.file.is_done:
        answer["HX-Refresh"] = "true"
    return answer


@require_GET
@at_desk
def suspense(request: HttpRequest, seat: Seat) -> HttpResponse:
    """What waits for its account, and the chosen item with whose it may be."""
    _require_worker(seat)
    done = number_in(request.GET.get("done", ""))
    context = _of_suspense(request, seat) | {"receipt": receipt_view(done) if done is not None else None}
    return render(request, "workbench/suspense.html", context)


@require_http_methods(["GET", "POST"])
@at_desk
def suspense_action(request: HttpRequest, seat: Seat, item_id: int, name: str) -> HttpResponse:
    """An item posted to an account (`account_id`, or `number` as typed) or returned, in place."""
    action = registry.get(name)
    if name not in ACTIONS or name not in seat.grant.actions:
        raise NotPermitted(action=action.title)
    here = reverse("workbench:suspense")
    close = f"{here}?{urlencode({'chosen': item_id})}"
    chosen = {"suspense_item_id": str(item_id)}
    refusal: Refusal | None = None
    if name == "post_from_suspense":
        try:
            chosen["account_id"] = _account_chosen(request)
        except Refusal as found:
            refusal = found
    if refusal is not None:
        context = _of_suspense(request, seat, item_id=item_id) | {"refusal": refusal}
        return render(request, "workbench/suspense.html", context, status=409)
    opened, done = act(request, seat, action, shown=None, close_url=close, chosen=chosen)
    if done is not None:
        return HttpResponseRedirect(f"{here}?done={done}")
    if request.htmx:  # type: ignore[attr-defined]
        template = "action_preview" if request.method == "POST" else "action_open"
        return render(request, f"workbench/{template}.html", {"account": None, "open_action": opened})
    status = 409 if opened.refusal and opened.tried else 200
    return render(
        request, "workbench/suspense.html", _of_suspense(request, seat, item_id=item_id, opened=opened), status=status
    )


def _account_chosen(request: HttpRequest) -> str:
    """The account that an item is to be posted to.

    Raises:
        AccountNumberMistyped, NoSuchAccount: the number that was typed is none.
    """
    number = request.GET.get("number", "")
    if number:
        digits = check_account_number(number, form=current_utility().account_number)
        return str(account_by_number(digits).account_id)
    return str(number_in(request.GET.get("account_id", "")) or 0)


def _of_suspense(
    request: HttpRequest, seat: Seat, *, item_id: int | None = None, opened: OpenAction | None = None
) -> dict[str, Any]:
    chosen = item_id if item_id is not None else number_in(request.GET.get("chosen", ""))
    return {
        "here": "money",
        "work": suspense_overview(as_of=seat.moment.as_of, grant=seat.grant, chosen=chosen),
        "open_action": opened,
        "account": None,
        "receipt": None,
        "refusal": None,
        "as_of": seat.moment.as_of,
    }


def _require_importer(seat: Seat) -> None:
    """Files are shown to those whose job imports them.

    Raises:
        NotPermitted: it does not.
    """
    if not may_import_files(seat.grant):
        raise NotPermitted(action=registry.get("import_payment_file").title)


def _require_worker(seat: Seat) -> None:
    """Suspense is shown to those whose job works it off.

    Raises:
        NotPermitted: it does not.
    """
    if not may_work_suspense(seat.grant):
        raise NotPermitted(action=registry.get("post_from_suspense").title)


def _told(percent: int) -> int:
    return percent // _TOLD_PERCENT * _TOLD_PERCENT
