"""Through which day services are billed."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from django.db.models import Max

from weatherhead.areas.agreements.queries import former_periods
from weatherhead.areas.billing.models import BillSegment


def billed_through(agreement_ids: Iterable[int]) -> dict[int, date]:
    """The end (exclusive) of the last billed period of each agreement, by whatever system; none where nothing was."""
    wanted = list(agreement_ids)
    found = {agreement_id: items[-1].end_on for agreement_id, items in former_periods(wanted).items()}
    rows = BillSegment.objects.filter(agreement_id__in=wanted, active=True).values("agreement_id")
    return found | dict(rows.annotate(through=Max("end_on")).values_list("agreement_id", "through"))
