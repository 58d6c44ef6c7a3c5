"""Set aside for a month's bad debts what the rule says, of the revenue that was billed in it. Once a month."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Annotated

from pydantic import StringConstraints

from weatherhead.actions.figures import made
from weatherhead.areas.credit.operations.write_offs import ProvidedAlready, record_provision
from weatherhead.areas.credit.write_off_rules import WriteOffRule, WriteOffVersion, write_off_rule
from weatherhead.areas.credit.write_offs import provision_exists, revenue_of
from weatherhead.core.ledger import EntryDraft, LedgerAccount, Posting
from weatherhead.core.values import Refusal, RoundingRule, Sentence, Unit, format_cents, gettext_noop, round_ratio
from weatherhead.door.context import Actor, Moment
from weatherhead.door.proposal import Proposal
from weatherhead.door.registry import Action, Recording, registry


class MonthNotOver(Refusal):
    """More may be billed in it."""

    template = gettext_noop("%(month)s is not over. Set aside for it when it is.")


class NothingToProvide(Refusal):
    """No revenue, or no percentage."""

    template = gettext_noop("The rule sets nothing aside for %(month)s: $%(revenue)s was billed in it.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """The month."""

    month: Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^20[0-9]{2}-(0[1-9]|1[0-2])$")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The month `[start, end)`, its revenue, whether it is provided for, and the rule at its end."""

    start: date
    end: date
    revenue_cents: int
    provided: bool
    rule: WriteOffRule
    version: WriteOffVersion
    as_of: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is set aside, and its entry."""

    start: date
    revenue_cents: int
    amount_cents: int
    entry: EntryDraft


def gather(inputs: Inputs, moment: Moment, _: Actor) -> Facts:
    """Read the month's revenue.

    Raises:
        NoWriteOffRule: the rule begins later.
    """
    year, month = (int(part) for part in inputs.month.split("-"))
    start, end = date(year, month, 1), date(year + month // 12, month % 12 + 1, 1)
    rule, version = write_off_rule(on=start)
    return Facts(
        start=start,
        end=end,
        revenue_cents=revenue_of(start=start, end=end),
        provided=provision_exists(start),
        rule=rule,
        version=version,
        as_of=moment.as_of,
    )


def propose(facts: Facts, inputs: Inputs) -> Proposal[Plan]:
    """Debit the expense, credit the allowance.

    Raises:
        MonthNotOver, ProvidedAlready, NothingToProvide: as they say.
    """
    if facts.as_of < facts.end:
        raise MonthNotOver(month=inputs.month)
    if facts.provided:
        raise ProvidedAlready(month=inputs.month)
    numerator, denominator = (facts.version.provision_percent / 100).as_integer_ratio()
    cents = round_ratio(numerator=facts.revenue_cents * numerator, denominator=denominator, rule=RoundingRule.HALF_UP)
    if cents <= 0:
        raise NothingToProvide(month=inputs.month, revenue=format_cents(facts.revenue_cents))
    entry = EntryDraft(
        kind="provision",
        effective_on=facts.as_of,
        reason=inputs.month,
        postings=(
            Posting(ledger_account=LedgerAccount.BAD_DEBT_EXPENSE, amount_cents=cents, charge="provision"),
            Posting(ledger_account=LedgerAccount.ALLOWANCE, amount_cents=-cents, charge="provision"),
        ),
    )
    said = {"amount": format_cents(cents), "month": inputs.month}
    return Proposal(
        summary=Sentence(gettext_noop("$%(amount)s set aside for bad debts of %(month)s"), said),
        confirm=Sentence(gettext_noop("Set aside $%(amount)s"), said),
        plan=Plan(start=facts.start, revenue_cents=facts.revenue_cents, amount_cents=cents, entry=entry),
        entries=(entry,),
        creates={"credit_provision": 1},
        changes=(
            made(gettext_noop("Revenue billed"), facts.revenue_cents, code="revenue", unit=Unit.CENTS),
            made(gettext_noop("Set aside"), cents, code="amount", unit=Unit.CENTS),
        ),
        rules=(facts.rule.rule,),
    )


def record(proposal: Proposal[Plan], recording: Recording) -> None:
    """Record it and post it.

    Raises:
        ProvidedAlready: someone did meanwhile.
    """
    plan = proposal.plan
    _, version = write_off_rule(on=plan.start)
    entry_id = record_provision(
        month_on=plan.start,
        revenue_cents=plan.revenue_cents,
        percent=version.provision_percent,
        amount_cents=plan.amount_cents,
        entry=plan.entry,
        at=recording.moment.at,
        receipt_id=recording.receipt_id,
    )
    recording.entry_ids.append(entry_id)


ACTION = registry.add(
    Action(
        name="provide_for_bad_debt",
        title=gettext_noop("Set aside for bad debts"),
        duty=5,
        on="utility",
        inputs=Inputs,
        gather=gather,
        propose=propose,
        record=record,
        summary=gettext_noop("Charges a month's expense for bad debts by the rule, to the allowance; once a month."),
    )
)
