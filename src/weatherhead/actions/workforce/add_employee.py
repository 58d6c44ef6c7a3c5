"""Add an employee with a sign-in and a first job."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from weatherhead.actions.figures import made
from weatherhead.actions.inputs import Code, Name, ShortText
from weatherhead.areas.customers.contacts import email_address
from weatherhead.areas.workforce.operations import assign_job, create_employee
from weatherhead.core.values import Refusal, Sentence, gettext_noop
from weatherhead.door.context import Actor, Moment
from weatherhead.door.jobs import job_profiles
from weatherhead.door.proposal import Proposal
from weatherhead.door.registry import SENSITIVE, Action, Recording, registry

_USERNAME = re.compile(r"[a-z][a-z0-9._-]{1,29}")


class UsernameMalformed(Refusal):
    """Not a sign-in name."""

    template = gettext_noop("A sign-in name has 2 to 30 of a-z, 0-9, dot, hyphen or underscore, a letter first.")


class PasswordWeak(Refusal):
    """Not a password."""

    template = gettext_noop("%(problem)s")


class NoSuchJob(Refusal):
    """No job profile of that name."""

    template = gettext_noop("There is no job profile %(job)s. There are: %(jobs)s.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """Who, how they sign in, and their job."""

    username: Code
    password: str = field(metadata=SENSITIVE)
    name: Name
    job: Code
    email: ShortText = field(default="", metadata=SENSITIVE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The job profiles and the day."""

    jobs: tuple[str, ...]
    as_of: date
    actor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The employee to be."""

    inputs: Inputs
    starts_on: date
    approved_by: str


def gather(_: Inputs, moment: Moment, actor: Actor) -> Facts:
    """Read the job profiles."""
    return Facts(jobs=tuple(job_profiles()), as_of=moment.as_of, actor=actor.name)


def propose(facts: Facts, inputs: Inputs) -> Proposal[Plan]:
    """Check name, password and job.

    Raises:
        UsernameMalformed, PasswordWeak, NoSuchJob, EmailNotUnderstood: as they say.
    """
    if not _USERNAME.fullmatch(inputs.username):
        raise UsernameMalformed
    if inputs.job not in facts.jobs:
        raise NoSuchJob(job=inputs.job, jobs=", ".join(facts.jobs))
    if inputs.email:
        email_address(inputs.email)
    try:
        validate_password(inputs.password)
    except ValidationError as error:
        raise PasswordWeak(problem=" ".join(error.messages)) from error
    return Proposal(
        summary=Sentence(gettext_noop("%(name)s added as %(job)s"), {"name": inputs.name, "job": inputs.job}),
        confirm=Sentence(gettext_noop("Add employee")),
        plan=Plan(inputs=inputs, starts_on=facts.as_of, approved_by=facts.actor),
        creates={"workforce_user": 1, "workforce_employee": 1, "workforce_jobassignment": 1},
        changes=(made(gettext_noop("Employee"), inputs.name, code="employee"),),
    )


def record(proposal: Proposal[Plan], recording: Recording) -> None:
    """Write user, employee and job.

    Raises:
        UsernameTaken: the sign-in name is in use.
    """
    plan = proposal.plan
    employee_id = create_employee(
        username=plan.inputs.username,
        password=plan.inputs.password,
        email=plan.inputs.email,
        name=plan.inputs.name,
        started_on=plan.starts_on,
    )
    assign_job(
        employee_id=employee_id,
        name=plan.inputs.name,
        job=plan.inputs.job,
        starts_on=plan.starts_on,
        ends_on=None,
        approved_by=plan.approved_by,
    )
    recording.made_one("employee", employee_id)


ACTION = registry.add(
    Action(
        name="add_employee",
        title=gettext_noop("Add an employee"),
        duty=11,
        on="utility",
        inputs=Inputs,
        gather=gather,
        propose=propose,
        record=record,
        summary=gettext_noop("Gives someone a sign-in and a job profile."),
    )
)
