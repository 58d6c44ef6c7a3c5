"""The desk's pages. Each reads one overview; what writes goes through the door."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import wraps
from typing import Any

from django import forms
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from weatherhead.areas.agreements.queries import NoSuchAgreement
from weatherhead.areas.billing.queries import NoSuchAdjustment, NoSuchBill, NoSuchException
from weatherhead.areas.billing.runs import NoSuchRun
from weatherhead.areas.customers.queries import NoSuchAccount, account
from weatherhead.areas.records.queries.approvals import NoSuchRequest
from weatherhead.areas.records.queries.receipts import NoSuchReceipt
from weatherhead.core.values import Refusal, Sentence, gettext_noop
from weatherhead.door.authority import NotPermitted
from weatherhead.door.context import Actor, Moment
from weatherhead.door.jobs import Grant
from weatherhead.door.looks import LookNotPermitted, look
from weatherhead.door.perform import perform
from weatherhead.door.preview import preview
from weatherhead.door.registry import Action, InputsInvalid, NoSuchAction, registry
from weatherhead.interfaces.workbench.forms import add_problems, form_of, inputs_given
from weatherhead.interfaces.workbench.picking import SAID
from weatherhead.overviews.account import AccountOverview, ActionOffer, account_overview
from weatherhead.overviews.approvals import approvals_overview
from weatherhead.overviews.bill import bill_proof
from weatherhead.overviews.bill_run import may_follow_runs
from weatherhead.overviews.composing import done_view, preview_view, receipt_view, veiled
from weatherhead.overviews.document import account_of_bill, bill_document, bill_file
from weatherhead.overviews.picks import KINDS as PICK_KINDS
from weatherhead.overviews.picks import picks
from weatherhead.overviews.preview import PreviewView, ReceiptView
from weatherhead.overviews.search import OPTIONS_MAX, search

REVEALED = timedelta(minutes=15)
CONTACT_DETAILS = "contact_details"
_NOT_FOUND = (
    NoSuchAccount,
    NoSuchAction,
    NoSuchAdjustment,
    NoSuchAgreement,
    NoSuchBill,
    NoSuchException,
    NoSuchReceipt,
    NoSuchRequest,
    NoSuchRun,
)
_FORBIDDEN = (NotPermitted, LookNotPermitted)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seat:
    """Someone at the desk: the actor, what their jobs grant today, and the moment."""

    actor: Actor
    grant: Grant
    moment: Moment


@dataclass(frozen=False, slots=True, kw_only=True)
class OpenAction:
    """An action open in place: its form, and what confirming would do."""

    name: str
    title: Sentence
    form: forms.Form
    preview: PreviewView | None
    refusal: Refusal | None
    key: str
    version: str | None
    url: str
    close_url: str
    tried: bool
    at_once: bool  # every needed answer stands there already: the page asks for the preview by itself


View = Callable[..., HttpResponse]
_NUMBER_DIGITS_MAX = 15


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

    # Customers' records stay in no cache, neither a proxy's nor that of a browser on a shared desk.
    return cache_control(no_store=True, private=True)(login_required(seated))


@require_GET
@at_desk
def desk(request: HttpRequest, seat: Seat) -> HttpResponse:
    """The empty desk: find a customer, or begin something new."""
    results = search("", as_of=seat.moment.as_of)
    return render(request, "workbench/search.html", {"results": results, "offers": _utility_offers(seat)})


@require_GET
@at_desk
def find(request: HttpRequest, seat: Seat) -> HttpResponse:
    """What the search box found; one exact account opens at once."""
    results = search(request.GET.get("q", "")[:200], as_of=seat.moment.as_of)
    if len(results.hits) == 1 and not results.more:
        return redirect("workbench:account", results.hits[0].account_id)
    offers = _utility_offers(seat) if not results.query else ()
    return render(request, "workbench/search.html", {"results": results, "offers": offers})


@require_GET
@at_desk
def find_options(request: HttpRequest, seat: Seat) -> HttpResponse:
    """Type-ahead."""
    results = search(request.GET.get("q", "")[:200], as_of=seat.moment.as_of, limit=OPTIONS_MAX)
    return render(request, "workbench/search_options.html", {"results": results})


@require_GET
@at_desk
def pick_options(request: HttpRequest, seat: Seat, kind: str) -> HttpResponse:
    """Type-ahead of a form's field: places and customers by what people call them."""
    del seat
    if kind not in PICK_KINDS:
        return render(request, "404.html", status=404)
    text = next((value for name, value in request.GET.items() if name.endswith(SAID)), "")[:200]
    context = {"options": picks(kind, str(text)), "text": text, "kind": kind}
    return render(request, "workbench/pick_options.html", context)


@require_GET
@at_desk
def account_page(request: HttpRequest, seat: Seat, account_id: int) -> HttpResponse:
    """An account; after an action, with its receipt."""
    whole = "all" in request.GET or "kind" in request.GET
    shown = _account(request, seat, account_id, whole=whole)
    number = number_in(request.GET.get("done", ""))
    receipt = done_view(number, account_id=account_id) if number is not None else None
    return render(request, "workbench/account.html", {"account": shown, "receipt": receipt, "open_action": None})


@require_POST
@at_desk
def reveal(request: HttpRequest, seat: Seat, account_id: int) -> HttpResponse:
    """Show what is hidden, for a reason that is remembered."""
    account(account_id)
    look(
        CONTACT_DETAILS,
        account_id=account_id,
        actor=seat.actor,
        moment=seat.moment,
        reason=request.POST.get("reason", ""),
    )
    shown = dict(request.session.get("revealed", {}))
    shown[str(account_id)] = (seat.moment.at + REVEALED).isoformat()
    request.session["revealed"] = shown
    bill_id = number_in(request.POST.get("bill", ""))
    if bill_id is not None:
        return redirect("workbench:bill_document", bill_id)
    return redirect("workbench:account", account_id)


@require_GET
@at_desk
def actions_page(request: HttpRequest, seat: Seat, account_id: int) -> HttpResponse:
    """Everything that may be done on an account, as a page of its own."""
    return render(request, "workbench/actions.html", {"account": _account(request, seat, account_id)})


@require_http_methods(["GET", "POST"])
@at_desk
def account_action(request: HttpRequest, seat: Seat, account_id: int, name: str) -> HttpResponse:
    """An action open in place on an account: form, preview, confirmation."""
    action = registry.get(name)
    shown = _account(request, seat, account_id)
    if all(offer.name != name for offer in shown.actions):
        raise NotPermitted(action=action.title)
    here = reverse("workbench:account", args=[account_id])
    opened, done = act(request, seat, action, shown=shown, close_url=here)
    if done is not None:
        return HttpResponseRedirect(f"{here}?done={done}")
    if opened.preview is not None and shown.revealed_until is None:
        opened.preview = replace(opened.preview, changes=veiled(opened.preview.changes, after_too=False))
    context = {"account": shown, "open_action": opened, "receipt": None}
    if request.method == "POST" and request.htmx:  # type: ignore[attr-defined]
        return render(request, "workbench/action_preview.html", context)
    if request.htmx:  # type: ignore[attr-defined]
        return render(request, "workbench/action_open.html", context)
    status = 409 if opened.refusal and opened.tried else 200
    return render(request, "workbench/account.html", context, status=status)


@require_http_methods(["GET", "POST"])
@at_desk
def utility_action(request: HttpRequest, seat: Seat, name: str) -> HttpResponse:
    """An action that belongs to no account yet."""
    action = registry.get(name)
    if action.on not in {"utility", "premise"} or name not in seat.grant.actions:
        raise NotPermitted(action=action.title)
    home = reverse(_HOME.get(name, "workbench:desk"))
    opened, done = act(request, seat, action, shown=None, close_url=home)
    if done is not None:
        return _after_utility_action(done)
    context = {"account": None, "open_action": opened, "receipt": None}
    if request.htmx:  # type: ignore[attr-defined]
        template = "action_preview" if request.method == "POST" else "action_open"
        return render(request, f"workbench/{template}.html", context)
    return render(request, "workbench/action_page.html", context)


_HOME = {"start_bill_run": "workbench:runs"}  # where an action is offered and closes, when not on the empty desk


def _after_utility_action(receipt_id: int) -> HttpResponse:
    """A run that was started is followed; anything else is answered with its receipt."""
    made = dict(receipt_view(receipt_id).made).get("bill_run", ())
    if not made:
        return redirect("workbench:receipt", receipt_id)
    return HttpResponseRedirect(f"{reverse('workbench:run', args=[made[0]])}?done={receipt_id}")


@require_GET
@at_desk
def bill_page(request: HttpRequest, seat: Seat, bill_id: int) -> HttpResponse:
    """A bill with the proof of every line."""
    proof = bill_proof(bill_id, as_of=seat.moment.as_of, grant=seat.grant)
    return render(request, "workbench/bill.html", {"bill": proof})


@require_GET
@at_desk
def bill_document_page(request: HttpRequest, seat: Seat, bill_id: int) -> HttpResponse:
    """A bill as the customer has it; the mailing address only while the account's details are shown."""
    account_id = account_of_bill(bill_id)
    until = _revealed_until(request, account_id=account_id, moment=seat.moment)
    shown = bill_document(bill_id, revealed=frozenset({account_id} if until else ()))
    context = {"bill": shown, "said": shown.said, "until": until, "may_look": CONTACT_DETAILS in seat.grant.looks}
    return render(request, "workbench/bill_document.html", context)


@require_GET
@at_desk
def bill_pdf(request: HttpRequest, seat: Seat, bill_id: int) -> HttpResponse:
    """The kept PDF of a bill, made on the first request. It names the mailing address, so each opening is a look."""
    account_id = account_of_bill(bill_id)
    if _revealed_until(request, account_id=account_id, moment=seat.moment) is None:
        return redirect("workbench:bill_document", bill_id)
    file = bill_file(bill_id)
    reason = f"PDF of bill {file.number}"
    look(CONTACT_DETAILS, account_id=account_id, actor=seat.actor, moment=seat.moment, reason=reason)
    if file.content is None:
        key = f"render bill {bill_id}"
        perform("render_bill", actor=seat.actor, key=key, moment=seat.moment, inputs={"bill_id": bill_id})
        file = bill_file(bill_id)
    answer = HttpResponse(file.content, content_type="application/pdf")
    answer["Content-Disposition"] = f'inline; filename="bill-{file.number}.pdf"'
    return answer


@require_GET
@at_desk
def receipt_page(request: HttpRequest, seat: Seat, receipt_id: int) -> HttpResponse:
    """A receipt."""
    shown = receipt_view(receipt_id)
    numbers = [number for number, _, _ in shown.accounts]
    if not all(_revealed_until(request, account_id=number, moment=seat.moment) for number in numbers):
        shown = replace(shown, changes=veiled(shown.changes, after_too=True))
    return render(request, "workbench/receipt.html", {"receipt": shown, "next_steps": _next_steps(shown, seat=seat)})


@require_GET
@at_desk
def approvals(request: HttpRequest, seat: Seat) -> HttpResponse:
    """What waits for a decision."""
    return _approvals(request, seat)


@require_POST
@at_desk
def decide(request: HttpRequest, seat: Seat, request_id: int) -> HttpResponse:
    """Approve or decline a request."""
    approving = request.POST.get("decision") == "approve"
    name = "approve_request" if approving else "decline_request"
    inputs = {"request_id": request_id, "note": request.POST.get("note", "")}
    try:
        done = perform(
            name,
            actor=seat.actor,
            key=request.POST.get("key", ""),
            moment=seat.moment,
            inputs=inputs,
            seen=request.POST.get("digest") if approving else None,
        )
    except InputsInvalid as refusal:
        return _approvals(request, seat, chosen=request_id, decline_error=refusal.problems.get("note", str(refusal)))
    return redirect("workbench:receipt", done.receipt_id)


def _approvals(request: HttpRequest, seat: Seat, *, chosen: int | None = None, decline_error: str = "") -> HttpResponse:
    shown = request.GET.get("filter", "all")
    work = approvals_overview(
        actor=seat.actor,
        grant=seat.grant,
        moment=seat.moment,
        chosen=chosen or number_in(request.GET.get("chosen", "")),
        shown=shown if shown in {"all", "due", "mine"} else "all",
    )
    if work.filter == "all" and "approve_request" in seat.grant.actions:
        request.desk.waiting = len(work.rows)  # type: ignore[attr-defined]
    context = {"work": work, "decision_key": secrets.token_urlsafe(24), "decline_error": decline_error}
    context["may_decide"] = "approve_request" in seat.grant.actions
    return render(request, "workbench/approvals.html", context, status=422 if decline_error else 200)


def _account(request: HttpRequest, seat: Seat, account_id: int, *, whole: bool = False) -> AccountOverview:
    until = _revealed_until(request, account_id=account_id, moment=seat.moment)
    return account_overview(account_id, as_of=seat.moment.as_of, grant=seat.grant, revealed_until=until, whole=whole)


def _revealed_until(request: HttpRequest, *, account_id: int, moment: Moment) -> datetime | None:
    text = request.session.get("revealed", {}).get(str(account_id))
    until = datetime.fromisoformat(text) if text else None
    return until if until is not None and until > moment.at else None


def _utility_offers(seat: Seat) -> tuple[ActionOffer, ...]:
    offered = [
        item
        for item in registry
        if item.on in {"utility", "premise"} and item.name in seat.grant.actions and item.name not in _BY_FILE
    ]
    offered.sort(key=lambda item: _IN_ORDER.index(item.name) if item.name in _IN_ORDER else len(_IN_ORDER))
    return tuple(
        ActionOffer(name=item.name, title=Sentence(item.title), duty=item.duty, key="", hint=None, likely=False)
        for item in offered
    )


_IN_ORDER = ("create_customer", "create_account", "add_premise", "add_service_point", "add_meter")


_AFTER = {
    "create_customer": ("create_account", "customer"),
    "add_premise": ("add_service_point", "premise"),
    "add_service_point": ("add_meter", "service_point"),
}


def _next_steps(shown: ReceiptView, *, seat: Seat) -> list[tuple[str, str]]:
    """What usually follows: the address of its form, with what was just made filled in, and its title."""
    runs = dict(shown.made).get("bill_run", ())
    if runs and may_follow_runs(seat.grant):
        return [(reverse("workbench:run", args=[runs[0]]), gettext_noop("Follow the bill run"))]
    name, kind = _AFTER.get(shown.action, ("", ""))
    numbers = dict(shown.made).get(kind, ())
    if name not in seat.grant.actions or not numbers:
        return []
    address = f"{reverse('workbench:utility_action', args=[name])}?{kind}={numbers[0]}"
    return [(address, registry.get(name).title)]


_BY_FILE = frozenset({"import_reads"})
"""Done from the command line; a form comes with a page of its own."""


def act(
    request: HttpRequest,
    seat: Seat,
    action: Action[Any, Any, Any],
    *,
    shown: AccountOverview | None,
    close_url: str,
    chosen: Mapping[str, str] | None = None,
) -> tuple[OpenAction, int | None]:
    """One round of an action's form. Returns it, and the receipt's number once it was performed.

    `chosen` are answers that stand already, because of where the form was opened: its questions leave them out.
    """
    sent = request.POST if request.method == "POST" else None
    form = form_of(action, account=shown, given=sent, initial=_asked_for(request, action) | dict(chosen or {}))
    for name in chosen or {}:
        if name in form.fields:
            form.fields[name].widget = forms.HiddenInput()
    opened = OpenAction(
        name=action.name,
        title=Sentence(action.title),
        form=form,
        preview=None,
        refusal=None,
        key=_text(sent, "key") or secrets.token_urlsafe(24),
        version=_version(sent, shown=shown),
        url=request.get_full_path() if chosen else request.path,
        close_url=close_url,
        tried=sent is not None and sent.get("step") != "preview",
        at_once=sent is None and _is_complete(form),
    )
    typing = bool(request.htmx)  # type: ignore[attr-defined]
    values = _values(action, form=form, shown=shown, opened=opened, sent=sent, typing=typing)
    if values is None:
        return opened, None
    # What the place says counts, whatever the form sent.
    values |= {name: value for name, value in (chosen or {}).items() if name in form.fields or name == "account_id"}
    confirmed = sent is not None and sent.get("step") == "confirm" and bool(sent.get("digest"))
    try:
        if confirmed and sent is not None:
            done = perform(
                action.name,
                actor=seat.actor,
                key=opened.key,
                moment=seat.moment,
                inputs=values,
                seen=sent["digest"],
                request_note=str(values.get("note", "")),
            )
            return opened, done.receipt_id
        found = preview(action.name, actor=seat.actor, moment=seat.moment, inputs=values, grant=seat.grant)
    except InputsInvalid as refusal:
        _show_problems(opened, refusal=refusal, bound=sent is not None)
    except Refusal as refusal:
        opened.refusal = refusal if sent is not None else None
        if confirmed:
            opened.key = secrets.token_urlsafe(24)  # the refused attempt is over; the next one is another
            _preview_again(opened, seat=seat, action=action, values=values)
    else:
        opened.preview = preview_view(found, action=action.name, grant=seat.grant, moment=seat.moment)
    return opened, None


def _preview_again(opened: OpenAction, *, seat: Seat, action: Action[Any, Any, Any], values: Mapping[str, Any]) -> None:
    """Beside a refusal, what confirming would do now; nothing when that is refused too."""
    try:
        found = preview(action.name, actor=seat.actor, moment=seat.moment, inputs=values, grant=seat.grant)
    except Refusal as refusal:
        opened.refusal = refusal
        return
    opened.preview = preview_view(found, action=action.name, grant=seat.grant, moment=seat.moment)


def _asked_for(request: HttpRequest, action: Action[Any, Any, Any]) -> dict[str, str]:
    """What a link chose beforehand: ``?bill=12`` chooses bill_id 12."""
    given = {name: str(value) for name, value in request.GET.items() if str(value).isdecimal()}
    return {f"{name}_id": value for name, value in given.items()} | given


def number_in(text: str) -> int | None:
    """A record's number in an address; None for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _NUMBER_DIGITS_MAX else None


def _text(sent: Mapping[str, Any] | None, name: str) -> str:
    return str(sent.get(name, "")) if sent is not None else ""


def _version(sent: Mapping[str, Any] | None, *, shown: AccountOverview | None) -> str | None:
    if shown is None:
        return None
    return _text(sent, "version") or str(shown.version)


def _values(
    action: Action[Any, Any, Any],
    *,
    form: forms.Form,
    shown: AccountOverview | None,
    opened: OpenAction,
    sent: Mapping[str, Any] | None,
    typing: bool,
) -> dict[str, Any] | None:
    """The inputs that the form gives; None while it was only opened, or is not complete.

    A preview that the page asks for by itself while someone is `typing` does not speak of what is still to come.
    """
    if sent is None:
        return None
    if not form.is_valid():
        if typing and sent.get("step") == "preview":
            _keep_only_given(form, sent=sent)
        return None
    return inputs_given(action, form=form, account=shown, version=opened.version or "")


def _is_complete(form: forms.Form) -> bool:
    """Whether a form just opened could be sent as it is."""
    fields = form.fields.items()
    return all(form.get_initial_for_field(field, name) not in (None, "") for name, field in fields if field.required)


def _keep_only_given(form: forms.Form, *, sent: Mapping[str, Any]) -> None:
    """While someone still types, an answer that is not there yet is no error."""
    for name in [name for name in form.errors if not str(sent.get(name, "")).strip()]:
        del form.errors[name]


def _show_problems(opened: OpenAction, *, refusal: InputsInvalid, bound: bool) -> None:
    if bound:
        add_problems(opened.form, refusal)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """No such page."""
    del exception
    return render(request, "404.html", status=404)
