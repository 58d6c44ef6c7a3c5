"""Job profiles: duties, the actions and looks that they grant, limits, drawers. Data in ``jobs/*.yaml``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Annotated

from pydantic import Field, field_validator

from weatherhead.areas.records.utility import current_utility, read_text
from weatherhead.core.values import DataFileInvalid, DataModel, DataProblem, load_yaml


class Duty(DataModel):
    """One duty of a job description and what it grants."""

    number: Annotated[int, Field(ge=1, le=99)]
    title: str
    actions: tuple[str, ...] = ()
    looks: tuple[str, ...] = ()


class Limits(DataModel):
    """Authority over money, in dollars: one adjustment; one employee on one account in 30 days; everyone on it."""

    adjustment: Annotated[Decimal, Field(ge=0, decimal_places=2)]
    employee_account_30_days: Annotated[Decimal, Field(ge=0, decimal_places=2)]
    account_30_days: Annotated[Decimal, Field(ge=0, decimal_places=2)]


class Competency(DataModel):
    """A core competency: its code, scope and the level that the job asks for."""

    code: Annotated[int, Field(ge=1)]
    name: str
    scope: Annotated[str, Field(pattern="^(company|division|job)$")]
    level: Annotated[str, Field(pattern="^(Novice|Intermediate|Advanced|Expert)$")]


class PhysicalRequirement(DataModel):
    """How often a job asks for something of the body: N, A, Q, M, W or D (never to daily)."""

    name: str
    frequency: Annotated[str, Field(pattern="^[NAQMWD]$")]


class JobProfile(DataModel):
    """A job: what it may do here."""

    job: Annotated[str, Field(pattern="^[a-z][a-z_]*$")]
    title: str
    source: str
    status: Annotated[str, Field(pattern="^(verified|secondary|illustrative|house)$")]
    duties: tuple[Duty, ...]
    limits: Limits
    drawer: Annotated[str, Field(pattern="^(required|optional)$")] = "optional"
    competencies: tuple[Competency, ...] = ()
    skills: tuple[str, ...] = ()
    education: tuple[str, ...] = ()
    physical_requirements: tuple[PhysicalRequirement, ...] = ()
    physical_degree: str = ""
    working_conditions: tuple[PhysicalRequirement, ...] = ()
    working_conditions_apply: bool = False

    def grants(self, action: str) -> bool:
        """Whether some duty of it grants an action."""
        return any(action in duty.actions for duty in self.duties)

    @field_validator("duties")
    @classmethod
    def _numbers_differ(cls, value: tuple[Duty, ...]) -> tuple[Duty, ...]:
        numbers = [duty.number for duty in value]
        if len(set(numbers)) != len(numbers):
            raise ValueError("two duties have the same number")
        return value


def load_jobs(directory: Path, *, known_actions: Iterable[str] | None = None) -> dict[str, JobProfile]:
    """Read every ``*.yaml`` of a directory.

    Raises:
        DataFileInvalid: naming file, line and key; also for an action that is not among `known_actions`.
    """
    jobs: dict[str, JobProfile] = {}
    for path in sorted(directory.glob("*.yaml")):
        text = read_text(path)
        profile = load_yaml(text, name=str(path), model=JobProfile)
        if profile.job != path.stem:
            _refuse(path, text=text, found=f"job: {profile.job}", said=f"is called {profile.job}, the file {path.stem}")
        if known_actions is not None:
            known = set(known_actions)
            for name in (name for duty in profile.duties for name in duty.actions):
                if name not in known:
                    _refuse(path, text=text, found=name, said=f"grants {name}, which is no action")
        jobs[profile.job] = profile
    if not jobs:
        problem = DataProblem(name=str(directory), line=1, key="", text="holds no job profile")
        raise DataFileInvalid(name=str(directory), problems=(problem,))
    return jobs


def _refuse(path: Path, *, text: str, found: str, said: str) -> None:
    line = next((number for number, row in enumerate(text.splitlines(), 1) if found in row), 1)
    raise DataFileInvalid(name=str(path), problems=(DataProblem(name=str(path), line=line, key="", text=said),))


@lru_cache(maxsize=8)
def _jobs_of(directory: str) -> Mapping[str, JobProfile]:
    return load_jobs(Path(directory))


def job_profiles() -> Mapping[str, JobProfile]:
    """The job profiles of this installation, by name."""
    utility = current_utility()
    return _jobs_of(str(utility.path(utility.jobs)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """What a person's jobs grant together. Cents."""

    jobs: tuple[str, ...]
    titles: tuple[str, ...]
    actions: frozenset[str]
    looks: frozenset[str]
    adjustment_cents: int
    employee_account_cents: int
    account_cents: int
    needs_drawer: bool  # takes cash and checks at the counter into an open drawer only

    def within(self, action: str) -> Grant:
        """What those of the jobs grant that grant an action: another job's limits are none for it."""
        known = job_profiles()
        return grant_of(job for job in self.jobs if known[job].grants(action))


def grant_of(jobs: Iterable[str]) -> Grant:
    """Unite the profiles of some jobs: every action and look, the widest limits. An unknown job grants nothing."""
    known = job_profiles()
    profiles = [known[name] for name in sorted(set(jobs)) if name in known]
    return Grant(
        jobs=tuple(profile.job for profile in profiles),
        titles=tuple(profile.title for profile in profiles),
        actions=frozenset(name for profile in profiles for duty in profile.duties for name in duty.actions),
        looks=frozenset(name for profile in profiles for duty in profile.duties for name in duty.looks),
        adjustment_cents=max((_cents(profile.limits.adjustment) for profile in profiles), default=0),
        employee_account_cents=max(
            (_cents(profile.limits.employee_account_30_days) for profile in profiles), default=0
        ),
        account_cents=max((_cents(profile.limits.account_30_days) for profile in profiles), default=0),
        needs_drawer=any(profile.drawer == "required" for profile in profiles),
    )


def widest_approval_cents() -> int:
    """The largest amount that any job may approve."""
    approvers = [profile for profile in job_profiles().values() if profile.grants("approve_request")]
    return max((_cents(profile.limits.adjustment) for profile in approvers), default=0)


def _cents(dollars: Decimal) -> int:
    return int(dollars * 100)
