"""Take money to the bank: closed drawers, batches, and what came one by one, balanced against the slip."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated

from pydantic import Field, StringConstraints

from weatherhead.actions.figures import house_rule, made
from weatherhead.actions.inputs import Blankable, Cents, Numbers, OneLine
from weatherhead.areas.payments.drawers import (
    Holdings,
    LooseTender,
    Undeposited,
    batches_waiting,
    closed_drawers_waiting,
    loose_tenders,
)
from weatherhead.areas.payments.operations.drawers import DepositPlan, hold_for_deposit, record_deposit
from weatherhead.core.ledger import EntryDraft, LedgerAccount, Posting
from weatherhead.core.values import Refusal, Sentence, Unit, format_cents, gettext_noop
from weatherhead.door.context import Actor, Moment
from weatherhead.door.proposal import Proposal
from weatherhead.door.registry import Action, Recording, registry

Slip = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=40), OneLine]


class NotWaiting(Refusal):
    """A drawer that is open or went already, a batch that did or holds nothing for the bank."""

    template = gettext_noop("%(what)s %(number)s is not waiting for the bank. Open the list of deposits again.")


class NothingToDeposit(Refusal):
    """An empty bag."""

    template = gettext_noop("There is nothing to take to the bank. Choose closed drawers, batches or single payments.")


class SlipDiffers(Refusal):
    """The slip says something else."""

    template = gettext_noop(
        "The slip says %(counted)s checks and $%(amount)s; what was chosen is %(found)s checks and $%(expected)s. "
        "Nothing was deposited."
    )


class DepositInFuture(Refusal):
    """A deposit that was not made."""

    template = gettext_noop("%(on)s is still to come. Enter the day on which it goes to the bank.")


class DepositBeforeMoney(Refusal):
    """It cannot have gone to the bank before it was here."""

    template = gettext_noop(
        "Some of what was chosen came, or was closed, on %(on)s: it cannot have gone to the bank before. Check the day."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """The slip's number, count of checks and total; what is in the bag; the day, today when none is given.

    `loose_through` takes in every payment in cash or by check that came without drawer or batch by that day.
    """

    slip: Slip
    checks: Annotated[int, Field(ge=0, le=1_000_000)]
    total_cents: Cents
    drawer_ids: Numbers = ()
    batch_ids: Numbers = ()
    loose_through: Annotated[date | None, Blankable] = None
    deposited_on: Annotated[date | None, Blankable] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What waits for the bank, and the day."""

    drawers: tuple[Undeposited, ...]
    batches: tuple[Undeposited, ...]
    loose: tuple[LooseTender, ...]
    as_of: date


def gather(inputs: Inputs, moment: Moment, _: Actor) -> Facts:
    """Hold what is chosen still, and read what waits."""
    loose = loose_tenders(through=inputs.loose_through) if inputs.loose_through else ()
    hold_for_deposit(
        drawer_ids=inputs.drawer_ids, batch_ids=inputs.batch_ids, tender_ids=[item.tender_id for item in loose]
    )
    return Facts(
        drawers=closed_drawers_waiting() if inputs.drawer_ids else (),
        batches=batches_waiting() if inputs.batch_ids else (),
        loose=loose_tenders(through=inputs.loose_through) if inputs.loose_through else (),
        as_of=moment.as_of,
    )


def propose(facts: Facts, inputs: Inputs) -> Proposal[DepositPlan]:
    """Move what was chosen from the drawers' and checks' ledger accounts to the bank's; it is what the slip says.

    Raises:
        DepositInFuture, NotWaiting, NothingToDeposit, SlipDiffers, DepositBeforeMoney: as they say.
    """
    deposited_on = inputs.deposited_on or facts.as_of
    if deposited_on > facts.as_of:
        raise DepositInFuture(on=deposited_on)
    drawers = _chosen(inputs.drawer_ids, among=facts.drawers, what=gettext_noop("Drawer"))
    batches = _chosen(inputs.batch_ids, among=facts.batches, what=gettext_noop("Batch"))
    total = _sum([item.holds for item in (*drawers, *batches)], loose=facts.loose)
    total_cents = total.cash_cents + total.checks_cents
    if total_cents <= 0:
        raise NothingToDeposit
    if (inputs.checks, inputs.total_cents) != (total.checks, total_cents):
        raise SlipDiffers(
            counted=inputs.checks,
            amount=format_cents(inputs.total_cents),
            found=total.checks,
            expected=format_cents(total_cents),
        )
    here_on = max([*(item.on for item in (*drawers, *batches)), *(item.on for item in facts.loose)])
    if deposited_on < here_on:
        raise DepositBeforeMoney(on=here_on)
    entry = deposit_entry(total, on=deposited_on, slip=inputs.slip)
    said = {"slip": inputs.slip, "amount": format_cents(total_cents), "checks": total.checks}
    updates = {
        "payments_drawer": len(drawers),
        "payments_paymentbatch": len(batches),
        "payments_tender": len(facts.loose),
    }
    template = gettext_noop("Deposit of $%(amount)s, %(checks)s checks, slip %(slip)s")
    if total.checks == 1:
        template = gettext_noop("Deposit of $%(amount)s, one check, slip %(slip)s")
    return Proposal(
        summary=Sentence(template, said),
        confirm=Sentence(gettext_noop("Deposit $%(amount)s"), said),
        plan=DepositPlan(
            slip=inputs.slip,
            deposited_on=deposited_on,
            drawer_ids=tuple(item.number for item in drawers),
            batch_ids=tuple(item.number for item in batches),
            tender_ids=tuple(item.tender_id for item in facts.loose),
            cash_cents=total.cash_cents,
            checks=total.checks,
            checks_cents=total.checks_cents,
            entry=entry,
        ),
        entries=(entry,),
        creates={"payments_deposit": 1},
        updates={table: count for table, count in updates.items() if count},
        changes=(
            made(gettext_noop("Cash"), total.cash_cents, code="cash", unit=Unit.CENTS),
            made(gettext_noop("Checks and money orders"), total.checks, code="checks", unit=Unit.COUNT),
            made(gettext_noop("They come to"), total.checks_cents, code="checks_cents", unit=Unit.CENTS),
            made(gettext_noop("To the bank"), total_cents, code="total", unit=Unit.CENTS),
        ),
        rules=(house_rule("deposits", "A deposit is what its drawers, batches and single payments come to"),),
    )


def _chosen(numbers: Sequence[int], *, among: tuple[Undeposited, ...], what: str) -> tuple[Undeposited, ...]:
    known = {item.number: item for item in among}
    for number in numbers:
        if number not in known:
            raise NotWaiting(what=what, number=number)
    return tuple(known[number] for number in sorted(set(numbers)))


def _sum(parts: Sequence[Holdings], *, loose: Sequence[LooseTender]) -> Holdings:
    checks = [item for item in loose if item.kind != "cash"]
    return Holdings(
        cash_cents=sum(item.cash_cents for item in parts) + sum(item.cents for item in loose if item.kind == "cash"),
        checks=sum(item.checks for item in parts) + len(checks),
        checks_cents=sum(item.checks_cents for item in parts) + sum(item.cents for item in checks),
    )


def deposit_entry(total: Holdings, *, on: date, slip: str) -> EntryDraft:
    """What leaves the drawers and the checks for the bank."""
    moved = (
        (LedgerAccount.BANK, total.cash_cents + total.checks_cents),
        (LedgerAccount.CASH_DRAWER, -total.cash_cents),
        (LedgerAccount.CHECKS_RECEIVED, -total.checks_cents),
    )
    return EntryDraft(
        kind="bank_deposit",
        effective_on=on,
        reason=f"slip {slip}",
        postings=tuple(
            Posting(ledger_account=code, amount_cents=cents, charge="bank_deposit") for code, cents in moved if cents
        ),
    )


def record(proposal: Proposal[DepositPlan], recording: Recording) -> None:
    """Record the deposit and post it.

    Raises:
        SlipTaken, DepositedMeanwhile: someone was faster.
    """
    deposit_id, entry_id = record_deposit(
        proposal.plan,
        at=recording.moment.at,
        deposited_by=recording.actor.name,
        receipt_id=recording.receipt_id,
    )
    recording.made_one("deposit", deposit_id)
    recording.entry_ids.append(entry_id)


ACTION = registry.add(
    Action(
        name="make_deposit",
        title=gettext_noop("Make a deposit"),
        duty=4,
        on="utility",
        inputs=Inputs,
        gather=gather,
        propose=propose,
        record=record,
        summary=gettext_noop(
            "Takes closed drawers, batches and single payments to the bank, balanced against the slip."
        ),
    )
)
