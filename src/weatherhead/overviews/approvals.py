"""The approvals list with its peek."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from weatherhead.areas.customers.queries import AccountFacts, EmployeeTies, accounts, ties_of
from weatherhead.areas.records.approval_rules import approval_rules, hours_waited
from weatherhead.areas.records.queries.approvals import RequestFacts, requests_to_show
from weatherhead.areas.records.utility import current_utility
from weatherhead.core.values import Refusal, Sentence, gettext_noop
from weatherhead.door.authority import tied_accounts
from weatherhead.door.context import Actor, Moment
from weatherhead.door.jobs import Grant
from weatherhead.door.preview import preview
from weatherhead.door.stored import stored_sentence
from weatherhead.overviews.composing import preview_view
from weatherhead.overviews.preview import PreviewView

EXPIRED_SHOWN_DAYS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalRow:
    """One request that waits."""

    request_id: int
    due_on: date
    overdue: bool
    expires_on: date
    waits_long: bool  # it is to be brought to mind
    waited_hours: int  # business hours
    title: Sentence
    customer_name: str
    account_id: int | None
    account_number_grouped: str
    amount_cents: int  # authority asked for, absolute
    over_cents: int  # above the asker's limit
    requested_by: str
    requested_at: datetime
    reason: Sentence
    flag: Sentence | None  # "Your household: pass on", "You asked for this"
    may_decide: bool
    may_withdraw: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpiredRow:
    """One request that nobody decided in time; who asked may ask again."""

    request_id: int
    title: Sentence
    account_id: int | None
    account_number_grouped: str
    requested_by: str
    requested_at: datetime
    expires_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalPeek:
    """The chosen request: what approving does now, and whether that changed since it was asked. `evidence` is what the
    asker says shows it, for whoever may decide.
    """

    row: ApprovalRow
    preview: PreviewView | None
    refusal: Sentence | None  # why it can no longer be performed
    changed_since_asked: bool
    evidence: str
    limit: Sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class DecidedRow:
    """One request that was decided."""

    request_id: int
    title: Sentence
    account_id: int | None
    account_number_grouped: str
    state: str  # approved, declined, withdrawn
    decided_by: str
    decided_at: datetime
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalsOverview:
    """What waits for this person, what was decided today, and the chosen one."""

    as_of: date
    rows: tuple[ApprovalRow, ...]
    due_today: int
    waiting_long: int
    remind_after_hours: int  # business hours
    oldest_requested_at: datetime | None
    decided: tuple[DecidedRow, ...]
    expired: tuple[ExpiredRow, ...]  # of whoever looks; of everyone for those who decide
    peek: ApprovalPeek | None
    filter: str  # all, due, long, mine


def approvals_overview(
    *, actor: Actor, grant: Grant, moment: Moment, chosen: int | None, shown: str, first: bool = True
) -> ApprovalsOverview:
    """Compose the approvals list: everything that waits, and the chosen request proposed again as of now.

    `shown` filters: ``all``, ``due`` (today or overdue), ``long`` (waits long), ``mine`` (asked for by the actor).
    Where none is `chosen`, the one that is due `first` is, unless that is not wanted.
    """
    start = datetime.combine(moment.as_of, time.min, tzinfo=current_utility().zone)
    rules = approval_rules().version_on(moment.as_of)
    listed = requests_to_show(
        since=start, as_of=moment.as_of, expired_since=moment.as_of - timedelta(days=EXPIRED_SHOWN_DAYS)
    )
    waited = {item.request_id: hours_waited(item.requested_at, at=moment.at, version=rules) for item in listed.waiting}
    long = frozenset(number for number, hours in waited.items() if hours >= rules.remind_after_business_hours)
    kept = [item for item in listed.waiting if _kept(item, shown=shown, actor=actor, as_of=moment.as_of, long=long)]
    own = grant.within("approve_request")
    decides = bool(own.jobs)
    expired = [item for item in listed.expired if decides or item.requested_by_employee_id == actor.employee_id]
    known = accounts(item.account_id for item in (*kept, *listed.decided, *expired) if item.account_id is not None)
    ties = ties_of(actor.employee_id)
    tied = tied_accounts(ties, customers={number: item.customer_id for number, item in known.items()})
    rows = tuple(
        _row(
            item,
            known=known,
            actor=actor,
            grant=own,
            may_withdraw="withdraw_request" in grant.actions,
            tied=tied,
            waited_hours=waited[item.request_id],
            waits_long=item.request_id in long,
            as_of=moment.as_of,
        )
        for item in kept
    )
    asked = {item.request_id: item for item in kept}
    peeked = next((row for row in rows if row.request_id == chosen), rows[0] if rows and first else None)
    return ApprovalsOverview(
        as_of=moment.as_of,
        rows=rows,
        due_today=sum(1 for item in listed.waiting if item.due_on <= moment.as_of),
        waiting_long=len(long),
        remind_after_hours=rules.remind_after_business_hours,
        oldest_requested_at=min((item.requested_at for item in kept), default=None),
        decided=tuple(_decided(item, known=known) for item in listed.decided),
        expired=tuple(_expired(item, known=known) for item in expired),
        peek=_peek(peeked, item=asked[peeked.request_id], actor=actor, grant=grant, moment=moment, ties=ties)
        if peeked
        else None,
        filter=shown,
    )


def _kept(item: RequestFacts, *, shown: str, actor: Actor, as_of: date, long: frozenset[int]) -> bool:
    if shown == "due":
        return item.due_on <= as_of
    if shown == "long":
        return item.request_id in long
    if shown == "mine":
        return item.requested_by_employee_id == actor.employee_id
    return True


def _row(
    item: RequestFacts,
    *,
    known: Mapping[int, AccountFacts],
    actor: Actor,
    grant: Grant,
    may_withdraw: bool,
    tied: Mapping[int, str],
    waited_hours: int,
    waits_long: bool,
    as_of: date,
) -> ApprovalRow:
    holder = known.get(item.account_id) if item.account_id is not None else None
    flag = _flag(item, actor=actor, grant=grant, tied=tied)
    return ApprovalRow(
        request_id=item.request_id,
        due_on=item.due_on,
        overdue=item.due_on < as_of,
        expires_on=item.expires_on,
        waits_long=waits_long,
        waited_hours=waited_hours,
        title=stored_sentence(item.body["summary"]),
        customer_name=holder.customer_name if holder else "",
        account_id=item.account_id,
        account_number_grouped=holder.number_grouped if holder else "",
        amount_cents=item.authority_cents,
        over_cents=item.body["over_cents"],
        requested_by=item.requested_by,
        requested_at=item.requested_at,
        reason=Sentence("%(note)s", {"note": item.body["note"]})
        if item.body["note"]
        else stored_sentence(item.body["reason"]),
        flag=flag,
        may_decide=flag is None and "approve_request" in grant.actions,
        may_withdraw=may_withdraw and item.requested_by_employee_id == actor.employee_id,
    )


def _flag(item: RequestFacts, *, actor: Actor, grant: Grant, tied: Mapping[int, str]) -> Sentence | None:
    if item.requested_by_employee_id == actor.employee_id:
        return Sentence(gettext_noop("You asked for this"))
    if item.account_id in tied:
        return Sentence(gettext_noop("Tied to you: pass on"))
    if item.authority_cents > grant.adjustment_cents and "approve_request" in grant.actions:
        return Sentence(gettext_noop("Over your limit"))
    return None


def _decided(item: RequestFacts, *, known: Mapping[int, AccountFacts]) -> DecidedRow:
    if item.decided_at is None:
        raise ValueError("a decided request says when")
    holder = known.get(item.account_id) if item.account_id is not None else None
    return DecidedRow(
        request_id=item.request_id,
        title=stored_sentence(item.body["summary"]),
        account_id=item.account_id,
        account_number_grouped=holder.number_grouped if holder else "",
        state=item.state,
        decided_by=item.decided_by,
        decided_at=item.decided_at,
        note=item.decision_note,
    )


def _expired(item: RequestFacts, *, known: Mapping[int, AccountFacts]) -> ExpiredRow:
    holder = known.get(item.account_id) if item.account_id is not None else None
    return ExpiredRow(
        request_id=item.request_id,
        title=stored_sentence(item.body["summary"]),
        account_id=item.account_id,
        account_number_grouped=holder.number_grouped if holder else "",
        requested_by=item.requested_by,
        requested_at=item.requested_at,
        expires_on=item.expires_on,
    )


def _peek(
    row: ApprovalRow, *, item: RequestFacts, actor: Actor, grant: Grant, moment: Moment, ties: EmployeeTies
) -> ApprovalPeek:
    view: PreviewView | None = None
    refusal: Sentence | None = None
    changed, evidence = False, ""
    if row.may_decide:
        try:
            found = preview(
                "approve_request",
                actor=actor,
                moment=moment,
                inputs={"request_id": row.request_id},
                grant=grant,
                ties=ties,
                known=item,
            )
        except Refusal as raised:
            refusal = Sentence(raised.template, raised.params)
        else:
            view = preview_view(found, action="approve_request")
            approving = found.proposal.approving
            changed = approving is not None and approving.changed
            evidence = str(item.inputs.get("evidence") or "")  # they can be opened: they were proposed again
    template = gettext_noop(
        "%(amount_cents)s is %(over_cents)s over the %(limit_cents)s of the asker. Yours is %(yours_cents)s."
    )
    params = {
        "amount_cents": row.amount_cents,
        "over_cents": row.over_cents,
        "limit_cents": item.body["limit_cents"],
        "yours_cents": grant.within("approve_request").adjustment_cents,
    }
    return ApprovalPeek(
        row=row,
        preview=view,
        refusal=refusal,
        changed_since_asked=changed,
        evidence=evidence,
        limit=Sentence(template, params),
    )
