"""Customers and accounts as frozen values."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date

from django.db.models import Case, Max, Min, Q, QuerySet, When

from weatherhead.areas.customers.models import Account, ContactPoint, Customer, EmployeeLink, Identifier
from weatherhead.areas.customers.numbers import group_number
from weatherhead.areas.records.database import rows_with
from weatherhead.areas.records.text import fold
from weatherhead.areas.records.utility import current_utility
from weatherhead.core.values import Refusal, gettext_noop


class NoSuchAccount(Refusal):
    """No account has that number."""

    template = gettext_noop("There is no account %(account)s. Find it by name, address or meter.")


class NoSuchCustomer(Refusal):
    """No customer has that number."""

    template = gettext_noop("There is no customer %(customer)s. Find them by name.")


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerFacts:
    """A customer."""

    customer_id: int
    kind: str
    name: str
    language: str
    created_on: date
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountFacts:
    """An account and its customer. `number` holds digits only."""

    account_id: int
    number: str
    customer_id: int
    customer_name: str
    customer_kind: str
    mail_street: str
    mail_unit: str
    mail_city: str
    mail_state: str
    mail_postal_code: str
    cycle: int
    revenue_class: str
    opened_on: date
    closed_on: date | None
    version: int

    @property
    def number_grouped(self) -> str:
        """The number as people write it."""
        return group_number(self.number, groups=current_utility().account_number.groups)


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactFacts:
    """A phone number or e-mail address on file."""

    kind: str
    value: str
    since_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class EmployeeTie:
    """How an employee is tied to an account, a customer or a premise: to one of them.

    A tie to an account is one to all accounts of its holder: `customer_id` names them then, too.
    """

    relation: str
    account_id: int | None
    customer_id: int | None
    premise_id: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EmployeeTies:
    """All that an employee is tied to, the oldest first."""

    links: tuple[EmployeeTie, ...]

    @property
    def to_customers(self) -> bool:
        """Whether some of it are customers."""
        return any(link.customer_id is not None for link in self.links)

    @property
    def to_premises(self) -> bool:
        """Whether some of it are premises."""
        return any(link.premise_id is not None for link in self.links)

    def among(
        self, *, accounts: Collection[int], customers: Collection[int], premises: Collection[int]
    ) -> EmployeeTie | None:
        """The first that leads to one of these."""
        return next(
            (
                link
                for link in self.links
                if link.account_id in accounts or link.customer_id in customers or link.premise_id in premises
            ),
            None,
        )


def customer(customer_id: int) -> CustomerFacts:
    """One customer.

    Raises:
        NoSuchCustomer: for an unknown number.
    """
    row = Customer.objects.filter(pk=customer_id).first()
    if row is None:
        raise NoSuchCustomer(customer=customer_id)
    return _customer(row)


def customers_named(text: str, *, limit: int) -> tuple[CustomerFacts, ...]:
    """Customers whose name holds every word, with an account or without; names that begin with the first word first."""
    words = fold(text).split()
    if not words:
        return ()
    rows: QuerySet[Customer] = Customer.objects.all()
    for word in words:
        rows = rows.filter(search_text__contains=word)
    begins = Case(When(search_text__startswith=words[0], then=0), default=1)
    return tuple(_customer(row) for row in rows.order_by(begins, "search_text", "pk")[:limit])


def account_numbers_of_customers(customer_ids: Iterable[int]) -> dict[int, tuple[str, ...]]:
    """The grouped numbers of each customer's accounts, oldest first; none for a customer without one."""
    found: dict[int, tuple[str, ...]] = {}
    for row in Account.objects.select_related("customer").filter(customer_id__in=list(customer_ids)).order_by("pk"):
        found[row.customer_id] = (*found.get(row.customer_id, ()), _account(row).number_grouped)
    return found


def _customer(row: Customer) -> CustomerFacts:
    return CustomerFacts(
        customer_id=row.pk,
        kind=row.kind,
        name=row.name,
        language=row.language,
        created_on=row.created_on,
        version=row.version,
    )


def account(account_id: int) -> AccountFacts:
    """One account.

    Raises:
        NoSuchAccount: for an unknown one.
    """
    found = accounts([account_id])
    if account_id not in found:
        raise NoSuchAccount(account=account_id)
    return found[account_id]


def accounts(account_ids: Iterable[int]) -> dict[int, AccountFacts]:
    """Accounts by their internal number."""
    rows = Account.objects.select_related("customer").filter(pk__in=list(account_ids))
    return {row.pk: _account(row) for row in rows}


def account_by_number(number: str) -> AccountFacts:
    """An account by its printed number, digits only.

    Raises:
        NoSuchAccount: for an unknown one.
    """
    row = Account.objects.select_related("customer").filter(number=number).first()
    if row is None:
        raise NoSuchAccount(account=number)
    return _account(row)


def accounts_of_customer(customer_id: int) -> tuple[AccountFacts, ...]:
    """A customer's accounts, oldest first."""
    rows = Account.objects.select_related("customer").filter(customer_id=customer_id).order_by("opened_on", "pk")
    return tuple(_account(row) for row in rows)


def accounts_beside(account_id: int) -> tuple[AccountFacts, ...]:
    """All accounts of the customer who holds one account, that one among them, oldest first.

    Raises:
        NoSuchAccount: for an unknown one.
    """
    holder = Account.objects.filter(pk=account_id).values("customer_id")
    rows = Account.objects.select_related("customer").filter(customer_id__in=holder).order_by("opened_on", "pk")
    found = tuple(_account(row) for row in rows)
    if not found:
        raise NoSuchAccount(account=account_id)
    return found


def cycles() -> tuple[int, ...]:
    """The bill cycles that accounts are in."""
    return tuple(Account.objects.order_by("cycle").values_list("cycle", flat=True).distinct())


def accounts_of_cycle(cycle: int) -> tuple[int, ...]:
    """The open accounts of a bill cycle."""
    rows = Account.objects.filter(cycle=cycle, closed_on__isnull=True).order_by("pk")
    return tuple(rows.values_list("pk", flat=True))


def contact_points(customer_id: int, *, as_of: date) -> tuple[ContactFacts, ...]:
    """What is on file on a day, latest first."""
    rows = ContactPoint.objects.filter(
        Q(until_on__isnull=True) | Q(until_on__gt=as_of), customer_id=customer_id, since_on__lte=as_of
    )
    return tuple(
        ContactFacts(kind=row.kind, value=row.value, since_on=row.since_on) for row in rows.order_by("-since_on", "-pk")
    )


def identifiers(customer_id: int) -> tuple[tuple[str, str], ...]:
    """Kind and last four characters of each identifier; the rest stays sealed."""
    rows = Identifier.objects.filter(customer_id=customer_id).order_by("pk")
    return tuple(rows.values_list("kind", "last_four"))


def customers_of(account_ids: Iterable[int]) -> frozenset[int]:
    """The customers of some accounts."""
    return frozenset(Account.objects.filter(pk__in=list(account_ids)).values_list("customer_id", flat=True))


def ties_of(employee_id: int) -> EmployeeTies:
    """Everything that an employee is tied to; most are tied to nothing."""
    rows = EmployeeLink.objects.filter(employee_id=employee_id).order_by("pk")
    return EmployeeTies(
        links=tuple(
            EmployeeTie(
                relation=relation, account_id=account_id, customer_id=customer_id or holder_id, premise_id=premise_id
            )
            for relation, account_id, customer_id, holder_id, premise_id in rows.values_list(
                "relation", "account_id", "customer_id", "account__customer_id", "premise_id"
            )
        )
    )


def find_by_name(text: str, *, limit: int) -> tuple[AccountFacts, ...]:
    """Accounts whose customer's name holds every word; names that begin with the first word come first."""
    words = fold(text).split()
    if not words:
        return ()
    rows: QuerySet[Account] = Account.objects.select_related("customer")
    for word in words:
        rows = rows.filter(customer__search_text__contains=word)
    begins = Case(When(customer__search_text__startswith=words[0], then=0), default=1)
    return tuple(_account(row) for row in rows.order_by(begins, "customer__search_text", "pk")[:limit])


def find_by_number(digits: str, *, limit: int) -> tuple[AccountFacts, ...]:
    """Accounts whose number begins with some digits."""
    rows = Account.objects.select_related("customer").filter(number__startswith=digits).order_by("number")[:limit]
    return tuple(_account(row) for row in rows)


def find_by_contact(text: str, *, kind: str, as_of: date, limit: int) -> tuple[AccountFacts, ...]:
    """Accounts whose customer has a phone number ending in, or an e-mail address beginning with, some text."""
    contacts = ContactPoint.objects.filter(Q(until_on__isnull=True) | Q(until_on__gt=as_of), kind=kind)
    contacts = contacts.filter(value__endswith=text) if kind == "phone" else contacts.filter(value__startswith=text)
    rows = Account.objects.select_related("customer").filter(customer_id__in=contacts.values("customer_id"))
    return tuple(_account(row) for row in rows.order_by("customer__search_text", "pk")[:limit])


def _account(row: Account) -> AccountFacts:
    return AccountFacts(
        account_id=row.pk,
        number=row.number,
        customer_id=row.customer_id,
        customer_name=row.customer.name,
        customer_kind=row.customer.kind,
        mail_street=row.mail_street,
        mail_unit=row.mail_unit,
        mail_city=row.mail_city,
        mail_state=row.mail_state,
        mail_postal_code=row.mail_postal_code,
        cycle=row.cycle,
        revenue_class=row.revenue_class,
        opened_on=row.opened_on,
        closed_on=row.closed_on,
        version=row.version,
    )


def numbers_taken(numbers: Iterable[str]) -> frozenset[str]:
    """Which of some account numbers are given."""
    rows = rows_with(table="customers_account", columns=("number",), column="number", values=list(numbers))
    return frozenset(number for (number,) in rows)


def account_ids_by_number(numbers: Iterable[str]) -> dict[str, int]:
    """The accounts that have some numbers (digits only)."""
    rows = rows_with(table="customers_account", columns=("number", "id"), column="number", values=list(numbers))
    return dict(rows)


def account_span() -> tuple[int, int]:
    """The lowest and the highest number of an account in the database; (1, 0) where there is none."""
    found = Account.objects.aggregate(first=Min("pk"), last=Max("pk"))
    return (1, 0) if found["first"] is None else (found["first"], found["last"])


def accounts_numbered(numbers: Iterable[str]) -> dict[str, tuple[int, bool]]:
    """The accounts that have some numbers (digits only), each with whether it is closed."""
    columns = ("number", "id", "closed_on")
    rows = rows_with(table="customers_account", columns=columns, column="number", values=list(numbers))
    return {number: (account_id, closed_on is not None) for number, account_id, closed_on in rows}
