"""Put whole streets on a reading route: who is on none yet, in the order in which a reader walks."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated

from pydantic import StringConstraints

from weatherhead.actions.figures import made
from weatherhead.actions.inputs import OneLine
from weatherhead.actions.reading.create_route import RouteCode
from weatherhead.areas.agreements.reading import services_of_cycle
from weatherhead.areas.metering.operations import extend_route
from weatherhead.areas.metering.routes import NoSuchRoute, RouteFacts, last_sequence, route_by_code, stops_of_points
from weatherhead.areas.premises.queries import ServicePointFacts, service_points
from weatherhead.areas.records.database import chunks
from weatherhead.core.values import Refusal, Sentence, Unit, gettext_noop
from weatherhead.door.context import Actor, Moment
from weatherhead.door.proposal import Proposal
from weatherhead.door.registry import Action, Recording, registry

_PARTS = re.compile(r"(\d+)")
_HOUSE = re.compile(r"(?P<number>\d\S*)\s+(?P<street>.+)")


class NobodyOnStreet(Refusal):
    """A street is mistyped, of another cycle, or placed already."""

    template = gettext_noop(
        "Nobody of cycle %(cycle)s on %(street)s waits for a place on a route. Check the street's name."
    )


class NobodyToPlace(Refusal):
    """Everybody has a place."""

    template = gettext_noop("Every meter of cycle %(cycle)s is on a route already.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """The route, and the streets in the order of the walk, with commas between; left empty: all that are left."""

    route: RouteCode
    streets: Annotated[str, StringConstraints(strip_whitespace=True, max_length=1_000), OneLine] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The route and its end, and the service points of its cycle that are on no route."""

    route: RouteFacts
    last: int
    left: tuple[ServicePointFacts, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The service points, in the order of the walk."""

    route_id: int
    after: int
    service_point_ids: tuple[int, ...]


def gather(inputs: Inputs, moment: Moment, _: Actor) -> Facts:
    """Read who of the route's cycle takes metered service and is on no route.

    Raises:
        NoSuchRoute: no route has the code.
    """
    route = route_by_code(inputs.route)
    if route is None:
        raise NoSuchRoute(code=inputs.route)
    ids = [service.service_point_id for service in services_of_cycle(route.cycle, on=moment.as_of)]
    placed = stops_of_points(ids)
    left = [point for chunk in chunks(ids) for point in service_points(chunk).values()]
    return Facts(
        route=route,
        last=last_sequence(route.route_id),
        left=tuple(point for point in left if point.service_point_id not in placed),
    )


def propose(facts: Facts, inputs: Inputs) -> Proposal[Plan]:
    """Order them: street after street, up the house numbers, through the units.

    Raises:
        NobodyOnStreet, NobodyToPlace: as they say.
    """
    named = [name.strip() for name in inputs.streets.split(",") if name.strip()]
    walked = {_folded(name): place for place, name in enumerate(named)}
    street_of = {point.service_point_id: _folded(_street(point)) for point in facts.left}
    waiting = set(street_of.values())
    for name in named:
        if _folded(name) not in waiting:
            raise NobodyOnStreet(cycle=facts.route.cycle, street=name)
    if not facts.left:
        raise NobodyToPlace(cycle=facts.route.cycle)
    chosen = [point for point in facts.left if not named or street_of[point.service_point_id] in walked]
    chosen.sort(key=lambda point: (walked.get(street_of[point.service_point_id], 0), _walk(point)))
    params = {"count": len(chosen), "route": facts.route.code}
    return Proposal(
        summary=Sentence(gettext_noop("%(count)s meters on route %(route)s, in the order of the walk"), params),
        confirm=Sentence(gettext_noop("Put on route %(route)s"), {"route": facts.route.code}),
        plan=Plan(
            route_id=facts.route.route_id,
            after=facts.last,
            service_point_ids=tuple(point.service_point_id for point in chosen),
        ),
        creates={"metering_routestop": len(chosen)},
        changes=(made(gettext_noop("Meters put on the route"), len(chosen), code="stops", unit=Unit.COUNT),),
    )


def _folded(street: str) -> str:
    return " ".join(street.casefold().split())


def _street(point: ServicePointFacts) -> str:
    """The street without the house number."""
    found = _HOUSE.fullmatch(point.street)
    return found["street"] if found else point.street


def _walk(point: ServicePointFacts) -> tuple[str, list[tuple[bool, int, str]], list[tuple[bool, int, str]], str, int]:
    """How service points follow each other: 9 before 10, Apt 2 before Apt 11."""
    found = _HOUSE.fullmatch(point.street)
    number = found["number"] if found else ""
    return _folded(_street(point)), _natural(number), _natural(point.unit), point.label, point.service_point_id


def _natural(text: str) -> list[tuple[bool, int, str]]:
    return [(not part.isdigit(), int(part) if part.isdigit() else 0, part) for part in _PARTS.split(text.casefold())]


def record(proposal: Proposal[Plan], recording: Recording) -> None:
    """Write the places.

    Raises:
        PlacedMeanwhile: someone was faster.
    """
    plan = proposal.plan
    extend_route(route_id=plan.route_id, after=plan.after, service_point_ids=plan.service_point_ids)
    recording.made_one("route", plan.route_id)


ACTION = registry.add(
    Action(
        name="put_streets_on_route",
        title=gettext_noop("Put streets on a route"),
        duty=2,
        on="utility",
        inputs=Inputs,
        gather=gather,
        propose=propose,
        record=record,
        summary=gettext_noop("Gives everybody on some streets a place on a route, in the order of the walk."),
    )
)
