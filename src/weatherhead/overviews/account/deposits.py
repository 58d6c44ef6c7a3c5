"""The account's deposits: what is asked for, what is held, what it earned."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from weatherhead.areas.credit.deposit_rules import deposit_book
from weatherhead.areas.credit.queries import DepositFacts
from weatherhead.core.credit import simple_interest
from weatherhead.core.values import Sentence, gettext_noop


@dataclass(frozen=True, slots=True, kw_only=True)
class DepositView:
    """A deposit that is asked for or held. Cents; `earned_cents` is interest that is not credited yet."""

    deposit_id: int
    asked_cents: int
    asked_on: date | None
    left_cents: int
    held_cents: int
    held_since_on: date | None
    next_cents: int | None
    next_due_on: date | None
    late: bool
    earned_cents: int
    given_cents: int
    arithmetic: str
    reason: Sentence | None


def deposits_view(deposits: tuple[DepositFacts, ...], *, as_of: date) -> tuple[DepositView, ...]:
    """The deposits that are not closed, or of which something is still held."""
    return tuple(_view(item, as_of=as_of) for item in deposits if item.closed_on is None or item.held_cents)


def _view(item: DepositFacts, *, as_of: date) -> DepositView:
    due = item.next_due
    return DepositView(
        deposit_id=item.deposit_id,
        asked_cents=item.amount_cents,
        asked_on=item.asked_on,
        left_cents=item.left_cents,
        held_cents=item.held_cents,
        held_since_on=item.held_since_on,
        next_cents=min(due.amount_cents, item.left_cents) if due is not None else None,
        next_due_on=due.due_on if due is not None else None,
        late=due is not None and due.due_on < as_of,
        earned_cents=_earned(item, as_of=as_of),
        given_cents=item.interest_given_cents,
        arithmetic=item.arithmetic,
        reason=_reason(item.reason),
    )


def _earned(item: DepositFacts, *, as_of: date) -> int:
    since = item.interest_from_on
    if since is None or since >= as_of or not item.held_cents:
        return 0
    rule = deposit_book().interest
    found = simple_interest(item.steps, rates=rule.rates, start=since, end=as_of, year_days=rule.year_days)
    return found.amount_cents


def _reason(code: str) -> Sentence | None:
    """Why it was asked for, as the list says it today; a code that the list has no more stands as it is."""
    if not code:
        return None
    titles = {item.code: item.title for item in deposit_book().reasons}
    return Sentence(titles.get(code, gettext_noop("%(code)s")), {"code": code})
