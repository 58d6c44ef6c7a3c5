"""The courtesy waiver: whether an account's history entitles it to have a charge waived. Computed by a dated rule.

The rule sees days and amounts. It cannot see who the customer is, which language they speak or where they live: two
accounts alike but for those get the same offer.
"""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import date
from typing import Annotated

from pydantic import Field

from weatherhead.areas.records.utility import load_rules, regulation
from weatherhead.core.values import (
    DatedRule,
    Rule,
    RuleVersion,
    Sentence,
    gettext_noop,
)

_MONTHS_IN_YEAR = 12


class CourtesyVersion(RuleVersion):
    """From a day on: how many are waived within some months, and what else may have happened in them."""

    months: Annotated[int, Field(ge=1, le=60)]
    waivers_at_most: Annotated[int, Field(ge=1, le=12)]
    other_late_at_most: Annotated[int, Field(ge=0, le=60)]
    returned_at_most: Annotated[int, Field(ge=0, le=60)]


class Courtesy(DatedRule[CourtesyVersion]):
    """Which charge is waived out of courtesy, under which reason of the fee book, and when."""

    charge: Annotated[str, Field(pattern="^[a-z][a-z_]*$", max_length=40)]
    reason: Annotated[str, Field(pattern="^[a-z][a-z0-9_]*$", max_length=60)]

    @property
    def rule(self) -> Rule:
        """The rule for receipts."""
        return self.named("courtesy")


@dataclass(frozen=True, slots=True, kw_only=True)
class CourtesyHistory:
    """All that the rule may see of an account: the charge in question, and days on which something happened.

    `others` are the days of its other charges of the kind that stand; `waived` those on which one was waived, whether
    it was added back or not; `returned` those on which a payment came back from the bank.
    """

    charge: str
    others: tuple[date, ...]
    waived: tuple[date, ...]
    returned: tuple[date, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """Whether a charge is waived out of courtesy, and why or why not."""

    entitled: bool
    why: Sentence
    rule: Rule
    reason: str  # the fee book's, under which it is waived


def courtesy_policy() -> Courtesy | None:
    """This installation's policy; None where its regulations have none.

    Raises:
        DataFileInvalid: naming file, line and key.
    """
    path = regulation("courtesy.yaml")
    return load_rules(path, model=Courtesy) if path.exists() else None


def courtesy_offer(history: CourtesyHistory, *, policy: Courtesy, as_of: date) -> Offer:
    """What the policy offers on a day. Pure."""
    version = policy.in_force(as_of)
    if version is None:
        return _offer(policy, entitled=False, why=Sentence(gettext_noop("The courtesy policy is not in force yet.")))
    why_not = _why_not(history, policy=policy, version=version, as_of=as_of)
    if why_not is not None:
        return _offer(policy, entitled=False, why=why_not)
    template = gettext_noop("Entitled by policy, prompt otherwise for %(months)s months: consumes no authority.")
    return _offer(policy, entitled=True, why=Sentence(template, {"months": str(version.months)}))


def _offer(policy: Courtesy, *, entitled: bool, why: Sentence) -> Offer:
    return Offer(entitled=entitled, why=why, rule=policy.rule, reason=policy.reason)


def _why_not(history: CourtesyHistory, *, policy: Courtesy, version: CourtesyVersion, as_of: date) -> Sentence | None:
    if history.charge != policy.charge:
        return Sentence(gettext_noop("The courtesy policy is about another charge."))
    since = months_before(as_of, months=version.months)
    within = {"months": str(version.months)}
    waived = [on for on in history.waived if on > since]
    if len(waived) >= version.waivers_at_most:
        return Sentence(
            gettext_noop("One was waived on %(on)s, within %(months)s months."), {"on": max(waived), **within}
        )
    others = [on for on in history.others if on > since]
    if len(others) > version.other_late_at_most:
        return Sentence(
            gettext_noop("Late on %(on)s as well, within %(months)s months."), {"on": max(others), **within}
        )
    returned = [on for on in history.returned if on > since]
    if len(returned) > version.returned_at_most:
        return Sentence(
            gettext_noop("A payment came back on %(on)s, within %(months)s months."), {"on": max(returned), **within}
        )
    return None


def months_before(on: date, *, months: int) -> date:
    """The same day so many months earlier, or that month's last day when it has no such day."""
    place = on.year * _MONTHS_IN_YEAR + on.month - 1 - months
    year, month = place // _MONTHS_IN_YEAR, place % _MONTHS_IN_YEAR + 1
    return date(year, month, min(on.day, monthrange(year, month)[1]))
