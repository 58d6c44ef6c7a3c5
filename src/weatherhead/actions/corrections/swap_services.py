"""Two customers were put at each other's place: their services change places, as it was all the time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from weatherhead.actions.corrections.agreement_facts import KEPT_RULE, REBILL_RULE, correction_of
from weatherhead.actions.inputs import NeededNote, Number
from weatherhead.areas.agreements.operations import ServicePointTaken, swap_places
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
    """The service, and the one at whose place it really was."""

    agreement_id: Number
    other_agreement_id: Number
    reason: NeededNote


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One of the two: the service, where it is on file, whose it is, and who else took service at the other place."""

    agreement: AgreementFacts
    point: ServicePointFacts
    number: str
    others_there: tuple[AgreementFacts, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Both sides."""

    one: Side
    other: Side


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Both agreements at the versions that were looked at, with their places as they were."""

    one: tuple[int, int]
    other: tuple[int, int]
    places: tuple[int, int]
    reason: str


def locks(inputs: Inputs) -> tuple[int, ...]:
    """Both accounts."""
    return (agreement(inputs.agreement_id).account_id, agreement(inputs.other_agreement_id).account_id)


def gather(inputs: Inputs, _moment: Moment, _: Actor) -> Facts:
    """Read both services and their places."""
    one, other = agreement(inputs.agreement_id), agreement(inputs.other_agreement_id)
    return Facts(one=_side(one, other=other), other=_side(other, other=one))


def _side(found: AgreementFacts, *, other: AgreementFacts) -> Side:
    both = {found.agreement_id, other.agreement_id}
    return Side(
        agreement=found,
        point=service_point(found.service_point_id),
        number=account(found.account_id).number_grouped,
        others_there=tuple(item for item in agreements_at([other.service_point_id]) if item.agreement_id not in both),
    )


def propose(facts: Facts, inputs: Inputs) -> Proposal[Plan]:
    """Check that the two can change places.

    Raises:
        SamePlace, PlacesUnlike, ServicePointTaken: as they say.
    """
    one, other = facts.one, facts.other
    if one.point.service_point_id == other.point.service_point_id:
        raise SamePlace
    if one.point.kind != other.point.kind:
        raise PlacesUnlike
    for side in (one, other):
        for there in side.others_there:
            if _overlap(side.agreement, there):
                raise ServicePointTaken(account=there.account_id)
    return Proposal(
        summary=Sentence(
            gettext_noop("Account %(one)s is at %(other_address)s, and account %(other)s at %(one_address)s"),
            {
                "one": one.number,
                "other": other.number,
                "one_address": one.point.address,
                "other_address": other.point.address,
            },
        ),
        confirm=Sentence(gettext_noop("Let them change places")),
        plan=Plan(
            one=(one.agreement.agreement_id, one.agreement.version),
            other=(other.agreement.agreement_id, other.agreement.version),
            places=(one.point.service_point_id, other.point.service_point_id),
            reason=inputs.reason,
        ),
        account_ids=tuple(sorted({one.agreement.account_id, other.agreement.account_id})),
        creates={"agreements_agreementcorrection": 2},
        updates={"agreements_serviceagreement": 2},
        changes=tuple(
            Change(
                code="place",
                label=Sentence(gettext_noop("Account %(number)s takes service at"), {"number": side.number}),
                unit=Unit.TEXT,
                before=side.point.address,
                after=there.point.address,
                account_id=side.agreement.account_id,
            )
            for side, there in ((one, other), (other, one))
        ),
        rules=(KEPT_RULE, REBILL_RULE),
    )


def _overlap(one: AgreementFacts, other: AgreementFacts) -> bool:
    far = date.max
    return one.start_on < (other.end_on or far) and other.start_on < (one.end_on or far)


def record(proposal: Proposal[Plan], recording: Recording) -> None:
    """Let them change places, and keep where they were.

    Raises:
        AgreementChanged: someone changed one meanwhile.
    """
    plan = proposal.plan
    one, other = plan.places
    swap_places(
        one=plan.one,
        other=plan.other,
        corrections=(
            correction_of(
                "place",
                before={"service_point": one},
                after={"service_point": other},
                reason=plan.reason,
                recording=recording,
            ),
            correction_of(
                "place",
                before={"service_point": other},
                after={"service_point": one},
                reason=plan.reason,
                recording=recording,
            ),
        ),
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
