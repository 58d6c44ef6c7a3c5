"""The books in a real browser: closed by keyboard, pages without barriers."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect
from tests.browser.conftest import Desk

Axe = Callable[[Page], list[str]]


def test_the_books_are_closed_by_keyboard_and_every_page_is_open_to_all(page: Page, desk: Desk, axe: Axe) -> None:
    desk.seat(page.context, "okafor")
    page.goto(desk.url("/books"))
    for key, title in (
        ("4", "Aged receivables"),
        ("3", "Trial balance"),
        ("5", "Revenue"),
        ("6", "Chart of accounts"),
        ("1", "Books"),
    ):
        page.keyboard.press(key)
        expect(page.locator("h1")).to_have_text(title)
        assert axe(page) == []
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.locator("#kinds-title")).to_be_visible()
    assert axe(page) == []
    page.keyboard.press("1")
    expect(page.locator("#days-title")).to_be_visible()
    page.keyboard.press("b")
    expect(page.locator("[name=last_on]")).to_be_focused()
    page.locator("[name=note]").fill("End of the week")
    expect(page.locator("#preview")).to_contain_text("Closed through")
    page.keyboard.press("ControlOrMeta+Enter")
    expect(page.get_by_role("status")).to_contain_text("Sent for approval")
    assert desk.rows("SELECT action, state FROM records_approvalrequest WHERE action = 'close_period'") == [
        ("close_period", "waiting")
    ]
