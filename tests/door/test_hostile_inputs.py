"""What nobody types, sent all the same: refused by the field's name, before anything looks at it."""

from __future__ import annotations

import json
from dataclasses import fields
from datetime import timedelta
from typing import Any

import pytest

from tests.house import Home, House, moment, table_rows
from weatherhead.actions import load_actions
from weatherhead.areas.metering.usage import MultiplierNotExact
from weatherhead.areas.records.models import AuditEntry
from weatherhead.core.values import Refusal
from weatherhead.door.looks import ReasonNeeded, look
from weatherhead.door.perform import KeyMissing, perform
from weatherhead.door.registry import InputsInvalid, registry

load_actions()
EVERY_FIELD = [(action, item.name) for action in registry for item in fields(action.inputs)]
UNKEPT = ["\x00", "a\x00b", "\x1b[2J", "\ud800", ["a\x00"], {"level": "\x00"}, {"\udfff": "1"}]


def test_what_no_database_keeps_is_refused_in_every_field_of_every_action() -> None:
    assert len(EVERY_FIELD) > 100
    for action, name in EVERY_FIELD:
        for value in UNKEPT:
            with pytest.raises(InputsInvalid) as refused:
                action.parse({name: value})
            assert "nobody types" in refused.value.problems[name]


def test_a_card_number_is_refused_in_every_field_of_every_action() -> None:
    """Except where a number of another kind is asked for by its type, which its declaration says."""
    card = "4111111111111111"
    for action, name in EVERY_FIELD:
        for value in (card, int(card), f"paid by 4111 1111 1111 1111, {name}", [{"note": card}], {card: "1"}):
            with pytest.raises(InputsInvalid) as refused:
                action.parse({name: value})
            assert "payment card" in refused.value.problems[name]
            assert "1111" not in str(refused.value)


@pytest.mark.parametrize("sign", ["\n", "\r\n", "\t", "\u2028"])
def test_a_name_is_one_line_and_a_note_may_be_more(sign: str, house: House, home: Home) -> None:
    with pytest.raises(InputsInvalid) as refused:
        house.see("create_customer", by="reyes", kind="person", name=f"Ann Ito{sign}X-Injected: yes")
    assert refused.value.problems == {"name": "write it on one line"}
    pay = {"account_id": home.account_id, "amount_cents": "5.00", "tender": "check"}
    with pytest.raises(InputsInvalid):
        house.see("take_payment", by="nguyen", **pay, check_number=f"10{sign}42")
    reason = f"Asked by phone{sign}and in writing"
    assert house.see("hold_billing", by="okafor", agreement_id=home.agreement_id, reason=reason).substance


@pytest.mark.parametrize("day", ["0001-01-01", "1899-12-31", "2200-01-01", "9999-12-31"])
def test_a_day_of_another_age_is_refused_and_breaks_no_calendar(day: str, house: House, home: Home) -> None:
    read: dict[str, Any] = {"meter": home.serial, "read_on": day, "reading": "1800"}
    payment = {"account_id": home.account_id, "amount_cents": "5.00", "tender": "cash", "paid_on": day}
    late = {"cycle": 14, "month": "2026-01", "read_on": day, "bill_on": day, "reason": "A slip"}
    before = table_rows(but=("records_audit",))
    for by, name, inputs in (
        ("reyes", "enter_read", {"account_id": home.account_id, **read}),
        ("okafor", "record_check_read", read),
        ("nguyen", "take_payment", payment),
        ("okafor", "bill_account", {"account_id": home.account_id, "through_on": day}),
        ("okafor", "change_calendar_day", late),
    ):
        with pytest.raises(InputsInvalid, match="1900"):
            house.do(name, by=by, **inputs)
    assert table_rows(but=("records_audit",)) == before


def test_a_reading_sent_as_a_number_is_none_below_zero(house: House, home: Home) -> None:
    on = house.today + timedelta(days=1)
    with pytest.raises(InputsInvalid, match="A dial cannot show -1"):
        house.do("enter_read", by="reyes", account_id=home.account_id, read_on=on, reading=-1)


@pytest.mark.parametrize("multiplier", ["1e999999999", "1e7", "1000000.001", "NaN", "-Infinity", "0", -1])
def test_a_multiplier_that_no_transformer_has(multiplier: object, house: House, home: Home) -> None:
    """The first would take all of a machine's memory, were it turned into a whole number."""
    plate = {"serial": "88100204", "installed_on": house.today, "multiplier": multiplier}
    with pytest.raises((MultiplierNotExact, InputsInvalid)):
        house.do("add_meter", by="reyes", service_point_id=home.service_point_id, **plate)


@pytest.mark.parametrize(
    ("name", "field", "length"),
    [
        ("create_account", "mail_unit", 40),
        ("create_account", "mail_city", 80),
        ("change_mailing_address", "unit", 40),
        ("change_mailing_address", "city", 80),
        ("add_premise", "unit", 40),
        ("add_premise", "city", 80),
        ("end_service", "mail_unit", 40),
        ("end_service", "mail_city", 80),
        ("move_service", "mail_unit", 40),
        ("move_service", "mail_city", 80),
        ("add_service_point", "label", 60),
        ("take_payment", "check_number", 20),
    ],
)
def test_text_is_no_longer_than_its_column(name: str, field: str, length: int) -> None:
    """SQLite keeps it whatever its length; PostgreSQL would answer with an error of its own."""
    action = registry.get(name)
    for text, fits in (("7" * length, True), ("7" * (length + 1), False)):
        with pytest.raises(InputsInvalid) as refused:  # for what else is needed
            action.parse({field: text})
        assert (field not in refused.value.problems) is fits


def test_a_file_that_is_not_even_base64(house: House, home: Home) -> None:
    for content in ("\u0663", "a", "====", "YQ=\n="):
        with pytest.raises(Refusal, match="did not arrive whole"):
            house.see("import_reads", by="okafor", name="x.csv", sha256="0" * 64, content=content)


@pytest.mark.parametrize("key", ["", "x" * 121, "a\x00b", "a\nb", "\ud800"])
def test_a_key_is_one_line_of_text(key: str, house: House, home: Home) -> None:
    pay = {"account_id": home.account_id, "amount_cents": "5.00", "tender": "cash"}
    with pytest.raises(KeyMissing):
        perform("take_payment", actor=house.actor("nguyen"), key=key, moment=moment(house.today), inputs=pay)


def test_a_look_keeps_its_reason_readable(house: House, home: Home) -> None:
    now, by = moment(house.today), house.actor("reyes")
    look("contact_details", account_id=home.account_id, actor=by, moment=now, reason="She\x00 asked\r\n for it")
    assert json.loads(AuditEntry.objects.order_by("-pk")[0].detail)["reason"] == "She asked for it"
    with pytest.raises(ReasonNeeded):
        look("contact_details", account_id=home.account_id, actor=by, moment=now, reason="\x00\x00\x00\x00a")
