"""One action open in place: its form, what confirming would do, and the confirmation."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.http import HttpRequest, QueryDict

from weatherhead.core.values import Refusal, Sentence, gettext_noop
from weatherhead.door.perform import perform
from weatherhead.door.preview import preview
from weatherhead.door.registry import Action, InputsInvalid
from weatherhead.interfaces.workbench.errors import is_stale
from weatherhead.interfaces.workbench.forms import add_problems, form_of, inputs_given
from weatherhead.interfaces.workbench.seat import Seat
from weatherhead.overviews.account.page import AccountOverview
from weatherhead.overviews.composing import preview_view
from weatherhead.overviews.preview import PreviewView


class PageOpenTooLong(Refusal):
    """Who sent the form has signed in anew since it was opened."""

    template = gettext_noop(
        "You signed in anew after this page was opened, so nothing was done. Look at it, then confirm."
    )


_CHOSEN = re.compile(r"[A-Za-z0-9_-]{1,40}")


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
    asked = _asked_for(request) | dict(chosen or {})
    form = form_of(action, account=shown, given=sent, initial=asked, jobs=seat.grant.jobs)
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
    confirmed = sent is not None and sent.get("step") == "confirm" and bool(sent.get("digest"))
    if confirmed and sent is not None:
        _leave_choices_to_the_door(form, sent=sent)
    if is_stale(request) and not typing:
        opened.refusal = PageOpenTooLong()
    values = _values(action, form=form, shown=shown, opened=opened, sent=sent, typing=typing)
    if values is None:
        return opened, None
    # What the place says counts, whatever the form sent.
    values |= {name: value for name, value in (chosen or {}).items() if name in form.fields or name == "account_id"}
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
        if sent is not None:
            add_problems(opened.form, refusal)
    except Refusal as refusal:
        opened.refusal = refusal if sent is not None else None
        if confirmed:
            opened.key = secrets.token_urlsafe(24)  # the refused attempt is over; the next one is another
            _preview_again(opened, seat=seat, action=action, values=values)
    else:
        opened.preview = preview_view(found, action=action.name)
    return opened, None


def _preview_again(opened: OpenAction, *, seat: Seat, action: Action[Any, Any, Any], values: Mapping[str, Any]) -> None:
    """Beside a refusal, what confirming would do now; nothing when that is refused too."""
    try:
        found = preview(action.name, actor=seat.actor, moment=seat.moment, inputs=values, grant=seat.grant)
    except Refusal as refusal:
        opened.refusal = refusal
        return
    opened.preview = preview_view(found, action=action.name)


def _asked_for(request: HttpRequest) -> dict[str, str]:
    """What a link chose beforehand: ``?bill=12`` chooses bill_id 12, ``?kind=usage`` that kind."""
    given = {name: str(value) for name, value in request.GET.items() if _CHOSEN.fullmatch(str(value))}
    return {f"{name}_id": value for name, value in given.items()} | given


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


def _leave_choices_to_the_door(form: forms.Form, *, sent: Mapping[str, Any]) -> None:
    """Take a choice that is gone as it was sent, when it is confirmed.

    The same form sent twice must give the first receipt again, though the fee that it waived is no choice any more; and
    whoever was overtaken hears from the action why.
    """
    for name in [name for name in form.errors if form.has_error(name, code="invalid_choice")]:
        many = isinstance(form.fields[name], forms.MultipleChoiceField)
        form.cleaned_data[name] = (
            sent.getlist(name) if many and isinstance(sent, QueryDict) else str(sent.get(name, ""))
        )
        del form.errors[name]


def _keep_only_given(form: forms.Form, *, sent: Mapping[str, Any]) -> None:
    """While someone still types, an answer that is not there yet is no error."""
    for name in [name for name in form.errors if not str(sent.get(name, "")).strip()]:
        del form.errors[name]
