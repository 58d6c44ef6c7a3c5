"""What an action would do: before and after, authority, rules. One shape for previews, requests and receipts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from weatherhead.core.values import Change, Comparison, Rule, Sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorityView:
    """How much of a limit this uses. Shares are of 100, for the bar."""

    amount_cents: int
    limit_cents: int
    used_cents: int
    left_after_cents: int  # negative when over
    until_on: date
    within: bool
    sentence: Sentence
    used_share: int
    this_share: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewView:
    """A proposal for people. `digest` is confirmed with the form, so that what was seen is what is done."""

    action: str
    title: Sentence
    summary: Sentence
    confirm_label: Sentence  # "Waive $7.39"
    changes: tuple[Change, ...]
    comparisons: tuple[Comparison, ...] = ()
    rules: tuple[Rule, ...]
    entries: tuple[tuple[str, int], ...]  # ledger account title, cents
    authority: AuthorityView | None
    needs_approval: Sentence | None  # why it will become a request
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DoneView:
    """A receipt in one sentence, where the action stood; `payment_id` is the payment that was taken there."""

    receipt_id: int
    outcome: str  # done, approval_requested
    summary: Sentence
    as_of: date
    payment_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptView:
    """A receipt for people."""

    receipt_id: int
    action: str
    title: Sentence
    outcome: str  # done, approval_requested
    summary: Sentence
    actor: str
    approver: str
    at: datetime
    as_of: date
    changes: tuple[Change, ...]
    comparisons: tuple[Comparison, ...] = ()
    rules: tuple[Rule, ...]
    entries: tuple[tuple[int, str, int], ...]  # entry number, ledger account title, cents
    accounts: tuple[tuple[int, str, str], ...]  # id, grouped number, customer
    made: tuple[tuple[str, tuple[int, ...]], ...]  # kinds of records that were made, and their numbers
    request_id: int | None
