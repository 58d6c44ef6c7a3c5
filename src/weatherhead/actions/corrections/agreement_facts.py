"""What the corrections of an agreement have in common."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from weatherhead.actions.figures import house_rule
from weatherhead.areas.agreements.operations import Correction
from weatherhead.areas.agreements.queries import TermsFacts
from weatherhead.areas.records.canonical import Json
from weatherhead.core.values import Rule
from weatherhead.door.registry import Recording

KEPT_RULE: Rule = house_rule("corrections", "What was on file is kept beside what takes its place; nothing is edited")
REBILL_RULE: Rule = house_rule("corrections", "What was billed on it stands until the bills are corrected")


def terms_json(terms: tuple[TermsFacts, ...]) -> dict[str, Json]:
    """Dated terms as the record of corrections keeps them."""
    return {
        "terms": [
            {"since": item.start_on.isoformat(), "schedule": item.schedule, "options": dict(item.options)}
            for item in terms
        ]
    }


def days_json(*, start_on: date, end_on: date | None) -> dict[str, Json]:
    """Days of service as the record of corrections keeps them."""
    return {"start_on": start_on.isoformat(), "end_on": end_on.isoformat() if end_on else None}


def correction_of(
    kind: str, *, before: Mapping[str, Json], after: Mapping[str, Json], reason: str, recording: Recording
) -> Correction:
    """A correction for the record, of today."""
    return Correction(
        kind=kind,
        before=before,
        after=after,
        corrected_on=recording.moment.as_of,
        reason=reason,
        receipt_id=recording.receipt_id,
    )
