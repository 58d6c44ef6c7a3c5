"""Random deeds of all parts across each other: refused by name or done, and the books stand after each.

A few in `make test`. WEATHERHEAD_CROSSINGS sets the first seed, how many stories and how many deeds in each: a seed
tells the same story again.
"""

from __future__ import annotations

import copy
import os
from collections.abc import Iterator

import pytest
from django.db import transaction
from pytest_django import DjangoDbBlocker

from tests.campaign.crossings import begin, live
from tests.house import Home, House, built_once, move_in, read_and_bill

pytestmark = pytest.mark.django_db
USUAL = {"sqlite": "13 1 18", "postgresql": "14 1 12"}[os.environ.get("WEATHERHEAD_TEST_DATABASE", "sqlite")]
FIRST, STORIES, DEEDS = map(int, os.environ.get("WEATHERHEAD_CROSSINGS", USUAL).split())
ADDRESS = {"mail_city": "Prairie City", "mail_state": "NE", "mail_postal_code": "68900"}
Built = tuple[House, tuple[Home, ...], tuple[int, ...]]


@pytest.fixture(scope="module")
def built(_billed: tuple[House, Home], django_db_blocker: DjangoDbBlocker) -> Iterator[Built]:
    def build() -> Built:
        house = copy.deepcopy(_billed[0])
        first = _billed[1]
        beside = move_in(
            house, street="1844 Cottonwood St", mail_street="1842 Cottonwood St", serial="77402919",
            customer_id=first.customer_id,
        )  # fmt: skip
        other = move_in(house, name="Dale Sorensen", street="311 Linden St", serial="77402931", phone="402-555-0106")
        read_and_bill(house, other, reading=1700)
        more = house.made(
            "create_account", "account", customer_id=other.customer_id, mail_street="1 Elm Ct", cycle=14,
            revenue_class="residential", **ADDRESS,
        )  # fmt: skip
        return house, (first, beside, other), (more,)

    with built_once(build, blocker=django_db_blocker) as found:
        yield found


@pytest.mark.parametrize("seed", range(FIRST, FIRST + STORIES))
def test_the_books_stand_whatever_is_done(built: Built, db: None, seed: int) -> None:
    house, homes, others = built
    with transaction.atomic():
        world = begin(copy.deepcopy(house), homes, others, seed=seed)
        live(world, deeds=DEEDS)
