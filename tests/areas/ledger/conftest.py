"""Fixtures of the journal's tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import transaction
from tests.areas.ledger.journal import TABLES, guards_lifted, run


@pytest.fixture
def scratch(db: None) -> Iterator[None]:
    """Whatever is done to the database, constraints broken or not, is undone after the test."""
    with transaction.atomic():
        savepoint = transaction.savepoint()
        yield
        transaction.savepoint_rollback(savepoint)


@pytest.fixture
def committed(transactional_db: None) -> Iterator[None]:
    """Commits are real; the journal, which nobody else can empty, is emptied after the test."""
    yield
    with guards_lifted():
        run(*(f"DELETE FROM {table}" for table in TABLES))
