"""A utility with one billed account, built once for all tests of the door; whatever a test does to it is undone."""

from __future__ import annotations

import copy
from collections.abc import Iterator

import pytest
from django.db import transaction
from pytest_django import DjangoDbBlocker

from tests.house import Home, House, move_in, open_house, read_and_bill


class _Undone(Exception):
    """Ends the transaction that holds the utility."""


@pytest.fixture(scope="package")
def _built(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[tuple[House, Home]]:
    """The utility, in a transaction around all tests of the package; each test has its own inside."""
    with django_db_blocker.unblock():
        holding = transaction.atomic()
        holding.__enter__()
        house = open_house()
        home = move_in(house)
        read_and_bill(house, home, reading=1700)
    yield house, home
    with django_db_blocker.unblock():
        holding.__exit__(_Undone, _Undone(), None)


@pytest.fixture
def house(_built: tuple[House, Home], db: None) -> House:
    """A staffed utility, on the day of its one bill."""
    return copy.deepcopy(_built[0])


@pytest.fixture
def home(_built: tuple[House, Home], db: None) -> Home:
    """Its account with one bill."""
    return _built[1]
