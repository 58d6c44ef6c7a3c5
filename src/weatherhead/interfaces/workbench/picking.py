"""Form fields for what people find by name or address: a text to type, and the number of the record that it means."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.translation import gettext

from weatherhead.interfaces.workbench.templatetags.desk import say
from weatherhead.overviews.picks import PickAmbiguous, PickUnknown, pick_of, the_pick

SAID = "_said"
"""Ends the name of the field that is typed into; the one without holds the number, once an option was chosen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Picked:
    """What a pick field holds: the chosen record's number, if any, and the text beside it."""

    number: str
    text: str

    def __bool__(self) -> bool:
        """Whether anything was answered."""
        return bool(self.number or self.text)


class PickWidget(forms.Widget):
    """Drawn by the template of fields: a combobox whose options come from the server as one types."""

    def __init__(self, *, kind: str) -> None:
        """Of one of the kinds of `overviews.picks`."""
        super().__init__(attrs={"data-pick": kind})
        self.kind = kind

    def value_from_datadict(self, data: Mapping[str, Any], files: object, name: str) -> Picked:
        """Number and text as they were sent."""
        del files
        return Picked(number=str(data.get(name, "")).strip(), text=str(data.get(f"{name}{SAID}", "")).strip())

    def value_omitted_from_data(self, data: Mapping[str, Any], files: object, name: str) -> bool:
        """Whether neither was sent."""
        del files
        return name not in data and f"{name}{SAID}" not in data


class PickField(forms.Field):
    """The number of a record, found by what people call it. Without scripts the text is enough if it means one."""

    widget: PickWidget

    def __init__(self, *, kind: str, **common: Any) -> None:  # noqa: ANN401 - what every field takes
        """Of one of the kinds of `overviews.picks`."""
        super().__init__(widget=PickWidget(kind=kind), **common)
        self.kind = kind

    def prefilled(self, number: object) -> Picked | None:
        """What a link has chosen beforehand; None when there is no such record."""
        found = pick_of(self.kind, int(str(number))) if str(number).isdecimal() else None
        return Picked(number=str(found.number), text=found.title) if found else None

    def clean(self, value: Any) -> str:  # noqa: ANN401 - the widget's own
        """The number.

        Raises:
            forms.ValidationError: nothing was answered, or what was means no record or several.
        """
        if not value:
            if self.required:
                raise forms.ValidationError(gettext("Find it first: type here and choose."))
            return ""
        if value.number:
            return str(value.number)
        try:
            return str(the_pick(self.kind, value.text).number)
        except (PickUnknown, PickAmbiguous) as refusal:
            raise forms.ValidationError(say(refusal)) from refusal
