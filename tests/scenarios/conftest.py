"""Fixtures of the scenarios."""

from __future__ import annotations

import pytest

from tests.billing_town import open_town
from tests.house import Home, House, move_in, open_house, read_and_bill


@pytest.fixture
def house(db: None) -> House:
    """A staffed utility."""
    return open_house()


@pytest.fixture
def home(house: House) -> Home:
    """An account with one bill."""
    made = move_in(house)
    read_and_bill(house, made, reading=1700)
    return made


@pytest.fixture
def town(db: None) -> House:
    """Accounts of every kind that a bill run meets, read and ready for their third bill."""
    return open_town()
