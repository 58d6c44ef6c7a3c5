"""Consents: whom a customer lets us tell, of what, and until when."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from weatherhead.areas.customers.models import Consent
from weatherhead.core.values import Refusal, gettext_noop

COVERS = ("bills", "payments", "balance", "usage")
"""What a consent may cover: what was billed, what was paid and when, what is owed, how much was used."""


class NoSuchConsent(Refusal):
    """No consent has that number."""

    template = gettext_noop("There is no consent %(consent)s. Open the account again and choose it from there.")


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentFacts:
    """A customer's consent. `account_id` None: for all of their accounts. In force on `[starts_on, ends_on)`."""

    consent_id: int
    customer_id: int
    account_id: int | None
    party_kind: str  # agency, landlord, other
    party_name: str
    party_email: str
    covers: frozenset[str]
    given_how: str  # written, in_person, recorded_call
    starts_on: date
    ends_on: date
    revoked_on: date | None

    @property
    def last_on(self) -> date:
        """The last day of it, as people say it."""
        return self.ends_on - timedelta(days=1)

    def in_force(self, on: date) -> bool:
        """Whether it may be relied on that day: not before it, not after it, not once it was taken back."""
        return self.starts_on <= on < self.ends_on and (self.revoked_on is None or on < self.revoked_on)

    def speaks_of(self, account_id: int) -> bool:
        """Whether it is for an account."""
        return self.account_id is None or self.account_id == account_id


def consent(consent_id: int) -> ConsentFacts:
    """One consent.

    Raises:
        NoSuchConsent: for an unknown number.
    """
    row = Consent.objects.filter(pk=consent_id).first()
    if row is None:
        raise NoSuchConsent(consent=consent_id)
    return _facts(row)


def consents_of_customer(customer_id: int) -> tuple[ConsentFacts, ...]:
    """All that a customer ever gave, the latest first."""
    return tuple(map(_facts, Consent.objects.filter(customer_id=customer_id).order_by("-starts_on", "-pk")))


def consents_in_force(customer_id: int, *, account_id: int, as_of: date) -> tuple[ConsentFacts, ...]:
    """Those of a customer that may be relied on for an account on a day, the latest first."""
    return tuple(
        item for item in consents_of_customer(customer_id) if item.in_force(as_of) and item.speaks_of(account_id)
    )


def covers_text(covers: Iterable[str]) -> str:
    """What is covered, in the order of `COVERS`, as it is kept."""
    wanted = set(covers)
    return " ".join(name for name in COVERS if name in wanted)


def _facts(row: Consent) -> ConsentFacts:
    return ConsentFacts(
        consent_id=row.pk,
        customer_id=row.customer_id,
        account_id=row.account_id,
        party_kind=row.party_kind,
        party_name=row.party_name,
        party_email=row.party_email,
        covers=frozenset(row.covers.split()),
        given_how=row.given_how,
        starts_on=row.starts_on,
        ends_on=row.ends_on,
        revoked_on=row.revoked_on,
    )
