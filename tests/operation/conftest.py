"""One billed account, as for the door's tests; and databases of other processes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pytest_django import DjangoDbBlocker

from tests.door.conftest import _built, home, house

__all__ = ["_built", "home", "house"]


@pytest.fixture
def unblocked(django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Let what is forked from here reach a database of its own, where the test has none."""
    with django_db_blocker.unblock():
        yield
