"""Whether a proposal is within someone's authority: amount, rolling caps, self-dealing, maker and checker."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from weatherhead.areas.agreements.queries import premises_by_account, premises_of_accounts
from weatherhead.areas.customers.queries import EmployeeTies, accounts, customers_of, ties_of
from weatherhead.areas.records.queries.approvals import declined_on, waiting_for
from weatherhead.areas.records.queries.receipts import approver_used, authority_used
from weatherhead.areas.records.utility import current_utility
from weatherhead.areas.workforce.queries import jobs_of
from weatherhead.core.values import Refusal, Sentence, format_cents, gettext_noop
from weatherhead.door.context import Actor, Moment
from weatherhead.door.jobs import Grant, grant_of, widest_approval_cents
from weatherhead.door.proposal import Approving, Proposal
from weatherhead.door.registry import Action

ROLLING_DAYS = 30


class NotPermitted(Refusal):
    """The actor's job does not grant the action."""

    template = gettext_noop(
        "Your job does not include this: %(action)s. Ask a colleague whose job does, or your supervisor."
    )


class AmountOverAuthority(Refusal):
    """Nobody here may approve so much."""

    template = gettext_noop(
        "%(amount)s is more than anyone here may approve (%(most)s). Bring it to management in writing; "
        "splitting it is not allowed."
    )


class AlreadyAsked(Refusal):
    """The same thing waits for a decision."""

    template = gettext_noop(
        "Request %(request)s by %(by)s about the same waits for a decision already. Let it be decided first: "
        "see Approvals."
    )


class MakerIsChecker(Refusal):
    """The one who asked may not approve."""

    template = gettext_noop("You asked for this yourself. A colleague with authority has to decide it.")


class OverCheckersAuthority(Refusal):
    """The approver's own limit is lower."""

    template = gettext_noop("%(amount)s is over your limit of %(limit)s. Leave it for someone with more authority.")


class OverCheckersShare(Refusal):
    """What the approver may still spend on the account is less: their own limit rolls, too."""

    template = gettext_noop(
        "%(amount)s is over the %(left)s left of your %(limit)s on this account within 30 days. "
        "Leave it for someone with more authority."
    )


class MakerMayNoLonger(Refusal):
    """Who asked may not do this any more."""

    template = gettext_noop(
        "%(maker)s asked for this, and no longer has a job that includes it. Decline it; do it yourself if it is right."
    )


class OwnAccount(Refusal):
    """The approver is tied to the account."""

    template = gettext_noop("This account is tied to you (%(relation)s). Pass it on: a colleague has to decide it.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where a person stands on an account's rolling caps. Cents; the limit that binds is the one with least left."""

    limit_cents: int
    used_cents: int
    left_cents: int
    until_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Whether to perform now. `ask` says why it becomes an approval request instead."""

    ask: Sentence | None
    standing: Standing | None


def grant_for(actor: Actor, *, as_of: date) -> Grant:
    """What the actor's jobs grant on a day."""
    return grant_of(jobs_of(actor.employee_id, as_of=as_of))


def require_permission(actor: Actor, *, action: str, title: str, as_of: date) -> Grant:
    """The actor's grant, when it holds the action.

    Raises:
        NotPermitted: it does not.
    """
    grant = grant_for(actor, as_of=as_of)
    if action not in grant.actions:
        raise NotPermitted(action=title)
    return grant


def standing_on(*, account_id: int, actor: Actor, grant: Grant, moment: Moment, approving: bool = False) -> Standing:
    """What is left of the actor's authority on an account: one adjustment, own 30 days, everyone's 30 days.

    An approver's own 30 days hold what they approved besides what they did. `grant` is of the jobs that grant the
    action. The days count back from the instant, too: a date that runs ahead of it gives no authority back.
    """
    first_on = min(moment.as_of, _local_day(moment.at))
    used = (approver_used if approving else authority_used)(
        account_id=account_id,
        employee_id=actor.employee_id,
        cap_cents=grant.account_cents,
        since_on=first_on - timedelta(days=ROLLING_DAYS - 1),
    )
    binds = [
        (grant.adjustment_cents, 0),
        (grant.employee_account_cents, used.by_employee_cents),
        (grant.account_cents, used.by_everyone_cents),
    ]
    limit, spent = min(binds, key=lambda pair: (pair[0] - pair[1], pair[0]))
    return Standing(
        limit_cents=limit,
        used_cents=spent,
        left_cents=max(limit - spent, 0),
        until_on=moment.as_of + timedelta(days=ROLLING_DAYS),
    )


def used_on(moment: Moment) -> date:
    """The day that authority is consumed on: a date behind the instant lets it roll off no sooner."""
    return max(moment.as_of, _local_day(moment.at))


def _local_day(at: datetime) -> date:
    return at.astimezone(current_utility().zone).date()


def tie_to(actor: Actor, *, account_ids: Sequence[int], ties: EmployeeTies | None = None) -> str | None:
    """How the actor is tied to one of the accounts (own, household, family, other), or None.

    `ties` are the actor's, when they were read already.
    """
    if not account_ids:
        return None
    if ties is None:
        ties = ties_of(actor.employee_id)
    found = ties.among(
        accounts=account_ids,
        customers=customers_of(account_ids) if ties.to_customers else (),
        premises=premises_of_accounts(account_ids) if ties.to_premises else (),
    )
    return found.relation if found else None


def tied_accounts(ties: EmployeeTies, *, customers: Mapping[int, int]) -> dict[int, str]:
    """Those of some accounts, given with their customers, that someone is tied to, and how: as `tie_to` of each."""
    served = premises_by_account(customers) if ties.to_premises else {}
    found = {
        number: ties.among(accounts=(number,), customers=(customer_id,), premises=served.get(number, frozenset()))
        for number, customer_id in customers.items()
    }
    return {number: tie.relation for number, tie in found.items() if tie is not None}


def ties_among(actor: Actor, *, account_ids: Sequence[int]) -> dict[int, str]:
    """Which of many accounts the actor is tied to, and how. One look tells that it is none, as it mostly is."""
    ties = ties_of(actor.employee_id)
    if not ties.links:
        return {}
    return tied_accounts(ties, customers={number: item.customer_id for number, item in accounts(account_ids).items()})


def judge(
    proposal: Proposal[Any],
    *,
    action: str,
    actor: Actor,
    grant: Grant,
    moment: Moment,
    ties: EmployeeTies | None = None,
) -> Verdict:
    """Judge a proposal for its actor; `ties` are the actor's, when they were read already.

    The limits are those of the jobs that grant the action: another job's do not widen them.

    Raises:
        AmountOverAuthority: nobody may approve it.
        MakerIsChecker, OverCheckersAuthority, OverCheckersShare, OwnAccount: the actor may not approve this request.
    """
    own = grant.within(action)
    if proposal.approving is not None:
        standing = _require_checker(
            proposal, approving=proposal.approving, actor=actor, grant=own, moment=moment, ties=ties
        )
        return Verdict(ask=None, standing=standing)
    standing = None
    ask = proposal.needs_approval
    if proposal.authority_cents and proposal.authority_account_id is not None:
        account_id = proposal.authority_account_id
        standing = standing_on(account_id=account_id, actor=actor, grant=own, moment=moment)
        if proposal.authority_cents > standing.left_cents:
            ask = _over(proposal.authority_cents, standing=standing)
        elif ask is None:
            ask = _declined_before(account_id, action=action, actor=actor, at=moment.at)
    if ask is not None:
        _require_approvable(_amount_judged(proposal))
    relation = tie_to(actor, account_ids=(*proposal.account_ids, *proposal.concerns), ties=ties)
    if relation is not None and proposal.when_tied == "refuse":
        raise OwnAccount(relation=relation)
    if relation is not None and proposal.when_tied == "ask":
        template = gettext_noop("The account is tied to the person who asks (%(relation)s).")
        ask = Sentence(template=template, params={"relation": relation})
    return Verdict(ask=ask, standing=standing)


def _amount_judged(proposal: Proposal[Any]) -> int:
    """What an approver's limit is compared with."""
    return max(proposal.authority_cents, proposal.checker_cents)


def _require_approvable(amount_cents: int) -> None:
    if not amount_cents:
        return
    most = widest_approval_cents()
    if amount_cents > most:
        raise AmountOverAuthority(amount=_dollars(amount_cents), most=_dollars(most))


def _declined_before(account_id: int, *, action: str, actor: Actor, at: datetime) -> Sentence | None:
    """Why the person who declined has to look again: what was declined whole does not go through in pieces."""
    since = (at - timedelta(days=ROLLING_DAYS)).astimezone(UTC)
    found = declined_on(account_id, action=action, employee_id=actor.employee_id, since=since)
    if found is None:
        return None
    params = {"request": str(found.request_id), "by": found.decided_by}
    return Sentence(gettext_noop("%(by)s declined request %(request)s on this account within 30 days."), params)


def require_maker(approving: Approving, *, as_of: date) -> None:
    """See that whoever asked still has a job that includes it: it is done in their name.

    Raises:
        MakerMayNoLonger: they have none, or work here no longer.
    """
    if approving.action not in grant_of(jobs_of(approving.maker_employee_id, as_of=as_of)).actions:
        raise MakerMayNoLonger(maker=approving.maker)


def require_not_asked(
    action: Action[Any, Any, Any],
    *,
    values: Any,  # noqa: ANN401 - the action's own inputs
    proposal: Proposal[Any],
    as_of: date,
) -> None:
    """See that no request about the same fee, bill, payment … waits for a decision.

    Raises:
        AlreadyAsked: one does.
    """
    subject = action.subject(values)
    if subject is None:
        return
    account_id = proposal.account_ids[0] if proposal.account_ids else None
    asked = waiting_for(action=action.name, account_id=account_id, subject=subject[0], number=subject[1], as_of=as_of)
    if asked is not None:
        raise AlreadyAsked(request=asked.request_id, by=asked.requested_by)


def _require_checker(
    proposal: Proposal[Any],
    *,
    approving: Approving,
    actor: Actor,
    grant: Grant,
    moment: Moment,
    ties: EmployeeTies | None,
) -> Standing | None:
    if approving.maker_employee_id == actor.employee_id:
        raise MakerIsChecker
    relation = tie_to(actor, account_ids=(*proposal.account_ids, *proposal.concerns), ties=ties)
    if relation is not None:
        raise OwnAccount(relation=relation)
    judged_cents = _amount_judged(proposal)
    if judged_cents > grant.adjustment_cents:
        raise OverCheckersAuthority(amount=_dollars(judged_cents), limit=_dollars(grant.adjustment_cents))
    amount_cents = proposal.authority_cents
    if not amount_cents or proposal.authority_account_id is None:
        return None
    account_id = proposal.authority_account_id
    standing = standing_on(account_id=account_id, actor=actor, grant=grant, moment=moment, approving=True)
    if amount_cents > standing.left_cents:
        raise OverCheckersShare(
            amount=_dollars(amount_cents), left=_dollars(standing.left_cents), limit=_dollars(standing.limit_cents)
        )
    return standing


def _over(amount_cents: int, *, standing: Standing) -> Sentence:
    if not standing.used_cents:
        template = gettext_noop("%(amount)s is over the limit of %(limit)s.")
    else:
        template = gettext_noop("%(amount)s is over the %(left)s left of %(limit)s on this account within 30 days.")
    params = {
        "amount": _dollars(amount_cents),
        "limit": _dollars(standing.limit_cents),
        "left": _dollars(standing.left_cents),
    }
    return Sentence(template, params)


def _dollars(cents: int) -> str:
    return f"${format_cents(cents)}"
