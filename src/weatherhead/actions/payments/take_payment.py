"""Take a payment and post it: mostly one tender for one account; several tenders for several accounts as one event."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from weatherhead.actions.credit.giving_up import recovered
from weatherhead.actions.figures import Standing, house_rule, made, money_changes, standings_of
from weatherhead.actions.inputs import (
    Blankable,
    Cents,
    CheckNumber,
    Label,
    Note,
    Number,
    OptionalCents,
    OptionalLabel,
    ShortText,
    rows_typed,
)
from weatherhead.actions.payments.accepting import DECIDES, require_accepted
from weatherhead.actions.payments.receiving import (
    PAYMENT_CENTS_MAX,
    CardDigits,
    Directed,
    Known,
    PaymentTooLarge,
    Said,
    TenderKind,
    application_rule,
    known_payments,
    payment_entry,
    require_received_by,
    said_of,
    tender_of,
    tender_plan,
    waits_as_credit,
)
from weatherhead.areas.credit.operations.write_offs import Recovered, record_recoveries
from weatherhead.areas.credit.write_offs import WriteOffFacts, write_offs_of
from weatherhead.areas.customers.queries import AccountFacts, NoSuchAccount, account_ids_by_number, accounts
from weatherhead.areas.payments.drawers import DrawerFacts, NoDrawerOpen, open_drawer_of
from weatherhead.areas.payments.operations import AppliedPlan, EventPlan, TenderPlan, record_event
from weatherhead.areas.payments.queries import PHYSICAL, Likeness, likeness
from weatherhead.areas.payments.returns import CashOnly, cash_only_of
from weatherhead.areas.payments.rules import application_rules
from weatherhead.areas.payments.spread import spread
from weatherhead.areas.records.utility import current_utility
from weatherhead.core.ledger import EntryDraft
from weatherhead.core.statements.scan_line import ScanLine
from weatherhead.core.values import Change, Refusal, Sentence, Unit, format_cents, gettext_noop
from weatherhead.door.authority import grant_for
from weatherhead.door.context import Actor, Moment
from weatherhead.door.proposal import Proposal
from weatherhead.door.registry import Action, InputsInvalid, Recording, registry

_MORE_MAX = 50
_NOTE_LENGTH_MIN = 4
RECOVERED_FIRST = house_rule("recoveries", "A payment on a written-off account takes the write-off back first")


class TendersDiffer(Refusal):
    """What was given is not what is to be posted."""

    template = gettext_noop("$%(given)s was given, and $%(posted)s is to be posted. Correct one of them.")


class TenderTwice(Refusal):
    """A check is handed over once, and a card charged once under one reference."""

    template = gettext_noop("Number %(number)s stands there twice. Write each check or reference once.")


class StubOfAnother(Refusal):
    """The stub names another account."""

    template = gettext_noop(
        "This stub is of account %(number)s. Scan it into the search field to open that account, or leave it out."
    )


class NoteMissing(Refusal):
    """Whoever says that it is another payment says how they know."""

    template = gettext_noop("Note why it is no duplicate: what shows that there are two payments.")


class AccountTwice(Refusal):
    """An account stands in the list once."""

    template = gettext_noop("Account %(number)s stands there twice. Write it once, with both amounts together.")


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountRow:
    """Another account that is paid with the same money, by its number or the scan line of its stub.

    Without an amount, what the stub asks for.
    """

    account: Label
    amount_cents: OptionalCents = None


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
    in cash is change, and of anything else it must be the same. `despite_returns` is why a supervisor takes a check for
    an account that is on cash only.
    With the `scan_line` of the account's stub the amount may be left out.
    """

    account_id: Number
    amount_cents: OptionalCents = None
    tender: TenderKind
    tendered_cents: OptionalCents = None
    check_number: CheckNumber = ""
    reference: OptionalLabel = ""
    agency: ShortText = ""
    card_last4: CardDigits = ""
    channel: Literal["counter", "mail", "drop_box", "phone", "electronic"] = "counter"
    paid_on: Annotated[date | None, Blankable] = None
    also_pays: Annotated[
        tuple[AccountRow, ...], rows_typed("account", "amount_cents", least=1), Field(max_length=_MORE_MAX)
    ] = ()
    more_tenders: Annotated[
        tuple[TenderRow, ...],
        rows_typed("tender", "amount_cents", "number", "name", least=2),
        Field(max_length=_MORE_MAX),
    ] = ()
    scan_line: OptionalLabel = ""
    not_a_duplicate: bool = False
    note: Note = ""
    despite_returns: Note = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The accounts, what is paid on each and their receivables, the first one's first; what was written off on them;
    what the rules say of them; the actor's drawer, whether one is needed; the day."""

    accounts: tuple[AccountFacts, ...]
    amounts: tuple[int, ...]
    standings: tuple[Standing, ...]
    write_offs: Mapping[int, tuple[WriteOffFacts, ...]]
    directed: Directed
    known: Known
    stub: ScanLine | None
    drawer: DrawerFacts | None
    needs_drawer: bool
    restricted: Mapping[int, CashOnly]  # which accounts are on cash only
    may_override: bool
    as_of: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The event, and what it pays of debts that were given up."""

    event: EventPlan
    recoveries: tuple[Recovered, ...]


def locks(inputs: Inputs) -> tuple[int, ...]:
    """The accounts."""
    return tuple(sorted(set(_account_ids(inputs, also=_also(inputs)))))


def _also(inputs: Inputs) -> tuple[Said, ...]:
    """The other accounts, as they were typed or scanned.

    Raises:
        AccountNumberMistyped, ScanLineUnreadable: as they say.
    """
    form = current_utility().account_number
    return tuple(said_of(row.account, form=form) for row in inputs.also_pays)


def _account_ids(inputs: Inputs, *, also: tuple[Said, ...]) -> tuple[int, ...]:
    """Whose money it is, in the order of the form.

    Raises:
        NoSuchAccount: a number is nobody's.
    """
    known = account_ids_by_number([item.number for item in also]) if also else {}
    for item in also:
        if item.number not in known:
            raise NoSuchAccount(account=item.number)
    return (inputs.account_id, *(known[item.number] for item in also))


def _said_first(inputs: Inputs, *, account: AccountFacts) -> Said:
    """The account of the form, and its stub when one was scanned.

    Raises:
        InputsInvalid: neither an amount nor a stub was given.
        StubOfAnother: the stub is of another account.
        AccountNumberMistyped, ScanLineUnreadable: as they say.
    """
    if not inputs.scan_line:
        if inputs.amount_cents is None:
            raise InputsInvalid(problems={"amount_cents": gettext_noop("is needed, or the scan line of the stub")})
        return Said(number=account.number)
    found = said_of(inputs.scan_line, form=current_utility().account_number)
    if found.number != account.number:
        raise StubOfAnother(number=found.number)
    return found


def gather(inputs: Inputs, moment: Moment, actor: Actor) -> Facts:
    """Read the accounts, their receivables and payments of late, and the actor's drawer."""
    also = _also(inputs)
    numbers = _account_ids(inputs, also=also)
    found, standings = accounts(numbers), standings_of(numbers)
    if inputs.account_id not in found:
        raise NoSuchAccount(account=inputs.account_id)
    first = _said_first(inputs, account=found[inputs.account_id])
    at_counter = inputs.channel == "counter"
    drawer = open_drawer_of(actor.employee_id) if at_counter else None
    grant = grant_for(actor, as_of=moment.as_of)
    return Facts(
        accounts=tuple(found[number] for number in numbers),
        amounts=(
            first.amount_cents(inputs.amount_cents),
            *(said.amount_cents(row.amount_cents) for said, row in zip(also, inputs.also_pays, strict=True)),
        ),
        standings=tuple(standings[number] for number in numbers),
        write_offs=write_offs_of(numbers),
        directed=Directed(rules=application_rules(), standings=standings),
        known=known_payments(numbers, as_of=moment.as_of),
        stub=first.stub,
        drawer=drawer,
        needs_drawer=at_counter and drawer is None and grant.needs_drawer,
        restricted=cash_only_of(numbers, as_of=moment.as_of),
        may_override=DECIDES in grant.actions,
        as_of=moment.as_of,
    )


def propose(facts: Facts, inputs: Inputs) -> Proposal[Plan]:
    """Debit each tender where it is kept, credit the receivables; the sums of both foot to the cent.

    What an account does not owe pays first what was written off on it.

    Raises:
        PaidInFuture, PaidTooLongAgo, PaymentTooLarge, AccountTwice, TendersDiffer, TenderTwice, CheckNumberMissing,
        CardReferenceMissing, AgencyMissing, NoDrawerOpen, LooksLikeDuplicate, NoteMissing, CashOnlyAccount,
        SupervisorDecides: as they say.
    """
    paid_on = inputs.paid_on or facts.as_of
    require_received_by(paid_on, as_of=facts.as_of)
    total_cents = sum(facts.amounts)
    if total_cents > PAYMENT_CENTS_MAX:
        raise PaymentTooLarge(amount=format_cents(total_cents))
    _require_once(facts)
    tenders = _tenders(inputs, total_cents=total_cents)
    require_accepted(
        facts.accounts,
        kinds=(item.kind for item in tenders),
        restricted=facts.restricted,
        reason=inputs.despite_returns,
        may_override=facts.may_override,
    )
    if facts.needs_drawer and any(item.kind in PHYSICAL for item in tenders):
        raise NoDrawerOpen
    _require_new(facts, inputs=inputs, tenders=tenders)
    payments = _payments(facts, inputs=inputs, tenders=tenders, paid_on=paid_on)
    paid = tuple(item.entry for item in payments)
    recoveries = _recoveries(facts, entries=paid)
    entries = (*paid, *(item.entry for item in recoveries))
    return Proposal(
        summary=_summary(facts, tenders=tenders, total_cents=total_cents),
        confirm=Sentence(gettext_noop("Take $%(amount)s"), {"amount": format_cents(total_cents)}),
        plan=Plan(
            event=EventPlan(
                channel=inputs.channel,
                received_on=paid_on,
                tenders=tenders,
                payments=payments,
                drawer_id=facts.drawer.drawer_id if facts.drawer else None,
            ),
            recoveries=recoveries,
        ),
        account_ids=tuple(item.account_id for item in facts.accounts),
        entries=entries,
        creates={
            "payments_paymentevent": 1,
            "payments_tender": len(tenders),
            "payments_payment": len(payments),
            **({"credit_recovery": len(recoveries)} if recoveries else {}),
        },
        changes=(*_changes(facts, tenders=tenders, entries=entries), *_recovered(recoveries)),
        rules=(
            application_rule(facts.directed.rules, tenders=[item.kind for item in tenders], on=paid_on),
            *((RECOVERED_FIRST,) if recoveries else ()),
        ),
    )


def _recoveries(facts: Facts, *, entries: tuple[EntryDraft, ...]) -> tuple[Recovered, ...]:
    """What the payments pay of write-offs: at most the credit that they would leave."""
    return tuple(
        plan
        for standing in facts.standings
        for plan in recovered(
            facts.write_offs.get(standing.account_id, ()),
            credit_cents=-standing.balance_cents(as_of=facts.as_of, entries=entries),
            on=facts.as_of,
        )
    )


def _recovered(recoveries: tuple[Recovered, ...]) -> tuple[Change, ...]:
    cents = sum(item.amount_cents for item in recoveries)
    label = gettext_noop("Pays what was written off")
    return (made(label, cents, code="recovered", unit=Unit.CENTS),) if cents else ()


def _require_once(facts: Facts) -> None:
    seen: set[int] = set()
    for item in facts.accounts:
        if item.account_id in seen:
            raise AccountTwice(number=item.number_grouped)
        seen.add(item.account_id)


def _require_new(facts: Facts, *, inputs: Inputs, tenders: tuple[TenderPlan, ...]) -> None:
    """See that no tender was posted before, or that somebody says why it is another one.

    Raises:
        LooksLikeDuplicate, TenderTwice, NoteMissing: as they say.
    """
    seen: set[Likeness] = set()
    for item in tenders:
        number = item.check_number or item.reference
        known_by = likeness(account_id=0, kind=item.kind, number=number, amount_cents=0)
        if known_by is None:
            continue
        if known_by in seen:
            raise TenderTwice(number=number)
        seen.add(known_by)
    if inputs.not_a_duplicate:
        if len(inputs.note) < _NOTE_LENGTH_MIN:
            raise NoteMissing
        return
    for account in facts.accounts:
        for tender in tenders:
            number = tender.check_number or tender.reference
            facts.known.require_new(
                account_id=account.account_id, kind=tender.kind, number=number, amount_cents=tender.amount_cents
            )


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
    facts: Facts, *, inputs: Inputs, tenders: tuple[TenderPlan, ...], paid_on: date
) -> tuple[AppliedPlan, ...]:
    reason = f"not_a_duplicate: {inputs.note}" if inputs.not_a_duplicate else inputs.note
    found: list[AppliedPlan] = []
    for place, whose, cents in spread([item.amount_cents for item in tenders], facts.amounts):
        account_id, kind = facts.accounts[whose].account_id, tenders[place].kind
        shares = facts.directed.shares(
            account_id=account_id,
            amount_cents=cents,
            tender=kind,
            paid_on=paid_on,
            as_of=facts.as_of,
            before=[item.entry for item in found if item.account_id == account_id],
        )
        entry = payment_entry(
            account_id=account_id, amount_cents=cents, tender=kind, paid_on=paid_on, shares=shares, reason=reason
        )
        found.append(AppliedPlan(tender=place, account_id=account_id, amount_cents=cents, entry=entry))
    return tuple(found)


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
        found += waits_as_credit(entries, account=item)
    return (*found, *_given(facts, tenders=tenders))


def _given(facts: Facts, *, tenders: tuple[TenderPlan, ...]) -> tuple[Change, ...]:
    """What the stub asks for, where it is not what is paid, and the cash given and the change."""
    figures: list[tuple[str, str, int]] = []
    if facts.stub is not None and facts.stub.amount_due_cents != facts.amounts[0]:
        figures.append(("stub", gettext_noop("Asked for on the stub"), facts.stub.amount_due_cents))
    change_cents = sum(item.change_cents for item in tenders)
    if change_cents:
        given_cents = change_cents + sum(item.amount_cents for item in tenders if item.change_cents)
        figures.append(("cash_given", gettext_noop("Cash given"), given_cents))
        figures.append(("change_due", gettext_noop("Change to give"), change_cents))
    return tuple(made(label, cents, code=code, unit=Unit.CENTS) for code, label, cents in figures)


def record(proposal: Proposal[Plan], recording: Recording) -> None:
    """Record event, tenders and payments, and post.

    Raises:
        DrawerClosed: the drawer was closed meanwhile.
    """
    payment_ids, entry_ids = record_event(
        proposal.plan.event,
        received_at=recording.moment.at,
        received_by=recording.actor.name,
        receipt_id=recording.receipt_id,
    )
    for payment_id in payment_ids:
        recording.made_one("payment", payment_id)
    recording.entry_ids += entry_ids
    if proposal.plan.recoveries:
        recording.entry_ids += record_recoveries(
            proposal.plan.recoveries,
            on=recording.moment.as_of,
            at=recording.moment.at,
            receipt_id=recording.receipt_id,
        )


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
