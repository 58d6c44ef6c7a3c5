"""Which keys the identifiers of customers were sealed with."""

from __future__ import annotations

from django.db.models import F, Value
from django.db.models.functions import Left, StrIndex

from weatherhead.areas.customers.models import Identifier


def keys_of_identifiers() -> frozenset[str]:
    """The ids of the keys that open the identifiers."""
    rows = Identifier.objects.exclude(ciphertext="").order_by()
    ids = rows.annotate(key=Left("ciphertext", StrIndex(F("ciphertext"), Value(":")) - 1))
    return frozenset(ids.values_list("key", flat=True).distinct())
