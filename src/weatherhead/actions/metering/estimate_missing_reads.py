"""Estimate the reads of a cycle that did not come, a shard of its meters at a time."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Annotated

from pydantic import Field

from weatherhead.actions.figures import made
from weatherhead.actions.metering.estimate_read import ESTIMATE_RULE
from weatherhead.actions.metering.estimating import Peers, estimate_facts, peers_of
from weatherhead.actions.reading.change_calendar_day import Cycle, Month
from weatherhead.areas.agreements.reading import MeteredService, services_of_cycle, unread_services
from weatherhead.areas.metering.estimation import estimate
from weatherhead.areas.metering.histories import histories
from weatherhead.areas.metering.intake import MeterHistory, ReadPlan
from weatherhead.areas.metering.operations import record_many_reads
from weatherhead.areas.metering.queries import accepted_count
from weatherhead.areas.metering.reading_rules import Estimation, estimation, reading_rules
from weatherhead.areas.metering.routes import CycleDayFacts, cycle_day
from weatherhead.areas.records.canonical import digest
from weatherhead.core.values import Refusal, Sentence, Unit, gettext_noop
from weatherhead.door.context import Actor, Moment
from weatherhead.door.proposal import Proposal
from weatherhead.door.registry import Action, Recording, registry

SHARDS_MAX = 999
SHARD_METERS = 5_000


class CycleNotYetRead(Refusal):
    """Its day has not come."""

    template = gettext_noop("Cycle %(cycle)s is read on %(read_on)s. Estimate after that day.")


class CycleMostlyUnread(Refusal):
    """Too much of it is missing."""

    template = gettext_noop(
        "%(missing)s of the %(services)s meters of cycle %(cycle)s have no read, and at most %(most)s %% are "
        "estimated at once. Import the rest of its reads first."
    )


class NothingMissing(Refusal):
    """Every meter was read."""

    template = gettext_noop("No read of cycle %(cycle)s is missing in this part. Nothing is estimated.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """Cycle and month, and which part of its meters: `shard` of `shards`, from 1."""

    cycle: Cycle
    month: Month
    shard: Annotated[int, Field(ge=1, le=SHARDS_MAX)] = 1
    shards: Annotated[int, Field(ge=1, le=SHARDS_MAX)] = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class NotEstimated:
    """A meter that may not be estimated, and why: it stays on the list of missing reads."""

    meter_id: int
    serial: str
    account_id: int
    why: Sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The day, the meters of this shard without a read, their histories, how much of the cycle is missing."""

    day: CycleDayFacts
    missing: int
    services: int
    unread: tuple[MeteredService, ...]
    meters: Mapping[int, MeterHistory]
    peers: Peers
    rules: Estimation
    accepted_before: int
    as_of: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The estimates of a shard, and the meters that must be read."""

    reads: tuple[ReadPlan, ...]
    not_estimated: tuple[NotEstimated, ...]
    accepted_before: int

    @property
    def substance(self) -> str:
        """A hash of what will be recorded."""
        said = hashlib.sha256(f"{self.accepted_before}\n".encode())
        for plan in self.reads:
            said.update(f"{plan.meter_id} {plan.read_on} {plan.dial_reading} {plan.turns}\n".encode())
        said.update(digest(self.not_estimated).encode())
        return said.hexdigest()


def shards_of(cycle: int, *, read_on: date) -> int:
    """Into how many shards a cycle is divided: by its meters, so the same all day."""
    return min(SHARDS_MAX, len(services_of_cycle(cycle, on=read_on)) // SHARD_METERS + 1)


def gather(inputs: Inputs, moment: Moment, _: Actor) -> Facts:
    """Read which meters of the shard have no read, and their histories."""
    day = cycle_day(inputs.cycle, month=inputs.month)
    early = reading_rules().worklist.read_days_early
    unread = unread_services(inputs.cycle, read_on=day.read_on, early_days=early)
    mine = tuple(item for item in unread if item.meter_id % inputs.shards == inputs.shard % inputs.shards)
    meter_ids = [item.meter_id for item in mine]
    return Facts(
        day=day,
        missing=len(unread),
        services=len(services_of_cycle(inputs.cycle, on=day.read_on)),
        unread=mine,
        meters=histories(meter_ids, since_on=day.read_on),
        peers=peers_of(inputs.cycle, read_on=day.read_on),
        rules=estimation(),
        accepted_before=accepted_count(meter_ids),
        as_of=moment.as_of,
    )


def propose(facts: Facts, inputs: Inputs) -> Proposal[Plan]:
    """Estimate every meter of the shard that may be.

    Raises:
        CycleNotYetRead, CycleMostlyUnread, NothingMissing: as they say.
    """
    day, version = facts.day, facts.rules.version_on(facts.day.read_on)
    if day.read_on > facts.as_of:
        raise CycleNotYetRead(cycle=day.cycle, read_on=day.read_on)
    if facts.missing * 100 > version.cycle_share_max_percent * facts.services:
        raise CycleMostlyUnread(
            missing=facts.missing, services=facts.services, cycle=day.cycle, most=version.cycle_share_max_percent
        )
    if not facts.unread:
        raise NothingMissing(cycle=day.cycle)
    reads, refused = _estimates(facts)
    params = {"cycle": day.cycle, "on": day.read_on, "made": len(reads), "left": len(refused)}
    return Proposal(
        summary=Sentence(
            gettext_noop("Cycle %(cycle)s of %(on)s: %(made)s reads estimated, %(left)s meters must be read"), params
        ),
        confirm=Sentence(gettext_noop("Estimate %(made)s reads"), params),
        plan=Plan(reads=reads, not_estimated=refused, accepted_before=facts.accepted_before),
        creates={"metering_read": len(reads)} if reads else {},
        changes=(
            made(gettext_noop("Estimated"), len(reads), code="estimated", unit=Unit.COUNT),
            made(gettext_noop("Must be read"), len(refused), code="must_be_read", unit=Unit.COUNT),
        ),
        rules=(facts.rules.rule, ESTIMATE_RULE),
    )


def _estimates(facts: Facts) -> tuple[tuple[ReadPlan, ...], tuple[NotEstimated, ...]]:
    reads: list[ReadPlan] = []
    refused: list[NotEstimated] = []
    for service in facts.unread:
        made_of = estimate_facts(
            facts.meters[service.meter_id],
            read_on=facts.day.read_on,
            as_of=facts.as_of,
            schedule=service.schedule,
            peers=facts.peers,
            rules=facts.rules,
        )
        try:
            reads.append(estimate(made_of).plan)
        except Refusal as refusal:
            refused.append(
                NotEstimated(
                    meter_id=service.meter_id,
                    serial=service.serial,
                    account_id=service.account_id,
                    why=Sentence(refusal.template, refusal.params),
                )
            )
    return tuple(reads), tuple(refused)


def record(proposal: Proposal[Plan], recording: Recording) -> None:
    """Record the estimates.

    Raises:
        MeterReadMeanwhile: reads of the same meters came meanwhile.
    """
    plan = proposal.plan
    if plan.reads:
        record_many_reads(
            plan.reads,
            receipt_id=recording.receipt_id,
            batch_id=None,
            meter_ids=_meters([*plan.reads, *plan.not_estimated]),
            accepted_before=plan.accepted_before,
        )


def _meters(items: Iterable[ReadPlan | NotEstimated]) -> list[int]:
    return [item.meter_id for item in items]


ACTION = registry.add(
    Action(
        name="estimate_missing_reads",
        title=gettext_noop("Estimate the missing reads of a cycle"),
        duty=11,
        on="cycle",
        inputs=Inputs,
        gather=gather,
        propose=propose,
        record=record,
        summary=gettext_noop("Estimates by the rule what was not read of a cycle; names the meters that must be read."),
    )
)
