"""The account page: everything for a call, without scrolling."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from weatherhead.core.values import Sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Someone on the account. `phone` and `email` are None while masked."""

    name: str
    role: Sentence
    phone: str | None
    email: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """What must be known before anything else, in order of danger."""

    level: str  # danger, caution, note
    icon: str  # a name of the icon sprite
    title: Sentence
    text: Sentence
    link_label: Sentence | None = None
    link: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Money:
    """The money strip. Cents; dates are local."""

    balance_cents: int
    past_due_cents: int
    days_past_due: int
    pending_cents: int
    next_due_cents: int | None
    next_due_on: date | None
    last_payment_cents: int | None
    last_payment_on: date | None
    last_payment_how: str
    last_bill_id: int | None
    last_bill_cents: int | None
    last_bill_on: date | None
    last_bill_change_cents: int | None  # against the bill before


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageMonth:
    """One billed period of the usage chart; `last_year_kwh` is the same month a year before, if billed."""

    ends_on: date
    kwh: int
    days: int
    estimated: bool
    last_year_kwh: int | None
    bill_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceFacts:
    """One service agreement in force (or the last one)."""

    agreement_id: int
    address: str
    city_line: str
    schedule: str
    schedule_name: str
    options: str
    meter_serial: str
    meter_id: int | None
    last_read_on: date | None
    last_read: str
    started_on: date
    ended_on: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineRow:
    """One row of everything that happened, latest first. Pending rows change nothing yet."""

    on: date
    kind: str  # bill, payment, adjustment, read, order, contact, account, approval
    kind_title: Sentence
    what: Sentence
    link: str
    detail: Sentence | None
    amount_cents: int | None
    balance_cents: int | None
    pending: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionOffer:
    """An action that this actor may do here, and a word on it."""

    name: str
    title: Sentence
    duty: int
    key: str  # one letter, or ""
    hint: Sentence | None
    likely: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherAccount:
    """Another account of the same customer."""

    account_id: int
    number: str
    state: Sentence
    balance_cents: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountOverview:
    """Who, what, do. Masked values are None; `revealed_until` says how long they are shown."""

    as_of: date
    account_id: int
    number: str  # digits only
    number_grouped: str
    version: int
    customer_id: int
    customer_name: str
    customer_kind: str  # person, business
    class_title: Sentence
    since_on: date
    closed_on: date | None
    hidden_count: int
    revealed_until: datetime | None
    services: tuple[ServiceFacts, ...]
    mail_to: tuple[str, ...] | None
    phone: str | None
    email: str | None
    identifiers: tuple[str, ...] | None
    cycle: int
    people: tuple[Person, ...]
    other_accounts: tuple[OtherAccount, ...]
    alerts: tuple[Alert, ...]
    money: Money
    usage: tuple[UsageMonth, ...]  # oldest first, at most 13
    timeline: tuple[TimelineRow, ...]
    timeline_more: bool
    actions: tuple[ActionOffer, ...]
