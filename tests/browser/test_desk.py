"""A representative's and a supervisor's duties at the desk, in a real browser, by keyboard."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect
from tests.browser.conftest import ROOT, Desk
from tests.house import PASSWORD
from tests.payment_files.made import lockbox
from tests.workbench.stage import LONG_NAME

Axe = Callable[[Page], list[str]]
# What the design system's own tests, on invented data, do not show.
PAGES = [
    "/account/{ruth}/do/waive_fee",
    "/account/{dale}/do/release_read",
    "/account/{long}/",
    "/account/{empty}/do/start_service",
    "/bill/{ruth_bill}/",
    "/receipt/{ruth_receipt}/",
    "/approvals",
    "/reads",
    "/reads/calendar",
    "/runs",
    "/runs/{run}/",
    "/runs/{run}/do/release_bill_run",
    "/money/refunds",
    "/account/{refunded}/",
    "/do/start_correction_run",
    "/do/create_account",
    "/auth/password/change/",
]


def at(page: Page, desk: Desk, where: str, *, as_: str = "reyes") -> None:
    """Sit down and open an address."""
    desk.seat(page.context, as_)
    page.goto(desk.url(where))


def sign_in(page: Page, username: str, password: str) -> None:
    """Type a name and a password, and press Enter."""
    expect(page.get_by_label("Username")).to_be_focused()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type(username)
    page.keyboard.press("Tab")
    page.keyboard.type(password)
    page.keyboard.press("Enter")


def tab_to(page: Page, selector: str, *, most: int = 40) -> None:
    """Press Tab until something has the focus."""
    for _ in range(most):
        if page.evaluate("selector => document.activeElement?.matches(selector)", selector):
            return
        page.keyboard.press("Tab")
    pytest.fail(f"Tab never reaches {selector}")


# ---- Signing in


def test_a_wrong_password_is_said_and_the_right_one_opens_the_desk(page: Page, desk: Desk) -> None:
    page.goto(desk.url("/account/{ruth}/"))
    expect(page.locator("h1")).to_have_text("Sign in")
    sign_in(page, "reyes", "not the password")
    expect(page.get_by_role("alert")).to_contain_text("not correct")
    sign_in(page, "reyes", PASSWORD)
    expect(page.locator("h1")).to_have_text("Ruth A. Kowalczyk")  # where they wanted to go
    said = desk.rows("SELECT kind, actor FROM records_auditentry WHERE action = 'sign_in' ORDER BY id")
    assert said == [("sign_in_failed", "reyes"), ("signed_in", "reyes")]


def test_five_wrong_passwords_lock_the_name_for_a_while(page: Page, desk: Desk) -> None:
    page.goto(desk.url("/auth/login/"))
    for _ in range(5):
        sign_in(page, "dvorak", "guess")
        page.wait_for_load_state()
    expect(page.locator("h1")).to_have_text("Locked for a while")
    page.goto(desk.url("/auth/login/"))
    sign_in(page, "dvorak", PASSWORD)
    expect(page.locator("h1")).to_have_text("Locked for a while")
    kinds = [kind for (kind,) in desk.rows("SELECT kind FROM records_auditentry WHERE actor = 'dvorak' ORDER BY id")]
    assert kinds.count("sign_in_failed") >= 4
    assert "locked_out" in kinds
    assert "signed_in" not in kinds


def test_signing_out_closes_the_desk(page: Page, desk: Desk) -> None:
    at(page, desk, "/account/{ruth}/")
    page.locator(".topnav__me").focus()
    page.keyboard.press("Enter")
    tab_to(page, ".menu form button")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("Sign in")
    page.goto(desk.url("/account/{ruth}/"))
    expect(page.locator("h1")).to_have_text("Sign in")


# ---- Finding a customer


def test_a_customer_is_found_while_typing(page: Page, desk: Desk) -> None:
    """By name, phone, address, account, meter and e-mail, one after the other, from wherever one is."""
    at(page, desk, "/")
    for typed in ("kowal", "402-555-0142", "1842 cotton", "{ruth_number}", "77402918", "ruth.k@example.com"):
        page.keyboard.press("/")
        page.keyboard.press("ControlOrMeta+a")
        page.keyboard.type(typed.format(**desk.stage))
        expect(page.locator(".find__option")).to_have_count(1)
        expect(page.locator(".find__option")).to_contain_text("Ruth A. Kowalczyk")
        page.keyboard.press("ArrowDown")
        with page.expect_navigation():
            page.keyboard.press("Enter")
        assert page.url == desk.url("/account/{ruth}/")
        expect(page.locator("h1")).to_have_text("Ruth A. Kowalczyk")


def test_arrows_choose_among_several_and_enter_alone_lists_them(page: Page, desk: Desk) -> None:
    at(page, desk, "/")
    page.keyboard.press("/")
    page.keyboard.type("7740")
    options = page.locator(".find__option")
    expect(options).to_have_count(5)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(options.nth(1)).to_have_attribute("aria-selected", "true")
    page.keyboard.press("ArrowUp")
    expect(options.nth(0)).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Escape")
    expect(options).to_have_count(0)
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("5 accounts for “7740”")
    page.locator("h1").click()  # out of the search field
    page.keyboard.press("j")
    page.keyboard.press("j")
    expect(page.locator(".found tbody tr").nth(1).locator("a")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/account/\d+/$"))


def test_nobody_found_says_what_to_try(page: Page, desk: Desk) -> None:
    at(page, desk, "/")
    page.keyboard.press("/")
    page.keyboard.type("zzyzx")
    expect(page.locator(".find__none")).to_have_text("Nobody found. Try fewer letters.")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_contain_text("No account for “zzyzx”")
    expect(page.locator(".empty")).to_contain_text("Nobody found.")


# ---- Acting on an account


def test_the_palette_opens_by_both_keys_filters_and_gives_the_focus_back(page: Page, desk: Desk) -> None:
    at(page, desk, "/account/{ruth}/")
    page.locator(".summon").focus()
    page.keyboard.press("Control+k")
    page.keyboard.type("reverse a payment")
    expect(page.locator("#palette .option:visible")).to_have_count(1)
    page.keyboard.press("Escape")
    expect(page.locator(".summon")).to_be_focused()
    page.keyboard.press(".")
    page.keyboard.type("address")
    page.keyboard.press("Enter")
    expect(page.locator("#open-action-title")).to_have_text("Change mailing address")
    expect(page.get_by_label("Street")).to_be_focused()
    page.keyboard.press("Escape")
    page.wait_for_url(desk.url("/account/{ruth}/"))


def test_a_payment_is_taken_with_its_effect_in_view_and_answered_in_place(page: Page, desk: Desk) -> None:
    at(page, desk, "/account/{ruth}/", as_="nguyen")
    page.keyboard.press("p")
    page.keyboard.type("81.94")  # at once: the form is still on its way
    expect(page.get_by_label("Amount", exact=True)).to_be_focused()
    expect(page.get_by_label("Amount", exact=True)).to_have_value("81.94")
    expect(page.locator("#money .money__after").first).to_contain_text("$148.46")
    expect(page.locator("#preview .before-after")).to_contain_text("$230.40")
    expect(page.locator("[data-confirm]")).to_contain_text("81.94")
    page.keyboard.press("Control+Enter")
    receipt = page.locator("[data-receipt]")
    expect(receipt).to_contain_text("Done")
    expect(receipt).to_be_focused()
    expect(page.locator(".money__figure").first).to_have_text("$148.46")
    expect(page.locator(".timeline tbody tr").first).to_contain_text("Payment")
    receipt.get_by_role("link", name="Receipt").focus()
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("Take a payment")
    expect(page.locator(".entries")).to_contain_text("81.94")
    [(cents,)] = desk.rows("SELECT amount_cents FROM payments_payment ORDER BY id DESC LIMIT 1")
    assert cents == 8194


def test_an_amount_that_cannot_be_read_is_named_and_kept(page: Page, desk: Desk) -> None:
    at(page, desk, "/account/{ruth}/")
    before = desk.rows("SELECT count(*) FROM payments_payment")
    page.keyboard.press("p")
    expect(page.get_by_label("Amount", exact=True)).to_be_focused()
    page.keyboard.type("eighty")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert").first).to_contain_text("Correct one answer")
    expect(page.get_by_label("Amount", exact=True)).to_have_value("eighty")
    assert desk.rows("SELECT count(*) FROM payments_payment") == before
    page.get_by_label("Amount", exact=True).fill("80")  # put right, it is complained of no longer
    expect(page.locator("[data-confirm]")).to_contain_text("80.00")
    expect(page.locator("#action").get_by_role("alert")).to_have_count(0)
    expect(page.locator("#action [aria-invalid]")).to_have_count(0)


def test_a_fee_within_the_limit_is_waived(page: Page, desk: Desk) -> None:
    at(page, desk, "/account/{ruth}/")
    page.keyboard.press("w")
    expect(page.locator("#action-adjustment_id input").first).to_be_focused()
    page.keyboard.press("ArrowDown")  # from the reconnection fee to the late charge
    expect(page.locator("#preview")).to_contain_text("Entitled by policy")
    page.keyboard.press("Control+Enter")
    expect(page.locator("[data-receipt]")).to_contain_text("Late charge waived")
    expect(page.locator(".money__figure").first).to_have_text("$225.40")


def test_a_waiver_over_the_limit_becomes_a_request_that_a_supervisor_approves(page: Page, desk: Desk) -> None:
    # Somebody asked about the same fee before: that is decided first.
    at(page, desk, "/account/{hanna}/do/waive_fee", as_="reyes")
    expect(page.locator("#preview")).to_contain_text(f"Request {desk.stage['hanna_request']} by M. Dvorak")
    at(page, desk, "/approvals?chosen={hanna_request}", as_="alvarez")
    page.keyboard.press("d")
    expect(page.locator("#decline-note")).to_be_focused()
    page.keyboard.type("Say which crew it was.")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator(".say--good")).to_contain_text("declined")
    at(page, desk, "/account/{hanna}/", as_="reyes")
    before = page.locator(".money__figure").first.inner_text()
    page.keyboard.press("w")
    expect(page.locator("#preview .authority--over")).to_be_visible()
    expect(page.locator("[data-confirm]")).to_contain_text("Ask for approval")
    tab_to(page, "textarea[name=note]")
    page.keyboard.type("Crew was at the wrong house")
    page.keyboard.press("Control+Enter")  # at once: the preview is still on its way
    expect(page.locator("[data-receipt]")).to_contain_text("Sent for approval")
    expect(page.locator(".money__figure").first).to_have_text(before)
    expect(page.locator(".alerts")).to_contain_text("Waits for approval")
    at(page, desk, "/approvals", as_="alvarez")
    expect(page.locator(".topnav .tab__count")).to_have_text("2")
    for _ in range(2):
        page.keyboard.press("j")
    expect(page.locator("#peek")).to_contain_text("Crew was at the wrong house")
    page.keyboard.press("a")
    # The list is there again, with what was done; the receipt names both.
    expect(page.locator(".say--good")).to_contain_text("Done")
    expect(page.locator(".work__table tbody tr")).to_have_count(1)
    page.locator(".say--good").get_by_role("link", name="Receipt").click()
    expect(page.locator(".receipt__side")).to_contain_text("J. Reyes")
    expect(page.locator(".receipt__side")).to_contain_text("T. Alvarez")
    page.goto(desk.url("/account/{hanna}/"))
    expect(page.locator(".money__figure").first).not_to_have_text(before)


def test_a_request_is_declined_with_a_note_that_the_asker_reads(page: Page, desk: Desk) -> None:
    at(page, desk, "/approvals?chosen={hanna_request}", as_="alvarez")
    expect(page.locator("#peek")).to_contain_text("Hanna Lindgren")
    page.keyboard.press("d")
    expect(page.locator("#decline-note")).to_be_focused()
    page.keyboard.type("The crew's log says that it was the right house.")
    page.keyboard.press("Control+Enter")  # confirms what is being written, not the button of the form around it
    expect(page.locator(".say--good")).to_contain_text("declined")
    expect(page.locator("#peek")).to_contain_text("Nothing chosen")  # pressed once more, the key decides nothing
    expect(page.locator(".decided")).to_contain_text("The crew's log says that it was the right house.")
    expect(page.locator(".work__table tbody tr")).to_have_count(1)
    [(state,)] = desk.rows("SELECT state FROM records_approvalrequest WHERE id = ?", desk.stage["hanna_request"])
    assert state == "declined"


def test_a_doubtful_read_is_held_and_then_released(page: Page, desk: Desk) -> None:
    at(page, desk, "/account/{grace}/")
    page.keyboard.press("r")
    reading = page.get_by_label("Reading")
    expect(reading).to_be_focused()
    page.keyboard.type("9790")
    expect(page.locator("#preview")).to_contain_text("held", ignore_case=True)
    page.keyboard.press("Control+Enter")
    expect(page.locator("[data-receipt]")).to_be_visible()
    expect(page.locator(".alert__title").first).to_contain_text("held")
    page.locator(".alert__do").first.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#open-action-title")).to_have_text("Release a held read")
    tab_to(page, "[name=reason]")
    page.keyboard.type("Read again; a heater was left on")
    expect(page.locator("[data-confirm]")).to_be_visible()
    page.keyboard.press("Control+Enter")
    expect(page.locator("[data-receipt]")).to_be_visible()
    expect(page.locator(".alerts")).to_have_count(0)


def test_an_account_is_billed_and_its_bill_read_line_by_line(page: Page, desk: Desk) -> None:
    at(page, desk, "/account/{grace}/")
    page.keyboard.press("b")
    expect(page.locator("[data-confirm]")).to_be_visible()
    page.keyboard.press("Control+Enter")
    expect(page.locator("[data-receipt]")).to_be_visible()
    page.get_by_role("link", name="Proof").focus()
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_contain_text("Bill of Nov 6, 2026")
    page.keyboard.press("j")
    first = page.locator(".lines__open").first
    expect(first).to_be_focused()
    page.keyboard.press("Enter")
    expect(first).to_have_attribute("aria-expanded", "true")
    expect(page.locator(".proof:visible").first).to_contain_text("Tariff")
    page.keyboard.press("j")
    expect(page.locator(".lines__open").nth(1)).to_be_focused()
    page.keyboard.press("k")
    expect(first).to_be_focused()
    page.keyboard.press("[")
    expect(page.locator("h1")).to_contain_text("Bill of Oct 1, 2026")
    page.keyboard.press("]")
    expect(page.locator("h1")).to_contain_text("Bill of Nov 6, 2026")
    page.keyboard.press("Escape")
    page.wait_for_url(desk.url("/account/{grace}/"))


def test_a_bill_is_cancelled_and_made_again_after_its_read_was_corrected(page: Page, desk: Desk) -> None:
    at(page, desk, "/account/{dale}/do/correct_read", as_="okafor")
    tab_to(page, "[name=reading]")
    page.keyboard.type("2210")
    tab_to(page, "[name=reason]")
    page.keyboard.type("A 2 was read as a 3")
    expect(page.locator("[data-confirm]")).to_be_visible()
    page.keyboard.press("Control+Enter")
    expect(page.locator("[data-receipt]")).to_be_visible()
    page.goto(desk.url("/bill/{dale_bill}/"))
    tab_to(page, "a[href*=cancel_and_rebill]")
    page.keyboard.press("Enter")
    expect(page.locator("#open-action-title")).to_have_text("Cancel and rebill")
    tab_to(page, "[name=reason]")
    page.keyboard.type("The read was entered wrong")
    expect(page.locator("#money .money__after").first).to_be_visible()
    page.keyboard.press("Control+Enter")
    expect(page.locator("[data-receipt]")).to_be_visible()
    page.goto(desk.url("/bill/{dale_bill}/"))
    expect(page.locator(".says")).to_contain_text("This bill was corrected")
    page.get_by_role("link", name="See the bill that corrects it").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".says")).to_contain_text("This bill corrects an earlier one")
    expect(page.locator(".page__say").first).to_contain_text("Oct 1 to Oct 30")  # the same days


def test_bills_are_corrected_after_a_wrong_multiplier_and_every_period_is_compared(
    page: Page, desk: Desk, axe: Axe
) -> None:
    at(page, desk, "/account/{ruth}/do/correct_multiplier", as_="alvarez")
    tab_to(page, "[name=multiplier]")
    page.keyboard.type("1.1")
    tab_to(page, "[name=reason]")
    page.keyboard.type("Read off its transformers")
    expect(page.locator("[data-confirm]")).to_be_visible()
    page.keyboard.press("Control+Enter")
    expect(page.locator("[data-receipt]")).to_be_visible()
    page.goto(desk.url("/account/{ruth}/do/correct_bills"))
    page.get_by_label("What was wrong").select_option("multiplier")
    tab_to(page, "[name=reason]")
    page.keyboard.type("Read off its transformers")
    expect(page.locator(".periods").first).to_contain_text("All that is put right")
    page.keyboard.press("Tab")  # leaving the field asks once more
    page.wait_for_load_state("networkidle")
    expect(page.locator(".htmx-request")).to_have_count(0)
    page.locator(".periods + .fold > summary").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".fold .periods").first).to_contain_text("Energy")
    assert axe(page) == []
    page.emulate_media(color_scheme="dark")
    page.set_viewport_size({"width": 390, "height": 844})
    assert axe(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.keyboard.press("Control+Enter")
    expect(page.locator("[data-receipt]")).to_be_visible()


def test_hidden_details_are_shown_for_a_reason(page: Page, desk: Desk) -> None:
    at(page, desk, "/account/{ruth}/")
    assert "555-0142" not in page.content()
    assert "ruth.k@example.com" not in page.content()
    tab_to(page, ".who .reveal summary")
    page.keyboard.press("Enter")
    tab_to(page, "#reveal-reason")
    page.keyboard.type("Caller gave the code sent to the number on file")
    page.keyboard.press("Enter")
    expect(page.locator(".who")).to_contain_text("This look is logged.")
    expect(page.locator(".more")).to_contain_text("(402) 555-0142")
    expect(page.locator(".more")).to_contain_text("ruth.k@example.com")
    [(actor, detail)] = desk.rows("SELECT actor, detail FROM records_auditentry WHERE kind = 'look'")
    assert actor == "J. Reyes"
    assert "Caller gave the code" in detail


# ---- Billing a cycle


def work_off(desk: Desk) -> None:
    """Do everything that waits in the queue, from a process of its own as in production."""
    settings = {"STAGE_DATABASE": str(desk.database), "STAGE_TODAY": "2026-11-06"}
    settings |= {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    subprocess.run(
        [sys.executable, "-m", "tests.browser.stage_worker"], cwd=ROOT, env=os.environ | settings, check=True
    )


def test_a_bill_run_is_started_by_one_and_released_by_another(page: Page, desk: Desk) -> None:
    at(page, desk, "/", as_="okafor")
    tab_to(page, "a[href='/runs']")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("Bill runs")
    page.keyboard.press("s")
    expect(page.get_by_label("Cycle")).to_be_focused()
    expect(page.locator("#preview")).to_contain_text("Bill run of all 9 accounts")
    page.keyboard.press("Control+Enter")
    expect(page.locator("[data-receipt]")).to_contain_text("tried out first")
    expect(page.locator("#run-state")).to_have_text("Being tried")
    here = page.url.split("?")[0]
    page.keyboard.press("c")
    tab_to(page, "[name=reason]")
    page.keyboard.type("I think of something")
    work_off(desk)
    # The page finds out by itself, and leaves alone what is being written on it.
    expect(page.locator("#run-state")).to_have_text("Tried, waits for release")
    expect(page.locator("[name=reason]")).to_have_value("I think of something")
    expect(page.locator("#run-told")).to_contain_text("tried, waits for release")
    page.keyboard.press("Escape")
    expect(page.locator("#run-acts")).to_contain_text("A colleague has to look at it and release it.")
    page.keyboard.press("r")
    expect(page.locator("#action")).to_have_count(0)
    at(page, desk, here.removeprefix(desk.address), as_="alvarez")
    page.keyboard.press("r")
    expect(page.locator("[data-confirm]")).to_contain_text("Release 1 bill of $72.05")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#run-state")).to_have_text("Being issued")
    work_off(desk)
    expect(page.locator("#run-state")).to_have_text("Issued")
    expect(page.locator("#compared-title")).to_have_text("Issued as it was tried")
    expect(page.locator("#run-acts")).to_contain_text("Its bills are issued")
    [(bills, cents)] = desk.rows("SELECT count(*), sum(total_cents) FROM billing_bill WHERE run_id IS NOT NULL")
    assert (bills, cents) == (1, 7205)
    page.keyboard.press("j")
    expect(page.locator("#left-1")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/account/\d+/$"))


# ---- When two are at it, or one is too quick


def test_a_form_that_somebody_overtook_is_refused(page: Page, desk: Desk, colleague: Page) -> None:
    at(page, desk, "/account/{ruth}/do/change_mailing_address")
    at(colleague, desk, "/account/{ruth}/do/change_mailing_address", as_="dvorak")
    for tab, street in ((colleague, "12 First St"), (page, "99 Second St")):
        tab.get_by_label("Street").fill(street)
        tab.get_by_label("City").fill("Prairie City")
        tab.get_by_label("ZIP code").fill("68900")
        if tab is colleague:
            tab.locator("[data-confirm]").click()
            expect(tab.locator("[data-receipt]")).to_contain_text("Mailing address changed")
    expect(page.locator("#preview")).to_contain_text("Someone changed this account while you had it open")
    expect(page.locator("[data-confirm]")).to_have_count(0)
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert").first).to_contain_text("Someone changed this account")
    expect(page.get_by_label("Street")).to_have_value("99 Second St")
    [(street,)] = desk.rows("SELECT mail_street FROM customers_account WHERE id = ?", desk.stage["ruth"])
    assert street.lower().startswith("12 first st")


def test_a_waiver_that_is_no_longer_what_was_shown_asks_again(page: Page, desk: Desk, colleague: Page) -> None:
    at(page, desk, "/account/{ruth}/do/waive_fee")
    page.get_by_label("Late charge").check()
    expect(page.locator("[data-confirm]")).to_contain_text("Waive $5.00")
    at(colleague, desk, "/account/{ruth}/do/waive_fee", as_="dvorak")
    colleague.get_by_label("Late charge").check()
    colleague.locator("#action-amount_cents").fill("2.00")
    expect(colleague.locator("[data-confirm]")).to_contain_text("Waive $2.00")
    colleague.locator("[data-confirm]").click()
    expect(colleague.locator("[data-receipt]")).to_be_visible()
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("alert").first).to_contain_text("Something changed since you looked")
    expect(page.locator("[data-confirm]")).to_contain_text("Waive $3.00")
    page.keyboard.press("Control+Enter")
    expect(page.locator("[data-receipt]")).to_be_visible()
    expect(page.locator(".money__figure").first).to_have_text("$225.40")


def test_new_figures_are_read_before_they_are_confirmed(page: Page, desk: Desk) -> None:
    at(page, desk, "/account/{ruth}/do/take_payment")
    before = desk.rows("SELECT count(*) FROM payments_payment")
    page.get_by_label("Amount", exact=True).fill("20.00")
    expect(page.locator("[data-confirm]")).to_contain_text("20.00")
    page.get_by_label("Amount", exact=True).fill("200.00")
    page.keyboard.press("Control+Enter")  # at once: what stands there is the $20.00 of before
    expect(page.locator("[data-confirm]")).to_contain_text("200.00")
    assert desk.rows("SELECT count(*) FROM payments_payment") == before
    page.keyboard.press("Control+Enter")
    expect(page.locator("[data-receipt]")).to_contain_text("$200.00")


def test_a_form_sent_twice_is_one_payment(page: Page, desk: Desk) -> None:
    at(page, desk, "/account/{ruth}/do/take_payment")
    before = desk.rows("SELECT count(*) FROM payments_payment")[0][0]
    page.get_by_label("Amount", exact=True).fill("20.00")
    expect(page.locator("[data-confirm]")).to_be_visible()
    sent = page.evaluate(
        """async () => {
            const form = document.getElementById("action");
            const body = new URLSearchParams(new FormData(form));
            body.set("step", "confirm");
            const send = () => fetch(form.action, {method: "POST", body, redirect: "follow"});
            const answers = await Promise.all([send(), send(), send()]);
            return answers.map(answer => answer.url);
        }"""
    )
    assert len(set(sent)) == 1
    assert "done=" in sent[0]
    assert desk.rows("SELECT count(*) FROM payments_payment")[0][0] == before + 1


# ---- Doors that stay shut


def test_a_cashier_sees_and_opens_only_their_own_actions(page: Page, desk: Desk, axe: Axe) -> None:
    at(page, desk, "/account/{ruth}/", as_="nguyen")
    expect(page.locator(".act__name")).to_have_text(["Take a payment", "E-mail a receipt"])
    page.keyboard.press("w")
    page.keyboard.press(".")
    expect(page.locator("#palette .option")).to_have_count(2)
    answer = page.goto(desk.url("/account/{ruth}/do/waive_fee"))
    assert answer is not None
    assert answer.status == 403
    expect(page.locator("h1")).to_have_text("Your job does not grant this")
    assert axe(page) == []


def test_an_account_that_there_is_not_has_a_page_that_says_so(page: Page, desk: Desk) -> None:
    at(page, desk, "/account/999/")
    expect(page.locator("h1")).to_have_text("There is nothing here")
    page.get_by_role("link", name="Back to the desk").click()
    expect(page.locator("h1")).to_have_text("Find a customer")


def test_a_payment_is_taken_without_scripts(scriptless: Page, desk: Desk) -> None:
    page = scriptless
    at(page, desk, "/account/{ruth}/")
    page.get_by_role("link", name="Take a payment").click()
    page.get_by_label("Amount", exact=True).fill("30.40")
    page.get_by_role("button", name="See what changes").click()
    expect(page.locator("#preview .before-after")).to_contain_text("$200.00")
    page.locator("[data-confirm]").click()
    expect(page.locator("[data-receipt]")).to_contain_text("Done")
    expect(page.locator(".money__figure").first).to_have_text("$200.00")
    page.get_by_label("Find a customer by name").fill("lindgren")
    page.get_by_role("button", name="Find").click()
    expect(page.locator("h1")).to_have_text("Hanna Lindgren")


# ---- For everyone's eyes


@pytest.mark.parametrize("where", PAGES)
def test_no_barrier_and_nothing_cut_off(where: str, page: Page, axe: Axe, desk: Desk) -> None:
    at(page, desk, where, as_="alvarez")
    if "waive" in where:
        expect(page.locator("#preview .authority")).to_be_visible()
    if "release_bill_run" in where:
        expect(page.locator("[data-confirm]")).to_be_visible()
    assert axe(page) == []
    page.emulate_media(color_scheme="dark")
    page.set_viewport_size({"width": 390, "height": 844})
    assert axe(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.set_viewport_size({"width": 320, "height": 640})
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


def test_forced_colors_hide_nothing(page: Page, axe: Axe, desk: Desk) -> None:
    page.emulate_media(forced_colors="active")
    at(page, desk, "/account/{ruth}/do/waive_fee?adjustment={late_charge}")
    expect(page.locator("#preview .before-after")).to_be_visible()
    assert page.evaluate("matchMedia('(forced-colors: active)').matches")
    assert axe(page) == []


def test_the_call_is_answered_without_scrolling(page: Page, desk: Desk) -> None:
    at(page, desk, "/account/{ruth}/")
    for seen in (page.locator(".timeline tbody tr").nth(8), page.locator(".acts").first, page.locator(".people")):
        box = seen.bounding_box()
        assert box is not None
        assert box["y"] + box["height"] <= 800
    page.goto(desk.url("/account/{long}/"))
    expect(page.locator("h1")).to_have_text(LONG_NAME)
    assert page.evaluate("document.documentElement.scrollWidth") <= 1280


# ---- The counter


def test_a_cashiers_drawer_by_keyboard(page: Page, desk: Desk, axe: Axe) -> None:
    at(page, desk, "/money", as_="nguyen")
    page.keyboard.press("o")
    expect(page.locator("[name=float_cents]")).to_be_focused()
    page.keyboard.type("100.00")
    page.wait_for_selector("[data-confirm]")
    page.keyboard.press("ControlOrMeta+Enter")
    expect(page.locator("[data-receipt]")).to_contain_text("Drawer opened")
    # A bill and a neighbor's are paid with cash and a check: rows of fields, one more when the last is begun.
    page.goto(desk.url("/account/{ruth}/do/take_payment"))
    page.keyboard.type("40.00")
    page.locator(".fold--fields summary").press("Enter")
    rows = page.locator(".rows--more_tenders .rows__row")
    expect(rows).to_have_count(2)
    for place, number in ((0, "1042"), (1, "1043")):
        page.locator(f"[name=more_tenders-{place}-tender]").select_option("check")
        page.locator(f"[name=more_tenders-{place}-amount_cents]").fill("10.00")
        page.locator(f"[name=more_tenders-{place}-number]").fill(number)
    expect(rows).to_have_count(3)
    expect(page.locator("#preview")).to_contain_text("by 3 tenders")
    assert axe(page) == []
    page.keyboard.press("ControlOrMeta+Enter")
    page.locator("[data-receipt]").get_by_role("link", name="Receipt").click()
    page.wait_for_url("**/receipt/*/")
    page.keyboard.press("p")
    expect(page.locator(".slip")).to_contain_text("1043")
    assert axe(page) == []
    # Counted without being told, and closed: it balances.
    page.goto(desk.url("/money"))
    expect(page.locator(".work__foot").first).to_contain_text("Cash 1, Check 2")
    page.keyboard.press("c")
    expect(page.locator("[name=pieces-0-count]")).to_be_focused()
    page.locator("[name=pieces-2-count]").fill("6")
    page.locator("[name=checks]").fill("2")
    page.locator("[name=checks_cents]").fill("20.00")
    expect(page.locator("#preview")).to_contain_text("$120.00 in cash, 2 checks of $20.00")
    assert axe(page) == []
    page.keyboard.press("ControlOrMeta+Enter")
    expect(page.locator("[data-receipt]")).to_contain_text("counted")
    page.keyboard.press("x")
    page.wait_for_selector("[data-confirm]")
    page.keyboard.press("ControlOrMeta+Enter")
    expect(page.locator("[data-receipt]")).to_contain_text("it balances")
    assert axe(page) == []
    page.emulate_media(color_scheme="dark")
    page.set_viewport_size({"width": 390, "height": 844})
    assert axe(page) == []
    page.set_viewport_size({"width": 320, "height": 640})
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


# ---- Payment files and suspense


def test_a_file_is_checked_imported_and_its_lost_item_posted_by_keyboard(page: Page, desk: Desk, axe: Axe) -> None:
    [(number,)] = desk.rows("SELECT number FROM customers_account WHERE id = ?", desk.stage["ruth"])
    place = next(place for place in range(len(number) - 1) if number[place] != number[place + 1])
    turned = number[:place] + number[place + 1] + number[place] + number[place + 2 :]
    lines = lockbox([[(25_00, number), (40_00, turned)]], day="261106")
    lines[3] = lines[3].replace("0000002500", "00000025o0")
    sent = {"name": "lockbox.txt", "mimeType": "text/plain", "buffer": "\n".join(lines).encode()}
    at(page, desk, "/money/suspense", as_="okafor")
    page.keyboard.press("2")
    expect(page.locator("h1")).to_have_text("Payment files")
    assert axe(page) == []
    page.get_by_label("File", exact=True).set_input_files(files=[sent])  # type: ignore[list-item]
    tab_to(page, "button[value=check]", most=60)
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("nothing is posted yet")
    expect(page.get_by_role("status")).to_contain_text("Line 4")
    page.get_by_label("File", exact=True).set_input_files(files=[sent])  # type: ignore[list-item]
    tab_to(page, "button[value=import]", most=60)
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("lockbox.txt")
    work_off(desk)
    expect(page.locator("#suspended-title")).to_be_visible()  # the page finds out by itself
    assert axe(page) == []
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.locator(".match").first).to_contain_text("Ruth A. Kowalczyk")
    assert axe(page) == []
    tab_to(page, ".match .usa-button", most=80)
    page.keyboard.press("Enter")
    expect(page.locator("[name=note]")).to_be_focused()
    page.keyboard.type("Two digits of the number were turned around")
    expect(page.locator("[data-confirm]")).to_be_visible()
    page.keyboard.press("ControlOrMeta+Enter")
    expect(page.get_by_role("status")).to_contain_text("Done")
    expect(page.locator(".empty")).to_contain_text("Suspense is empty.")
    [(cents,)] = desk.rows("SELECT amount_cents FROM payments_payment ORDER BY id DESC LIMIT 1")
    assert cents == 40_00
