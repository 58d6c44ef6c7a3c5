"""Post a shard of a payment file: thousands of payments, what waits in suspense, and the done-marker in one commit."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from weatherhead.actions.figures import standings_of
from weatherhead.actions.inputs import Number
from weatherhead.actions.payments.moving import effective_on
from weatherhead.actions.payments.receiving import (
    Directed,
    Known,
    application_rule,
    known_payments,
    payment_entry,
)
from weatherhead.areas.credit.write_offs import write_offs_of
from weatherhead.areas.customers.queries import accounts_numbered
from weatherhead.areas.ledger.books import first_open_on
from weatherhead.areas.ledger.queries import balance_of
from weatherhead.areas.payments.file_queries import ItemColumns, ShardFacts, payment_file_shard, references_known
from weatherhead.areas.payments.files.judging import number_written, why_not_known
from weatherhead.areas.payments.files.sources import Source, payment_source
from weatherhead.areas.payments.operations.files import (
    PartColumns,
    ShardPlan,
    ShardPostedAlready,
    SuspendedColumns,
    TenderColumns,
    record_shard,
)
from weatherhead.areas.payments.queries import Likeness, kind_known, likeness
from weatherhead.areas.payments.rules import application_rules, direction_of
from weatherhead.areas.records.arrays import MISSING
from weatherhead.areas.records.csv_records import printable
from weatherhead.areas.records.database import work_on_thousands
from weatherhead.areas.records.utility import AccountNumberFormat, Utility, current_utility
from weatherhead.core.ledger import EntryDraft
from weatherhead.core.values import Change, Int64Array, Rule, Sentence, Unit, format_cents, gettext_noop
from weatherhead.door.authority import ties_among
from weatherhead.door.context import Actor, Moment
from weatherhead.door.proposal import Proposal
from weatherhead.door.registry import Action, Recording, registry

AGENCY_RETURN_DAYS = 5
"""Working days within which an agency's money that is not accepted goes back (docs/payment-files.md)."""

_ACCOUNT_TEXT_MAX = 120
_THOUSANDS = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """The shard."""

    shard_id: Number


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The shard, whose the accounts are that it names, what came before, the rule of what money settles, and the first
    day of the books that is open (None where all are).
    """

    shard: ShardFacts
    source: Source
    rule: Rule
    numbers: tuple[str, ...]  # by item, as far as a number of ours is written there
    accounts: Mapping[str, tuple[int, bool]]
    owed_by_closed: Mapping[int, int]
    tied: frozenset[int]
    known: frozenset[str]
    like: Known  # payments of late, however they came
    directed: Directed
    first_open_on: date | None
    utility: Utility
    as_of: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The shard as columns."""

    shard: ShardPlan
    as_of: date

    @property
    def substance(self) -> str:
        """A hash of what is posted where, and of what is not."""
        told = hashlib.sha256()
        of = self.shard
        for column in (of.posted.account_ids, of.posted.amounts_cents, of.suspended.parts.amounts_cents):
            told.update(np.ascontiguousarray(column).tobytes())
        told.update(repr((of.shard_id, of.tenders.references, of.suspended.whys, of.known, of.directed)).encode())
        return told.hexdigest()


def locks(inputs: Inputs) -> tuple[int, ...]:
    """Every account that the shard names."""
    found = payment_file_shard(inputs.shard_id)
    accounts = accounts_numbered({number for number in _numbers(found.items, form=_form()) if number})
    return tuple(sorted(account_id for account_id, _ in accounts.values()))


def _form() -> AccountNumberFormat:
    return current_utility().account_number


def _numbers(items: ItemColumns, *, form: AccountNumberFormat) -> tuple[str, ...]:
    return tuple(number_written(text, form=form) for text in items.accounts)


def gather(inputs: Inputs, moment: Moment, actor: Actor) -> Facts:
    """Read the shard, and whose the accounts are."""
    shard = payment_file_shard(inputs.shard_id)
    if len(shard.items.accounts) >= _THOUSANDS:
        work_on_thousands()
    source, rule = payment_source(shard.source)
    numbers = _numbers(shard.items, form=_form())
    accounts = accounts_numbered({number for number in numbers if number})
    closed = [account_id for account_id, is_closed in accounts.values() if is_closed]
    rules = application_rules()
    days = {date.fromordinal(day) for day in np.unique(shard.items.days).tolist()}
    plain = all(direction_of(rules, tender=source.tender, on=day).is_plain for day in days)
    paid = [] if plain else sorted({account_id for account_id, _ in accounts.values()})
    return Facts(
        shard=shard,
        source=source,
        rule=rule,
        numbers=numbers,
        accounts=accounts,
        owed_by_closed=_owed(closed),
        tied=frozenset(ties_among(actor, account_ids=sorted(account_id for account_id, _ in accounts.values()))),
        like=known_payments((account_id for account_id, _ in accounts.values()), as_of=moment.as_of),
        known=references_known(set(shard.items.references), source=shard.source),
        directed=Directed(rules=rules, standings=standings_of(paid)),
        first_open_on=first_open_on(),
        utility=current_utility(),
        as_of=moment.as_of,
    )


def _owed(account_ids: Sequence[int]) -> Mapping[int, int]:
    """What accounts owe, with what of it was written off: who pays that still pays a debt."""
    if not account_ids:
        return {}
    given_up = write_offs_of(account_ids)
    return {
        account_id: cents + sum(item.left_cents for item in given_up.get(account_id, ()))
        for account_id, cents in balance_of(account_ids).items()
    }


def propose(facts: Facts, inputs: Inputs) -> Proposal[Plan]:
    """Post each item to the account that it names, or put it into suspense, saying why; leave out what came before.

    Raises:
        ShardPostedAlready: it was.
    """
    if facts.shard.done:
        raise ShardPostedAlready(shard=facts.shard.number)
    shard = _shard_plan(facts)
    posted, suspended = shard.posted.amounts_cents, shard.suspended.parts.amounts_cents
    said = {
        "shard": facts.shard.number,
        "file": facts.shard.file_id,
        "posted": f"{len(posted):,}",
        "amount": format_cents(int(posted.sum())),
        "suspended": f"{len(suspended):,}",
    }
    tenders = len(shard.tenders.references)
    counts = {
        "payments_paymentevent": tenders,
        "payments_tender": tenders,
        "payments_importeditem": tenders,
        "payments_payment": len(posted),
        "payments_suspenseitem": len(suspended),
    }
    return Proposal(
        summary=Sentence(
            gettext_noop(
                "Shard %(shard)s of payment file %(file)s: %(posted)s payments of $%(amount)s posted, %(suspended)s in "
                "suspense"
            ),
            said,
        ),
        confirm=Sentence(gettext_noop("Post the shard")),
        plan=Plan(shard=shard, as_of=facts.as_of),
        creates={table: count for table, count in counts.items() if count},
        updates={"payments_paymentfileshard": 1},
        changes=_changes(shard),
        rules=(
            facts.rule,
            application_rule(facts.directed.rules, tenders=[facts.source.tender], on=facts.as_of),
        ),
    )


def _shard_plan(facts: Facts) -> ShardPlan:
    items = facts.shard.items
    known = np.fromiter((reference in facts.known for reference in items.references), dtype=bool)
    first = (items.parts == 0) & ~known
    firsts = np.flatnonzero(first)
    tender_of = np.cumsum(first) - 1
    amounts = np.zeros(len(firsts), dtype=np.int64)
    np.add.at(amounts, tender_of[~known], items.cents[~known])
    account_ids, whys = _accounts(facts)
    _leave_out_like(facts, amounts=amounts, tender_of=tender_of, account_ids=account_ids, whys=whys)
    posted = np.flatnonzero(~known & (account_ids != MISSING))
    suspended = np.flatnonzero(~known & (account_ids == MISSING))
    return ShardPlan(
        shard_id=facts.shard.shard_id,
        number=facts.shard.number,
        file_id=facts.shard.file_id,
        source=facts.shard.source,
        tender=facts.source.tender,
        debits=facts.source.debits,
        tenders=TenderColumns(
            references=_picked(items.references, firsts),
            amounts_cents=amounts,
            days=items.days[firsts],
            check_numbers=_picked(items.check_numbers, firsts),
            payers=_picked(items.payers, firsts),
            lines=items.lines[firsts],
            bank_marks=_picked(items.bank_marks, firsts),
        ),
        posted=PartColumns(
            tenders=tender_of[posted], amounts_cents=items.cents[posted], account_ids=account_ids[posted]
        ),
        suspended=SuspendedColumns(
            parts=PartColumns(
                tenders=tender_of[suspended],
                amounts_cents=items.cents[suspended],
                account_ids=np.zeros(0, dtype=np.int64),
            ),
            lines=items.lines[suspended],
            whys=_picked(whys, suspended),
            account_texts=[printable(text)[:_ACCOUNT_TEXT_MAX] for text in _picked(items.accounts, suspended)],
            return_by=_return_by(facts, items.days[suspended]),
        ),
        directed=_directed(facts, places=posted, account_ids=account_ids),
        first_open_on=facts.first_open_on.toordinal() if facts.first_open_on else MISSING,
        known=int(known.sum()),
        known_cents=int(items.cents[known].sum()),
    )


def _directed(facts: Facts, *, places: Int64Array, account_ids: Int64Array) -> tuple[EntryDraft, ...]:
    """The entries of some items where a rule says what their money settles; none where it is the oldest due charge."""
    if not facts.directed.standings:
        return ()
    found: dict[int, list[EntryDraft]] = {}
    entries: list[EntryDraft] = []
    for place in places.tolist():
        account_id, cents = int(account_ids[place]), int(facts.shard.items.cents[place])
        paid_on = date.fromordinal(int(facts.shard.items.days[place]))
        before = found.setdefault(account_id, [])
        shares = facts.directed.shares(
            account_id=account_id,
            amount_cents=cents,
            tender=facts.source.tender,
            paid_on=paid_on,
            as_of=facts.as_of,
            before=before,
        )
        entry = payment_entry(
            account_id=account_id,
            amount_cents=cents,
            tender=facts.source.tender,
            paid_on=effective_on(paid_on, first_open_on=facts.first_open_on),
            shares=shares,
        )
        before.append(entry)
        entries.append(entry)
    return tuple(entries)


def _accounts(facts: Facts) -> tuple[Int64Array, list[str]]:
    """The account of each item, MISSING where there is none to post to, and why not."""
    form = facts.utility.account_number
    account_ids = np.full(len(facts.numbers), MISSING, dtype=np.int64)
    whys = [""] * len(facts.numbers)
    for place, number in enumerate(facts.numbers):
        account_id, is_closed = facts.accounts.get(number, (0, False))
        if not account_id:
            whys[place] = why_not_known(facts.shard.items.accounts[place], number=number, form=form)
        elif account_id in facts.tied:
            whys[place] = "own_account"
        elif is_closed and facts.owed_by_closed.get(account_id, 0) <= 0:
            whys[place] = "account_closed"
        else:
            account_ids[place] = account_id
    return account_ids, whys


def _leave_out_like(
    facts: Facts, *, amounts: Int64Array, tender_of: Int64Array, account_ids: Int64Array, whys: list[str]
) -> None:
    """What looks like a payment of late, or like an item before it, waits in suspense until a person has looked.

    A bank may send a check again under another name, and what came by file may have been typed at the counter.
    """
    items, seen = facts.shard.items, dict[Likeness, int]()
    if not facts.like.days:
        return
    for place in np.flatnonzero(account_ids != MISSING).tolist():
        if items.references[place] in facts.known:
            continue
        check, tender = items.check_numbers[place], int(tender_of[place])
        known_by = likeness(
            account_id=int(account_ids[place]),
            kind=kind_known(facts.source.tender, check_number=check),
            number=check or items.references[place],
            amount_cents=int(amounts[tender]),
        )
        if known_by is None:
            continue
        if known_by in facts.like.payments or seen.setdefault(known_by, tender) != tender:
            account_ids[place], whys[place] = MISSING, "posted_before"


def _return_by(facts: Facts, days: Int64Array) -> Int64Array:
    """The last day for an agency's money to go back; the deadline counts from when it came."""
    if facts.source.tender != "agency":
        return np.full(len(days), MISSING, dtype=np.int64)
    clock = facts.utility.business_days
    until = {day: clock.add(date.fromordinal(day), AGENCY_RETURN_DAYS).toordinal() for day in np.unique(days).tolist()}
    return np.fromiter((until[day] for day in days.tolist()), dtype=np.int64)


def _picked(texts: Sequence[str], places: Int64Array) -> list[str]:
    return [texts[place] for place in places.tolist()]


def _changes(shard: ShardPlan) -> tuple[Change, ...]:
    posted, suspended = shard.posted.amounts_cents, shard.suspended.parts.amounts_cents
    figures: list[tuple[str, str, Unit, int]] = [
        ("posted", gettext_noop("Posted"), Unit.COUNT, len(posted)),
        ("posted_cents", gettext_noop("Posted in all"), Unit.CENTS, int(posted.sum())),
        ("suspended", gettext_noop("In suspense"), Unit.COUNT, len(suspended)),
        ("suspended_cents", gettext_noop("In suspense in all"), Unit.CENTS, int(suspended.sum())),
        ("known", gettext_noop("Imported before"), Unit.COUNT, shard.known),
        ("known_cents", gettext_noop("Imported before in all"), Unit.CENTS, shard.known_cents),
    ]
    return tuple(
        Change(code=code, label=Sentence(label), unit=unit, before=None, after=after)
        for code, label, unit, after in figures
    )


def record(proposal: Proposal[Plan], recording: Recording) -> None:
    """Post the shard.

    Raises:
        ShardPostedAlready, ItemsTakenMeanwhile: as they say.
    """
    posted = record_shard(
        proposal.plan.shard,
        received_by=recording.actor.name,
        on=recording.moment.as_of,
        at=recording.moment.at,
        receipt_id=recording.receipt_id,
    )
    recording.batch |= {"entries": posted.entries, "digest": posted.digest}


ACTION = registry.add(
    Action(
        name="post_payment_file_shard",
        title=gettext_noop("Post a shard of a payment file"),
        duty=4,
        on="payment_file",
        inputs=Inputs,
        locks=locks,
        gather=gather,
        propose=propose,
        record=record,
        summary=gettext_noop("Posts a piece of an imported file, all of it or nothing. The worker does it."),
    )
)
