"""Create a reading route of a cycle."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field, StringConstraints

from weatherhead.actions.figures import made
from weatherhead.actions.inputs import OneLine
from weatherhead.areas.metering.operations import RouteTaken, create_route
from weatherhead.areas.metering.reading_rules import CYCLE_MAX
from weatherhead.areas.metering.routes import RouteFacts, route_by_code
from weatherhead.core.values import Sentence, gettext_noop
from weatherhead.door.context import Actor, Moment
from weatherhead.door.proposal import Proposal
from weatherhead.door.registry import Action, Recording, registry

RouteCode = Annotated[
    str, StringConstraints(strip_whitespace=True, to_upper=True, pattern=r"^[A-Za-z0-9][A-Za-z0-9-]*$", max_length=20)
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """The route's code and name, and the cycle that it is read with."""

    code: RouteCode
    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=80), OneLine]
    cycle: Annotated[int, Field(ge=1, le=CYCLE_MAX)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Who has the code."""

    same: RouteFacts | None


def gather(inputs: Inputs, _: Moment, __: Actor) -> Facts:
    """Look whether the code is taken."""
    return Facts(same=route_by_code(inputs.code))


def propose(facts: Facts, inputs: Inputs) -> Proposal[Inputs]:
    """A new route.

    Raises:
        RouteTaken: the code is.
    """
    if facts.same is not None:
        raise RouteTaken(code=inputs.code, name=facts.same.name)
    return Proposal(
        summary=Sentence(
            gettext_noop("Reading route %(code)s, %(name)s, of cycle %(cycle)s"),
            {"code": inputs.code, "name": inputs.name, "cycle": inputs.cycle},
        ),
        confirm=Sentence(gettext_noop("Create route")),
        plan=inputs,
        creates={"metering_readingroute": 1},
        changes=(made(gettext_noop("Route"), inputs.code, code="route"),),
    )


def record(proposal: Proposal[Inputs], recording: Recording) -> None:
    """Write the route.

    Raises:
        RouteTaken: someone was faster.
    """
    plan = proposal.plan
    recording.made_one("route", create_route(code=plan.code, name=plan.name, cycle=plan.cycle))


ACTION = registry.add(
    Action(
        name="create_route",
        title=gettext_noop("Create a reading route"),
        duty=2,
        on="utility",
        inputs=Inputs,
        gather=gather,
        propose=propose,
        record=record,
        summary=gettext_noop("Makes a route of a cycle, on which service points are then placed."),
    )
)
