"""Moving a payment at the desk: the form, its preview, the receipt with both letters, and what waits for a reason."""

from __future__ import annotations

import re

import pytest

from tests.workbench.stage import Stage
from tests.workbench.test_pages import SignIn
from weatherhead.areas.customers.queries import account, accounts_of_cycle
from weatherhead.areas.payments.queries import payments_of_account
from weatherhead.areas.records.models import AuditEntry

pytestmark = pytest.mark.django_db


def test_a_payment_is_moved_from_its_form_to_the_letters(at_desk: SignIn, stage: Stage) -> None:
    client = at_desk("alvarez")
    here = account(stage.ruth)
    other = next(account(number) for number in accounts_of_cycle(here.cycle) if number != stage.ruth)
    payment = next(item for item in payments_of_account(stage.ruth, limit=9) if item.reversed_on is None)
    address = f"/account/{stage.ruth}/do/move_payment"
    form = client.get(address).content.decode()
    assert "Account that it was meant for" in form
    [key] = re.findall(r'name="key" value="([^"]+)"', form)
    given = {
        "payment_id": payment.payment_id,
        "to_account": other.number_grouped,
        "reason": "wrong_stub",
        "note": "Both stubs lay in one envelope",
        "key": key,
    }
    # The preview shows both accounts; nothing has changed.
    shown = client.post(address, given | {"step": "preview"}).content.decode()
    assert other.number_grouped in shown
    [digest] = re.findall(r'name="digest" value="([^"]+)"', shown)
    done = client.post(address, given | {"step": "confirm", "digest": digest})
    [receipt] = re.findall(r"done=(\d+)", done.headers["Location"])
    # The receipt leads to a letter for each; neither names the other.
    page = client.get(f"/receipt/{receipt}/").content.decode()
    letters = re.findall(r'href="(/letter/\d+/)"', page)
    assert len(letters) == 2
    assert "Both stubs lay in one envelope" in page
    told = client.get(letters[0]).content.decode()
    assert here.customer_name in told
    assert other.number_grouped not in told
    assert here.mail_street.upper() not in told
    # The PDF names the address: it waits for a reason, and each opening is remembered.
    assert client.get(f"{letters[0]}pdf").headers["Location"] == letters[0]
    number = letters[0].strip("/").rpartition("/")[2]
    revealed = client.post(f"/account/{stage.ruth}/reveal", {"reason": "To be mailed", "letter": number})
    assert revealed.headers["Location"] == letters[0]
    looks = AuditEntry.objects.filter(kind="look").count()
    pdf = client.get(f"{letters[0]}pdf")
    assert pdf.content.startswith(b"%PDF")
    assert AuditEntry.objects.filter(kind="look").count() == looks + 1
    assert here.mail_street.upper() in client.get(letters[0]).content.decode()
