"""What every action of a deposit shares: its interest, and the entries by which it leaves the books. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from weatherhead.areas.credit.deposit_rules import InterestRule
from weatherhead.areas.credit.operations import InterestPlan, MovePlan
from weatherhead.areas.credit.queries import DepositFacts
from weatherhead.core.credit import simple_interest
from weatherhead.core.ledger import EntryDraft, LedgerAccount, Posting
from weatherhead.core.values import Change, Refusal, Sentence, Unit, gettext_noop

CHARGE = "deposit"
INTEREST_CHARGE = "deposit_interest"
PAID = "deposit_paid"
"""What `pay_deposit` posts."""


class NothingHeld(Refusal):
    """No deposit is held."""

    template = gettext_noop("No deposit is held for this account.")


def interest_due(deposit: DepositFacts, *, rule: InterestRule, through: date) -> InterestPlan | None:
    """What a deposit earned since it last earned anything, until a day (exclusive); None where no day has passed."""
    since = deposit.interest_from_on
    if since is None or through <= since:
        return None
    found = simple_interest(deposit.steps, rates=rule.rates, start=since, end=through, year_days=rule.year_days)
    return InterestPlan(from_on=since, through_on=through, amount_cents=found.amount_cents, arithmetic=found.arithmetic)


def leaves(
    deposit: DepositFacts,
    *,
    kind: str,
    cents: int,
    interest: InterestPlan | None,
    to: LedgerAccount,
    on: date,
    closes: str = "",
) -> MovePlan:
    """So much of a deposit, and its interest, to what the customer owes or to refunds payable: one entry.

    `cents` may be 0 where interest is given alone; both may not.
    """
    account_id, earned = deposit.account_id, interest.amount_cents if interest is not None else 0
    postings = []
    if cents:
        postings.append(
            Posting(ledger_account=LedgerAccount.DEPOSIT, amount_cents=cents, charge=CHARGE, account_id=account_id)
        )
    if earned:
        postings.append(
            Posting(ledger_account=LedgerAccount.DEPOSIT_INTEREST_EXPENSE, amount_cents=earned, charge=INTEREST_CHARGE)
        )
    postings.append(
        Posting(
            ledger_account=to,
            amount_cents=-(cents + earned),
            charge=CHARGE if cents else INTEREST_CHARGE,
            account_id=account_id if to == LedgerAccount.RECEIVABLE else None,
        )
    )
    return MovePlan(
        deposit_id=deposit.deposit_id,
        kind=kind,
        amount_cents=-cents,
        moved_on=on,
        entry=EntryDraft(kind=_ENTRY_KINDS[kind], effective_on=on, postings=tuple(postings)),
        closes=closes,
        interest=interest,
    )


_ENTRY_KINDS = {
    "applied": "deposit_applied",
    "given_back": "deposit_given_back",
    "refunded": "refund",
    "interest": "deposit_interest",
}


def counted(plans: Sequence[MovePlan]) -> dict[str, int]:
    """The rows that some movements write, by table."""
    counts = {
        "credit_depositmovement": sum(bool(plan.amount_cents) for plan in plans),
        "credit_depositinterest": sum(bool(plan.interest and plan.interest.amount_cents) for plan in plans),
    }
    return {table: count for table, count in counts.items() if count}


def touched(plans: Sequence[MovePlan], *, deposits: Sequence[DepositFacts]) -> dict[str, int]:
    """The deposits whose own row some movements change."""
    by_number = {item.deposit_id: item for item in deposits}
    changed = {
        plan.deposit_id
        for plan in plans
        if plan.closes
        or plan.interest is not None
        or (plan.kind == "paid" and by_number[plan.deposit_id].held_since_on is None)
    }
    return {"credit_deposit": len(changed)} if changed else {}


def held_change(deposits: Sequence[DepositFacts], plans: Sequence[MovePlan], *, account_id: int) -> Change:
    """What is held for an account, before and after."""
    before = sum(item.held_cents for item in deposits)
    return Change(
        code="deposit_held",
        label=Sentence(gettext_noop("Deposit held")),
        unit=Unit.CENTS,
        before=before,
        after=before + sum(plan.amount_cents for plan in plans),
        account_id=account_id,
    )
