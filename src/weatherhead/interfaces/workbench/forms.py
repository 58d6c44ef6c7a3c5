"""Forms of actions, derived from their inputs; what the account holds becomes choices."""

from __future__ import annotations

import types
from collections.abc import Mapping
from dataclasses import MISSING, Field, fields
from datetime import date
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from django import forms
from django.utils.translation import gettext

from weatherhead.areas.billing.correcting import CAUSES
from weatherhead.areas.billing.decide import FACILITIES_LEVEL
from weatherhead.areas.records.utility import current_utility
from weatherhead.areas.tariffs.queries import rate_book
from weatherhead.core.rating.schedule import CountOption, Schedule
from weatherhead.core.values import gettext_noop
from weatherhead.door.registry import Action, InputsInvalid
from weatherhead.interfaces.workbench.choices import ChoiceLabel, Choices, choices_of
from weatherhead.interfaces.workbench.picking import PickField
from weatherhead.interfaces.workbench.templatetags.desk import day
from weatherhead.overviews.account.page import AccountOverview

_HIDDEN = frozenset({"account_id", "version", "shard_accounts"})  # how a run is cut into pieces is no question here
_WIDE_WORDS = frozenset({"note", "reason"})
_LABELS = {
    "amount_cents": gettext_noop("Amount"),
    "adjustment_id": gettext_noop("Fee"),
    "payment_id": gettext_noop("Payment"),
    "bill_id": gettext_noop("Bill"),
    "exception_id": gettext_noop("What is held"),
    "agreement_id": gettext_noop("Service"),
    "read_id": gettext_noop("Read"),
    "run_id": gettext_noop("Bill run"),
    "charge": gettext_noop("Fee"),
    "tender": gettext_noop("Paid by"),
    "channel": gettext_noop("Received at"),
    "paid_on": gettext_noop("Received on"),
    "check_number": gettext_noop("Check number"),
    "through_on": gettext_noop("Bill use through"),
    "read_on": gettext_noop("Read on"),
    "demand_kw": gettext_noop("Demand, kW"),
    "passed_zero": gettext_noop("Did the dial pass zero?"),
    "order_kind": gettext_noop("What is asked for"),
    "order_id": gettext_noop("Order"),
    "use_as": gettext_noop("Use the reading"),
    "due_on": gettext_noop("Due on"),
    "bill_on": gettext_noop("Bill on"),
    "route_note": gettext_noop("What the reader looks out for"),
    "sequence": gettext_noop("Place on the route"),
    "streets": gettext_noop("Streets in the order of the walk, with commas between (empty: all that are left)"),
    "mail_street": gettext_noop("Mail to, street"),
    "mail_unit": gettext_noop("Unit"),
    "mail_city": gettext_noop("City"),
    "mail_state": gettext_noop("State"),
    "mail_postal_code": gettext_noop("ZIP code"),
    "postal_code": gettext_noop("ZIP code"),
    "service_point_id": gettext_noop("Service point"),
    "premise_id": gettext_noop("Premise"),
    "customer_id": gettext_noop("Customer"),
    "username": gettext_noop("User name"),
    "has_demand": gettext_noop("Measures demand"),
    "end_on": gettext_noop("Last read and end on"),
    "start_on": gettext_noop("Starts on"),
    "start_reading": gettext_noop("Reading there"),
    "start_demand_kw": gettext_noop("Demand there, kW"),
    "exchanged_on": gettext_noop("Exchanged on"),
    "last_reading": gettext_noop("Last reading of it"),
    "meter": gettext_noop("Meter"),
    "serial": gettext_noop("New meter's number"),
    "first_reading": gettext_noop("First reading"),
    "returned_on": gettext_noop("Returned on"),
    "counted": gettext_noop("How many were counted"),
    "total_cents": gettext_noop("Counted in all"),
    "payments": gettext_noop("Payments"),
    "from_account": gettext_noop("From account record"),
    "to_account": gettext_noop("Through account record"),
    "email": gettext_noop("E-mail"),
    "identifier_kind": gettext_noop("Kind of identifier"),
    "cause": gettext_noop("What was wrong"),
    "from_on": gettext_noop("From"),
    "to_on": gettext_noop("To (exclusive)"),
    "begin_known": gettext_noop("It is known since when"),
    "back_bill": gettext_noop("Bill also what was too little"),
    "at_once": gettext_noop("No installments: all is due at once"),
    "started_on": gettext_noop("Service began on"),
    "ended_on": gettext_noop("Service ended on (exclusive)"),
    "other_meter": gettext_noop("The meter that really hung there"),
    "multiplier": gettext_noop("Multiplier"),
}
_TITLES = {
    "wrong_account": gettext_noop("Posted to the wrong account"),
    "wrong_amount": gettext_noop("Wrong amount"),
    "duplicate": gettext_noop("Posted twice"),
    "ssn": gettext_noop("Social security number"),
    "ein": gettext_noop("Employer number"),
    "en": gettext_noop("English"),
    "es": gettext_noop("Spanish"),
    "drop_box": gettext_noop("Drop box"),
    "move_in": gettext_noop("Move-in"),
    "move_out": gettext_noop("Move-out"),
    "insufficient_funds": gettext_noop("Insufficient funds"),
    "account_closed": gettext_noop("Account closed"),
    "stop_payment": gettext_noop("Payment stopped"),
    "refer_to_maker": gettext_noop("Refer to maker"),
    "bank_error": gettext_noop("The bank's error, no fee"),
    "age": gettext_noop("Its time has come"),
    "test": gettext_noop("To be tested"),
    "upgrade": gettext_noop("Another kind is needed"),
    "re_read": gettext_noop("Re-read"),
    "investigate": gettext_noop("Investigation"),
    "replace": gettext_noop("Instead of the read in question"),
}
_USUALLY_TODAY = frozenset({"read_on", "paid_on", "start_on", "end_on", "exchanged_on", "returned_on"})
_SHORT = frozenset(
    {
        "reading",
        "start_reading",
        "first_reading",
        "last_reading",
        "check_number",
        "demand_kw",
        "start_demand_kw",
        "dials",
        "cycle",
        "multiplier",
        "serial",
    }
)
_LAST_READING = {
    "enter_read": "reading",
    "end_service": "reading",
    "move_service": "reading",
    "exchange_meter": "last_reading",
}
"""The field beside which an action's form shows what the only meter read before."""
_SHORT_WORDS = frozenset({"unit", "state", "postal_code"})
_RADIO_MAX = 3

_PICKED = {
    ("service_point_id", "start_service"): "vacant_point",
    ("service_point_id", "move_service"): "vacant_point",
    ("service_point_id", "add_meter"): "meterless_point",
    ("service_point_id", ""): "service_point",
    ("premise_id", ""): "premise",
    ("customer_id", ""): "customer",
}
"""Which kind of thing is found by what people call it: by field and action, or by field in every other action."""
_PICK_HELP = {
    "vacant_point": gettext_noop("Address of a place where nobody takes service."),
    "meterless_point": gettext_noop("Address of a place where no meter hangs."),
    "service_point": gettext_noop("Address of the place."),
    "premise": gettext_noop("Address of the premise."),
    "customer": gettext_noop("Part of the name."),
}
_OPTION = "option {schedule} {name}"


def form_of(
    action: Action[Any, Any, Any],
    *,
    account: AccountOverview | None,
    given: Mapping[str, Any] | None,
    initial: Mapping[str, Any],
) -> forms.Form:
    """An unbound form (`given` None) or one bound to what was sent, for an action's inputs on an account."""
    hints = get_type_hints(action.inputs, include_extras=True)
    built: dict[str, forms.Field] = {}
    for item in fields(action.inputs):
        if item.name == "options":
            built |= _option_fields()
        elif item.name not in _HIDDEN and (_is_needed(item) or not _is_moot(item.name, account=account)):
            built[item.name] = _field(action, item, hint=hints[item.name], account=account)
    shown_at = _LAST_READING.get(action.name, "")
    if shown_at in built and account is not None:
        built[shown_at].help_text = _last_read(account)
    if action.name == "take_payment":
        built["check_number"].widget.attrs["data-when"] = "tender=check"
    if action.name == "start_bill_run":
        built["cycle"].widget = forms.Select(choices=built["cycle"].choices)  # type: ignore[attr-defined]  # however few
        del built["through_on"].widget.attrs["data-half"]  # what is said of it needs its width
        built["through_on"].help_text = gettext("Today when left empty.")
    chosen = dict(initial)
    for name, field in built.items():
        if isinstance(field, PickField) and name in chosen:
            chosen[name] = field.prefilled(chosen[name])
    made: type[forms.Form] = type("ActionForm", (forms.Form,), built)  # takes the fields out of the mapping
    return made(data=given, initial=chosen, auto_id="action-%s")


def inputs_given(
    action: Action[Any, Any, Any], *, form: forms.Form, account: AccountOverview | None, version: str
) -> dict[str, Any]:
    """What a bound, valid form says, as the action's inputs: blanks of optional answers are left out."""
    said: dict[str, Any] = {}
    for item in fields(action.inputs):
        if item.name == "account_id" and account is not None:
            said["account_id"] = account.account_id
        elif item.name == "version":
            said["version"] = version
        elif item.name == "options":
            said["options"] = _options(form.cleaned_data)
        elif item.name in form.cleaned_data:
            value = form.cleaned_data[item.name]
            if value in ("", None) and not _is_needed(item):
                continue
            said[item.name] = value
    return said


def add_problems(form: forms.Form, refusal: InputsInvalid) -> None:
    """Put each problem beside its field."""
    for name, text in refusal.problems.items():
        form.add_error(name if name in form.fields else None, gettext(text))


def _last_read(account: AccountOverview) -> str:
    """What the only meter showed before, so that a slip is seen while typing."""
    metered = [item for item in account.services if item.meter_serial]
    if len(metered) != 1 or metered[0].last_read_on is None:
        return ""
    last = {"on": day(metered[0].last_read_on, account.as_of), "reading": metered[0].last_read}
    return gettext("%(on)s: %(reading)s") % last


def _is_moot(name: str, *, account: AccountOverview | None) -> bool:
    """Whether an optional question has but one answer on this account, which the action finds by itself."""
    if account is None:
        return False
    metered = [item for item in account.services if item.meter_serial]
    if name == "meter":
        return len(metered) == 1
    return name == "demand_kw" and not any(item.has_demand for item in metered)


def _is_needed(item: Field[Any]) -> bool:
    return item.default is MISSING and item.default_factory is MISSING


def _option_fields() -> dict[str, forms.Field]:
    """A field for whatever a schedule of the rate book asks of a service; it shows while that schedule is chosen."""
    built: dict[str, forms.Field] = {}
    for code, facts in sorted(rate_book().items()):
        for name, field in _fields_of_schedule(facts.schedule).items():
            field.widget.attrs |= {"data-half": True, "data-when": f"schedule={code}"}
            field.label = gettext("%(label)s (%(schedule)s)") % {"label": field.label, "schedule": code}
            built[_OPTION.format(schedule=code, name=name)] = field
    return built


def _fields_of_schedule(schedule: Schedule) -> dict[str, forms.Field]:
    found: dict[str, forms.Field] = {}
    for name, option in schedule.options.items():
        if isinstance(option, CountOption):
            number = forms.TextInput(attrs={"inputmode": "numeric"})
            found[name] = forms.CharField(label=gettext(option.label), required=False, initial="0", widget=number)
        else:
            choices = [(value, value.replace("_", " ").capitalize()) for value in option.values]
            unsaid = [] if option.default else [("", "—")]
            found[name] = forms.ChoiceField(
                label=gettext(option.label), required=False, choices=[*unsaid, *choices], initial=option.default
            )
    facilities = schedule.versions[-1].facilities
    if facilities is not None:
        levels = [(str(item.level), gettext("Level %(level)s") % {"level": item.level}) for item in facilities.levels]
        found[FACILITIES_LEVEL] = forms.ChoiceField(
            label=gettext("Facilities level"), required=False, choices=[("", gettext("By use")), *levels]
        )
    return found


def _options(cleaned: Mapping[str, Any]) -> dict[str, str]:
    """What was answered of the questions of the chosen schedule."""
    begins = _OPTION.format(schedule=cleaned.get("schedule", ""), name="")
    answered = {name.removeprefix(begins): value for name, value in cleaned.items() if name.startswith(begins)}
    return {name: str(value).strip() for name, value in answered.items() if str(value).strip()}


def _field(
    action: Action[Any, Any, Any],
    item: Field[Any],
    *,
    hint: Any,  # noqa: ANN401
    account: AccountOverview | None,
) -> forms.Field:
    name, needed = item.name, _is_needed(item)
    label = gettext(_LABELS.get(name, name.replace("_", " ").capitalize()))
    common: dict[str, Any] = {"label": label, "required": needed}
    if not needed and item.default is not MISSING and item.default not in (None, "", False):
        common["initial"] = item.default
    if name in _USUALLY_TODAY and account is not None:
        common["initial"] = account.as_of.isoformat()
    if name == "schedule" and account is not None and account.services:
        common["initial"] = account.services[0].schedule
    if name.removeprefix("mail_") == "state":
        common["initial"] = current_utility().state
    kind = _PICKED.get((name, action.name)) or _PICKED.get((name, ""))
    if kind is not None:
        return PickField(kind=kind, help_text=gettext(_PICK_HELP[kind]), **common)
    listed = choices_of(action, name, account=account)
    if listed is not None:
        return _choice(listed, common=common)
    kinds = _literals(hint)
    if name == "cause":
        return _choice([(kind, gettext(CAUSES[kind])) for kind in kinds], common=common)
    if kinds:
        choices = [(kind, gettext(_TITLES.get(kind, kind.capitalize()))) for kind in kinds]
        return _choice(choices if needed or item.default in kinds else [("", "—"), *choices], common=common)
    base = _base(hint)
    if name == "passed_zero":
        choices = [("", gettext("As supposed")), ("true", gettext("Yes")), ("false", gettext("No"))]
        return forms.ChoiceField(choices=choices, **common)
    if base is bool:
        return forms.BooleanField(label=label, required=False, initial=item.default is True)
    return _text(name, base=base, common=common)


def _text(name: str, *, base: Any, common: dict[str, Any]) -> forms.Field:  # noqa: ANN401
    half: dict[str, Any] = {"data-half": True}
    if name == "password":
        return forms.CharField(widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}), **common)
    if name.endswith("_cents"):
        attrs = {"inputmode": "decimal", "data-money": True, **half}
        return forms.CharField(widget=forms.TextInput(attrs=attrs), **common)
    if base is date or name.endswith("_on"):
        return forms.CharField(widget=forms.DateInput(attrs={"type": "date", **half}), **common)
    if name == "payments":
        return forms.CharField(widget=forms.Textarea(attrs={"rows": 8}), help_text=_help(name), **common)
    if name in _WIDE_WORDS:
        widget = forms.Textarea(attrs={"rows": 2, "maxlength": 500})
        return forms.CharField(widget=widget, help_text=_help(name), **common)
    if name in _SHORT:
        return forms.CharField(widget=forms.TextInput(attrs={"inputmode": "decimal", **half}), **common)
    if name.removeprefix("mail_") in _SHORT_WORDS:
        return forms.CharField(max_length=120, widget=forms.TextInput(attrs=half), **common)
    return forms.CharField(max_length=254, **common)


def _help(name: str) -> str:
    if name == "payments":
        return gettext("One a line: account, amount, check number; without one it is cash.")
    return gettext("Stands on the receipt.") if name == "note" else ""


def _choice(choices: Choices, *, common: dict[str, Any]) -> forms.ChoiceField:
    listed = list(choices)
    if not listed:
        common = {**common, "help_text": gettext("There is nothing to choose from here yet.")}
    radio = len(listed) <= _RADIO_MAX or (listed and isinstance(listed[0][1], ChoiceLabel))
    widget = forms.RadioSelect if radio and len(listed) > 1 else forms.Select
    if common["required"] and listed and "initial" not in common:
        common = {**common, "initial": listed[0][0]}
    return forms.ChoiceField(choices=listed, widget=widget, **common)


def _literals(hint: Any) -> tuple[str, ...]:  # noqa: ANN401
    """The values of a Literal, wherever it stands in the hint."""
    if get_origin(hint) is Literal:
        return tuple(str(value) for value in get_args(hint))
    for part in get_args(hint):
        found = _literals(part) if not isinstance(part, str) else ()
        if found:
            return found
    return ()


def _base(hint: Any) -> Any:  # noqa: ANN401
    """The plain type behind Annotated and Optional."""
    if hasattr(hint, "__metadata__"):
        return _base(get_args(hint)[0])
    if get_origin(hint) in (Union, types.UnionType):
        return _base(next(part for part in get_args(hint) if part is not type(None)))
    return hint
