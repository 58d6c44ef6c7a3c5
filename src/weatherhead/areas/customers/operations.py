"""Writes of customers and accounts."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from weatherhead.areas.customers.consents import ConsentFacts, covers_text
from weatherhead.areas.customers.models import Account, Consent, ContactPoint, Customer, EmployeeLink, Identifier
from weatherhead.areas.customers.numbers import account_number
from weatherhead.areas.customers.queries import numbers_taken
from weatherhead.areas.records.database import bulk_insert, lock_rows
from weatherhead.areas.records.operations.counters import next_numbers
from weatherhead.areas.records.secrets import fingerprints, seal, unseal
from weatherhead.areas.records.text import fold
from weatherhead.areas.records.utility import current_utility
from weatherhead.core.values import Refusal, gettext_noop

ACCOUNT_COLUMNS = (
    "id",
    "number",
    "customer_id",
    "mail_street",
    "mail_unit",
    "mail_city",
    "mail_state",
    "mail_postal_code",
    "cycle",
    "revenue_class",
    "opened_on",
    "closed_on",
)


class StaleAccount(Refusal):
    """The account was changed since the form was opened."""

    template = gettext_noop(
        "Someone changed this account while you had it open: it is now at version %(now)s, your form at %(yours)s. "
        "Look at the new values, then enter the change again."
    )


class IdentifierTaken(Refusal):
    """Another customer has the same identifier."""

    template = gettext_noop(
        "That %(kind)s is on file for customer %(customer)s. Open that customer instead of a second one."
    )


class ConsentRevokedAlready(Refusal):
    """What was taken back cannot be taken back again."""

    template = gettext_noop("The consent for %(party)s was taken back already. Nothing needs to change.")


def lock_accounts(account_ids: Iterable[int]) -> None:
    """Lock accounts in the order of their numbers until the transaction ends. One call a transaction."""
    lock_rows(Account, account_ids)


def create_customer(
    *, kind: str, name: str, language: str, created_on: date, phone: str | None, email: str | None
) -> int:
    """Create a customer with contacts (already checked, E.164 and lower case)."""
    row = Customer.objects.create(
        kind=kind, name=name, search_text=fold(name), language=language, created_on=created_on
    )
    contacts = [("phone", phone), ("email", email)]
    ContactPoint.objects.bulk_create(
        ContactPoint(customer_id=row.pk, kind=contact, value=value, since_on=created_on)
        for contact, value in contacts
        if value
    )
    return row.pk


def keep_identifier(*, customer_id: int, kind: str, value: str) -> None:
    """Seal a government identifier.

    Raises:
        IdentifierTaken: the same one is on file for another customer.
    """
    marks = fingerprints(f"{kind}:{value}")
    found = Identifier.objects.filter(fingerprint__in=marks).exclude(customer_id=customer_id).first()
    if found is not None:
        raise IdentifierTaken(kind=kind, customer=found.customer_id)
    Identifier.objects.create(
        customer_id=customer_id, kind=kind, ciphertext=seal(value), last_four=value[-4:], fingerprint=marks[0]
    )


def reseal_identifiers() -> int:
    """Seal every identifier again with the newest key; returns how many."""
    count = 0
    for row in Identifier.objects.exclude(ciphertext="").order_by("pk").iterator():
        value = unseal(row.ciphertext)
        mark = fingerprints(f"{row.kind}:{value}")[0]
        Identifier.objects.filter(pk=row.pk).update(ciphertext=seal(value), fingerprint=mark)
        count += 1
    return count


def create_account(
    *,
    customer_id: int,
    mail_street: str,
    mail_unit: str,
    mail_city: str,
    mail_state: str,
    mail_postal_code: str,
    cycle: int,
    revenue_class: str,
    opened_on: date,
) -> int:
    """Create an account with the next number."""
    [number] = free_numbers(1)
    return Account.objects.create(
        number=number,
        customer_id=customer_id,
        mail_street=mail_street,
        mail_unit=mail_unit,
        mail_city=mail_city,
        mail_state=mail_state,
        mail_postal_code=mail_postal_code,
        cycle=cycle,
        revenue_class=revenue_class,
        opened_on=opened_on,
    ).pk


def free_numbers(count: int) -> list[str]:
    """The next account numbers. One that an account kept from an old system is passed over."""
    form = current_utility().account_number
    found: list[str] = []
    while len(found) < count:
        made = [account_number(number, form=form) for number in next_numbers("account", count=count - len(found))]
        taken = numbers_taken(made)
        found += [number for number in made if number not in taken]
    return found


def load_customers(rows: Iterable[tuple[int, str, str, str, str]]) -> None:
    """Create many customers: number of the row, kind, name, language, created on (ISO date)."""
    columns = ("id", "kind", "name", "search_text", "language", "created_on", "version")
    bulk_insert(
        table="customers_customer",
        columns=columns,
        rows=((row_id, kind, name, fold(name), language, since, 1) for row_id, kind, name, language, since in rows),
    )


def load_contacts(rows: Iterable[tuple[int, str, str, str]]) -> None:
    """Create many contacts: customer, kind, value (checked, in one form), since (ISO date)."""
    bulk_insert(table="customers_contactpoint", columns=("customer_id", "kind", "value", "since_on"), rows=rows)


def load_accounts(rows: Iterable[tuple[object, ...]]) -> None:
    """Create many accounts, with their numbers; the columns of a row are `ACCOUNT_COLUMNS`."""
    bulk_insert(table="customers_account", columns=(*ACCOUNT_COLUMNS, "version"), rows=((*row, 1) for row in rows))


def load_notes(rows: Iterable[tuple[int, str, str, str, int]]) -> None:
    """Create many notes: account, noted on (ISO date), author, text, receipt."""
    columns = ("account_id", "noted_on", "author", "text", "receipt_id")
    bulk_insert(table="customers_accountnote", columns=columns, rows=rows)


def change_mailing_address(
    *, account_id: int, version: int, street: str, unit: str, city: str, state: str, postal_code: str
) -> None:
    """Change where the bills go.

    Raises:
        StaleAccount: the account is no longer at `version`.
    """
    held = Account.objects.filter(pk=account_id, version=version)
    changed = held.update(
        mail_street=street,
        mail_unit=unit,
        mail_city=city,
        mail_state=state,
        mail_postal_code=postal_code,
        version=version + 1,
    )
    if changed != 1:
        raise StaleAccount(now=Account.objects.values_list("version", flat=True).get(pk=account_id), yours=version)


def link_employee(
    *, employee_id: int, relation: str, customer_id: int | None, account_id: int | None, premise_id: int | None
) -> int:
    """Tie an employee to a customer, an account or a premise (exactly one)."""
    return EmployeeLink.objects.create(
        employee_id=employee_id,
        relation=relation,
        customer_id=customer_id,
        account_id=account_id,
        premise_id=premise_id,
    ).pk


def record_consent(
    *,
    customer_id: int,
    account_id: int | None,
    party_kind: str,
    party_name: str,
    party_email: str,
    covers: Iterable[str],
    given_how: str,
    starts_on: date,
    ends_on: date,
    note: str,
    receipt_id: int,
) -> int:
    """Keep a customer's consent for `[starts_on, ends_on)`; `account_id` None: for all of their accounts."""
    return Consent.objects.create(
        customer_id=customer_id,
        account_id=account_id,
        party_kind=party_kind,
        party_name=party_name,
        party_email=party_email,
        covers=covers_text(covers),
        given_how=given_how,
        starts_on=starts_on,
        ends_on=ends_on,
        note=note,
        receipt_id=receipt_id,
    ).pk


def revoke_consent(given: ConsentFacts, *, revoked_on: date, receipt_id: int) -> None:
    """Take a consent back: from that day on nobody relies on it.

    Raises:
        ConsentRevokedAlready: it was meanwhile.
    """
    standing = Consent.objects.filter(pk=given.consent_id, revoked_on__isnull=True)
    if standing.update(revoked_on=revoked_on, revoking_receipt_id=receipt_id) != 1:
        raise ConsentRevokedAlready(party=given.party_name)
