"""A meter test at the desk: the form at the account, its preview, and the way from the receipt to the bills."""

from __future__ import annotations

import re

import pytest

from tests.workbench.stage import TODAY, Stage
from tests.workbench.test_pages import SignIn, text_of

pytestmark = pytest.mark.django_db


def test_a_meter_that_is_off_leads_from_its_form_to_its_bills(at_desk: SignIn, stage: Stage) -> None:
    client = at_desk("alvarez")
    address = f"/account/{stage.ruth}/do/record_meter_test"
    form = client.get(address).content.decode()
    [key] = re.findall(r'name="key" value="([^"]+)"', form)
    assert "At full load, %" in form
    given = {
        "meter": "77402918",
        "tested_on": TODAY.isoformat(),
        "full_load": "103",
        "light_load": "101",
        "tested_by": "Meter shop",
        "note": "She asked for it",
        "key": key,
    }
    shown = client.post(address, given | {"step": "preview"}).content
    assert "(4 × 103 % + 1 × 101 %) ÷ 5 = 102.60 %" in text_of(shown)
    [digest] = re.findall(r'name="digest" value="([^"]+)"', shown.decode())
    done = client.post(address, given | {"step": "confirm", "digest": digest})
    [receipt] = re.findall(r"done=(\d+)", done.headers["Location"])
    page = client.get(f"/receipt/{receipt}/").content.decode()
    [link] = re.findall(rf'href="(/account/{stage.ruth}/do/correct_bills\?cause=meter)"', page)
    assert re.search(r'value="meter"[^>]*selected', client.get(link).content.decode())
