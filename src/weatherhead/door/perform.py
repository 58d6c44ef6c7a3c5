"""perform(): the only way to write."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar

import structlog
from django.db import OperationalError, connection, transaction

from weatherhead.areas.customers.operations import lock_accounts
from weatherhead.areas.ledger.queries import digests_of
from weatherhead.areas.records.approval_rules import approval_rules
from weatherhead.areas.records.audit_chain import UTILITY_STREAM, AuditEvent, account_stream
from weatherhead.areas.records.canonical import Json, canonical, digest, to_json
from weatherhead.areas.records.database import writing_in_turn
from weatherhead.areas.records.operations.approvals import ask_approval
from weatherhead.areas.records.operations.audit import append_audit
from weatherhead.areas.records.operations.idempotency import claim_key, settle_key
from weatherhead.areas.records.operations.receipts import fill_receipt, name_accounts, open_receipt, use_authority
from weatherhead.areas.records.operations.work_items import enqueue
from weatherhead.areas.records.queries.receipts import ReceiptFacts, receipt
from weatherhead.core.values import Refusal, gettext_noop, holds_card_number
from weatherhead.door.ahead import Thought, holds
from weatherhead.door.authority import Verdict, judge, require_maker, require_not_asked, require_permission, used_on
from weatherhead.door.context import Actor, Moment
from weatherhead.door.jobs import Grant
from weatherhead.door.open_days import require_open_days
from weatherhead.door.proposal import Proposal
from weatherhead.door.registry import Action, Recording, registry

TRIES_MAX = 6
REFUSAL_STREAMS_MAX = 50
"""A refusal about more accounts than these is remembered in the utility's stream alone."""

_KEY = re.compile(r"[^\x00-\x1f\x7f\ud800-\udfff]{1,120}")
_RETRIED_SQLSTATES = {"40001", "40P01", "55P03"}  # serialization failure, deadlock, lock not available

Result = TypeVar("Result")
log = structlog.get_logger("weatherhead.door")


class ChangedSincePreview(Refusal):
    """What would happen now is not what was shown."""

    template = gettext_noop("Something changed since you looked. Check the figures below and confirm again.")


class ChangedSinceAsked(Refusal):
    """What approving would do is not what was asked for, and nobody has looked at it."""

    template = gettext_noop("What this would do changed since it was asked for. Look at it in Approvals, then decide.")


class CardNumberInNote(Refusal):
    """What is told the approver is kept, and no card's number ever is."""

    template = gettext_noop("The note looks like it holds the number of a payment card. Leave the number out.")


class KeyMissing(Refusal):
    """A write needs a key."""

    template = gettext_noop("The request has no idempotency key of 1 to 120 characters. Open the form again.")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ask:
    """One knock at the door."""

    action: Action[Any, Any, Any]
    values: Any
    actor: Actor
    key: str
    moment: Moment
    seen: str | None
    reason: str
    and_then: Callable[[ReceiptFacts], None] | None
    thought: Thought | None


def perform(
    name: str,
    *,
    actor: Actor,
    key: str,
    moment: Moment,
    inputs: Any,  # noqa: ANN401 - the action's own dataclass, or a mapping of texts
    seen: str | None = None,
    request_note: str = "",
    and_then: Callable[[ReceiptFacts], None] | None = None,
    thought: Thought | None = None,
) -> ReceiptFacts:
    """Perform an action, once for a key.

    Args:
        name: the action.
        actor: who does it.
        key: chosen by the caller for this one intended effect; the same key and inputs return the first receipt.
        moment: the instant and the utility's local date.
        inputs: the action's inputs, or a mapping to parse.
        seen: the substance of the preview that the person confirmed, when there was one.
        request_note: what the person tells the approver, should it become a request.
        and_then: what else belongs to the same commit, such as the mark on a work item; also when the key was known.
        thought: what was thought ahead; taken when it still holds, and else made anew.

    Returns:
        The receipt; its outcome is ``done`` or ``approval_requested``.

    Raises:
        Refusal: named; nothing was changed, and the attempt is in the audit log.
    """
    action = registry.get(name)
    if _KEY.fullmatch(key) is None or holds_card_number(key):
        raise KeyMissing
    try:
        values = action.parse(inputs)
        if holds_card_number(request_note):
            raise CardNumberInNote
    except Refusal as refusal:
        _remember_refusal(action=action, actor=actor, moment=moment, refusal=refusal, inputs={}, account_ids=())
        raise
    ask = _Ask(
        action=action,
        values=values,
        actor=actor,
        key=key,
        moment=moment,
        seen=seen,
        reason=request_note,
        and_then=and_then,
        thought=thought,
    )
    try:
        done = _retrying(lambda: _perform_once(ask))
    except Refusal as refusal:
        _remember_refusal(
            action=action,
            actor=actor,
            moment=moment,
            refusal=refusal,
            inputs=action.redacted(values),
            account_ids=_existing(action.locks, values),
        )
        log.info("refused", action=name, refusal=refusal.code, employee_id=actor.employee_id)
        raise
    log.info("performed", action=name, outcome=done.outcome, receipt_id=done.receipt_id, employee_id=actor.employee_id)
    return done


def _existing(locks: Callable[[Any], tuple[int, ...]], values: object) -> tuple[int, ...]:
    """The accounts a refused action was about; none when even they cannot be found."""
    try:
        return locks(values)
    except Refusal:
        return ()


def _retrying(work: Callable[[], Result]) -> Result:
    """Run a transaction, again when the database chose it as the victim of a deadlock or a busy lock.

    So, too, when somebody was faster by a moment and a refusal says that what they left may be gone on with.
    """
    for attempt in range(1, TRIES_MAX + 1):
        try:
            return work()
        except (OperationalError, Refusal) as error:
            if attempt == TRIES_MAX or not _is_retryable(error):
                raise
            time.sleep(random.uniform(0, 0.05 * 2**attempt))  # noqa: S311 - jitter, not a secret
    raise AssertionError("unreachable")


def _is_retryable(error: OperationalError | Refusal) -> bool:
    if isinstance(error, Refusal):
        return error.retried
    cause = error.__cause__
    if getattr(cause, "sqlstate", None) in _RETRIED_SQLSTATES:
        return True
    return "database is locked" in str(error) or "database table is locked" in str(error)


def _perform_once(ask: _Ask) -> ReceiptFacts:
    # The few workers need no line, and it would keep SQLite from emptying its log between two shards.
    with nullcontext() if ask.thought is not None else writing_in_turn(), transaction.atomic():
        done = _in_transaction(ask)
        if ask.and_then is not None:
            ask.and_then(done)
        return done


def _in_transaction(ask: _Ask) -> ReceiptFacts:
    action, values, actor, moment = ask.action, ask.values, ask.actor, ask.moment
    grant = require_permission(actor, action=action.name, title=action.title, as_of=moment.as_of)
    inputs_hash = digest({"action": action.name, "inputs": action.plain(values)})
    first = claim_key(key=ask.key, action=action.name, inputs_hash=inputs_hash, actor=actor.name, at=moment.at)
    if first is not None:
        return receipt(first)
    lock_accounts(action.locks(values))
    proposal = _proposed(ask)
    require_open_days(proposal, as_of=moment.as_of)
    if ask.seen is not None and proposal.substance(as_of=moment.as_of) != ask.seen:
        raise ChangedSincePreview
    if proposal.approving is not None:
        require_maker(proposal.approving, as_of=moment.as_of)
        if ask.seen is None and proposal.approving.changed:
            raise ChangedSinceAsked
    verdict = judge(proposal, action=action.name, actor=actor, grant=grant, moment=moment)
    if verdict.ask is not None:
        require_not_asked(action, values=values, proposal=proposal, as_of=moment.as_of)
    receipt_id = _open(ask, proposal)
    if verdict.ask is not None:
        done = _request(ask, proposal=proposal, verdict=verdict, grant=grant, receipt_id=receipt_id)
    else:
        done = _record(ask, proposal=proposal, grant=grant, receipt_id=receipt_id)
    settle_key(key=ask.key, receipt_id=receipt_id)
    return done


def _proposed(ask: _Ask) -> Proposal[Any]:
    action, values, thought = ask.action, ask.values, ask.thought
    if thought is not None and holds(thought, action=action, values=values, as_of=ask.moment.as_of):
        return thought.proposal
    facts = action.gather(values, ask.moment, ask.actor)
    return action.propose(facts, values)


def _open(ask: _Ask, proposal: Proposal[Any]) -> int:
    maker, approver = _hands(ask, proposal)
    return open_receipt(
        action=ask.action.name,
        title=ask.action.title,
        actor=maker[0],
        employee_id=maker[1],
        approver=approver[0],
        approver_employee_id=approver[1],
        at=ask.moment.at,
        as_of=ask.moment.as_of,
    )


def _record(ask: _Ask, *, proposal: Proposal[Any], grant: Grant, receipt_id: int) -> ReceiptFacts:
    action, actor, moment = ask.action, ask.actor, ask.moment
    recording = Recording(receipt_id=receipt_id, actor=actor, moment=moment)
    action.record(proposal, recording)
    account_ids = sorted({*proposal.account_ids, *recording.made.get("account", ())})
    if proposal.authority_cents and proposal.authority_account_id is not None:
        approving = proposal.approving
        use_authority(
            employee_id=actor.employee_id if approving is None else approving.maker_employee_id,
            account_id=proposal.authority_account_id,
            amount_cents=proposal.authority_cents,
            cap_cents=grant.within(action.name).account_cents,
            used_on=used_on(moment),
            approver_employee_id=None if approving is None else actor.employee_id,
            receipt_id=receipt_id,
        )
    body = proposal_body(proposal) | {"entries": recording.entry_ids, "made": to_json(recording.made)}
    done = _fill(ask, proposal, receipt_id=receipt_id, outcome="done", account_ids=account_ids, body=body)
    _remember(
        ask, kind="performed", account_ids=account_ids, subject=f"receipt:{receipt_id}",
        detail={
            "inputs": action.redacted(ask.values), "receipt": receipt_id, "entries": recording.entry_ids,
            "digests": to_json(digests_of(recording.entry_ids)), "batch": recording.batch or None,
            "substance": proposal.substance(as_of=moment.as_of), "made": to_json(recording.made),
            "maker": proposal.approving.maker if proposal.approving else None,
        },
    )  # fmt: skip
    for work in proposal.work:
        enqueue(kind=work.kind, payload=work.payload, at=moment.at, unique_key=work.unique_key)
    return done


def _request(ask: _Ask, *, proposal: Proposal[Any], verdict: Verdict, grant: Grant, receipt_id: int) -> ReceiptFacts:
    """Store the action as a request for someone with authority. Nothing else changes."""
    action, actor, moment = ask.action, ask.actor, ask.moment
    reason = verdict.ask
    if reason is None:
        raise ValueError("nothing to ask")
    standing = verdict.standing
    own_cents = grant.within(action.name).adjustment_cents
    left_cents = standing.left_cents if standing else own_cents
    amount_cents = max(proposal.authority_cents, proposal.checker_cents)
    rules = approval_rules().version_on(moment.as_of)
    body = proposal_body(proposal) | {
        "reason": to_json(reason),
        "note": ask.reason,
        "over_cents": max(amount_cents - left_cents, 0),
        "limit_cents": standing.limit_cents if standing else own_cents,
    }
    request_id = ask_approval(
        action=action.name,
        title=action.title,
        inputs=action.plain(ask.values),
        proposal_digest=proposal.substance(as_of=moment.as_of),
        body=body,
        account_id=proposal.account_ids[0] if proposal.account_ids else None,
        authority_cents=amount_cents,
        reason=str(reason),
        requested_by=actor.name,
        employee_id=actor.employee_id,
        at=moment.at,
        due_on=moment.as_of + timedelta(days=rules.due_after_days),
        expires_on=moment.as_of + timedelta(days=rules.expires_after_days),
        receipt_id=receipt_id,
    )
    body |= {"request": request_id}
    account_ids = sorted(set(proposal.account_ids))
    done = _fill(ask, proposal, receipt_id=receipt_id, outcome="approval_requested", account_ids=account_ids, body=body)
    _remember(
        ask, kind="approval", account_ids=account_ids, subject=f"request:{request_id}",
        detail={
            "inputs": action.redacted(ask.values), "receipt": receipt_id, "request": request_id,
            "reason": str(reason), "authority_cents": amount_cents,
        },
    )  # fmt: skip
    return done


def _fill(
    ask: _Ask,
    proposal: Proposal[Any],
    *,
    receipt_id: int,
    outcome: str,
    account_ids: Sequence[int],
    body: Mapping[str, Json],
) -> ReceiptFacts:
    """Fill the receipt that was opened, and tell it as `receipt` would."""
    name_accounts(receipt_id=receipt_id, account_ids=account_ids)
    fill_receipt(receipt_id=receipt_id, outcome=outcome, body=body)
    maker, approver = _hands(ask, proposal)
    return ReceiptFacts(
        receipt_id=receipt_id,
        action=ask.action.name,
        title=ask.action.title,
        outcome=outcome,
        actor=maker[0],
        approver=approver[0],
        at=ask.moment.at,
        as_of=ask.moment.as_of,
        account_ids=tuple(account_ids),
        body=body,
    )


def _hands(ask: _Ask, proposal: Proposal[Any]) -> tuple[tuple[str, int], tuple[str, int | None]]:
    """Whose doing it is and who approved it: names and numbers of employees."""
    actor, approving = ask.actor, proposal.approving
    if approving is None:
        return (actor.name, actor.employee_id), ("", None)
    return (approving.maker, approving.maker_employee_id), (actor.name, actor.employee_id)


def proposal_body(proposal: Proposal[Any]) -> dict[str, Json]:
    """What a receipt or request keeps of a proposal, for people to read later."""
    return {
        "summary": to_json(proposal.summary),
        "changes": to_json(proposal.changes),
        "rules": to_json(proposal.rules),
        "authority_cents": proposal.authority_cents,
        "creates": to_json(proposal.creates),
        "updates": to_json(proposal.updates),
        **({"comparisons": to_json(proposal.comparisons)} if proposal.comparisons else {}),
    }


def _remember(ask: _Ask, *, kind: str, account_ids: list[int], subject: str, detail: Mapping[str, Json]) -> None:
    streams = [account_stream(account_id) for account_id in account_ids] or [UTILITY_STREAM]
    event = AuditEvent(
        at=ask.moment.at,
        actor=ask.actor.name,
        employee_id=ask.actor.employee_id,
        kind=kind,
        action=ask.action.name,
        subject=subject,
        detail=canonical({**detail, "channel": ask.actor.channel}),
    )
    append_audit(event, streams=streams)


def _remember_refusal(
    *,
    action: Action[Any, Any, Any],
    actor: Actor,
    moment: Moment,
    refusal: Refusal,
    inputs: Mapping[str, Json],
    account_ids: tuple[int, ...],
) -> None:
    """Audit a refusal in a transaction of its own: the refused one is gone."""
    event = AuditEvent(
        at=moment.at,
        actor=actor.name,
        employee_id=actor.employee_id,
        kind="refused",
        action=action.name,
        subject=refusal.code,
        detail=canonical({"refusal": refusal.code, "inputs": dict(inputs), "channel": actor.channel}),
    )
    # A refused shard is about thousands of accounts, and changed none of them: it is remembered once.
    few = account_ids if len(account_ids) <= REFUSAL_STREAMS_MAX else ()
    streams = [account_stream(account_id) for account_id in few] or [UTILITY_STREAM]

    def write() -> None:
        with transaction.atomic():
            append_audit(event, streams=streams)

    if connection.in_atomic_block and connection.needs_rollback:
        raise RuntimeError("a refusal was raised inside a broken transaction; perform() must own its transaction")
    _retrying(write)
