"""What decides the next bills of many accounts, read in a fixed number of statements."""

from __future__ import annotations

import json
from datetime import date
from typing import NamedTuple

import numpy as np

from weatherhead.areas.agreements.columns import AgreementRow, agreement_rows
from weatherhead.areas.billing.columns import BillingColumns, HistoryColumns, ReadColumns, meter_text
from weatherhead.areas.billing.facts import ExceptionFacts
from weatherhead.areas.billing.queries import exceptions_by_agreement
from weatherhead.areas.metering.accuracy import EXACT
from weatherhead.areas.metering.columns import meter_rows, reads_of_points
from weatherhead.areas.metering.usage import step_wh
from weatherhead.areas.records.arrays import (
    MISSING,
    among,
    day_sql,
    fetch_columns,
    fetch_rows,
    number_sql,
    ordinal_sql,
    rows_among,
)
from weatherhead.areas.tariffs.queries import schedule_facts
from weatherhead.core.values import Int64Array


class LastBillRow(NamedTuple):
    """The latest bill of an account. `entry_id` is MISSING for one whose charges netted to nothing."""

    account_id: int
    entry_id: int
    issued: int
    number: str


def gather_columns(
    account_ids: Int64Array, *, through_on: date, billed_by: date | None = None
) -> tuple[BillingColumns, list[AgreementRow]]:
    """The agreements of some accounts (numbers ascending), by account, with all that decides their next bills.

    `billed_by`: as it was at the end of that day; bills that were issued later are left out, and what they cancelled
    still stands.
    """
    rows = agreement_rows(account_ids)
    agreement_ids = np.array([row.agreement_id for row in rows], dtype=np.int64)
    starts = np.array([row.start for row in rows], dtype=np.int64)
    codes: dict[str, int] = {}
    schedule_of = np.array([codes.setdefault(row.schedule, len(codes)) for row in rows], dtype=np.int64)
    options: dict[str, int] = {}
    options_of = np.array([options.setdefault(row.options, len(options)) for row in rows], dtype=np.int64)
    history = _history(agreement_ids, billed_by=billed_by)
    since = starts.copy()
    np.maximum.at(since, history.agreements, history.ends)
    metered = np.array([int(row.kind == "metered") for row in rows], dtype=np.int64)
    points = np.array([row.service_point_id for row in rows], dtype=np.int64)
    places = np.flatnonzero(metered)
    found = reads_of_points(
        asked=places,
        service_point_ids=points[places],
        since=since[places],
        through=through_on.toordinal(),
    )
    meters = meter_rows(np.unique(found.meter_ids))
    steps = {number: step_wh(row.multiplier) for number, row in meters.items()}
    columns = BillingColumns(
        agreement_ids=agreement_ids,
        account_ids=np.array([row.account_id for row in rows], dtype=np.int64),
        metered=metered,
        starts=starts,
        ends=np.array([row.end for row in rows], dtype=np.int64),
        schedules=tuple(schedule_facts(code) for code in codes),
        schedule_of=schedule_of,
        option_sets=tuple(json.loads(text) for text in options),
        options_of=options_of,
        history=history,
        reads=ReadColumns(
            agreements=found.asked,
            read_ids=found.read_ids,
            meter_ids=found.meter_ids,
            days=found.days,
            kinds=found.kinds,
            dial_readings=found.dial_readings,
            turns=found.turns,
            demand_w_max=found.demand_w_max,
            dials=found.dials,
            step_wh=np.array([steps[number] for number in found.meter_ids.tolist()], dtype=np.int64),
            accuracies=np.full(len(found.read_ids), EXACT, dtype=np.int64),
        ),
        meters={
            number: meter_text(serial=row.serial, multiplier=str(row.multiplier)) for number, row in meters.items()
        },
        exceptions=_exceptions(agreement_ids),
    )
    return columns, rows


STOOD_FROM = (
    "billing_billsegment AS segment JOIN billing_bill AS bill ON bill.id = segment.bill_id"
    " LEFT JOIN billing_bill AS later ON later.id = segment.cancelled_by_id"
)


def stood_sql() -> str:
    """SQL for whether a segment of `STOOD_FROM` was active at the end of a day, whose ordinal it takes twice."""
    day = ordinal_sql("%s")
    return f"bill.issued_on <= {day} AND (later.id IS NULL OR later.issued_on > {day})"


def _history(agreement_ids: Int64Array, *, billed_by: date | None) -> HistoryColumns:
    """Active segments, now or at the end of a day, and before them what another system billed."""
    days = f"{day_sql('segment.start_on')}, {day_sql('segment.end_on')}"
    figures = "segment.energy_wh, segment.amount_cents, CASE WHEN segment.estimated THEN 1 ELSE 0 END"
    asked = rows_among(agreement_ids)
    segments, active, bound = "billing_billsegment AS segment", "segment.active", []
    if billed_by is not None:
        segments, active, bound = f"({STOOD_FROM})", stood_sql(), [billed_by.toordinal()] * 2
    owners, starts, ends, energy_wh, amounts, estimated = fetch_columns(
        f"SELECT segment.agreement_id, {days}, {figures}"  # noqa: S608
        f" FROM {among('id')} JOIN {segments} ON segment.agreement_id = wanted.id"
        f" WHERE {active} UNION ALL SELECT segment.agreement_id, {days}, {figures}"
        f" FROM {among('id')} JOIN agreements_formerperiod AS segment ON segment.agreement_id = wanted.id",
        [*asked, *bound, *asked],
        width=6,
    )
    by_number = np.argsort(agreement_ids, kind="stable")
    places = by_number[np.searchsorted(agreement_ids, owners, sorter=by_number)] if len(owners) else owners
    order = np.lexsort((starts, places))
    return HistoryColumns(
        agreements=places[order],
        starts=starts[order],
        ends=ends[order],
        energy_wh=energy_wh[order],
        amounts_cents=amounts[order],
        estimated=estimated[order],
    )


def _exceptions(agreement_ids: Int64Array) -> dict[int, tuple[ExceptionFacts, ...]]:
    places = {number: place for place, number in enumerate(agreement_ids.tolist())}
    return {places[number]: items for number, items in exceptions_by_agreement(agreement_ids).items()}


def last_bills(account_ids: Int64Array) -> dict[int, LastBillRow]:
    """The latest bill of each account that has one."""
    rows = fetch_rows(
        f"SELECT bill.account_id, {number_sql('bill.entry_id')}, {day_sql('bill.issued_on')}, bill.number"  # noqa: S608
        f" FROM {among('id')} JOIN billing_bill AS bill ON bill.id = (SELECT other.id FROM billing_bill AS other"
        " WHERE other.account_id = wanted.id ORDER BY other.issued_on DESC, other.id DESC LIMIT 1)",
        rows_among(account_ids),
    )
    return {row[0]: LastBillRow(*row) for row in rows}


__all__ = ["MISSING", "STOOD_FROM", "LastBillRow", "gather_columns", "last_bills", "stood_sql"]
