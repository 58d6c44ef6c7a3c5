"""Put a service point on a reading route, or give it another place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field, StringConstraints

from weatherhead.actions.inputs import Blankable, Number, OneLine
from weatherhead.actions.reading.create_route import RouteCode
from weatherhead.areas.agreements.queries import AgreementFacts, agreements_at
from weatherhead.areas.customers.queries import accounts
from weatherhead.areas.metering.operations import ROUTE_STEP, SequenceTaken, ServicePointUnmetered, place_on_route
from weatherhead.areas.metering.routes import (
    NoSuchRoute,
    RouteFacts,
    StopFacts,
    last_sequence,
    route_by_code,
    stop_at,
    stops_of_points,
)
from weatherhead.areas.premises.queries import ServicePointFacts, service_point
from weatherhead.core.values import Change, Refusal, Sentence, Unit, gettext_noop
from weatherhead.door.context import Actor, Moment
from weatherhead.door.proposal import Proposal
from weatherhead.door.registry import Action, Recording, registry


class CycleDiffers(Refusal):
    """The account there is billed in another cycle."""

    template = gettext_noop(
        "Service there is billed in cycle %(billed)s, and route %(route)s is read with cycle %(read)s. "
        "Choose a route of cycle %(billed)s."
    )


class PlaceUnchanged(Refusal):
    """It is there already."""

    template = gettext_noop("It stands there already: route %(route)s, place %(sequence)s, with the same note.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """The service point, the route, its place on it (empty: at the end), and what the reader looks out for."""

    service_point_id: Number
    route: RouteCode
    sequence: Annotated[Annotated[int, Field(ge=1, le=10**6)] | None, Blankable] = None
    route_note: Annotated[str, StringConstraints(strip_whitespace=True, max_length=200), OneLine] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The service point and its place now, the route and its end, who has the place, the cycle of billing."""

    point: ServicePointFacts
    stop: StopFacts | None
    route: RouteFacts
    last: int
    taken_by: StopFacts | None
    cycle: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The place."""

    route_id: int
    service_point_id: int
    sequence: int
    note: str


def gather(inputs: Inputs, _: Moment, __: Actor) -> Facts:
    """Read point, route and the account that takes service there."""
    route = route_by_code(inputs.route)
    if route is None:
        raise NoSuchRoute(code=inputs.route)
    serving = _serving(agreements_at([inputs.service_point_id]))
    return Facts(
        point=service_point(inputs.service_point_id),
        stop=stops_of_points([inputs.service_point_id]).get(inputs.service_point_id),
        route=route,
        last=last_sequence(route.route_id),
        taken_by=None if inputs.sequence is None else stop_at(route.route_id, sequence=inputs.sequence),
        cycle=accounts([serving.account_id])[serving.account_id].cycle if serving else None,
    )


def _serving(agreements: tuple[AgreementFacts, ...]) -> AgreementFacts | None:
    return next((item for item in agreements if item.end_on is None), None)


def propose(facts: Facts, inputs: Inputs) -> Proposal[Plan]:
    """Find the place.

    Raises:
        ServicePointUnmetered, CycleDiffers, SequenceTaken, PlaceUnchanged: as they say.
    """
    point, route, stop = facts.point, facts.route, facts.stop
    if point.kind != "metered":
        raise ServicePointUnmetered(label=point.label)
    if facts.cycle is not None and facts.cycle != route.cycle:
        raise CycleDiffers(billed=facts.cycle, route=route.code, read=route.cycle)
    if facts.taken_by is not None and facts.taken_by.service_point_id != point.service_point_id:
        raise SequenceTaken(sequence=inputs.sequence, route=route.code)
    sequence = inputs.sequence or _end(facts)
    if stop is not None and (stop.route.code, stop.sequence, stop.note) == (route.code, sequence, inputs.route_note):
        raise PlaceUnchanged(route=route.code, sequence=sequence)
    counted = {"metering_routestop": 1}
    return Proposal(
        summary=Sentence(
            gettext_noop("%(address)s is read on route %(route)s, place %(sequence)s"),
            {"address": point.address, "route": route.code, "sequence": sequence},
        ),
        confirm=Sentence(gettext_noop("Put on route %(route)s"), {"route": route.code}),
        plan=Plan(
            route_id=route.route_id,
            service_point_id=point.service_point_id,
            sequence=sequence,
            note=inputs.route_note,
        ),
        creates={} if stop else counted,
        updates=counted if stop else {},
        changes=(
            Change(
                code="route",
                label=Sentence(gettext_noop("Route")),
                unit=Unit.TEXT,
                before=f"{stop.route.code} {stop.sequence}" if stop else None,
                after=f"{route.code} {sequence}",
            ),
        ),
    )


def _end(facts: Facts) -> int:
    """The place that it has on this route, else one after the last."""
    if facts.stop is not None and facts.stop.route.route_id == facts.route.route_id:
        return facts.stop.sequence
    return facts.last + ROUTE_STEP


def record(proposal: Proposal[Plan], recording: Recording) -> None:
    """Write the place.

    Raises:
        SequenceTaken: someone was faster.
    """
    plan = proposal.plan
    made = place_on_route(
        route_id=plan.route_id,
        service_point_id=plan.service_point_id,
        sequence=plan.sequence,
        note=plan.note,
    )
    recording.made_one("route_stop", made)


ACTION = registry.add(
    Action(
        name="place_on_route",
        title=gettext_noop("Put a service point on a route"),
        duty=2,
        on="premise",
        inputs=Inputs,
        gather=gather,
        propose=propose,
        record=record,
        summary=gettext_noop("Gives a service point its route, its place on it and a note for the reader."),
    )
)
