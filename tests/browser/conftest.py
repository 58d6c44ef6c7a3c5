"""A real Chromium for the tests in this directory. All of them are marked ``browser`` and run once, on SQLite."""

from __future__ import annotations

import json
import os
import socket
import sqlite3
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Error, Page, Response, expect, sync_playwright

ROOT = Path(__file__).resolve().parents[2]
AXE = Path(__file__).parent / "vendor" / "axe.min.js"
AXE_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@pytest.fixture(scope="session")
def chromium(chromium_path: str) -> Iterator[Browser]:
    """One Chromium for the whole run."""
    # Playwright keeps an event loop in this thread, which Django would otherwise take for asynchronous code.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    expect.set_options(timeout=10_000)
    with sync_playwright() as playwright:
        # Nothing is shown on a screen, and nothing here needs one site kept from another by processes of their own; and
        # Chromium's sandbox refuses to run as root, as containers run tests.
        arguments = ["--disable-gpu", "--disable-site-isolation-trials", "--renderer-process-limit=1"]
        arguments += ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = playwright.chromium.launch(executable_path=chromium_path, args=arguments)
        yield browser
        browser.close()


@dataclass(frozen=True, kw_only=True)
class Desk:
    """The product on its stage: where it answers, its database, the numbers of what is there, sessions by user name."""

    address: str
    database: Path
    whole: Path  # the database as it was built
    stage: dict[str, Any]
    sessions: dict[str, str]

    def url(self, where: str) -> str:
        """An address, with the stage's numbers filled in: ``/account/{ruth}/``."""
        return self.address + where.format(**self.stage)

    def seat(self, context: BrowserContext, username: str) -> None:
        """Let somebody sit down who has signed in already."""
        context.clear_cookies()
        context.add_cookies([{"name": "sessionid", "value": self.sessions[username], "url": self.address}])

    def rows(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """What stands in the database."""
        with closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True, timeout=10)) as connection:
            return connection.execute(statement, values).fetchall()


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """The product, serving the stage from a process of its own."""
    directory = tmp_path_factory.mktemp("stage")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    database, log = directory / "stage.sqlite3", directory / "server.log"
    environment = os.environ | {"STAGE_DATABASE": str(database), "STAGE_TODAY": "2026-11-06"}
    environment |= {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    with log.open("w") as complaints:
        server = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-m", "tests.browser.stage_server", str(port)],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=complaints,
            text=True,
        )
    assert server.stdout is not None
    told = server.stdout.readline()
    if not told:
        pytest.fail(f"the stage was not built:\n{log.read_text()[-2000:]}")
    whole = directory / "whole.sqlite3"
    _copy(database, whole)
    try:
        address = f"http://127.0.0.1:{port}"
        urllib.request.urlopen(f"{address}/auth/login/", timeout=20).close()  # noqa: S310 - our own, over http
        yield Desk(address=address, database=database, whole=whole, **json.loads(told))
    finally:
        server.terminate()
        server.wait(timeout=10)
    assert "Traceback" not in log.read_text(), log.read_text()[-4000:]


@dataclass(frozen=False, slots=True)
class Untouched:
    """How the files of the stage's database looked when it was last as it was built."""

    stamps: tuple[tuple[int, int], ...] = ()


@pytest.fixture(scope="session")
def untouched() -> Untouched:
    """Not known yet."""
    return Untouched()


@pytest.fixture
def desk(served: Desk, untouched: Untouched) -> Iterator[Desk]:
    """The stage as it was built, whatever a test before did to it; a test that only looked leaves nothing to undo."""
    yield served
    if untouched.stamps != _stamps(served.database):
        _copy(served.whole, served.database)
        untouched.stamps = _stamps(served.database)


def _stamps(database: Path) -> tuple[tuple[int, int], ...]:
    """When the database's files were last written, and how long they are."""
    files = [Path(f"{database}{end}") for end in ("", "-wal")]
    return tuple((found.st_mtime_ns, found.st_size) for found in (file.stat() for file in files if file.exists()))


def _copy(source: Path, target: Path) -> None:
    """Copy a database as SQLite itself does it, so that an open connection sees one or the other."""
    with closing(sqlite3.connect(source)) as before, closing(sqlite3.connect(target, timeout=10)) as after:
        before.backup(after)


@dataclass(frozen=True, kw_only=True)
class Windows:
    """The windows of the run, opened once and tidied for every test: to open one takes a second of processor."""

    browser: Browser
    kept: dict[str, Page] = field(default_factory=dict)

    def window(self, whose: str, **options: Any) -> Page:
        """Somebody's window, with cookies and storage of its own; the options count where it is opened."""
        if whose not in self.kept:
            context = self.browser.new_context(locale="en-US", **options)
            context.set_default_timeout(10_000)
            self.kept[whose] = context.new_page()
            _patient(self.kept[whose])
        return self.kept[whose]


SETTLED = """
addEventListener("load", () => requestAnimationFrame(() => requestAnimationFrame(() => { window.settled = true; })));
"""


def _patient(window: Page) -> None:
    """Let no key fall on a page before its script runs and its first field has the focus: a person sees that, too."""
    press, type_ = window.keyboard.press, window.keyboard.type
    window.add_init_script(SETTLED)

    def press_when_settled(key: str, *, delay: float | None = None) -> None:
        window.wait_for_function("() => window.settled")
        press(key, delay=delay)

    def type_when_settled(text: str, *, delay: float | None = None) -> None:
        window.wait_for_function("() => window.settled")
        type_(text, delay=delay)

    # A method is not to be assigned to, says mypy.
    setattr(window.keyboard, "press", press_when_settled)  # noqa: B010
    setattr(window.keyboard, "type", type_when_settled)  # noqa: B010


@pytest.fixture(scope="session")
def windows(chromium: Browser) -> Windows:
    """No window yet."""
    return Windows(browser=chromium)


@contextmanager
def _used(window: Page) -> Iterator[Page]:
    """A window of 1280 × 800 as if it was new, and a failure if a script raised or a resource did not arrive."""
    window.set_viewport_size({"width": 1280, "height": 800})
    window.emulate_media(color_scheme="light", forced_colors="none", reduced_motion="reduce")
    complaints: list[str] = []
    pages: set[str] = set()

    def on_response(response: Response) -> None:
        if response.request.is_navigation_request():
            pages.add(response.url)

    def on_console(message: ConsoleMessage) -> None:
        # A page that says "not found" or "not yours" is an answer; anything that a page then misses is not.
        answered = "Failed to load resource" in message.text and message.location["url"] in pages
        # What is typed on replaces the question before; htmx calls that an error of the one given up.
        given_up = message.text.startswith(("htmx:sendAbort", "htmx:afterRequest"))
        if message.type == "error" and not answered and not given_up:
            complaints.append(f"{message.text} ({message.location['url']})")

    def on_error(error: Error) -> None:
        complaints.append(str(error))

    listeners: dict[Any, Callable[..., None]] = {
        "response": on_response,
        "console": on_console,
        "pageerror": on_error,
    }
    for event, listener in listeners.items():
        window.on(event, listener)
    yield window
    for event, listener in listeners.items():
        window.remove_listener(event, listener)
    window.unroute_all()
    window.goto("about:blank")
    session = window.context.new_cdp_session(window)
    for origin in {"{0.scheme}://{0.netloc}".format(urlsplit(address)) for address in pages}:
        session.send("Storage.clearDataForOrigin", {"origin": origin, "storageTypes": "all"})
    session.detach()
    assert complaints == [], "the page complained in its console"


@pytest.fixture
def page(windows: Windows) -> Iterator[Page]:
    """A page of 1280 × 800. The test fails if a script raised, or a resource was missing or stopped by the policy."""
    with _used(windows.window("mine")) as page:
        yield page


@pytest.fixture
def colleague(windows: Windows) -> Iterator[Page]:
    """Like `page`, for somebody else at the same time."""
    with _used(windows.window("a colleague's")) as page:
        yield page


@pytest.fixture
def scriptless(windows: Windows) -> Iterator[Page]:
    """Like `page`, where scripts do not run."""
    with _used(windows.window("without scripts", java_script_enabled=False)) as page:
        yield page


@pytest.fixture
def axe() -> Callable[[Page], list[str]]:
    """A function from a page to its accessibility violations by axe, as ``rule: help (selector, …)``; WCAG 2.2 AA."""
    source = AXE.read_text(encoding="utf-8")

    def violations(page: Page) -> list[str]:
        # Evaluated, not added as a script element: the content security policy stays as strict as in production.
        if not page.evaluate("'axe' in window"):
            page.evaluate(source)
        result = page.evaluate(
            """rules => axe.run(document, {
                runOnly: {type: "tag", values: rules}, resultTypes: ["violations"], preload: false,
                reporter: "no-passes",  // the same checks; what passes is not described
            })""",
            AXE_RULES,
        )
        return [
            f"{found['id']}: {found['help']} ({', '.join(str(node['target']) for node in found['nodes'])})"
            for found in result["violations"]
        ]

    return violations
