"""The one search box: name, phone, address, account, meter, e-mail."""

from __future__ import annotations

from dataclasses import dataclass

from weatherhead.core.values import Sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchHit:
    """An account that matches. `matched` says by what; phones and e-mails are never shown whole."""

    account_id: int
    number_grouped: str
    customer_name: str
    service_address: str
    city_line: str
    meter_serial: str
    matched: Sentence
    active: bool
    balance_cents: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchResults:
    """Ranked hits; `more` says that the list was cut."""

    query: str
    understood_as: Sentence | None  # "account number", "phone number" …
    hits: tuple[SearchHit, ...]
    more: bool
    hint: Sentence | None  # for an empty query or no hit: what to try
