"""A utility with one billed account, built once for all tests of the door; whatever a test does to it is undone."""

from __future__ import annotations

import copy
from collections.abc import Iterator

import pytest
from pytest_django import DjangoDbBlocker

from tests.house import Home, House, billed_home, built_once, open_house


def _build() -> tuple[House, Home]:
    house = open_house()
    return house, billed_home(house)


@pytest.fixture(scope="package")
def _built(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[tuple[House, Home]]:
    with built_once(_build, blocker=django_db_blocker) as built:
        yield built


@pytest.fixture
def house(_built: tuple[House, Home], db: None) -> House:
    """A staffed utility, on the day of its one bill."""
    return copy.deepcopy(_built[0])


@pytest.fixture
def home(_built: tuple[House, Home], db: None) -> Home:
    """Its account with one bill."""
    return _built[1]
