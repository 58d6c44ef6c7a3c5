"""Ask for a security deposit. What the rule computes uses no authority; asking for another amount does.

What is asked for is no receivable and posts nothing: money posts when it comes. See docs/decisions/0130.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Annotated

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from pydantic import Field

from weatherhead.actions.figures import made
from weatherhead.actions.inputs import Blankable, Code, Note, Number, OptionalCents, ShortText
from weatherhead.areas.agreements.queries import agreements_of_accounts
from weatherhead.areas.billing.billed_amounts import billed_at
from weatherhead.areas.billing.queries import billed_periods, periods_of
from weatherhead.areas.credit.deposit_rules import (
    AmountVersion,
    ComputedDeposit,
    DepositAmount,
    DepositBook,
    DepositReason,
    NoDepositAmount,
    compute_deposit,
    deposit_book,
)
from weatherhead.areas.credit.letters import adverse_action_letter
from weatherhead.areas.credit.operations import InstallmentPlan, NoticePlan, record_deposit
from weatherhead.areas.credit.queries import DepositFacts, deposits_of_account, letter_path, notice
from weatherhead.areas.customers.queries import AccountFacts, account
from weatherhead.areas.records.canonical import Json
from weatherhead.areas.records.operations.work_items import enqueue
from weatherhead.areas.records.utility import current_utility
from weatherhead.core.credit import months_before
from weatherhead.core.values import (
    Change,
    Refusal,
    Rule,
    Sentence,
    Unit,
    apportion,
    format_cents,
    gettext_noop,
)
from weatherhead.door.context import Actor, Moment
from weatherhead.door.proposal import Proposal
from weatherhead.door.registry import SENSITIVE, Action, Recording, registry
from weatherhead.door.worker import Handler, handles

NOTICE_DAYS = 30
"""An adverse action is told within 30 days: 12 CFR 1002.9(a)(1)."""
FACTORS_MAX = 5
BILLS_READ = 60
LETTER = "write_adverse_action_letter"

FCRA = Rule(
    code="adverse action",
    title="Who is refused or asked for more on a consumer report is told so",
    citation="15 USC 1681m(a); 12 CFR 1002.9(a)(1)(ii), (a)(2) and (b)(1)",
    status="secondary",
)


class DepositAskedAlready(Refusal):
    """One deposit is asked for at a time."""

    template = gettext_noop(
        "A deposit of $%(amount)s was asked for on %(on)s and is not closed. Withdraw it before another is asked for."
    )


class AgencyMissing(Refusal):
    """An adverse-action notice names the consumer reporting agency."""

    template = gettext_noop(
        "A deposit that rests on a credit report needs a notice: enter the agency's name, address and telephone."
    )


class AgencyNotAsked(Refusal):
    """An agency is told of only where the deposit rests on its report."""

    template = gettext_noop("%(reason)s does not rest on a credit report. Leave the agency and the score out.")


class ScoreIncomplete(Refusal):
    """A score is told with its range, its date and the factors that lowered it."""

    template = gettext_noop(
        "A credit score that was used is told with its range, its date and up to %(most)s factors. Enter them all."
    )


class TooManyInstallments(Refusal):
    """The rule has a limit."""

    template = gettext_noop("A deposit is paid in at most %(most)s installments.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """Whose deposit, why, in how many parts; without an amount the rule computes it.

    What is used of a consumer report is told to the customer in a notice, and stands nowhere else.
    """

    account_id: Number
    reason: Code
    installments: Annotated[int, Field(ge=1, le=24)] = 1
    amount_cents: OptionalCents = None
    agency_name: ShortText = ""
    agency_address: Annotated[str, Field(max_length=240)] = ""
    agency_phone: ShortText = ""
    score: ShortText = field(default="", metadata=SENSITIVE)
    score_range: ShortText = field(default="", metadata=SENSITIVE)
    score_on: Annotated[date | None, Blankable] = field(default=None, metadata=SENSITIVE)
    factors: Note = field(default="", metadata=SENSITIVE)  # with semicolons between
    note: Note = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The account, its deposits, what was billed, and the rules."""

    account: AccountFacts
    deposits: tuple[DepositFacts, ...]
    bills: tuple[tuple[date, int], ...]
    whose: str  # own, place, or nothing
    book: DepositBook
    rule: DepositAmount | None
    version: AmountVersion | None
    as_of: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The deposit, its installments and its notice."""

    account_id: int
    amount_cents: int
    reason: str
    rule: str
    arithmetic: str
    installments: tuple[InstallmentPlan, ...]
    notice: NoticePlan | None


def locks(inputs: Inputs) -> tuple[int, ...]:
    """The account."""
    return (inputs.account_id,)


def gather(inputs: Inputs, moment: Moment, _: Actor) -> Facts:
    """Read the account, what was billed on it, or else at its place, and the rules."""
    found, book = account(inputs.account_id), deposit_book()
    chosen = book.amount_for(found.revenue_class, on=moment.as_of)
    rule, version = chosen if chosen is not None else (None, None)
    bills, whose = _bills(inputs.account_id, version=version, as_of=moment.as_of)
    return Facts(
        account=found,
        deposits=deposits_of_account(inputs.account_id),
        bills=bills,
        whose=whose,
        book=book,
        rule=rule,
        version=version,
        as_of=moment.as_of,
    )


def _bills(account_id: int, *, version: AmountVersion | None, as_of: date) -> tuple[tuple[tuple[date, int], ...], str]:
    """What the rule computes from: the account's bills, or what was billed to whoever was there before."""
    if version is None or version.form == "flat":
        return (), "nothing"
    since = months_before(as_of, version.months)
    bills, former = billed_periods(account_id, limit=BILLS_READ)
    # A bill that corrected many is as many, each of the month that it is for.
    dated = (
        (item.issued_on if item.corrects_id is None else item.end_on, item.total_cents)
        for item in (*periods_of(bills), *former)
        if item.active
    )
    own = tuple((on, cents) for on, cents in dated if on > since)
    if own:
        return own, "own"
    points = {item.service_point_id for item in agreements_of_accounts([account_id]) if item.end_on is None}
    there = billed_at(points, since=since) if points else ()
    return there, "place" if there else "nothing"


def propose(facts: Facts, inputs: Inputs) -> Proposal[Plan]:
    """Compute the deposit, its installments and its notice.

    Raises:
        DepositReasonUnknown, DepositAskedAlready, NoDepositAmount, NothingToComputeFrom, TooManyInstallments,
        RuleNotInForce, AgencyMissing, AgencyNotAsked, ScoreIncomplete: as they say.
    """
    reason = facts.book.reason(inputs.reason)
    asked = next((item for item in facts.deposits if item.closed_on is None and item.asked_on is not None), None)
    if asked is not None:
        raise DepositAskedAlready(amount=format_cents(asked.amount_cents), on=asked.asked_on)
    computed = _computed(facts, inputs=inputs)
    by_rule_cents = computed.amount_cents if computed is not None else 0
    amount_cents = by_rule_cents if inputs.amount_cents is None else inputs.amount_cents
    by_rule = amount_cents == by_rule_cents
    said = {"amount": format_cents(amount_cents)}
    plan = Plan(
        account_id=inputs.account_id,
        amount_cents=amount_cents,
        reason=reason.code,
        rule=facts.rule.rule.code if facts.rule is not None and by_rule else "",
        arithmetic=computed.arithmetic if computed is not None and by_rule else "",
        installments=_installments(facts, count=inputs.installments, amount_cents=amount_cents),
        notice=_notice(reason, inputs=inputs, as_of=facts.as_of),
    )
    rules = (facts.rule.rule,) if facts.rule is not None and by_rule else ()
    return Proposal(
        summary=Sentence(gettext_noop("Deposit of $%(amount)s asked for"), said),
        confirm=Sentence(gettext_noop("Ask for $%(amount)s"), said),
        plan=plan,
        account_ids=(inputs.account_id,),
        creates=_counts(plan),
        changes=_changes(plan, whose=facts.whose),
        rules=(*rules, facts.book.installments.named("deposit"), *((FCRA,) if plan.notice is not None else ())),
        authority_cents=0 if by_rule else abs(amount_cents - by_rule_cents),
        authority_account_id=None if by_rule else inputs.account_id,
    )


def _computed(facts: Facts, *, inputs: Inputs) -> ComputedDeposit | None:
    """What the rule computes; None when there is no rule and a person gave the amount."""
    if facts.version is None:
        if inputs.amount_cents is None:
            raise NoDepositAmount(on=facts.as_of, revenue_class=facts.account.revenue_class)
        return None
    return compute_deposit(facts.version, bills=facts.bills)


def _installments(facts: Facts, *, count: int, amount_cents: int) -> tuple[InstallmentPlan, ...]:
    """Equal parts; what cents are left over are in the first ones."""
    rule = facts.book.installments.version_on(facts.as_of)
    if count > rule.most or count > amount_cents:
        raise TooManyInstallments(most=min(rule.most, amount_cents))
    parts = sorted(apportion(total=amount_cents, weights=[1] * count), reverse=True)
    first_on = facts.as_of + timedelta(days=rule.first_due_days)
    return tuple(
        InstallmentPlan(due_on=first_on + timedelta(days=place * rule.every_days), amount_cents=cents)
        for place, cents in enumerate(parts)
    )


def _notice(reason: DepositReason, *, inputs: Inputs, as_of: date) -> NoticePlan | None:
    told = (inputs.agency_name, inputs.agency_address.strip(), inputs.agency_phone)
    scored = (inputs.score, inputs.score_range, inputs.factors)
    if not reason.adverse_action:
        if any((*told, *scored, inputs.score_on)):
            raise AgencyNotAsked(reason=reason.title)
        return None
    if not all(told):
        raise AgencyMissing
    factors = tuple(text.strip() for text in inputs.factors.replace("\n", ";").split(";") if text.strip())
    if any((*scored, inputs.score_on)) and not (
        all(scored) and inputs.score_on is not None and 0 < len(factors) <= FACTORS_MAX
    ):
        raise ScoreIncomplete(most=FACTORS_MAX)
    return NoticePlan(
        agency_name=inputs.agency_name,
        agency_address=" ".join(inputs.agency_address.split()),
        agency_phone=inputs.agency_phone,
        score=inputs.score,
        score_range=inputs.score_range,
        score_on=inputs.score_on,
        factors=factors,
        mail_by_on=as_of + timedelta(days=NOTICE_DAYS),
    )


def _counts(plan: Plan) -> dict[str, int]:
    counts = {"credit_deposit": 1, "credit_depositinstallment": len(plan.installments)}
    return counts | ({"credit_adverseactionnotice": 1} if plan.notice is not None else {})


_WHOSE = {
    "own": gettext_noop("The account's own bills"),
    "place": gettext_noop("What was billed at the place before"),
    "nothing": gettext_noop("The rule alone"),
}


def _changes(plan: Plan, *, whose: str) -> tuple[Change, ...]:
    changes = [
        Change(
            code="deposit_asked",
            label=Sentence(gettext_noop("Deposit asked for")),
            unit=Unit.CENTS,
            before=None,
            after=plan.amount_cents,
            account_id=plan.account_id,
            note=Sentence("%(arithmetic)s", {"arithmetic": plan.arithmetic}) if plan.arithmetic else None,
        )
    ]
    if plan.arithmetic:
        changes.append(made(gettext_noop("Computed from"), _WHOSE[whose], code="basis"))
    first, last = plan.installments[0], plan.installments[-1]
    changes.append(made(gettext_noop("First part due"), first.due_on, code="first_due", unit=Unit.DATE))
    if len(plan.installments) > 1:
        changes.append(made(gettext_noop("Last part due"), last.due_on, code="last_due", unit=Unit.DATE))
    if plan.notice is not None:
        changes.append(
            made(gettext_noop("Adverse-action notice, mail by"), plan.notice.mail_by_on, code="notice", unit=Unit.DATE)
        )
    return tuple(changes)


def record(proposal: Proposal[Plan], recording: Recording) -> None:
    """Record what is asked for, and have the notice written."""
    plan = proposal.plan
    deposit_id, notice_id = record_deposit(
        account_id=plan.account_id,
        amount_cents=plan.amount_cents,
        reason=plan.reason,
        rule=plan.rule,
        arithmetic=plan.arithmetic,
        installments=plan.installments,
        notice=plan.notice,
        asked_on=recording.moment.as_of,
        receipt_id=recording.receipt_id,
    )
    recording.made_one("deposit", deposit_id)
    if notice_id is not None:
        recording.made_one("notice", notice_id)
        payload: dict[str, Json] = {"notice": notice_id}
        enqueue(kind=LETTER, payload=payload, at=recording.moment.at, unique_key=f"{LETTER} {notice_id}")


def write_letter(payload: Mapping[str, Json], item_id: int, moment: Moment) -> Json:
    """Write a notice's letter where letters wait for the mail. Written twice, it is the same."""
    del item_id, moment
    found = notice(int(payload["notice"]))
    text = adverse_action_letter(found, account=account(found.account_id), utility=current_utility())
    path = letter_path(found.notice_id)
    if not default_storage.exists(path):
        default_storage.save(path, ContentFile(text.encode()))
    return {"letter": path}


HANDLER = handles(Handler(kind=LETTER, work=write_letter))

ACTION = registry.add(
    Action(
        name="assess_deposit",
        title=gettext_noop("Ask for a deposit"),
        duty=2,
        on="account",
        inputs=Inputs,
        locks=locks,
        gather=gather,
        propose=propose,
        record=record,
        summary=gettext_noop(
            "Computes a security deposit by the dated rule, in installments, with the notice a credit report needs."
        ),
    )
)
