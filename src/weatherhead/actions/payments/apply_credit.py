"""Apply what waits as unapplied credit to the charges that its rule lets it settle.

What the rule keeps waiting may go to the balance by a second person's decision: there it pays whatever is due first,
and is transferred, refunded or recovered as any credit. When the payment behind it is taken back, so is all of this.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

from weatherhead.actions.credit.brought_about import APPLIED
from weatherhead.actions.figures import Standing, drafted, money_changes, standing_of
from weatherhead.actions.inputs import Note, Number
from weatherhead.areas.customers.queries import AccountFacts, account
from weatherhead.areas.ledger.operations import post
from weatherhead.areas.ledger.queries import balances_of
from weatherhead.areas.payments.rules import ApplicationRules, application_rules, credit_settles
from weatherhead.core.ledger import Direction, EntryDraft, LedgerAccount, Posting, Share, allocate, asked_for
from weatherhead.core.values import Change, Refusal, Sentence, Unit, format_cents, gettext_noop
from weatherhead.door.context import Actor, Moment
from weatherhead.door.proposal import Proposal
from weatherhead.door.registry import Action, Recording, registry


class NothingWaits(Refusal):
    """No unapplied credit."""

    template = gettext_noop("No credit waits on account %(number)s. A credit on the balance settles charges by itself.")


class NothingToSettle(Refusal):
    """Nothing is owed that it may settle."""

    template = gettext_noop(
        "$%(amount)s waits, and account %(number)s owes nothing that it may settle. The next bill may be; or let the "
        "rest go to the balance, which a second person decides."
    )


class WhyMissing(Refusal):
    """What lifts a rule needs a reason."""

    template = gettext_noop("A rule keeps this money waiting. Write a note: why it may go to the balance.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """The account; whether what the rule does not apply goes on waiting or goes to the balance, and then why."""

    account_id: Number
    rest: Literal["waits", "balance"] = "waits"
    note: Note = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The account, what waits on it, its receivable, the rule, and the day."""

    account: AccountFacts
    waits_cents: int
    standing: Standing
    rules: ApplicationRules | None
    as_of: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The entry."""

    entry: EntryDraft


def locks(inputs: Inputs) -> tuple[int, ...]:
    """The account."""
    return (inputs.account_id,)


def gather(inputs: Inputs, moment: Moment, _: Actor) -> Facts:
    """Read what waits and what is owed."""
    waits = balances_of([inputs.account_id])[inputs.account_id]
    return Facts(
        account=account(inputs.account_id),
        waits_cents=-waits.get(LedgerAccount.UNAPPLIED_CREDIT, 0),
        standing=standing_of(inputs.account_id),
        rules=application_rules(),
        as_of=moment.as_of,
    )


def propose(facts: Facts, inputs: Inputs) -> Proposal[Plan]:
    """Settle as much as may be, the oldest due charge first; what is left waits, or goes to the balance.

    Raises:
        NothingWaits, WhyMissing, NothingToSettle: as they say.
    """
    number = facts.account.number_grouped
    if facts.waits_cents <= 0:
        raise NothingWaits(number=number)
    if inputs.rest == "balance" and not inputs.note:
        raise WhyMissing
    shares = shares_of_waiting(facts.standing, waits_cents=facts.waits_cents, rules=facts.rules, on=facts.as_of)
    left_cents = facts.waits_cents - sum(share.amount_cents for share in shares)
    lifts = bool(left_cents) and inputs.rest == "balance"
    if lifts:
        shares.append(Share(ledger_account=LedgerAccount.RECEIVABLE, amount_cents=left_cents))
    applied_cents = sum(share.amount_cents for share in shares)
    if not applied_cents:
        raise NothingToSettle(amount=format_cents(facts.waits_cents), number=number)
    entry = applied_entry(
        shares, account_id=facts.account.account_id, cents=applied_cents, on=facts.as_of, why=inputs.note
    )
    said = {"amount": format_cents(applied_cents)}
    return Proposal(
        summary=Sentence(gettext_noop("Unapplied credit of $%(amount)s applied"), said),
        confirm=Sentence(gettext_noop("Apply $%(amount)s"), said),
        plan=Plan(entry=entry),
        account_ids=(facts.account.account_id,),
        entries=(entry,),
        changes=(
            *money_changes(facts.standing, entries=(entry,), as_of=facts.as_of),
            Change(
                code="unapplied_credit",
                label=Sentence(gettext_noop("Waits as unapplied credit")),
                unit=Unit.CENTS,
                before=facts.waits_cents,
                after=facts.waits_cents - applied_cents,
                account_id=facts.account.account_id,
            ),
        ),
        rules=(facts.rules.rule,) if facts.rules else (),
        needs_approval=_asks(left_cents) if lifts else None,
    )


def shares_of_waiting(standing: Standing, *, waits_cents: int, rules: ApplicationRules | None, on: date) -> list[Share]:
    """What the rule lets waiting credit settle of what an account owes on a day."""
    settles = credit_settles(rules, on=on)
    if settles is None:
        return []
    found = allocate(
        asked_for(standing.open_items(as_of=on), as_of=on),
        amount_cents=waits_cents,
        direction=Direction(settles=settles, rest=LedgerAccount.UNAPPLIED_CREDIT),
    )
    return [share for share in found if share.ledger_account == LedgerAccount.RECEIVABLE]


def as_if_applied(standing: Standing, *, waits_cents: int, rules: ApplicationRules | None, on: date) -> Standing:
    """What an account owes when its waiting credit is taken for paid, as far as its rule lets it settle that: nobody
    is late with what we hold.
    """
    shares = shares_of_waiting(standing, waits_cents=waits_cents, rules=rules, on=on)
    cents = sum(share.amount_cents for share in shares)
    if not cents:
        return standing
    entry = applied_entry(shares, account_id=standing.account_id, cents=cents, on=on)
    return replace(standing, movements=(*standing.movements, *drafted([entry], account_id=standing.account_id)))


def _asks(cents: int) -> Sentence:
    template = gettext_noop("$%(amount)s goes to the balance that the rule of the payment keeps waiting.")
    return Sentence(template, {"amount": format_cents(cents)})


def applied_entry(shares: Sequence[Share], *, account_id: int, cents: int, on: date, why: str = "") -> EntryDraft:
    """The entry that applies some shares of what waits on an account."""
    return EntryDraft(
        kind=APPLIED,
        effective_on=on,
        reason=why,
        postings=(
            Posting(
                ledger_account=LedgerAccount.UNAPPLIED_CREDIT,
                amount_cents=cents,
                charge="payment",
                account_id=account_id,
            ),
            *(
                Posting(
                    ledger_account=LedgerAccount.RECEIVABLE,
                    amount_cents=-share.amount_cents,
                    charge="payment",
                    account_id=account_id,
                    matches=share.matches,
                )
                for share in shares
            ),
        ),
    )


def record(proposal: Proposal[Plan], recording: Recording) -> None:
    """Post it."""
    recording.entry_ids += post([proposal.plan.entry], inserted_at=recording.moment.at, receipt_id=recording.receipt_id)


ACTION = registry.add(
    Action(
        name="apply_credit",
        title=gettext_noop("Apply a waiting credit"),
        duty=4,
        on="account",
        inputs=Inputs,
        locks=locks,
        gather=gather,
        propose=propose,
        record=record,
        summary=gettext_noop(
            "Settles charges with unapplied credit, those that the rule of the money allows; more by a second person."
        ),
    )
)
