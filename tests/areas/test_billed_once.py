"""No day of a service is billed twice, whoever writes: the database refuses overlapping active segments."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import DatabaseError, IntegrityError, transaction
from pytest_django import DjangoDbBlocker
from tests.house import Home, House, billed_home, built_once, open_house

from weatherhead.areas.billing.models import Bill, BillLine, BillSegment

pytestmark = pytest.mark.django_db


def _build() -> tuple[House, Home]:
    house = open_house()
    return house, billed_home(house)


@pytest.fixture(scope="module")
def _billed(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[tuple[House, Home]]:
    with built_once(_build, blocker=django_db_blocker) as billed:
        yield billed


@pytest.fixture
def billed(_billed: tuple[House, Home], db: None) -> tuple[House, Home]:
    """An account with one bill."""
    return copy.deepcopy(_billed)


def again(segment: BillSegment, *, shift_start: int, shift_end: int, active: bool = True) -> BillSegment:
    """A copy of a segment whose span is moved by some days."""
    return BillSegment(
        bill_id=segment.bill_id,
        agreement_id=segment.agreement_id,
        start_on=segment.start_on + timedelta(days=shift_start),
        end_on=segment.end_on + timedelta(days=shift_end),
        active=active,
        schedule=segment.schedule,
        schedule_sha256=segment.schedule_sha256,
        energy_wh=0,
        determinants="{}",
        amount_cents=0,
    )


@pytest.mark.parametrize(("shift_start", "shift_end"), [(0, 0), (29, 29), (-29, -29), (5, -5), (-5, 5)])
def test_an_overlap_is_refused(billed: tuple[House, Home], shift_start: int, shift_end: int) -> None:
    segment = BillSegment.objects.get()
    with pytest.raises(IntegrityError, match="segment_billed_once"), transaction.atomic():
        again(segment, shift_start=shift_start, shift_end=shift_end).save()


@pytest.mark.parametrize(("shift_start", "shift_end"), [(30, 30), (-30, -30)])
def test_spans_that_meet_are_fine(billed: tuple[House, Home], shift_start: int, shift_end: int) -> None:
    again(BillSegment.objects.get(), shift_start=shift_start, shift_end=shift_end).save()
    assert BillSegment.objects.count() == 2


def test_a_cancelled_segment_is_in_nobodys_way_until_it_is_active_again(billed: tuple[House, Home]) -> None:
    copy = again(BillSegment.objects.get(), shift_start=0, shift_end=0, active=False)
    copy.save()
    with pytest.raises(IntegrityError, match="segment_billed_once"), transaction.atomic():
        BillSegment.objects.filter(pk=copy.pk).update(active=True)


def test_an_issued_bill_is_never_changed(billed: tuple[House, Home]) -> None:
    for attempt in (
        lambda: Bill.objects.update(total_cents=1),
        lambda: Bill.objects.all().delete(),
        lambda: BillLine.objects.update(amount_cents=1),
        lambda: BillLine.objects.all().delete(),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            attempt()
