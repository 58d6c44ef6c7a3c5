"""One billed account, as for the door's tests; and databases of other processes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pytest_django import DjangoDbBlocker

from tests.door.conftest import _build, home, house
from tests.house import Home, House, built_once

__all__ = ["home", "house"]


@pytest.fixture(scope="module")
def _built(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[tuple[House, Home]]:
    """Of a module, not of the package: other modules here commit what they stand on, and must find nothing."""
    with built_once(_build, blocker=django_db_blocker) as built:
        yield built


@pytest.fixture
def unblocked(django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Let what is forked from here reach a database of its own, where the test has none."""
    with django_db_blocker.unblock():
        yield
