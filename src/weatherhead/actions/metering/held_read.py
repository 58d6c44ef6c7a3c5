"""What releasing and rejecting a held read have in common."""

from __future__ import annotations

from weatherhead.areas.agreements.queries import agreements_at
from weatherhead.areas.metering.operations import ReadNotHeld
from weatherhead.areas.metering.queries import ReadFacts, read
from weatherhead.core.values import Change, Sentence, Unit, gettext_noop


def accounts_of_read(read_id: int) -> tuple[int, ...]:
    """The accounts that took service through the read's meter on its day: two on the day of a move, or none.

    Raises:
        NoSuchRead: for an unknown read.
    """
    found = read(read_id)
    if found.service_point_id is None:
        return ()
    agreements = agreements_at([found.service_point_id])
    serving = {
        item.account_id
        for item in agreements
        if item.start_on <= found.read_on and (item.end_on is None or found.read_on <= item.end_on)
    }
    return tuple(sorted(serving))


def require_held(found: ReadFacts) -> ReadFacts:
    """The read, which waits for a person.

    Raises:
        ReadNotHeld: it was decided before.
    """
    if found.state != "held":
        raise ReadNotHeld(serial=found.serial, read_on=found.read_on, state=found.state)
    return found


def state_change(*, before: str, after: str, account_ids: tuple[int, ...]) -> Change:
    """The read's state as a figure."""
    return Change(
        code="read_state",
        label=Sentence(template=gettext_noop("Read")),
        unit=Unit.TEXT,
        before=before,
        after=after,
        account_id=account_ids[0] if account_ids else None,
    )
