"""Every address for every job: what a job does not grant is not offered, not opened and not done."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from tests.workbench.stage import Stage
from weatherhead.actions import load_actions
from weatherhead.areas.records.models import AuditEntry, Receipt
from weatherhead.door.registry import registry

load_actions()

# Written out by hand, so that a job profile changed by mistake is seen here.
MONEY = {"take_payment", "email_receipt", "post_payment_batch", "open_drawer"}
METERS = {"enter_read", "release_read", "reject_read", "estimate_read", "record_check_read", "request_reread"}
READING = {"plan_calendar", "change_calendar_day", "create_route", "place_on_route", "put_streets_on_route"}
RUNS = {"start_bill_run", "start_correction_run"}
CORRECTED = {"correct_bills", "correct_terms", "correct_service_dates", "swap_services"}
CORRECTED_METERS = {"correct_multiplier", "record_meter_test", "swap_meters"}
BILLS = {"bill_account", "cancel_and_rebill", "correct_read", "hold_billing", "release_exception"}
FEES = {"assess_fee", "waive_fee"}
ADJUSTING = {"post_adjustment", "reverse_adjustment"}
RECORDS = {"create_customer", "create_account", "add_premise", "add_service_point"}
SERVICE = {"start_service", "end_service", "move_service"}
SUMMARIES = {"put_on_summary", "take_off_summary"}
STATEMENTS = {"prepare_statement", "record_consent", "revoke_consent"}
HUNG = {"add_meter", "exchange_meter"}
BOOKS = {"close_period", "reopen_period", "export_journal", "post_unbilled"}
UNDONE = {"reverse_payment", "move_payment", "return_payment"}
DEPOSITS = {"assess_deposit", "withdraw_deposit", "pay_deposit", "apply_deposit"}
CREDIT = DEPOSITS | {"request_refund", "assess_reconnect_fee", "transfer_credit", "apply_credit"}
GIVEN_UP = {"settle_deposits", "write_off_accounts", "recover_write_offs", "apply_waiting_credits"}
CHECKS = {"issue_refunds", "clear_refund_checks"}
REPRESENTATIVE = (
    MONEY
    | METERS
    | BILLS
    | FEES
    | ADJUSTING
    | CORRECTED
    | RECORDS
    | SERVICE
    | HUNG
    | UNDONE
    | SUMMARIES
    | CREDIT
    | STATEMENTS
    | {"change_mailing_address"}
)
DECIDING = {"approve_request", "decline_request"}
GRANTS = {
    "nguyen": MONEY | {"make_deposit", "import_payment_file"},
    "okafor": METERS
    | BILLS
    | CORRECTED
    | CORRECTED_METERS
    | HUNG
    | READING
    | RUNS
    | SUMMARIES
    | ADJUSTING
    | GIVEN_UP
    | CHECKS
    | BOOKS
    | {"import_reads", "import_payment_file", "return_payment", "assess_late_charges", "provide_for_bad_debt"},
    "reyes": REPRESENTATIVE,
    "alvarez": REPRESENTATIVE
    | CORRECTED_METERS
    | DECIDING
    | READING
    | RUNS
    | GIVEN_UP
    | BOOKS
    | {"import_reads", "import_payment_file", "assess_late_charges", "write_off_account", "make_deposit"},
    "larsen": DECIDING
    | {"add_employee", "assign_job", "link_employee"}
    | {"place_legal_hold", "release_legal_hold", "purge_expired"},
}
ON_ACCOUNT = {"account", "agreement", "bill", "payment", "adjustment", "exception", "read", "meter"}
# Where an action has something to act on.
WHERE = {"release_read": "dale", "reject_read": "dale", "release_exception": "long"}
WHERE |= {"put_on_summary": "alone", "take_off_summary": "together"}
REFUNDED = ["pay_deposit", "withdraw_deposit", "apply_deposit", "write_off_account", "apply_credit"]
WHERE |= dict.fromkeys(REFUNDED, "refunded")
WALKED = sorted(action.name for action in registry if action.on in ON_ACCOUNT)
ELSEWHERE = sorted(action.name for action in registry if action.on in {"utility", "premise"})
OPEN_TO_ALL = ["/", "/search?q=kowalczyk", "/search/options?q=kow", "/account/{ruth}/", "/account/{ruth}/do/",
               "/bill/{ruth_bill}/", "/receipt/{ruth_receipt}/", "/approvals"]  # fmt: skip

SignIn = Callable[..., Client]


@pytest.mark.parametrize("username", GRANTS)
def test_records_are_read_by_every_job(username: str, stage: Stage, at_desk: SignIn) -> None:
    client = at_desk(username)
    for where in OPEN_TO_ALL:
        assert client.get(where.format(**stage.as_dict()), follow=True).status_code == 200, where


@pytest.mark.parametrize("username", GRANTS)
def test_an_action_opens_for_the_jobs_that_grant_it_only(username: str, stage: Stage, at_desk: SignIn) -> None:
    client, numbers = at_desk(username), stage.as_dict()
    for name in WALKED:
        answer = client.get(f"/account/{numbers[WHERE.get(name, 'ruth')]}/do/{name}")
        assert answer.status_code == (200 if name in GRANTS[username] else 403), name
    for name in ELSEWHERE:
        answer = client.get(f"/do/{name}")
        assert answer.status_code == (200 if name in GRANTS[username] else 403), name


@pytest.mark.parametrize("username", GRANTS)
def test_an_action_is_offered_to_the_jobs_that_grant_it_only(username: str, stage: Stage, at_desk: SignIn) -> None:
    client, numbers = at_desk(username), stage.as_dict()
    shown: dict[str, str] = {}
    for name in WALKED:
        here = f"/account/{numbers[WHERE.get(name, 'ruth')]}/"
        for page in (here, f"{here}do/"):
            if page not in shown:
                shown[page] = client.get(page).content.decode()
            assert (f'href="{here}do/{name}"' in shown[page]) == (name in GRANTS[username]), name
    desk = client.get("/").content.decode()
    for name in set(ELSEWHERE) - {"import_reads"}:
        assert (f'href="/do/{name}"' in desk) == (name in GRANTS[username]), name


@pytest.mark.parametrize("username", GRANTS)
def test_what_a_job_does_not_grant_is_not_done_by_sending_its_form(
    username: str, stage: Stage, at_desk: SignIn
) -> None:
    client, numbers = at_desk(username), stage.as_dict()
    before = Receipt._default_manager.count()
    for name in set(WALKED) - GRANTS[username]:
        here = f"/account/{numbers[WHERE.get(name, 'ruth')]}/do/{name}"
        answer = client.post(here, {"step": "confirm", "key": f"a key for {name}", "digest": "guessed"})
        assert answer.status_code == 403, name
    for name in set(ELSEWHERE) - GRANTS[username]:
        answer = client.post(f"/do/{name}", {"step": "confirm", "key": f"a key for {name}", "digest": "guessed"})
        assert answer.status_code == 403, name
    assert Receipt._default_manager.count() == before


@pytest.mark.parametrize("username", ["nguyen", "okafor", "reyes"])
def test_a_request_is_decided_by_those_who_may_only(username: str, stage: Stage, at_desk: SignIn) -> None:
    client = at_desk(username)
    before = Receipt._default_manager.count()
    for decision in ("approve", "decline"):
        form = {"decision": decision, "key": f"{username} {decision}", "note": "Because I say so"}
        assert client.post(f"/approvals/{stage.hanna_request}/decide", form).status_code == 403
    assert Receipt._default_manager.count() == before
    refused = AuditEntry._default_manager.filter(kind="refused", action__in=DECIDING)
    assert {entry.action for entry in refused} == DECIDING
    assert "Approve $" not in client.get("/approvals").content.decode()


@pytest.mark.parametrize("seen", [{}, {"digest": ""}, {"digest": "0" * 64}])
def test_nothing_is_approved_unseen(seen: dict[str, str], stage: Stage, at_desk: SignIn) -> None:
    before = Receipt._default_manager.count()
    form = {"decision": "approve", "key": "blind", "note": "", **seen}
    answer = at_desk("alvarez").post(f"/approvals/{stage.hanna_request}/decide", form)
    assert answer.status_code == 409
    assert "Something changed since you looked" in answer.content.decode()
    assert Receipt._default_manager.count() == before


def test_the_administrator_may_decide_what_a_supervisor_may(stage: Stage, at_desk: SignIn) -> None:
    page = at_desk("larsen").get(f"/approvals?chosen={stage.hanna_request}").content.decode()
    assert "Approve $70.00" in page


def test_a_job_that_ended_opens_nothing(stage: Stage, at_desk: SignIn) -> None:
    from tests.workbench.stage import TODAY
    from weatherhead.areas.workforce.models import JobAssignment

    client = at_desk("dvorak")
    assert client.get("/").status_code == 200
    JobAssignment._default_manager.filter(employee__user__username="dvorak").update(ends_on=TODAY)
    assert client.get("/").status_code == 403
    assert client.get(f"/account/{stage.ruth}/").status_code == 403
