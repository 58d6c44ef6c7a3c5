"""Reads to decide: one list from every source, and the chosen row with what it is compared to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from weatherhead.areas.customers.queries import AccountFacts, accounts
from weatherhead.areas.metering.histories import histories
from weatherhead.areas.metering.intake import MeterHistory
from weatherhead.areas.metering.queries import ReadFacts, reads_of_meter, reads_with_numbers
from weatherhead.areas.metering.reading_rules import reading_rules
from weatherhead.areas.metering.routes import RouteFacts, due_read_days, routes
from weatherhead.areas.metering.usage import Dial, UsePeriod
from weatherhead.areas.premises.queries import ServicePointFacts, service_points
from weatherhead.areas.service_orders.queries import OrderFacts, open_orders_of_meters
from weatherhead.areas.service_orders.worklist import KINDS, Filters, Place, WorklistRow, worklist_counts, worklist_page
from weatherhead.core.values import Sentence, gettext_noop
from weatherhead.door.jobs import Grant
from weatherhead.door.registry import registry
from weatherhead.overviews.account.figures import UsageMonth

PAGE_ROWS = 30
_PERIODS_SHOWN = 13
_YEAR_SLACK_DAYS = 20
OLD_DAYS = 7

KIND_TITLES = {
    "high": gettext_noop("High"),
    "low": gettext_noop("Low"),
    "zero": gettext_noop("No use"),
    "negative": gettext_noop("Negative"),
    "rollover": gettext_noop("Passed zero?"),
    "demand": gettext_noop("Demand"),
    "no_demand": gettext_noop("No demand"),
    "conflict": gettext_noop("Two readings"),
    "missing": gettext_noop("Missing"),
    "inactive": gettext_noop("No service"),
    "estimates": gettext_noop("Estimated often"),
    "order": gettext_noop("Re-read"),
}
_READ_ACTIONS = ("release_read", "reject_read", "correct_read")
_METER_ACTIONS = ("estimate_read", "request_reread", "record_check_read")
_ORDER_ACTIONS = ("complete_reread", "cancel_order")
_OF_KIND: Mapping[str, tuple[str, ...]] = {
    "missing": ("enter_read", *_METER_ACTIONS),
    "inactive": ("request_reread", "record_check_read"),
    "estimates": ("request_reread", "record_check_read"),
    "order": ("record_check_read",),
}
_KEYS: Mapping[str, str] = {
    "release_read": "L",
    "reject_read": "X",
    "correct_read": "C",
    "estimate_read": "E",
    "enter_read": "R",
    "request_reread": "Q",
    "record_check_read": "H",
    "complete_reread": "O",
    "cancel_order": "Z",
}
DECISIONS = frozenset(_KEYS)
"""Every action that the list may offer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KindCount:
    """A kind of row, and how many there are."""

    kind: str
    title: Sentence
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadRow:
    """One row of the list."""

    key: str  # what names it in an address
    kind: str
    kind_title: Sentence
    on: date
    age_days: int
    serial: str
    address: str
    customer_name: str
    account_id: int | None
    account_number_grouped: str
    cycle: int | None
    route: str
    why: Sentence
    order: OrderFacts | None  # open about this meter and day


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """An action that the actor may take on the chosen row, its letter, and what its form is opened with."""

    name: str
    title: Sentence
    key: str
    query: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryRow:
    """One read of the meter: what was used since the billed one before, and the check reads between."""

    read: ReadFacts
    days: int | None
    energy_wh: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadPeek:
    """The chosen row: the meter's periods of use, its last reads, and what may be done."""

    row: ReadRow
    read: ReadFacts | None
    route_note: str
    usage: tuple[UsageMonth, ...]
    reads: tuple[HistoryRow, ...]
    decisions: tuple[Decision, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadsOverview:
    """A page of the list. `next` is where the following page begins; None on the last."""

    as_of: date
    filters: Filters
    rows: tuple[ReadRow, ...]
    kinds: tuple[KindCount, ...]
    total: int
    oldest_on: date | None
    after: Place | None
    next: Place | None
    routes: tuple[RouteFacts, ...]
    peek: ReadPeek | None


def reads_overview(filters: Filters, *, grant: Grant, as_of: date, after: Place | None, chosen: str) -> ReadsOverview:
    """Compose the list of reads to decide.

    Args:
        filters: what is looked for.
        grant: what the reader may do.
        as_of: the day.
        after: where the page begins.
        chosen: the key of the row whose peek is shown; the first when it is not on the page.
    """
    rule = reading_rules().worklist
    window = as_of - timedelta(days=rule.missing_for_days)
    due = sorted(due_read_days(after=window, until=as_of - timedelta(days=rule.missing_after_days)).items())
    counts = worklist_counts(filters, due=due, rule=rule, as_of=as_of)
    found = worklist_page(filters, due=due, rule=rule, as_of=as_of, after=after, limit=PAGE_ROWS + 1)
    shown, more = found[:PAGE_ROWS], len(found) > PAGE_ROWS
    rows = _rows(shown, as_of=as_of)
    wanted = {filters.kind} if filters.kind else set(KINDS)
    place = next((number for number, row in enumerate(rows) if row.key == chosen), 0)
    return ReadsOverview(
        as_of=as_of,
        filters=filters,
        rows=rows,
        kinds=tuple(
            KindCount(kind=kind, title=Sentence(KIND_TITLES[kind]), count=counts[kind][0])
            for kind in KINDS
            if kind in counts
        ),
        total=sum(count for kind, (count, _) in counts.items() if kind in wanted),
        oldest_on=min((oldest for kind, (_, oldest) in counts.items() if kind in wanted), default=None),
        after=after,
        next=shown[-1].place if more else None,
        routes=routes(cycle=filters.cycle),
        peek=_peek(rows[place], source=shown[place], grant=grant, as_of=as_of) if rows else None,
    )


def old_until(as_of: date) -> date:
    """The last day of what counts as old."""
    return as_of - timedelta(days=OLD_DAYS)


def _rows(found: Sequence[WorklistRow], *, as_of: date) -> tuple[ReadRow, ...]:
    points = service_points(item.service_point_id for item in found if item.service_point_id is not None)
    holders = accounts(item.account_id for item in found if item.account_id is not None)
    held = reads_with_numbers(item.number for item in found if _is_held(item))
    orders = {(item.meter_id, item.about_on): item for item in open_orders_of_meters(item.meter_id for item in found)}
    return tuple(
        _row(
            item,
            point=points.get(item.service_point_id or 0),
            holder=holders.get(item.account_id or 0),
            held=held.get(item.number) if _is_held(item) else None,
            order=orders.get((item.meter_id, item.on)),
            as_of=as_of,
        )
        for item in found
    )


def _is_held(item: WorklistRow) -> bool:
    return item.kind not in _OF_KIND


def _row(
    item: WorklistRow,
    *,
    point: ServicePointFacts | None,
    holder: AccountFacts | None,
    held: ReadFacts | None,
    order: OrderFacts | None,
    as_of: date,
) -> ReadRow:
    return ReadRow(
        key=item.place.text,
        kind=item.kind,
        kind_title=Sentence(KIND_TITLES[item.kind]),
        on=item.on,
        age_days=(as_of - item.on).days,
        serial=item.serial,
        address=point.address if point else "",
        customer_name=holder.customer_name if holder else "",
        account_id=item.account_id,
        account_number_grouped=holder.number_grouped if holder else "",
        cycle=item.cycle,
        route=item.route,
        why=_why(item, held=held, order=order),
        order=order,
    )


def _why(item: WorklistRow, *, held: ReadFacts | None, order: OrderFacts | None) -> Sentence:
    if held is not None:
        return held.why or Sentence(gettext_noop("Outside the bounds."))
    if item.kind == "order":
        said = {"since": item.since_on, "why": order.note if order else ""}
        return Sentence(gettext_noop("Asked for on %(since)s: %(why)s"), said)
    if item.kind == "missing":
        return Sentence(gettext_noop("Cycle %(cycle)s was to be read; no read came."), {"cycle": item.cycle})
    if item.kind == "inactive":
        return Sentence(
            gettext_noop("%(use_wh)s kWh since %(since)s, where nobody takes service."),
            {"use_wh": item.amount or 0, "since": item.since_on},
        )
    return Sentence(
        gettext_noop("%(count)s estimates in a row since %(since)s."), {"count": item.amount, "since": item.since_on}
    )


# --------------------------------------------------------------------------------------------------------------- peek
def _peek(row: ReadRow, *, source: WorklistRow, grant: Grant, as_of: date) -> ReadPeek:
    history = histories([source.meter_id], since_on=as_of)[source.meter_id]
    reads = reads_of_meter(source.meter_id)
    held = next((item for item in reads if _is_held(source) and item.read_id == source.number), None)
    return ReadPeek(
        row=row,
        read=held,
        route_note=source.route_note,
        usage=_usage(history, on=row.on),
        reads=_history(reads, dial=history.dial),
        decisions=_decisions(row, read=held, source=source, grant=grant),
    )


def _usage(history: MeterHistory, *, on: date) -> tuple[UsageMonth, ...]:
    place = history.installation_on(on)
    if place is None:
        return ()
    periods = history.periods_at(place)
    return tuple(
        UsageMonth(
            ends_on=period.end_on - timedelta(days=1),
            kwh=period.energy_wh // 1000,
            days=period.days,
            estimated=period.estimated,
            last_year_kwh=_a_year_before(period, among=periods),
            bill_id=0,
        )
        for period in periods[-_PERIODS_SHOWN:]
    )


def _a_year_before(period: UsePeriod, *, among: Sequence[UsePeriod]) -> int | None:
    near = [item for item in among if abs((period.end_on - item.end_on).days - 365) <= _YEAR_SLACK_DAYS]
    return near[0].energy_wh // 1000 if near else None


def _history(reads: Sequence[ReadFacts], *, dial: Dial) -> tuple[HistoryRow, ...]:
    """The last reads, latest first; of a check read, what it makes the use since the billed read before it."""
    found: list[HistoryRow] = []
    last: ReadFacts | None = None
    for item in reads:
        if item.state == "rejected":
            continue
        energy_wh = days = None
        if last is not None:
            days = (item.read_on - last.read_on).days
            energy_wh = (item.as_dial_read().steps(dial) - last.as_dial_read().steps(dial)) * dial.step_wh
        found.append(HistoryRow(read=item, days=days, energy_wh=energy_wh))
        if item.state == "accepted" and item.kind != "check":
            last = item
    return tuple(reversed(found[-6:]))


def _decisions(row: ReadRow, *, read: ReadFacts | None, source: WorklistRow, grant: Grant) -> tuple[Decision, ...]:
    names = list(_OF_KIND.get(row.kind, (*_READ_ACTIONS, *_METER_ACTIONS)))
    if row.account_id is None:
        names = [name for name in names if name not in {"estimate_read", "enter_read"}]
    if row.order is not None:
        names = [*_ORDER_ACTIONS, *(name for name in names if name != "request_reread")]
    if row.kind == "no_demand":
        names = ["correct_read", *(name for name in names if name != "correct_read")]
    return tuple(
        Decision(
            name=name,
            title=Sentence(registry.get(name).title),
            key=_KEYS[name],
            query=_query(name, row=row, read=read),
        )
        for name in names
        if name in grant.actions
    )


def _query(name: str, *, row: ReadRow, read: ReadFacts | None) -> str:
    """What a form is opened with, as part of an address."""
    if name in _READ_ACTIONS and read is not None:
        return f"read_id={read.read_id}"
    if name in _ORDER_ACTIONS and row.order is not None:
        return f"order_id={row.order.order_id}"
    if name == "enter_read":
        return f"account_id={row.account_id}&meter={row.serial}&read_on={row.on.isoformat()}"
    if name == "record_check_read":
        return f"meter={row.serial}"
    return f"meter={row.serial}&read_on={row.on.isoformat()}"
