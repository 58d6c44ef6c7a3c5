"""No proposal takes effect on a closed day: said before anything is recorded, in a preview too."""

from __future__ import annotations

from datetime import date
from typing import Any

from weatherhead.areas.ledger.books import require_open
from weatherhead.door.proposal import Proposal


def require_open_days(proposal: Proposal[Any], *, as_of: date) -> None:
    """See that every entry of a proposal takes effect on an open day. Today is open: only days that are over close.

    Raises:
        DayClosed: naming the first open day.
    """
    earliest = min((entry.effective_on for entry in proposal.entries), default=as_of)
    if earliest < as_of:
        require_open(earliest)
