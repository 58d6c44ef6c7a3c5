"""Payment files and suspense at the desk: who sees them, a file from the form to its page, an item to its account."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.payment_files.made import lockbox
from tests.workbench.stage import TODAY, Stage
from tests.workbench.test_pages import QUERIES_MAX
from weatherhead.areas.credit.refunds import refund_of_suspense
from weatherhead.areas.customers.queries import account
from weatherhead.areas.ledger.queries import balance_of
from weatherhead.areas.payments.file_queries import payment_files, suspense_items
from weatherhead.areas.payments.models import PaymentFile
from weatherhead.door.context import Moment
from weatherhead.door.worker import work_once

SignIn = Callable[..., Client]


def sent(*accounts: str) -> SimpleUploadedFile:
    lines = lockbox([[(25_00, number) for number in accounts]], day=f"{TODAY:%y%m%d}")
    return SimpleUploadedFile("lockbox.txt", "\n".join(lines).encode())


@pytest.mark.parametrize(
    ("username", "files", "suspense"),
    [("okafor", 200, 200), ("nguyen", 200, 200), ("alvarez", 200, 200), ("reyes", 403, 200), ("larsen", 403, 403)],
)
def test_who_sees_what(username: str, files: int, suspense: int, at_desk: SignIn) -> None:
    client = at_desk(username)
    assert client.get("/money/files").status_code == files
    assert client.get("/money/files/77/").status_code == (404 if files == 200 else files)
    assert client.get("/money/suspense").status_code == suspense
    assert client.post("/money/files", {"step": "import"}).status_code == (409 if files == 200 else 403)


def test_a_file_from_the_form_to_its_accounts(stage: Stage, at_desk: SignIn) -> None:
    client, ruth = at_desk("okafor"), stage.as_dict()["ruth"]
    number = account(ruth).number
    tried = client.post("/money/files", {"source": "lockbox", "step": "check", "file": sent(number, "J SMITH")})
    assert "2 payments of $50.00 can be taken" in tried.content.decode()
    assert not PaymentFile._default_manager.exists()
    answer = client.post("/money/files", {"source": "lockbox", "step": "import", "file": sent(number, "J SMITH")})
    [file] = payment_files(limit=5)
    here = f"/money/files/{file.file_id}/"
    assert answer["Location"] == here
    assert 'hx-trigger="every 2s"' in client.get(here).content.decode()
    while work_once(worker="test", clock=lambda: Moment(at=datetime(2027, 1, 1, tzinfo=UTC), as_of=TODAY)):
        pass
    assert client.get(f"{here}progress")["HX-Refresh"] == "true"
    with CaptureQueriesContext(
        connection,
    ) as asked:
        page = client.get(here).content.decode()
    assert len(asked) <= QUERIES_MAX
    assert "All 5 totals" in page
    assert "J SMITH" in page
    assert "every 2s" not in page

    [item] = suspense_items()
    owed = balance_of([ruth])[ruth]
    with CaptureQueriesContext(connection) as asked:
        page = client.get(f"/money/suspense?chosen={item.item_id}").content.decode()
    assert len(asked) <= QUERIES_MAX
    assert "no account number: the check digit does not fit" in page.lower()
    wrong = client.get(f"/money/suspense/{item.item_id}/do/post_from_suspense?number=12")
    assert wrong.status_code == 409
    act = f"/money/suspense/{item.item_id}/do/post_from_suspense?number={number}"
    shown = client.post(
        act, {"suspense_item_id": item.item_id, "note": "He showed the check", "step": "preview"}
    ).content.decode()
    digest = re.search(r'name="digest" value="([^"]+)"', shown)
    key = re.search(r'name="key" value="([^"]+)"', shown)
    assert digest is not None
    assert key is not None
    done = client.post(
        act,
        {
            "suspense_item_id": item.item_id,
            "note": "He showed the check",
            "step": "confirm",
            "digest": digest[1],
            "key": key[1],
        },
    )
    assert done.status_code == 302, done.content.decode()[:2000]
    assert "posted from suspense" in client.get(done["Location"]).content.decode()
    assert balance_of([ruth])[ruth] == owed - 25_00
    assert suspense_items() == ()


def test_money_goes_back_as_a_refund_from_the_form_to_the_check(at_desk: SignIn) -> None:
    analyst, supervisor = at_desk("okafor"), at_desk("alvarez")
    analyst.post("/money/files", {"source": "lockbox", "step": "import", "file": sent("GAS CO")})
    while work_once(worker="test", clock=lambda: Moment(at=datetime(2027, 1, 1, tzinfo=UTC), as_of=TODAY)):
        pass
    [item] = suspense_items()
    here = f"/money/suspense?chosen={item.item_id}"
    act = f"/money/suspense/{item.item_id}/do/return_suspense_item"
    form = analyst.get(act).content.decode()
    # What a refund asks for is shown where a refund is chosen.
    assert form.count('<div class="field field--wide" data-when="way=refund">') >= 1
    assert all(f'name="{name}"' in form for name in ("payee_name", "mail_street", "mail_postal_code"))
    given = {
        "suspense_item_id": item.item_id, "way": "refund", "note": "Meant for the gas company",
        "payee_name": "Lena Novak", "mail_street": "12 Oak St", "mail_unit": "", "mail_city": "Prairie City",
        "mail_state": "NE", "mail_postal_code": "68901",
    }  # fmt: skip
    nowhere = analyst.post(act, given | {"mail_street": "", "step": "preview"}).content.decode()
    assert 'name="digest"' not in nowhere
    assert "The address needs" in nowhere
    shown = analyst.post(act, given | {"step": "preview"}).content.decode()
    assert "12 Oak St, Prairie City NE 68901" in shown
    assert "Every refund is approved by a second person." in shown
    digest = re.search(r'name="digest" value="([^"]+)"', shown)
    key = re.search(r'name="key" value="([^"]+)"', shown)
    assert digest is not None
    assert key is not None
    asked = analyst.post(act, given | {"step": "confirm", "digest": digest[1], "key": key[1]})
    assert asked.status_code == 302, asked.content.decode()[:2000]
    page = analyst.get(here).content.decode()
    assert "A refund is asked for" in page
    assert "Send it back" not in page
    [request] = re.findall(r"/approvals\?chosen=(\d+)", page)
    look = supervisor.get(f"/approvals?chosen={request}").content.decode()
    assert "Lena Novak" in look
    key, digest = (re.search(rf'name="{name}" value="([^"]+)"', look) for name in ("key", "digest"))
    assert key is not None
    assert digest is not None
    supervisor.post(f"/approvals/{request}/decide", {"decision": "approve", "key": key[1], "digest": digest[1]})
    refund = refund_of_suspense(item.item_id)
    assert refund is not None
    with CaptureQueriesContext(connection) as queries:
        listed = analyst.get(f"/money/refunds?chosen={refund.refund_id}").content.decode()
    assert len(queries) <= QUERIES_MAX
    assert "no account: money in suspense" in listed
    assert "12 Oak St" in listed
    with CaptureQueriesContext(connection) as queries:
        page = analyst.get(here).content.decode()
    assert len(queries) <= QUERIES_MAX
    assert f"?show=open&amp;chosen={refund.refund_id}" in page
