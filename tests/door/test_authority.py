"""Authority: $50 an adjustment, $50 in 30 days for one's own on an account, $100 for everyone's; never on one's own."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from tests.house import Home, House, moment, table_rows
from weatherhead.areas.records.models import AuditEntry
from weatherhead.areas.records.operations.approvals import RequestAlreadyDecided
from weatherhead.areas.records.operations.idempotency import KeyUsedForOtherInputs
from weatherhead.door.authority import (
    AlreadyAsked,
    AmountOverAuthority,
    MakerIsChecker,
    NotPermitted,
    OverCheckersAuthority,
    OwnAccount,
)
from weatherhead.door.perform import ChangedSincePreview, perform
from weatherhead.door.registry import InputsInvalid

pytestmark = pytest.mark.django_db

BOOKS = ("records_", "customers_", "workforce_")


def fee(house: House, home: Home, amount: str = "200.00") -> int:
    return house.made(
        "assess_fee",
        "adjustment",
        account_id=home.account_id,
        charge="connect_fee",
        reason="service_rendered",
        amount_cents=amount,
    )


def waive(house: House, fee_id: int, amount: str, *, by: str = "reyes") -> Any:
    return house.do("waive_fee", by=by, adjustment_id=fee_id, reason="our_error", amount_cents=amount)


def last_audit() -> tuple[str, dict[str, Any]]:
    entry = AuditEntry.objects.order_by("pk").last()
    assert entry is not None
    return entry.kind, json.loads(entry.detail)


def test_fifty_dollars_are_within_authority(house: House, home: Home) -> None:
    assert waive(house, fee(house, home), "50.00").outcome == "done"


def test_fifty_dollars_and_a_cent_ask_for_approval(house: House, home: Home) -> None:
    fee_id = fee(house, home)
    before = table_rows(but=BOOKS)
    receipt = waive(house, fee_id, "50.01")
    assert receipt.outcome == "approval_requested"
    assert table_rows(but=BOOKS) == before
    kind, detail = last_audit()
    assert kind == "approval"
    assert detail["authority_cents"] == 5001


def test_two_of_thirty_are_not_two_times_fifty(house: House, home: Home) -> None:
    fee_id = fee(house, home)
    assert waive(house, fee_id, "30.00").outcome == "done"
    before = table_rows(but=BOOKS)
    assert waive(house, fee_id, "30.00").outcome == "approval_requested"
    assert table_rows(but=BOOKS) == before
    kind, detail = last_audit()
    assert (kind, detail["authority_cents"]) == ("approval", 3000)
    assert "$30.00 is over the $20.00 left of $50.00" in detail["reason"]


def test_the_cap_rolls_over_thirty_days(house: House, home: Home) -> None:
    fee_id = fee(house, home)
    assert waive(house, fee_id, "30.00").outcome == "done"
    house.pass_days(29)
    assert waive(house, fee_id, "30.00").outcome == "approval_requested"
    house.pass_days(1)
    assert waive(house, fee_id, "30.00").outcome == "done"


def test_representatives_together_have_a_hundred(house: House, home: Home) -> None:
    fee_id = fee(house, home)
    assert waive(house, fee_id, "50.00", by="reyes").outcome == "done"
    assert waive(house, fee_id, "50.00", by="dvorak").outcome == "done"
    house.do("assign_job", by="larsen", username="nguyen", job="representative", starts_on=house.today)
    assert waive(house, fee_id, "1.00", by="nguyen").outcome == "approval_requested"


def test_adding_a_fee_back_gives_no_authority_back(house: House, home: Home) -> None:
    fee_id = fee(house, home)
    assert waive(house, fee_id, "30.00").outcome == "done"
    again = {"charge": "connect_fee", "reason": "service_rendered", "amount_cents": "20.01"}
    assert house.do("assess_fee", by="reyes", account_id=home.account_id, **again).outcome == "approval_requested"


def test_what_a_rule_computes_uses_no_authority(house: House, home: Home) -> None:
    for _ in range(3):  # 3 × $160.00
        receipt = house.do(
            "assess_fee",
            by="reyes",
            account_id=home.account_id,
            charge="after_hours_reconnect_fee",
            reason="service_rendered",
        )
        assert receipt.outcome == "done"


@pytest.mark.parametrize("end", ["customer_id", "account_id", "premise_id"])
def test_ones_own_household_goes_to_a_colleague(house: House, home: Home, end: str) -> None:
    fee_id = fee(house, home)
    house.do("link_employee", by="larsen", username="reyes", relation="household", **{end: getattr(home, end)})
    before = table_rows(but=BOOKS)
    assert waive(house, fee_id, "5.00").outcome == "approval_requested"
    assert table_rows(but=BOOKS) == before
    kind, detail = last_audit()
    assert (kind, detail["reason"]) == ("approval", "The account is tied to the person who asks (household).")
    assert waive(house, fee_id, "5.00", by="dvorak").outcome == "done"


def test_a_fee_about_which_a_request_waits_is_not_asked_about_again(house: House, home: Home) -> None:
    fee_id, other_id = fee(house, home), fee(house, home)
    asked = waive(house, fee_id, "80.00")
    before = table_rows(but=("records_auditentry", "records_auditstream"))
    with pytest.raises(AlreadyAsked, match=f"Request {asked.body['request']} by J. Reyes about the same waits"):
        waive(house, fee_id, "90.00", by="dvorak")
    assert table_rows(but=("records_auditentry", "records_auditstream")) == before
    kind, detail = last_audit()
    assert (kind, detail["refusal"]) == ("refused", "AlreadyAsked")
    # The preview says so already; another fee may be asked about; what is within authority is simply done.
    with pytest.raises(AlreadyAsked):
        house.see("waive_fee", by="dvorak", adjustment_id=fee_id, reason="our_error", amount_cents="90.00")
    assert waive(house, other_id, "80.00").outcome == "approval_requested"
    assert waive(house, fee_id, "5.00").outcome == "done"
    # Once it was decided, the fee may be asked about again.
    house.do("decline_request", request_id=asked.body["request"], note="Half of it, please")
    assert waive(house, fee_id, "60.00").outcome == "approval_requested"


def test_an_approver_performs_what_was_asked(house: House, home: Home) -> None:
    asked = waive(house, fee(house, home), "80.00")
    done = house.do("approve_request", request_id=asked.body["request"])
    assert (done.outcome, done.actor, done.approver) == ("done", "J. Reyes", "T. Alvarez")
    assert done.body["made"]["adjustment"]


def test_a_request_is_decided_once(house: House, home: Home) -> None:
    asked = waive(house, fee(house, home), "80.00")
    house.do("approve_request", request_id=asked.body["request"])
    before = table_rows(but=BOOKS)
    with pytest.raises(RequestAlreadyDecided):
        house.do("approve_request", request_id=asked.body["request"])
    with pytest.raises(RequestAlreadyDecided):
        house.do("decline_request", request_id=asked.body["request"], note="Too late")
    assert table_rows(but=BOOKS) == before


def test_nobody_approves_their_own_request(house: House, home: Home) -> None:
    house.do("assign_job", by="larsen", username="reyes", job="supervisor", starts_on=house.today)
    asked = house.do(
        "assess_fee",
        by="reyes",
        account_id=home.account_id,
        charge="connect_fee",
        reason="service_rendered",
        amount_cents="501.00",
    )
    with pytest.raises(MakerIsChecker):
        house.do("approve_request", by="reyes", request_id=asked.body["request"])
    assert last_audit()[0] == "refused"


def test_an_approver_does_not_decide_on_their_own_account(house: House, home: Home) -> None:
    asked = waive(house, fee(house, home), "80.00")
    house.do("link_employee", by="larsen", username="alvarez", relation="family", account_id=home.account_id)
    with pytest.raises(OwnAccount):
        house.do("approve_request", request_id=asked.body["request"])


def test_a_request_on_ones_own_account_is_not_declined_either(house: House, home: Home) -> None:
    asked = waive(house, fee(house, home), "80.00")
    house.do("link_employee", by="larsen", username="alvarez", relation="family", account_id=home.account_id)
    before = table_rows(but=("records_audit",))
    with pytest.raises(OwnAccount):
        house.do("decline_request", request_id=asked.body["request"], note="I would rather not")
    assert table_rows(but=("records_audit",)) == before


def test_the_maker_may_take_a_request_back(house: House, home: Home) -> None:
    house.do("assign_job", by="larsen", username="reyes", job="supervisor", starts_on=house.today)
    house.do("link_employee", by="larsen", username="reyes", relation="own", account_id=home.account_id)
    asked = waive(house, fee(house, home), "10.00")
    assert asked.outcome == "approval_requested"
    done = house.do("decline_request", by="reyes", request_id=asked.body["request"], note="Asked by mistake")
    assert done.outcome == "done"


def test_an_approver_has_a_limit_too(house: House, home: Home) -> None:
    inputs = {"charge": "connect_fee", "reason": "service_rendered", "amount_cents": "500.01"}
    asked = house.do("assess_fee", by="reyes", account_id=home.account_id, **inputs)
    with pytest.raises(OverCheckersAuthority):
        house.do("approve_request", request_id=asked.body["request"])
    assert house.do("approve_request", by="larsen", request_id=asked.body["request"]).outcome == "done"


def test_what_nobody_may_approve_is_refused(house: House, home: Home) -> None:
    inputs = {"charge": "connect_fee", "reason": "service_rendered", "amount_cents": "10000.01"}
    with pytest.raises(AmountOverAuthority):
        house.do("assess_fee", by="reyes", account_id=home.account_id, **inputs)
    assert last_audit()[0] == "refused"


def test_a_cashier_waives_nothing(house: House, home: Home) -> None:
    fee_id = fee(house, home)
    before = table_rows(but=("records_audit",))
    with pytest.raises(NotPermitted):
        waive(house, fee_id, "1.00", by="nguyen")
    assert table_rows(but=("records_audit",)) == before
    kind, detail = last_audit()
    assert kind == "refused"
    assert detail["refusal"] == "NotPermitted"


def test_a_job_that_ended_grants_nothing(house: House, home: Home) -> None:
    span = {"starts_on": house.today, "ends_on": house.today + timedelta(days=7)}
    house.do("assign_job", by="larsen", username="nguyen", job="representative", **span)
    fee_id = fee(house, home)
    assert waive(house, fee_id, "1.00", by="nguyen").outcome == "done"
    house.pass_days(7)
    with pytest.raises(NotPermitted):
        waive(house, fee_id, "1.00", by="nguyen")


def test_a_stale_preview_is_not_confirmed(house: House, home: Home) -> None:
    fee_id = fee(house, home, "40.00")
    shown = house.see("waive_fee", by="reyes", adjustment_id=fee_id, reason="our_error")
    waive(house, fee_id, "10.00", by="dvorak")
    inputs = {"adjustment_id": fee_id, "reason": "our_error"}
    with pytest.raises(ChangedSincePreview):
        perform(
            "waive_fee",
            actor=house.actor("reyes"),
            key=house.key(),
            moment=moment(house.today),
            inputs=inputs,
            seen=shown.substance,
        )


def test_a_key_serves_one_set_of_inputs(house: House, home: Home) -> None:
    fee_id = fee(house, home)
    key = house.key()
    house.do("waive_fee", by="reyes", key=key, adjustment_id=fee_id, reason="our_error", amount_cents="5.00")
    before = table_rows(but=("records_audit",))
    with pytest.raises(KeyUsedForOtherInputs):
        house.do("waive_fee", by="reyes", key=key, adjustment_id=fee_id, reason="our_error", amount_cents="6.00")
    with pytest.raises(KeyUsedForOtherInputs):
        house.do("waive_fee", by="dvorak", key=key, adjustment_id=fee_id, reason="our_error", amount_cents="5.00")
    assert table_rows(but=("records_audit",)) == before


@pytest.mark.parametrize("amount", ["", "0", "-5.00", "5.001", "1e3", "NaN", "five", "٥", "$", "10,00.00", "Infinity"])
def test_an_amount_that_is_none_is_refused(house: House, home: Home, amount: str) -> None:
    before = table_rows(but=("records_audit",))
    inputs = {"account_id": home.account_id, "tender": "cash", "amount_cents": amount}
    with pytest.raises(InputsInvalid) as refused:
        house.do("take_payment", by="nguyen", **inputs)
    assert "amount_cents" in refused.value.problems
    assert table_rows(but=("records_audit",)) == before


def test_a_float_is_never_an_amount(house: House, home: Home) -> None:
    with pytest.raises(InputsInvalid):
        house.do("take_payment", by="nguyen", account_id=home.account_id, tender="cash", amount_cents=5.0)
