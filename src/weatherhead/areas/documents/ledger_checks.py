"""What ``weatherhead ledger check`` proves of prepared billing summaries: each is what was frozen, and foots."""

from __future__ import annotations

import json
from collections.abc import Iterator

from weatherhead.areas.documents.models import Statement
from weatherhead.areas.documents.statements import is_disposed
from weatherhead.areas.ledger.check import Checker, Finding
from weatherhead.core.statements import DoesNotFoot, check_footing, payload_sha256
from weatherhead.core.values import gettext_noop

_ROWS = 500


def _changed_statements() -> Iterator[Finding]:
    for row in Statement.objects.order_by("pk").iterator(chunk_size=_ROWS):
        # Of one that retention disposed of, the check there compares the words.
        frozen = payload_sha256(row.payload) == row.payload_sha256 or is_disposed(row.payload)
        if frozen and _foots(row.payload):
            continue
        yield Finding(
            code="statement_changed",
            template=gettext_noop("Prepared summary %(statement)s is not what was frozen, or does not foot."),
            values={"statement": row.number},
            account_id=row.account_id,
        )


def _foots(text: str, /) -> bool:
    try:
        check_footing(json.loads(text))
    except (DoesNotFoot, KeyError, TypeError, ValueError):
        return False
    return True


CHECKERS = (
    Checker(
        code="statements_are_frozen",
        title=gettext_noop("Every prepared summary is what was frozen, and foots"),
        unit=gettext_noop("prepared summaries"),
        count=Statement.objects.count,
        find=_changed_statements,
    ),
)
