"""Letters to customers, prepared by actions: what they say is frozen, whom it reaches is the account's of the day."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from weatherhead.areas.documents.models import Letter
from weatherhead.areas.records.canonical import Json
from weatherhead.core.statements import payload_sha256
from weatherhead.core.values import Refusal, gettext_noop

PAYMENT_MOVED = "payment_moved"
BILLS_CANCELLED = "bills_cancelled"


class NoSuchLetter(Refusal):
    """No letter has that number."""

    template = gettext_noop("There is no letter %(letter)s. Open the receipt again.")


class LetterChanged(Refusal):
    """A kept letter is no longer what was prepared."""

    template = gettext_noop("Letter %(letter)s is not what was prepared; it is not shown. Tell the administrator.")


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterPlan:
    """A letter to be prepared. `payload` holds its figures and days, and nobody's name or address."""

    kind: str
    account_id: int
    payload: Mapping[str, Json]


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterFacts:
    """A prepared letter."""

    letter_id: int
    kind: str
    account_id: int
    prepared_on: date
    payload: Mapping[str, Any]
    receipt_id: int


def letter(letter_id: int) -> LetterFacts:
    """One letter, proved by its hash.

    Raises:
        NoSuchLetter: for an unknown number.
        LetterChanged: it is not what was prepared.
    """
    row = Letter.objects.filter(pk=letter_id).first()
    if row is None:
        raise NoSuchLetter(letter=letter_id)
    if payload_sha256(row.payload) != row.payload_sha256:
        raise LetterChanged(letter=letter_id)
    return LetterFacts(
        letter_id=row.pk,
        kind=row.kind,
        account_id=row.account_id,
        prepared_on=row.prepared_on,
        payload=json.loads(row.payload),
        receipt_id=row.receipt_id,
    )


def letters_of_receipt(receipt_id: int) -> tuple[tuple[int, int], ...]:
    """The letters that an action prepared, as (letter, account)."""
    return tuple(Letter.objects.filter(receipt_id=receipt_id).order_by("pk").values_list("pk", "account_id"))
