"""The one search box: name, phone, address, account, meter, e-mail."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from weatherhead.areas.agreements.queries import AgreementAt, agreements_at, agreements_with_points_of
from weatherhead.areas.customers.queries import (
    AccountFacts,
    account_ids_by_number,
    accounts,
    find_by_contact,
    find_by_name,
    find_by_number,
)
from weatherhead.areas.ledger.queries import balance_of
from weatherhead.areas.metering.queries import MeterFacts, find_meters, meter_of_service_points
from weatherhead.areas.migration.queries import accounts_of_former_number
from weatherhead.areas.premises.queries import ServicePointFacts, service_points, service_points_at
from weatherhead.areas.records.text import fold
from weatherhead.core.statements.scan_line import ScanLineUnreadable, read_scan_line
from weatherhead.core.values import Sentence, gettext_noop

_BY_NUMBER = Sentence(gettext_noop("account number"))
_BY_FORMER = Sentence(gettext_noop("former account number"))
_BY_SCAN_LINE = Sentence(gettext_noop("scan line"))
_BY_NAME = Sentence(gettext_noop("name"))
_BY_ADDRESS = Sentence(gettext_noop("address"))
_BY_METER = Sentence(gettext_noop("meter"))
_BY_PHONE = Sentence(gettext_noop("phone"))
_BY_EMAIL = Sentence(gettext_noop("e-mail"))


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
    scan_line: str = ""  # the digits, when a stub was scanned


HITS_MAX = 20
OPTIONS_MAX = 8
_DIGITS_MIN = 4
_LETTERS_MIN = 2
_PHONE_DIGITS_MIN = 7
_SCANNED_DIGITS_MIN = 26
"""So many digits are no account, meter or phone number; they come from a stub."""


def search(query: str, *, as_of: date, limit: int = HITS_MAX) -> SearchResults:
    """Find accounts by one line of text, whatever it is.

    Digits are tried as an account number (ours, or one of an old system), a meter and a phone number; many of them are
    the scan line of a stub; text with @ as an
    e-mail address; any other text as a name and as an address. What matches exactly stands first.
    """
    text = query.strip()
    if len(fold(text)) < _LETTERS_MIN:
        hint = Sentence(gettext_noop("Type at least two letters, or four digits.")) if text else None
        return SearchResults(query=text, understood_as=None, hits=(), more=False, hint=hint)
    digits = re.sub(r"[\s().+-]", "", text)
    if len(digits) >= _SCANNED_DIGITS_MIN and digits.isascii() and digits.isdigit():
        return _scanned(text, digits=digits)
    understood, found = _find(text, as_of=as_of, limit=limit + 1)
    hits = _hits(found[:limit])
    return SearchResults(query=text, understood_as=understood, hits=hits, more=len(found) > limit, hint=None)


def _scanned(text: str, *, digits: str) -> SearchResults:
    """The account of a stub that was scanned into the search field."""
    understood = Sentence(gettext_noop("a scan line"))
    try:
        number = read_scan_line(digits).account_number
    except ScanLineUnreadable as refusal:
        hint = Sentence(refusal.template, refusal.params)
        return SearchResults(query=text, understood_as=understood, hits=(), more=False, hint=hint)
    ids = account_ids_by_number([number])
    hits = _hits([(item, _BY_SCAN_LINE) for item in accounts(ids.values()).values()])
    return SearchResults(
        query=text, understood_as=understood, hits=hits, more=False, hint=None, scan_line=digits if hits else ""
    )


def _find(text: str, *, as_of: date, limit: int) -> tuple[Sentence | None, list[tuple[AccountFacts, Sentence]]]:
    digits = re.sub(r"[\s().+-]", "", text)
    if "@" in text:
        found = find_by_contact(text.lower(), kind="email", as_of=as_of, limit=limit)
        return Sentence(gettext_noop("an e-mail address")), [(item, _BY_EMAIL) for item in found]
    if digits.isascii() and digits.isdigit() and len(digits) >= _DIGITS_MIN:
        return None, _once([*_by_former(text), *_by_digits(digits, as_of=as_of, limit=limit)], limit=limit)
    former = _by_former(text)
    named = [(item, _BY_NAME) for item in find_by_name(text, limit=limit)]
    placed = _by_place(service_points_at(text, limit=limit), matched=_BY_ADDRESS)
    metered = _by_meter(text, limit=limit)
    return None, _once([*former, *metered, *named, *placed], limit=limit)


def _by_digits(digits: str, *, as_of: date, limit: int) -> list[tuple[AccountFacts, Sentence]]:
    found = [(item, _BY_NUMBER) for item in find_by_number(digits, limit=limit)]
    found += _by_meter(digits, limit=limit)
    if len(digits) >= _PHONE_DIGITS_MIN:
        found += [(item, _BY_PHONE) for item in find_by_contact(digits, kind="phone", as_of=as_of, limit=limit)]
    found += _by_place(service_points_at(digits, limit=limit), matched=_BY_ADDRESS)
    return _once(found, limit=limit)


def _by_former(text: str) -> list[tuple[AccountFacts, Sentence]]:
    """Whose number it was in an old system, written as it was there."""
    ids = accounts_of_former_number(text)
    return [(item, _BY_FORMER) for item in accounts(ids).values()] if ids else []


def _by_meter(text: str, *, limit: int) -> list[tuple[AccountFacts, Sentence]]:
    meters = find_meters(text.replace(" ", ""), limit=limit) if any(letter.isdigit() for letter in text) else ()
    points = service_points(item.service_point_id for item in meters if item.service_point_id is not None)
    return _by_place(tuple(points.values()), matched=_BY_METER)


def _by_place(points: Sequence[ServicePointFacts], *, matched: Sentence) -> list[tuple[AccountFacts, Sentence]]:
    """Whoever takes service at some service points, now first."""
    agreements = agreements_at(point.service_point_id for point in points)
    holders = accounts(item.account_id for item in agreements)
    order = {point.service_point_id: place for place, point in enumerate(points)}
    ranked = sorted(agreements, key=lambda item: (order[item.service_point_id], item.end_on is not None))
    return [(holders[item.account_id], matched) for item in ranked]


def _once(found: Sequence[tuple[AccountFacts, Sentence]], *, limit: int) -> list[tuple[AccountFacts, Sentence]]:
    seen: dict[int, tuple[AccountFacts, Sentence]] = {}
    for item, matched in found:
        seen.setdefault(item.account_id, (item, matched))
    return list(seen.values())[:limit]


def _hits(found: Sequence[tuple[AccountFacts, Sentence]]) -> tuple[SearchHit, ...]:
    ids = [item.account_id for item, _ in found]
    owed = balance_of(ids)
    places: dict[int, AgreementAt] = {}
    for place in agreements_with_points_of(ids):
        places.setdefault(place.agreement.account_id, place)
    meters = meter_of_service_points(place.point.service_point_id for place in places.values())
    return tuple(
        _hit(item, matched=matched, place=places.get(item.account_id), meters=meters, owed_cents=owed[item.account_id])
        for item, matched in found
    )


def _hit(
    item: AccountFacts,
    *,
    matched: Sentence,
    place: AgreementAt | None,
    meters: Mapping[int, MeterFacts],
    owed_cents: int,
) -> SearchHit:
    meter = meters.get(place.point.service_point_id) if place else None
    return SearchHit(
        account_id=item.account_id,
        number_grouped=item.number_grouped,
        customer_name=item.customer_name,
        service_address=place.point.address if place else "",
        city_line=place.point.city_line if place else "",
        meter_serial=meter.serial if meter else "",
        matched=matched,
        active=item.closed_on is None,
        balance_cents=owed_cents,
    )
