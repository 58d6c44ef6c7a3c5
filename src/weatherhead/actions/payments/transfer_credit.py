"""Transfer a credit from one account to another: within a customer at once, to another customer by a second person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

from weatherhead.actions.figures import Standing, house_rule, money_changes, standings_of
from weatherhead.actions.inputs import Cents, Label, NeededNote, Number
from weatherhead.areas.credit.write_offs import given_up_of
from weatherhead.areas.customers.numbers import check_account_number
from weatherhead.areas.customers.queries import AccountFacts, NoSuchAccount, account_ids_by_number, accounts
from weatherhead.areas.ledger.operations import post
from weatherhead.areas.records.utility import current_utility
from weatherhead.core.ledger import EntryDraft, LedgerAccount, OpenCredit, Posting
from weatherhead.core.values import Change, Refusal, Sentence, format_cents, gettext_noop
from weatherhead.door.context import Actor, Moment
from weatherhead.door.proposal import Proposal
from weatherhead.door.registry import Action, Recording, registry

_CHARGE = "credit_transfer"


class SameAccount(Refusal):
    """From an account to itself."""

    template = gettext_noop("The credit is on account %(number)s already. Enter the account that it should go to.")


class NotSoMuchCredit(Refusal):
    """Only what is to the customer's credit can go elsewhere, and none of it that pays what was written off."""

    template = gettext_noop(
        "Account %(number)s has a credit of $%(credit)s; $%(amount)s cannot be taken from it. A payment on the wrong "
        "account is reversed, not transferred."
    )


class ConsentMissing(Refusal):
    """It is that customer's money."""

    template = gettext_noop(
        "Account %(number)s belongs to another customer. Choose how the customer whose credit it is agreed to this."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """Whose credit, where to, how much, and why. To another customer only with consent, and a second person decides."""

    account_id: Number
    other_account: Label
    amount_cents: Cents
    consent: Literal["none", "written", "in_person", "by_phone"] = "none"
    note: NeededNote


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Both accounts and their receivables, what was written off of the first and not paid since, and the day."""

    account: AccountFacts
    other: AccountFacts
    given_up_cents: int
    standing: Standing
    other_standing: Standing
    as_of: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The one entry that takes from one account and gives to the other."""

    entry: EntryDraft


def _other_id(inputs: Inputs) -> int:
    """The account that it goes to.

    Raises:
        AccountNumberMistyped, NoSuchAccount: as they say.
    """
    number = check_account_number(inputs.other_account, form=current_utility().account_number)
    known = account_ids_by_number([number])
    if number not in known:
        raise NoSuchAccount(account=inputs.other_account)
    return known[number]


def locks(inputs: Inputs) -> tuple[int, ...]:
    """Both accounts."""
    return tuple(sorted({inputs.account_id, _other_id(inputs)}))


def gather(inputs: Inputs, moment: Moment, _: Actor) -> Facts:
    """Read both accounts and their receivables."""
    both = (inputs.account_id, _other_id(inputs))
    found, standings = accounts(both), standings_of(both)
    if inputs.account_id not in found:
        raise NoSuchAccount(account=inputs.account_id)
    first, other = both
    return Facts(
        account=found[first],
        other=found[other],
        given_up_cents=given_up_of(first),
        standing=standings[first],
        other_standing=standings[other],
        as_of=moment.as_of,
    )


def propose(facts: Facts, inputs: Inputs) -> Proposal[Plan]:
    """Take the newest credit from one account, and let it settle the oldest due charge of the other.

    Raises:
        SameAccount, NotSoMuchCredit, ConsentMissing: as they say.
    """
    account, other = facts.account, facts.other
    if account.account_id == other.account_id:
        raise SameAccount(number=account.number_grouped)
    kept = facts.standing.open_credits(as_of=facts.as_of)
    credit_cents = max(sum(item.open_cents for item in kept) - facts.given_up_cents, 0)
    if inputs.amount_cents > credit_cents:
        raise NotSoMuchCredit(
            number=account.number_grouped,
            credit=format_cents(credit_cents),
            amount=format_cents(inputs.amount_cents),
        )
    elsewhere = account.customer_id != other.customer_id
    if elsewhere and inputs.consent == "none":
        raise ConsentMissing(number=other.number_grouped)
    entry = transfer_entry(
        kept,
        account_id=account.account_id,
        to_id=other.account_id,
        amount_cents=inputs.amount_cents,
        on=facts.as_of,
        reason=f"{inputs.consent}: {inputs.note}" if elsewhere else inputs.note,
    )
    said = {
        "amount": format_cents(inputs.amount_cents),
        "number": account.number_grouped,
        "other": other.number_grouped,
    }
    return Proposal(
        summary=Sentence(gettext_noop("Credit of $%(amount)s transferred from %(number)s to %(other)s"), said),
        confirm=Sentence(gettext_noop("Transfer $%(amount)s"), said),
        plan=Plan(entry=entry),
        account_ids=(account.account_id, other.account_id),
        entries=(entry,),
        changes=(
            *_changes(account, standing=facts.standing, entry=entry, as_of=facts.as_of),
            *_changes(other, standing=facts.other_standing, entry=entry, as_of=facts.as_of),
        ),
        rules=(house_rule("credit transfer", "A credit reaches another customer by consent and two persons only"),),
        needs_approval=_asks(facts, inputs=inputs) if elsewhere else None,
    )


def transfer_entry(
    kept: Sequence[OpenCredit], *, account_id: int, to_id: int, amount_cents: int, on: date, reason: str
) -> EntryDraft:
    """The entry. Each part taken is linked to the credit that it takes, so that nothing owed is paid with it again."""
    postings: list[Posting] = []
    left_cents = amount_cents
    for item in kept:
        if not left_cents:
            break
        cents = min(left_cents, item.open_cents)
        left_cents -= cents
        postings.append(
            Posting(
                ledger_account=LedgerAccount.RECEIVABLE,
                amount_cents=cents,
                charge=_CHARGE,
                account_id=account_id,
                matches=item.ref,
            )
        )
    given = Posting(
        ledger_account=LedgerAccount.RECEIVABLE, amount_cents=-amount_cents, charge=_CHARGE, account_id=to_id
    )
    return EntryDraft(kind=_CHARGE, effective_on=on, reason=reason, postings=(*postings, given))


def _asks(facts: Facts, *, inputs: Inputs) -> Sentence:
    template = {
        "written": gettext_noop(
            "The credit goes to another customer, account %(number)s; consent was given in writing."
        ),
        "in_person": gettext_noop(
            "The credit goes to another customer, account %(number)s; consent was given in person."
        ),
        "by_phone": gettext_noop(
            "The credit goes to another customer, account %(number)s; consent was given by phone."
        ),
    }[inputs.consent]
    return Sentence(template, {"number": facts.other.number_grouped})


def _changes(item: AccountFacts, *, standing: Standing, entry: EntryDraft, as_of: date) -> tuple[Change, ...]:
    return tuple(
        replace(
            change,
            label=Sentence(
                gettext_noop("%(what)s, account %(number)s"), {"what": change.label, "number": item.number_grouped}
            ),
        )
        for change in money_changes(standing, entries=(entry,), as_of=as_of)
    )


def record(proposal: Proposal[Plan], recording: Recording) -> None:
    """Post it."""
    recording.entry_ids += post([proposal.plan.entry], inserted_at=recording.moment.at, receipt_id=recording.receipt_id)


ACTION = registry.add(
    Action(
        name="transfer_credit",
        title=gettext_noop("Transfer a credit"),
        duty=4,
        on="account",
        inputs=Inputs,
        locks=locks,
        gather=gather,
        propose=propose,
        record=record,
        summary=gettext_noop(
            "Moves a credit to another account of the customer; to another customer's with consent and approval only."
        ),
    )
)
