"""A real Chromium for the tests in this directory. All of them are marked ``browser`` and run once, on SQLite."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Error, Page, sync_playwright

AXE = Path(__file__).parent / "vendor" / "axe.min.js"
AXE_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@pytest.fixture(scope="session")
def chromium(chromium_path: str) -> Iterator[Browser]:
    """One Chromium for the whole run; each page has a context (cookies, storage) of its own."""
    # Playwright keeps an event loop in this thread, which Django would otherwise take for asynchronous code.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        # Chromium's sandbox refuses to run as root, and containers run tests as root.
        arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = playwright.chromium.launch(executable_path=chromium_path, args=arguments)
        yield browser
        browser.close()


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """A page of 1280 × 800. The test fails if a script raised, or a resource was missing or stopped by the policy."""
    context = chromium.new_context(viewport={"width": 1280, "height": 800}, locale="en-US", reduced_motion="reduce")
    context.set_default_timeout(10_000)
    page = context.new_page()
    complaints: list[str] = []

    def on_console(message: ConsoleMessage) -> None:
        if message.type == "error":
            complaints.append(f"{message.text} ({message.location['url']})")

    def on_error(error: Error) -> None:
        complaints.append(str(error))

    page.on("console", on_console)
    page.on("pageerror", on_error)
    yield page
    context.close()
    assert not complaints, "the page complained in its console"


@pytest.fixture
def axe() -> Callable[[Page], list[str]]:
    """A function from a page to its accessibility violations by axe, as ``rule: help (selector, …)``; WCAG 2.2 AA."""
    source = AXE.read_text(encoding="utf-8")

    def violations(page: Page) -> list[str]:
        # Evaluated, not added as a script element: the content security policy stays as strict as in production.
        page.evaluate(source)
        result = page.evaluate(
            "rules => axe.run(document, {runOnly: {type: 'tag', values: rules}, resultTypes: ['violations']})",
            AXE_RULES,
        )
        return [
            f"{found['id']}: {found['help']} ({', '.join(str(node['target']) for node in found['nodes'])})"
            for found in result["violations"]
        ]

    return violations
