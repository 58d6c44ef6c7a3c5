"""Send money in suspense back: a refund, which a second person approves, or by the bank that brought it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from weatherhead.actions.credit.request_refund import EVERY_REFUND, METHODS, waits
from weatherhead.actions.figures import house_rule, made
from weatherhead.actions.inputs import NeededNote, Number, OptionalCity, ShortText, UnitText
from weatherhead.actions.payments.receiving import LEDGER_ACCOUNT_OF, suspense_back_entry, tender_of
from weatherhead.actions.payments.suspending import TenderCameBack, accounts_concerned, require_open
from weatherhead.actions.payments.suspense_refund import Address, RefundTerms, plan_refund, refund_terms
from weatherhead.areas.credit.operations.refunds import RefundPlan, note_refund
from weatherhead.areas.ledger.queries import entry
from weatherhead.areas.payments.file_queries import SuspenseFacts, suspense_item
from weatherhead.areas.payments.operations.suspense import Resolution, return_item
from weatherhead.areas.payments.queries import Whereabouts, where_tender_is
from weatherhead.core.ledger import Entry, EntryDraft, LedgerAccount, reversal
from weatherhead.core.values import Change, Refusal, Rule, Sentence, Unit, format_cents, gettext_noop
from weatherhead.door.context import Actor, Moment
from weatherhead.door.proposal import Proposal
from weatherhead.door.registry import SENSITIVE, Action, Recording, registry


class NeverAtBank(Refusal):
    """What the bank does not have it cannot take back."""

    template = gettext_noop(
        "%(what)s was taken here, and the bank does not send it back. Give it back as a refund, which a second person "
        "approves."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """The item; a refund, or back through the bank; why it is nobody's here; whom a refund goes to, and where.

    Without a name it goes to the payer that came with the money. A check needs the address.
    """

    suspense_item_id: Number
    way: Literal["refund", "bank"]
    note: NeededNote
    payee_name: ShortText = field(default="", metadata=SENSITIVE)
    mail_street: ShortText = field(default="", metadata=SENSITIVE)
    mail_unit: UnitText = field(default="", metadata=SENSITIVE)
    mail_city: OptionalCity = ""
    mail_state: UnitText = ""
    mail_postal_code: UnitText = field(default="", metadata=SENSITIVE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The item, the entry that put it into suspense, where its tender is, whose it may be, the terms of a refund, and
    the day.
    """

    item: SuspenseFacts
    entry: Entry
    where: Whereabouts
    concerns: tuple[int, ...]
    refund: RefundTerms | None
    as_of: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The entry that takes it out of suspense, and the refund."""

    item_id: int
    way: Literal["refund", "bank"]
    note: str
    entry: EntryDraft
    refund: RefundPlan | None
    on: date


def gather(inputs: Inputs, moment: Moment, _: Actor) -> Facts:
    """Read the item, and of a refund its rule, payee and accounts concerned.

    Raises:
        NoSuchSuspenseItem, SuspenseResolvedAlready, PayeeMissing, AddressIncomplete, NoRefundRules: as they say.
    """
    item = suspense_item(inputs.suspense_item_id)
    require_open(item)
    refund = inputs.way == "refund"
    address = Address(
        street=inputs.mail_street,
        unit=inputs.mail_unit,
        city=inputs.mail_city,
        state=inputs.mail_state,
        postal_code=inputs.mail_postal_code,
    )
    terms = refund_terms(item, name=inputs.payee_name, address=address, as_of=moment.as_of) if refund else None
    return Facts(
        item=item,
        entry=entry(item.entry_id),
        where=where_tender_is(item.tender_id),
        concerns=accounts_concerned(item.item_id, payee=terms.payee.name) if terms is not None else (),
        refund=terms,
        as_of=moment.as_of,
    )


def propose(facts: Facts, inputs: Inputs) -> Proposal[Plan]:
    """Owe it as a refund, or undo the receipt. A refund is always approved by a second person.

    Raises:
        TenderCameBack, SuspenseTooSmall: there is nothing to refund.
        NeverAtBank: there is nothing that the bank could take back.
    """
    return _as_refund(facts, inputs=inputs, terms=facts.refund) if facts.refund else _through_bank(facts, inputs=inputs)


def _as_refund(facts: Facts, *, inputs: Inputs, terms: RefundTerms) -> Proposal[Plan]:
    item = facts.item
    if item.tender_returned_on is not None:
        raise TenderCameBack(on=item.tender_returned_on)
    refund = plan_refund(item, terms=terms, on=facts.as_of)
    said = {
        "amount": format_cents(item.amount_cents),
        "on": item.received_on,
        "how": Sentence(METHODS[refund.method]),
    }
    return Proposal(
        summary=Sentence(gettext_noop("$%(amount)s received on %(on)s goes back as a refund %(how)s"), said),
        confirm=Sentence(gettext_noop("Refund $%(amount)s"), said),
        plan=Plan(
            item_id=item.item_id,
            way="refund",
            note=inputs.note,
            entry=refund.entry,
            refund=refund,
            on=facts.as_of,
        ),
        entries=(refund.entry,),
        creates={"credit_refund": 1},
        updates={"payments_suspenseitem": 1},
        changes=(
            *_changes(item, target=LedgerAccount.REFUNDS_PAYABLE),
            made(gettext_noop("Pay to"), refund.payee_name, code="payee"),
            *_mailed(refund),
            *waits(refund),
        ),
        rules=(*_rules(item), terms.rule.rule),
        checker_cents=item.amount_cents,
        concerns=facts.concerns,
        needs_approval=Sentence(EVERY_REFUND),
    )


def _through_bank(facts: Facts, *, inputs: Inputs) -> Proposal[Plan]:
    """What went back through the bank undoes the entry that brought it, or is charged back of its deposit."""
    item, at_bank = facts.item, facts.where is Whereabouts.AT_BANK
    lies_here = facts.where is not Whereabouts.ELECTRONIC and not at_bank and item.tender_returned_on is None
    if item.tender_kind == "cash" or lies_here:
        raise NeverAtBank(what=tender_of(item.tender_kind, amount_cents=item.amount_cents))
    said = {"amount": format_cents(item.amount_cents), "on": item.received_on}
    why = "returned through the bank"
    if at_bank:
        draft = suspense_back_entry(amount_cents=item.amount_cents, on=facts.as_of, reason=why)
    else:
        draft = reversal(facts.entry, effective_on=facts.as_of, reason=why)
    target = LedgerAccount.BANK if at_bank else LEDGER_ACCOUNT_OF[item.tender_kind]
    return Proposal(
        summary=Sentence(gettext_noop("$%(amount)s received on %(on)s went back through the bank"), said),
        confirm=Sentence(gettext_noop("Return $%(amount)s"), said),
        plan=Plan(item_id=item.item_id, way="bank", note=inputs.note, entry=draft, refund=None, on=facts.as_of),
        entries=(draft,),
        updates={"payments_suspenseitem": 1},
        changes=_changes(item, target=target),
        rules=_rules(item),
    )


def _mailed(refund: RefundPlan) -> tuple[Change, ...]:
    if not refund.payee_lines:
        return ()
    return (made(gettext_noop("Mail to"), ", ".join(refund.payee_lines), code="address"),)


def _changes(item: SuspenseFacts, *, target: str) -> tuple[Change, ...]:
    return (
        Change(
            code="suspense",
            label=Sentence(gettext_noop("In suspense")),
            unit=Unit.CENTS,
            before=item.amount_cents,
            after=0,
        ),
        Change(
            code="booked_to",
            label=Sentence(gettext_noop("Booked to")),
            unit=Unit.TEXT,
            before=LedgerAccount.SUSPENSE.value,
            after=str(target),
        ),
    )


def _rules(item: SuspenseFacts) -> tuple[Rule, ...]:
    back = house_rule("suspense", "Money that nobody can be found for goes back to who paid it")
    if item.return_by is None:
        return (back,)
    return (back, house_rule("agency funds", "Agency money that is not accepted goes back within 5 working days"))


def record(proposal: Proposal[Plan], recording: Recording) -> None:
    """Post the return, and of a refund its row.

    Raises:
        SuspenseResolvedAlready: somebody was faster.
    """
    plan = proposal.plan
    entry_ids = return_item(
        Resolution(item_id=plan.item_id, entry=plan.entry, on=plan.on, by=recording.actor.name, note=plan.note),
        way=plan.way,
        at=recording.moment.at,
        receipt_id=recording.receipt_id,
    )
    recording.entry_ids += entry_ids
    if plan.refund is not None:
        number = note_refund(plan.refund, entry_id=entry_ids[0], receipt_id=recording.receipt_id)
        recording.made_one("refund", number)


ACTION = registry.add(
    Action(
        name="return_suspense_item",
        title=gettext_noop("Return money in suspense"),
        duty=4,
        on="suspense_item",
        inputs=Inputs,
        gather=gather,
        propose=propose,
        record=record,
        summary=gettext_noop("Sends money that is nobody's here back: as a refund, once approved, or by the bank."),
    )
)
