"""A caller asks for a statement: looked at, prepared and read, by keyboard alone, in a real browser."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect
from tests.browser.conftest import Desk

Axe = Callable[[Page], list[str]]


def test_a_statement_is_looked_at_prepared_and_read_by_keyboard(page: Page, axe: Axe, desk: Desk) -> None:
    desk.seat(page.context, "reyes")
    page.goto(desk.url("/account/{ruth}/"))
    page.keyboard.press("h")
    expect(page.locator("h1")).to_have_text("Payment history")
    page.keyboard.press("Escape")
    page.wait_for_url(desk.url("/account/{ruth}/"))
    page.keyboard.press(".")
    page.keyboard.type("yearly")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("Yearly summary")
    page.get_by_role("link", name="This year").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="This year")).to_have_attribute("aria-current", "true")
    page.keyboard.press("p")
    # What was looked at is chosen, and its figures stand there before it is confirmed.
    expect(page.get_by_label("Kind")).to_have_value("yearly")
    expect(page.get_by_label("Of", exact=True)).to_have_value("this_year")
    expect(page.locator("#preview .before-after")).to_contain_text("$230.40")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#paper-title")).to_have_text("Yearly summary")
    expect(page.locator(".paper__due")).to_contain_text("$230.40")
    assert axe(page) == []
    page.emulate_media(media="print")
    expect(page.locator(".topbar")).to_be_hidden()
    expect(page.locator(".paper")).to_be_visible()
    page.emulate_media(media="screen")
    [(number, kind)] = desk.rows("SELECT number, kind FROM documents_statement")
    assert (number, kind) == ("S000001", "yearly")


def test_no_barrier_and_nothing_cut_off(page: Page, axe: Axe, desk: Desk) -> None:
    desk.seat(page.context, "reyes")
    for where in ("/account/{ruth}/summary?span=since_opened", "/account/{ruth}/summary?kind=usage"):
        page.set_viewport_size({"width": 1280, "height": 800})
        page.emulate_media(color_scheme="light")
        page.goto(desk.url(where))
        assert axe(page) == []
        page.emulate_media(color_scheme="dark")
        page.set_viewport_size({"width": 390, "height": 844})
        assert axe(page) == []
        page.set_viewport_size({"width": 320, "height": 640})
        assert page.evaluate("document.documentElement.scrollWidth") <= 320
