"""How the workbench writes money, energy, days and numbers: ``{% load desk %}``.

Amounts are integer cents, energy integer watt-hours, prices ``Decimal``; no filter touches a float. A negative figure
carries a true minus (U+2212), so that it lines up with the plus. Days leave out the year when it is that of ``as_of``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal

from django import template
from django.forms import BaseForm, BoundField
from django.template.defaultfilters import stringfilter
from django.utils.formats import date_format, number_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from django.utils.translation import gettext, pgettext

from weatherhead.core.values import Change, Comparison, Refusal, Sentence, Unit
from weatherhead.interfaces.workbench import charts
from weatherhead.interfaces.workbench.rows import DrawnRow, RowsWidget
from weatherhead.overviews.account.figures import UsageMonth
from weatherhead.overviews.account.offers import ActionOffer
from weatherhead.overviews.account.page import AccountOverview
from weatherhead.overviews.account.timeline import READ_KINDS
from weatherhead.overviews.bill import BillProof, LineProof, SegmentProof
from weatherhead.overviews.preview import PreviewView

register = template.Library()

MINUS = "\N{MINUS SIGN}"
DOTS = "\N{BULLET}" * 3
_ISO_DAY = re.compile(r"\b\d{4}-\d{2}-\d{2}\b")
NO_BREAK = "\N{NO-BREAK SPACE}"
_GROUPS = re.compile(r"\b\d{3,4}(?: \d{1,4})+\b")


def _figure(value: Decimal, places: int) -> str:
    """``value`` without its sign, in the reader's grouping and decimal mark."""
    return number_format(abs(value), decimal_pos=places, force_grouping=True)


def _cents(amount_cents: int) -> str:
    return _figure(Decimal(amount_cents).scaleb(-2), 2)


@register.filter
def money(amount_cents: int | None) -> str:
    """Cents as a single figure: ``41680`` → ``$416.80``, ``-1150`` → ``−$11.50``; nothing for ``None``."""
    if amount_cents is None:
        return ""
    return f"{MINUS if amount_cents < 0 else ''}${_cents(amount_cents)}"


@register.filter
def timeline_kind(asked: str | None) -> str:
    """What the timeline is to show alone, where it knows such; a form beside it has a `kind` of its own."""
    return asked if asked in {"bill", "payment", "adjustment", "read", "contact"} else ""


@register.filter
def amount(amount_cents: int | None) -> str:
    """Cents in a column whose heading names the currency: ``-1150`` → ``−11.50``; nothing for ``None``."""
    if amount_cents is None:
        return ""
    return f"{MINUS if amount_cents < 0 else ''}{_cents(amount_cents)}"


@register.filter
def change(amount_cents: int | None) -> str:
    """Cents as a difference in a column, always signed but for zero: ``625`` → ``+6.25``."""
    if amount_cents is None:
        return ""
    return f"+{_cents(amount_cents)}" if amount_cents > 0 else amount(amount_cents)


@register.filter
def money_change(amount_cents: int | None) -> str:
    """Cents as a difference in a sentence: ``4217`` → ``+$42.17``, ``-173`` → ``−$1.73``."""
    if amount_cents is None:
        return ""
    return f"+{money(amount_cents)}" if amount_cents > 0 else money(amount_cents)


@register.filter
def absolute(number: int | None) -> int | None:
    """The size of a number without its direction, for sentences that say the direction in words."""
    return None if number is None else abs(number)


@register.filter
def number(value: int | Decimal | None) -> str:
    """A count or a reading, grouped: ``49608`` → ``49,608``. A ``Decimal`` keeps the places that it has."""
    if value is None:
        return ""
    exact = Decimal(value)
    exponent = exact.as_tuple().exponent
    places = max(-exponent, 0) if isinstance(exponent, int) else 0
    return f"{MINUS if exact < 0 else ''}{_figure(exact, places)}"


@register.filter
def kwh(energy_wh: int | None) -> str:
    """Watt-hours as kilowatt-hours, exactly and without a unit: ``1397000`` → ``1,397``, ``1250`` → ``1.25``."""
    if energy_wh is None:
        return ""
    whole = Decimal(energy_wh).scaleb(-3)
    return number(whole.quantize(Decimal(1)) if energy_wh % 1000 == 0 else whole.normalize())


@register.filter
def kw(demand_w: int | None) -> str:
    """Watts as kilowatts, exactly and without a unit: ``40250`` → ``40.25``."""
    return kwh(demand_w)


@register.filter
def price(value: Decimal | None) -> str:
    """A price in dollars with the places of the tariff, two at least: ``0.0824`` → ``$0.0824``, ``7.5`` → ``$7.50``."""
    if value is None:
        return ""
    exponent = value.as_tuple().exponent
    places = max(-exponent, 2) if isinstance(exponent, int) else 2
    return f"{MINUS if value < 0 else ''}${_figure(value, places)}"


@register.filter
def percent(value: Decimal | None) -> str:
    """A ratio as a percentage with two places at least: ``Decimal("0.055")`` → ``5.50%``."""
    if value is None:
        return ""
    hundredfold = value.scaleb(2)
    exponent = hundredfold.as_tuple().exponent
    places = max(-exponent, 2) if isinstance(exponent, int) else 2
    return f"{MINUS if hundredfold < 0 else ''}{_figure(hundredfold, places)}%"


def _as_date(value: date) -> date:
    return localtime(value).date() if isinstance(value, datetime) else value


@register.filter
def day(value: date | None, as_of: date | str | None = None) -> str:
    """A day in rows and sentences: ``Nov 5``; with its year unless that is the year of ``as_of``."""
    if value is None or value == "":
        return ""
    local = _as_date(value)
    if isinstance(as_of, date) and _as_date(as_of).year == local.year:
        return date_format(local, pgettext("a day of this year, as a date format", "M j"))
    return date_format(local, pgettext("a day of another year, as a date format", "M j, Y"))


@register.filter
def with_days(text: str, as_of: date | str | None = None) -> str:
    """Arithmetic as it is kept, its days written as elsewhere: ``2026-10-01 through`` → ``Oct 1 through``."""
    return _ISO_DAY.sub(lambda found: day(date.fromisoformat(found[0]), as_of), text)


@register.filter
def weekday(value: date | None, as_of: date | str | None = None) -> str:
    """A day that somebody waits for: ``Mon Nov 30``."""
    if value is None or value == "":
        return ""
    return f"{date_format(_as_date(value), 'D')} {day(value, as_of)}"


@register.filter
def clock(value: datetime | None) -> str:
    """A local time of day: ``10:44 am``."""
    if value is None:
        return ""
    return date_format(localtime(value), pgettext("a time of day, as a date format", "g:i a")).replace(".", "")


@register.filter
def moment(value: datetime | None, as_of: date | str | None = None) -> str:
    """An instant where the time matters: ``10:44 am`` on the day of ``as_of``, else ``Nov 5, 10:44 am``."""
    if value is None:
        return ""
    if isinstance(as_of, date) and _as_date(as_of) == localtime(value).date():
        return clock(value)
    return f"{day(value, as_of)}, {clock(value)}"


@register.filter
def duration(seconds: int | None) -> str:
    """How long something takes, in two units at most: ``95`` → ``1 min 35 s``, ``4000`` → ``1 h 6 min``."""
    if seconds is None:
        return ""
    minutes, rest = divmod(seconds, 60)
    hours, minutes_left = divmod(minutes, 60)
    if hours:
        return gettext("%(hours)s h %(minutes)s min") % {"hours": number(hours), "minutes": minutes_left}
    if minutes:
        return gettext("%(minutes)s min %(seconds)s s") % {"minutes": minutes, "seconds": rest}
    return gettext("%(seconds)s s") % {"seconds": rest}


@register.filter
def iso(value: date | None) -> str:
    """For the ``datetime`` attribute of ``<time>``: a local date, or an instant in UTC."""
    return "" if value is None else value.isoformat()


@register.filter
@stringfilter
def account_number(digits: str) -> str:
    """An account number in groups of four: ``041722806`` → ``0417 2280 6`` (with spaces that do not break)."""
    return NO_BREAK.join(digits[start : start + 4] for start in range(0, len(digits), 4))


@register.filter
@stringfilter
def unbroken(text: str) -> str:
    """A text whose numbers in groups stay on one line: ``Balance, account 0417 2280 6``."""
    return _GROUPS.sub(lambda found: found.group().replace(" ", NO_BREAK), text)


@register.filter
@stringfilter
def meter_number(digits: str) -> str:
    """A meter number in groups of three counted from the end: ``77402918`` → ``77 402 918``; others as they are."""
    if not digits.isdigit():
        return digits
    first = len(digits) % 3 or 3
    return NO_BREAK.join([digits[:first], *(digits[at : at + 3] for at in range(first, len(digits), 3))])


@register.filter
@stringfilter
def initials(name: str) -> str:
    """At most two letters that stand for a person: ``J. Reyes`` → ``JR``."""
    words = [word for word in name.replace(".", " ").split() if word]
    return "".join(word[0] for word in (words if len(words) < 2 else [words[0], words[-1]])).upper()


@register.simple_tag
def masked(value: str | None = None, *, why: str = "") -> SafeString | str:
    """Three dots for a value that the server has not sent; ``value`` itself once it has.

    The reason is read out in place of the dots. A masked value is ``None``: the template never holds it back itself.
    """
    if value is not None:
        return value
    return format_html(
        '<span class="masked"><span aria-hidden="true">{}</span><span class="usa-sr-only">{}</span></span>',
        DOTS,
        why or gettext("Hidden until the caller is verified"),
    )


@register.filter
def say(sentence: Sentence | Refusal | str | None, as_of: date | str | None = None) -> str:
    """A sentence in the reader's language. What fills it is written as elsewhere on the page.

    A day follows ``as_of``; a whole number is money when its name ends in ``_cents`` and energy when it ends in
    ``_wh``; a sentence inside a sentence is translated too.
    """
    if sentence is None or isinstance(sentence, str):
        return sentence or ""
    translated = gettext(sentence.template)
    return translated % _spoken(sentence.params, as_of) if sentence.params else translated


def _spoken(params: Mapping[str, object], as_of: date | str | None) -> dict[str, object]:
    return {name: _spoken_value(name, value, as_of) for name, value in params.items()}


def _spoken_value(name: str, value: object, as_of: date | str | None) -> object:
    if isinstance(value, Sentence | Refusal):
        return say(value, as_of)
    if isinstance(value, datetime):
        return moment(value, as_of)
    if isinstance(value, date):
        return day(value, as_of)
    if isinstance(value, int) and not isinstance(value, bool):
        if name.endswith("_cents"):
            return money(value)
        if name.endswith("_wh"):
            return kwh(value)
    return value


@register.simple_tag
def figure(change: Change, side: str, as_of: date | None = None) -> str:
    """One side of a change, ``before`` or ``after``, written as its unit asks; ``none`` where there is no figure."""
    value = change.before if side == "before" else change.after
    if value is None:
        return gettext("none")
    if isinstance(value, date):
        return day(value, as_of)
    if isinstance(value, str):
        return value
    if change.unit is Unit.CENTS:
        return money(value)
    if change.unit is Unit.ENERGY_WH:
        return gettext("%(kwh)s kWh") % {"kwh": kwh(value)}
    return number(value)


@register.filter
def all_new(changes: Sequence[Change]) -> bool:
    """Whether there was none of these figures before, so that a column of them would say nothing."""
    return all(change.before is None for change in changes)


@register.filter
def sums(comparisons: Sequence[Comparison]) -> tuple[int, int, int]:
    """What compared parts come to before, after, and by how much that differs; those that stand are left out."""
    counted = [item for item in comparisons if not item.stands]
    before = sum(item.total.before for item in counted if isinstance(item.total.before, int))
    difference = sum(item.difference for item in counted)
    return before, before + difference, difference


@register.simple_tag
def after(preview: PreviewView | str | None, code: str, account_id: int | None = None) -> str:
    """What the figure ``code`` of this account will be once the open action is confirmed; else empty."""
    if not isinstance(preview, PreviewView):
        return ""  # no action is open, so the template's name stands for nothing
    for change in preview.changes:
        if change.code == code and change.account_id in {None, account_id} and change.before != change.after:
            return figure(change, "after")
    return ""


@register.filter
def read_kind(kind: str) -> str:
    """A kind of read in words."""
    return gettext(READ_KINDS[kind])


@register.filter
def at(items: Sequence[Sequence[str]], place: int) -> Sequence[str]:
    """The item at a place, from 0: a table's column beside its cell."""
    return items[place]


@register.simple_tag
def usage_chart(usage: tuple[UsageMonth, ...]) -> charts.UsageChart | None:
    """The chart of an account's bills; ``None`` when nothing was billed yet."""
    return charts.usage_chart(charts.months_of_bills(usage)) if usage else None


@register.simple_tag
def rest_of(offers: tuple[ActionOffer, ...]) -> list[ActionOffer]:
    """The actions that are possible here but not the likely ones of this call."""
    return [offer for offer in offers if not offer.likely]


@register.filter
def has_kind(account: AccountOverview, kind: str) -> bool:
    """Whether the account's timeline has a row of a kind."""
    return any(row.kind == kind for row in account.timeline)


@register.simple_tag
def line_key(segment: SegmentProof, line: LineProof) -> str:
    """What names a line of a bill in addresses and element names."""
    return f"{segment.segment_id}-{line.sequence}"


@register.simple_tag
def arithmetic(line: LineProof) -> dict[str, object]:
    """The sum that a line's proof opens with (``said``), and the other ``steps`` toward it.

    The step that ends in the unrounded amount says the most; the rounding has its own place in the proof.
    """
    leading = [step for step in line.steps if step.endswith(f"= {line.unrounded}")]
    said = leading[-1] if leading else line.unrounded
    rounding = f"{said.rsplit('= ', 1)[-1]} rounded"
    return {"said": said, "steps": [step for step in line.steps if step != said and not step.startswith(rounding)]}


@register.simple_tag
def difference(amount_cents: int, other_cents: int) -> int:
    """The first amount less the second, in cents."""
    return amount_cents - other_cents


@register.simple_tag
def open_line(proof: BillProof, asked: str = "") -> str:
    """Which line's proof stands open, as ``segment-sequence``: the one asked for, else the largest of the bill."""
    lines = {line_key(segment, line): line for segment in proof.segments for line in segment.lines}
    if asked in lines or not lines:
        return asked

    def size(key: str) -> int:
        line: LineProof = lines[key]
        return abs(line.amount_cents)

    return max(lines, key=size)


@register.filter
def is_half(field: BoundField) -> bool:
    """Whether the form says that a field is short and shares its row: ``attrs={"data-half": True}`` on its widget."""
    return bool(field.field.widget.attrs.get("data-half"))


@register.filter
def shown_when(field: BoundField) -> str:
    """The answer to another question on which a field depends, such as ``schedule=R-1``; empty if on none."""
    return str(field.field.widget.attrs.get("data-when", ""))


@register.filter
def is_needed_when_shown(field: BoundField) -> bool:
    """Whether a field that depends on another answer cannot be left out then: ``attrs={"data-needed": True}``."""
    return bool(field.field.widget.attrs.get("data-needed"))


@register.filter
def is_described(field: BoundField) -> bool:
    """Whether the choices of a field carry a note or an amount beside their name, and so stand one below the other."""
    choices = getattr(field.field, "choices", ())
    return any(hasattr(label, "note") for _, label in choices)


@register.filter
def is_money(field: BoundField) -> bool:
    """Whether a field holds dollars and stands behind a dollar sign: ``attrs={"data-money": True}`` on its widget."""
    return bool(field.field.widget.attrs.get("data-money"))


@register.filter
def is_folded(field: BoundField) -> bool:
    """Whether few need a field, so that it stands folded below the others: ``attrs={"data-fold": True}``."""
    return bool(field.field.widget.attrs.get("data-fold"))


@register.simple_tag
def folded_of(form: BaseForm) -> dict[str, object]:
    """The folded fields of a form, and whether one of them says something, so that they are shown."""
    fields = [field for field in form.visible_fields() if is_folded(field)]
    return {"fields": fields, "open": any(field.errors or _says_something(field) for field in fields)}


def _says_something(field: BoundField) -> bool:
    widget = field.field.widget
    if isinstance(widget, RowsWidget):
        return any(widget.begun(row) for row in field.value() or ())
    return field.value() not in (None, "", False)


@register.simple_tag
def rows_of(field: BoundField) -> tuple[DrawnRow, ...]:
    """The rows of a field that is a short list."""
    widget = field.field.widget
    if not isinstance(widget, RowsWidget):
        raise TypeError(f"{field.name} is no list of rows")
    return widget.drawn(name=field.html_name, value=field.value())


@register.simple_tag
def opening_field(form: BaseForm) -> str:
    """The name of the field where a form begins: the first in error, else the first that has to be answered yet."""
    visible = [field for field in form.visible_fields() if not is_folded(field)]
    wrong = [field.name for field in visible if field.errors]
    open_yet = [field.name for field in visible if field.field.required and field.value() in (None, "")]
    return next(iter([*wrong, *open_yet, *(field.name for field in visible)]), "")


CONTROL_CLASSES = {"select": "usa-select", "textarea": "usa-textarea", "checkbox": "", "radioselect": ""}


@register.simple_tag
def control(field: BoundField, *, first: bool = False) -> SafeString:
    """A form field's control with its class and with what a screen reader needs to know of it."""
    css = CONTROL_CLASSES.get(field.widget_type, "usa-input")
    own = field.field.widget.attrs.get("class", "")
    attrs: dict[str, str | bool] = {"class": f"{css} {own}".strip()} if css or own else {}
    if field.field.widget.attrs.get("placeholder") == str(field.label):
        attrs["placeholder"] = False  # says no more than the label above it
    told = [f"{field.id_for_label}-error"] if field.errors else []
    told += [f"{field.id_for_label}-hint"] if field.help_text else []
    if told:
        attrs["aria-describedby"] = " ".join(told)
    if field.errors:
        attrs["aria-invalid"] = "true"
    if first:
        attrs["data-first"] = True
        attrs["autofocus"] = True
    return field.as_widget(attrs=attrs)
