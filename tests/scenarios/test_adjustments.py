"""Credits, corrections, courtesy waivers, and requests that are decided, taken back or forgotten."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from datetime import date, datetime
from pathlib import Path
from typing import Any, get_type_hints
from zoneinfo import ZoneInfo

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pytest_django import Settings

from tests.house import Home, House, moment, move_in, table_rows
from weatherhead.actions.adjustments.courtesy import history_of
from weatherhead.areas.billing.adjustment_types import AdjustmentTypes, adjustment_types
from weatherhead.areas.billing.courtesy import (
    CourtesyHistory,
    courtesy_offer,
    courtesy_policy,
    months_before,
)
from weatherhead.areas.billing.fees import ReasonUnknown
from weatherhead.areas.billing.queries import adjustment, adjustments_of_account
from weatherhead.areas.customers.models import Account, Customer
from weatherhead.areas.ledger.queries import ageing_of, balance_of, entries, trial_balance
from weatherhead.areas.premises.models import Premise
from weatherhead.areas.records.approval_rules import approval_rules, hours_waited
from weatherhead.areas.records.models import AuthorityUse
from weatherhead.areas.records.operations.attachments import keep_attachment
from weatherhead.areas.records.queries.approvals import waiting_count
from weatherhead.areas.records.queries.receipts import ReceiptFacts
from weatherhead.areas.records.utility import load_rules, regulation
from weatherhead.core.values import DataFileInvalid
from weatherhead.door.authority import grant_for
from weatherhead.door.preview import Preview
from weatherhead.overviews.approvals import ApprovalsOverview, approvals_overview

pytestmark = pytest.mark.django_db

POLICY = "first_in_12_months"


def adjust(house: House, home: Home, kind: str, reason: str, amount: str, *, by: str = "reyes", **more: Any) -> int:
    given = {"evidence": "Call of October 31", **more}
    return house.made(
        "post_adjustment", "adjustment", by=by, account_id=home.account_id, type=kind, reason=reason,
        amount_cents=amount, **given,
    )  # fmt: skip


def late_charge(house: House, home: Home, amount: str = "12.00") -> int:
    inputs = {"charge": "late_charge", "reason": "past_due", "amount_cents": amount}
    return house.made("assess_fee", "adjustment", account_id=home.account_id, **inputs)


def look(house: House, fee_id: int, *, reason: str = POLICY) -> Preview:
    return house.see("waive_fee", by="reyes", adjustment_id=fee_id, reason=reason)


def said(shown: Preview) -> tuple[str, str]:
    """What the desk says of the courtesy policy: whether authority is used, and why."""
    [change] = [item for item in shown.proposal.changes if item.code == "courtesy"]
    assert change.note is not None
    return str(change.after), str(change.note)


def ask(house: House, home: Home, amount: str = "80.00", *, by: str = "reyes") -> int:
    inputs = {"type": "goodwill_credit", "reason": "poor_service", "evidence": "Her letter of October 30"}
    done = house.do("post_adjustment", by=by, account_id=home.account_id, amount_cents=amount, **inputs)
    assert done.outcome == "approval_requested"
    return int(done.body["request"])


def todo(house: House, by: str, *, shown: str = "all", hour: int = 15) -> ApprovalsOverview:
    now = moment(house.today, at=datetime(2000, 1, 1, hour).time())  # noqa: DTZ001 - an hour, no instant
    actor = house.actor(by)
    return approvals_overview(
        actor=actor, grant=grant_for(actor, as_of=house.today), moment=now, chosen=None, shown=shown
    )


# Credits and corrections


def test_a_goodwill_credit_lowers_the_oldest_debt_and_names_its_evidence(house: House, home: Home) -> None:
    before = ageing_of([home.account_id], as_of=house.today)[home.account_id]
    books = trial_balance(as_of=house.today)
    number = adjust(house, home, "goodwill_credit", "repeated_outages", "15.00", evidence="Tickets 4410 and 4423")
    found = adjustment(number)
    assert (found.kind, found.amount_cents, found.basis) == ("credit", -1500, "attached")
    assert (found.evidence, found.rule) == ("Tickets 4410 and 4423", "adjustment 9.1")
    assert balance_of([home.account_id])[home.account_id] == before.balance_cents - 1500
    after = trial_balance(as_of=house.today)
    assert after["adjustments_expense"] - books.get("adjustments_expense", 0) == 1500
    assert after["receivable"] - books["receivable"] == -1500


def test_a_correction_posts_to_the_revenue_of_the_accounts_class(house: House, home: Home) -> None:
    books = trial_balance(as_of=house.today)
    adjust(house, home, "billing_correction_debit", "left_off_bill", "20.00")
    adjust(house, home, "billing_correction_credit", "charge_in_error", "5.00")
    after = trial_balance(as_of=house.today)
    assert after["revenue.residential"] - books["revenue.residential"] == -1500
    ages = ageing_of([home.account_id], as_of=house.today)[home.account_id]
    owed_on = {item.charge: item.due_on for item in ages.open_items}
    assert owed_on["billing_correction_debit"] > house.today, "a charge is due later, not at once"


def test_the_analyst_takes_back_a_tax_that_an_exempt_customer_paid(house: House, home: Home) -> None:
    books = trial_balance(as_of=house.today)
    content = b"%PDF-1.7 exemption certificate"
    keep_attachment(name="form 13.pdf", media_type="application/pdf", content=content, at=moment(house.today).at)

    by_file = {"evidence": "", "attachment_sha256": hashlib.sha256(content).hexdigest()}
    adjust(house, home, "tax_correction_credit", "exemption_certificate", "4.40", by="okafor", **by_file)
    assert trial_balance(as_of=house.today)["sales_tax_payable"] - books["sales_tax_payable"] == 440


def test_an_adjustment_made_in_error_is_reversed_by_a_linked_entry(house: House, home: Home) -> None:
    owed = balance_of([home.account_id])
    number = adjust(house, home, "goodwill_credit", "poor_service", "10.00")
    done = house.do("reverse_adjustment", by="reyes", adjustment_id=number, note="Meant for the neighbor")
    assert balance_of([home.account_id]) == owed
    [entry] = entries(done.body["entries"])
    assert entry.draft.reverses_id == adjustment(number).entry_id
    back = adjustments_of_account(home.account_id)[0]
    assert (back.kind, back.reverses_id, adjustment(number).reversed_by_id) == ("reversal", number, back.adjustment_id)
    assert sum(AuthorityUse.objects.values_list("amount_cents", flat=True)) == 2000, "both ways, and nothing back"


def test_a_waiver_reversed_leaves_the_fee_owed_as_before(house: House, home: Home) -> None:
    number = late_charge(house, home)
    before = ageing_of([home.account_id], as_of=house.today)[home.account_id]
    waived = house.made("waive_fee", "adjustment", by="reyes", adjustment_id=number, reason="our_error")
    assert adjustment(number).left_cents == 0
    house.do("reverse_adjustment", by="reyes", adjustment_id=waived, note="No error of ours after all")
    after = ageing_of([home.account_id], as_of=house.today)[home.account_id]
    assert adjustment(number).left_cents == 1200
    assert (after.balance_cents, after.past_due_cents) == (before.balance_cents, before.past_due_cents)


def test_reasons_are_those_of_the_type(house: House, home: Home) -> None:
    before = table_rows(but=("records_audit",))
    with pytest.raises(ReasonUnknown, match="Poor service, by a call or letter"):
        adjust(house, home, "goodwill_credit", "left_off_bill", "5.00")
    assert table_rows(but=("records_audit",)) == before


@pytest.mark.parametrize(
    ("change", "key", "text"),
    [
        ({"sign": "both"}, "types[0].sign", "credit"),
        ({"versions": [{"effective": "2024-01-01", "ledger_account": "petty_cash", "jobs": ["cashier"]}]},
         "types[0].versions[0].ledger_account", "petty_cash is neither a ledger account nor revenue"),
        ({"versions": [{"effective": "2024-01-01", "ledger_account": "receivable", "jobs": ["cashier"]}]},
         "types[0].versions[0].ledger_account", "against the receivable, not within it"),
        ({"basis": "computed"}, "types[0].basis", "no rule computes it"),
        ({"reasons": []}, "types[0].reasons", "give at least one reason"),
        ({"clause": None}, "types[0].clause", ""),
    ],
)  # fmt: skip
def test_a_type_that_is_wrong_is_named_by_file_line_and_key(
    tmp_path: Path, change: dict[str, Any], key: str, text: str
) -> None:
    found = next(item for item in yaml.safe_load(regulation("adjustments.yaml").read_text())["types"]
                 if item["code"] == "goodwill_credit")  # fmt: skip
    found["versions"][0]["effective"] = "2024-01-01"
    path = tmp_path / "adjustments.yaml"
    path.write_text(yaml.safe_dump({"types": [{**found, **change}]}))
    with pytest.raises(DataFileInvalid) as refused:
        load_rules(path, model=AdjustmentTypes)
    problem = refused.value.problems[0]
    assert (problem.name, problem.key) == (str(path), key)
    assert problem.line >= 1
    assert text in problem.text


# The courtesy policy


def test_the_first_late_charge_of_a_prompt_payer_is_waived_by_policy(house: House, home: Home) -> None:
    number = late_charge(house, home, "60.00")  # more than a representative may give
    assert said(look(house, number)) == (
        "Entitled",
        "Entitled by policy, prompt otherwise for 12 months: consumes no authority.",
    )
    used = AuthorityUse.objects.count()
    done = house.do("waive_fee", by="reyes", adjustment_id=number, reason=POLICY)
    assert done.outcome == "done"
    assert AuthorityUse.objects.count() == used
    assert [rule["code"] for rule in done.body["rules"]] == ["fee 7.2", "courtesy 7.5"]
    assert adjustments_of_account(home.account_id)[0].basis == "computed"


def test_a_waiver_for_another_reason_is_ones_own(house: House, home: Home) -> None:
    number = late_charge(house, home, "60.00")
    assert look(house, number, reason="our_error").verdict.ask is not None


def test_who_had_one_waived_within_a_year_is_not_entitled(house: House, home: Home) -> None:
    house.do("waive_fee", by="reyes", adjustment_id=late_charge(house, home), reason=POLICY)
    first_on = house.today
    house.pass_days(40)
    number = late_charge(house, home)
    shown = look(house, number)
    assert said(shown) == ("Not entitled", f"One was waived on {first_on}, within 12 months.")
    assert shown.proposal.authority_cents == 1200
    house.today = date(2026, 11, 30)
    assert said(look(house, late_charge(house, home)))[1].startswith("Late on 2025-12-10 as well")


def test_who_was_late_before_is_not_entitled_and_a_mistake_does_not_count(house: House, home: Home) -> None:
    mistake, number = late_charge(house, home), late_charge(house, home)
    assert said(look(house, number)) == ("Not entitled", f"Late on {house.today} as well, within 12 months.")
    house.do("reverse_adjustment", adjustment_id=mistake, note="Charged twice")
    assert said(look(house, number))[0] == "Entitled"


def test_whose_check_came_back_is_not_entitled(house: House, home: Home) -> None:
    check = {"amount_cents": "25.00", "tender": "check", "check_number": "1042"}
    paid = house.made("take_payment", "payment", account_id=home.account_id, **check)
    number = late_charge(house, home)
    again = house.made("take_payment", "payment", account_id=home.account_id, **check | {"check_number": "1043"})
    house.do("return_payment", payment_id=again, reason="bank_error")
    assert said(look(house, number))[0] == "Entitled", "the bank's error is not the customer's"
    house.do("return_payment", payment_id=paid, reason="insufficient_funds")
    assert said(look(house, number))[1].startswith("A payment came back on 2025-10-31")


def test_other_fees_are_no_courtesy_and_no_policy_is_none(house: House, home: Home, settings: Settings,
                                                         tmp_path: Path) -> None:  # fmt: skip
    inputs = {"account_id": home.account_id, "charge": "connect_fee", "reason": "service_rendered"}
    other = house.made("assess_fee", "adjustment", by="reyes", **inputs)
    assert not [item for item in look(house, other).proposal.changes if item.code == "courtesy"]
    number = late_charge(house, home)
    for name in ("fees.yaml", "late_charges.yaml"):
        (tmp_path / name).write_text(regulation(name).read_text())
    settings.UTILITY = settings.UTILITY.model_copy(update={"regulations": str(tmp_path)})
    assert not [item for item in look(house, number).proposal.changes if item.code == "courtesy"]
    assert look(house, number).proposal.authority_cents == 1200
    assert not [item for item in adjustments_of_account(home.account_id) if item.kind == "waiver"]


DAYS = st.lists(st.dates(min_value=date(2024, 1, 1), max_value=date(2026, 12, 31)), max_size=4).map(tuple)


def test_the_policy_cannot_see_who_somebody_is() -> None:
    """Not a name, a language or a ZIP code fits into what the policy is given: days, and the code of the charge."""
    kinds = get_type_hints(CourtesyHistory)
    assert kinds.pop("charge") is str
    assert set(kinds.values()) == {tuple[date, ...]}
    assert {item.name for item in dataclasses.fields(CourtesyHistory)} == {"charge", "others", "waived", "returned"}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(others=DAYS, waived=DAYS, returned=DAYS, on=st.dates(min_value=date(2025, 1, 1), max_value=date(2026, 12, 31)))
def test_the_same_days_in_any_order_get_the_same_offer(
    others: tuple[date, ...], waived: tuple[date, ...], returned: tuple[date, ...], on: date
) -> None:
    policy = courtesy_policy()
    assert policy is not None
    since = months_before(on, months=12)
    offers = [
        courtesy_offer(
            CourtesyHistory(charge="late_charge", others=way(others), waived=way(waived), returned=way(returned)),
            policy=policy,
            as_of=on,
        )
        for way in (tuple, lambda days: tuple(reversed(days)))
    ]
    assert offers[0] == offers[1]
    assert offers[0].entitled == (not any(day > since for day in (*others, *waived, *returned)))


NAMES = st.sampled_from(["Ruth A. Kowalczyk", "Nguyễn Thị Hoa", "José Ñandú", "Fatima al-Sayed", "Lakota Two Rivers"])
ZIPS = st.sampled_from(["68900", "68901", "10001", "99999"])


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=NAMES, language=st.sampled_from(["en", "es"]), postal_code=ZIPS)
def test_two_accounts_alike_but_for_who_they_are_get_the_same_offer(
    house: House, home: Home, name: str, language: str, postal_code: str
) -> None:
    number = next((item.adjustment_id for item in adjustments_of_account(home.account_id)), None)
    number = number or late_charge(house, home)
    before, shown = history_of(adjustment(number)), said(look(house, number))
    row = Customer.objects.filter(pk=home.customer_id)
    row.update(name=name, search_text=name.lower(), **({"language": language} if hasattr(Customer, "language") else {}))
    Account.objects.filter(pk=home.account_id).update(mail_postal_code=postal_code)
    Premise.objects.filter(pk=home.premise_id).update(postal_code=postal_code)
    assert history_of(adjustment(number)) == before
    assert said(look(house, number)) == shown


@pytest.mark.parametrize(
    ("on", "months", "before"),
    [(date(2026, 2, 28), 12, date(2025, 2, 28)), (date(2024, 2, 29), 12, date(2023, 2, 28)),
     (date(2026, 1, 15), 1, date(2025, 12, 15)), (date(2026, 3, 31), 1, date(2026, 2, 28))],
)  # fmt: skip
def test_months_before(on: date, months: int, before: date) -> None:
    assert months_before(on, months=months) == before


# Requests that wait


def test_a_request_is_brought_to_mind_after_nine_business_hours(house: House, home: Home) -> None:
    asked = ask(house, home)  # Friday, October 31, at 10:00
    assert todo(house, "alvarez").waiting_long == 0
    house.pass_days(3)  # Monday: Saturday and Sunday do not count
    early = todo(house, "alvarez", hour=15)  # 9:00 standard time
    assert (early.waiting_long, early.rows[0].waited_hours) == (0, 8)
    late = todo(house, "alvarez", hour=16)
    assert (late.waiting_long, late.rows[0].waits_long) == (1, True)
    assert [row.request_id for row in todo(house, "alvarez", shown="long", hour=16).rows] == [asked]


def test_business_hours_leave_out_nights_and_holidays() -> None:
    version = approval_rules().version_on(date(2026, 11, 25))
    central = ZoneInfo("America/Chicago")
    asked, now = datetime(2026, 11, 25, 16, tzinfo=central), datetime(2026, 11, 30, 9, 30, tzinfo=central)
    assert hours_waited(asked, at=now, version=version) == 2  # Thanksgiving, the day after it, a weekend
    assert hours_waited(now, at=asked, version=version) == 0


def test_a_request_that_nobody_decides_expires_and_is_seen_by_who_asked(house: House, home: Home) -> None:
    asked = ask(house, home)
    house.pass_days(13)
    assert waiting_count(as_of=house.today) == 1
    house.pass_days(1)
    assert waiting_count(as_of=house.today) == 0
    mine, colleague = todo(house, "reyes"), todo(house, "dvorak")
    assert ([row.request_id for row in mine.expired], mine.rows) == ([asked], ())
    assert colleague.expired == ()
    again = ask(house, home)
    assert [row.request_id for row in todo(house, "alvarez").rows] == [again]


def test_a_request_is_taken_back_by_who_asked(house: House, home: Home) -> None:
    asked = ask(house, home)
    [row] = todo(house, "reyes").rows
    assert (row.may_withdraw, row.may_decide) == (True, False)
    before = table_rows(but=("records_",))
    done = house.do("withdraw_request", by="reyes", request_id=asked)
    assert done.outcome == "done"
    assert table_rows(but=("records_",)) == before
    assert [(row.request_id, row.state) for row in todo(house, "reyes").decided] == [(asked, "withdrawn")]
    # What was withdrawn was not declined: within one's authority it may be done.
    adjust(house, home, "goodwill_credit", "poor_service", "40.00")


def test_types_are_listed_for_the_jobs_that_may(house: House) -> None:
    del house
    types = adjustment_types()
    own = {item.code for item in types.by_hand(on=date(2026, 1, 1), jobs=("representative",))}
    assert own == {"goodwill_credit", "billing_correction_credit", "billing_correction_debit"}
    assert types.by_hand(on=date(2023, 1, 1)) == ()
    assert {item.code for item in types.types} >= {"fee", "waiver"}


def test_a_receipt_of_a_credit_reads_in_words(house: House, home: Home) -> None:
    done: ReceiptFacts = house.do(
        "post_adjustment", by="reyes", account_id=home.account_id, type="goodwill_credit",
        reason="missed_appointment", amount_cents="20.00", evidence="Order 118", note="Waited all morning",
    )  # fmt: skip
    told = done.body["summary"]
    assert told["template"] % told["params"] == "Goodwill credit of $20.00: Missed appointment, by its order"
    assert "Waited all morning" not in json.dumps(done.body)


def test_a_second_home_is_an_account_of_its_own(house: House, home: Home) -> None:
    other = move_in(house, serial="77402919", street="1844 Cottonwood St", customer_id=home.customer_id)
    house.pass_days(1)
    adjust(house, home, "goodwill_credit", "poor_service", "50.00")
    adjust(house, other, "goodwill_credit", "poor_service", "50.00")  # the limit is for a representative and account
