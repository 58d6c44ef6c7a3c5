"""A shard of a bill run: thousands of accounts gathered, priced and composed at once. Shared by trying and issuing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import pairwise
from json.encoder import encode_basestring
from typing import NamedTuple

import numpy as np

from weatherhead.actions.billing.composing import BilledService, bill_messages
from weatherhead.actions.figures import later_than
from weatherhead.areas.agreements.columns import AgreementRow
from weatherhead.areas.billing.columns import BillingColumns
from weatherhead.areas.billing.determinants import determinants_of, judged
from weatherhead.areas.billing.gather import LastBillRow, gather_columns, last_bills
from weatherhead.areas.billing.lines import LineColumn, PricePoint, hows_of, lines_of_group
from weatherhead.areas.billing.price_many import Priced, next_periods, price_many
from weatherhead.areas.billing.refusals import NoService, NothingToBill
from weatherhead.areas.customers.columns import AccountRow, account_rows
from weatherhead.areas.customers.mailing import mail_lines
from weatherhead.areas.documents.frames import bill_frame
from weatherhead.areas.ledger.columns import (
    MovementRow,
    accounts_with,
    movements_since,
    past_due_of,
    receivable_balances,
)
from weatherhead.areas.ledger.queries import accounts_with_waiting_credit, ageing_of
from weatherhead.areas.metering.usage import READ_KINDS
from weatherhead.areas.records.arrays import MISSING
from weatherhead.areas.records.database import work_on_thousands
from weatherhead.areas.records.utility import Utility, current_utility
from weatherhead.areas.tariffs.queries import rate_book
from weatherhead.core.ledger import BACK_BILL
from weatherhead.core.statements import (
    LAYOUT,
    PERIODS_SHOWN,
    Frame,
    Installment,
    Message,
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
    waiting: Mapping[int, int] = field(default_factory=dict)  # unapplied credit
    later: Mapping[int, Sequence[Installment]] = field(default_factory=dict)  # of back-bills, due after these bills


def gather_shard(account_ids: Int64Array, *, through_on: date, as_of: date, documents: bool) -> ShardFacts:
    """Read what the next bills of some accounts depend on; with `documents`, also what only the documents say."""
    work_on_thousands()
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
        past_due_cents=past_due_of(account_ids[balances > 0], as_of=as_of),
        waiting=_waiting(account_ids),
        later=_later(account_ids[balances > 0], as_of=as_of, utility=utility),
    )


def _waiting(account_ids: Int64Array) -> dict[int, int]:
    """What waits as unapplied credit, of few accounts."""
    if not len(account_ids):
        return {}
    return accounts_with_waiting_credit(first=int(account_ids[0]), last=int(account_ids[-1]))


def _later(account_ids: Int64Array, *, as_of: date, utility: Utility) -> dict[int, tuple[Installment, ...]]:
    """The installments of few accounts that are due after the bills of a run."""
    due_on = as_of + timedelta(days=utility.billing.due_days)
    found = accounts_with(BACK_BILL, among_ids=account_ids, due_after=due_on)
    aged = ageing_of(found, as_of=as_of) if found else {}
    parts = {number: later_than(item.open_items, due_on=due_on) for number, item in aged.items()}
    return {number: items for number, items in parts.items() if items}


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
    for index, determinants in determinants_of(columns, priced=priced, bounds=bounds, indexes=holding.tolist()).items():
        start, end = (date.fromordinal(int(day[index])) for day in (priced.periods.starts, priced.periods.ends))
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
                hows_of(column.only(keep), schedule=schedule.schedule, usages=group.rated.usages),
            )


# ----------------------------------------------------------------------------------------------------------- documents
def charge_texts(facts: ShardFacts, *, pricing: ShardPricing) -> tuple[list[LineColumn], list[str]]:
    """The lines of all billed agreements, and those of each as JSON, one after the other."""
    lines: list[LineColumn] = []
    alike: list[tuple[Int64Array, list[list[str]]]] = []  # columns that follow each other and have the same members
    for item, texts in line_columns(facts, pricing=pricing):
        lines.append(item)
        begun = f"[{caption_text(facts.frame, price=item.price)},"
        cents = item.amounts_cents.tolist()
        told = [f"{begun}{quoted(how)},{amount_cents}]" for how, amount_cents in zip(texts, cents, strict=True)]
        if alike and np.array_equal(alike[-1][0], item.members):
            alike[-1][1].append(told)
        else:
            alike.append((item.members, [told]))
    charges: list[list[str]] = [[] for _ in pricing.billed]
    for members, columns in alike:
        for place, row in zip(members.tolist(), zip(*columns, strict=True), strict=True):
            charges[place] += row
    return lines, [",".join(texts) for texts in charges]


class payloads_of:  # noqa: N801 - used as a function
    """`payloads_of(facts, …)(bill)` is the canonical payload of one bill of the shard, around its number."""

    def __init__(
        self,
        facts: ShardFacts,
        *,
        pricing: ShardPricing,
        charges: Sequence[str],
        kinds: Sequence[str],
        due_on: date,
    ) -> None:
        """`charges` are the lines of each billed agreement as JSON (`charge_texts`); `kinds` the kind of each bill."""
        self._facts, self._charges, self._kinds = facts, charges, kinds
        self._constant = (
            f'"due_on":"{due_on.isoformat()}","frame_sha256":"{facts.frame.sha256}",'
            f'"issued_on":"{facts.as_of.isoformat()}"'
        )
        columns, priced = facts.columns, pricing.priced
        self._services_of: list[list[int]] = [[] for _ in pricing.bill_accounts]
        for place, bill in enumerate(pricing.bill_of.tolist()):
            self._services_of[bill].append(place)
        self._billed = pricing.billed.tolist()
        self._accounts = [facts.accounts[place] for place in np.searchsorted(facts.account_ids, pricing.bill_accounts)]
        self._balances = facts.balances[np.searchsorted(facts.account_ids, pricing.bill_accounts)].tolist()
        self._day = _DayTexts()
        self._charged = priced.total_cents[pricing.billed].tolist()
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
        self._meters = columns.meters
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

    def __call__(self, bill: int) -> tuple[str, str]:
        """The canonical JSON text of a bill's payload, before and after the number that it is given at issue.

        What `payload_text(numbered(bill_payload(statement), number))` says of one account, written by hand, because a
        run makes thousands a second; tests hold the two to each other.
        """
        facts, account = self._facts, self._accounts[bill]
        places = self._services_of[bill]
        last = facts.last.get(account.account_id)
        moved, balance = self._moved(account.account_id, balance=self._balances[bill], last=last)
        uses, year_cents, compared = self._uses_text(bill)
        charges = sum(self._charged[place] for place in places)
        movements = ",".join([f"[{self._day[item[0]]},{item[1]},{quoted(item[2])}]" for item in moved])
        last_bill = f"[{quoted(last.number)},{self._day[last.issued]}]" if last else "null"
        kind = self._kinds[bill]
        mail = ",".join(map(quoted, mail_lines(account)))
        later = facts.later.get(account.account_id, ())
        later_cents = sum(item.amount_cents for item in later)
        due_cents = balance + charges - later_cents
        messages = self._messages(bill, kind=kind, due_cents=due_cents, charges=charges, year_cents=year_cents)
        before = (
            f'{{"account":{{"mail":[{mail}],"name":{quoted(account.customer_name)},'
            f'"number":"{account.number}"}},"amount_due_cents":{due_cents},'
            f'"balance_before_cents":{balance},'
            f'"cancelled":null,"charges_cents":{charges},"compared":{"true" if compared else "false"},'
            f'{self._constant},"kind":"{kind}","last_balance_cents":{balance - sum(item[1] for item in moved)},'
            f'"last_bill":{last_bill},{_later_text(later, day=self._day)}"layout":{LAYOUT},'
            f'"messages":{messages},"movements":[{movements}],'
            '"number":"'
        )
        after = f'","segments":[{",".join(map(self._service, places))}],"uses":[{uses}]}}'
        return before, after

    def _messages(self, bill: int, *, kind: str, due_cents: int, charges: int, year_cents: Sequence[int]) -> str:
        account = self._accounts[bill]
        places = self._services_of[bill]
        told = bill_messages(
            kind=kind,
            # Messages tell only of services that end or were estimated.
            services=[
                self._billed_service(place)
                for place in places
                if kind == "final" or self._estimated[self._billed[place]]
            ],
            year_cents=year_cents,
            charges_cents=charges,
            due_cents=due_cents,
            past_due_cents=self._facts.past_due_cents.get(account.account_id, 0),
            waits_cents=self._facts.waiting.get(account.account_id, 0),
            cancelled=None,
            first=account.account_id not in self._facts.last,
        )
        return f"[{','.join([_message_text(item) for item in told])}]"

    def _billed_service(self, place: int) -> BilledService:
        index = self._billed[place]
        end_on = date.fromordinal(self._ends[index])
        return BilledService(end_on, self._estimated[index], self._last_serial(index))

    def _last_serial(self, index: int) -> str:
        last = self._to[index] - 1
        return self._meters[self._reads[last][0]].serial if last >= self._from[index] else ""

    def _service(self, place: int) -> str:
        index = self._billed[place]
        row = self._facts.agreements[index]
        demand = self._demand[index]
        return (
            f'{{"address":{quoted(row.address)},"agreement":{row.agreement_id},"amount_cents":{self._charged[place]},'
            f'"demand_w_max":{"null" if demand == MISSING else demand},"end_on":{self._day[self._ends[index]]},'
            f'"energy_wh":{self._energy[index]},"estimated":{"true" if self._estimated[index] else "false"},'
            f'"lines":[{self._charges[place]}],"reads":[{self._meter_uses(index)}],'
            f'"schedule":{quoted(row.schedule)},"start_on":{self._day[self._starts[index]]}}}'
        )

    def _meter_uses(self, index: int) -> str:
        told: list[str] = []
        for one, two in pairwise(self._reads[self._from[index] : self._to[index]]):
            if one[0] != two[0] or one[1] == two[1]:
                continue
            meter = self._meters[one[0]]
            used = (two[3] - one[3] + (two[4] - one[4]) * 10 ** two[5]) * two[6]
            told.append(
                f'[{meter.serial_json},{self._day[one[1]]},"{READ_KINDS[one[2]]}",{one[3]},{self._day[two[1]]},'
                f'"{READ_KINDS[two[2]]}",{two[3]},{meter.multiplier_json},{used}]'
            )
        return ",".join(told)

    def _uses_text(self, bill: int) -> tuple[str, list[int], bool]:
        """Earlier periods and this bill's as the last, as JSON; what the earlier cost; and whether they compare."""
        places, day = [self._billed[place] for place in self._services_of[bill]], self._day
        rows = self._history[self._history_from[bill] : self._history_to[bill]]
        if len(places) == 1:
            [index] = places
            start, end, cents = self._starts[index], self._ends[index], self._charged_of(bill)
            this = f"[{day[end]},{end - start},{self._energy[index]},{int(self._estimated[index])},{cents}]"
            if not rows:
                return this, [], False
            # Rows come by agreement, then in order: the first and the last tell of those between.
            if rows[0][5] == rows[-1][5] and rows[-1][0] <= start:
                told = [
                    f"[{day[ends]},{ends - starts},{energy},{estimated},{cents}]"
                    for ends, starts, energy, estimated, cents, _ in rows[-(PERIODS_SHOWN - 1) :]
                ]
                return f"{','.join(told)},{this}", [row[4] for row in rows], rows[0][5] == index
        return self._uses_text_of_several(places, rows=rows, charges=self._charged_of(bill))

    def _charged_of(self, bill: int) -> int:
        return sum([self._charged[place] for place in self._services_of[bill]])

    def _uses_text_of_several(
        self, places: Sequence[int], *, rows: Sequence[tuple[int, ...]], charges: int
    ) -> tuple[str, list[int], bool]:
        start, end = min(self._starts[index] for index in places), max(self._ends[index] for index in places)
        history, compared = _uses_before(rows, starts=start, places=places)
        energy = sum(self._energy[index] for index in places)
        this = (end, end - start, energy, int(any(self._estimated[index] for index in places)), charges)
        shown = (*history[-(PERIODS_SHOWN - 1) :], this)
        text = ",".join([f"[{self._day[row[0]]},{row[1]},{row[2]},{row[3]},{row[4]}]" for row in shown])
        return text, [row[4] for row in history], compared

    def _moved(self, account_id: int, *, balance: int, last: LastBillRow | None) -> tuple[list[_MovedRow], int]:
        """What moved the balance since the last bill's entry, and the balance. What comes later is not counted yet."""
        rows = self._facts.movements.get(account_id)
        if not rows:
            return [], balance
        today = self._facts.as_of.toordinal()
        moved: list[_MovedRow] = []
        for row in rows:
            if row.day > today:
                balance -= row.amount_cents
            elif last is None or last.entry_id != MISSING or row.day > last.issued:
                moved.append((row.day, row.amount_cents, row.charge))
        return moved, balance


def _uses_before(rows: Sequence[tuple[int, ...]], *, starts: int, places: Sequence[int]) -> tuple[list[_UseRow], bool]:
    """As `composing.uses_before`: earlier periods, oldest first, those that end together as one."""
    by_end: dict[int, list[tuple[int, ...]]] = {}
    for row in sorted(rows):
        if row[0] <= starts:
            by_end.setdefault(row[0], []).append(row)
    if not by_end:
        return [], False
    uses = [
        (
            end,
            end - min(row[1] for row in items),
            sum(row[2] for row in items),
            int(any(row[3] for row in items)),
            sum(row[4] for row in items),
        )
        for end, items in by_end.items()
    ]
    return uses, {row[5] for row in by_end[max(by_end)]} == set(places)


def _later_text(later: Sequence[Installment], *, day: Mapping[int, str]) -> str:
    """Installments as canonical JSON with their key; few bills have any. It stands between last_bill and layout."""
    if not later:
        return ""
    rows = ",".join([f"[{day[item.due_on.toordinal()]},{item.amount_cents}]" for item in later])
    return f'"later":[{rows}],'


def _message_text(message: Message) -> str:
    """A message as canonical JSON."""
    params = ",".join(
        [
            f'"{name}":{quoted(value) if isinstance(value, str) else value}'
            for name, value in sorted(message.params.items())
        ]
    )
    return f'["{message.code}",{{{params}}}]'


_MovedRow = tuple[int, int, str]
"""Day (ordinal), cents, charge."""

_UseRow = tuple[int, int, int, int, int]
"""End (ordinal), days, Wh, estimated (0 or 1), cents."""


quoted = encode_basestring
"""A text as canonical JSON: `quoted(text)`. The very function, because a bill asks it a dozen times."""


class _DayTexts(dict[int, str]):
    """Days, by ordinal, as JSON texts."""

    def __missing__(self, ordinal: int) -> str:
        text = self[ordinal] = f'"{date.fromordinal(ordinal).isoformat()}"'
        return text


def caption_text(frame: Frame, *, price: PricePoint) -> str:
    """How a line of a payload names its caption: by its place in the frame, or in full."""
    key = (price.code, price.label, str(price.content["clause"]))
    place = frame.captions.get(key)
    return payload_text(list(key)) if place is None else str(place)


def due_on_of(facts: ShardFacts) -> date:
    """When the shard's bills are due."""
    return facts.as_of + timedelta(days=facts.utility.billing.due_days)
