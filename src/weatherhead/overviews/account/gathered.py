"""What the account page is composed of, each thing read once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from weatherhead.areas.agreements.queries import AgreementAt, agreements_with_points
from weatherhead.areas.billing.facts import AdjustmentFacts, BillOfHistory, ExceptionFacts
from weatherhead.areas.billing.queries import (
    adjustments_of_account,
    billed_periods,
    held_exceptions_of_account,
    periods_of,
)
from weatherhead.areas.credit.queries import DepositFacts, deposits_of_account
from weatherhead.areas.credit.refunds import RefundFacts, refunds_of_account
from weatherhead.areas.customers.queries import AccountFacts, accounts_beside
from weatherhead.areas.ledger.queries import TimelinePosting, timeline_and_waiting
from weatherhead.areas.metering.queries import BillableRead, MeterFacts, ReadFacts, place_reads
from weatherhead.areas.payments.queries import PaymentFacts, payments_of_account
from weatherhead.areas.records.queries.approvals import RequestFacts, requests_of_account
from weatherhead.areas.records.queries.receipts import ReceiptLine, receipts_of_account
from weatherhead.areas.service_orders.queries import OrderFacts, orders_of_account

TIMELINE_ROWS_ALL = 1000
_BILLS_READ = 60
_MONEY_ACTIONS = frozenset(
    {
        "take_payment",
        "reverse_payment",
        "move_payment",
        "return_payment",
        "post_from_suspense",
        "post_adjustment",
        "reverse_adjustment",
        "assess_fee",
        "waive_fee",
        "cancel_and_rebill",
        "correct_bills",
    }
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
    "pay_deposit",
    "apply_deposit",
    "assess_reconnect_fee",
    "write_off_account",
    "cancel_refund",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Holdings:
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
    routes: Mapping[int, tuple[str, int]]
    deposits: tuple[DepositFacts, ...]
    waits_cents: int  # unapplied credit


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """Everything the page is composed of, each read once."""

    account: AccountFacts
    accounts: tuple[AccountFacts, ...]  # the customer's, this one among them
    holdings: Holdings
    postings: tuple[TimelinePosting, ...]
    requests: tuple[RequestFacts, ...]
    receipts: tuple[ReceiptLine, ...]
    orders: tuple[OrderFacts, ...]
    periods: tuple[BillOfHistory, ...]  # the bills that stand, by period
    former: tuple[BillOfHistory, ...]  # what another system billed
    refunds: tuple[RefundFacts, ...] = ()


def gather(account_id: int, *, whole: bool, as_of: date) -> Gathered:
    """Read everything about an account.

    Raises:
        NoSuchAccount: for an unknown account.
    """
    limit = TIMELINE_ROWS_ALL if whole else _BILLS_READ
    accounts = accounts_beside(account_id)
    first = next(item for item in accounts if item.account_id == account_id)
    bills, former = billed_periods(account_id, limit=limit)
    postings, waits_cents = timeline_and_waiting(account_id)
    holdings = holdings_of(account_id, bills=bills, waits_cents=waits_cents, cycle=first.cycle, as_of=as_of)
    # A refund is never without an entry of its kind, or a deposit that it gave back: mostly there is none to ask for.
    refunded = any(item.kind == "refund" for item in postings) or any(
        item.closed_reason == "refunded" for item in holdings.deposits
    )
    return Gathered(
        account=first,
        accounts=accounts,
        holdings=holdings,
        postings=postings,
        requests=requests_of_account(account_id, as_of=as_of),
        periods=periods_of(bills),
        receipts=receipts_of_account(account_id, but_not=_QUIET_ACTIONS, limit=limit),
        orders=orders_of_account(account_id),
        former=former,
        refunds=refunds_of_account(account_id) if refunded else (),
    )


def holdings_of(
    account_id: int,
    *,
    bills: tuple[BillOfHistory, ...],
    waits_cents: int,
    cycle: int = 0,
    as_of: date = date.max,
) -> Holdings:
    """What an account holds beside its bills and what waits for it, which the caller has read.

    `cycle` 0 asks for no next read day.
    """
    services = agreements_with_points(account_id)
    place = place_reads((item.point.service_point_id for item in services), cycle=cycle, as_of=as_of)
    return Holdings(
        services=services,
        meters=place.meters,
        reads=_own_reads(place.reads, services=services),
        bills=bills,
        payments=payments_of_account(account_id, limit=TIMELINE_ROWS_ALL),
        adjustments=adjustments_of_account(account_id),
        exceptions=held_exceptions_of_account(account_id),
        held_reads=tuple(item for item in place.held if is_own(item.service_point_id, item.read_on, services=services)),
        next_read_on=place.next_read_on if any(item.agreement.end_on is None for item in services) else None,
        routes=place.routes,
        deposits=deposits_of_account(account_id),
        waits_cents=waits_cents,
    )


def _own_reads(
    reads: Mapping[int, tuple[BillableRead, ...]], *, services: Sequence[AgreementAt]
) -> dict[int, tuple[BillableRead, ...]]:
    """The reads of the days on which the account took service there: those before and after are somebody else's."""
    return {
        point: tuple(item for item in here if is_own(point, item.read_on, services=services))
        for point, here in reads.items()
    }


def is_own(point: int | None, on: date, *, services: Sequence[AgreementAt]) -> bool:
    """Whether an account took service at a place on a day; it begins and ends with a read of that day."""
    return any(
        item.point.service_point_id == point
        and item.agreement.start_on <= on
        and (item.agreement.end_on is None or on <= item.agreement.end_on)
        for item in services
    )
