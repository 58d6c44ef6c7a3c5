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
from weatherhead.core.statements.scan_line import ScanLineUnreadable, read_scan_line
from weatherhead.core.values import gettext_noop
from weatherhead.door.registry import Action, InputsInvalid
from weatherhead.interfaces.workbench.choices import ChoiceLabel, Choices, choices_of
from weatherhead.interfaces.workbench.form_words import help_of, label_of, title_of
from weatherhead.interfaces.workbench.picking import PickField
from weatherhead.interfaces.workbench.rows import Column, RowsField, RowsWidget
from weatherhead.interfaces.workbench.templatetags.desk import day
from weatherhead.overviews.account.page import AccountOverview
from weatherhead.overviews.money import KINDS as TENDERS

# How a run is cut into pieces is no question here; a kept file is named by those who kept it.
_HIDDEN = frozenset({"account_id", "version", "shard_accounts", "attachment_sha256"})
_WIDE_WORDS = frozenset({"note", "reason"})
_USUALLY_TODAY = frozenset(
    {"reconnected_on", "read_on", "paid_on", "start_on", "end_on", "exchanged_on", "returned_on"}
)
_SHORT = frozenset(
    {
        "reading",
        "start_reading",
        "first_reading",
        "last_reading",
        "check_number",
        "reference",
        "card_last4",
        "slip",
        "checks",
        "demand_kw",
        "start_demand_kw",
        "dials",
        "cycle",
        "multiplier",
        "full_load",
        "light_load",
        "serial",
    }
)
_LETTERS_TOO = frozenset({"reference", "slip", "serial"})
"""Short answers with letters among their digits, which a keypad of digits cannot type."""
_LAST_READING = {
    "enter_read": "reading",
    "end_service": "reading",
    "move_service": "reading",
    "exchange_meter": "last_reading",
}
"""The field beside which an action's form shows what the only meter read before."""
_OF_A_REPORT = frozenset(
    {"agency_name", "agency_address", "agency_phone", "score", "score_range", "score_on", "factors"}
)
"""What is asked of a deposit that rests on a credit report."""
_OF_A_PAYEE = ("payee_name", "mail_street", "mail_unit", "mail_city", "mail_state", "mail_postal_code")
"""What is asked of money in suspense that goes back as a refund."""
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
_ASKED_OF_TENDER = {
    "tendered_cents": "cash",
    "check_number": "check|money_order",
    "reference": "card|bank|agency",
    "card_last4": "card",
    "agency": "agency",
}
"""What the form of a payment asks of which tenders; `|` stands between those that share a question."""
_NEEDED_OF_TENDER = ("check_number", "reference", "agency")
"""What a tender that is asked for it cannot be taken without."""
_OPTION = "option {schedule} {name}"
_FOLDED = {
    "take_payment": ("more_tenders", "also_pays", "scan_line", "not_a_duplicate", "note", "despite_returns"),
    "move_payment": ("amount_cents", "also_to", "also_payments"),
    "post_from_suspense": ("charge_hidden",),
}
"""What few need of an action stands folded under its questions."""


def form_of(
    action: Action[Any, Any, Any],
    *,
    account: AccountOverview | None,
    given: Mapping[str, Any] | None,
    initial: Mapping[str, Any],
    jobs: tuple[str, ...] = (),
) -> forms.Form:
    """An unbound form (`given` None) or one bound to what was sent, for an action's inputs on an account.

    `jobs` are those of whoever fills it in, where they decide what may be chosen.
    """
    hints = get_type_hints(action.inputs, include_extras=True)
    built: dict[str, forms.Field] = {}
    for item in fields(action.inputs):
        if item.name == "options":
            built |= _option_fields()
        elif item.name in _MANY and not choices_of(action, item.name, account=account):
            continue  # nothing waits: no question
        elif item.name not in _HIDDEN and (_is_needed(item) or not _is_moot(item.name, account=account)):
            built[item.name] = _field(action, item, hint=hints[item.name], account=account, jobs=jobs)
    shown_at = _LAST_READING.get(action.name, "")
    if shown_at in built and account is not None:
        built[shown_at].help_text = _last_read(account)
    if action.name == "take_payment":
        for name, when in _ASKED_OF_TENDER.items():
            built[name].widget.attrs["data-when"] = f"tender={when}"
        for name in _NEEDED_OF_TENDER:
            built[name].widget.attrs["data-needed"] = True
        built["amount_cents"].required = True
        built["note"].help_text = gettext("Needed when it is no duplicate: what shows that there are two payments.")
    if action.name == "assess_deposit":
        for name in _OF_A_REPORT & built.keys():
            built[name].widget.attrs["data-when"] = "reason=credit_report"
    if action.name == "prepare_statement":
        for name in ("from_on", "to_on"):
            built[name].widget.attrs["data-when"] = "span=days"
        built["span"].help_text = gettext("A payment history and a usage summary are always of the last 24 months.")
        built["consent_id"].help_text = gettext("Others are told with the customer’s consent, recorded before.")
    if action.name == "return_suspense_item":
        for name in _OF_A_PAYEE:
            built[name].widget.attrs["data-when"] = "way=refund"
        built["payee_name"].help_text = gettext("Left empty, it is the payer named with the money.")
    if action.name == "record_consent":
        built["email"].help_text = gettext("Where their documents may be sent.")
        built["note"].help_text = gettext("Where the evidence is: the form, the call.")
    for name in _FOLDED.get(action.name, ()):
        built[name].widget.attrs["data-fold"] = True
    if action.name == "start_bill_run":
        built["cycle"].widget = forms.Select(choices=built["cycle"].choices)  # type: ignore[attr-defined]  # however few
        del built["through_on"].widget.attrs["data-half"]  # what is said of it needs its width
        built["through_on"].help_text = gettext("Today when left empty.")
    chosen = dict(initial) | _asked_by_stub(initial)
    for name, field in built.items():
        if isinstance(field, PickField) and name in chosen:
            chosen[name] = field.prefilled(chosen[name])
    made: type[forms.Form] = type("ActionForm", (forms.Form,), built)  # takes the fields out of the mapping
    return made(data=given, initial=chosen, auto_id="action-%s")


def _asked_by_stub(initial: Mapping[str, Any]) -> dict[str, str]:
    """The amount that a stub asks for, when one was scanned."""
    try:
        cents = read_scan_line(str(initial.get("scan_line", ""))).amount_due_cents
    except ScanLineUnreadable:
        return {}
    return {"amount_cents": f"{cents // 100}.{cents % 100:02d}"} if cents else {}


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
    jobs: tuple[str, ...],
) -> forms.Field:
    name, needed = item.name, _is_needed(item)
    common: dict[str, Any] = {"label": label_of(name, action=action.name), "required": needed}
    if not needed and item.default is not MISSING and item.default not in (None, "", False, ()):
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
    listed = choices_of(action, name, account=account, jobs=jobs)
    if listed is not None and name == "also_payments":
        return forms.MultipleChoiceField(choices=list(listed), widget=forms.CheckboxSelectMultiple, **common)
    if listed is not None and name in _MANY:
        return _many(listed, common=common)
    if listed is not None:
        return _choice(listed, common=common)
    rows = _rows(name, common=common)
    if rows is not None:
        return rows
    kinds = _literals(hint)
    if name == "cause":
        return _choice([(kind, gettext(CAUSES[kind])) for kind in kinds], common=common)
    if kinds:
        choices = [(kind, title_of(kind, action=action.name)) for kind in kinds]
        return _choice(choices if needed or item.default in kinds else [("", "—"), *choices], common=common)
    base = _base(hint)
    if name == "passed_zero":
        choices = [("", gettext("As supposed")), ("true", gettext("Yes")), ("false", gettext("No"))]
        return forms.ChoiceField(choices=choices, **common)
    if base is bool:
        return forms.BooleanField(**(common | {"required": False, "initial": item.default is True}))
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
    if name in {"payments", "lines"}:
        return forms.CharField(widget=forms.Textarea(attrs={"rows": 8}), help_text=help_of(name), **common)
    if name in _WIDE_WORDS:
        widget = forms.Textarea(attrs={"rows": 2, "maxlength": 500})
        return forms.CharField(widget=widget, help_text=help_of(name), **common)
    if name in _SHORT:
        keys = {} if name in _LETTERS_TOO else {"inputmode": "decimal"}
        return forms.CharField(widget=forms.TextInput(attrs={**keys, **half}), **common)
    if name.removeprefix("mail_") in _SHORT_WORDS:
        return forms.CharField(max_length=120, widget=forms.TextInput(attrs=half), **common)
    return forms.CharField(max_length=254, help_text=help_of(name), **common)


_PIECES = (10_000, 5_000, 2_000, 1_000, 500, 200, 100, 50, 25, 10, 5, 1)
_MANY = frozenset({"drawer_ids", "batch_ids"})


def _rows(name: str, *, common: dict[str, Any]) -> RowsField | None:
    """A field of rows, for the lists that people write; None for anything else."""
    amount = Column(name="amount_cents", label=gettext("Amount"), money=True)
    if name == "also_pays":
        account = Column(name="account", label=gettext("Account or scan line"))
        return RowsField(widget=RowsWidget(columns=(account, amount)), **common)
    if name == "also_to":
        account = Column(name="account", label=gettext("Account"))
        return RowsField(widget=RowsWidget(columns=(account, amount)), **common)
    if name == "more_tenders":
        kinds = tuple((kind, gettext(title)) for kind, title in TENDERS.items())
        columns = (
            Column(name="tender", label=gettext("Paid by"), choices=kinds),
            amount,
            Column(name="number", label=gettext("Number")),
            Column(name="name", label=gettext("Agency")),
        )
        return RowsField(widget=RowsWidget(columns=columns), **common)
    if name == "pieces":
        fixed = [(_worth(cents), {"worth_cents": f"{cents // 100}.{cents % 100:02d}"}) for cents in _PIECES]
        count = Column(name="count", label=gettext("How many"), whole=True)
        return RowsField(widget=RowsWidget(columns=(count,), fixed=fixed), **common)
    return None


def _worth(cents: int) -> str:
    """A coin or note as people call it: $20, 25¢."""
    return f"${cents // 100}" if cents >= 100 else f"{cents}¢"


def _many(choices: Choices, *, common: dict[str, Any]) -> forms.MultipleChoiceField:
    """All of what waits is chosen at first."""
    common = {**common, "initial": [value for value, _ in choices]}
    return forms.MultipleChoiceField(choices=list(choices), widget=forms.CheckboxSelectMultiple, **common)


def _choice(choices: Choices, *, common: dict[str, Any]) -> forms.ChoiceField:
    listed = list(choices)
    if not listed:
        common = {**common, "help_text": gettext("There is nothing to choose from here yet.")}
    grouped = bool(listed) and isinstance(listed[0][1], list)
    radio = not grouped and (len(listed) <= _RADIO_MAX or isinstance(listed[0][1], ChoiceLabel))
    widget = forms.RadioSelect if radio and len(listed) > 1 else forms.Select
    if common["required"] and listed and not grouped and "initial" not in common:
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
