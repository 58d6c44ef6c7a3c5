"""The approvals list with its peek."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from weatherhead.core.values import Sentence
from weatherhead.overviews.preview import PreviewView


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalRow:
    """One request that waits."""

    request_id: int
    due_on: date
    overdue: bool
    title: Sentence
    customer_name: str
    account_id: int | None
    account_number_grouped: str
    amount_cents: int  # authority asked for, absolute
    over_cents: int  # above the asker's limit
    requested_by: str
    requested_at: datetime
    reason: Sentence
    flag: Sentence | None  # "Your household: pass on", "You asked for this"
    may_decide: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalPeek:
    """The chosen request: what approving does now, and whether that changed since it was asked."""

    row: ApprovalRow
    preview: PreviewView | None
    refusal: Sentence | None  # why it can no longer be performed
    changed_since_asked: bool
    note: str
    limit: Sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class DecidedRow:
    """One request that was decided."""

    request_id: int
    title: Sentence
    account_id: int | None
    account_number_grouped: str
    state: str  # approved, declined
    decided_by: str
    decided_at: datetime
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalsOverview:
    """What waits for this person, what was decided today, and the chosen one."""

    as_of: date
    rows: tuple[ApprovalRow, ...]
    due_today: int
    oldest_requested_at: datetime | None
    decided: tuple[DecidedRow, ...]
    peek: ApprovalPeek | None
    filter: str  # all, due, mine
