"""Photograph the pages of the demo into docs/screenshots: two sizes, light and dark.

    python -m scripts.screenshots              build the demo if need be, and take every picture
    python -m scripts.screenshots account bill only these pages

The server runs on a copy of the demo, so that signing in leaves no trace in it.
"""

from __future__ import annotations

import http.client
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, Page, StorageState, sync_playwright

from scripts.check import ROOT
from weatherhead.interfaces.cli.demo_town.home import read_settings
from weatherhead.interfaces.cli.demo_town.people import PASSWORD

PICTURES = ROOT / "docs" / "screenshots"
SIZES = ((1280, 800), (390, 844))
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
CUSTOMER = "Kowalczyk"
READY_SECONDS = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A page: who looks at it, and how to come there from the address of the server; in which looks, if not in all."""

    name: str
    username: str | None
    show: Callable[[Page, str], None]
    looks: tuple[tuple[int, str], ...] = ()

    def is_taken(self, *, width: int, scheme: str) -> bool:
        """Whether it is photographed so."""
        return not self.looks or (width, scheme) in self.looks


def _sign_in(page: Page, url: str) -> None:
    page.goto(url)


def _search(page: Page, url: str) -> None:
    page.goto(f"{url}search?q=Depot+St")


def _account(page: Page, url: str) -> None:
    page.goto(f"{url}search?q={CUSTOMER}")
    page.wait_for_selector("#who-name")


def _palette(page: Page, url: str) -> None:
    _account(page, url)
    page.locator("[data-palette]").first.click()
    page.wait_for_selector("#palette[open]")


def _open_action(page: Page, url: str, name: str) -> None:
    _account(page, url)
    page.goto(f"{page.url.split('?')[0]}do/{name}")


def _waive_fee(page: Page, url: str) -> None:
    _open_action(page, url, "waive_fee")
    page.wait_for_selector("text=Within your")


def _take_payment(page: Page, url: str) -> None:
    _open_action(page, url, "take_payment")
    page.locator("[name=amount_cents]").fill("73.57")
    page.locator("[name=tender]").select_option("cash")
    page.wait_for_selector("text=What changes if you confirm")


def _enter_read(page: Page, url: str) -> None:
    _open_action(page, url, "enter_read")
    page.locator("[name=read_on]").fill("2026-11-19")
    page.locator("[name=reading]").fill("45240")
    page.wait_for_selector("text=What changes if you confirm")


def _start_service(page: Page, url: str) -> None:
    _open_action(page, url, "start_service")
    page.locator("[name=service_point_id_said]").press_sequentially("har")
    page.wait_for_selector(".pick [role=option]")


def _bill(page: Page, url: str) -> None:
    _account(page, url)
    page.locator("#timeline a[href^='/bill/']").first.click()
    page.wait_for_selector("main")


def _summary(page: Page, url: str) -> None:
    """A landlord's summary bill, by way of the account that it stands on."""
    page.goto(f"{url}search?q=Bluestem+Apartments")
    page.locator("a[href^='/account/']").first.click()
    page.wait_for_selector("#who-name")
    page.locator("a[href^='/summary/']").first.click()
    page.wait_for_selector(".paper")


def _statement(page: Page, url: str) -> None:
    _account(page, url)
    page.keyboard.press("t")
    page.wait_for_selector(".paper")


def _approvals(page: Page, url: str) -> None:
    page.goto(f"{url}approvals")


def _reads(page: Page, url: str) -> None:
    page.goto(f"{url}reads")


def _reads_decision(page: Page, url: str) -> None:
    page.goto(f"{url}reads")
    page.locator("#decide a").first.click()
    page.wait_for_selector("#decide form")


def _reads_calendar(page: Page, url: str) -> None:
    page.goto(f"{url}reads/calendar")


def _receipt(page: Page, url: str) -> None:
    _account(page, url)
    page.locator("a[href^='/receipt/']").first.click()
    page.wait_for_selector("main")


def _money(page: Page, url: str) -> None:
    page.goto(f"{url}money")


def _count(page: Page, url: str) -> None:
    """The cashier's drawer, being counted."""
    page.goto(f"{url}money")
    page.locator("#do .summon").click()
    page.locator("[name=pieces-2-count]").fill("7")
    page.wait_for_selector("text=$140.00")


def _payment_file(page: Page, url: str) -> None:
    """The lockbox of the day before: most is posted, some waits, one line could not be read."""
    page.goto(f"{url}money/files")
    page.locator(".runs__run a").last.click()
    page.wait_for_selector("#totals-title")


def _suspense(page: Page, url: str) -> None:
    page.goto(f"{url}money/suspense")
    page.wait_for_selector(".match")


def _moved(page: Page, url: str) -> None:
    """The receipt of a check that was moved to the right account."""
    page.goto(f"{url}search?q=Watanabe")
    page.locator("#timeline a", has_text="Check 3067").first.click()
    page.wait_for_selector("h1:has-text('Move a payment')")


def _adjustment(page: Page, url: str) -> None:
    """A goodwill credit over what a representative may give."""
    _open_action(page, url, "post_adjustment")
    form = page.locator("#action")
    form.locator("[name=reason]").select_option("missed_appointment")
    form.locator("[name=amount_cents]").fill("75.00")
    form.locator("[name=evidence]").fill("Appointment of November 17")
    page.wait_for_selector(".authority--over")


def _books(page: Page, url: str) -> None:
    page.goto(f"{url}books")


def _aged(page: Page, url: str) -> None:
    page.goto(f"{url}books/aged")


def _runs(page: Page, url: str) -> None:
    page.goto(f"{url}runs")


def _run(page: Page, url: str) -> None:
    """The latest bill run, with its release open where it waits for it."""
    _runs(page, url)
    latest = page.locator(".runs__run a")
    if latest.count() == 0:
        return  # a town without a run: the list says how to begin
    latest.first.click()
    page.wait_for_selector("#run-live")
    release = page.locator("#run-acts a[href$=release_bill_run]")
    if release.count():
        release.click()
        page.wait_for_selector("[data-confirm]")


_WIDE = ((1280, "light"),)
PAGES = (
    Picture(name="sign-in", username=None, show=_sign_in),
    Picture(name="search", username="reyes", show=_search),
    Picture(name="account", username="reyes", show=_account),
    Picture(name="palette", username="reyes", show=_palette),
    Picture(name="waive-fee", username="reyes", show=_waive_fee),
    Picture(name="take-payment", username="reyes", show=_take_payment),
    Picture(name="summary-bill", username="reyes", show=_summary),
    Picture(name="statement", username="reyes", show=_statement, looks=_WIDE),
    Picture(name="adjustment", username="reyes", show=_adjustment, looks=_WIDE),
    Picture(name="moved-payment", username="dvorak", show=_moved, looks=_WIDE),
    Picture(name="enter-read", username="reyes", show=_enter_read),
    Picture(name="start-service", username="reyes", show=_start_service),
    Picture(name="bill", username="reyes", show=_bill),
    Picture(name="approvals", username="alvarez", show=_approvals),
    Picture(name="reads", username="okafor", show=_reads),
    Picture(name="reads-decision", username="okafor", show=_reads_decision),
    Picture(name="reads-calendar", username="okafor", show=_reads_calendar),
    Picture(name="money", username="nguyen", show=_money),
    Picture(name="money-count", username="nguyen", show=_count),
    Picture(name="payment-file", username="okafor", show=_payment_file, looks=_WIDE),
    Picture(name="suspense", username="okafor", show=_suspense, looks=((1280, "light"), (390, "dark"))),
    Picture(name="books", username="okafor", show=_books, looks=_WIDE),
    Picture(name="aged-receivables", username="okafor", show=_aged, looks=((1280, "dark"),)),
    Picture(name="bill-runs", username="okafor", show=_runs),
    Picture(name="bill-run", username="alvarez", show=_run),
    Picture(name="receipt", username="reyes", show=_receipt),
)


def _demo_settings() -> dict[str, str]:
    """Build the demo, which takes seconds when it stands already; returns the settings that open it."""
    command = [sys.executable, "-m", "weatherhead.interfaces.cli.main", "demo", "--build-only"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    var = Path(os.environ.get("WEATHERHEAD_VAR", ROOT / "var")).resolve()
    return read_settings(var / "demo" / "demo.env")


@contextmanager
def _served(settings: Mapping[str, str]) -> Iterator[str]:
    """A server on a copy of the demo and a free port; gives its address."""
    with tempfile.TemporaryDirectory(prefix="weatherhead-screenshots-") as scratch:
        town = Path(scratch) / "town"
        shutil.copytree(settings["WEATHERHEAD_VAR"], town)
        environment = {**settings, "WEATHERHEAD_VAR": str(town), "DATABASE_URL": f"sqlite:///{town / 'town.sqlite3'}"}
        with socket.socket() as found:
            found.bind(("127.0.0.1", 0))
            port = int(found.getsockname()[1])
        command = [sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{port}", "--threads", "4"]
        with (Path(scratch) / "server.log").open("wb") as log:
            server = subprocess.Popen(
                [*command, "--no-control-socket", "weatherhead.config.wsgi"],
                env={**os.environ, **environment},
                stdout=log,
                stderr=log,
            )
        try:
            _await(port, server=server, log=Path(scratch) / "server.log")
            yield f"http://127.0.0.1:{port}/"
        finally:
            server.terminate()
            server.wait()


def _await(port: int, *, server: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + READY_SECONDS
    while time.monotonic() < until and server.poll() is None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        try:
            connection.request("GET", "/")
            connection.getresponse()
        except OSError:
            time.sleep(0.2)
        else:
            return
        finally:
            connection.close()
    raise SystemExit(f"The server did not start:\n{log.read_text(encoding='utf-8', errors='replace')}")


def _session(browser: Browser, *, url: str, username: str) -> StorageState:
    """Sign in as people do, and keep the cookies."""
    page = browser.new_page()
    page.goto(url)
    page.locator("[name=login]").fill(username)
    page.locator("[name=password]").fill(PASSWORD)
    page.locator("main button[type=submit], form button[type=submit]").last.click()
    page.wait_for_selector("#find")
    state = page.context.storage_state()
    page.context.close()
    return state


def _take(browser: Browser, *, url: str, wanted: Sequence[Picture]) -> list[str]:
    """Take the pictures; returns what went wrong, page by page."""
    names = {picture.username for picture in wanted if picture.username}
    sessions = {name: _session(browser, url=url, username=name) for name in sorted(names)}
    wrong: list[str] = []
    for picture in wanted:
        for width, height in SIZES:
            for scheme in SCHEMES:
                if not picture.is_taken(width=width, scheme=scheme):
                    continue
                context = browser.new_context(
                    viewport={"width": width, "height": height},
                    color_scheme=scheme,
                    reduced_motion="reduce",
                    locale="en-US",
                    storage_state=sessions[picture.username] if picture.username else None,
                )
                context.set_default_timeout(10_000)
                page = context.new_page()
                name = f"{picture.name}-{width}-{scheme}"
                try:
                    picture.show(page, url)
                    page.wait_for_load_state("networkidle")
                except Exception as error:  # one page that fails must not keep the others from view
                    wrong.append(f"{name}: {str(error).splitlines()[0]}")
                page.screenshot(path=PICTURES / f"{name}.png")
                context.close()
    return wrong


def main(names: Sequence[str]) -> int:
    """Take all pictures, or those named; returns the exit code."""
    wanted = [picture for picture in PAGES if not names or picture.name in names]
    if not wanted:
        print(f"There are: {', '.join(picture.name for picture in PAGES)}", file=sys.stderr)
        return 2
    chromium = subprocess.run(["sh", ROOT / "scripts/chromium.sh"], capture_output=True, text=True, check=True)
    PICTURES.mkdir(parents=True, exist_ok=True)
    with _served(_demo_settings()) as url, sync_playwright() as playwright:
        # Chromium's sandbox refuses to run as root, and containers run as root.
        arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = playwright.chromium.launch(executable_path=chromium.stdout.strip(), args=arguments)
        wrong = _take(browser, url=url, wanted=wanted)
        browser.close()
    for line in wrong:
        print(line, file=sys.stderr)
    taken = sum(
        picture.is_taken(width=width, scheme=look) for picture in wanted for width, _ in SIZES for look in SCHEMES
    )
    print(f"{taken - len(wrong)} pictures in {PICTURES.relative_to(ROOT)}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
