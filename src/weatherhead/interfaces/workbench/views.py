"""The desk's pages. Each reads one overview; what writes goes through the door."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django_htmx.http import HttpResponseClientRedirect

from weatherhead.areas.customers.queries import account
from weatherhead.areas.documents.letters import letters_of_receipt
from weatherhead.areas.payments.queries import payments_numbered
from weatherhead.areas.records.queries.approvals import NoSuchRequest
from weatherhead.core.values import Refusal, Sentence, gettext_noop
from weatherhead.door.authority import NotPermitted
from weatherhead.door.context import Moment
from weatherhead.door.looks import look
from weatherhead.door.perform import perform
from weatherhead.door.registry import InputsInvalid, registry
from weatherhead.interfaces.workbench.acting import act
from weatherhead.interfaces.workbench.picking import SAID
from weatherhead.interfaces.workbench.seat import Seat, at_desk, number_in
from weatherhead.overviews.account.offers import ON_ACCOUNT, ActionOffer
from weatherhead.overviews.account.page import AccountOverview, account_overview
from weatherhead.overviews.approvals import approvals_overview
from weatherhead.overviews.bill import bill_proof
from weatherhead.overviews.bill_run import may_follow_runs
from weatherhead.overviews.books.standing import ACTIONS as BOOK_ACTIONS
from weatherhead.overviews.composing import done_view, receipt_view, veiled
from weatherhead.overviews.document import (
    BillDocumentView,
    SummaryDocumentView,
    account_of_bill,
    account_of_summary,
    bill_document,
    bill_file,
    summary_document,
    summary_file,
)
from weatherhead.overviews.picks import KINDS as PICK_KINDS
from weatherhead.overviews.picks import picks
from weatherhead.overviews.preview import ReceiptView
from weatherhead.overviews.search import OPTIONS_MAX, search

REVEALED = timedelta(minutes=15)
CONTACT_DETAILS = "contact_details"


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
        account_id = results.hits[0].account_id
        if results.scan_line and "take_payment" in seat.grant.actions:
            pay = reverse("workbench:action", args=[account_id, "take_payment"])
            return HttpResponseRedirect(f"{pay}?scan_line={results.scan_line}")
        return redirect("workbench:account", account_id)
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
    context = {"account": shown, "receipt": receipt, "open_action": None, "nothing": _nothing_for(request, shown)}
    return render(request, "workbench/account.html", context)


def _nothing_for(request: HttpRequest, shown: AccountOverview) -> Sentence | None:
    """The title of an action that somebody wanted to open here and that there is nothing for."""
    name = request.GET.get("nothing", "")
    known = name and any(item.name == name for item in registry) and all(item.name != name for item in shown.actions)
    return Sentence(registry.get(name).title) if known else None


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
    for kind, page in _REVEALED_FROM.items():
        number = number_in(request.POST.get(kind, ""))
        if number is not None:
            return redirect(f"workbench:{page}", number)
    return redirect("workbench:account", account_id)


_REVEALED_FROM = {"bill": "bill_document", "summary": "summary_document", "statement": "prepared", "letter": "letter"}
"""The document that somebody wants to see whole, by the field that its page sends, and the page to go back to."""


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
    if name not in seat.grant.actions:  # before the account is read: it would be for nothing
        raise NotPermitted(action=action.title)
    shown = _account(request, seat, account_id)
    here = reverse("workbench:account", args=[account_id])
    if action.on not in ON_ACCOUNT:
        raise NotPermitted(action=action.title)
    if request.method == "GET" and all(offer.name != name for offer in shown.actions):
        # Done already, as a rule: by a colleague, or before somebody went back to the form.
        nothing = f"{here}?{urlencode({'nothing': name})}"
        return (HttpResponseClientRedirect if request.htmx else HttpResponseRedirect)(nothing)  # type: ignore[attr-defined]
    opened, done = act(request, seat, action, shown=shown, close_url=here)
    if done is not None:
        return HttpResponseRedirect(_landing(done, account_id=account_id))
    if opened.preview is not None and shown.revealed_until is None:
        opened.preview = replace(opened.preview, changes=veiled(opened.preview.changes, after_too=False))
    context = {"account": shown, "open_action": opened, "receipt": None}
    if request.method == "POST" and request.htmx:  # type: ignore[attr-defined]
        return render(request, "workbench/action_preview.html", context)
    if request.htmx:  # type: ignore[attr-defined]
        return render(request, "workbench/action_open.html", context)
    status = 409 if opened.refusal and opened.tried else 200
    return render(request, "workbench/account.html", context, status=status)


def _landing(receipt_id: int, *, account_id: int) -> str:
    """Where an action on an account ends: at the document that it prepared, else on the account with its receipt."""
    receipt = receipt_view(receipt_id)
    prepared = dict(receipt.made).get("statement", ())
    if prepared:
        return reverse("workbench:prepared", args=[prepared[0]])
    return f"{reverse('workbench:account', args=[account_id])}?done={receipt_id}"


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


# Where an action is offered and closes, when not on the empty desk.
_HOME = (
    {"start_bill_run": "workbench:runs"}
    | dict.fromkeys(BOOK_ACTIONS, "workbench:books")
    | dict.fromkeys(("open_drawer", "make_deposit", "post_payment_batch"), "workbench:money")
)


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


def _paper(
    request: HttpRequest,
    seat: Seat,
    *,
    account_id: int,
    page: str,
    document: Callable[..., BillDocumentView | SummaryDocumentView],
    **of: int,
) -> HttpResponse:
    """A document as the customer has it, on the page of its kind; `of` is its number as `document` takes it."""
    until = revealed_until(request, account_id=account_id, moment=seat.moment)
    shown = document(**of, revealed=frozenset({account_id} if until else ()))
    context = {"bill": shown, "said": shown.said, "until": until, "may_look": CONTACT_DETAILS in seat.grant.looks}
    return render(request, f"workbench/{page}.html", context)


@require_GET
@at_desk
def bill_document_page(request: HttpRequest, seat: Seat, bill_id: int) -> HttpResponse:
    """A bill as the customer has it; the mailing address only while the account's details are shown."""
    account_id, page = account_of_bill(bill_id), "bill_document"
    return _paper(request, seat, account_id=account_id, page=page, document=bill_document, bill_id=bill_id)


@require_GET
@at_desk
def bill_pdf(request: HttpRequest, seat: Seat, bill_id: int) -> HttpResponse:
    """The kept PDF of a bill, made on the first request. It names the mailing address, so each opening is a look."""
    account_id = account_of_bill(bill_id)
    if revealed_until(request, account_id=account_id, moment=seat.moment) is None:
        return redirect("workbench:bill_document", bill_id)
    file = bill_file(bill_id)
    reason = f"PDF of bill {file.number}"
    look(CONTACT_DETAILS, account_id=account_id, actor=seat.actor, moment=seat.moment, reason=reason)
    if file.content is None:
        key = f"render bill {bill_id}"
        perform("render_bill", actor=seat.actor, key=key, moment=seat.moment, inputs={"bill_id": bill_id})
        file = bill_file(bill_id)
    return pdf_answer(file.content, name=f"bill-{file.number}")


@require_GET
@at_desk
def summary_document_page(request: HttpRequest, seat: Seat, summary_id: int) -> HttpResponse:
    """A summary bill as the customer has it; the mailing address while the details of its first account are shown."""
    account_id, page = account_of_summary(summary_id), "summary_document"
    return _paper(request, seat, account_id=account_id, page=page, document=summary_document, summary_id=summary_id)


@require_GET
@at_desk
def summary_pdf(request: HttpRequest, seat: Seat, summary_id: int) -> HttpResponse:
    """The kept PDF of a summary bill, made on the first request; each opening is a look at every account on it."""
    account_id = account_of_summary(summary_id)
    if revealed_until(request, account_id=account_id, moment=seat.moment) is None:
        return redirect("workbench:summary_document", summary_id)
    file = summary_file(summary_id)
    reason = f"PDF of summary bill {file.number}"
    for number in file.account_ids:
        look(CONTACT_DETAILS, account_id=number, actor=seat.actor, moment=seat.moment, reason=reason)
    if file.content is None:
        key = f"render summary bill {summary_id}"
        perform("render_summary_bill", actor=seat.actor, key=key, moment=seat.moment, inputs={"summary_id": summary_id})
        file = summary_file(summary_id)
    return pdf_answer(file.content, name=f"summary-{file.number}")


def pdf_answer(content: bytes | None, *, name: str) -> HttpResponse:
    """A PDF that opens in the browser."""
    answer = HttpResponse(content, content_type="application/pdf")
    answer["Content-Disposition"] = f'inline; filename="{name}.pdf"'
    return answer


@require_GET
@at_desk
def receipt_page(request: HttpRequest, seat: Seat, receipt_id: int) -> HttpResponse:
    """A receipt."""
    shown = receipt_view(receipt_id)
    numbers = [number for number, _, _ in shown.accounts]
    if not all(revealed_until(request, account_id=number, moment=seat.moment) for number in numbers):
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
    """Approve or decline a request, or withdraw one's own."""
    name = _DECISIONS.get(request.POST.get("decision", ""), "decline_request")
    approving = name == "approve_request"
    inputs = {"request_id": request_id, "note": request.POST.get("note", "")}
    try:
        done = perform(
            name,
            actor=seat.actor,
            key=request.POST.get("key", ""),
            moment=seat.moment,
            inputs=inputs,
            seen=request.POST.get("digest", "") if approving else None,
        )
    except InputsInvalid as refusal:
        return _approvals(request, seat, chosen=request_id, decline_error=refusal.problems.get("note", str(refusal)))
    except (NoSuchRequest, NotPermitted):
        raise
    except Refusal as refusal:
        return _approvals(request, seat, chosen=request_id, refusal=refusal)
    shown = {"filter": request.POST.get("filter", "all"), "done": done.receipt_id}
    return redirect(f"{reverse('workbench:approvals')}?{urlencode(shown)}")


_DECISIONS = {"approve": "approve_request", "withdraw": "withdraw_request"}


def _approvals(
    request: HttpRequest,
    seat: Seat,
    *,
    chosen: int | None = None,
    decline_error: str = "",
    refusal: Refusal | None = None,
) -> HttpResponse:
    shown, done = request.GET.get("filter", "all"), number_in(request.GET.get("done", ""))
    work = approvals_overview(
        actor=seat.actor,
        grant=seat.grant,
        moment=seat.moment,
        chosen=chosen or number_in(request.GET.get("chosen", "")),
        shown=shown if shown in {"all", "due", "long", "mine"} else "all",
        first=done is None,  # what was just decided is not followed by what nobody has looked at, under the same key
    )
    if work.filter == "all" and "approve_request" in seat.grant.actions:
        request.desk.waiting = len(work.rows)  # type: ignore[attr-defined]
    context = {"work": work, "decision_key": secrets.token_urlsafe(24), "decline_error": decline_error}
    context["may_decide"] = "approve_request" in seat.grant.actions
    context["receipt"] = receipt_view(done) if done is not None else None
    context |= {"refusal": refusal, "typed": request.POST.get("note", "")}
    status = 409 if refusal else 422 if decline_error else 200
    return render(request, "workbench/approvals.html", context, status=status)


def _account(request: HttpRequest, seat: Seat, account_id: int, *, whole: bool = False) -> AccountOverview:
    until = revealed_until(request, account_id=account_id, moment=seat.moment)
    return account_overview(account_id, as_of=seat.moment.as_of, grant=seat.grant, revealed_until=until, whole=whole)


def revealed_until(request: HttpRequest, *, account_id: int, moment: Moment) -> datetime | None:
    """Until when an account's hidden details are shown in this session; None while they are hidden."""
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


def _next_steps(shown: ReceiptView, *, seat: Seat) -> list[tuple[str, Sentence]]:
    """What usually follows: the address of its form, with what was just made filled in, and its title."""
    runs = dict(shown.made).get("bill_run", ())
    if runs and may_follow_runs(seat.grant):
        return [(reverse("workbench:run", args=[runs[0]]), Sentence(gettext_noop("Follow the bill run")))]
    prepared = dict(shown.made).get("statement", ())
    if prepared:
        return [(reverse("workbench:prepared", args=[prepared[0]]), Sentence(gettext_noop("Open the document")))]
    if dict(shown.made).get("meter_test_off") and "correct_bills" in seat.grant.actions:
        return [
            (
                f"{reverse('workbench:action', args=[account_id, 'correct_bills'])}?cause=meter",
                Sentence(gettext_noop("Correct the bills of account %(number)s"), {"number": number}),
            )
            for account_id, number, _ in shown.accounts
        ]
    if letters := letters_of_receipt(shown.receipt_id):
        numbers_of = {account_id: number for account_id, number, _ in shown.accounts}
        return [
            (
                reverse("workbench:letter", args=[letter_id]),
                Sentence(gettext_noop("Letter for account %(number)s"), {"number": numbers_of[account_id]}),
            )
            for letter_id, account_id in letters
            if account_id in numbers_of
        ]
    if shown.action == "take_payment" and "email_receipt" in seat.grant.actions:
        return _receipts_to_send(shown)
    name, kind = _AFTER.get(shown.action, ("", ""))
    numbers = dict(shown.made).get(kind, ())
    if name not in seat.grant.actions or not numbers:
        return []
    address = f"{reverse('workbench:utility_action', args=[name])}?{kind}={numbers[0]}"
    return [(address, Sentence(registry.get(name).title))]


def _receipts_to_send(shown: ReceiptView) -> list[tuple[str, Sentence]]:
    """To the holder of each account that was paid, where the payment stands."""
    found = payments_numbered(dict(shown.made).get("payment", ()))
    first = {item.account_id: item.payment_id for item in reversed(found) if item.reversed_on is None}
    one, of_many = gettext_noop("E-mail the receipt"), gettext_noop("E-mail the receipt of %(number)s")
    return [
        (
            f"{reverse('workbench:action', args=[account_id, 'email_receipt'])}?payment_id={first[account_id]}",
            Sentence(of_many, {"number": number}) if len(first) > 1 else Sentence(one),
        )
        for account_id, number, _ in shown.accounts
        if account_id in first
    ]


_BY_FILE = frozenset({"import_reads"})
"""Done from the command line; a form comes with a page of its own."""
