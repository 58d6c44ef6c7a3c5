"""A staffed utility and an account with one bill, built once for many scenarios; what one of them does is undone."""

from __future__ import annotations

import copy
from collections.abc import Iterator

import pytest
from pytest_django import DjangoDbBlocker

from tests.billing_town import open_town
from tests.house import Home, House, billed_home, built_once, move_in, open_house, read_and_bill


@pytest.fixture(scope="package")
def _staffed(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[House]:
    with built_once(open_house, blocker=django_db_blocker) as house:
        yield house


@pytest.fixture(scope="module")
def _billed(_staffed: House, django_db_blocker: DjangoDbBlocker) -> Iterator[tuple[House, Home]]:
    def build() -> tuple[House, Home]:
        house = copy.deepcopy(_staffed)
        return house, billed_home(house)

    with built_once(build, blocker=django_db_blocker) as billed:
        yield billed


@pytest.fixture(scope="module")
def _neighbours(_billed: tuple[House, Home], django_db_blocker: DjangoDbBlocker) -> Iterator[tuple[House, Home]]:
    def build() -> tuple[House, Home]:
        house = copy.deepcopy(_billed[0])
        dale = move_in(house, name="Dale Sorensen", street="311 Linden St", serial="77402931", phone="402-555-0106")
        read_and_bill(house, dale, reading=1700)
        return house, dale

    with built_once(build, blocker=django_db_blocker) as found:
        yield found


@pytest.fixture(scope="module")
def _town(_staffed: House, django_db_blocker: DjangoDbBlocker) -> Iterator[House]:
    with built_once(lambda: open_town(copy.deepcopy(_staffed)), blocker=django_db_blocker) as town:
        yield town


@pytest.fixture
def new_house(_staffed: House, db: None) -> House:
    """A staffed utility without a customer. Not for a module that also asks for `house` or `home`."""
    return copy.deepcopy(_staffed)


@pytest.fixture
def house(_billed: tuple[House, Home], db: None) -> House:
    """A staffed utility with one account, on the day of its first bill."""
    return copy.deepcopy(_billed[0])


@pytest.fixture
def home(_billed: tuple[House, Home], db: None) -> Home:
    """Its account."""
    return _billed[1]


@pytest.fixture
def dale(_neighbours: tuple[House, Home], db: None) -> Home:
    """A neighbour; for a module whose `house` is that of both, on the day of this one's first bill."""
    return _neighbours[1]


@pytest.fixture
def town(_town: House, db: None) -> House:
    """Accounts of every kind that a bill run meets, read and ready for their third bill."""
    return copy.deepcopy(_town)
