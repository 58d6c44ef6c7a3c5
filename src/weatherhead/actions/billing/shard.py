"""A shard of a bill run: thousands of accounts gathered, priced and composed at once. Shared by trying and issuing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import partial
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from weatherhead.actions.billing.composing import BilledService, bill_messages, mail_lines
from weatherhead.areas.agreements.columns import AgreementRow
from weatherhead.areas.billing.columns import BillingColumns
from weatherhead.areas.billing.determinants import determinants_of, judged
from weatherhead.areas.billing.gather import LastBillRow, gather_columns, last_bills
from weatherhead.areas.billing.lines import LineColumn, lines_of_group
from weatherhead.areas.billing.price_many import Priced, next_periods, price_many
from weatherhead.areas.billing.refusals import NoService, NothingToBill
from weatherhead.areas.customers.columns import AccountRow, account_rows
from weatherhead.areas.documents.frames import bill_frame
from weatherhead.areas.ledger.columns import MovementRow, movements_since, receivable_balances
from weatherhead.areas.ledger.queries import movements_of
from weatherhead.areas.metering.usage import READ_KINDS
from weatherhead.areas.records.arrays import MISSING
from weatherhead.areas.records.utility import Utility, current_utility
from weatherhead.areas.tariffs.queries import rate_book
from weatherhead.core.ledger import age
from weatherhead.core.rating import Column, Schedule, UsageArrays, line_of
from weatherhead.core.statements import (
    ChargeLine,
    Frame,
    LastBill,
    MeterUse,
    Movement,
    ServiceFacts,
    StatementFacts,
    Use,
    bill_payload,
    charge_line,
    how_texts,
    numbered,
    payload_text,
)
from weatherhead.core.values import Int64Array, Refusal, Sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class ShardFacts:
    """Everything that a shard's bills depend on. Account numbers ascend; rows of agreements follow `columns`."""

    account_ids: Int64Array
    columns: BillingColumns
    agreements: Sequence[AgreementRow]
    utility: Utility
    frame: Frame
    through_on: date
    as_of: date
    # Only what is issued needs these.
    accounts: Sequence[AccountRow] = ()
    last: Mapping[int, LastBillRow] = field(default_factory=dict)
    balances: Int64Array = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    movements: Mapping[int, Sequence[MovementRow]] = field(default_factory=dict)
    past_due_cents: Mapping[int, int] = field(default_factory=dict)


def gather_shard(account_ids: Int64Array, *, through_on: date, as_of: date, documents: bool) -> ShardFacts:
    """Read what the next bills of some accounts depend on; with `documents`, also what only the documents say."""
    utility = current_utility()
    columns, agreements = gather_columns(account_ids, through_on=through_on)
    frame = bill_frame(utility, rate_book=rate_book())
    facts = ShardFacts(
        account_ids=account_ids,
        columns=columns,
        agreements=agreements,
        utility=utility,
        frame=frame,
        through_on=through_on,
        as_of=as_of,
    )
    if not documents:
        return facts
    last = last_bills(account_ids)
    balances = receivable_balances(account_ids)
    entries = [max(last[number].entry_id, 0) if number in last else 0 for number in account_ids.tolist()]
    moved: dict[int, list[MovementRow]] = {}
    for row in movements_since(account_ids=account_ids, entry_ids=np.array(entries, dtype=np.int64)):
        moved.setdefault(row.account_id, []).append(row)
    owing = account_ids[balances > 0].tolist()
    return ShardFacts(
        account_ids=account_ids,
        columns=columns,
        agreements=agreements,
        utility=utility,
        frame=frame,
        through_on=through_on,
        as_of=as_of,
        accounts=account_rows(account_ids),
        last=last,
        balances=balances,
        movements=moved,
        past_due_cents={
            number: age(movements, as_of=as_of).past_due_cents for number, movements in movements_of(owing).items()
        },
    )


# ------------------------------------------------------------------------------------------------------------- pricing
class HeldPeriod(NamedTuple):
    """A check that holds an agreement's period back."""

    account_id: int
    agreement_id: int
    start_on: date
    end_on: date
    code: str
    text: Sentence


class RefusedAccount(NamedTuple):
    """An account that cannot be billed, and why."""

    account_id: int
    refusal: Refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class ShardPricing:
    """What would be billed: `billed` are the agreements on bills, by account; `bill_of` tells the bill of each."""

    priced: Priced
    billed: Int64Array
    bill_of: Int64Array
    bill_accounts: Int64Array  # account numbers, one a bill
    held: tuple[HeldPeriod, ...]
    refused: tuple[RefusedAccount, ...]
    nothing: int


def price_shard(facts: ShardFacts) -> ShardPricing:
    """Price every agreement, and decide account by account: billed, held, refused, or nothing to bill.

    As on one account: whatever is wrong with one of its services stops the account's bill, except that a service
    without anything to bill waits for the next.
    """
    columns = facts.columns
    bounds = facts.utility.billing.bounds
    priced = price_many(columns, periods=next_periods(columns, through_on=facts.through_on), bounds=bounds)
    account_of = np.searchsorted(facts.account_ids, columns.account_ids)
    count = len(facts.account_ids)
    refused: dict[int, Refusal] = {}
    waiting = np.zeros(columns.count, dtype=np.bool_)
    for index in sorted(priced.refused):
        refusal = priced.refused[index]
        if isinstance(refusal, NothingToBill):
            waiting[index] = True
        else:
            refused.setdefault(int(account_of[index]), refusal)
    served = np.zeros(count, dtype=np.bool_)
    served[account_of] = True
    for place in np.flatnonzero(~served).tolist():
        refused[place] = NoService(number=str(facts.account_ids[place]))
    stopped = np.zeros(count, dtype=np.bool_)
    stopped[list(refused)] = True
    holding = priced.held & ~waiting & ~stopped[account_of]
    stopped[account_of[holding]] = True
    billed = np.flatnonzero(~waiting & ~stopped[account_of])
    bill_accounts, bill_of = np.unique(columns.account_ids[billed], return_inverse=True)
    return ShardPricing(
        priced=priced,
        billed=billed,
        bill_of=bill_of.reshape(-1).astype(np.int64),
        bill_accounts=bill_accounts,
        held=tuple(_held(facts, priced=priced, holding=np.flatnonzero(holding))),
        refused=tuple(
            RefusedAccount(int(facts.account_ids[place]), refusal) for place, refusal in sorted(refused.items())
        ),
        nothing=count - len(refused) - len(bill_accounts) - len(np.unique(account_of[holding])),
    )


def _held(facts: ShardFacts, *, priced: Priced, holding: Int64Array) -> Iterator[HeldPeriod]:
    columns, bounds = facts.columns, facts.utility.billing.bounds
    for index in holding.tolist():
        start, end = (date.fromordinal(int(day[index])) for day in (priced.periods.starts, priced.periods.ends))
        determinants = determinants_of(columns, priced=priced, index=index, bounds=bounds)
        days, cents = (end - start).days, int(priced.total_cents[index])
        for item in judged(determinants, days=days, amount_cents=cents):
            if not item.passed and item.code not in determinants["released"]:
                yield HeldPeriod(
                    int(columns.account_ids[index]),
                    int(columns.agreement_ids[index]),
                    start,
                    end,
                    item.code,
                    item.text,
                )


def line_columns(facts: ShardFacts, *, pricing: ShardPricing) -> Iterator[tuple[LineColumn, list[str]]]:
    """The lines of all billed agreements, with the short arithmetic of each. Members are places in `pricing.billed`."""
    place_of = np.full(facts.columns.count, -1, dtype=np.int64)
    place_of[pricing.billed] = np.arange(len(pricing.billed), dtype=np.int64)
    for group in pricing.priced.groups:
        schedule = facts.columns.schedules[int(facts.columns.schedule_of[group.members[0]])]
        for column, item in zip(group.rated.columns, lines_of_group(group, facts=schedule), strict=True):
            members = place_of[item.members]
            keep = members >= 0
            if not keep.any():
                continue
            kept = column.only(keep)

            yield (
                LineColumn(
                    price=item.price,
                    members=members[keep],
                    starts=item.starts[keep],
                    ends=item.ends[keep],
                    quantities=item.quantities[keep],
                    numerators=item.numerators[keep],
                    denominators=item.denominators[keep],
                    amounts_cents=item.amounts_cents[keep],
                ),
                how_texts(kept, of_line=partial(_how, kept, schedule.schedule, group.rated.usages)),
            )


def _how(column: Column, schedule: Schedule, usages: UsageArrays, position: int, /) -> str:
    """The short arithmetic of one line, from its proof; it does not depend on the lines above."""
    return charge_line(line_of(column, position=position, schedule=schedule, usages=usages, above=())).how


# ----------------------------------------------------------------------------------------------------------- documents
class payloads_of:  # noqa: N801 - used as a function
    """`payloads_of(facts, …)(bill, number)` is the canonical payload of one bill of the shard."""

    def __init__(
        self,
        facts: ShardFacts,
        *,
        pricing: ShardPricing,
        charges: Sequence[Sequence[ChargeLine]],
        kinds: Sequence[str],
        due_on: date,
    ) -> None:
        """`charges` are the lines of each billed agreement; `kinds` the kind of each bill."""
        self._facts, self._charges, self._kinds, self._due_on = facts, charges, kinds, due_on
        columns, priced = facts.columns, pricing.priced
        self._services_of: list[list[int]] = [[] for _ in pricing.bill_accounts]
        for place, bill in enumerate(pricing.bill_of.tolist()):
            self._services_of[bill].append(place)
        self._billed = pricing.billed.tolist()
        self._accounts = [facts.accounts[place] for place in np.searchsorted(facts.account_ids, pricing.bill_accounts)]
        self._balances = facts.balances[np.searchsorted(facts.account_ids, pricing.bill_accounts)].tolist()
        self._days: dict[int, date] = {}
        self._starts, self._ends = priced.periods.starts.tolist(), priced.periods.ends.tolist()
        self._energy, self._demand = priced.energy_wh.tolist(), priced.demand_w_max.tolist()
        self._estimated = priced.estimated.tolist()
        self._from, self._to = priced.reads_from.tolist(), priced.reads_to.tolist()
        reads = columns.reads
        self._reads = list(
            zip(
                reads.meter_ids.tolist(), reads.days.tolist(), reads.kinds.tolist(), reads.dial_readings.tolist(),
                reads.turns.tolist(), reads.dials.tolist(), reads.step_wh.tolist(), strict=True,
            )
        )  # fmt: skip
        self._serials = {number: row.serial for number, row in columns.meters.items()}
        self._multipliers = {number: row.multiplier for number, row in columns.meters.items()}
        self._history_rows(columns)

    def _history_rows(self, columns: BillingColumns) -> None:
        """Where each account's earlier segments begin and end: rows by agreement, agreements by account."""
        history = columns.history
        owners = columns.account_ids[history.agreements]
        accounts = np.array([row.account_id for row in self._accounts], dtype=np.int64)
        self._history_from = np.searchsorted(owners, accounts, side="left").tolist()
        self._history_to = np.searchsorted(owners, accounts, side="right").tolist()
        self._history = list(
            zip(
                history.ends.tolist(), history.starts.tolist(), history.energy_wh.tolist(),
                history.estimated.tolist(), history.amounts_cents.tolist(), history.agreements.tolist(), strict=True,
            )
        )  # fmt: skip

    def __call__(self, bill: int, number: str) -> str:
        """The canonical JSON text of a bill's payload."""
        return payload_text(numbered(bill_payload(self.statement(bill), frame=self._facts.frame), number=number))

    def statement(self, bill: int) -> StatementFacts:
        """What the document of a bill says."""
        facts, account = self._facts, self._accounts[bill]
        places = self._services_of[bill]
        services = [self._service(place) for place in places]
        last = facts.last.get(account.account_id)
        moved, balance = self._moved(account.account_id, balance=self._balances[bill], last=last)
        history, compared = self._uses(bill)
        charges = sum(line.amount_cents for item in services for line in item.lines)
        kind = self._kinds[bill]
        return StatementFacts(
            kind=kind,
            issued_on=facts.as_of,
            due_on=self._due_on,
            account_number=account.number,
            customer_name=account.customer_name,
            mail=mail_lines(account),
            last=LastBill(last.number, self._day(last.issued)) if last else None,
            movements=moved,
            balance_cents=balance,
            cancelled=None,
            services=services,
            history=history,
            compared=compared,
            messages=bill_messages(
                kind=kind,
                services=[
                    BilledService(item.end_on, item.estimated, self._last_serial(self._billed[place]))
                    for place, item in zip(places, services, strict=True)
                ],
                history=history,
                charges_cents=charges,
                due_cents=balance + charges,
                past_due_cents=facts.past_due_cents.get(account.account_id, 0),
                cancelled=None,
                first=last is None,
            ),
        )

    def _day(self, ordinal: int) -> date:
        found = self._days.get(ordinal)
        if found is None:
            found = self._days[ordinal] = date.fromordinal(ordinal)
        return found

    def _last_serial(self, index: int) -> str:
        last = self._to[index] - 1
        return self._serials[self._reads[last][0]] if last >= self._from[index] else ""

    def _service(self, place: int) -> ServiceFacts:
        index = self._billed[place]
        row = self._facts.agreements[index]
        demand = self._demand[index]
        return ServiceFacts(
            agreement_id=row.agreement_id,
            schedule=row.schedule,
            start_on=self._day(self._starts[index]),
            end_on=self._day(self._ends[index]),
            address=row.address,
            energy_wh=self._energy[index],
            demand_w_max=None if demand == MISSING else demand,
            estimated=self._estimated[index],
            reads=self._meter_uses(index),
            lines=self._charges[place],
        )

    def _meter_uses(self, index: int) -> list[MeterUse]:
        return [
            MeterUse(
                self._serials[meter],
                self._day(day),
                READ_KINDS[kind],
                reading,
                self._day(end),
                READ_KINDS[end_kind],
                end_reading,
                self._multipliers[meter],
                (end_reading - reading + (end_turns - turns) * 10**dials) * step,
            )
            for (meter, day, kind, reading, turns, _, _), (
                end_meter, end, end_kind, end_reading, end_turns, dials, step,
            ) in pairwise(self._reads[self._from[index] : self._to[index]])
            if meter == end_meter and day != end
        ]  # fmt: skip

    def _moved(self, account_id: int, *, balance: int, last: LastBillRow | None) -> tuple[list[Movement], int]:
        """What moved the balance since the last bill's entry, and the balance. What comes later is not counted yet."""
        rows = self._facts.movements.get(account_id)
        if not rows:
            return [], balance
        today = self._facts.as_of.toordinal()
        moved: list[Movement] = []
        for row in rows:
            if row.day > today:
                balance -= row.amount_cents
            elif last is None or last.entry_id != MISSING or row.day > last.issued:
                moved.append(Movement(self._day(row.day), row.amount_cents, row.charge))
        return moved, balance

    def _uses(self, bill: int) -> tuple[list[Use], bool]:
        """As `composing.uses_before`: earlier periods, oldest first, those that end together as one."""
        places = self._services_of[bill]
        starts = min(self._starts[self._billed[place]] for place in places)
        rows = [row for row in self._history[self._history_from[bill] : self._history_to[bill]] if row[0] <= starts]
        if not rows:
            return [], False
        rows.sort()
        by_end: dict[int, list[tuple[int, ...]]] = {}
        for row in rows:
            by_end.setdefault(row[0], []).append(row)
        uses = [
            Use(
                self._day(end),
                end - min(row[1] for row in items),
                sum(row[2] for row in items),
                any(row[3] for row in items),
                sum(row[4] for row in items),
            )
            for end, items in by_end.items()
        ]
        before = {row[5] for row in by_end[rows[-1][0]]}
        return uses, before == {self._billed[place] for place in places}


def due_on_of(facts: ShardFacts) -> date:
    """When the shard's bills are due."""
    return facts.as_of + timedelta(days=facts.utility.billing.due_days)
