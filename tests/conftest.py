"""What every test may count on: the database it asked for, and a browser where one is wanted."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from pytest_django import DjangoDbBlocker

from tests.guards import lift_guards_to_empty_the_database

ROOT = Path(__file__).resolve().parents[1]
# Each of these directories builds a utility for all of its tests.
BUILT_ONCE = ("tests/door", "tests/scenarios", "tests/workbench")
# What takes longest goes first, so that no worker is left alone with it at the end.
LONGEST = (
    "tests/scenarios/test_demo.py",
    "tests/workbench",
    "tests/test_planted.py",
    "tests/core/rating/test_oracle.py",
    "tests/door",
)
BROWSER_TESTS = ROOT / "tests" / "browser"
DATABASE_FIXTURES = {
    "db",
    "transactional_db",
    "django_db_reset_sequences",
    "django_db_serialized_rollback",
    "live_server",
}

# The same examples on every machine; a campaign looks for new ones.
settings.register_profile(
    "test", derandomize=True, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile(
    "campaign", max_examples=10_000, deadline=None, database=None, suppress_health_check=list(HealthCheck)
)
settings.load_profile(os.environ.get("WEATHERHEAD_HYPOTHESIS", "test"))
lift_guards_to_empty_the_database()


def touches_database(item: pytest.Item) -> bool:
    """Tell whether a test asked for the database, by mark or by fixture."""
    return item.get_closest_marker("django_db") is not None or not DATABASE_FIXTURES.isdisjoint(
        getattr(item, "fixturenames", ())
    )


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """Do not even read the core's tests for PostgreSQL: they run without Django (`make check`), so they touch none."""
    on_postgresql = os.environ.get("WEATHERHEAD_TEST_DATABASE", "sqlite") == "postgresql"
    return True if on_postgresql and collection_path == ROOT / "tests" / "core" else None


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> Iterator[None]:
    """Mark browser tests, leave out what belongs to the other database or, on PostgreSQL, touches none, and sort."""
    for item in items:
        if BROWSER_TESTS in item.path.parents:
            item.add_marker("browser")
    on_postgresql = os.environ.get("WEATHERHEAD_TEST_DATABASE", "sqlite") == "postgresql"
    kept, left_out = [], []
    for item in items:
        if on_postgresql:
            keep = item.get_closest_marker("sqlite") is None and (
                touches_database(item) or item.get_closest_marker("postgres") is not None
            )
        else:
            keep = item.get_closest_marker("postgres") is None
        (kept if keep else left_out).append(item)
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = kept
    yield
    # After pytest-django has sorted too. What a migration put into a table is gone once a test has committed.
    places = {group: place for place, group in enumerate(LONGEST)}
    items.sort(key=lambda item: (_commits(item), places.get(_group_of(item.nodeid), len(places))))


def pytest_collection_finish() -> None:
    """Let the garbage collector skip what is loaded by now, and run rarely: it is a good part of a run's time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 20, 20)


def _commits(item: pytest.Item) -> bool:
    mark = item.get_closest_marker("django_db")
    fixtures = {"transactional_db", "live_server"}
    return (mark is not None and bool(mark.kwargs.get("transaction"))) or not fixtures.isdisjoint(
        getattr(item, "fixturenames", ())
    )


def _group_of(nodeid: str) -> str:
    """The tests that one worker runs in one go, because they stand on what is built once: a file's, a directory's."""
    file = nodeid.partition("::")[0]
    if file in LONGEST:
        return file
    return next((directory for directory in BUILT_ONCE if file.startswith(f"{directory}/")), file)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Hand whole groups to the workers, in our order."""
    from xdist.scheduler import LoadScopeScheduling

    class ByGroup(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return _group_of(nodeid)

    config.option.loadscopereorder = False
    return ByGroup(config, log)


@pytest.fixture(scope="session")
def django_db_setup(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    django_test_environment: None,
    django_db_blocker: DjangoDbBlocker,
    django_db_modify_db_settings: None,
) -> Iterator[None]:
    """The database of this worker: the migrations run once for all workers."""
    from tests.databases import database_of_a_worker

    # A worker's temporary directory is in the run's.
    alone = not hasattr(request.config, "workerinput")
    with ExitStack() as made:
        with django_db_blocker.unblock():
            made.enter_context(database_of_a_worker(None if alone else tmp_path_factory.getbasetemp().parent))
        yield
        with django_db_blocker.unblock():
            made.close()


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """The path of a real Chromium or Chrome; fails, with the line that installs one, where there is none."""
    found = subprocess.run(["sh", ROOT / "scripts/chromium.sh"], capture_output=True, text=True, check=False)
    if found.returncode:
        pytest.fail(found.stderr.strip())
    return found.stdout.strip()


@pytest.fixture(scope="session")
def demo_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small town of the demo (13 services, 4 months), built once a run. Do not write to it: copy it first.

    Beside the SQLite file stand ``….env``, the settings that open it, and ``….files``.
    """
    path = tmp_path_factory.mktemp("demo") / "town.sqlite3"
    command = [sys.executable, "-m", "weatherhead.interfaces.cli.main", "demo", "--build-only", "--database", str(path)]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("WEATHERHEAD_")}
    built = subprocess.run(
        [*command, "--services", "13", "--months", "4"],
        env=environment | {"PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        text=True,
        check=False,
    )
    if built.returncode:
        pytest.fail(f"the demo town was not built:\n{built.stderr}")
    return path
