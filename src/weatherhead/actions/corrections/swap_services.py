"""Two customers were put at each other's place: their services change places, as it was all the time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from weatherhead.actions.corrections.agreement_facts import KEPT_RULE, REBILL_RULE, correction_of
from weatherhead.actions.inputs import NeededNote, Number
from weatherhead.areas.agreements.operations import ServicePointTaken, correct_places
from weatherhead.areas.agreements.queries import AgreementFacts, agreement, agreements_at
from weatherhead.areas.customers.queries import account
from weatherhead.areas.premises.queries import ServicePointFacts, service_point
from weatherhead.core.values import Change, Refusal, Sentence, Unit, gettext_noop
from weatherhead.door.context import Actor, Moment
from weatherhead.door.proposal import Proposal
from weatherhead.door.registry import Action, Recording, registry


class SamePlace(Refusal):
    """There is nothing to exchange."""

    template = gettext_noop("Both services are at the same place. Choose the service that this one was mixed up with.")


class PlacesUnlike(Refusal):
    """A lamp is not a meter."""

    template = gettext_noop("One place is metered and the other is not, so that they cannot have been mixed up.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """The service, and the place that it really was at; whoever is there on file was at this one's place."""

    agreement_id: Number
    service_point_id: Number
    reason: NeededNote


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One of the two: the service, where it is on file, whose it is, and who else took service where it belongs."""

    agreement: AgreementFacts
    point: ServicePointFacts
    number: str
    others_there: tuple[AgreementFacts, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The service, who was on file at the place that is really its own (None: nobody), and the two places."""

    one: Side
    other: Side | None
    place: ServicePointFacts


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """An agreement at the version that was looked at, with its place as it was and is."""

    agreement_id: int
    version: int
    before: int
    after: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Who goes where."""

    moves: tuple[Move, ...]
    reason: str


def locks(inputs: Inputs) -> tuple[int, ...]:
    """Both accounts."""
    found = agreement(inputs.agreement_id)
    other = _there(found, service_point_id=inputs.service_point_id)
    return (found.account_id, other.account_id) if other else (found.account_id,)


def gather(inputs: Inputs, _moment: Moment, _: Actor) -> Facts:
    """Read both services and their places.

    Raises:
        NoSuchAgreement, NoSuchServicePoint: for an unknown number.
    """
    one = agreement(inputs.agreement_id)
    place = service_point(inputs.service_point_id)
    other = _there(one, service_point_id=inputs.service_point_id)
    both = {one.agreement_id} | ({other.agreement_id} if other else set())
    return Facts(
        one=_side(one, place_id=place.service_point_id, both=both),
        other=_side(other, place_id=one.service_point_id, both=both) if other else None,
        place=place,
    )


def _there(one: AgreementFacts, *, service_point_id: int) -> AgreementFacts | None:
    """Who is on file at a place in the days of an agreement: the latest of them."""
    others = [item for item in agreements_at([service_point_id]) if item.agreement_id != one.agreement_id]
    return next((item for item in others if _overlap(one, item)), None)


def _side(found: AgreementFacts, *, place_id: int, both: set[int]) -> Side:
    return Side(
        agreement=found,
        point=service_point(found.service_point_id),
        number=account(found.account_id).number_grouped,
        others_there=tuple(item for item in agreements_at([place_id]) if item.agreement_id not in both),
    )


def propose(facts: Facts, inputs: Inputs) -> Proposal[Plan]:
    """Check that the two can change places.

    Raises:
        SamePlace, PlacesUnlike, ServicePointTaken: as they say.
    """
    one, other = facts.one, facts.other
    if one.point.service_point_id == inputs.service_point_id:
        raise SamePlace
    if one.point.kind != facts.place.kind:
        raise PlacesUnlike
    sides = [(one, facts.place), *([(other, one.point)] if other else [])]
    for side, _ in sides:
        for there in side.others_there:
            if _overlap(side.agreement, there):
                raise ServicePointTaken(account=there.account_id)
    said = {
        "one": one.number,
        "other": other.number if other else "",
        "one_address": one.point.address,
        "other_address": facts.place.address,
    }
    return Proposal(
        summary=Sentence(
            gettext_noop("Account %(one)s is at %(other_address)s, and account %(other)s at %(one_address)s")
            if other
            else gettext_noop("Account %(one)s is at %(other_address)s"),
            said,
        ),
        confirm=Sentence(gettext_noop("Let them change places") if other else gettext_noop("Correct the place")),
        plan=Plan(
            moves=tuple(
                Move(
                    agreement_id=side.agreement.agreement_id,
                    version=side.agreement.version,
                    before=side.point.service_point_id,
                    after=place.service_point_id,
                )
                for side, place in sides
            ),
            reason=inputs.reason,
        ),
        account_ids=tuple(sorted({side.agreement.account_id for side, _ in sides})),
        creates={"agreements_agreementcorrection": len(sides)},
        updates={"agreements_serviceagreement": len(sides)},
        changes=tuple(
            Change(
                code="place",
                label=Sentence(gettext_noop("Account %(number)s takes service at"), {"number": side.number}),
                unit=Unit.TEXT,
                before=side.point.address,
                after=place.address,
                account_id=side.agreement.account_id,
            )
            for side, place in sides
        ),
        rules=(KEPT_RULE, REBILL_RULE),
    )


def _overlap(one: AgreementFacts, other: AgreementFacts) -> bool:
    far = date.max
    return one.start_on < (other.end_on or far) and other.start_on < (one.end_on or far)


def record(proposal: Proposal[Plan], recording: Recording) -> None:
    """Let them change places, and keep where they were.

    Raises:
        AgreementChanged, ServicePointTaken: someone was faster.
    """
    plan = proposal.plan
    correct_places(
        [(move.agreement_id, move.version, move.after) for move in plan.moves],
        corrections=[
            correction_of(
                "place",
                before={"service_point": move.before},
                after={"service_point": move.after},
                reason=plan.reason,
                recording=recording,
            )
            for move in plan.moves
        ],
    )


ACTION = registry.add(
    Action(
        name="swap_services",
        title=gettext_noop("Correct mixed-up places"),
        duty=9,
        on="agreement",
        inputs=Inputs,
        locks=locks,
        gather=gather,
        propose=propose,
        record=record,
        summary=gettext_noop(
            "Two customers were billed for each other's place: their services change places; then correct the bills of "
            "both accounts."
        ),
    )
)
