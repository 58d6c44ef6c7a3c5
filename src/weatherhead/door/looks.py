"""Sensitive looks: granted by the job profile, given for a reason, remembered in the audit log."""

from __future__ import annotations

from django.db import transaction

from weatherhead.areas.records.audit_chain import UTILITY_STREAM, AuditEvent, account_stream
from weatherhead.areas.records.canonical import canonical
from weatherhead.areas.records.operations.audit import append_audit
from weatherhead.core.values import Refusal, gettext_noop, holds_card_number
from weatherhead.door.authority import grant_for
from weatherhead.door.context import Actor, Moment

REASON_LENGTH_MIN = 4


class LookNotPermitted(Refusal):
    """The job does not include the look."""

    template = gettext_noop("Your job does not include seeing %(what)s. Ask your supervisor.")


class ReasonNeeded(Refusal):
    """A look needs a reason."""

    template = gettext_noop("Say in a few words why you need to see this; the reason is kept with the record.")


def look(what: str, *, account_id: int | None, actor: Actor, moment: Moment, reason: str) -> None:
    """Permit and remember one sensitive look: at an account's hidden details, or at a report on many.

    Args:
        what: the kind of detail, as job profiles name it (``contact_details``).
        account_id: whose details; None for what is about no account.

    Raises:
        LookNotPermitted: the actor's job does not grant it; the attempt is remembered too.
        ReasonNeeded: no reason worth the name.
    """
    permitted = what in grant_for(actor, as_of=moment.as_of).looks
    said = " ".join(reason.replace("\x00", " ").split())
    if holds_card_number(said):
        said = ""
    if permitted and len(said) < REASON_LENGTH_MIN:
        raise ReasonNeeded
    event = AuditEvent(
        at=moment.at,
        actor=actor.name,
        employee_id=actor.employee_id,
        kind="look" if permitted else "refused",
        action=f"look:{what}",
        subject="utility" if account_id is None else f"account:{account_id}",
        detail=canonical({"reason": said[:200], "channel": actor.channel}),
    )
    with transaction.atomic():
        append_audit(event, streams=[UTILITY_STREAM if account_id is None else account_stream(account_id)])
    if not permitted:
        raise LookNotPermitted(what=what.replace("_", " "))
