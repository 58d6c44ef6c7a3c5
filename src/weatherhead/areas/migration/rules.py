"""What a row must hold beyond its fields: dates in order, amounts that fit their kind, codes of the rate book. Pure.

A rule takes the row's values in the layout's order, may put one into its stored form, and tells what is wrong.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

from weatherhead.areas.billing.decide import FACILITIES_LEVEL
from weatherhead.areas.customers.numbers import AccountNumberMistyped, check_account_number
from weatherhead.areas.migration import fields
from weatherhead.areas.migration.fields import Value
from weatherhead.areas.migration.layout import AGES, BY_NAME
from weatherhead.areas.records.utility import AccountNumberFormat
from weatherhead.core.rating import Schedule
from weatherhead.core.rating.schedule import CountOption
from weatherhead.core.values import Refusal, format_cents, gettext_noop

Values = list[Value]
Wrong = tuple[str, Refusal]
Rule = Callable[[Values, "Frame"], Iterator[Wrong]]

_FIRST_DAY = "1901-01-01"
_DUE_YEARS_MAX = 5
_AGE_DAYS = dict(zip(AGES, (0, 1, 31, 61, 91), strict=True))
"""The fewest days past due of each age; a due date that is only known by its age is the latest that has it."""


class DayAfterCutOver(Refusal):
    """The old system cannot know it."""

    template = gettext_noop(
        "%(on)s is after the cut-over on %(cut_over)s. What happens after it is entered in Weatherhead."
    )


class DayBeforeElectricity(Refusal):
    """An old system's word for no date."""

    template = gettext_noop(
        "%(on)s is before there was electric service: perhaps what the old system writes for no date. Write the day."
    )


class DueTooLate(Refusal):
    """A debt that would never be past due."""

    template = gettext_noop(
        "%(on)s is more than %(years)s years after the cut-over: perhaps what the old system writes for no date. Write "
        "the day on which it falls due, or its age."
    )


class SpanNotAfter(Refusal):
    """A span that ends before it begins."""

    template = gettext_noop("%(end)s is not after %(start)s, where the span begins. Check both dates.")


class ClosedBeforeOpened(Refusal):
    """An account closed before it was opened."""

    template = gettext_noop("%(closed)s is before %(opened)s, when the account was opened. Check both dates.")


class RevenueClassUnknown(Refusal):
    """The books have no such class."""

    template = gettext_noop("The books have no revenue class %(name)s. Use one of: %(names)s.")


class NumberNotOfFormat(Refusal):
    """An old number that cannot be kept."""

    template = gettext_noop(
        "%(number)s does not have the %(digits)s digits and the check digit of utility.yaml. Set account_numbers: "
        "assign in control.yaml, or correct it."
    )


class ScheduleUnknown(Refusal):
    """The rate book holds no such schedule."""

    template = gettext_noop("There is no rate schedule %(code)s. The rate book has: %(codes)s.")


class ScheduleNotInForce(Refusal):
    """The schedule begins after the cut-over."""

    template = gettext_noop("Schedule %(code)s is not in force at the cut-over; its first version begins on %(first)s.")


class OptionUnknown(Refusal):
    """The schedule has no such option, or not that value of it."""

    template = gettext_noop("Schedule %(code)s has no option %(name)s=%(value)s. It knows: %(known)s.")


class OptionMissing(Refusal):
    """The schedule asks for a choice."""

    template = gettext_noop("Schedule %(code)s asks for: %(missing)s. Write them as name=value.")


class DaysDiffer(Refusal):
    """The days of a period are not those between its dates."""

    template = gettext_noop("%(days)s days are not the %(between)s from %(start)s to %(end)s. Is the end included?")


class DueDateMissing(Refusal):
    """Something owed without a due date or an age."""

    template = gettext_noop("What is owed needs due_on, or age where only that is known.")


class DueDateTwice(Refusal):
    """A due date and an age that disagree."""

    template = gettext_noop("Has both due_on and age. Give only one of them.")


class CreditIsDue(Refusal):
    """A credit with a due date."""

    template = gettext_noop("A credit has no due date and no age. Leave both empty, or check the sign of the amount.")


class CreditNotNamed(Refusal):
    """Less than nothing, under the name of a charge."""

    template = gettext_noop("An amount below zero is a credit. Write credit here, or check the sign of the amount.")


class CreditAboveZero(Refusal):
    """A credit that would be owed."""

    template = gettext_noop("A credit is written below zero. Check the sign of the amount, or what it is for.")


class LevelAmountMisplaced(Refusal):
    """A level amount for another program, or none for budget billing."""

    template = gettext_noop("budget_billing needs its monthly_amount, and no other program has one.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """What rows are judged by: the cut-over, the books' classes, the rate book, and the number format to keep."""

    cut_over_on: date
    classes: tuple[str, ...]
    schedules: Mapping[str, Schedule]
    keep_form: AccountNumberFormat | None
    cut_over: str  # the same day as text, as every row needs it


def apply_rules(
    name: str, columns: Sequence[list[Value]], frame: Frame, *, skipped: Set[int]
) -> Iterator[tuple[int, Wrong]]:
    """Everything that is wrong with rows whose fields are understood: the place of each, and what is wrong with it.

    Args:
        name: the file.
        columns: the rows, column by column; a rule may put a value into its stored form there.
        frame: what rows are judged by.
        skipped: the places of rows that are not understood.
    """
    cut_over = frame.cut_over
    for at, column in _DAYS[name]:
        days = columns[at]
        wrong = {day for day in set(days) if day is not None and not _FIRST_DAY <= str(day) <= cut_over}
        for place, on in enumerate(days) if wrong else ():
            if on in wrong and place not in skipped:
                late = str(on) > cut_over
                yield (
                    place,
                    (column, DayAfterCutOver(on=on, cut_over=cut_over) if late else DayBeforeElectricity(on=on)),
                )
    for rule in _RULES.get(name, ()):
        yield from rule.apply(columns, frame, skipped=skipped)


@dataclass(frozen=True, slots=True, kw_only=True)
class _RowRule:
    """A rule about a row. It looks at some columns only: rows that are alike in them are judged once."""

    judge: Rule
    looks_at: tuple[int, ...]
    writes: tuple[int, ...] = ()

    def apply(self, columns: Sequence[list[Value]], frame: Frame, *, skipped: Set[int]) -> Iterator[tuple[int, Wrong]]:
        """What is wrong with which row."""
        judged: dict[tuple[Value, ...], list[Wrong]] = {}
        for place, looked in enumerate(zip(*(columns[at] for at in self.looks_at), strict=True)):
            if place in skipped:
                continue
            found = judged.get(looked)
            if found is None or self.writes:
                values = [column[place] for column in columns]
                found = judged[looked] = list(self.judge(values, frame))
                for at in self.writes:
                    columns[at][place] = values[at]
            for wrong in found:
                yield place, wrong


@lru_cache(maxsize=65_536)
def _ordinal(day: str) -> int:
    """The number of a day: the same few thousand days stand in millions of rows."""
    return date.fromisoformat(day).toordinal()


def _places(name: str, *columns: str) -> tuple[int, ...]:
    names = BY_NAME[name].names
    return tuple(names.index(column) for column in columns)


_DAYS = {
    name: tuple(
        (place, column.name)
        for place, column in enumerate(layout.columns)
        if column.parse is fields.day and column.name != "due_on"
    )
    for name, layout in BY_NAME.items()
}

_CONTACT_KIND, _CONTACT_VALUE = _places("contacts", "kind", "value")


def _contact(values: Values, _: Frame) -> Iterator[Wrong]:
    parse = fields.phone if values[_CONTACT_KIND] == "phone" else fields.email
    try:
        values[_CONTACT_VALUE] = parse(str(values[_CONTACT_VALUE]))
    except Refusal as refusal:
        yield "value", refusal


_ACCOUNT, _CLASS, _OPENED, _CLOSED = _places("accounts", "account", "revenue_class", "opened_on", "closed_on")


def _account(values: Values, frame: Frame) -> Iterator[Wrong]:
    if values[_CLASS] not in frame.classes:
        yield "revenue_class", RevenueClassUnknown(name=values[_CLASS], names=", ".join(frame.classes))
    opened, closed = values[_OPENED], values[_CLOSED]
    if closed is not None and str(closed) < str(opened):
        yield "closed_on", ClosedBeforeOpened(closed=closed, opened=opened)


def _number(values: Values, frame: Frame) -> Iterator[Wrong]:
    if frame.keep_form is not None:
        try:
            check_account_number(str(values[_ACCOUNT]), form=frame.keep_form)
        except AccountNumberMistyped:
            yield "account", NumberNotOfFormat(number=values[_ACCOUNT], digits=frame.keep_form.digits)


_INSTALLED, _REMOVED = _places("meters", "installed_on", "removed_on")


def _meter(values: Values, _: Frame) -> Iterator[Wrong]:
    yield from _after(values[_INSTALLED], values[_REMOVED], column="removed_on")


_SCHEDULE, _OPTIONS, _START, _END = _places("agreements", "schedule", "options", "start_on", "end_on")


def _agreement(values: Values, frame: Frame) -> Iterator[Wrong]:
    yield from _after(values[_START], values[_END], column="end_on")
    code = str(values[_SCHEDULE])
    schedule = frame.schedules.get(code)
    if schedule is None:
        yield "schedule", ScheduleUnknown(code=code, codes=", ".join(sorted(frame.schedules)))
        return
    if values[_END] is not None:
        return  # history: billed by the old system, on whatever was in force
    first = schedule.versions[0].effective
    if first > frame.cut_over_on:
        yield "schedule", ScheduleNotInForce(code=code, first=first)
    refusal = _option_refusal(schedule, chosen=json.loads(str(values[_OPTIONS])))
    if refusal is not None:
        yield "options", refusal


def _option_refusal(schedule: Schedule, *, chosen: Mapping[str, str]) -> Refusal | None:
    """The first option that the schedule does not know, or those that it asks for and were not given."""
    levels = {
        str(level.level)
        for version in schedule.versions
        for level in (version.facilities.levels if version.facilities else ())
    }
    for name, value in chosen.items():
        option = schedule.options.get(name)
        if name == FACILITIES_LEVEL:
            known = value in levels
        elif isinstance(option, CountOption):
            known = value.isascii() and value.isdigit()
        else:
            known = option is not None and value in option.values
        if not known:
            names = [*schedule.options, *([FACILITIES_LEVEL] if levels else [])]
            return OptionUnknown(code=schedule.code, name=name, value=value, known=", ".join(names) or "–")
    missing = [
        name
        for name, option in schedule.options.items()
        if name not in chosen and (isinstance(option, CountOption) or option.default is None)
    ]
    return OptionMissing(code=schedule.code, missing=", ".join(missing)) if missing else None


_PERIOD_START, _PERIOD_END, _PERIOD_DAYS = _places("history", "start_on", "end_on", "days")


def _period(values: Values, _: Frame) -> Iterator[Wrong]:
    start, end = str(values[_PERIOD_START]), str(values[_PERIOD_END])
    wrong = list(_after(start, end, column="end_on"))
    yield from wrong
    if not wrong:
        between = _ordinal(end) - _ordinal(start)
        if between != values[_PERIOD_DAYS]:
            yield "days", DaysDiffer(days=values[_PERIOD_DAYS], between=between, start=start, end=end)


_CHARGE, _DUE, _AGE, _AMOUNT = _places("opening_balances", "charge", "due_on", "age", "amount")


def _open_item(values: Values, frame: Frame) -> Iterator[Wrong]:
    """The due date is derived where only an age is known."""
    due, age, amount = values[_DUE], values[_AGE], values[_AMOUNT]
    if amount == 0:
        yield "amount", fields.AmountNotAboveZero(text="0.00")
        return
    owed = isinstance(amount, int) and amount > 0
    if owed == (values[_CHARGE] == "credit"):
        yield "charge", CreditAboveZero() if owed else CreditNotNamed()
    if not owed:
        if due is not None or age is not None:
            yield "due_on", CreditIsDue()
        return
    if due is not None and age is not None:
        yield "age", DueDateTwice()
    elif due is None and age is None:
        yield "due_on", DueDateMissing()
    elif due is not None and str(due) < _FIRST_DAY:
        yield "due_on", DayBeforeElectricity(on=due)
    elif due is not None and _ordinal(str(due)) - frame.cut_over_on.toordinal() > _DUE_YEARS_MAX * 366:
        yield "due_on", DueTooLate(on=due, years=_DUE_YEARS_MAX)
    elif age is not None:
        values[_DUE] = (frame.cut_over_on - timedelta(days=_AGE_DAYS[str(age)])).isoformat()


def age_of(due_on: str, *, cut_over_on: date) -> str:
    """The age at the cut-over of what falls due on a day (ISO text)."""
    days = cut_over_on.toordinal() - _ordinal(due_on)
    return next(age for age, least in reversed(_AGE_DAYS.items()) if days >= least or age == AGES[0])


[_DEPOSIT] = _places("deposits", "amount")


def _deposit(values: Values, _: Frame) -> Iterator[Wrong]:
    amount = values[_DEPOSIT]
    if not isinstance(amount, int) or amount <= 0:
        yield "amount", fields.AmountNotAboveZero(text=_dollars(amount))


def _dollars(cents: str | int | None) -> str:
    return format_cents(cents, ascii_only=True) if isinstance(cents, int) else "–"


_PROGRAM, _MONTHLY = _places("programs", "program", "monthly_amount")


def _program(values: Values, _: Frame) -> Iterator[Wrong]:
    if (values[_PROGRAM] == "budget_billing") != (values[_MONTHLY] is not None):
        yield "monthly_amount", LevelAmountMisplaced()


def _after(start: str | int | None, end: str | int | None, *, column: str) -> Iterator[Wrong]:
    if end is not None and str(end) <= str(start):
        yield column, SpanNotAfter(start=start, end=end)


_RULES: Mapping[str, tuple[_RowRule, ...]] = {
    "contacts": (_RowRule(judge=_contact, looks_at=(_CONTACT_KIND, _CONTACT_VALUE), writes=(_CONTACT_VALUE,)),),
    "accounts": (
        _RowRule(judge=_account, looks_at=(_CLASS, _OPENED, _CLOSED)),
        _RowRule(judge=_number, looks_at=(_ACCOUNT,)),
    ),
    "meters": (_RowRule(judge=_meter, looks_at=(_INSTALLED, _REMOVED)),),
    "agreements": (_RowRule(judge=_agreement, looks_at=(_SCHEDULE, _OPTIONS, _START, _END)),),
    "history": (_RowRule(judge=_period, looks_at=(_PERIOD_START, _PERIOD_END, _PERIOD_DAYS)),),
    "opening_balances": (_RowRule(judge=_open_item, looks_at=(_CHARGE, _DUE, _AGE, _AMOUNT), writes=(_DUE,)),),
    "deposits": (_RowRule(judge=_deposit, looks_at=(_DEPOSIT,)),),
    "programs": (_RowRule(judge=_program, looks_at=(_PROGRAM, _MONTHLY)),),
}
