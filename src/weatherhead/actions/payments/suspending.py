"""What leaving suspense has in common: the item must be open, and its tender not have come back."""

from __future__ import annotations

from weatherhead.areas.payments.file_queries import SuspenseFacts
from weatherhead.areas.payments.operations.suspense import SuspenseResolvedAlready
from weatherhead.core.values import Refusal, gettext_noop


class TenderCameBack(Refusal):
    """The bank returned it: there is nothing to post."""

    template = gettext_noop(
        "The bank returned this money on %(on)s. Send the item back to the bank instead of posting it."
    )


def require_open(item: SuspenseFacts) -> None:
    """See that an item still waits.

    Raises:
        SuspenseResolvedAlready: it was posted or returned.
    """
    if item.state != "open":
        raise SuspenseResolvedAlready(
            item=item.item_id, state=item.state, on=item.resolved_on or "", by=item.resolved_by
        )
