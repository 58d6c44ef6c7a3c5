"""Move a payment that was posted to the wrong account to the right one: both as if it had been posted right.

The tender stays where it is: in its drawer, its deposit, at the bank. Nothing is edited: what was posted wrong is
reversed by entries that name it, and posted anew as of the day on which it was received. Late charges that the mistake
caused are reversed; those that it hid are shown, and charged only if that is asked for. Both customers are written to.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from weatherhead.actions.credit.brought_about import BroughtAbout, Undone, brought_about, plan_undone, record_undone
from weatherhead.actions.figures import Standing, house_rule, made, money_changes, standings_of
from weatherhead.actions.inputs import Cents, Label, NeededNote, Number, Numbers, OptionalCents, rows_typed
from weatherhead.actions.payments.moving import (
    AccountHistory,
    Corrections,
    LateChargeRules,
    corrections,
    effective_on,
    histories_of,
    late_charge_changes,
    record_corrections,
    right_history,
    rules_of_late_charges,
)
from weatherhead.actions.payments.receiving import Directed, payment_entry, tender_of
from weatherhead.actions.payments.take_payment import AccountTwice
from weatherhead.areas.customers.numbers import check_account_number
from weatherhead.areas.customers.queries import AccountFacts, NoSuchAccount, account_ids_by_number, accounts
from weatherhead.areas.documents.letters import PAYMENT_MOVED, LetterPlan
from weatherhead.areas.documents.operations import keep_letter
from weatherhead.areas.ledger.books import first_open_on
from weatherhead.areas.ledger.queries import entries as entries_of
from weatherhead.areas.payments.operations import (
    MovedPart,
    MovedPlan,
    PaymentAlreadyReversed,
    TenderAlreadyReturned,
    record_move,
)
from weatherhead.areas.payments.queries import MOVED, PaymentFacts, moved_to, payment, same_money
from weatherhead.areas.payments.rules import application_rules
from weatherhead.areas.payments.spread import spread
from weatherhead.areas.records.canonical import Json, to_json
from weatherhead.areas.records.utility import current_utility
from weatherhead.core.ledger import Entry, EntryDraft, LedgerAccount, reversal
from weatherhead.core.values import Change, Refusal, Rule, Sentence, Unit, format_cents, gettext_noop
from weatherhead.door.context import Actor, Moment
from weatherhead.door.proposal import Proposal
from weatherhead.door.registry import Action, Recording, registry

_MORE_MAX = 50

_REASONS = {
    "number_mistyped": gettext_noop("the account number was mistyped"),
    "wrong_stub": gettext_noop("it came with another account's stub"),
    "same_name": gettext_noop("two customers were taken for one"),
    "payer_named_another": gettext_noop("the payer named another account"),
    "agency_named_another": gettext_noop("the agency named another account"),
}


class PaymentMovedAlready(Refusal):
    """It went on before."""

    template = gettext_noop(
        "Payment %(payment)s was moved to account %(number)s on %(on)s. Move it from there if that was wrong."
    )


class SameAccount(Refusal):
    """It is there."""

    template = gettext_noop("Account %(number)s is where the payment stands. Enter the account that it was meant for.")


class NotOnReceivable(Refusal):
    """What paid something else than bills and fees is moved by undoing that first."""

    template = gettext_noop(
        "Payment %(payment)s did not pay bills or fees. Undo what it paid first, then post it to the right account."
    )


class PaymentTwice(Refusal):
    """A payment is moved once."""

    template = gettext_noop("Payment %(payment)s stands there twice. Name it once.")


class MovedDiffers(Refusal):
    """The parts are not what is moved."""

    template = gettext_noop(
        "$%(moved)s is moved, and the parts come to $%(parts)s. Correct an amount; only of a single payment may a part "
        "stay where it is."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class MovedRow:
    """Another account that a part was meant for, by its number."""

    account: Label
    amount_cents: Cents


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """The payment, the account that it was meant for, why, and the evidence in words.

    `amount_cents` is what goes there: without it all that `also_to` leaves; of a single payment the rest stays.
    `also_payments` are moved with it, one after the other. `charge_hidden` charges what the mistake had hidden, too.
    """

    payment_id: Number
    to_account: Label
    reason: Literal["number_mistyped", "wrong_stub", "same_name", "payer_named_another", "agency_named_another"]
    note: NeededNote
    amount_cents: OptionalCents = None
    also_to: Annotated[
        tuple[MovedRow, ...], rows_typed("account", "amount_cents", least=2), Field(max_length=_MORE_MAX)
    ] = ()
    also_payments: Annotated[Numbers, Field(max_length=_MORE_MAX)] = ()
    charge_hidden: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The payments with their entries and what else they brought about, the accounts they go to, every account's
    history and receivable, the rules.

    `before` are the payments that had their money before them.
    `first_open_on` is the first day of the books that is open; None where all are.
    """

    payments: tuple[PaymentFacts, ...]
    before: frozenset[int]
    entries: Mapping[int, Entry]  # by payment
    brought_about: BroughtAbout
    went_on: Mapping[int, tuple[str, date]]  # by payment that was moved: the account's number, and when
    targets: tuple[AccountFacts, ...]
    histories: tuple[AccountHistory, ...]  # of every account: first those that the payments leave
    standings: Mapping[int, Standing]
    directed: Directed
    rules: LateChargeRules | None
    first_open_on: date | None
    as_of: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is moved, what else it had brought about, what becomes of late charges, and the letters."""

    moved: MovedPlan
    undone: Undone
    corrections: tuple[Corrections, ...]
    letters: tuple[LetterPlan, ...]


def _payment_ids(inputs: Inputs) -> tuple[int, ...]:
    """The payments in their order.

    Raises:
        PaymentTwice: one is named twice.
    """
    numbers = (inputs.payment_id, *inputs.also_payments)
    for number in numbers:
        if numbers.count(number) > 1:
            raise PaymentTwice(payment=number)
    return numbers


def _target_ids(inputs: Inputs) -> tuple[int, ...]:
    """The accounts that they were meant for, in their order.

    Raises:
        AccountNumberMistyped, NoSuchAccount, AccountTwice: as they say.
    """
    form = current_utility().account_number
    typed = (inputs.to_account, *(row.account for row in inputs.also_to))
    numbers = [check_account_number(text, form=form) for text in typed]
    known = account_ids_by_number(numbers)
    for number, text in zip(numbers, typed, strict=True):
        if number not in known:
            raise NoSuchAccount(account=text)
        if numbers.count(number) > 1:
            raise AccountTwice(number=text)
    return tuple(known[number] for number in numbers)


def locks(inputs: Inputs) -> tuple[int, ...]:
    """The accounts that the payments leave, and those that they go to."""
    leaving = {payment(number).account_id for number in _payment_ids(inputs)}
    return tuple(sorted(leaving.union(_target_ids(inputs))))


def gather(inputs: Inputs, moment: Moment, _: Actor) -> Facts:
    """Read the payments, and of every account what happened on it."""
    payments = tuple(payment(number) for number in _payment_ids(inputs))
    targets = _target_ids(inputs)
    ids = tuple(dict.fromkeys((*(item.account_id for item in payments), *targets)))
    known = accounts(ids)
    standings = standings_of(ids)
    stored = {item.entry_id: item for item in entries_of([item.entry_id for item in payments])}
    return Facts(
        payments=payments,
        before=same_money(item.payment_id for item in payments),
        entries={item.payment_id: stored[item.entry_id] for item in payments},
        brought_about=brought_about(payments, posted=stored.values()),
        went_on={item.payment_id: _went_on(item) for item in payments if item.reversal_reason == MOVED},
        targets=tuple(known[number] for number in targets),
        histories=histories_of((known[number] for number in ids), since=min(item.receipt_id for item in payments)),
        standings=standings,
        rules=rules_of_late_charges(due_days=current_utility().billing.due_days),
        directed=Directed(rules=application_rules(), standings=standings),
        first_open_on=first_open_on(),
        as_of=moment.as_of,
    )


def _went_on(item: PaymentFacts) -> tuple[str, date]:
    first = moved_to(item.payment_id)[0]
    return accounts([first.account_id])[first.account_id].number_grouped, item.reversed_on or item.paid_on


def propose(facts: Facts, inputs: Inputs) -> Proposal[Plan]:
    """Undo the payments and post them where they belong; put late charges right; write to both.

    Raises:
        PaymentMovedAlready, TenderAlreadyReturned, PaymentAlreadyReversed, NotOnReceivable, SameAccount,
        MovedDiffers: as they say.
    """
    _require_movable(facts)
    moved = _moved(facts, inputs=inputs)
    undone = plan_undone(facts.brought_about, on=facts.first_open_on or date.min, reason=_why(inputs))
    put_right = _corrections(facts, moved=moved, charge_hidden=inputs.charge_hidden)
    late = Counter[str]()
    for one in put_right:
        late.update(one.creates)
    entries = (
        *moved.reversals.values(),
        *(item.entry for item in moved.parts),
        *undone.entries,
        *(entry for one in put_right for entry in one.entries),
    )
    letters = tuple(_letter(one, facts=facts, moved=moved, entries=entries) for one in put_right)
    return Proposal(
        summary=_summary(facts, inputs=inputs, moved=moved),
        confirm=Sentence(gettext_noop("Move $%(amount)s"), {"amount": format_cents(_moved_cents(facts, moved=moved))}),
        plan=Plan(moved=moved, undone=undone, corrections=put_right, letters=letters),
        account_ids=tuple(item.account.account_id for item in facts.histories),
        entries=entries,
        creates={
            "payments_payment": len(moved.parts),
            "documents_letter": len(letters),
            **undone.creates,
            **late,
        },
        updates={"payments_payment": len(moved.reversals)} | undone.updates,
        changes=(
            *_changes(facts, inputs=inputs, put_right=put_right, entries=entries, letters=len(letters)),
            *undone.changes,
        ),
        rules=_rules(facts, put_right=put_right),
    )


def _require_movable(facts: Facts) -> None:
    leaving = {item.account_id for item in facts.payments}
    for target in facts.targets:
        if target.account_id in leaving:
            raise SameAccount(number=target.number_grouped)
    for item in facts.payments:
        if item.payment_id in facts.went_on:
            number, on = facts.went_on[item.payment_id]
            raise PaymentMovedAlready(payment=item.payment_id, number=number, on=on)
        if item.returned_on is not None:
            raise TenderAlreadyReturned(what=item.tender_kind.replace("_", " "), on=item.returned_on)
        if item.reversed_on is not None:
            raise PaymentAlreadyReversed(payment=item.payment_id, on=item.reversed_on)
        paid_cents = -sum(
            posting.amount_cents
            for posting in facts.entries[item.payment_id].draft.postings
            if posting.ledger_account == LedgerAccount.RECEIVABLE and posting.account_id == item.account_id
        )
        if paid_cents != item.amount_cents:
            raise NotOnReceivable(payment=item.payment_id)


def _why(inputs: Inputs) -> str:
    return f"{inputs.reason}: {inputs.note}"


def _moved(facts: Facts, *, inputs: Inputs) -> MovedPlan:
    """Which part of which payment goes to which account; what stays of a payment is posted back to its own."""
    total_cents = sum(item.amount_cents for item in facts.payments)
    others_cents = sum(row.amount_cents for row in inputs.also_to)
    first_cents = total_cents - others_cents if inputs.amount_cents is None else inputs.amount_cents
    kept_cents = total_cents - others_cents - first_cents
    if first_cents <= 0 or kept_cents < 0 or (kept_cents and len(facts.payments) > 1):
        raise MovedDiffers(moved=format_cents(total_cents), parts=format_cents(max(first_cents, 0) + others_cents))
    applied = [
        (target.account_id, cents)
        for target, cents in zip(
            facts.targets, (first_cents, *(row.amount_cents for row in inputs.also_to)), strict=True
        )
    ]
    if kept_cents:
        applied.append((facts.payments[0].account_id, kept_cents))
    why = _why(inputs)
    reversals = {
        item.payment_id: reversal(
            facts.entries[item.payment_id],
            effective_on=effective_on(
                facts.entries[item.payment_id].draft.effective_on, first_open_on=facts.first_open_on
            ),
            reason=why,
        )
        for item in facts.payments
    }
    parts: list[MovedPart] = []
    for place, whose, cents in spread([item.amount_cents for item in facts.payments], [cents for _, cents in applied]):
        # What stays of a payment pays what the whole of it had paid; what came before it is paid already.
        before = (*reversals.values(), *(part.entry for part in parts))
        parts.append(_part(facts, place=place, account_id=applied[whose][0], amount_cents=cents, before=before))
    return MovedPlan(reversals=reversals, parts=tuple(parts), moved_on=facts.as_of)


def _part(facts: Facts, *, place: int, account_id: int, amount_cents: int, before: Sequence[EntryDraft]) -> MovedPart:
    item = facts.payments[place]
    counts_on = effective_on(item.paid_on, first_open_on=facts.first_open_on)
    shares = facts.directed.shares(
        account_id=account_id,
        amount_cents=amount_cents,
        tender=item.tender_kind,
        paid_on=item.paid_on,
        as_of=counts_on,
        before=before,
    )
    entry = payment_entry(
        account_id=account_id,
        amount_cents=amount_cents,
        tender=item.tender_kind,
        paid_on=counts_on,
        shares=shares,
    )
    return MovedPart(payment_id=item.payment_id, account_id=account_id, amount_cents=amount_cents, entry=entry)


def _corrections(facts: Facts, *, moved: MovedPlan, charge_hidden: bool) -> tuple[Corrections, ...]:
    payments = {item.payment_id: item for item in facts.payments}
    found = []
    for item in facts.histories:
        account_id = item.account.account_id
        if facts.rules is None or not item.charges.runs:
            found.append(Corrections(account_id=account_id, findings=(), reversals=(), charges=(), hidden=()))
            continue
        arriving = [(payments[part.payment_id], part.entry) for part in moved.parts if part.account_id == account_id]
        leaving = facts.before.union(payments)
        history = right_history(item, leaving=leaving, arriving=arriving, undone=facts.brought_about.entry_ids)
        found.append(
            corrections(
                item,
                history,
                rules=facts.rules,
                charge_hidden=charge_hidden,
                first_open_on=facts.first_open_on,
            )
        )
    return tuple(found)


def _moved_cents(facts: Facts, *, moved: MovedPlan) -> int:
    """What leaves its account."""
    leaving = {item.account_id for item in facts.payments}
    return sum(part.amount_cents for part in moved.parts if part.account_id not in leaving)


def _summary(facts: Facts, *, inputs: Inputs, moved: MovedPlan) -> Sentence:
    item = facts.payments[0]
    numbers = {one.account.account_id: one.account.number_grouped for one in facts.histories}
    said = {
        "what": tender_of(item.tender_kind, amount_cents=item.amount_cents),
        "amount": format_cents(_moved_cents(facts, moved=moved)),
        "on": item.paid_on,
        "count": len(facts.payments),
        "wrong": ", ".join(dict.fromkeys(numbers[one.account_id] for one in facts.payments)),
        "right": ", ".join(target.number_grouped for target in facts.targets),
        "why": Sentence(_REASONS[inputs.reason]),
    }
    if len(facts.payments) > 1:
        template = gettext_noop(
            "%(count)s payments, together $%(amount)s, moved from account %(wrong)s to %(right)s: %(why)s"
        )
    elif _moved_cents(facts, moved=moved) < item.amount_cents:
        template = gettext_noop(
            "$%(amount)s of “%(what)s” of %(on)s moved from account %(wrong)s to %(right)s: %(why)s"
        )
    else:
        template = gettext_noop("%(what)s of %(on)s moved from account %(wrong)s to %(right)s: %(why)s")
    return Sentence(template, said)


def _changes(
    facts: Facts,
    *,
    inputs: Inputs,
    put_right: tuple[Corrections, ...],
    entries: tuple[EntryDraft, ...],
    letters: int,
) -> tuple[Change, ...]:
    """Every account's balance and past due, every late charge reversed or only shown, the letters, and why."""
    numbers = {item.account.account_id: item.account.number_grouped for item in facts.histories}
    found: list[Change] = []
    for one in put_right:
        number = numbers[one.account_id]
        for change in money_changes(facts.standings[one.account_id], entries=entries, as_of=facts.as_of):
            named = {"what": change.label, "number": number}
            found.append(replace(change, label=Sentence(gettext_noop("%(what)s, account %(number)s"), named)))
        found += late_charge_changes(one, number=number, charge_hidden=inputs.charge_hidden)
    found.append(made(gettext_noop("Letters prepared"), letters, code="letters", unit=Unit.COUNT))
    found.append(made(gettext_noop("Evidence"), inputs.note, code="evidence"))
    return tuple(found)


def _letter(one: Corrections, *, facts: Facts, moved: MovedPlan, entries: tuple[EntryDraft, ...]) -> LetterPlan:
    """What the customer of one account is told; of the other account, that there is one."""
    payments = {item.payment_id: item for item in facts.payments}
    kept = {
        item.payment_id: sum(
            part.amount_cents
            for part in moved.parts
            if part.payment_id == item.payment_id and part.account_id == item.account_id
        )
        for item in facts.payments
    }
    away = [
        [item.paid_on, item.tender_kind, item.amount_cents - kept[item.payment_id]]
        for item in facts.payments
        if item.account_id == one.account_id
    ]
    here = [
        [payments[part.payment_id].paid_on, payments[part.payment_id].tender_kind, part.amount_cents]
        for part in moved.parts
        if part.account_id == one.account_id and payments[part.payment_id].account_id != one.account_id
    ]
    standing = facts.standings[one.account_id]
    [balance] = [item for item in money_changes(standing, entries=entries, as_of=facts.as_of) if item.code == "balance"]
    fewer = [[item.on, item.owed_cents, item.rest_cents] for item in one.findings if item.caused]
    charged = {plan.on for plan in one.charges}
    added = [[item.on, item.hidden_cents] for item in one.findings if item.hidden_cents and item.on in charged]
    return LetterPlan(
        kind=PAYMENT_MOVED,
        account_id=one.account_id,
        payload={
            "away": _plain(away),
            "here": _plain(here),
            "late_charges": _plain(fewer),
            "late_charges_added": _plain(added),
            "balance_cents": balance.after if isinstance(balance.after, int) else 0,
        },
    )


def _plain(rows: Sequence[Sequence[object]]) -> Json:
    return to_json([list(row) for row in rows])


def _rules(facts: Facts, *, put_right: tuple[Corrections, ...]) -> tuple[Rule, ...]:
    found = [house_rule("moved payment", "A payment posted wrong counts where it belongs from its own day")]
    if facts.rules is not None and any(one.findings for one in put_right):
        found += [facts.rules.rule.rule, facts.rules.fee.rule]
    return tuple(found)


def record(proposal: Proposal[Plan], recording: Recording) -> None:
    """Move the payments, put late charges right, prepare the letters.

    Raises:
        PaymentAlreadyReversed: someone did meanwhile.
        DepositMovedMeanwhile: a deposit that it lay on was closed meanwhile.
    """
    plan = proposal.plan
    payment_ids, entry_ids = record_move(plan.moved, at=recording.moment.at, receipt_id=recording.receipt_id)
    for number in payment_ids:
        recording.made_one("payment", number)
    recording.entry_ids += entry_ids
    record_undone(plan.undone, recording)
    for one in plan.corrections:
        record_corrections(one, recording)
    for letter in plan.letters:
        number = keep_letter(letter, prepared_on=recording.moment.as_of, receipt_id=recording.receipt_id)
        recording.made_one("letter", number)


ACTION = registry.add(
    Action(
        name="move_payment",
        title=gettext_noop("Move a payment to the right account"),
        duty=4,
        on="payment",
        inputs=Inputs,
        locks=locks,
        gather=gather,
        propose=propose,
        record=record,
        summary=gettext_noop(
            "Takes a payment from the wrong account to the right one as of its own day, reverses the late charges that "
            "the mistake caused, shows those it hid, and prepares letters to both customers."
        ),
    )
)
