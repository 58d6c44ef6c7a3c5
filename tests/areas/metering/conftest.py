"""Fixtures of the tests of metering."""

from __future__ import annotations

import pytest
from tests.areas.metering.world import World, build_world

from weatherhead.actions import load_actions

load_actions()


@pytest.fixture
def world(db: None) -> World:
    """The utility of `world.py`, freshly made."""
    return build_world()
