"""Assign a further job to an employee, for a time: other duties as assigned."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Annotated

from weatherhead.actions.figures import made
from weatherhead.actions.inputs import Blankable, Code
from weatherhead.actions.workforce.add_employee import NoSuchJob
from weatherhead.areas.workforce.operations import assign_job
from weatherhead.areas.workforce.queries import EmployeeFacts, employee_by_username
from weatherhead.core.values import Refusal, Sentence, SpanIsEmpty, gettext_noop
from weatherhead.door.context import Actor, Moment
from weatherhead.door.jobs import job_profiles
from weatherhead.door.proposal import Proposal
from weatherhead.door.registry import Action, Recording, registry


class OwnJob(Refusal):
    """Nobody widens their own job."""

    template = gettext_noop("You cannot assign a job to yourself. A colleague has to.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """Who, which job, from when until (exclusive) when."""

    username: Code
    job: Code
    starts_on: date
    ends_on: Annotated[date | None, Blankable] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The employee, the profiles and who assigns."""

    employee: EmployeeFacts
    jobs: tuple[str, ...]
    actor: Actor


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The assignment."""

    employee_id: int
    name: str
    job: str
    starts_on: date
    ends_on: date | None
    approved_by: str


def gather(inputs: Inputs, _: Moment, actor: Actor) -> Facts:
    """Read the employee and the profiles."""
    return Facts(employee=employee_by_username(inputs.username), jobs=tuple(job_profiles()), actor=actor)


def propose(facts: Facts, inputs: Inputs) -> Proposal[Plan]:
    """Check the job and its span.

    Raises:
        NoSuchJob, OwnJob, SpanIsEmpty: as they say.
    """
    if inputs.job not in facts.jobs:
        raise NoSuchJob(job=inputs.job, jobs=", ".join(facts.jobs))
    if facts.employee.employee_id == facts.actor.employee_id:
        raise OwnJob
    if inputs.ends_on is not None and inputs.ends_on <= inputs.starts_on:
        raise SpanIsEmpty(start=inputs.starts_on, end=inputs.ends_on)
    return Proposal(
        summary=Sentence(
            gettext_noop("%(name)s has the job %(job)s"), {"name": facts.employee.name, "job": inputs.job}
        ),
        confirm=Sentence(gettext_noop("Assign job")),
        plan=Plan(
            employee_id=facts.employee.employee_id,
            name=facts.employee.name,
            job=inputs.job,
            starts_on=inputs.starts_on,
            ends_on=inputs.ends_on,
            approved_by=facts.actor.name,
        ),
        creates={"workforce_jobassignment": 1},
        changes=(made(gettext_noop("Job"), inputs.job, code="job"),),
    )


def record(proposal: Proposal[Plan], recording: Recording) -> None:
    """Write the assignment.

    Raises:
        JobAlreadyAssigned: it stands already.
    """
    plan = proposal.plan
    number = assign_job(
        employee_id=plan.employee_id,
        name=plan.name,
        job=plan.job,
        starts_on=plan.starts_on,
        ends_on=plan.ends_on,
        approved_by=plan.approved_by,
    )
    recording.made_one("job_assignment", number)


ACTION = registry.add(
    Action(
        name="assign_job",
        title=gettext_noop("Assign a job"),
        duty=11,
        on="utility",
        inputs=Inputs,
        gather=gather,
        propose=propose,
        record=record,
        summary=gettext_noop("Widens what someone may do, from a day until another; never one's own job."),
    )
)
