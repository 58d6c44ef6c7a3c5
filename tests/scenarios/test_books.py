"""`ledger check` finds what was done to bills, payments and adjustments behind the door."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator

import pytest
from django.db.models import F, Value
from django.db.models.functions import Replace
from pytest_django import DjangoDbBlocker

from tests.guards import guards_lifted
from tests.house import Home, House, built_once
from weatherhead.areas.billing.models import (
    Adjustment,
    Bill,
    BillLine,
    BillSegment,
    LinePrice,
    SummaryBill,
    SummaryMember,
)
from weatherhead.areas.ledger.check import check
from weatherhead.areas.ledger.models import JournalEntry, LedgerPosting
from weatherhead.areas.payments.models import Payment
from weatherhead.interfaces.cli.ledger import extra_checkers

pytestmark = pytest.mark.django_db


def findings() -> set[str]:
    return {finding.code for finding in check(extra=extra_checkers()).findings}


def _live(house: House, home: Home) -> Home:
    house.do("put_on_summary", account_id=home.account_id)
    with pytest.MonkeyPatch.context() as patched:  # one bill is enough to be found wrong
        patched.setattr("weatherhead.actions.billing.waiting_bills.BILLS_LEAST", 1)
        house.do("make_summary_bill", by="okafor", customer_id=home.customer_id, issued_on=house.today)
    fee = house.made(
        "assess_fee", "adjustment", account_id=home.account_id, charge="connect_fee", reason="service_rendered"
    )
    house.do("waive_fee", adjustment_id=fee, reason="our_error", amount_cents="5.00")
    house.do("take_payment", account_id=home.account_id, amount_cents="30.00", tender="cash")
    wrong = house.made("take_payment", "payment", account_id=home.account_id, amount_cents="31.00", tender="cash")
    house.do("reverse_payment", payment_id=wrong, reason="duplicate", note="Twice")
    return home


@pytest.fixture(scope="module")
def _lived(_billed: tuple[House, Home], django_db_blocker: DjangoDbBlocker) -> Iterator[Home]:
    house, home = copy.deepcopy(_billed)
    with built_once(lambda: _live(house, home), blocker=django_db_blocker) as lived:
        yield lived


@pytest.fixture
def lived(_lived: Home, db: None) -> Home:
    """An account with a bill on a summary, a fee, a waiver, a payment and a reversed payment."""
    return _lived


def test_untouched_books_are_right(lived: Home) -> None:
    report = check(extra=extra_checkers())
    assert [finding.sentence for finding in report.findings] == []
    assert len(extra_checkers()) >= 7


CORRUPTIONS: dict[str, tuple[str, Callable[[], object]]] = {
    "a line's amount": ("segment_not_its_lines", lambda: BillLine.objects.filter(sequence=1).update(amount_cents=1)),
    "a segment's amount": (
        "segment_not_its_lines",
        lambda: BillSegment.objects.update(amount_cents=F("amount_cents") + 1),
    ),
    "a bill's total": ("bill_not_its_lines", lambda: Bill.objects.update(total_cents=F("total_cents") + 1)),
    "a bill tied to another entry": (
        "bill_not_its_entry",
        lambda: Bill.objects.update(entry_id=Payment.objects.order_by("pk")[0].entry_id),
    ),
    "a line's ledger account": (
        "bill_not_its_entry",
        lambda: LinePrice.objects.filter(code="energy").update(ledger_account="fee_revenue"),
    ),
    "a determinant": (
        "lines_not_their_proof",
        lambda: BillSegment.objects.update(
            determinants=Replace("determinants", Value('"energy_wh":'), Value('"energy_wh":1'))
        ),
    ),
    "a line's arithmetic": (
        "lines_not_their_proof",
        lambda: BillLine.objects.filter(sequence=2).update(numerator=F("numerator") + 1),
    ),
    "a price's text": ("lines_not_their_proof", lambda: LinePrice.objects.update(label="Something else")),
    "a document": (
        "bill_document_changed",
        lambda: Bill.objects.update(payload='{"charges_cents":1}'),
    ),
    "a summary's charges": (
        "summary_not_its_bills",
        lambda: SummaryBill.objects.update(charges_cents=F("charges_cents") + 1),
    ),
    "a summary's amount due": (
        "summary_not_its_bills",
        lambda: SummaryBill.objects.update(amount_due_cents=F("amount_due_cents") + 1),
    ),
    "a summary without one of its bills": ("summary_not_its_bills", SummaryMember.objects.all().delete),
    "a summary's payload": (
        "summary_not_its_bills",
        lambda: SummaryBill.objects.update(payload=Replace("payload", Value('"left_out":['), Value('"left_out":[7'))),
    ),
    "a payment's amount": (
        "payment_not_its_entry",
        lambda: Payment.objects.filter(reversed_on=None).update(amount_cents=1),
    ),
    "a fee's amount": (
        "adjustment_not_its_entry",
        lambda: Adjustment.objects.filter(kind="fee").update(amount_cents=1),
    ),
    "an entry removed whole": (
        "entry_removed",
        lambda: [
            LedgerPosting.objects.filter(entry_id=_last_entry()).delete(),
            JournalEntry.objects.filter(pk=_last_entry()).delete(),
        ],
    ),
    "an entry with its digest made anew": (
        "entry_rewritten",
        lambda: JournalEntry.objects.filter(pk=_last_entry()).update(digest="0" * 64),
    ),
}


def _last_entry() -> int:
    return JournalEntry.objects.order_by("-pk").values_list("pk", flat=True)[0]


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_a_corruption_is_found(lived: Home, name: str) -> None:
    code, corrupt = CORRUPTIONS[name]
    with guards_lifted():
        assert corrupt()  # something was changed
    assert code in findings()
