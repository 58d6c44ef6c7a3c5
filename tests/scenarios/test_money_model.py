"""Random deeds with money, in the product and in a model made of dictionaries: after each they say the same.

3,000 of them on both databases together; `python -m tests.campaign.money` does a million. WEATHERHEAD_MONEY sets the
first seed, how many stories, how many deeds in each, and after how many of them more than the balances is compared.
"""

from __future__ import annotations

import copy
import os
from collections.abc import Iterator, Sequence

import pytest
from django.db import transaction
from pytest_django import DjangoDbBlocker

from tests.campaign.money_moves import Deed, Differs, begin, live, shorter, story
from tests.house import Home, House, built_once, move_in, read_and_bill
from weatherhead.areas.ledger.check import check
from weatherhead.core.values import Refusal
from weatherhead.interfaces.cli.ledger import extra_checkers

pytestmark = pytest.mark.django_db
USUAL = {"sqlite": "1 18 125 5", "postgresql": "101 6 125 5"}[os.environ.get("WEATHERHEAD_TEST_DATABASE", "sqlite")]
FIRST, STORIES, DEEDS, CHECK_EVERY = map(int, os.environ.get("WEATHERHEAD_MONEY", USUAL).split())
ADDRESS = {"mail_city": "Prairie City", "mail_state": "NE", "mail_postal_code": "68900"}
Built = tuple[House, tuple[Home, Home], tuple[int, int]]


class Over(Exception):
    """Ends a story, and undoes it."""


@pytest.fixture(scope="module")
def built(_billed: tuple[House, Home], django_db_blocker: DjangoDbBlocker) -> Iterator[Built]:
    """Two homes with a bill each, and two accounts without service."""

    def build() -> Built:
        house = copy.deepcopy(_billed[0])
        other = move_in(house, name="Dale Sorensen", street="311 Linden St", serial="77402931", phone="402-555-0106")
        read_and_bill(house, other, reading=1700)
        more = [
            house.made(
                "create_account", "account", customer_id=other.customer_id, mail_street=street, cycle=14,
                revenue_class="residential", **ADDRESS,
            )
            for street in ("1 Elm Ct", "2 Elm Ct")
        ]  # fmt: skip
        return house, (_billed[1], other), (more[0], more[1])

    with built_once(build, blocker=django_db_blocker) as found:
        yield found


def told(built: Built, deeds: Sequence[Deed]) -> Exception | None:
    """Live a story and undo it; what went wrong, if anything did."""
    house, homes, others = built
    try:
        with transaction.atomic():
            live(begin(copy.deepcopy(house), homes, others), deeds, check_every=CHECK_EVERY)
            findings = [finding.sentence for finding in check(extra=extra_checkers()).findings]
            if findings:
                raise Differs(f"ledger check: {findings}")
            raise Over
    except Over:
        return None
    except (Differs, Refusal) as wrong:
        return wrong


@pytest.mark.parametrize("seed", range(FIRST, FIRST + STORIES))
def test_money_is_what_a_model_of_dictionaries_says(built: Built, db: None, seed: int) -> None:
    deeds = story(seed, deeds=DEEDS)
    wrong = told(built, deeds)
    if wrong is not None:
        trace = shorter(deeds, fails=lambda some: type(told(built, some)) is type(wrong))
        lines = "\n".join(f"    {deed}" for deed in trace)
        last = told(built, trace)
        pytest.fail(f"seed {seed}: {wrong} {getattr(wrong, '__notes__', '')}\nshorter:\n{lines}\n{last}")
