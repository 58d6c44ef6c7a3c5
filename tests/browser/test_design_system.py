"""Every page of the workbench's design system, in a real browser: no barrier, no overflow, and all of it by keyboard.

The pages come from ``preview.py``, which renders the real templates with invented overviews and a strict policy for
content; what the views add is tested elsewhere.
"""

from __future__ import annotations

import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

PREVIEW = Path(__file__).parent / "preview.py"
# States that the tests of the desk do not come by; what they do come by is looked at there, with the real pages.
PAGES = [
    "account-revealed",
    "account-new",
    "account-done",
    "account-payment-wrong",
    "account-start",
    "bill-corrected",
    "search",
    "search-nobody",
    "approvals-empty",
    "reports",
    "reports-fairness",
    "locked",
    "404",
    "409",
    "sign/login/",
]


@pytest.fixture(scope="session")
def preview() -> Iterator[str]:
    """The address of a server with the design system's pages."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen(
        [sys.executable, PREVIEW, str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    address = f"http://127.0.0.1:{port}/"
    try:
        for _ in range(150):
            try:
                urllib.request.urlopen(address, timeout=1).close()
                break
            except OSError:
                assert server.poll() is None, "the preview server ended"
                time.sleep(0.1)
        yield address
    finally:
        server.terminate()
        server.wait(timeout=10)


@pytest.mark.parametrize("name", PAGES)
def test_no_barrier_and_nothing_cut_off(name: str, page: Page, axe: Callable[[Page], list[str]], preview: str) -> None:
    page.goto(preview + name)
    assert axe(page) == []
    page.emulate_media(color_scheme="dark")
    page.set_viewport_size({"width": 390, "height": 844})
    assert axe(page) == []
    # 320 px is 1280 px at 400 %: nothing may need sideways scrolling (WCAG 1.4.10).
    page.set_viewport_size({"width": 320, "height": 640})
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


@pytest.mark.parametrize("name", ["account", "account-waive-over", "bill", "approvals"])
def test_forced_colors_hide_nothing(name: str, page: Page, axe: Callable[[Page], list[str]], preview: str) -> None:
    page.emulate_media(forced_colors="active")
    page.goto(preview + name)
    assert page.evaluate("matchMedia('(forced-colors: active)').matches")
    assert axe(page) == []


def test_the_account_fits_the_desk_without_scrolling(page: Page, preview: str) -> None:
    page.goto(preview + "account")
    last_seen = page.locator(".timeline tbody tr").nth(8)
    box = last_seen.bounding_box()
    assert box is not None
    assert box["y"] + box["height"] <= 800


def test_slash_finds_and_enter_opens(page: Page, preview: str) -> None:
    page.goto(preview + "receipt")
    page.keyboard.press("/")
    expect(page.locator("#find")).to_be_focused()
    page.keyboard.type("kow./w")
    expect(page.locator("#find")).to_have_value("kow./w")  # single keys never fire while somebody types
    expect(page.locator(".find__option").first).to_be_visible()
    expect(page.locator("#find")).to_have_attribute("aria-expanded", "true")
    page.keyboard.press("ArrowDown")
    expect(page.locator(".find__option").first).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Enter")
    page.wait_for_url("**/accounts/417")


def test_the_palette_filters_chooses_by_key_and_gives_the_focus_back(
    page: Page, axe: Callable[[Page], list[str]], preview: str
) -> None:
    page.goto(preview + "account")
    summon = page.locator(".summon")
    summon.focus()
    page.keyboard.press("Control+k")
    expect(page.locator("#ask")).to_be_focused()
    assert axe(page) == []
    page.keyboard.type("payment rev")
    expect(page.locator("#palette .option:visible")).to_have_count(1)
    expect(page.locator("#ask")).to_have_attribute("aria-activedescendant", "option-reverse_payment")
    page.keyboard.press("Escape")
    expect(summon).to_be_focused()
    page.keyboard.press(".")
    page.keyboard.type("w")
    expect(page.locator("#ask")).to_have_attribute("aria-activedescendant", "option-waive_fee")
    page.keyboard.press("Enter")
    page.wait_for_url("**/actions/waive_fee")


def test_an_action_opens_in_place_and_previews_what_it_changes(page: Page, preview: str) -> None:
    page.goto(preview + "account")
    page.keyboard.press("w")
    expect(page.locator("#action")).to_be_visible()
    expect(page.locator("#id_charge_0")).to_be_focused()
    page.locator("#id_reason").select_option("ours")
    expect(page.locator("#preview .authority--over")).to_be_visible()
    expect(page.locator("#money .money__after").first).to_contain_text("$355.40")
    page.keyboard.press("Escape")
    page.wait_for_url("**/account")


def test_a_place_is_found_while_typing_and_a_rate_asks_its_own_questions(page: Page, preview: str) -> None:
    page.goto(preview + "account-start")
    field, number = page.locator("[name=service_point_id_said]"), page.locator("[name=service_point_id]")
    lamps = page.get_by_label("Lamps (AL-1)")
    expect(lamps).to_be_hidden()
    field.press_sequentially("cotton")
    expect(page.locator(".pick [role=option]")).to_have_count(2)
    field.press("ArrowDown")
    field.press("ArrowDown")
    field.press("Enter")
    expect(field).to_have_value("1842 Cottonwood St, Barn")
    expect(number).to_have_value("72")
    expect(page.locator(".pick [role=option]")).to_have_count(0)
    # What is typed anew is no longer the place that was chosen.
    field.press("Backspace")
    expect(number).to_have_value("")
    page.get_by_label("Schedule").select_option("AL-1")
    expect(lamps).to_be_visible()


def test_j_and_k_walk_the_lines_and_enter_opens_a_proof(page: Page, preview: str) -> None:
    page.goto(preview + "bill")
    page.keyboard.press("j")
    page.keyboard.press("j")
    line = page.locator("#line-31-2")
    expect(line).to_be_focused()
    proof = page.locator("#proof-31-2")
    expect(proof).to_be_hidden()
    page.keyboard.press("Enter")
    expect(line).to_have_attribute("aria-expanded", "true")
    expect(proof).to_be_visible()
    page.keyboard.press("k")
    expect(page.locator("#line-31-1")).to_be_focused()


def test_j_peeks_and_enter_opens_the_account(page: Page, preview: str) -> None:
    page.goto(preview + "todo")
    page.keyboard.press("j")
    expect(page.locator("tr.is-chosen .col-what")).to_have_text("Cancel and rebill September")
    expect(page.locator("tr.is-chosen")).to_have_count(1)
    expect(page.locator("#peek-title")).to_have_text("Cancel and rebill September")
    page.keyboard.press("d")
    expect(page.locator("#decline-note")).to_be_focused()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("k")
    expect(page.locator("tr.is-chosen .col-what")).to_have_text("Waive late charges, 3 months")
    expect(page.locator("#peek-title")).to_have_text("Waive late charges, 3 months")
    page.keyboard.press("Enter")
    page.wait_for_url("**/accounts/417")


def test_what_is_on_its_way_cannot_be_approved_yet(page: Page, preview: str) -> None:
    page.goto(preview + "todo")
    page.route("**/todo?*", lambda _: None)  # the chosen request never arrives
    page.keyboard.press("j")
    expect(page.locator("tr.is-chosen .col-what")).to_have_text("Cancel and rebill September")
    page.keyboard.press("a")
    page.keyboard.press("Control+Enter")
    page.keyboard.press("d")
    expect(page.locator("#decline-note")).to_be_hidden()
    assert page.url.endswith("/todo")


def test_single_keys_can_be_turned_off(page: Page, preview: str) -> None:
    page.goto(preview + "account")
    page.locator(".topnav__me").click()
    switch = page.locator("[data-keys-switch]")
    expect(switch).to_have_attribute("aria-pressed", "true")
    switch.click()
    expect(switch).to_have_attribute("aria-pressed", "false")
    page.keyboard.press("Escape")
    expect(page.locator(".topnav__me")).to_be_focused()
    page.keyboard.press("w")
    page.keyboard.press(".")
    assert page.url.endswith("/account")
    assert not page.evaluate("document.querySelector('#palette').open")
    page.keyboard.press("Control+k")  # not a single key
    assert page.evaluate("document.querySelector('#palette').open")


def test_without_scripts_every_key_has_a_link(scriptless: Page, preview: str) -> None:
    page = scriptless
    page.goto(preview + "account")
    page.locator(".summon").click()
    expect(page.locator("h1")).to_have_text("Act on this account")
    page.goto(preview + "account")
    page.get_by_role("link", name="Waive a fee").click()
    expect(page.locator("#action")).to_be_visible()
    page.goto(preview + "bill")
    page.locator("#line-31-5").click()
    expect(page.locator("#proof-31-5")).to_be_visible()
    page.goto(preview + "approvals")
    page.get_by_role("link", name="Correct meter dials").click()
    expect(page.locator("#peek")).to_be_visible()
