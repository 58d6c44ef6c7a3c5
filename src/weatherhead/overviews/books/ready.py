"""Whether days can be closed: everything that should be done first, and what of it has to be."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime

from weatherhead.areas.billing.runs import runs_issuing
from weatherhead.areas.billing.unbilled import UNBILLED_FILE
from weatherhead.areas.ledger.books import ONE_DAY, UNBILLED, balance_on, closed_through, first_entry_on, standing_on
from weatherhead.areas.migration.queries import migration_open
from weatherhead.areas.payments.drawers import drawers_open_since
from weatherhead.areas.records.queries.approvals import waiting_count
from weatherhead.areas.records.queries.queue import queue_figures
from weatherhead.areas.records.utility import current_utility, regulation
from weatherhead.core.ledger import LedgerAccount
from weatherhead.core.values import Sentence, format_cents, gettext_noop


@dataclass(frozen=True, slots=True, kw_only=True)
class Obstacle:
    """Something that is not done. What `blocks` keeps the days open; the rest is for a person to weigh."""

    code: str
    said: Sentence
    blocks: bool


def _bill_runs(through_on: date, _: datetime) -> Iterator[Obstacle]:
    for run_id in runs_issuing(through_on=through_on):
        template = gettext_noop("Bill run %(run)s still issues bills dated on these days")
        yield Obstacle(code="bill_run", said=Sentence(template, {"run": run_id}), blocks=True)


def _drawers(through_on: date, _: datetime) -> Iterator[Obstacle]:
    """What a drawer is over or short shows only when it is counted."""
    for drawer in drawers_open_since(through_on):
        template = gettext_noop("The drawer of %(who)s, opened on %(opened)s, is not counted and closed")
        said = Sentence(template, {"who": drawer.opened_by, "opened": drawer.opened_on})
        yield Obstacle(code="drawer", said=said, blocks=True)


def _migration(_on: date, _at: datetime) -> Iterator[Obstacle]:
    if migration_open():
        template = gettext_noop("What was loaded from an old system waits for its sign-off")
        yield Obstacle(code="migration", said=Sentence(template), blocks=True)


def _unbilled(through_on: date, _: datetime) -> Iterator[Obstacle]:
    """Closed with its month's end, a month takes no estimate any more: whoever closes is told before."""
    month_end = (through_on + ONE_DAY).replace(day=1) - ONE_DAY
    closed, begun = closed_through(), first_entry_on()
    if (closed is not None and month_end <= closed) or begun is None or begun > month_end:
        return
    estimated = standing_on(UNBILLED)
    if regulation(UNBILLED_FILE).exists() and (estimated is None or estimated < month_end):
        template = gettext_noop("Unbilled revenue of %(on)s is not posted; once that day is closed, it cannot be")
        yield Obstacle(code="unbilled", said=Sentence(template, {"on": month_end}), blocks=False)


def _suspense(through_on: date, _: datetime) -> Iterator[Obstacle]:
    cents = balance_on(LedgerAccount.SUSPENSE, as_of=through_on)
    if cents:
        template = gettext_noop("$%(amount)s received is in suspense: its account is not known yet")
        yield Obstacle(code="suspense", said=Sentence(template, {"amount": format_cents(-cents)}), blocks=False)


def _requests(_: date, at: datetime) -> Iterator[Obstacle]:
    today = at.astimezone(current_utility().zone).date()
    if count := waiting_count(as_of=today):
        template = gettext_noop(
            "Requests that wait for a decision: %(count)s. What is approved later posts on its own day"
        )
        yield Obstacle(code="requests", said=Sentence(template, {"count": count}), blocks=False)


def _work(_: date, at: datetime) -> Iterator[Obstacle]:
    """Work that waits in the queue. What of it posts is a bill run's, which blocks by itself."""
    count = sum(figure.count for figure in queue_figures(at=at))
    if count:
        template = gettext_noop("Work items that wait or failed: %(count)s. See: weatherhead queue")
        yield Obstacle(code="work_items", said=Sentence(template, {"count": count}), blocks=False)


PRECONDITIONS: tuple[Callable[[date, datetime], Iterator[Obstacle]], ...] = (
    _bill_runs,
    _drawers,
    _migration,
    _unbilled,
    _suspense,
    _requests,
    _work,
)
"""What is looked at before days are closed, in the order in which it is told."""


def obstacles(*, through_on: date, at: datetime) -> tuple[Obstacle, ...]:
    """Everything that stands in the way of closing the books through a day."""
    return tuple(found for look in PRECONDITIONS for found in look(through_on, at))
