"""The desk's pages as the server answers them: statuses, headers, what is hidden, and what each costs."""

from __future__ import annotations

import base64
import html
import re
from collections.abc import Callable

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from tests.house import House
from tests.workbench.stage import LONG_NAME, TODAY, Stage
from weatherhead.areas.metering.models import Read
from weatherhead.areas.records.models import AuditEntry
from weatherhead.areas.records.queries.approvals import waiting_count

QUERIES_MAX = 20
PAGES = {
    "the desk": "/",
    "nothing found": "/search?q=zzyzx",
    "many found": "/search?q=st",
    "options": "/search/options?q=ko",
    "an account": "/account/{ruth}/",
    "its whole timeline": "/account/{ruth}/?all=1",
    "its payments": "/account/{ruth}/?kind=payment",
    "an account with a held read": "/account/{dale}/",
    "a long name": "/account/{long}/",
    "an account without anything": "/account/{empty}/",
    "after an action": "/account/{ruth}/?done={ruth_receipt}",
    "its actions": "/account/{ruth}/do/",
    "to take a payment": "/account/{ruth}/do/take_payment",
    "to waive a fee": "/account/{ruth}/do/waive_fee",
    "to charge a fee": "/account/{ruth}/do/assess_fee",
    "to enter a read": "/account/{grace}/do/enter_read",
    "to release a read": "/account/{dale}/do/release_read",
    "to reject a read": "/account/{dale}/do/reject_read",
    "to correct a read": "/account/{ruth}/do/correct_read",
    "to bill": "/account/{grace}/do/bill_account",
    "to cancel and rebill": "/account/{ruth}/do/cancel_and_rebill?bill={ruth_bill}",
    "to reverse a payment": "/account/{ruth}/do/reverse_payment",
    "to enter a returned payment": "/account/{ruth}/do/return_payment",
    "to end service": "/account/{grace}/do/end_service",
    "to move service": "/account/{grace}/do/move_service",
    "to exchange a meter": "/account/{grace}/do/exchange_meter",
    "to post a batch of payments": "/do/post_payment_batch",
    "the counter": "/money",
    "to make a deposit": "/money/do/make_deposit",
    "to transfer a credit": "/account/{ruth}/do/transfer_credit",
    "to assess late charges": "/do/assess_late_charges",
    "to change an address": "/account/{ruth}/do/change_mailing_address",
    "to hold billing": "/account/{ruth}/do/hold_billing",
    "to release billing": "/account/{long}/do/release_exception",
    "to start service": "/account/{empty}/do/start_service",
    "to create a customer": "/do/create_customer",
    "a bill": "/bill/{ruth_bill}/",
    "a bill as a document": "/bill/{ruth_bill}/document",
    "a receipt": "/receipt/{ruth_receipt}/",
    "a statement": "/account/{ruth}/summary",
    "a statement of days": "/account/{ruth}/summary?span=days&from=2026-03-01&to=2026-06-30",
    "a payment history": "/account/{ruth}/summary?kind=payment_history",
    "a yearly summary": "/account/{ruth}/summary?kind=yearly&span=this_year",
    "a usage summary": "/account/{ruth}/summary?kind=usage",
    "a statement of all accounts": "/account/{together}/summary?kind=accounts",
    "to prepare a statement": "/account/{ruth}/do/prepare_statement?kind=yearly&span=last_year",
    "to record a consent": "/account/{ruth}/do/record_consent",
    "approvals": "/approvals",
    "a request": "/approvals?chosen={hanna_request}",
    "bill runs": "/runs",
    "a bill run": "/runs/{run}/",
    "how far a bill run is": "/runs/{run}/progress",
    "to start a bill run": "/do/start_bill_run",
    "to release a bill run": "/runs/{run}/do/release_bill_run",
    "to cancel a bill run": "/runs/{run}/do/cancel_bill_run",
    "requests due": "/approvals?filter=due",
    "an account with a deposit": "/account/{refunded}/",
    "to ask for a deposit": "/account/{empty}/do/assess_deposit",
    "to refund": "/account/{refunded}/do/request_refund",
    "refunds": "/money/refunds",
    "refunds that wait": "/money/refunds?show=waiting",
}
HIDDEN = ("555-0142", "5550142", "ruth.k@example.com")

SignIn = Callable[..., Client]


def text_of(content: bytes) -> str:
    """What a page says, without its markup."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", content.decode())).split())


def address(name: str, stage: Stage) -> str:
    return PAGES[name].format(**stage.as_dict())


@pytest.fixture(scope="module")
def _read_once() -> set[str]:
    """What was read once in this process: that is no page's."""
    return set()


@pytest.fixture
def warm(_read_once: set[str], at_desk: SignIn) -> Client:
    """A supervisor at the desk, after a first page that reads what is read once a process."""
    client = at_desk("alvarez")
    if not _read_once:
        client.get("/")
        _read_once.add("the desk")
    return client


def require_few(asked: CaptureQueriesContext, *, most: int = QUERIES_MAX) -> None:
    """At most so many; what marks a transaction asks nothing, and a test has more of it than a desk."""
    queries = [item["sql"][:150] for item in asked.captured_queries]
    queries = [sql for sql in queries if not sql.startswith(("SAVEPOINT", "RELEASE", "ROLLBACK"))]
    assert len(queries) <= most, "\n".join([f"{len(queries)} queries:", *queries])


@pytest.mark.parametrize("name", PAGES)
def test_a_page_answers_within_twenty_queries_and_is_guarded(name: str, warm: Client, stage: Stage) -> None:
    with CaptureQueriesContext(connection) as asked:
        answer = warm.get(address(name, stage))
    assert answer.status_code == 200
    require_few(asked)
    policy = answer["Content-Security-Policy"]
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["default-src"] == "'none'"
    assert rules["script-src"] == rules["style-src"] == rules["form-action"] == "'self'"
    assert rules["frame-ancestors"] == rules["base-uri"] == rules["object-src"] == "'none'"
    assert "unsafe" not in policy
    assert answer["X-Frame-Options"] == "DENY"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Referrer-Policy"] == "same-origin"
    assert answer["Cross-Origin-Opener-Policy"] == "same-origin"
    # Customers' records stay in no cache, neither a proxy's nor that of a browser on a shared desk.
    assert "no-store" in answer["Cache-Control"]
    page = answer.content.decode()
    assert not re.search(r"<script(?![^>]*\bsrc=)", page)
    assert not re.search(r"\son\w+=|\sstyle=", page)


def test_a_correction_that_waits_is_shown_again_within_twenty_queries(stage: Stage, warm: Client) -> None:
    # The most that a page does: it lists all that wait, and bills the account anew to show what approving does now.
    house = House(today=TODAY, keys=8_000)
    last = Read.objects.filter(meter__serial="77402918").order_by("-read_on")[0]
    reading = str(last.dial_reading + 1_000)
    house.do("correct_read", by="okafor", read_id=last.pk, reading=reading, reason="Misread a dial")
    asked_for = house.do("cancel_and_rebill", by="reyes", bill_id=stage.ruth_bill, reason="Misread a dial")
    with CaptureQueriesContext(connection) as asked:
        answer = warm.get(f"/approvals?chosen={asked_for.body['request']}")
    assert "Energy billed" in text_of(answer.content)
    require_few(asked, most=17)  # what comes to a correction needs some of twenty, too


def test_whoever_decides_reads_what_shows_it(stage: Stage, at_desk: SignIn) -> None:
    house = House(today=TODAY, keys=8_100)
    asked = {"account_id": stage.ruth, "type": "goodwill_credit", "reason": "poor_service", "amount_cents": "60.00"}
    request = house.do("post_adjustment", by="reyes", **asked, evidence="Ticket 4410").body["request"]
    peek = f"/approvals?chosen={request}"
    assert "Evidence Ticket 4410" in text_of(at_desk("alvarez").get(peek).content)
    # Who may not decide it sees that it waits.
    assert "Ticket 4410" not in text_of(at_desk("reyes").get(peek).content)


def test_a_request_whose_key_is_lost_is_said_and_the_others_are_listed(
    stage: Stage, at_desk: SignIn, settings: Settings
) -> None:
    client = at_desk("alvarez")
    settings.KEY_RING = f"other:{base64.urlsafe_b64encode(bytes(32)).decode()}"
    answer = client.get(f"/approvals?chosen={stage.hanna_request}")
    assert answer.status_code == 200
    assert "cannot be opened: restore that key" in text_of(answer.content)


def test_money_that_waits_stands_beside_the_balance_with_what_can_be_done(stage: Stage, at_desk: SignIn) -> None:
    client = at_desk("reyes")
    said = text_of(client.get(f"/account/{stage.refunded}/").content)
    assert "$50.00 of the customer’s money waits, not in the balance Apply, transfer or refund it" in said
    assert f"/account/{stage.refunded}/do/apply_credit" in client.get(f"/account/{stage.refunded}/").content.decode()
    other = client.get(f"/account/{stage.ruth}/").content.decode()
    assert "waits, not in the balance" not in other
    assert "do/apply_credit" not in other


def test_who_is_not_signed_in_is_asked_to(stage: Stage) -> None:
    for name in PAGES:
        where = address(name, stage)
        answer = Client().get(where)
        assert answer.status_code == 302
        assert answer["Location"].startswith("/auth/login/?next=/")
    answer = Client().get(f"/account/{stage.ruth}/", follow=True)
    assert "For people who work here." in text_of(answer.content)
    assert "Kowalczyk" not in answer.content.decode()


def test_who_signs_in_but_has_no_job_sees_nothing(stage: Stage) -> None:
    user = get_user_model()._default_manager.create_user(username="visitor", password="a password of its own")
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    for name in PAGES:
        answer = client.get(address(name, stage))
        assert answer.status_code == 403, name
        assert "Kowalczyk" not in answer.content.decode()


@pytest.mark.parametrize(
    "where",
    [
        "/account/999/",
        "/bill/999/",
        "/receipt/999/",
        "/account/{ruth}/do/open_the_safe",
        "/do/open_the_safe",
        "/account/99999999999999999999999/",
        "/nowhere",
    ],
)
def test_what_does_not_exist_has_a_page_that_says_so(where: str, stage: Stage, at_desk: SignIn) -> None:
    answer = at_desk("reyes").get(where.format(**stage.as_dict()))
    assert answer.status_code == 404
    assert "There is nothing here" in text_of(answer.content)


def test_a_receipt_of_another_account_is_not_shown_on_this_one(stage: Stage, at_desk: SignIn) -> None:
    client = at_desk("reyes")
    for done in (str(stage.ruth_receipt), "0", "999999", "x", "٣", "9" * 40):
        answer = client.get(f"/account/{stage.empty}/", {"done": done})
        assert answer.status_code == 200, done
        assert "data-receipt" not in answer.content.decode()


def test_hidden_details_are_not_in_the_page_until_a_reason_is_given(stage: Stage, at_desk: SignIn) -> None:
    client = at_desk("reyes")
    here = f"/account/{stage.ruth}/"
    before = client.get(here).content.decode()
    assert not any(value in before for value in HIDDEN)
    assert "4 details are hidden" in before
    looks = AuditEntry._default_manager.filter(kind="look")
    assert not looks.exists()
    refused = client.post(f"{here}reveal", {"reason": "ab"})
    assert refused.status_code == 409
    assert not looks.exists()
    assert client.post(f"{here}reveal", {"reason": "Caller asks which number we have"}).status_code == 302
    after = client.get(here).content.decode()
    assert "(402) 555-0142" in after
    assert "ruth.k@example.com" in after
    assert "This look is logged." in after
    [entry] = looks
    assert (entry.actor, entry.action, entry.subject) == ("J. Reyes", "look:contact_details", f"account:{stage.ruth}")
    assert "Caller asks which number we have" in entry.detail
    assert "4 details are hidden" in client.get(f"/account/{stage.dale}/").content.decode()
    assert not any(value in at_desk("dvorak").get(here).content.decode() for value in HIDDEN)


def test_hidden_details_are_in_no_other_page_either(stage: Stage, at_desk: SignIn) -> None:
    client = at_desk("alvarez")
    for name in PAGES:
        page = client.get(address(name, stage)).content.decode()
        assert not any(value in page for value in HIDDEN), name
    found = client.get("/search?q=ruth.k@example.com", follow=True).content.decode()
    assert "Kowalczyk" in found
    options = client.get("/search/options?q=(402) 555-0142").content.decode()
    assert "Kowalczyk" in options
    assert "0142" not in options


def test_meter_readings_are_written_with_thousands_before_and_after(stage: Stage, at_desk: SignIn) -> None:
    form = {"meter": "77402944", "read_on": TODAY.isoformat(), "reading": "12310", "step": "preview"}
    page = text_of(at_desk("reyes").post(f"/account/{stage.grace}/do/enter_read", form).content)
    assert "Meter read" in page
    assert re.search(r"2,310\b.*\b12,310\b", page, flags=re.DOTALL)


def test_a_receipt_is_sent_from_where_the_payment_was_taken_and_from_its_page(stage: Stage, at_desk: SignIn) -> None:
    client, house = at_desk("reyes"), House(today=TODAY, keys=10_000)
    done = house.do("take_payment", account_id=stage.ruth, amount_cents="12.00", tender="cash")
    [taken] = done.body["made"]["payment"]
    send = f"/account/{stage.ruth}/do/email_receipt?payment_id={taken}"
    assert f'href="{send}"' in client.get(f"/account/{stage.ruth}/?done={done.receipt_id}").content.decode()
    assert f'href="{send}"' in client.get(f"/receipt/{done.receipt_id}/").content.decode()
    form = client.get(send).content.decode()
    assert f'<option value="{taken}" selected>' in form or f'value="{taken}" ' in form
    shown = client.post(send, {"payment_id": taken, "step": "preview"}).content.decode()
    assert "r•••@example.com" in shown
    assert "ruth.k@example.com" not in shown
    # An analyst takes no payments, and is offered none of it.
    assert "email_receipt" not in at_desk("okafor").get(f"/receipt/{done.receipt_id}/").content.decode()


def test_a_hidden_mailing_address_is_in_no_preview_and_on_no_receipt(stage: Stage, at_desk: SignIn) -> None:
    client = at_desk("reyes")
    here = f"/account/{stage.long}/"
    form = {"street": "12 First St", "city": "Prairie City", "state": "NE", "postal_code": "68900", "step": "preview"}
    typed = client.post(f"{here}do/change_mailing_address", form).content.decode()
    assert "12 First St, Prairie City" in typed
    assert "PO Box 77" not in typed
    receipt = client.get(f"/receipt/{stage.ruth_receipt}/").content.decode()
    assert "Mailing address changed" in receipt
    assert "PO Box 77" not in receipt
    assert "4 Railway Ave" not in receipt
    client.post(f"{here}reveal", {"reason": "Caller reads the bill to me"})
    assert "PO Box 77" in client.get(f"/receipt/{stage.ruth_receipt}/").content.decode()
    assert "PO Box 77" in client.post(f"{here}do/change_mailing_address", form).content.decode()


def test_a_look_that_the_job_does_not_grant_is_refused_and_remembered(stage: Stage, at_desk: SignIn) -> None:
    answer = at_desk("nguyen").post(f"/account/{stage.ruth}/reveal", {"reason": "Just curious"})
    assert answer.status_code == 403
    [entry] = AuditEntry._default_manager.filter(action="look:contact_details")
    assert (entry.actor, entry.kind) == ("P. Nguyen", "refused")


def test_a_form_from_elsewhere_is_refused(stage: Stage, at_desk: SignIn) -> None:
    client = at_desk("reyes", enforce_csrf_checks=True)
    for where in (
        f"/account/{stage.ruth}/reveal",
        f"/account/{stage.ruth}/do/take_payment",
        "/do/create_customer",
        f"/approvals/{stage.ruth_request}/decide",
    ):
        answer = client.post(where, {"amount_cents": "5.00", "reason": "from elsewhere"})
        assert answer.status_code == 403
        assert "This page was open too long" in text_of(answer.content)


@pytest.mark.parametrize(
    ("method", "where"),
    [
        ("post", "/"),
        ("post", "/search"),
        ("post", "/account/{ruth}/"),
        ("get", "/account/{ruth}/reveal"),
        ("post", "/bill/{ruth_bill}/"),
        ("get", "/approvals/{ruth_request}/decide"),
        ("put", "/account/{ruth}/do/take_payment"),
        ("delete", "/account/{ruth}/"),
    ],
)
def test_other_methods_are_not_answered(method: str, where: str, stage: Stage, at_desk: SignIn) -> None:
    answer = getattr(at_desk("alvarez"), method)(where.format(**stage.as_dict()))
    assert answer.status_code == 405


def test_names_are_text_and_never_markup(stage: Stage, at_desk: SignIn) -> None:
    client = at_desk("reyes")
    hostile = "<script>alert(1)</script> & Sons"
    form = {"kind": "business", "name": hostile, "language": "en", "step": "preview"}
    shown = client.post("/do/create_customer", form).content.decode()
    assert "<script>alert" not in shown
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; Sons" in shown
    searched = client.get("/search", {"q": '"><img src=x onerror=alert(1)>'}).content.decode()
    assert "<img" not in searched


def test_a_search_for_one_account_opens_it(stage: Stage, at_desk: SignIn) -> None:
    client = at_desk("reyes")
    for asked in ("cottonwood", "kowal", "77402918", stage.ruth_number, "4025550142", "RUTH.K@example.com"):
        answer = client.get("/search", {"q": asked})
        assert answer.status_code == 302, asked
        assert answer["Location"] == f"/account/{stage.ruth}/", asked


def test_a_search_that_could_mean_several_lists_them(stage: Stage, at_desk: SignIn) -> None:
    page = text_of(at_desk("reyes").get("/search", {"q": "prairie"}).content)
    assert "Nobody found" in page or "accounts for" in page
    listed = text_of(at_desk("reyes").get("/search", {"q": "7740"}).content)
    assert "5 accounts for “7740”" in listed
    assert LONG_NAME in listed


@pytest.mark.parametrize(
    "query",
    ["%", "_", "'", '"', "\\", "(", "*", "\x00", "k\x00w", "-" * 500, "ab" * 300, "😀😀", "..", "@", "0" * 60],
)
def test_a_search_takes_whatever_is_typed(query: str, stage: Stage, at_desk: SignIn) -> None:
    client = at_desk("reyes")
    assert client.get("/search", {"q": query}).status_code in {200, 302}
    assert client.get("/search/options", {"q": query}).status_code == 200


def test_an_address_with_a_nul_in_it_is_read_without(stage: Stage, at_desk: SignIn) -> None:
    client = at_desk("alvarez")
    assert client.get("/search", {"q": "cotton\x00wood"})["Location"] == f"/account/{stage.ruth}/"
    for where in ("/reads?route=a%00b", "/reads/do/release_read?route=a%00b&a%00=b", "/approvals?filter=%00"):
        assert client.get(where).status_code == 200


def test_two_requests_wait_and_the_supervisor_sees_both(stage: Stage, at_desk: SignIn) -> None:
    assert waiting_count(as_of=TODAY) == 2
    page = text_of(at_desk("alvarez").get("/approvals").content)
    assert "2 approvals wait." in page
    assert "Approve $70.00" in page
    own = text_of(at_desk("reyes").get("/approvals?filter=mine").content)
    assert "Hanna Lindgren" not in own
    assert "Somebody else decides this." in own
