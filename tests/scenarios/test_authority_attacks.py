"""Attempts to give more than one may. Each is refused or becomes a request; the books stay as they were; the attempt is
in the audit log under the name of whoever tried."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.house import PASSWORD, Home, House, moment, move_in, table_rows
from weatherhead.actions.adjustments.post_adjustment import NoSuchFile
from weatherhead.actions.adjustments.reverse_adjustment import (
    AdjustmentAlreadyReversed,
    ReversalIsFinal,
    WaivedMeanwhile,
)
from weatherhead.actions.adjustments.waive_fee import MoreThanTheFee, NotAFee, NothingLeftToWaive, WaivedBeforeCharged
from weatherhead.actions.approvals.approve_request import RequestExpired
from weatherhead.actions.approvals.withdraw_request import NotTheirRequest
from weatherhead.areas.billing.adjustment_types import NoSuchAdjustmentType, NotForThisJob, OverTheType
from weatherhead.areas.billing.fees import EvidenceNeeded, ReasonUnknown
from weatherhead.areas.ledger.queries import balance_of
from weatherhead.areas.records.models import AuditEntry, AuthorityUse
from weatherhead.areas.records.operations.approvals import RequestAlreadyDecided
from weatherhead.areas.records.operations.idempotency import KeyUsedForOtherInputs
from weatherhead.areas.records.queries.receipts import ReceiptFacts
from weatherhead.areas.workforce.models import Employee, User
from weatherhead.core.values import Refusal
from weatherhead.door import jobs
from weatherhead.door.authority import (
    AlreadyAsked,
    AmountOverAuthority,
    MakerIsChecker,
    MakerMayNoLonger,
    NotPermitted,
    OverCheckersAuthority,
    OverCheckersShare,
    OwnAccount,
)
from weatherhead.door.context import Actor, Moment
from weatherhead.door.perform import ChangedSinceAsked, ChangedSincePreview, perform
from weatherhead.door.registry import InputsInvalid
from weatherhead.interfaces.cli.main import main

pytestmark = pytest.mark.django_db

AUDIT = ("records_auditentry", "records_auditstream")
Deed = Callable[[], ReceiptFacts]


def digest(*, but: tuple[str, ...]) -> str:
    """Every row of every table, but some."""
    return hashlib.sha256(repr(table_rows(but=but)).encode()).hexdigest()


@contextmanager
def remembered(house: House, by: str, *, kind: str) -> Iterator[None]:
    """The attempt stands in the audit log, once, under a name."""
    before = AuditEntry.objects.count()
    yield
    [entry] = AuditEntry.objects.order_by("pk")[before:]
    assert (entry.kind, entry.employee_id) == (kind, house.actor(by).employee_id)


def refused(house: House, refusal: type[Refusal], deed: Deed, *, by: str = "reyes") -> None:
    """It is refused by name; nothing changed but the audit log."""
    before = digest(but=AUDIT)
    with remembered(house, by, kind="refused"), pytest.raises(refusal):
        deed()
    assert digest(but=AUDIT) == before


def asks(house: House, deed: Deed, *, by: str = "reyes", because: str = "") -> int:
    """It becomes a request; the books, bills and everything else but the records stay as they were."""
    before, used = digest(but=("records_",)), AuthorityUse.objects.count()
    with remembered(house, by, kind="approval"):
        done = deed()
    assert done.outcome == "approval_requested"
    assert digest(but=("records_",)) == before
    assert AuthorityUse.objects.count() == used, "a request consumes nothing"
    reason = done.body["reason"]
    assert because in reason["template"] % reason["params"]
    return int(done.body["request"])


def fee(house: House, home: Home, amount: str = "200.00") -> int:
    return house.made(
        "assess_fee",
        "adjustment",
        account_id=home.account_id,
        charge="connect_fee",
        reason="service_rendered",
        amount_cents=amount,
    )


def computed_fee(house: House, home: Home) -> int:
    """$160.00 by the rule: whoever charges it uses no authority."""
    what = {"charge": "after_hours_reconnect_fee", "reason": "service_rendered"}
    return house.made("assess_fee", "adjustment", by="reyes", account_id=home.account_id, **what)


def waive(house: House, fee_id: int, amount: str | None, *, by: str = "reyes", **more: Any) -> ReceiptFacts:
    given = {"reason": "our_error", **({} if amount is None else {"amount_cents": amount}), **more}
    return house.do("waive_fee", by=by, adjustment_id=fee_id, **given)


def credit(house: House, home: Home, amount: object, *, by: str = "reyes", **more: Any) -> ReceiptFacts:
    given = {"type": "goodwill_credit", "reason": "poor_service", "evidence": "Her call of October 31", **more}
    return house.do("post_adjustment", by=by, account_id=home.account_id, amount_cents=amount, **given)


def debit(house: House, home: Home, amount: str, *, by: str = "reyes") -> ReceiptFacts:
    what = {"type": "billing_correction_debit", "reason": "left_off_bill", "evidence": "Bill of October 31"}
    return credit(house, home, amount, by=by, **what)


def undo(house: House, adjustment_id: int, *, by: str = "reyes") -> ReceiptFacts:
    return house.do("reverse_adjustment", by=by, adjustment_id=adjustment_id, note="Made in error")


def made(done: ReceiptFacts) -> int:
    assert done.outcome == "done"
    [number] = done.body["made"]["adjustment"]
    return int(number)


def approve(house: House, request_id: int, *, by: str = "alvarez") -> ReceiptFacts:
    return house.do("approve_request", by=by, request_id=request_id)


def hire(house: House, username: str, job: str, *, days: int | None = None) -> None:
    ends = {} if days is None else {"ends_on": house.today + timedelta(days=days)}
    house.do("assign_job", by="larsen", username=username, job=job, starts_on=house.today, **ends)


def tie(house: House, username: str, **to: int) -> None:
    house.do("link_employee", by="larsen", username=username, relation="household", **to)


# Splitting


def test_a_waiver_in_two_pieces(house: House, home: Home) -> None:
    number = fee(house, home)
    waive(house, number, "30.00")
    asks(house, lambda: waive(house, number, "30.00"), because="$20.00 left of $50.00")


def test_two_fees_waived_on_one_account(house: House, home: Home) -> None:
    first, second = fee(house, home, "30.00"), fee(house, home, "30.00")
    waive(house, first, None)
    asks(house, lambda: waive(house, second, None))


def test_one_waives_and_credits_besides(house: House, home: Home) -> None:
    waive(house, fee(house, home), "50.00")
    asks(house, lambda: credit(house, home, "0.01"), because="$0.00 left of $50.00")


def test_three_colleagues_give_fifty_each(house: House, home: Home) -> None:
    hire(house, "nguyen", "representative")
    credit(house, home, "50.00", by="reyes")
    credit(house, home, "50.00", by="dvorak")
    asks(house, lambda: credit(house, home, "50.00", by="nguyen"), by="nguyen", because="$0.00 left of $100.00")


def test_pieces_of_a_cent_below_the_rolling_day(house: House, home: Home) -> None:
    credit(house, home, "49.99")
    house.pass_days(29)
    asks(house, lambda: credit(house, home, "0.02"))


# Signs, undoing, and adding back


def test_a_charge_gives_nothing_back_for_a_credit(house: House, home: Home) -> None:
    credit(house, home, "30.00")
    asks(house, lambda: debit(house, home, "30.00"))
    asks(house, lambda: credit(house, home, "30.00"))


def test_waive_add_back_and_waive_again(house: House, home: Home) -> None:
    number = fee(house, home)
    waived = made(waive(house, number, "20.00"))
    undo(house, waived)
    asks(house, lambda: waive(house, number, "20.00"), because="$10.00 left of $50.00")


def test_a_waiver_is_added_back_over_the_limit(house: House, home: Home) -> None:
    waived = made(waive(house, fee(house, home), "30.00"))
    asks(house, lambda: undo(house, waived))


def test_a_fee_of_the_rule_is_reversed_in_place_of_a_waiver(house: House, home: Home) -> None:
    number = computed_fee(house, home)
    asks(house, lambda: undo(house, number), because="$160.00 is over the limit of $50.00")


def test_a_credit_by_reversing_a_charge_of_ones_own(house: House, home: Home) -> None:
    charged = made(debit(house, home, "30.00"))
    asks(house, lambda: undo(house, charged))


def test_a_manual_fee_and_then_a_credit(house: House, home: Home) -> None:
    own = {"charge": "connect_fee", "reason": "service_rendered", "amount_cents": "30.00"}
    house.do("assess_fee", by="reyes", account_id=home.account_id, **own)
    asks(house, lambda: credit(house, home, "30.00"))


def test_a_reversal_is_not_reversed_nor_anything_twice(house: House, home: Home) -> None:
    given = made(credit(house, home, "5.00"))
    back = made(undo(house, given))
    refused(house, AdjustmentAlreadyReversed, lambda: undo(house, given))
    refused(house, ReversalIsFinal, lambda: undo(house, back))
    refused(house, NotAFee, lambda: waive(house, back, "5.00"))


def test_a_fee_is_both_waived_and_reversed(house: House, home: Home) -> None:
    number = fee(house, home, "20.00")
    waive(house, number, "5.00")
    refused(house, WaivedMeanwhile, lambda: undo(house, number))
    other = fee(house, home, "20.00")
    undo(house, other, by="dvorak")
    refused(house, NothingLeftToWaive, lambda: waive(house, other, "5.00"))
    refused(house, MoreThanTheFee, lambda: waive(house, number, "15.01"))


# Amounts


@pytest.mark.parametrize(
    "amount", ["-5.00", "0", "−5.00", "1e9", "NaN", "5.005", "99999999999999999999.00", 5.0, True, ""]
)
def test_an_amount_that_is_none(house: House, home: Home, amount: object) -> None:
    refused(house, InputsInvalid, lambda: credit(house, home, amount))


def test_an_amount_that_nobody_may_approve(house: House, home: Home) -> None:
    given = {"type": "billing_correction_credit", "reason": "charge_in_error"}
    refused(house, AmountOverAuthority, lambda: credit(house, home, "10000.01", **given))


def test_an_amount_over_the_types_own(house: House, home: Home) -> None:
    refused(house, OverTheType, lambda: credit(house, home, "250.01", by="alvarez"), by="alvarez")


# Approving


def test_one_approves_ones_own_request_with_a_second_job(house: House, home: Home) -> None:
    asked = asks(house, lambda: credit(house, home, "80.00"))
    hire(house, "reyes", "supervisor")
    refused(house, MakerIsChecker, lambda: approve(house, asked, by="reyes"))


def test_a_colleague_without_the_job_approves(house: House, home: Home) -> None:
    asked = asks(house, lambda: credit(house, home, "80.00"))
    refused(house, NotPermitted, lambda: approve(house, asked, by="dvorak"), by="dvorak")


def test_the_limit_of_the_approver_fell_meanwhile(house: House, home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = asks(house, lambda: credit(house, home, "80.00"))
    known = dict(jobs.job_profiles())
    limits = known["supervisor"].limits.model_copy(update={"adjustment": Decimal("79.99")})
    known["supervisor"] = known["supervisor"].model_copy(update={"limits": limits})
    monkeypatch.setattr(jobs, "job_profiles", lambda: known)
    refused(house, OverCheckersAuthority, lambda: approve(house, asked), by="alvarez")


def test_four_requests_each_well_within_the_approvers_limit(house: House, home: Home) -> None:
    numbers = [computed_fee(house, home) for _ in range(4)]
    for number in numbers[:3]:
        approve(house, asks(house, lambda number=number: waive(house, number, None)))  # type: ignore[misc]
    again = asks(house, lambda: waive(house, numbers[3], None))
    refused(house, OverCheckersShare, lambda: approve(house, again), by="alvarez")
    assert approve(house, again, by="larsen").outcome == "done"


def test_an_approver_splits_between_approving_and_doing(house: House, home: Home) -> None:
    numbers = [computed_fee(house, home) for _ in range(4)]
    for number in numbers[:3]:
        waive(house, number, None, by="alvarez")
    asked = asks(house, lambda: waive(house, numbers[3], None))
    refused(house, OverCheckersShare, lambda: approve(house, asked), by="alvarez")


def test_an_approver_who_became_tied(house: House, home: Home) -> None:
    asked = asks(house, lambda: credit(house, home, "80.00"))
    tie(house, "alvarez", premise_id=home.premise_id)
    refused(house, OwnAccount, lambda: approve(house, asked), by="alvarez")


def test_an_approver_whose_assignment_expired(house: House, home: Home) -> None:
    hire(house, "dvorak", "supervisor", days=2)
    asked = asks(house, lambda: credit(house, home, "80.00"))
    house.pass_days(2)
    refused(house, NotPermitted, lambda: approve(house, asked, by="dvorak"), by="dvorak")


def test_an_approver_who_left(house: House, home: Home) -> None:
    asked = asks(house, lambda: credit(house, home, "80.00"))
    actor = house.actor("alvarez")
    Employee.objects.filter(pk=actor.employee_id).update(ended_on=house.today)
    refused(house, NotPermitted, lambda: approve(house, asked), by="alvarez")


def test_a_maker_who_left(house: House, home: Home) -> None:
    number = computed_fee(house, home)
    waived, credited = (
        asks(house, lambda: waive(house, number, None)),
        asks(house, lambda: credit(house, home, "80.00")),
    )
    User.objects.filter(username="reyes").update(is_active=False)
    refused(house, MakerMayNoLonger, lambda: approve(house, waived), by="alvarez")
    refused(house, NotForThisJob, lambda: approve(house, credited), by="alvarez")


def test_a_maker_whose_job_ended_in_mid_request(house: House, home: Home) -> None:
    hire(house, "nguyen", "representative", days=1)
    number = computed_fee(house, home)
    asked = asks(house, lambda: waive(house, number, None, by="nguyen"), by="nguyen")
    house.pass_days(1)
    refused(house, MakerMayNoLonger, lambda: approve(house, asked), by="alvarez")


def test_a_request_is_approved_after_it_expired(house: House, home: Home) -> None:
    asked = asks(house, lambda: credit(house, home, "80.00"))
    house.pass_days(14)
    refused(house, RequestExpired, lambda: approve(house, asked), by="alvarez")
    again = asks(house, lambda: credit(house, home, "80.00"))
    assert approve(house, again).outcome == "done"


def test_a_request_is_approved_twice(house: House, home: Home) -> None:
    asked = asks(house, lambda: credit(house, home, "80.00"))
    approve(house, asked)
    refused(house, RequestAlreadyDecided, lambda: approve(house, asked, by="larsen"), by="larsen")


def test_a_request_whose_facts_changed_is_approved_unseen(house: House, home: Home) -> None:
    number = fee(house, home, "90.00")
    asked = asks(house, lambda: waive(house, number, None))
    waive(house, number, "10.00", by="dvorak")
    refused(house, ChangedSinceAsked, lambda: approve(house, asked), by="alvarez")


def test_a_request_is_approved_on_a_preview_that_is_stale(house: House, home: Home) -> None:
    number = fee(house, home, "90.00")
    asked = asks(house, lambda: waive(house, number, None))
    shown = house.see("approve_request", request_id=asked)
    waive(house, number, "10.00", by="dvorak")
    seen = {"actor": house.actor("alvarez"), "moment": moment(house.today), "seen": shown.substance}
    deed = lambda: perform("approve_request", key="stale", inputs={"request_id": asked}, **seen)  # noqa: E731
    refused(house, ChangedSincePreview, deed, by="alvarez")


def test_a_credit_is_asked_for_and_given_besides(house: House, home: Home) -> None:
    asked = asks(house, lambda: credit(house, home, "80.00"))
    credit(house, home, "40.00", by="dvorak")
    refused(house, ChangedSinceAsked, lambda: approve(house, asked), by="alvarez")


def test_the_same_is_asked_of_two_approvers(house: House, home: Home) -> None:
    number = fee(house, home, "90.00")
    asks(house, lambda: waive(house, number, None))
    refused(house, AlreadyAsked, lambda: waive(house, number, "80.00", by="dvorak"), by="dvorak")


# Declined, and then another way


def test_declined_and_then_in_pieces(house: House, home: Home) -> None:
    number = fee(house, home, "90.00")
    asked = asks(house, lambda: waive(house, number, None))
    house.do("decline_request", request_id=asked, note="No error of ours")
    asks(house, lambda: waive(house, number, "30.00"), because=f"T. Alvarez declined request {asked}")


def test_declined_and_then_by_another_action(house: House, home: Home) -> None:
    number = fee(house, home, "90.00")
    asked = asks(house, lambda: waive(house, number, None))
    house.do("decline_request", request_id=asked, note="No error of ours")
    asks(house, lambda: credit(house, home, "40.00"), because="declined request")


def test_declined_and_then_by_a_colleague(house: House, home: Home) -> None:
    number = fee(house, home, "90.00")
    asked = asks(house, lambda: waive(house, number, None))
    house.do("decline_request", request_id=asked, note="No error of ours")
    asks(house, lambda: waive(house, number, "40.00", by="dvorak"), by="dvorak", because="declined request")


def test_somebody_elses_request_is_withdrawn(house: House, home: Home) -> None:
    asked = asks(house, lambda: credit(house, home, "80.00"))
    deed = lambda: house.do("withdraw_request", by="dvorak", request_id=asked)  # noqa: E731
    refused(house, NotTheirRequest, deed, by="dvorak")


# One's own, and one's household's


def test_ones_household_by_premise_customer_or_account(house: House, home: Home) -> None:
    tie(house, "reyes", premise_id=home.premise_id)
    asks(house, lambda: credit(house, home, "1.00"), because="tied to the person who asks")


def test_the_other_account_of_a_customer_one_is_tied_to(house: House, home: Home) -> None:
    other = move_in(house, serial="77402919", street="1844 Cottonwood St", customer_id=home.customer_id)
    tie(house, "reyes", account_id=home.account_id)
    asks(house, lambda: credit(house, other, "1.00"), because="tied to the person who asks (household)")
    asked = asks(house, lambda: credit(house, other, "1.00", by="reyes"))
    tie(house, "alvarez", account_id=home.account_id)
    refused(house, OwnAccount, lambda: approve(house, asked), by="alvarez")


def test_a_tie_is_added_between_looking_and_confirming(house: House, home: Home) -> None:
    number = fee(house, home, "40.00")
    shown = house.see("waive_fee", by="reyes", adjustment_id=number, reason="our_error")
    assert shown.verdict.ask is None
    tie(house, "reyes", account_id=home.account_id)
    seen = {"actor": house.actor("reyes"), "moment": moment(house.today), "seen": shown.substance}
    inputs = {"adjustment_id": number, "reason": "our_error"}
    asks(house, lambda: perform("waive_fee", key="tied meanwhile", inputs=inputs, **seen))


# The other door


def test_the_door_is_asked_directly(house: House, home: Home) -> None:
    number = fee(house, home)
    actor = Actor(name="J. Reyes", employee_id=house.actor("reyes").employee_id, channel="api")
    inputs = {"adjustment_id": number, "reason": "our_error", "amount_cents": "60.00"}
    asks(house, lambda: perform("waive_fee", actor=actor, key="api", moment=moment(house.today), inputs=inputs))


def test_the_command_line_is_asked_by_a_cashier(house: House, home: Home, settings: Any) -> None:
    house.today = date(2026, 3, 1)
    settings.TODAY = house.today
    before = digest(but=AUDIT)
    with remembered(house, "nguyen", kind="refused"):
        assert main(["late-charges", "--cycle", "14", "--as", "nguyen"]) == 2
    assert digest(but=AUDIT) == before
    del home


def test_somebody_who_never_worked_here(house: House, home: Home) -> None:
    number = fee(house, home)
    nobody = Actor(name="J. Reyes", employee_id=987_654, channel="api")
    inputs = {"adjustment_id": number, "reason": "our_error", "amount_cents": "1.00"}
    before = digest(but=AUDIT)
    with pytest.raises(NotPermitted):
        perform("waive_fee", actor=nobody, key="nobody", moment=moment(house.today), inputs=inputs)
    assert digest(but=AUDIT) == before
    last = AuditEntry.objects.order_by("pk").last()
    assert last is not None
    assert (last.kind, last.employee_id) == ("refused", 987_654)


def test_a_job_that_ended_between_looking_and_confirming(house: House, home: Home) -> None:
    hire(house, "nguyen", "representative", days=1)
    number = fee(house, home, "40.00")
    shown = house.see("waive_fee", by="nguyen", adjustment_id=number, reason="our_error")
    house.pass_days(1)
    seen = {"actor": house.actor("nguyen"), "moment": moment(house.today), "seen": shown.substance}
    inputs = {"adjustment_id": number, "reason": "our_error"}
    deed = lambda: perform("waive_fee", key="expired", inputs=inputs, **seen)  # noqa: E731
    refused(house, NotPermitted, deed, by="nguyen")


def test_an_administrators_limit_is_not_borrowed_by_another_job(house: House, home: Home) -> None:
    house.do("add_employee", by="larsen", username="second", password=PASSWORD, name="S. Econd", job="administrator")
    house.do("assign_job", by="second", username="larsen", job="representative", starts_on=house.today)
    number = fee(house, home)
    asks(house, lambda: waive(house, number, "50.01", by="larsen"), by="larsen", because="limit of $50.00")
    assert waive(house, number, "50.00", by="larsen").outcome == "done"


# Keys and clocks


def test_a_key_is_played_again_with_more(house: House, home: Home) -> None:
    number = fee(house, home)
    waive(house, number, "5.00", key="played once")
    refused(house, KeyUsedForOtherInputs, lambda: waive(house, number, "45.00", key="played once"))
    by_another = lambda: waive(house, number, "5.00", key="played once", by="dvorak")  # noqa: E731
    refused(house, KeyUsedForOtherInputs, by_another, by="dvorak")


def test_inputs_are_changed_after_the_approval(house: House, home: Home) -> None:
    number = fee(house, home)
    asked = asks(house, lambda: waive(house, number, "80.00", key="asked with"))
    approve(house, asked)
    refused(house, KeyUsedForOtherInputs, lambda: waive(house, number, "120.00", key="asked with"))
    before = digest(but=())
    assert waive(house, number, "80.00", key="asked with").outcome == "approval_requested"
    assert digest(but=()) == before, "the first receipt again, and nothing else"


def test_the_day_is_set_back(house: House, home: Home) -> None:
    house.pass_days(60)
    number = fee(house, home)
    inputs = {"adjustment_id": number, "reason": "our_error", "amount_cents": "30.00"}
    then = Moment(at=moment(house.today).at, as_of=house.today - timedelta(days=45))
    by = house.actor("reyes")
    deed = lambda: perform("waive_fee", actor=by, key="before", moment=then, inputs=inputs)  # noqa: E731
    refused(house, WaivedBeforeCharged, deed)
    waive(house, number, "30.00")
    given = {"account_id": home.account_id, "type": "goodwill_credit", "reason": "poor_service",
             "evidence": "Her call", "amount_cents": "30.00"}  # fmt: skip
    asks(house, lambda: perform("post_adjustment", actor=by, key="back", moment=then, inputs=given))


def test_the_day_is_set_ahead_of_the_clock(house: House, home: Home) -> None:
    number = fee(house, home)
    waive(house, number, "30.00")
    ahead = Moment(at=moment(house.today).at, as_of=house.today + timedelta(days=45))
    inputs = {"adjustment_id": number, "reason": "our_error", "amount_cents": "30.00"}
    asks(house, lambda: perform("waive_fee", actor=house.actor("reyes"), key="ahead", moment=ahead, inputs=inputs))


def test_a_credit_of_an_earlier_day_rolls_off_no_sooner(house: House, home: Home) -> None:
    house.pass_days(60)
    behind = Moment(at=moment(house.today).at, as_of=house.today - timedelta(days=20))
    given = {"account_id": home.account_id, "type": "goodwill_credit", "reason": "poor_service",
             "evidence": "Her call", "amount_cents": "30.00"}  # fmt: skip
    perform("post_adjustment", actor=house.actor("reyes"), key="behind", moment=behind, inputs=given)
    house.pass_days(15)
    asks(house, lambda: credit(house, home, "30.00"))


# Evidence, types and jobs


def test_a_credit_without_evidence_or_with_a_file_that_is_not_kept(house: House, home: Home) -> None:
    refused(house, EvidenceNeeded, lambda: credit(house, home, "5.00", evidence=""))
    refused(house, EvidenceNeeded, lambda: credit(house, home, "5.00", evidence="   "))
    refused(house, NoSuchFile, lambda: credit(house, home, "5.00", evidence="", attachment_sha256="0" * 64))
    hardship = {"reason": "hardship"}
    number = fee(house, home)
    refused(house, EvidenceNeeded, lambda: waive(house, number, "5.00", **hardship))


def test_a_type_that_is_anothers_job_or_none(house: House, home: Home) -> None:
    tax = {"type": "tax_correction_credit", "reason": "exemption_certificate"}
    refused(house, NotForThisJob, lambda: credit(house, home, "5.00", **tax))
    refused(house, NoSuchAdjustmentType, lambda: credit(house, home, "5.00", type="waiver"))
    refused(house, NoSuchAdjustmentType, lambda: credit(house, home, "5.00", type="gift"))
    refused(house, ReasonUnknown, lambda: credit(house, home, "5.00", reason="exemption_certificate"))


def test_a_cashier_gives_nothing(house: House, home: Home) -> None:
    refused(house, NotPermitted, lambda: credit(house, home, "1.00", by="nguyen"), by="nguyen")


def test_a_courtesy_is_taken_twice(house: House, home: Home) -> None:
    first, second = (
        house.made("assess_fee", "adjustment", account_id=home.account_id, charge="late_charge", reason="past_due",
                   amount_cents="60.00")
        for _ in range(2)
    )  # fmt: skip
    undo(house, second, by="alvarez")  # charged twice by mistake: one late charge stands
    waived = made(waive(house, first, None, reason="first_in_12_months"))
    assert not AuthorityUse.objects.filter(receipt__body__made__adjustment__0=waived).exists()
    # Adding it back uses authority, and the courtesy is spent all the same.
    approve(house, asks(house, lambda: undo(house, waived)))
    asks(house, lambda: waive(house, first, None, reason="first_in_12_months"), because="over the limit")


def test_what_is_refused_leaves_the_balance(house: House, home: Home) -> None:
    before = balance_of([home.account_id])
    for amount in ("50.01", "99.99", "250.00"):
        asks(house, lambda amount=amount: credit(house, home, amount))  # type: ignore[misc]
    assert balance_of([home.account_id]) == before
