"""Take a payment and post it: mostly one tender for one account; several tenders for several accounts as one event."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from weatherhead.actions.figures import Standing, house_rule, money_changes, standings_of
from weatherhead.actions.inputs import (
    Blankable,
    Cents,
    CheckNumber,
    Label,
    Number,
    OptionalCents,
    OptionalLabel,
    ShortText,
    rows_typed,
)
from weatherhead.actions.payments.receiving import (
    PAYMENT_CENTS_MAX,
    CardDigits,
    PaymentTooLarge,
    TenderKind,
    payment_entry,
    require_received_by,
    tender_of,
    tender_plan,
)
from weatherhead.areas.customers.numbers import check_account_number
from weatherhead.areas.customers.queries import AccountFacts, NoSuchAccount, account_ids_by_number, accounts
from weatherhead.areas.payments.drawers import DrawerFacts, NoDrawerOpen, open_drawer_of
from weatherhead.areas.payments.operations import AppliedPlan, EventPlan, TenderPlan, record_event
from weatherhead.areas.payments.queries import PHYSICAL
from weatherhead.areas.payments.spread import spread
from weatherhead.areas.records.utility import current_utility
from weatherhead.core.ledger import EntryDraft
from weatherhead.core.values import Change, Refusal, Sentence, Unit, format_cents, gettext_noop
from weatherhead.door.authority import grant_for
from weatherhead.door.context import Actor, Moment
from weatherhead.door.proposal import Proposal
from weatherhead.door.registry import Action, Recording, registry

_MORE_MAX = 50


class TendersDiffer(Refusal):
    """What was given is not what is to be posted."""

    template = gettext_noop("$%(given)s was given, and $%(posted)s is to be posted. Correct one of them.")


class AccountTwice(Refusal):
    """An account stands in the list once."""

    template = gettext_noop("Account %(number)s stands there twice. Write it once, with both amounts together.")


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountRow:
    """Another account that is paid with the same money, by its number."""

    account: Label
    amount_cents: Cents


@dataclass(frozen=True, slots=True, kw_only=True)
class TenderRow:
    """Another tender: its kind, amount and number or reference; of an agency its name, too."""

    tender: TenderKind
    amount_cents: Cents
    number: OptionalLabel = ""
    name: ShortText = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """What goes to the account, by which tender, and when; `also_pays` and `more_tenders` when it is not only that.

    The first tender is for whatever the others leave of the sum. `tendered_cents` is what was handed over by it: more
    in cash is change, and of anything else it must be the same.
    """

    account_id: Number
    amount_cents: Cents
    tender: TenderKind
    tendered_cents: OptionalCents = None
    check_number: CheckNumber = ""
    reference: OptionalLabel = ""
    agency: ShortText = ""
    card_last4: CardDigits = ""
    channel: Literal["counter", "mail", "drop_box", "phone", "electronic"] = "counter"
    paid_on: Annotated[date | None, Blankable] = None
    also_pays: Annotated[
        tuple[AccountRow, ...], rows_typed("account", "amount_cents", least=2), Field(max_length=_MORE_MAX)
    ] = ()
    more_tenders: Annotated[
        tuple[TenderRow, ...],
        rows_typed("tender", "amount_cents", "number", "name", least=2),
        Field(max_length=_MORE_MAX),
    ] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The accounts and their receivables, the first one's first; the actor's drawer, whether one is needed; the day."""

    accounts: tuple[AccountFacts, ...]
    standings: tuple[Standing, ...]
    drawer: DrawerFacts | None
    needs_drawer: bool
    as_of: date


def locks(inputs: Inputs) -> tuple[int, ...]:
    """The accounts."""
    return tuple(sorted(set(_account_ids(inputs))))


def _account_ids(inputs: Inputs) -> tuple[int, ...]:
    """Whose money it is, in the order of the form.

    Raises:
        AccountNumberMistyped, NoSuchAccount: as they say.
    """
    if not inputs.also_pays:
        return (inputs.account_id,)
    form = current_utility().account_number
    numbers = [check_account_number(row.account, form=form) for row in inputs.also_pays]
    known = account_ids_by_number(numbers)
    for number, row in zip(numbers, inputs.also_pays, strict=True):
        if number not in known:
            raise NoSuchAccount(account=row.account)
    return (inputs.account_id, *(known[number] for number in numbers))


def gather(inputs: Inputs, moment: Moment, actor: Actor) -> Facts:
    """Read the accounts, their receivables and the actor's drawer."""
    numbers = _account_ids(inputs)
    found, standings = accounts(numbers), standings_of(numbers)
    if inputs.account_id not in found:
        raise NoSuchAccount(account=inputs.account_id)
    at_counter = inputs.channel == "counter"
    drawer = open_drawer_of(actor.employee_id) if at_counter else None
    return Facts(
        accounts=tuple(found[number] for number in numbers),
        standings=tuple(standings[number] for number in numbers),
        drawer=drawer,
        needs_drawer=at_counter and drawer is None and grant_for(actor, as_of=moment.as_of).needs_drawer,
        as_of=moment.as_of,
    )


def propose(facts: Facts, inputs: Inputs) -> Proposal[EventPlan]:
    """Debit each tender where it is kept, credit the receivables; the sums of both foot to the cent.

    Raises:
        PaidInFuture, PaidTooLongAgo, PaymentTooLarge, AccountTwice, TendersDiffer, CheckNumberMissing,
        CardReferenceMissing, AgencyMissing, NoDrawerOpen: as they say.
    """
    paid_on = inputs.paid_on or facts.as_of
    require_received_by(paid_on, as_of=facts.as_of)
    amounts = (inputs.amount_cents, *(row.amount_cents for row in inputs.also_pays))
    total_cents = sum(amounts)
    if total_cents > PAYMENT_CENTS_MAX:
        raise PaymentTooLarge(amount=format_cents(total_cents))
    _require_once(facts)
    tenders = _tenders(inputs, total_cents=total_cents)
    if facts.needs_drawer and any(item.kind in PHYSICAL for item in tenders):
        raise NoDrawerOpen
    payments = _payments(facts, tenders=tenders, amounts=amounts, paid_on=paid_on)
    entries = tuple(item.entry for item in payments)
    return Proposal(
        summary=_summary(facts, tenders=tenders, total_cents=total_cents),
        confirm=Sentence(gettext_noop("Take $%(amount)s"), {"amount": format_cents(total_cents)}),
        plan=EventPlan(
            channel=inputs.channel,
            received_on=paid_on,
            tenders=tenders,
            payments=payments,
            drawer_id=facts.drawer.drawer_id if facts.drawer else None,
        ),
        account_ids=tuple(item.account_id for item in facts.accounts),
        entries=entries,
        creates={
            "payments_paymentevent": 1,
            "payments_tender": len(tenders),
            "payments_payment": len(payments),
        },
        changes=_changes(facts, tenders=tenders, entries=entries),
        rules=(house_rule("payment application", "Payments go to the oldest due charge first"),),
    )


def _require_once(facts: Facts) -> None:
    seen: set[int] = set()
    for item in facts.accounts:
        if item.account_id in seen:
            raise AccountTwice(number=item.number_grouped)
        seen.add(item.account_id)


def _tenders(inputs: Inputs, *, total_cents: int) -> tuple[TenderPlan, ...]:
    others = tuple(
        tender_plan(
            kind=row.tender,
            amount_cents=row.amount_cents,
            check_number=row.number,
            reference=row.number,
            payer=row.name,
        )
        for row in inputs.more_tenders
    )
    others_cents = sum(item.amount_cents for item in others)
    kept_cents = total_cents - others_cents
    given_cents = kept_cents if inputs.tendered_cents is None else inputs.tendered_cents
    change_cents = given_cents - kept_cents
    if kept_cents <= 0 or change_cents < 0 or (change_cents and inputs.tender != "cash"):
        given = others_cents + (inputs.tendered_cents or 0)
        raise TendersDiffer(given=format_cents(given), posted=format_cents(total_cents))
    first = tender_plan(
        kind=inputs.tender,
        amount_cents=kept_cents,
        change_cents=change_cents,
        check_number=inputs.check_number,
        reference=inputs.reference,
        payer=inputs.agency,
        card_last4=inputs.card_last4,
    )
    return (first, *others)


def _payments(
    facts: Facts, *, tenders: tuple[TenderPlan, ...], amounts: tuple[int, ...], paid_on: date
) -> tuple[AppliedPlan, ...]:
    parts = spread([item.amount_cents for item in tenders], amounts)
    return tuple(
        AppliedPlan(
            tender=place,
            account_id=facts.accounts[whose].account_id,
            amount_cents=cents,
            entry=payment_entry(
                account_id=facts.accounts[whose].account_id,
                amount_cents=cents,
                tender=tenders[place].kind,
                paid_on=paid_on,
            ),
        )
        for place, whose, cents in parts
    )


def _summary(facts: Facts, *, tenders: tuple[TenderPlan, ...], total_cents: int) -> Sentence:
    if len(tenders) == 1 and len(facts.accounts) == 1:
        return tender_of(tenders[0].kind, amount_cents=total_cents)
    said = {"amount": format_cents(total_cents), "tenders": len(tenders), "accounts": len(facts.accounts)}
    if len(tenders) == 1:
        of = tender_of(tenders[0].kind, amount_cents=total_cents)
        return Sentence(gettext_noop("%(what)s for %(accounts)s accounts"), {"what": of, **said})
    if len(facts.accounts) == 1:
        return Sentence(gettext_noop("Payment of $%(amount)s by %(tenders)s tenders"), said)
    return Sentence(gettext_noop("Payment of $%(amount)s by %(tenders)s tenders for %(accounts)s accounts"), said)


def _changes(facts: Facts, *, tenders: tuple[TenderPlan, ...], entries: tuple[EntryDraft, ...]) -> tuple[Change, ...]:
    """Each account's balance and past due, the credit that is left on it, and the change to give."""
    several = len(facts.accounts) > 1
    found: list[Change] = []
    for item, standing in zip(facts.accounts, facts.standings, strict=True):
        for change in money_changes(standing, entries=entries, as_of=facts.as_of):
            named = {"what": change.label, "number": item.number_grouped}
            label = Sentence(gettext_noop("%(what)s, account %(number)s"), named) if several else change.label
            over = change.code == "balance" and isinstance(change.after, int) and change.after < 0
            note = Sentence(gettext_noop("a credit that the next bill uses")) if over else None
            found.append(replace(change, label=label, note=note))
    change_cents = sum(item.change_cents for item in tenders)
    if change_cents:
        given_cents = change_cents + sum(item.amount_cents for item in tenders if item.change_cents)
        for code, said, cents in (
            ("cash_given", gettext_noop("Cash given"), given_cents),
            ("change_due", gettext_noop("Change to give"), change_cents),
        ):
            found.append(Change(code=code, label=Sentence(said), unit=Unit.CENTS, before=None, after=cents))
    return tuple(found)


def record(proposal: Proposal[EventPlan], recording: Recording) -> None:
    """Record event, tenders and payments, and post.

    Raises:
        DrawerClosed: the drawer was closed meanwhile.
    """
    payment_ids, entry_ids = record_event(
        proposal.plan,
        received_at=recording.moment.at,
        received_by=recording.actor.name,
        receipt_id=recording.receipt_id,
    )
    for payment_id in payment_ids:
        recording.made_one("payment", payment_id)
    recording.entry_ids += entry_ids


ACTION = registry.add(
    Action(
        name="take_payment",
        title=gettext_noop("Take a payment"),
        duty=4,
        on="account",
        inputs=Inputs,
        locks=locks,
        gather=gather,
        propose=propose,
        record=record,
        key="P",
        summary=gettext_noop(
            "Posts cash, checks, money orders, cards by reference, bank and agency money to one account or several; "
            "the oldest due charge is paid first."
        ),
    )
)
