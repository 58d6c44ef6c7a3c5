"""What an action would do, said completely before it is done: preview is propose."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import date
from operator import attrgetter
from typing import Generic, Literal, Protocol, TypeVar, runtime_checkable

from weatherhead.areas.records.canonical import Json, digest, to_json
from weatherhead.core.ledger import EntryDraft, Posting
from weatherhead.core.values import Change, Comparison, Rule, Sentence

Plan = TypeVar("Plan")


@runtime_checkable
class Digested(Protocol):
    """A plan of thousands of rows, which knows a hash of them: today's date reads the same every day in it, too."""

    @property
    def substance(self) -> str:
        """The hash of what would be recorded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """Something to happen outside the transaction: an item for the queue."""

    kind: str
    payload: Mapping[str, Json]
    unique_key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Approving:
    """This proposal performs someone's request: the actor is the checker, not the maker."""

    request_id: int
    maker: str
    maker_employee_id: int
    action: str  # what they asked for
    changed: bool  # whether it would do another thing now than when it was asked


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal(Generic[Plan]):
    """Everything that an action would change, and the rules that allow it. Pure: nothing has happened yet.

    `plan` is what `record` needs; `entries` are the ledger entries it will post; `creates` and `updates` count the
    rows it will write by table; `changes` are the figures that people compare. `authority_cents` is the absolute
    amount of authority that it consumes on `authority_account_id`; `checker_cents` is what whoever approves it must
    have the authority for where there is no account to consume it on. `concerns` are accounts that it leaves alone and
    that it may be about all the same: nobody who is tied to one of them decides it.
    """

    summary: Sentence
    confirm: Sentence
    plan: Plan
    account_ids: tuple[int, ...] = ()
    entries: tuple[EntryDraft, ...] = ()
    creates: Mapping[str, int] = field(default_factory=dict)
    updates: Mapping[str, int] = field(default_factory=dict)
    changes: tuple[Change, ...] = ()
    comparisons: tuple[Comparison, ...] = ()  # what makes the changes up, part by part, old beside new
    rules: tuple[Rule, ...] = ()
    authority_cents: int = 0
    authority_account_id: int | None = None
    checker_cents: int = 0
    concerns: tuple[int, ...] = ()
    needs_approval: Sentence | None = None
    approving: Approving | None = None
    when_tied: Literal["ask", "refuse", "allow"] = "ask"  # on an account tied to the actor
    work: tuple[Work, ...] = ()

    def __post_init__(self) -> None:
        """Authority is an absolute amount on a named account."""
        if self.authority_cents < 0 or self.checker_cents < 0:
            raise ValueError("authority is an absolute amount")
        if self.authority_cents and self.authority_account_id is None:
            raise ValueError("consumed authority names its account")

    def substance(self, *, as_of: date) -> str:
        """A hash of what would change. Today's date reads the same every day, so that waiting alone changes nothing."""
        plan = self.plan.substance if isinstance(self.plan, Digested) else self.plan
        entries = _entries_text(self.entries, as_of=as_of)
        said = (dict(self.creates), dict(self.updates), plan, self.authority_cents + self.checker_cents)
        return digest([entries, _undated(said, as_of=as_of)])


_ENTRY = attrgetter(*(item.name for item in fields(EntryDraft) if item.name != "postings"))
_POSTING = attrgetter(*(item.name for item in fields(Posting)))


def _entries_text(entries: tuple[EntryDraft, ...], *, as_of: date) -> str:
    """The entries as JSON, each field in its place: a shard proposes thousands, so nothing is taken apart by hand."""

    def plain(value: object) -> Json:
        return to_json("today" if value == as_of else value)

    said = [(_ENTRY(entry), [_POSTING(posting) for posting in entry.postings]) for entry in entries]
    return json.dumps(said, default=plain, separators=(",", ":"), ensure_ascii=False)


def _undated(value: object, *, as_of: date) -> object:
    """Replace today's date by a word, deep inside tuples, mappings and frozen dataclasses."""
    if value == as_of:
        return "today"
    if isinstance(value, tuple | list):
        return [_undated(item, as_of=as_of) for item in value]
    if isinstance(value, Mapping):
        return {key: _undated(item, as_of=as_of) for key, item in value.items()}
    if is_dataclass(value) and not isinstance(value, type):
        return {item.name: _undated(getattr(value, item.name), as_of=as_of) for item in fields(value)}
    return value
