"""The account page: everything for a call, without scrolling."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from weatherhead.areas.agreements.queries import AgreementAt, agreements_with_points
from weatherhead.areas.billing.facts import AdjustmentFacts, BillOfHistory, ExceptionFacts
from weatherhead.areas.billing.fees import fee
from weatherhead.areas.billing.queries import adjustments_of_account, billed_periods, held_exceptions_of_account
from weatherhead.areas.customers.contacts import show_phone
from weatherhead.areas.customers.queries import (
    AccountFacts,
    ContactFacts,
    accounts_beside,
    contact_points,
    identifiers,
)
from weatherhead.areas.ledger.queries import TimelinePosting, balance_of, postings_for_timeline
from weatherhead.areas.metering.queries import (
    BillableRead,
    MeterFacts,
    ReadFacts,
    place_reads,
)
from weatherhead.areas.payments.queries import PaymentFacts, payments_of_account
from weatherhead.areas.records.queries.approvals import RequestFacts, requests_of_account
from weatherhead.areas.records.queries.receipts import ReceiptLine, receipts_of_account
from weatherhead.areas.service_orders.queries import OrderFacts, orders_of_account
from weatherhead.areas.tariffs.queries import schedule_facts
from weatherhead.core.ledger import ReceivableMovement, age
from weatherhead.core.values import Sentence, gettext_noop
from weatherhead.door.jobs import Grant
from weatherhead.door.registry import registry
from weatherhead.door.stored import stored_changes, stored_sentence


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
    """One billed period of the usage chart; `last_year_kwh` is the same month a year before, if billed.

    `bill_id` is 0 for a period that another system billed.
    """

    ends_on: date  # the last day
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
    has_demand: bool = False


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
    held_reads: tuple[ReadFacts, ...] = ()
    next_read_on: date | None = None


TIMELINE_ROWS = 12
TIMELINE_ROWS_ALL = 1000
_USAGE_PERIODS = 13
_BILLS_READ = 60
_YEAR_SLACK_DAYS = 20

_CLASSES = {
    "residential": gettext_noop("Residential"),
    "commercial": gettext_noop("Commercial"),
    "industrial": gettext_noop("Industrial"),
    "lighting": gettext_noop("Lighting"),
}
READ_KINDS = {
    "actual": gettext_noop("Actual read"),
    "estimated": gettext_noop("Estimated read"),
    "customer": gettext_noop("Customer's read"),
    "move_in": gettext_noop("Move-in read"),
    "move_out": gettext_noop("Move-out read"),
    "check": gettext_noop("Check read"),
}
_ORDER_KINDS = {"re_read": gettext_noop("Re-read"), "investigate": gettext_noop("Investigation")}
_TENDERS = {"cash": gettext_noop("Cash"), "check": gettext_noop("Check")}
_MONEY_ACTIONS = frozenset(
    {"take_payment", "reverse_payment", "return_payment", "assess_fee", "waive_fee", "cancel_and_rebill"}
)
_QUIET_ACTIONS = _MONEY_ACTIONS | {
    "bill_account",
    "approve_request",
    "decline_request",
    "enter_read",
    "import_reads",
    "request_reread",
    "complete_reread",
    "cancel_order",
    "estimate_read",
    "record_check_read",
}
_LIKELY_MAX = 6
_LIKELY = ("take_payment", "waive_fee", "enter_read", "bill_account", "change_mailing_address", "assess_fee")
_ON_ACCOUNT = frozenset({"account", "agreement", "bill", "payment", "adjustment", "exception", "read", "meter"})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Holdings:
    """What an account holds that can be acted on."""

    services: tuple[AgreementAt, ...]
    meters: Mapping[int, MeterFacts]
    reads: Mapping[int, tuple[BillableRead, ...]]
    bills: tuple[BillOfHistory, ...]
    payments: tuple[PaymentFacts, ...]
    adjustments: tuple[AdjustmentFacts, ...]
    exceptions: tuple[ExceptionFacts, ...]
    held_reads: tuple[ReadFacts, ...]
    next_read_on: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Gathered:
    """Everything the page is composed of, each read once."""

    account: AccountFacts
    accounts: tuple[AccountFacts, ...]  # the customer's, this one among them
    holdings: _Holdings
    postings: tuple[TimelinePosting, ...]
    requests: tuple[RequestFacts, ...]
    receipts: tuple[ReceiptLine, ...]
    orders: tuple[OrderFacts, ...]
    former: tuple[BillOfHistory, ...]  # what another system billed


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
    found = _gather(account_id, whole=whole, as_of=as_of)
    others = [item for item in found.accounts if item.account_id != account_id]
    shown = revealed_until is not None
    contacts = contact_points(found.account.customer_id, as_of=as_of) if shown else ()
    rows = _timeline(found)
    limit = TIMELINE_ROWS_ALL if whole else TIMELINE_ROWS
    first = found.account
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
        alerts=_alerts(found),
        money=_money(found, as_of=as_of),
        usage=_usage((*found.holdings.bills, *found.former)),
        timeline=rows[:limit],
        timeline_more=len(rows) > limit or len(found.holdings.payments) >= TIMELINE_ROWS_ALL,
        actions=_offers(found.holdings, grant=grant),
        held_reads=found.holdings.held_reads,
        next_read_on=_next_read_on(found),
    )


def _next_read_on(found: _Gathered) -> date | None:
    """When the cycle is read next; None for a closed account or where no calendar is planned."""
    return found.holdings.next_read_on if found.account.closed_on is None else None


def offers_on(account_id: int, *, bills: tuple[BillOfHistory, ...], grant: Grant) -> tuple[ActionOffer, ...]:
    """The actions that these jobs grant on an account, for a page that has read its bills already."""
    return _offers(_holdings(account_id, bills=bills), grant=grant)


def _gather(account_id: int, *, whole: bool, as_of: date) -> _Gathered:
    limit = TIMELINE_ROWS_ALL if whole else _BILLS_READ
    accounts = accounts_beside(account_id)
    first = next(item for item in accounts if item.account_id == account_id)
    bills, former = billed_periods(account_id, limit=limit)
    return _Gathered(
        account=first,
        accounts=accounts,
        holdings=_holdings(account_id, bills=bills, cycle=first.cycle, as_of=as_of),
        postings=postings_for_timeline(account_id),
        requests=requests_of_account(account_id),
        receipts=receipts_of_account(account_id, but_not=_QUIET_ACTIONS, limit=limit),
        orders=orders_of_account(account_id),
        former=former,
    )


def _holdings(
    account_id: int, *, bills: tuple[BillOfHistory, ...], cycle: int = 0, as_of: date = date.max
) -> _Holdings:
    services = agreements_with_points(account_id)
    place = place_reads((item.point.service_point_id for item in services), cycle=cycle, as_of=as_of)
    return _Holdings(
        services=services,
        meters=place.meters,
        reads=_own_reads(place.reads, services=services),
        bills=bills,
        payments=payments_of_account(account_id, limit=TIMELINE_ROWS_ALL),
        adjustments=adjustments_of_account(account_id),
        exceptions=held_exceptions_of_account(account_id),
        held_reads=tuple(
            item for item in place.held if _is_own(item.service_point_id, item.read_on, services=services)
        ),
        next_read_on=place.next_read_on if any(item.agreement.end_on is None for item in services) else None,
    )


def _own_reads(
    reads: Mapping[int, tuple[BillableRead, ...]], *, services: Sequence[AgreementAt]
) -> dict[int, tuple[BillableRead, ...]]:
    """The reads of the days on which the account took service there: those before and after are somebody else's."""
    return {
        point: tuple(item for item in here if _is_own(point, item.read_on, services=services))
        for point, here in reads.items()
    }


def _is_own(point: int | None, on: date, *, services: Sequence[AgreementAt]) -> bool:
    return any(
        item.point.service_point_id == point
        and item.agreement.start_on <= on
        and (item.agreement.end_on is None or on <= item.agreement.end_on)
        for item in services
    )


def _service(item: AgreementAt, *, found: _Gathered) -> ServiceFacts:
    point, agreement = item.point, item.agreement
    meter = found.holdings.meters.get(point.service_point_id)
    reads = [
        read
        for read in found.holdings.reads.get(point.service_point_id, ())
        if _is_own(point.service_point_id, read.read_on, services=(item,))
    ]
    options = [f"{name.replace('_', ' ')} {value}" for name, value in sorted(agreement.options.items())]
    schedule = schedule_facts(agreement.schedule).schedule
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
    )


def _mail_to(found: _Gathered) -> tuple[str, ...]:
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


def _alerts(found: _Gathered) -> tuple[Alert, ...]:
    alerts = [
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


def _money(found: _Gathered, *, as_of: date) -> Money:
    ageing = age((_movement(item) for item in found.postings), as_of=as_of)
    issued = [item for item in found.holdings.bills if item.issued_on <= as_of]
    last, before = (issued[0] if issued else None), (issued[1] if len(issued) > 1 else None)
    paid = next((item for item in found.holdings.payments if item.reversed_on is None), None)
    due_on = ageing.next_due_on
    return Money(
        balance_cents=ageing.balance_cents,
        past_due_cents=ageing.past_due_cents,
        days_past_due=ageing.days_past_due,
        pending_cents=0,
        next_due_cents=sum(item.open_cents for item in ageing.open_items if item.due_on == due_on) if due_on else None,
        next_due_on=due_on,
        last_payment_cents=paid.amount_cents if paid else None,
        last_payment_on=paid.paid_on if paid else None,
        last_payment_how=_how(paid),
        last_bill_id=last.bill_id if last else None,
        last_bill_cents=last.total_cents if last else None,
        last_bill_on=last.issued_on if last else None,
        last_bill_change_cents=last.total_cents - before.total_cents if last and before else None,
    )


def _how(paid: PaymentFacts | None) -> str:
    if paid is None:
        return ""
    return f"check {paid.check_number}" if paid.tender_kind == "check" else paid.tender_kind


def _movement(item: TimelinePosting) -> ReceivableMovement:
    return ReceivableMovement(
        ref=item.ref,
        effective_on=item.effective_on,
        amount_cents=item.amount_cents,
        charge=item.charge,
        due_on=item.due_on,
        matches=item.matches,
    )


def _usage(bills: Sequence[BillOfHistory]) -> tuple[UsageMonth, ...]:
    active = [item for item in reversed(bills) if item.active]
    return tuple(
        UsageMonth(
            ends_on=item.end_on - timedelta(days=1),
            kwh=item.energy_wh // 1000,
            days=(item.end_on - item.start_on).days,
            estimated=item.estimated,
            last_year_kwh=_a_year_before(item, among=active),
            bill_id=item.bill_id,
        )
        for item in active[-_USAGE_PERIODS:]
    )


def _a_year_before(item: BillOfHistory, *, among: Sequence[BillOfHistory]) -> int | None:
    near = [other for other in among if abs((item.end_on - other.end_on).days - 365) <= _YEAR_SLACK_DAYS]
    return near[0].energy_wh // 1000 if near else None


def _timeline(found: _Gathered) -> tuple[TimelineRow, ...]:
    bills = {item.entry_id: item for item in found.holdings.bills}
    payments = {item.entry_id: item for item in found.holdings.payments}
    adjustments = {item.entry_id: item for item in found.holdings.adjustments}
    rows: list[tuple[date, int, TimelineRow]] = []
    for posting in found.postings:
        entry_id = posting.ref.entry_id
        if entry_id in bills:
            kind, title, what, link = _bill_row(bills[entry_id])
        elif entry_id in payments:
            kind, title, what, link = _payment_row(payments[entry_id])
        elif entry_id in adjustments:
            kind, title, what, link = _adjustment_row(adjustments[entry_id])
        else:
            undone = payments.get(posting.reverses_id or 0) or bills.get(posting.reverses_id or 0)
            returned = isinstance(undone, PaymentFacts) and undone.returned_on is not None
            kind, title, what, link = _other_row(posting, reversed_one=_named(undone), returned=returned)
        row = TimelineRow(
            on=posting.effective_on,
            kind=kind,
            kind_title=title,
            what=what,
            link=link,
            detail=_undone(posting, payment=payments.get(entry_id)),
            amount_cents=posting.amount_cents,
            balance_cents=posting.balance_cents,
        )
        rows.append((posting.effective_on, entry_id, row))
    rows += [(item.requested_at.date(), 2**62, _request_row(item)) for item in found.requests]
    rows += [(item.as_of, -1, _receipt_row(item)) for item in found.receipts]
    rows += [(item.opened_on, -1, _order_row(item)) for item in found.orders]
    rows += [(read.read_on, -2, _read_row(read)) for reads in found.holdings.reads.values() for read in reads]
    rows.sort(key=lambda item: (item[0], item[1]), reverse=True)
    return tuple(row for _, _, row in rows)


def _undone(posting: TimelinePosting, *, payment: PaymentFacts | None) -> Sentence | None:
    """Whether what was posted was taken back since, and how."""
    if posting.reversed_by_id is None:
        return None
    if payment is not None and payment.returned_on is not None:
        return Sentence(gettext_noop("returned by the bank"))
    return Sentence(gettext_noop("reversed since"))


def _bill_row(item: BillOfHistory) -> tuple[str, Sentence, Sentence, str]:
    what = Sentence(
        gettext_noop("%(start)s to %(end)s, %(energy_wh)s kWh, due %(due)s"),
        {
            "start": item.start_on,
            "end": item.end_on - timedelta(days=1),
            "energy_wh": item.energy_wh,
            "due": item.due_on,
        },
    )
    title = gettext_noop("Corrected bill") if item.corrects_id else gettext_noop("Bill")
    return "bill", Sentence(title), what, f"/bill/{item.bill_id}/"


def _payment_row(item: PaymentFacts) -> tuple[str, Sentence, Sentence, str]:
    if item.check_number:
        what = Sentence(gettext_noop("Check %(number)s"), {"number": item.check_number})
    else:
        what = Sentence(_TENDERS[item.tender_kind])
    return "payment", Sentence(gettext_noop("Payment")), what, f"/receipt/{item.receipt_id}/"


def _named(item: PaymentFacts | BillOfHistory | None) -> Sentence | None:
    """What a reversal undoes, in a few words."""
    if isinstance(item, PaymentFacts):
        _, _, what, _ = _payment_row(item)
        return Sentence(gettext_noop("%(what)s of %(on)s"), {"what": what, "on": item.paid_on})
    return Sentence(gettext_noop("Bill of %(on)s"), {"on": item.issued_on}) if item else None


def _adjustment_row(item: AdjustmentFacts) -> tuple[str, Sentence, Sentence, str]:
    title = fee(item.charge).title
    if item.kind == "waiver":
        what = Sentence(gettext_noop("%(title)s waived"), {"title": title})
        return "adjustment", Sentence(gettext_noop("Waiver")), what, f"/receipt/{item.receipt_id}/"
    return (
        "adjustment",
        Sentence(gettext_noop("Fee")),
        Sentence("%(title)s", {"title": title}),
        f"/receipt/{item.receipt_id}/",
    )


def _other_row(
    posting: TimelinePosting, *, reversed_one: Sentence | None, returned: bool
) -> tuple[str, Sentence, Sentence, str]:
    """A reversal, or an entry of an action that has no list of its own here."""
    link = f"/receipt/{posting.receipt_id}/" if posting.receipt_id else ""
    if posting.reverses_id is not None:
        kind = "payment" if posting.charge == "payment" else "bill"
        what = reversed_one or Sentence(gettext_noop("Entry %(entry)s"), {"entry": str(posting.reverses_id)})
        if returned:
            said = Sentence(gettext_noop("%(what)s returned by the bank"), {"what": what})
            return kind, Sentence(gettext_noop("Return")), said, link
        return (
            kind,
            Sentence(gettext_noop("Reversal")),
            Sentence(gettext_noop("%(what)s reversed"), {"what": what}),
            link,
        )
    return "adjustment", Sentence(posting.kind), Sentence("%(charge)s", {"charge": posting.charge}), link


def _request_row(item: RequestFacts) -> TimelineRow:
    return TimelineRow(
        on=item.requested_at.date(),
        kind="approval",
        kind_title=Sentence(gettext_noop("Request")),
        what=stored_sentence(item.body["summary"]),
        link=f"/approvals?chosen={item.request_id}",
        detail=None,
        amount_cents=_change_of_balance(item),
        balance_cents=None,
        pending=True,
    )


def _change_of_balance(item: RequestFacts) -> int | None:
    """What the balance would change by, as it stood when the request was made: a waiver lowers it."""
    for change in stored_changes(item.body):
        if change.code == "balance" and isinstance(change.before, int) and isinstance(change.after, int):
            return change.after - change.before
    return None


def _receipt_row(item: ReceiptLine) -> TimelineRow:
    return TimelineRow(
        on=item.as_of,
        kind="account",
        kind_title=Sentence(gettext_noop("Record")),
        what=stored_sentence(item.body["summary"]),
        link=f"/receipt/{item.receipt_id}/",
        detail=Sentence("%(by)s", {"by": item.actor}),
        amount_cents=None,
        balance_cents=None,
    )


def _order_row(item: OrderFacts) -> TimelineRow:
    """An order by the day it was opened; what came of it stands beside it."""
    params = {"due": item.due_on, "closed": item.closed_on, "what": item.result}
    details = {
        "open": gettext_noop("open, due %(due)s"),
        "done": gettext_noop("done %(closed)s: %(what)s"),
        "cancelled": gettext_noop("cancelled %(closed)s: %(what)s"),
    }
    return TimelineRow(
        on=item.opened_on,
        kind="order",
        kind_title=Sentence(gettext_noop("Order")),
        what=Sentence(
            gettext_noop("%(kind)s of meter %(serial)s for %(about)s: %(why)s"),
            {
                "kind": Sentence(_ORDER_KINDS[item.kind]),
                "serial": item.serial,
                "about": item.about_on,
                "why": item.note,
            },
        ),
        link=f"/receipt/{item.closing_receipt_id or item.receipt_id}/",
        detail=Sentence(details[item.state], params),
        amount_cents=None,
        balance_cents=None,
        pending=item.state == "open",
    )


def _read_row(item: BillableRead) -> TimelineRow:
    return TimelineRow(
        on=item.read_on,
        kind="read",
        kind_title=Sentence(gettext_noop("Read")),
        what=Sentence(
            gettext_noop("%(kind)s %(reading)s"),
            {"kind": Sentence(READ_KINDS[item.kind]), "reading": f"{item.dial_reading:,}"},
        ),
        link="",
        detail=Sentence(gettext_noop("meter %(serial)s"), {"serial": item.serial}),
        amount_cents=None,
        balance_cents=None,
    )


def _offers(found: _Holdings, *, grant: Grant) -> tuple[ActionOffer, ...]:
    """The actions that these jobs grant on an account, the likeliest first."""
    offers = [
        ActionOffer(
            name=action.name,
            title=Sentence(action.title),
            duty=action.duty,
            key=action.key,
            hint=_hint(action.name, found=found),
            likely=False,
        )
        for action in registry
        if action.on in _ON_ACCOUNT and action.name in grant.actions and _possible(action.name, found=found)
    ]
    offers.sort(key=lambda offer: _LIKELY.index(offer.name) if offer.name in _LIKELY else len(_LIKELY))
    return tuple(replace(offer, likely=position < _LIKELY_MAX) for position, offer in enumerate(offers))


def _possible(name: str, *, found: _Holdings) -> bool:
    """Whether the account holds what the action acts on."""
    needs: dict[str, bool] = {
        "waive_fee": any(item.kind == "fee" and item.left_cents > 0 for item in found.adjustments),
        "reverse_payment": any(item.reversed_on is None for item in found.payments),
        "return_payment": any(item.reversed_on is None and item.tender_kind != "cash" for item in found.payments),
        "end_service": any(item.agreement.end_on is None for item in found.services),
        "move_service": any(item.agreement.end_on is None for item in found.services),
        "exchange_meter": bool(found.meters),
        "cancel_and_rebill": any(item.active for item in found.bills),
        "release_exception": bool(found.exceptions),
        "release_read": bool(found.held_reads),
        "reject_read": bool(found.held_reads),
        "hold_billing": bool(found.services),
        "bill_account": bool(found.services),
        "enter_read": bool(found.meters),
        "estimate_read": bool(found.meters),
        "request_reread": bool(found.meters),
        "record_check_read": bool(found.meters),
        "correct_read": any(found.reads.values()),
    }
    return needs.get(name, True)


def _hint(name: str, *, found: _Holdings) -> Sentence | None:
    if name == "waive_fee":
        fee_left = next((item for item in found.adjustments if item.kind == "fee" and item.left_cents > 0), None)
        return Sentence("%(left_cents)s", {"left_cents": fee_left.left_cents}) if fee_left else None
    if name == "enter_read":
        reads = [item for group in found.reads.values() for item in group]
        last = max((item.read_on for item in reads), default=None)
        return Sentence(gettext_noop("last %(on)s"), {"on": last}) if last else None
    if name == "bill_account":
        last_on = found.bills[0].end_on if found.bills else None
        return Sentence(gettext_noop("billed to %(on)s"), {"on": last_on}) if last_on else None
    return None
