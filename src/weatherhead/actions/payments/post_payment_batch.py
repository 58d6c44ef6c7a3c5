"""Post a batch of payments: a day's mail or a drop box, counted first; posted and not posted foot to the count.

A batch is one commit, and sets all the way down: a thousand checks cost as many statements as ten.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from weatherhead.actions.figures import standings_of
from weatherhead.actions.inputs import Blankable, Cents, CheckNumber, Name, OptionalCents
from weatherhead.actions.payments.receiving import (
    PAYMENT_CENTS_MAX,
    AmountMissing,
    Directed,
    Known,
    LooksLikeDuplicate,
    PaymentTooLarge,
    Said,
    application_rule,
    known_payments,
    payment_entry,
    require_received_by,
    said_of,
)
from weatherhead.areas.customers.numbers import AccountNumberMistyped
from weatherhead.areas.customers.queries import NoSuchAccount, account_ids_by_number
from weatherhead.areas.payments.operations import BatchNameTaken, BatchPlan, PaymentPlan, record_batch
from weatherhead.areas.payments.queries import Likeness, PaymentBatchFacts, likeness, payment_batch_called
from weatherhead.areas.payments.rules import application_rules, direction_of
from weatherhead.areas.records.canonical import Json, to_json
from weatherhead.areas.records.utility import current_utility
from weatherhead.core.statements.scan_line import ScanLineUnreadable
from weatherhead.core.values import Change, Refusal, Sentence, Unit, format_cents, gettext_noop
from weatherhead.door.authority import OwnAccount, grant_for, ties_among
from weatherhead.door.context import Actor, Moment
from weatherhead.door.proposal import Proposal
from weatherhead.door.registry import SENSITIVE, Action, Recording, registry

ROWS_MAX = 5_000
_COLUMNS_MIN, _COLUMNS_MAX = 2, 3
_ACCOUNT_LENGTH_MAX = 20
"""A scan line is longer."""


class CountDiffers(Refusal):
    """Another number of payments than was counted."""

    template = gettext_noop("%(counted)s payments were counted, and %(found)s are listed. Nothing was posted.")


class TotalDiffers(Refusal):
    """Another sum than was counted."""

    template = gettext_noop(
        "$%(counted)s was counted, and the list comes to $%(found)s: $%(difference)s apart. Nothing was posted."
    )


class ListedTwice(Refusal):
    """The same check for the same account."""

    template = gettext_noop("Check %(number)s of the same amount stands in this list twice for the same account.")


class CounterNeedsDrawer(Refusal):
    """Money of the counter is counted with the drawer that it lies in."""

    template = gettext_noop(
        "What comes over the counter goes into your drawer: take each payment on its account. A batch is what came by "
        "mail or in a drop box."
    )


def _rows(value: object) -> object:
    """A line for each payment, as a list is typed or pasted: account, amount, check number (empty: cash).

    In the account's place may stand the scan line of a stub, alone or with an empty amount for what it asks for.
    """
    if not isinstance(value, str):
        return value
    rows: list[dict[str, str]] = []
    for number, line in enumerate(value.splitlines(), 1):
        if not line.strip():
            continue
        cells = [cell.strip() for cell in line.split(",")]
        is_stub = len("".join(cells[0].split())) > _ACCOUNT_LENGTH_MAX and cells[0].replace(" ", "").isdigit()
        if not (1 if is_stub else _COLUMNS_MIN) <= len(cells) <= _COLUMNS_MAX:
            problem = gettext_noop("line %(line)s: write account, amount and check number, with commas between them")
            raise ValueError(problem % {"line": number})
        rows.append(dict(zip(("account", "amount_cents", "check_number"), cells, strict=False)))
    return rows


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One payment of the list, by account number or scan line. Without a check number it is cash."""

    account: Name
    amount_cents: OptionalCents = None
    check_number: CheckNumber = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """What the batch is called, how it came, what was counted, and the list."""

    name: Name
    channel: Literal["mail", "drop_box", "counter"] = "mail"
    received_on: Annotated[date | None, Blankable] = None
    counted: Annotated[int, Field(ge=1, le=ROWS_MAX)]
    total_cents: Cents
    payments: Annotated[tuple[Row, ...], BeforeValidator(_rows), Field(min_length=1, max_length=ROWS_MAX)] = field(
        metadata=SENSITIVE
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """A row as it is understood: whose it is, or why nobody's; how much, 0 when that is unsaid."""

    row: Row
    said: Said | None
    refusal: Refusal | None
    amount_cents: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The accounts that the list names, by number, those tied to the actor, a batch of the same name, whether the
    actor's job takes counter money into a drawer only, and the day.
    """

    rows: tuple[Heard, ...]
    account_ids: Mapping[str, int]
    tied: Mapping[int, str]
    directed: Directed
    known: Known
    same_name: PaymentBatchFacts | None
    needs_drawer: bool
    as_of: date


def locks(inputs: Inputs) -> tuple[int, ...]:
    """The accounts that the list names."""
    return tuple(sorted(account_ids_by_number(_numbers(_heard(inputs.payments))).values()))


def _heard(rows: Sequence[Row]) -> tuple[Heard, ...]:
    """What each row says: whose it is, or why that cannot be; and how much."""
    form = current_utility().account_number
    found: list[Heard] = []
    for row in rows:
        try:
            said = said_of(row.account, form=form)
        except (AccountNumberMistyped, ScanLineUnreadable) as refusal:
            found.append(Heard(row=row, said=None, refusal=refusal, amount_cents=row.amount_cents or 0))
        else:
            asked_cents = said.stub.amount_due_cents if said.stub else 0
            found.append(Heard(row=row, said=said, refusal=None, amount_cents=row.amount_cents or asked_cents))
    return tuple(found)


def _numbers(rows: Sequence[Heard]) -> list[str]:
    """The account numbers that can be ones."""
    return [item.said.number for item in rows if item.said is not None]


def gather(inputs: Inputs, moment: Moment, actor: Actor) -> Facts:
    """Read whose the accounts are, and what was paid on them of late."""
    rows = _heard(inputs.payments)
    account_ids = account_ids_by_number(_numbers(rows))
    rules, on = application_rules(), inputs.received_on or moment.as_of
    plain = all(direction_of(rules, tender=kind, on=on).is_plain for kind in ("cash", "check"))
    return Facts(
        rows=rows,
        account_ids=account_ids,
        tied=ties_among(actor, account_ids=sorted(account_ids.values())),
        directed=Directed(rules=rules, standings={} if plain else standings_of(sorted(account_ids.values()))),
        known=known_payments(account_ids.values(), as_of=moment.as_of),
        same_name=payment_batch_called(inputs.name),
        needs_drawer=inputs.channel == "counter" and grant_for(actor, as_of=moment.as_of).needs_drawer,
        as_of=moment.as_of,
    )


def propose(facts: Facts, inputs: Inputs) -> Proposal[BatchPlan]:
    """Balance the list against the count, and post every payment whose account is known and not tied to the actor.

    Raises:
        CounterNeedsDrawer, BatchNameTaken, PaidInFuture, PaidTooLongAgo, AmountMissing, CountDiffers, TotalDiffers: as
            they say; nothing is posted.
    """
    if facts.needs_drawer:
        raise CounterNeedsDrawer
    received_on = inputs.received_on or facts.as_of
    _require_balanced(facts, inputs=inputs, received_on=received_on)
    payments: list[PaymentPlan] = []
    report: list[Mapping[str, Json]] = []
    seen: set[Likeness] = set()
    for place, item in enumerate(facts.rows, 1):
        try:
            payments.append(_payment(item, facts=facts, received_on=received_on, before=payments, seen=seen))
        except _REPORTED as refusal:
            what = to_json(Sentence(refusal.template, refusal.params))
            said = {"row": place, "account": item.row.account, "amount_cents": item.amount_cents, "what": what}
            report.append(said)
    plan = BatchPlan(
        name=inputs.name,
        channel=inputs.channel,
        received_on=received_on,
        rows=len(inputs.payments),
        total_cents=inputs.total_cents,
        payments=tuple(payments),
        report=tuple(report),
    )
    posted_cents = sum(item.amount_cents for item in payments)
    said = {"name": inputs.name, "count": len(payments), "amount": format_cents(posted_cents), "left": len(report)}
    one = len(payments) == 1
    template = gettext_noop("%(name)s: %(count)s payments of $%(amount)s posted")
    if report:
        template = gettext_noop("%(name)s: %(count)s payments of $%(amount)s posted, %(left)s not")
        if one:
            template = gettext_noop("%(name)s: one payment of $%(amount)s posted, %(left)s not")
    elif one:
        template = gettext_noop("%(name)s: one payment of $%(amount)s posted")
    counts = {"payments_paymentevent": len(payments)}
    counts |= {"payments_tender": len(payments), "payments_payment": len(payments)}
    return Proposal(
        summary=Sentence(template, said),
        confirm=Sentence(gettext_noop("Post $%(amount)s"), said),
        plan=plan,
        entries=tuple(item.entry for item in payments),
        creates={"payments_paymentbatch": 1} | (counts if payments else {}),
        changes=_changes(inputs, plan=plan, posted_cents=posted_cents),
        rules=(application_rule(facts.directed.rules, tenders=[item.kind for item in payments], on=received_on),),
    )


def _require_balanced(facts: Facts, *, inputs: Inputs, received_on: date) -> None:
    if facts.same_name is not None:
        first = facts.same_name
        raise BatchNameTaken(name=first.name, on=first.received_on, rows=first.posted_rows, receipt=first.receipt_id)
    require_received_by(received_on, as_of=facts.as_of)
    if len(inputs.payments) != inputs.counted:
        raise CountDiffers(counted=inputs.counted, found=len(inputs.payments))
    for item in facts.rows:
        if not item.amount_cents:
            raise AmountMissing(account=item.row.account)
    found_cents = sum(item.amount_cents for item in facts.rows)
    if found_cents != inputs.total_cents:
        raise TotalDiffers(
            counted=format_cents(inputs.total_cents),
            found=format_cents(found_cents),
            difference=format_cents(abs(found_cents - inputs.total_cents)),
        )


_REPORTED = (
    AccountNumberMistyped,
    ScanLineUnreadable,
    NoSuchAccount,
    OwnAccount,
    PaymentTooLarge,
    LooksLikeDuplicate,
    ListedTwice,
)
"""What keeps one row back and no other."""


def _payment(
    item: Heard, *, facts: Facts, received_on: date, before: Sequence[PaymentPlan], seen: set[Likeness]
) -> PaymentPlan:
    """A row ready to be recorded; `seen` is what the rows before it are known by."""
    row = item.row
    if item.said is None:
        assert item.refusal is not None
        raise item.refusal
    if item.said.number not in facts.account_ids:
        raise NoSuchAccount(account=row.account)
    if item.amount_cents > PAYMENT_CENTS_MAX:
        raise PaymentTooLarge(amount=format_cents(item.amount_cents))
    account_id, kind = facts.account_ids[item.said.number], "check" if row.check_number else "cash"
    if account_id in facts.tied:
        raise OwnAccount(relation=facts.tied[account_id])
    facts.known.require_new(account_id=account_id, kind=kind, number=row.check_number, amount_cents=item.amount_cents)
    known_by = likeness(account_id=account_id, kind=kind, number=row.check_number, amount_cents=item.amount_cents)
    if known_by in seen and facts.known.days:
        raise ListedTwice(number=row.check_number)
    if known_by is not None:
        seen.add(known_by)
    shares = facts.directed.shares(
        account_id=account_id,
        amount_cents=item.amount_cents,
        tender=kind,
        paid_on=received_on,
        as_of=facts.as_of,
        before=[other.entry for other in before if other.account_id == account_id] if facts.directed.standings else (),
    )
    return PaymentPlan(
        account_id=account_id,
        amount_cents=item.amount_cents,
        kind=kind,
        check_number=row.check_number,
        entry=payment_entry(
            account_id=account_id, amount_cents=item.amount_cents, tender=kind, paid_on=received_on, shares=shares
        ),
    )


def _changes(inputs: Inputs, *, plan: BatchPlan, posted_cents: int) -> tuple[Change, ...]:
    figures: list[tuple[str, str, Unit, int]] = [
        ("posted", gettext_noop("Posted"), Unit.COUNT, len(plan.payments)),
        ("posted_cents", gettext_noop("Posted in all"), Unit.CENTS, posted_cents),
        ("not_posted", gettext_noop("Not posted"), Unit.COUNT, len(plan.report)),
        ("not_posted_cents", gettext_noop("Not posted in all"), Unit.CENTS, inputs.total_cents - posted_cents),
    ]
    return tuple(
        Change(code=code, label=Sentence(label), unit=unit, before=None, after=after)
        for code, label, unit, after in figures
    )


def record(proposal: Proposal[BatchPlan], recording: Recording) -> None:
    """Record the batch and post it.

    Raises:
        BatchNameTaken: someone was faster.
    """
    batch_id, entry_ids = record_batch(
        proposal.plan,
        received_at=recording.moment.at,
        received_by=recording.actor.name,
        receipt_id=recording.receipt_id,
    )
    recording.made_one("payment_batch", batch_id)
    recording.entry_ids += entry_ids


ACTION = registry.add(
    Action(
        name="post_payment_batch",
        title=gettext_noop("Post a batch of payments"),
        duty=4,
        on="utility",
        inputs=Inputs,
        locks=locks,
        gather=gather,
        propose=propose,
        record=record,
        summary=gettext_noop("Posts the payments of a day's mail or drop box, balanced against what was counted."),
    )
)
