"""The registry of actions. Palette, permission matrix, command line and documentation are derived from it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from datetime import date
from threading import RLock
from typing import Any, Generic, TypeVar

from pydantic import TypeAdapter, ValidationError

from weatherhead.areas.records.canonical import Json, to_json
from weatherhead.core.values import YEARS, Refusal, gettext_noop, holds_card_number
from weatherhead.door.context import Actor, Moment
from weatherhead.door.proposal import Proposal

Inputs = TypeVar("Inputs")
Facts = TypeVar("Facts")
Plan = TypeVar("Plan")

_CODE = re.compile(r"[a-z][a-z0-9_]*")
SENSITIVE = {"sensitive": True}
"""Field metadata: the value never stands in the audit log."""

_MANY_AT_A_TIME = frozenset({"utility", "account", "premise"})
NUMBER_OF_ITS_KIND = {"number_of_its_kind": True}
"""Field metadata: the value is a number of a kind of its own, such as a bank account's, and may look like a card's."""

_CARD = gettext_noop(
    "looks like the number of a payment card, which is never kept here: write the processor's reference instead, "
    "and the last four digits at most"
)
_UNKEPT = gettext_noop("holds a character that nobody types; write it again")
# Control characters but tabs and line ends, and halves of a pair that UTF-8 cannot write.
_UNKEPT_CHARACTER = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_OTHER_AGE = gettext_noop("check the year: it lies before 1900 or after 2199")


class InputsInvalid(Refusal):
    """A form or file did not give what the action asks for. `problems` maps a field to its sentence."""

    template = gettext_noop("%(listing)s")

    def __init__(self, *, problems: Mapping[str, str], listing: str = "") -> None:
        """Form the listing from the problems."""
        self.problems = dict(problems)
        lines = listing or "; ".join(f"{name}: {text}" for name, text in problems.items())
        super().__init__(problems=self.problems, listing=lines)


class NoSuchAction(Refusal):
    """The registry holds no action of that name."""

    template = gettext_noop("There is no action called %(name)s. See: weatherhead actions list")


@dataclass(frozen=False, slots=True, kw_only=True)
class Recording:
    """What `record` is given, and what it tells back: the records it made, by kind and number."""

    receipt_id: int
    actor: Actor
    moment: Moment
    made: dict[str, list[int]] = field(default_factory=dict)
    entry_ids: list[int] = field(default_factory=list)
    batch: dict[str, Json] = field(default_factory=dict)  # of thousands of entries: their count and a hash over all

    def made_one(self, kind: str, number: int) -> None:
        """Remember that a record of a kind was made, for the receipt."""
        self.made.setdefault(kind, []).append(number)


_adapters: dict[type[Any], TypeAdapter[Any]] = {}


def _adapter(inputs: type[Any]) -> TypeAdapter[Any]:
    """What checks an action's inputs, made once: making it takes longer than using it."""
    if inputs not in _adapters:
        _adapters[inputs] = TypeAdapter(inputs)
    return _adapters[inputs]


def _no_accounts(_: object) -> tuple[int, ...]:
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Ahead:
    """That an action's facts may be gathered before its transaction, while another holds SQLite's one write lock.

    They hold when nothing but actions `beside` was performed since, and `still` says so of what those may change.
    """

    beside: frozenset[str]
    still: Callable[[Any], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Action(Generic[Inputs, Facts, Plan]):
    """One verb. `title` is in the field's words; `duty` is the number of the representative's duty that it serves.

    `locks` names the accounts that it may change; `gather` reads facts; `propose` is pure; `record` writes.
    `gather_from` gathers where a page has read what is acted on already, and gives it.
    """

    name: str
    title: str
    duty: int
    on: str  # what it acts on: utility, account, agreement, bill, payment, adjustment, exception, request, premise …
    inputs: type[Inputs]
    gather: Callable[[Inputs, Moment, Actor], Facts]
    propose: Callable[[Facts, Inputs], Proposal[Plan]]
    record: Callable[[Proposal[Plan], Recording], None]
    gather_from: Callable[[Any, Moment], Facts] | None = None
    locks: Callable[[Inputs], tuple[int, ...]] = _no_accounts
    key: str = ""  # the letter that opens it on the account page
    summary: str = ""  # one sentence for the documentation
    ahead: Ahead | None = None

    def parse(self, given: Mapping[str, Any] | Inputs) -> Inputs:
        """Turn texts of a form, JSON or a command line into the action's inputs.

        Raises:
            InputsInvalid: with a sentence for each field that is wrong, missing or unknown.
        """
        if isinstance(given, self.inputs):
            return given
        if not isinstance(given, Mapping):
            raise TypeError(f"{self.name} takes {self.inputs.__name__} or a mapping")
        known = {item.name for item in fields(self.inputs)}  # type: ignore[arg-type]
        problems = {name: gettext_noop("is not asked for here") for name in given if name not in known}
        # First of all: such text breaks what would check it, and no database keeps it.
        problems |= {name: _UNKEPT for name, value in given.items() if name in known and _is_unkept(value)}
        if _UNKEPT in problems.values():
            raise InputsInvalid(problems=problems)
        # Before anything else sees it: what is refused later may be audited.
        exempt = {item.name for item in fields(self.inputs) if item.metadata.get("number_of_its_kind")}  # type: ignore[arg-type]
        problems = {
            name: _CARD for name, value in given.items() if name not in exempt and _is_of_a_card(value)
        } | problems
        if _CARD in problems.values():
            raise InputsInvalid(problems=problems)
        try:
            values: Inputs = _adapter(self.inputs).validate_python(dict(given))
        except ValidationError as error:
            for item in error.errors():
                name = str(item["loc"][0]) if item["loc"] else ""
                problems.setdefault(name, _say(dict(item)))
            raise InputsInvalid(problems=problems) from error
        problems |= {name: _OTHER_AGE for name in known if _is_of_another_age(getattr(values, name))}
        if problems:
            raise InputsInvalid(problems=problems)
        return values

    def plain(self, values: Inputs) -> dict[str, Json]:
        """The inputs as JSON."""
        said = to_json(values)
        if not isinstance(said, dict):
            raise TypeError(f"the inputs of {self.name} are a dataclass")
        return said

    def subject(self, values: Inputs) -> tuple[str, int] | None:
        """The input that names the one thing acted on, and its number: ("adjustment_id", 7). None for an account:
        much may be asked about one at a time."""
        if self.on in _MANY_AT_A_TIME:
            return None
        name = f"{self.on}_id"
        number = getattr(values, name, None)
        return None if number is None else (name, number)

    def redacted(self, values: Inputs) -> dict[str, Json]:
        """The inputs as JSON for the audit log: sensitive values only say that they were given."""
        said = self.plain(values)
        for item in fields(self.inputs):  # type: ignore[arg-type]
            hidden = item.metadata.get("sensitive") or _is_words(item.name, said[item.name])
            if hidden and said[item.name] not in (None, "", []):
                said[item.name] = "(given)"
        return said


def _is_unkept(value: object) -> bool:
    """Whether text, anywhere in a value, holds what cannot be kept."""
    if isinstance(value, str):
        return _UNKEPT_CHARACTER.search(value) is not None
    if isinstance(value, Mapping):
        return any(_is_unkept(part) for pair in value.items() for part in pair)
    return isinstance(value, list | tuple) and any(_is_unkept(part) for part in value)


def _is_of_a_card(value: object) -> bool:
    """Whether text or a number, anywhere in a value, holds the number of a payment card."""
    if isinstance(value, str):
        return holds_card_number(value)
    if isinstance(value, int):
        return not isinstance(value, bool) and holds_card_number(value)
    if isinstance(value, Mapping):
        return any(_is_of_a_card(part) for pair in value.items() for part in pair)
    return isinstance(value, list | tuple) and any(_is_of_a_card(part) for part in value)


def _is_of_another_age(value: object) -> bool:
    """Whether it is a day that no meter was read on: arithmetic on it would leave the calendar."""
    return isinstance(value, date) and value.year not in YEARS


def _is_words(name: str, value: Json) -> bool:
    """Whether a person wrote it: such words may name people, and stand in a row of their own that can be disposed of.

    A reason from a list is a code, and no words.
    """
    return name in ("note", "reason", "evidence") and isinstance(value, str) and not _CODE.fullmatch(value)


def _say(error: Mapping[str, Any]) -> str:
    kind = error["type"]
    if kind == "missing":
        return gettext_noop("is needed")
    if kind == "value_error":
        raised = error.get("ctx", {}).get("error")
        return str(raised)
    return str(error["msg"])


class Registry:
    """Actions by name. Filled when the first is asked for: a process that performs none does not wait for them."""

    def __init__(self) -> None:
        """Start empty."""
        self._actions: dict[str, Action[Any, Any, Any]] = {}
        self._fill: Callable[[], None] | None = None
        self._filling = RLock()

    def filled_by(self, fill: Callable[[], None]) -> None:
        """Say what registers every action. It may be called more than once, and runs when the first is asked for."""
        self._fill = fill

    def _all(self) -> dict[str, Action[Any, Any, Any]]:
        if self._fill is not None:
            with self._filling:  # another thread waits for the last one, too
                if self._fill is not None:
                    self._fill()
                    self._fill = None
        return self._actions

    def add(self, action: Action[Inputs, Facts, Plan]) -> Action[Inputs, Facts, Plan]:
        """Register an action. A name taken twice is a bug."""
        if action.name in self._actions:
            raise ValueError(f"two actions are called {action.name}")
        self._actions[action.name] = action
        return action

    def get(self, name: str) -> Action[Any, Any, Any]:
        """An action by name.

        Raises:
            NoSuchAction: for an unknown name.
        """
        try:
            return self._all()[name]
        except KeyError:
            raise NoSuchAction(name=name) from None

    def __iter__(self) -> Iterator[Action[Any, Any, Any]]:
        """All actions in the order of their names."""
        actions = self._all()
        return iter(actions[name] for name in sorted(actions))

    def __contains__(self, name: str) -> bool:
        """Whether an action of that name exists."""
        return name in self._all()


registry = Registry()
