"""Fixtures of the journal's tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import transaction


@pytest.fixture
def scratch(db: None) -> Iterator[None]:
    """Whatever is done to the database, constraints broken or not, is undone after the test."""
    with transaction.atomic():
        savepoint = transaction.savepoint()
        yield
        transaction.savepoint_rollback(savepoint)
