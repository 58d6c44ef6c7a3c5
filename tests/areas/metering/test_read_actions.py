"""Adding a meter, entering, releasing and rejecting reads: through the door, as a representative would."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from datetime import date
from decimal import Decimal
from itertools import count
from typing import Any

import pytest
from django.db import connection
from tests.areas.metering.world import AS_OF, D_SERIALS, MOMENT, World, make_account, make_actor
from tests.guards import guards_lifted

from weatherhead.actions.metering.enter_read import MeterNotNamed, MeterNotOnAccount, NoServiceOnDay
from weatherhead.actions.metering.release_read import PassedZeroUnknown
from weatherhead.areas.agreements.operations import start_agreement
from weatherhead.areas.metering.intake import (
    DemandNotMeasured,
    MeterNotInstalled,
    MeterUnknown,
    ReadExists,
    ReadInFuture,
    ReadKnown,
    TooManyDigits,
)
from weatherhead.areas.metering.models import Meter, MeterInstallation, Read
from weatherhead.areas.metering.operations import (
    MeterHangsElsewhere,
    MeterReadMeanwhile,
    ReadNotHeld,
    SerialTaken,
    ServicePointHasMeter,
    ServicePointUnmetered,
    install_meter,
    record_reads,
)
from weatherhead.areas.metering.queries import NoSuchRead, read
from weatherhead.areas.metering.usage import MultiplierNotExact, ReadOutOfSequence
from weatherhead.areas.premises.operations import create_service_point
from weatherhead.areas.records.models import AuditEntry, Receipt
from weatherhead.core.values import Refusal
from weatherhead.door.authority import NotPermitted
from weatherhead.door.context import Actor
from weatherhead.door.perform import perform
from weatherhead.door.preview import preview
from weatherhead.door.registry import InputsInvalid

KEYS = (f"key-{number}" for number in count())


def do(action: str, *, world: World, actor: Actor | None = None, **inputs: Any) -> Any:
    """Perform an action; returns its receipt."""
    return perform(action, actor=actor or world.actor, key=next(KEYS), moment=MOMENT, inputs=inputs)


def proposed(action: str, *, world: World, **inputs: Any) -> Any:
    return preview(action, actor=world.actor, moment=MOMENT, inputs=inputs).proposal


def entered(world: World, *, serial: str, reading: str, **inputs: Any) -> Read:
    """Enter a read and return its row."""
    given = {"account_id": world.account_id, "meter": serial, "read_on": "2026-12-01", "reading": reading, **inputs}
    receipt = do("enter_read", world=world, **given)
    return Read.objects.get(pk=receipt.body["made"]["read"][0])


def tables() -> dict[str, int]:
    """Rows by table, of everything that metering owns."""
    return {
        model._meta.db_table: model.objects.count()  # type: ignore[attr-defined]
        for model in (Meter, MeterInstallation, Read)
    }


def refused(kind: type[Refusal], work: Callable[[], object]) -> str:
    """The sentence of a refusal that changed nothing and was audited."""
    before, receipts = tables(), Receipt.objects.count()
    states = list(Read.objects.order_by("pk").values_list("pk", "state", "turns"))
    with pytest.raises(kind) as raised:
        work()
    assert raised.type is kind
    assert tables() == before
    assert list(Read.objects.order_by("pk").values_list("pk", "state", "turns")) == states
    assert Receipt.objects.count() == receipts
    assert AuditEntry.objects.filter(kind="refused", subject=kind.__name__).exists()
    return str(raised.value)


# ---------------------------------------------------------------------------------------------------------- enter_read
def test_a_read_is_shown_before_and_after_and_then_entered(world: World) -> None:
    given = {"account_id": world.account_id, "meter": "E-1001", "read_on": "2026-12-01", "reading": "12440"}
    proposal = proposed("enter_read", world=world, **given)
    assert str(proposal.summary) == "Meter E-1001 read 12,440 on 2026-12-01: 600 kWh in 30 days"
    shown = {change.code: (change.before, change.after) for change in proposal.changes}
    # The period before took 620 kWh in 31 days, which is 600 in 30.
    assert shown == {
        "meter_read": (11_840, 12_440),
        "read_on": (date(2026, 11, 1), date(2026, 12, 1)),
        "use": (600_000, 600_000),
        "days": (31, 30),
    }
    assert proposal.creates == {"metering_read": 1}
    assert proposal.account_ids == (world.account_id,)
    row = entered(world, serial="E-1001", reading="12440", note="gate code 12")
    assert (row.state, row.dial_reading, row.turns, row.note) == ("accepted", 12_440, 0, "gate code 12")
    assert Receipt.objects.get(pk=row.receipt_id).action == "enter_read"


def test_leading_zeros_demand_and_a_turn(world: World) -> None:
    turned = entered(world, serial="R-3001", reading="00340")
    assert (turned.state, turned.dial_reading, turned.turns) == ("accepted", 340, 1)
    demand = entered(world, serial="D-2001", reading="2150", demand_kw="41.25")
    assert (demand.state, demand.demand_w_max) == ("accepted", 41_250)


def test_a_read_out_of_bounds_is_held_and_says_why(world: World) -> None:
    row = entered(world, serial="E-1001", reading="21840")
    assert (row.state, row.exception) == ("held", "high")
    summary = Receipt.objects.get(pk=row.receipt_id).body["summary"]
    assert summary["params"]["why"]["params"]["energy"] == "10,000"
    assert str(read(row.pk).why) == "10,000 kWh in 30 days is high: 600 kWh by the last 3 periods."


def test_the_only_meter_need_not_be_named(world: World) -> None:
    account_id = make_account(name="Ben Cole")
    point = world.points["E-1001"]
    given: dict[str, Any] = {"account_id": account_id, "read_on": "2026-12-01", "reading": "12440"}
    said = refused(MeterNotNamed, lambda: do("enter_read", world=world, **given))
    assert said.endswith(": –.")
    from weatherhead.areas.agreements.models import ServiceAgreement

    with guards_lifted():
        ServiceAgreement.objects.filter(service_point_id=point).delete()
    start_agreement(
        account_id=account_id, service_point_id=point, schedule="residential", options={}, start_on=date(2026, 1, 1)
    )
    do("enter_read", world=world, **given)
    assert Read.objects.get(meter_id=world.meters["E-1001"], read_on=date(2026, 12, 1)).state == "accepted"
    said = refused(MeterNotNamed, lambda: do("enter_read", world=world, **{**given, "account_id": world.account_id}))
    assert "E-1002" in said


@pytest.mark.parametrize(
    ("kind", "given"),
    [
        (ReadInFuture, {"read_on": "2026-12-03"}),
        (MeterUnknown, {"meter": "E-9999"}),
        (MeterNotOnAccount, {"meter": "S-6001"}),
        (MeterNotInstalled, {"meter": "O-5001"}),
        (TooManyDigits, {"reading": "112440"}),
        (DemandNotMeasured, {"demand_kw": "3"}),
        (ReadKnown, {"read_on": "2026-11-01", "reading": "11840"}),
        (ReadExists, {"read_on": "2026-11-01", "reading": "11900"}),
        (ReadExists, {"meter": "H-7001", "read_on": "2026-11-20"}),
        (ReadOutOfSequence, {"read_on": "2026-10-15", "reading": "11900"}),
    ],
)
def test_what_cannot_be_a_read_is_refused(kind: type[Refusal], given: dict[str, Any], world: World) -> None:
    inputs = {
        "account_id": world.account_id,
        "meter": "E-1001",
        "read_on": "2026-12-01",
        "reading": "12440",
        **given,
    }
    refused(kind, lambda: do("enter_read", world=world, **inputs))


def test_a_day_without_service_belongs_to_another_account(world: World) -> None:
    from weatherhead.areas.agreements.models import ServiceAgreement

    moved = ServiceAgreement.objects.filter(service_point_id=world.points["E-1001"])
    moved.update(end_on=date(2026, 11, 15))
    given = {"account_id": world.account_id, "meter": "E-1001", "reading": "12440", "read_on": "2026-12-01"}
    said = refused(NoServiceOnDay, lambda: do("enter_read", world=world, **given))
    assert "2026-01-01 – 2026-11-15" in said
    do("enter_read", world=world, **{**given, "read_on": "2026-11-15", "reading": "12120", "kind": "move_out"})


@pytest.mark.parametrize(
    ("given", "field", "said"),
    [
        ({"reading": "12.5"}, "reading", "12.5 has a decimal point. Write the whole digits of the dial only."),
        ({"reading": "-5"}, "reading", "A dial cannot show -5. Write its digits without a sign."),
        ({"reading": ""}, "reading", "The reading is missing. Write the digits of the dial."),
        ({"read_on": "12/01/2026"}, "read_on", "12/01/2026 is not a date as expected. Write year, month and day: "),
        ({"demand_kw": "4,5"}, "demand_kw", "4,5 is not a demand in kW."),
        ({"kind": "guess"}, "kind", "Input should be"),
        ({"note": "x" * 501}, "note", "String should have at most 500 characters"),
    ],
)
def test_a_form_says_what_each_field_wants(given: dict[str, Any], field: str, said: str, world: World) -> None:
    inputs = {"account_id": world.account_id, "meter": "E-1001", "read_on": "2026-12-01", "reading": "12440", **given}
    before = tables()
    with pytest.raises(InputsInvalid) as raised:
        do("enter_read", world=world, **inputs)
    assert raised.value.problems[field].startswith(said)
    assert list(raised.value.problems) == [field]
    assert tables() == before


def test_inputs_survive_being_stored_and_parsed_again(world: World) -> None:
    from weatherhead.door.registry import registry

    action = registry.get("enter_read")
    values = action.parse(
        {"account_id": "7", "meter": "D-2001", "read_on": "2026-12-01", "reading": "02150", "demand_kw": " 41.250 "}
    )
    assert action.parse(action.plain(values)) == values
    assert values.demand_kw == "41.250"


def test_a_cashier_may_not(world: World) -> None:
    cashier = make_actor(username="carl", name="Carl Lind", job="cashier")
    with pytest.raises(NotPermitted):
        do(
            "enter_read",
            world=world,
            actor=cashier,
            account_id=world.account_id,
            meter="E-1001",
            read_on="2026-12-01",
            reading="12440",
        )
    assert not Read.objects.filter(read_on=date(2026, 12, 1)).exists()


def test_a_read_judged_by_what_is_no_longer_so_is_refused(world: World) -> None:
    given = {"account_id": world.account_id, "meter": "E-1001", "read_on": "2026-12-01", "reading": "12440"}
    plan = proposed("enter_read", world=world, **given).plan
    entered(world, serial="E-1001", reading="12000", read_on="2026-11-15")
    before = tables()
    with pytest.raises(MeterReadMeanwhile):
        record_reads(
            [plan.read],
            receipt_id=1,
            batch_id=None,
            meter_ids=[world.meters["E-1001"]],
            accepted_before=plan.accepted_before,
        )
    assert tables() == before


def test_entering_asks_a_fixed_number_of_queries(world: World, django_assert_max_num_queries: Any) -> None:
    given = {"account_id": world.account_id, "meter": "D-2001", "read_on": "2026-12-01", "reading": "2150"}
    with django_assert_max_num_queries(20):
        proposed("enter_read", world=world, **given)
    assert len(D_SERIALS) == 6


# ---------------------------------------------------------------------------------------------- release and reject
def test_a_released_read_is_billable_and_keeps_its_reason(world: World) -> None:
    row = entered(world, serial="E-1001", reading="21840")
    proposal = proposed("release_read", world=world, read_id=row.pk, reason="new spa, confirmed by phone")
    assert proposal.updates == {"metering_read": 1}
    assert proposal.account_ids == (world.account_id,)
    assert {change.code: (change.before, change.after) for change in proposal.changes} == {
        "read_state": ("held", "accepted"),
        "use": (None, 10_000_000),
    }
    receipt = do("release_read", world=world, read_id=row.pk, reason="new spa, confirmed by phone")
    row.refresh_from_db()
    assert (row.state, row.exception, row.decision, row.decided_on) == (
        "accepted",
        "high",
        "new spa, confirmed by phone",
        AS_OF,
    )
    assert row.decision_receipt_id == receipt.receipt_id
    refused(ReadNotHeld, lambda: do("release_read", world=world, read_id=row.pk, reason="once more"))


def test_a_rejected_read_is_kept_and_its_day_is_free(world: World) -> None:
    row = entered(world, serial="E-1001", reading="21840")
    do("reject_read", world=world, read_id=row.pk, reason="digits swapped")
    row.refresh_from_db()
    assert (row.state, row.decision) == ("rejected", "digits swapped")
    refused(ReadNotHeld, lambda: do("reject_read", world=world, read_id=row.pk, reason="once more"))
    again = entered(world, serial="E-1001", reading="12440")
    assert again.state == "accepted"
    assert Read.objects.filter(meter_id=row.meter_id, read_on=row.read_on).count() == 2


@pytest.mark.parametrize(
    ("serial", "reading", "passed_zero", "turns", "energy_wh"),
    [
        ("N-4001", "450", None, 1, 500_000),  # held as a turn, and stays one
        ("N-4001", "450", "false", 0, -99_500_000),  # no: the read before was wrong
        ("E-1001", "11740", None, 0, -100_000),  # held as negative, and stays so: the estimate before was too high
        ("E-1001", "11740", "true", 1, 99_900_000),  # somebody knows better
    ],
)
def test_a_person_decides_whether_the_dial_passed_zero(
    serial: str, reading: str, passed_zero: str | None, turns: int, energy_wh: int, world: World
) -> None:
    row = entered(world, serial=serial, reading=reading)
    assert row.state == "held"
    given: dict[str, Any] = {"read_id": row.pk, "reason": "seen on the spot"}
    if passed_zero is not None:
        given["passed_zero"] = passed_zero
    use = next(item for item in proposed("release_read", world=world, **given).changes if item.code == "use")
    assert use.after == energy_wh
    do("release_read", world=world, **given)
    row.refresh_from_db()
    assert (row.state, row.turns) == ("accepted", turns)


def test_a_later_read_forbids_to_release_what_contradicts_it(world: World) -> None:
    row = entered(world, serial="E-1001", reading="21840", read_on="2026-11-15")
    assert row.state == "held"
    entered(world, serial="E-1001", reading="12440")
    said = refused(ReadOutOfSequence, lambda: do("release_read", world=world, read_id=row.pk, reason="it is right"))
    assert "21,840" in said
    assert "12,440" in said


def test_a_higher_read_that_came_since_asks_the_person_about_zero(world: World) -> None:
    row = entered(world, serial="E-1001", reading="15000")
    assert (row.state, row.exception) == ("held", "high")
    higher = entered(world, serial="E-1001", reading="16000", read_on="2026-11-20")
    do("release_read", world=world, read_id=higher.pk, reason="photo from the field")
    given = {"read_id": row.pk, "reason": "it is right"}
    said = refused(PassedZeroUnknown, lambda: do("release_read", world=world, **given))
    assert said.startswith("15,000 is less than 16,000 on 2026-11-20")
    do("release_read", world=world, **given, passed_zero="false")
    row.refresh_from_db()
    assert (row.state, row.turns) == ("accepted", 0)


def test_an_unknown_read(world: World) -> None:
    refused(NoSuchRead, lambda: do("release_read", world=world, read_id=10**6, reason="it is right"))
    refused(NoSuchRead, lambda: do("reject_read", world=world, read_id=10**6, reason="it is wrong"))


# ----------------------------------------------------------------------------------------------------------- add_meter
def new_point(world: World, *, kind: str = "metered") -> int:
    return create_service_point(premise_id=world.premise_id, label=f"new {kind}", kind=kind)


def plate(point: int, **given: Any) -> dict[str, Any]:
    return {
        "service_point_id": point,
        "serial": "X-8001",
        "dials": "6",
        "multiplier": "40",
        "has_demand": "true",
        "installed_on": "2026-11-20",
        "first_reading": "000123",
        **given,
    }


def test_a_meter_is_added_hung_and_read(world: World) -> None:
    point = new_point(world)
    before = tables()
    proposal = proposed("add_meter", world=world, **plate(point))
    assert tables() == before
    do("add_meter", world=world, **plate(point))
    assert tables() == {name: number + proposal.creates[name] for name, number in before.items()}
    meter = Meter.objects.get(serial="X-8001")
    assert (meter.dials, meter.multiplier, meter.has_demand) == (6, Decimal(40), True)
    hung = MeterInstallation.objects.get(meter_id=meter.pk)
    assert (hung.service_point_id, hung.installed_on, hung.removed_on) == (point, date(2026, 11, 20), None)
    first = Read.objects.get(meter_id=meter.pk)
    assert (first.read_on, first.dial_reading, first.state) == (date(2026, 11, 20), 123, "accepted")


def test_what_cannot_be_added(world: World) -> None:
    point, bare = new_point(world), new_point(world, kind="unmetered")
    taken = world.points["E-1001"]

    def add(point: int, **given: Any) -> Callable[[], object]:
        return lambda: do("add_meter", world=world, **plate(point, **given))

    refused(SerialTaken, add(point, serial="E-1001"))
    refused(ServicePointUnmetered, add(bare))
    assert "E-1001" in refused(ServicePointHasMeter, add(taken))
    refused(ServicePointHasMeter, add(world.points["O-5001"], installed_on="2026-10-14"))
    refused(ReadInFuture, add(point, installed_on="2026-12-03"))
    refused(TooManyDigits, add(point, first_reading="1234567"))
    refused(MultiplierNotExact, add(point, multiplier="1.2345"))
    refused(InputsInvalid, add(point, dials="3"))
    refused(InputsInvalid, add(point, multiplier="forty"))
    do("add_meter", world=world, **plate(world.points["O-5001"], installed_on="2026-10-15"))


def test_constraints_become_refusals(world: World) -> None:
    """What propose could not see, because someone was faster, is refused by name all the same."""
    with pytest.raises(ServicePointHasMeter):
        install_meter(
            meter_id=world.meters["S-6001"], service_point_id=world.points["E-1001"], installed_on=date(2026, 12, 1)
        )
    with pytest.raises(MeterHangsElsewhere):
        install_meter(
            meter_id=world.meters["E-1001"], service_point_id=new_point(world), installed_on=date(2026, 12, 1)
        )
    plan = proposed(
        "enter_read",
        world=world,
        account_id=world.account_id,
        meter="E-1001",
        read_on="2026-12-01",
        reading="21840",
    ).plan
    entered(world, serial="E-1001", reading="22000")  # held: the count of accepted reads is as before
    with pytest.raises(MeterReadMeanwhile):
        record_reads(
            [plan.read],
            receipt_id=1,
            batch_id=None,
            meter_ids=[world.meters["E-1001"]],
            accepted_before=plan.accepted_before,
        )
    assert not connection.needs_rollback
    assert asdict(plan.read)["state"] == "held"
