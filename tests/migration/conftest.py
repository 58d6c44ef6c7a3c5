"""A staffed utility without customers, built once for all tests of the package; what a test does to it is undone."""

from __future__ import annotations

import copy
from collections.abc import Iterator

import pytest
from django.db import transaction
from pytest_django import DjangoDbBlocker

from tests.house import House, open_house


class _Undone(Exception):
    """Ends the transaction that holds the utility."""


@pytest.fixture(scope="package")
def _built(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[House]:
    """The utility, in a transaction around all tests of the package; each test has its own inside."""
    with django_db_blocker.unblock():
        holding = transaction.atomic()
        holding.__enter__()
        house = open_house()
    yield house
    with django_db_blocker.unblock():
        holding.__exit__(_Undone, _Undone(), None)


@pytest.fixture
def house(_built: House, db: None) -> House:
    """A staffed utility."""
    return copy.deepcopy(_built)
