"""Through which day services are billed."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from django.db.models import Max

from weatherhead.areas.billing.models import BillSegment


def billed_through(agreement_ids: Iterable[int]) -> dict[int, date]:
    """The end (exclusive) of the last billed period of each agreement; none for one that was never billed."""
    rows = BillSegment.objects.filter(agreement_id__in=list(agreement_ids), active=True)
    return dict(rows.values("agreement_id").annotate(through=Max("end_on")).values_list("agreement_id", "through"))
