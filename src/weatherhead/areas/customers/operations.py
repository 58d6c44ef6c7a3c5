"""Writes of customers and accounts."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from weatherhead.areas.customers.models import Account, ContactPoint, Customer, EmployeeLink, Identifier
from weatherhead.areas.customers.numbers import account_number
from weatherhead.areas.records.operations.counters import next_number
from weatherhead.areas.records.secrets import fingerprints, seal, unseal
from weatherhead.areas.records.text import fold
from weatherhead.areas.records.utility import current_utility
from weatherhead.core.values import Refusal, gettext_noop


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


def lock_accounts(account_ids: Iterable[int]) -> None:
    """Lock accounts in the order of their numbers until the transaction ends. One call a transaction."""
    wanted = sorted(set(account_ids))
    if wanted:
        list(Account.objects.select_for_update(of=("self",)).filter(pk__in=wanted).order_by("pk").values_list("pk"))


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
    number = account_number(next_number("account"), form=current_utility().account_number)
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
