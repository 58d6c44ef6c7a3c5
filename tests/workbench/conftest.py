"""The stage, built once for all tests of the desk; whatever a test does to it is undone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from pytest_django import DjangoDbBlocker, Settings

from tests.house import built_once
from tests.workbench.stage import TODAY, Stage, set_stage


@pytest.fixture(scope="package")
def _stage(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Stage]:
    with built_once(set_stage, blocker=django_db_blocker) as stage:
        yield stage


@pytest.fixture
def stage(_stage: Stage, db: None, settings: Settings) -> Stage:
    """The stage on its day."""
    settings.TODAY = TODAY
    return _stage


@pytest.fixture
def at_desk(stage: Stage) -> Callable[..., Client]:
    """A function from a user name to a browser in which that employee has signed in."""

    def sign_in(username: str, **options: Any) -> Client:
        client = Client(**options)
        user = get_user_model()._default_manager.get(username=username)
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        return client

    return sign_in
