"""Enter a read of one meter. What is out of bounds is held for a second look, not refused."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from weatherhead.actions.inputs import Note, Number
from weatherhead.actions.metering.one_meter import BOUNDS_RULE, JudgedRead, record_read
from weatherhead.actions.metering.read_inputs import Day, DemandKw, OptionalSerial, Reading
from weatherhead.areas.agreements.queries import AgreementFacts, agreements_of_accounts
from weatherhead.areas.customers.queries import AccountFacts, account
from weatherhead.areas.metering.fields import parse_demand_w
from weatherhead.areas.metering.histories import histories, use_bounds
from weatherhead.areas.metering.intake import Decision, MeterHistory, MeterUnknown, decide_read
from weatherhead.areas.metering.queries import accepted_count, meter_by_serial, meter_of_service_points
from weatherhead.areas.metering.usage import NewRead, ReadKind, UseBounds, format_kwh, format_reading, to_whole_kwh
from weatherhead.core.values import Change, Refusal, Sentence, Unit, gettext_noop
from weatherhead.door.context import Actor, Moment
from weatherhead.door.proposal import Proposal
from weatherhead.door.registry import Action, Recording, registry


class MeterNotNamed(Refusal):
    """The account has several meters, or none."""

    template = gettext_noop("Say which meter was read. Meters of account %(number)s: %(serials)s.")


class MeterNotOnAccount(Refusal):
    """The meter serves someone else."""

    template = gettext_noop(
        "Meter %(serial)s does not serve account %(number)s. Find the account by the meter's number."
    )


class NoServiceOnDay(Refusal):
    """The account did not take service through the meter on that day."""

    template = gettext_noop(
        "Account %(number)s takes service through meter %(serial)s %(spans)s, which leaves out %(read_on)s. "
        "Check the date, or find the account that took service then."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """What was read on which meter, at the start of which day. `meter` may stay empty when the account has but one."""

    account_id: Number
    meter: OptionalSerial = ""
    read_on: Day
    kind: ReadKind = "actual"
    reading: Reading
    demand_kw: DemandKw = ""
    note: Note = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The account with its services, the meter with its history, and the bounds."""

    account: AccountFacts
    agreements: tuple[AgreementFacts, ...]
    serials: tuple[str, ...]  # of the meters that hang at the account's service points now
    meter: MeterHistory | None
    bounds: UseBounds
    accepted_before: int
    as_of: date


def locks(inputs: Inputs) -> tuple[int, ...]:
    """The account."""
    return (inputs.account_id,)


def gather(inputs: Inputs, moment: Moment, _: Actor) -> Facts:
    """Read account, services, meter and the meter's history."""
    agreements = agreements_of_accounts([inputs.account_id])
    hanging = meter_of_service_points(agreement.service_point_id for agreement in agreements)
    wanted = meter_by_serial(inputs.meter) if inputs.meter else None
    if not inputs.meter and len(hanging) == 1:
        (wanted,) = hanging.values()
    meter_ids = [] if wanted is None else [wanted.meter_id]
    return Facts(
        account=account(inputs.account_id),
        agreements=agreements,
        serials=tuple(sorted(meter.serial for meter in hanging.values())),
        meter=next(iter(histories(meter_ids, since_on=inputs.read_on).values()), None),
        bounds=use_bounds(),
        accepted_before=accepted_count(meter_ids),
        as_of=moment.as_of,
    )


def propose(facts: Facts, inputs: Inputs) -> Proposal[JudgedRead]:
    """Judge the read.

    Raises:
        MeterNotNamed, MeterUnknown, MeterNotOnAccount, NoServiceOnDay, ReadInFuture, MeterNotInstalled, TooManyDigits,
        DemandNotMeasured, ReadExists, ReadOutOfSequence: as they say.
    """
    meter = _require_meter(facts, inputs=inputs)
    new = NewRead(
        read_on=inputs.read_on,
        kind=inputs.kind,
        dial_reading=inputs.reading,
        demand_w_max=parse_demand_w(inputs.demand_kw),
        note=inputs.note,
    )
    decision = decide_read(new, meter=meter, as_of=facts.as_of, bounds=facts.bounds)
    _require_service(facts, meter=meter, read_on=inputs.read_on)
    return Proposal(
        summary=_summary(decision, serial=meter.serial),
        confirm=Sentence(
            template=gettext_noop("Enter %(reading)s"), params={"reading": format_reading(inputs.reading)}
        ),
        plan=JudgedRead(read=decision.plan, accepted_before=facts.accepted_before),
        account_ids=(facts.account.account_id,),
        creates={"metering_read": 1},
        changes=_changes(decision, account_id=facts.account.account_id),
        rules=(BOUNDS_RULE,),
    )


def _require_meter(facts: Facts, *, inputs: Inputs) -> MeterHistory:
    meter, number = facts.meter, facts.account.number_grouped
    if meter is None and not inputs.meter:
        raise MeterNotNamed(number=number, serials=", ".join(facts.serials) or "–")
    if meter is None:
        raise MeterUnknown(serial=inputs.meter)
    places = {agreement.service_point_id for agreement in facts.agreements}
    if places.isdisjoint(item.service_point_id for item in meter.installations):
        raise MeterNotOnAccount(serial=meter.serial, number=number)
    return meter


def _require_service(facts: Facts, *, meter: MeterHistory, read_on: date) -> None:
    """The first read of a service belongs to its first day, the last one to the day on which it ended."""
    place = meter.installation_on(read_on)
    spans = [item for item in facts.agreements if place and item.service_point_id == place.service_point_id]
    if any(item.start_on <= read_on and (item.end_on is None or read_on <= item.end_on) for item in spans):
        return
    said = _spans(spans) or "–"
    raise NoServiceOnDay(number=facts.account.number_grouped, serial=meter.serial, spans=said, read_on=read_on)


def _spans(agreements: Sequence[AgreementFacts]) -> str:
    return ", ".join(
        f"{item.start_on.isoformat()} – {item.end_on.isoformat() if item.end_on else '…'}" for item in agreements
    )


def _summary(decision: Decision, *, serial: str) -> Sentence:
    plan, judgement = decision.plan, decision.judgement
    params: dict[str, object] = {"serial": serial, "reading": format_reading(plan.dial_reading), "on": plan.read_on}
    if plan.sentence is not None:
        template = gettext_noop("Meter %(serial)s read %(reading)s on %(on)s. Held: %(why)s")
        return Sentence(template=template, params=params | {"why": plan.sentence})
    if judgement.since is None or judgement.energy_wh is None:
        template = gettext_noop("Meter %(serial)s read %(reading)s on %(on)s, its first read here")
        return Sentence(template=template, params=params)
    params["energy"] = format_kwh(judgement.energy_wh)
    params["days"] = (plan.read_on - judgement.since.read_on).days
    template = gettext_noop("Meter %(serial)s read %(reading)s on %(on)s: %(energy)s kWh in %(days)s days")
    if plan.turns > judgement.since.turns:
        template = gettext_noop(
            "Meter %(serial)s read %(reading)s on %(on)s: %(energy)s kWh in %(days)s days, the dial having passed zero"
        )
    return Sentence(template=template, params=params)


def _changes(decision: Decision, *, account_id: int) -> tuple[Change, ...]:
    plan, judgement, previous = decision.plan, decision.judgement, decision.previous
    since = judgement.since
    changes = [
        Change(
            code="meter_read",
            label=Sentence(template=gettext_noop("Meter read")),
            unit=Unit.COUNT,
            before=None if since is None else since.dial_reading,
            after=plan.dial_reading,
            account_id=account_id,
        ),
        Change(
            code="read_on",
            label=Sentence(template=gettext_noop("Read on")),
            unit=Unit.DATE,
            before=None if since is None else since.read_on,
            after=plan.read_on,
            account_id=account_id,
        ),
    ]
    if since is None or judgement.energy_wh is None:
        return tuple(changes)
    days = (plan.read_on - since.read_on).days
    scaled = None if previous is None else to_whole_kwh(previous.energy_wh * days // previous.days)
    use = Change(
        code="use",
        label=Sentence(template=gettext_noop("Use in %(days)s days"), params={"days": days}),
        unit=Unit.ENERGY_WH,
        before=scaled,
        after=judgement.energy_wh,
        account_id=account_id,
        note=Sentence(template=gettext_noop("before: the period before, for as many days")),
    )
    length = Change(
        code="days",
        label=Sentence(template=gettext_noop("Days")),
        unit=Unit.COUNT,
        before=None if previous is None else previous.days,
        after=days,
        account_id=account_id,
    )
    return (*changes, use, length)


def record(proposal: Proposal[JudgedRead], recording: Recording) -> None:
    """Write the read.

    Raises:
        MeterReadMeanwhile: other reads of the meter came since it was judged.
    """
    plan = proposal.plan
    record_read(plan.read, accepted_before=plan.accepted_before, recording=recording)


ACTION = registry.add(
    Action(
        name="enter_read",
        title=gettext_noop("Enter a read"),
        duty=11,
        on="account",
        inputs=Inputs,
        locks=locks,
        gather=gather,
        propose=propose,
        record=record,
        key="R",
        summary=gettext_noop("Enters one meter's read; one that is out of bounds is held for a second look."),
    )
)
