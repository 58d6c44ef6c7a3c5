"""Deciding a held read at the desk, in a real browser, by keyboard alone."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect
from tests.browser.conftest import Desk

Axe = Callable[[Page], list[str]]


def test_a_held_read_is_released_by_keyboard(page: Page, desk: Desk) -> None:
    desk.seat(page.context, "okafor")
    page.goto(desk.url("/reads"))
    expect(page.locator("h1")).to_have_text("Reads to decide")
    page.keyboard.press("j")
    expect(page.locator("[data-row].is-chosen a")).to_be_focused()
    expect(page.locator("#peek-title")).to_contain_text("High, Nov 5")
    page.keyboard.press("Enter")
    expect(page.locator("#decide a").first).to_be_focused()
    page.keyboard.press("l")
    expect(page.locator("[name=reason]")).to_be_focused()
    page.keyboard.type("Called: a kiln was fired")
    expect(page.locator("#preview")).to_contain_text("accepted")
    page.keyboard.press("ControlOrMeta+Enter")
    expect(page.get_by_role("status")).to_contain_text("released: Called: a kiln was fired")
    assert desk.rows("SELECT state, decision FROM metering_read WHERE dial_reading = 9810") == [
        ("accepted", "Called: a kiln was fired")
    ]


def test_escape_leaves_the_read_as_it_is(page: Page, desk: Desk) -> None:
    desk.seat(page.context, "okafor")
    page.goto(desk.url("/reads"))
    page.keyboard.press("x")
    expect(page.locator("#open-action-title")).to_have_text("Reject a held read")
    page.keyboard.press("Escape")
    expect(page.locator("#decide a").first).to_be_visible()
    assert desk.rows("SELECT state FROM metering_read WHERE dial_reading = 9810") == [("held",)]
