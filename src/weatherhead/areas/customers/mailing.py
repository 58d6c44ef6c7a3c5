"""An address as mail shows it."""

from __future__ import annotations

from functools import lru_cache
from typing import Protocol


class Addressed(Protocol):
    """Someone to whom mail goes."""

    @property
    def customer_name(self) -> str:
        """Who."""

    @property
    def mail_street(self) -> str:
        """Street."""

    @property
    def mail_unit(self) -> str:
        """Unit, or nothing."""

    @property
    def mail_city(self) -> str:
        """City."""

    @property
    def mail_state(self) -> str:
        """State."""

    @property
    def mail_postal_code(self) -> str:
        """Postal code."""


def mail_lines(account: Addressed) -> list[str]:
    """The address as it stands in the window: name, street, city; in capitals without marks (USPS Publication 28)."""
    street = f"{account.mail_street} {account.mail_unit}" if account.mail_unit else account.mail_street
    city = _city_line(f"{account.mail_city} {account.mail_state} {account.mail_postal_code}")
    return [_mail_line(account.customer_name), _mail_line(street), city]


def _mail_line(line: str) -> str:
    return " ".join(line.replace(".", " ").replace(",", " ").upper().split())


_city_line = lru_cache(maxsize=1_000)(_mail_line)
"""A town's is the same for thousands."""
