"""Which keys the secrets in the database were sealed with."""

from __future__ import annotations

from django.db.models import F, Value
from django.db.models.functions import Left, StrIndex

from weatherhead.areas.records.models import ApprovalRequest


def keys_of_requests() -> frozenset[str]:
    """The ids of the keys that open the inputs of requests."""
    rows = ApprovalRequest.objects.exclude(inputs="").order_by()
    ids = rows.annotate(key=Left("inputs", StrIndex(F("inputs"), Value(":")) - 1)).values_list("key", flat=True)
    return frozenset(ids.distinct())
