"""What leaving suspense has in common: the item must be open, and its tender not have come back."""

from __future__ import annotations

from weatherhead.areas.customers.queries import find_by_name
from weatherhead.areas.payments.file_queries import SuspenseFacts, suspense_item
from weatherhead.areas.payments.operations.suspense import SuspenseResolvedAlready
from weatherhead.areas.payments.queries import payment
from weatherhead.core.values import Refusal, gettext_noop
from weatherhead.overviews.suspense import matches_of

NAMED_MOST = 20


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


def accounts_concerned(item_id: int, *, payee: str) -> tuple[int, ...]:
    """The accounts that money in suspense may be for, was on before, or goes back to by the payee's name.

    Who is tied to one of them decides nothing of it.

    Raises:
        NoSuchSuspenseItem: for an unknown number.
    """
    item = suspense_item(item_id)
    found = {match.account_id for match in matches_of(item)}
    if item.payment_id is not None:
        found.add(payment(item.payment_id).account_id)
    found |= {named.account_id for named in find_by_name(payee, limit=NAMED_MOST)}
    return tuple(sorted(found))
