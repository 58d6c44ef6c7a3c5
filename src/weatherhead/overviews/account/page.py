"""The account page, composed of what was gathered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from weatherhead.areas.agreements.queries import AgreementAt
from weatherhead.areas.billing.summaries import SummaryRow, enrollments_of, summaries_of_account
from weatherhead.areas.customers.contacts import show_phone
from weatherhead.areas.customers.queries import AccountFacts, ContactFacts, contact_points, identifiers
from weatherhead.areas.ledger.queries import balance_of
from weatherhead.areas.metering.queries import ReadFacts
from weatherhead.areas.payments.returns import cash_only, returned_days, returns_rules
from weatherhead.areas.tariffs.queries import schedule_facts
from weatherhead.core.values import Sentence, gettext_noop
from weatherhead.door.jobs import Grant
from weatherhead.door.stored import stored_sentence
from weatherhead.overviews.account.deposits import DepositView, deposits_view
from weatherhead.overviews.account.figures import Money, UsageMonth, money_of, usage_of
from weatherhead.overviews.account.gathered import TIMELINE_ROWS_ALL, Gathered, gather, is_own
from weatherhead.overviews.account.offers import ActionOffer, offers_of
from weatherhead.overviews.account.timeline import TimelineRow, timeline_of


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
    has_demand: bool = False
    route: str = ""
    route_place: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherAccount:
    """Another account of the same customer."""

    account_id: int
    number: str
    state: Sentence
    balance_cents: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SummaryBilling:
    """How an account stands to its customer's summary bill: since when it is on it, until when, and the latest ones."""

    starts_on: date | None
    ends_on: date | None
    latest: tuple[SummaryRow, ...]

    @property
    def standing(self) -> bool:
        """Whether its bills go onto the summary until further notice."""
        return self.starts_on is not None and self.ends_on is None


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
    held_reads: tuple[ReadFacts, ...] = ()
    next_read_on: date | None = None
    summary: SummaryBilling | None = None  # None: the customer has this account only
    deposits: tuple[DepositView, ...] = ()


TIMELINE_ROWS = 12
SUMMARIES_SHOWN = 2

_CLASSES = {
    "residential": gettext_noop("Residential"),
    "commercial": gettext_noop("Commercial"),
    "industrial": gettext_noop("Industrial"),
    "lighting": gettext_noop("Lighting"),
}


def account_overview(
    account_id: int, *, as_of: date, grant: Grant, revealed_until: datetime | None, whole: bool = False
) -> AccountOverview:
    """Compose the account page.

    Args:
        account_id: whose page.
        as_of: the day; what takes effect later is not counted.
        grant: what the reader may do.
        revealed_until: when hidden details are shown, until when; the caller has had the look remembered.
        whole: the whole timeline instead of its latest rows.

    Raises:
        NoSuchAccount: for an unknown account.
    """
    found = gather(account_id, whole=whole, as_of=as_of)
    others = [item for item in found.accounts if item.account_id != account_id]
    shown = revealed_until is not None
    contacts = contact_points(found.account.customer_id, as_of=as_of) if shown else ()
    rows = timeline_of(found)
    limit = TIMELINE_ROWS_ALL if whole else TIMELINE_ROWS
    first = found.account
    summary = _summary(account_id) if others else None
    return AccountOverview(
        as_of=as_of,
        account_id=account_id,
        number=first.number,
        number_grouped=first.number_grouped,
        version=first.version,
        customer_id=first.customer_id,
        customer_name=first.customer_name,
        customer_kind=first.customer_kind,
        class_title=Sentence(_CLASSES.get(first.revenue_class, first.revenue_class)),
        since_on=first.opened_on,
        closed_on=first.closed_on,
        hidden_count=0 if shown else 4,
        revealed_until=revealed_until,
        services=tuple(_service(item, found=found) for item in found.holdings.services),
        mail_to=_mail_to(found) if shown else None,
        phone=_contact(contacts, kind="phone") if shown else None,
        email=_contact(contacts, kind="email") if shown else None,
        identifiers=tuple(f"{kind} ···{last}" for kind, last in identifiers(first.customer_id)) if shown else None,
        cycle=first.cycle,
        people=(_responsible(first, contacts=contacts),),
        other_accounts=_others(others),
        alerts=_alerts(found, as_of=as_of),
        money=money_of(found, as_of=as_of),
        usage=usage_of((*found.periods, *found.former)),
        timeline=rows[:limit],
        timeline_more=len(rows) > limit or len(found.holdings.payments) >= TIMELINE_ROWS_ALL,
        actions=offers_of(found.holdings, grant=grant, on_summary=summary.standing if summary else None),
        held_reads=found.holdings.held_reads,
        next_read_on=_next_read_on(found),
        summary=summary,
        deposits=deposits_view(found.holdings.deposits, as_of=as_of),
    )


def _summary(account_id: int) -> SummaryBilling:
    known = enrollments_of([account_id]).get(account_id, ())
    return SummaryBilling(
        starts_on=known[-1].starts_on if known else None,
        ends_on=known[-1].ends_on if known else None,
        latest=summaries_of_account(account_id, limit=SUMMARIES_SHOWN),
    )


def _next_read_on(found: Gathered) -> date | None:
    """When the cycle is read next; None for a closed account or where no calendar is planned."""
    return found.holdings.next_read_on if found.account.closed_on is None else None


def _service(item: AgreementAt, *, found: Gathered) -> ServiceFacts:
    point, agreement = item.point, item.agreement
    meter = found.holdings.meters.get(point.service_point_id)
    reads = [
        read
        for read in found.holdings.reads.get(point.service_point_id, ())
        if is_own(point.service_point_id, read.read_on, services=(item,))
    ]
    options = [f"{name.replace('_', ' ')} {value}" for name, value in sorted(agreement.options.items())]
    schedule = schedule_facts(agreement.schedule).schedule
    route, place = found.holdings.routes.get(point.service_point_id, ("", ""))
    return ServiceFacts(
        agreement_id=agreement.agreement_id,
        address=point.address,
        city_line=point.city_line,
        schedule=agreement.schedule,
        schedule_name=f"{schedule.code}, {schedule.name}",
        options=", ".join(options),
        meter_serial=meter.serial if meter else "",
        meter_id=meter.meter_id if meter else None,
        last_read_on=reads[-1].read_on if reads else None,
        last_read=f"{reads[-1].dial_reading:,}" if reads else "",
        started_on=agreement.start_on,
        ended_on=agreement.end_on,
        has_demand=meter is not None and meter.has_demand,
        route=route,
        route_place=str(place),
    )


def _mail_to(found: Gathered) -> tuple[str, ...]:
    """The mailing address; empty when it is the service address."""
    mail = found.account
    first = f"{mail.mail_street}, {mail.mail_unit}" if mail.mail_unit else mail.mail_street
    last = f"{mail.mail_city} {mail.mail_state} {mail.mail_postal_code}"
    same = any((item.point.address, item.point.city_line) == (first, last) for item in found.holdings.services)
    return () if same else (first, last)


def _contact(contacts: Sequence[ContactFacts], *, kind: str) -> str:
    value = next((item.value for item in contacts if item.kind == kind), "")
    return show_phone(value) if value and kind == "phone" else value


def _responsible(first: AccountFacts, *, contacts: Sequence[ContactFacts]) -> Person:
    return Person(
        name=first.customer_name,
        role=Sentence(gettext_noop("Responsible for the account")),
        phone=_contact(contacts, kind="phone") or None,
        email=_contact(contacts, kind="email") or None,
    )


def _others(others: Sequence[AccountFacts]) -> tuple[OtherAccount, ...]:
    owed = balance_of([item.account_id for item in others]) if others else {}
    return tuple(
        OtherAccount(
            account_id=item.account_id,
            number=item.number_grouped,
            state=Sentence(gettext_noop("closed %(on)s"), {"on": item.closed_on})
            if item.closed_on
            else Sentence(gettext_noop("open")),
            balance_cents=owed[item.account_id],
        )
        for item in others
    )


def _cash_only(found: Gathered, *, as_of: date) -> list[Alert]:
    rules = returns_rules()
    held = cash_only(returned_days(found.holdings.payments), rules=rules, as_of=as_of) if rules else None
    if held is None:
        return []
    return [
        Alert(
            level="caution",
            icon="stop",
            title=Sentence(gettext_noop("Cash only through %(on)s"), {"on": held.through_on}),
            text=Sentence(
                gettext_noop("%(count)s payments came back. Checks and bank payments are not taken; see %(clause)s."),
                {"count": held.returned, "clause": rules.rule.citation if rules else ""},
            ),
            link_label=Sentence(gettext_noop("Take a payment")),
            link=f"/account/{found.account.account_id}/do/take_payment",
        )
    ]


def _alerts(found: Gathered, *, as_of: date) -> tuple[Alert, ...]:
    alerts = _cash_only(found, as_of=as_of)
    alerts += [
        Alert(
            level="caution",
            icon="stop",
            title=Sentence(gettext_noop("Bill held since %(on)s"), {"on": item.raised_on}),
            text=stored_sentence(item.detail),
            link_label=Sentence(gettext_noop("Release")),
            link=f"/account/{found.account.account_id}/do/release_exception?exception={item.exception_id}",
        )
        for item in found.holdings.exceptions
    ]
    alerts += [
        Alert(
            level="caution",
            icon="flag",
            title=Sentence(gettext_noop("Read of %(on)s held"), {"on": item.read_on}),
            text=item.why or Sentence(gettext_noop("Outside the bounds.")),
            link_label=Sentence(gettext_noop("Release")),
            link=f"/account/{found.account.account_id}/do/release_read?read={item.read_id}",
        )
        for item in found.holdings.held_reads
    ]
    alerts += [
        Alert(
            level="note",
            icon="pending",
            title=Sentence(
                gettext_noop("Waits for approval: %(what)s"), {"what": stored_sentence(item.body["summary"])}
            ),
            text=Sentence(
                gettext_noop("Asked for by %(by)s, to be decided by %(due)s. Nothing has changed yet."),
                {"by": item.requested_by, "due": item.due_on},
            ),
            link_label=Sentence(gettext_noop("Request")),
            link=f"/approvals?chosen={item.request_id}",
        )
        for item in found.requests
    ]
    return tuple(alerts)
