"""Reads that a person decides, from everywhere they come, as one list in the order of their days.

What was held when it came in; what a cycle's day did not bring; what turns where nobody takes service; what was
estimated too often. Nothing is stored for the last three: they stand here as long as they are so, and go by themselves
when a read comes, a service starts, or an order about that very day was closed. An open order about a read that is not
listed otherwise is a row of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db import connection

from weatherhead.areas.metering.reading_rules import WorklistRule
from weatherhead.areas.records.database import is_postgresql

HELD_KINDS = ("high", "low", "zero", "negative", "rollover", "demand", "no_demand", "conflict")
KINDS = (*HELD_KINDS, "missing", "inactive", "estimates", "order")
UNFILTERED = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a page of the list begins: after this row."""

    on: date
    kind: str
    number: int

    @property
    def text(self) -> str:
        """As it stands in an address."""
        return f"{self.on.isoformat()}.{self.kind}.{self.number}"

    @classmethod
    def read(cls, text: str) -> Place | None:
        """From an address; None for anything else."""
        parts = text.split(".")
        if len(parts) != 3 or parts[1] not in KINDS or not (parts[2].isascii() and parts[2].isdigit()):
            return None
        try:
            return cls(on=date.fromisoformat(parts[0]), kind=parts[1], number=int(parts[2][:15]))
        except ValueError:
            return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What is looked for; empty or None for everything. `until`: only rows of that day or earlier."""

    kind: str = UNFILTERED
    cycle: int | None = None
    route: str = UNFILTERED
    until: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WorklistRow:
    """One read to decide, or one that there is not.

    `number` is the read's for what was held, the order's for an order, the meter's for all else; `since_on` begins what
    the row is about, and `amount` counts it: Wh for ``inactive``, estimates for ``estimates``.
    """

    kind: str
    on: date
    number: int
    meter_id: int
    serial: str
    service_point_id: int | None
    account_id: int | None
    cycle: int | None
    route: str
    route_note: str
    since_on: date | None
    amount: int | None

    @property
    def place(self) -> Place:
        """Where the list goes on after it."""
        return Place(on=self.on, kind=self.kind, number=self.number)


_HELD = """
    SELECT read.exception AS kind, read.read_on AS on_day, read.id AS number, read.meter_id AS meter_id,
           (SELECT hung.service_point_id FROM metering_meterinstallation AS hung
            WHERE hung.meter_id = read.meter_id AND hung.installed_on <= read.read_on
              AND (hung.removed_on IS NULL OR hung.removed_on >= read.read_on)
            ORDER BY hung.installed_on DESC LIMIT 1) AS service_point_id,
           {no_day} AS since_on, {no_number} AS amount
    FROM metering_read AS read WHERE read.state = 'held'
"""

_MISSING = """
    SELECT 'missing', due.read_on, hung.meter_id, hung.meter_id, hung.service_point_id, {no_day}, {no_number}
    FROM due
    JOIN customers_account AS account ON account.cycle = due.cycle
    JOIN agreements_serviceagreement AS service ON service.account_id = account.id
     AND service.start_on < due.read_on AND (service.end_on IS NULL OR service.end_on >= due.read_on)
    JOIN metering_meterinstallation AS hung ON hung.service_point_id = service.service_point_id
     AND hung.installed_on < due.read_on AND hung.removed_on IS NULL
    WHERE NOT EXISTS (SELECT 1 FROM metering_read AS taken
                      WHERE taken.meter_id = hung.meter_id AND taken.read_on >= due.from_on
                        AND taken.state IN ('accepted', 'held') AND taken.kind <> 'check')
"""

# From the read at the end of the last service, or the first read of all, to the last read of whatever kind.
_INACTIVE = """
    SELECT 'inactive', latest.read_on, hung.meter_id, hung.meter_id, hung.service_point_id, base.read_on,
           CAST(((latest.turns - base.turns) * {range} + latest.dial_reading - base.dial_reading)
                * meter.multiplier * 1000 AS bigint)
    FROM metering_meterinstallation AS hung
    JOIN metering_meter AS meter ON meter.id = hung.meter_id
    JOIN metering_read AS latest ON latest.id = (
        SELECT read.id FROM metering_read AS read WHERE read.meter_id = hung.meter_id AND read.state = 'accepted'
        ORDER BY read.read_on DESC LIMIT 1)
    JOIN metering_read AS base ON base.id = (
        SELECT read.id FROM metering_read AS read WHERE read.meter_id = hung.meter_id AND read.state = 'accepted'
          AND read.read_on <= coalesce(
              (SELECT max(ended.end_on) FROM agreements_serviceagreement AS ended
               WHERE ended.service_point_id = hung.service_point_id AND ended.end_on >= hung.installed_on),
              hung.installed_on)
        ORDER BY read.read_on DESC LIMIT 1)
    WHERE hung.removed_on IS NULL
      AND NOT EXISTS (SELECT 1 FROM agreements_serviceagreement AS service
                      WHERE service.service_point_id = hung.service_point_id
                        AND (service.end_on IS NULL OR service.end_on > {today}))
      AND ((latest.turns - base.turns) * {range} + latest.dial_reading - base.dial_reading) * meter.multiplier >= %s
      AND latest.read_on > base.read_on AND {undecided}
"""

_ESTIMATES = """
    SELECT 'estimates', latest.read_on, latest.meter_id, latest.meter_id, hung.service_point_id, first.read_on,
           first.estimates
    FROM metering_read AS latest
    JOIN metering_meterinstallation AS hung ON hung.meter_id = latest.meter_id AND hung.removed_on IS NULL
    JOIN (SELECT read.meter_id, min(read.read_on) AS read_on, count(*) AS estimates FROM metering_read AS read
          WHERE read.kind = 'estimated' AND read.state = 'accepted'
            AND NOT EXISTS (SELECT 1 FROM metering_read AS actual
                            WHERE actual.meter_id = read.meter_id AND actual.state = 'accepted'
                              AND actual.read_on > read.read_on AND actual.kind NOT IN ('estimated', 'check'))
          GROUP BY read.meter_id HAVING count(*) >= %s) AS first ON first.meter_id = latest.meter_id
    WHERE latest.kind = 'estimated' AND latest.state = 'accepted'
      AND NOT EXISTS (SELECT 1 FROM metering_read AS later
                      WHERE later.meter_id = latest.meter_id AND later.state = 'accepted' AND later.kind <> 'check'
                        AND later.read_on > latest.read_on)
      AND {undecided}
"""

_ORDERS = """
    SELECT 'order', asked.about_on, asked.id, asked.meter_id, asked.service_point_id, asked.opened_on, {no_number}
    FROM service_orders_serviceorder AS asked WHERE asked.state = 'open'
"""

# Somebody looked into this very day and closed the order.
_UNDECIDED = """
    NOT EXISTS (SELECT 1 FROM service_orders_serviceorder AS closed
                WHERE closed.meter_id = latest.meter_id AND closed.about_on = latest.read_on AND closed.state = 'done')
"""

_ALL = """
    WITH due(cycle, read_on, from_on) AS ({due}),
    listed(kind, on_day, number, meter_id, service_point_id, since_on, amount) AS (
        {held} UNION ALL {missing} UNION ALL {inactive} UNION ALL {estimates} UNION ALL {orders}
    ),
    served AS (
        SELECT listed.*, meter.serial, stop.note, route.code AS route, route.cycle AS route_cycle,
               (SELECT service.account_id FROM agreements_serviceagreement AS service
                WHERE service.service_point_id = listed.service_point_id AND service.start_on <= listed.on_day
                  AND (service.end_on IS NULL OR service.end_on >= listed.on_day) AND listed.kind <> 'inactive'
                ORDER BY service.start_on DESC LIMIT 1) AS account_id
        FROM listed
        JOIN metering_meter AS meter ON meter.id = listed.meter_id
        LEFT JOIN metering_routestop AS stop ON stop.service_point_id = listed.service_point_id
        LEFT JOIN metering_readingroute AS route ON route.id = stop.route_id
    ),
    placed AS (
        SELECT served.*, coalesce(account.cycle, served.route_cycle) AS cycle
        FROM served LEFT JOIN customers_account AS account ON account.id = served.account_id
        WHERE served.kind <> 'order'
           OR NOT EXISTS (SELECT 1 FROM listed AS about
                          WHERE about.kind <> 'order' AND about.meter_id = served.meter_id
                            AND about.on_day = served.on_day)
    )
"""


_COLUMNS = "kind, on_day, number, meter_id, serial, service_point_id, account_id, cycle, route, note, since_on, amount"


def worklist_page(
    filters: Filters,
    *,
    due: Sequence[tuple[int, date]],
    rule: WorklistRule,
    as_of: date,
    after: Place | None,
    limit: int,
) -> tuple[WorklistRow, ...]:
    """The rows after a place, oldest first.

    Args:
        filters: what is looked for.
        due: cycles whose read day has passed, with that day.
        rule: what counts as missing, inactive and often estimated.
        as_of: the day.
        after: the last row of the page before; None for the first page.
        limit: how many rows at most.
    """
    statement, values = _statement(due=due, rule=rule, as_of=as_of)
    where, more = _where(filters)
    if after is not None:
        where += " AND (on_day, kind, number) > (%s, %s, %s)"
        more += [after.on, after.kind, after.number]
    statement += f"SELECT {_COLUMNS} FROM placed WHERE {where} ORDER BY on_day, kind, number LIMIT %s"  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(statement, [*values, *more, limit])
        return tuple(_row(row) for row in cursor.fetchall())


def worklist_counts(
    filters: Filters, *, due: Sequence[tuple[int, date]], rule: WorklistRule, as_of: date
) -> dict[str, tuple[int, date]]:
    """How many rows of each kind there are, and the oldest day of each, whatever kind is looked for."""
    statement, values = _statement(due=due, rule=rule, as_of=as_of)
    where, more = _where(Filters(cycle=filters.cycle, route=filters.route, until=filters.until))
    statement += f"SELECT kind, count(*), min(on_day) FROM placed WHERE {where} GROUP BY kind"  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(statement, [*values, *more])
        return {kind: (count, _day(oldest)) for kind, count, oldest in cursor.fetchall()}


def _statement(*, due: Sequence[tuple[int, date]], rule: WorklistRule, as_of: date) -> tuple[str, list[Any]]:
    """The list as a common table expression ``placed``, and its parameters in their order."""
    postgresql = is_postgresql(connection)
    day, number = ("%s::date", "%s::int") if postgresql else ("%s", "%s")
    no_day, no_number = ("NULL::date", "NULL::bigint") if postgresql else ("NULL", "NULL")
    rows = [(cycle, read_on, read_on - timedelta(days=rule.read_days_early)) for cycle, read_on in due]
    listed = f"VALUES {', '.join([f'({number}, {day}, {day})'] * len(rows))}"
    nothing = f"SELECT {number}, {day}, {day} WHERE 1 = 0"
    inactive = _INACTIVE.format(range=_range(), today=day, undecided=_UNDECIDED)
    statement = _ALL.format(
        due=listed if rows else nothing,
        held=_HELD.format(no_day=no_day, no_number=no_number),
        missing=_MISSING.format(no_day=no_day, no_number=no_number),
        inactive=inactive,
        estimates=_ESTIMATES.format(undecided=_UNDECIDED),
        orders=_ORDERS.format(no_number=no_number),
    )
    values: list[Any] = [value for row in rows for value in row] or [0, as_of, as_of]
    return statement, [*values, as_of, rule.inactive_use_kwh, rule.estimates_in_a_row]


def _range() -> str:
    """SQL for the steps of a dial until it stands at zero again."""
    cases = " ".join(f"WHEN {dials} THEN CAST({10**dials} AS bigint)" for dials in range(4, 10))
    return f"CASE meter.dials {cases} END"


def _where(filters: Filters) -> tuple[str, list[Any]]:
    parts, values = ["1 = 1"], []
    for column, sign, value in (
        ("kind", "=", filters.kind),
        ("cycle", "=", filters.cycle),
        ("route", "=", filters.route),
        ("on_day", "<=", filters.until),
    ):
        if value not in (UNFILTERED, None):
            parts.append(f"{column} {sign} %s")
            values.append(value)
    return " AND ".join(parts), values


def _row(row: tuple[Any, ...]) -> WorklistRow:
    kind, on_day, number, meter_id, serial, point_id, account_id, cycle, route, note, since_on, amount = row
    return WorklistRow(
        kind=kind,
        on=_day(on_day),
        number=number,
        meter_id=meter_id,
        serial=serial,
        service_point_id=point_id,
        account_id=account_id,
        cycle=cycle,
        route=route or "",
        route_note=note or "",
        since_on=_day(since_on) if since_on else None,
        amount=amount,
    )


def _day(value: date | str) -> date:
    return date.fromisoformat(value) if isinstance(value, str) else value
