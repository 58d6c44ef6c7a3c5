"""Which fees events of service charge by themselves: connecting, and reconnecting within hours or after them."""

from __future__ import annotations

from datetime import date, time
from typing import Annotated

from pydantic import Field, model_validator

from weatherhead.areas.billing.fees import fee_book
from weatherhead.areas.records.utility import current_utility, load_rules, regulation
from weatherhead.core.values import (
    DataModel,
    DatedRule,
    ProblemsAt,
    Refusal,
    Rule,
    RuleVersion,
    gettext_noop,
)

Charge = Annotated[str, Field(pattern="^[a-z][a-z_]*$", max_length=40)]


class NoReconnectRule(Refusal):
    """The utility's regulations do not say what a reconnection costs, or not yet."""

    template = gettext_noop("No rule in force on %(on)s says what a reconnection costs: see service_fees.yaml.")


class ConnectVersion(RuleVersion):
    """From a day on, whether starting service charges the fee."""

    charged: bool


class ConnectRule(DatedRule[ConnectVersion]):
    """The fee that starting service charges."""

    charge: Charge

    @property
    def rule(self) -> Rule:
        """The rule for receipts."""
        return self.named("service fee")


class ReconnectVersion(RuleVersion):
    """From a day on, the hours of business days in which a reconnection costs the normal fee: `[from, until)`."""

    from_hour: Annotated[int, Field(ge=0, le=23)]
    until_hour: Annotated[int, Field(ge=1, le=24)]

    @model_validator(mode="after")
    def _some_hours(self) -> ReconnectVersion:
        if self.from_hour >= self.until_hour:
            raise ProblemsAt([(("until_hour",), "must be after from_hour")])
        return self


class ReconnectRule(DatedRule[ReconnectVersion]):
    """The fees of a reconnection: one within hours, one after."""

    charge: Charge
    after_hours_charge: Charge

    @property
    def rule(self) -> Rule:
        """The rule for receipts."""
        return self.named("service fee")

    def charge_at(self, on: date, *, at: time) -> str:
        """The fee of a reconnection whose work began on a local day at a time.

        Raises:
            NoReconnectRule: before the first version.
        """
        version = self.in_force(on)
        if version is None:
            raise NoReconnectRule(on=on)
        within = version.from_hour <= at.hour < version.until_hour and current_utility().business_days.is_open(on)
        return self.charge if within else self.after_hours_charge


class ServiceFees(DataModel):
    """The fees that events of service charge."""

    connect: ConnectRule | None = None
    reconnect: ReconnectRule | None = None

    @model_validator(mode="after")
    def _charges_known(self) -> ServiceFees:
        known = {item.charge for item in fee_book().fees}
        named = {
            ("connect", "charge"): self.connect and self.connect.charge,
            ("reconnect", "charge"): self.reconnect and self.reconnect.charge,
            ("reconnect", "after_hours_charge"): self.reconnect and self.reconnect.after_hours_charge,
        }
        problems = [
            (where, f"fees.yaml has no fee called {charge}")
            for where, charge in named.items()
            if charge is not None and charge not in known
        ]
        if problems:
            raise ProblemsAt(problems)
        return self


def service_fees() -> ServiceFees:
    """The rules of this installation; none where its regulations have no service_fees.yaml.

    Raises:
        DataFileInvalid: naming file, line and key.
    """
    path = regulation("service_fees.yaml")
    return load_rules(path, model=ServiceFees) if path.exists() else ServiceFees()


def connect_rule(*, on: date) -> ConnectRule | None:
    """The rule by which service that starts on a day is charged for; None where nothing is charged."""
    rule = service_fees().connect
    if rule is None:
        return None
    version = rule.in_force(on)
    return rule if version is not None and version.charged else None


def reconnect_rule(*, on: date) -> ReconnectRule:
    """The rule of reconnections.

    Raises:
        NoReconnectRule: there is none.
    """
    rule = service_fees().reconnect
    if rule is None:
        raise NoReconnectRule(on=on)
    return rule
