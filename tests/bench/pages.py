"""The desk's pages: how long the server takes for each, and that many requests cost no more apiece than few.

python -m tests.bench.pages prints every page's time and queries; `make bench` measures the ratios.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from tests.bench import Ratio, Work

if TYPE_CHECKING:
    from django.test import Client

    from tests.workbench.stage import Stage

FEW, MANY = 20, 200
ROUNDS = 15


@cache
def _stage() -> tuple[Client, Stage]:
    """A supervisor at a desk with a database of its own, which is thrown away."""
    directory = tempfile.mkdtemp(prefix="weatherhead-bench-")
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.browser.stage_settings"
    os.environ |= {"STAGE_DATABASE": str(Path(directory) / "stage.sqlite3"), "STAGE_TODAY": "2026-11-06"}
    import django

    django.setup()
    from django.conf import settings
    from django.contrib.auth import get_user_model
    from django.core.management import call_command
    from django.test import Client

    from tests.workbench.stage import set_stage

    settings.ALLOWED_HOSTS = ["testserver"]
    call_command("migrate", verbosity=0)
    stage = set_stage()
    client = Client()
    user = get_user_model()._default_manager.get(username="alvarez")
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client, stage


def _requests(count: int) -> None:
    """Let so many requests wait, alike but for their numbers."""
    from weatherhead.areas.records.models import ApprovalRequest

    _, stage = _stage()
    rows = ApprovalRequest._default_manager
    rows.exclude(pk__in=[stage.ruth_request, stage.hanna_request]).delete()
    copies = []
    for _ in range(count - 2):
        copy = rows.get(pk=stage.hanna_request)
        copy.pk = None
        copies.append(copy)
    rows.bulk_create(copies)


def ratios() -> Iterator[Ratio]:
    """The list of approvals, by request: a list that looked up each request by itself would stay near 1."""
    client, _ = _stage()

    def listing(count: int) -> None:
        if len(client.get("/approvals").content) == 0:
            raise ValueError(f"no list of {count}")

    _requests(MANY)
    from weatherhead.areas.records.models import ApprovalRequest

    waiting = list(ApprovalRequest._default_manager.filter(state="waiting").values_list("pk", flat=True))
    spare = waiting[FEW:]

    def few() -> None:
        ApprovalRequest._default_manager.filter(pk__in=spare).update(state="declined")
        listing(FEW)

    def many() -> None:
        ApprovalRequest._default_manager.filter(pk__in=spare).update(state="waiting")
        listing(MANY)

    yield Ratio(
        title=f"A list of {MANY} approvals against one of {FEW}",
        unit="request",
        baseline=Work(name=f"{FEW} requests", run=few, units=FEW),
        subject=Work(name=f"{MANY} requests", run=many, units=MANY),
        least=1.5,
    )


def main() -> None:
    """Print a table: page, median milliseconds on the server, queries."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    client, stage = _stage()
    from tests.workbench.test_pages import PAGES

    sys.stdout.write(f"{'page':<32}{'ms':>8}{'queries':>10}\n")
    for name, pattern in PAGES.items():
        where = pattern.format(**stage.as_dict())
        taken = []
        for _ in range(ROUNDS):
            started = time.perf_counter()
            client.get(where)
            taken.append(time.perf_counter() - started)
        with CaptureQueriesContext(connection) as asked:
            client.get(where)
        sys.stdout.write(f"{name:<32}{median(taken) * 1000:>8.1f}{len(asked):>10}\n")


if __name__ == "__main__":
    main()
