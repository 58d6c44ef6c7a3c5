"""Record what a test of a meter found; where it is off by more than is let pass, its bills are then corrected."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from typing import Annotated

from pydantic import BeforeValidator, Field

from weatherhead.actions.corrections.agreement_facts import REBILL_RULE
from weatherhead.actions.inputs import Blankable, Name, NeededNote
from weatherhead.actions.metering.one_meter import account_served, require_meter
from weatherhead.actions.metering.read_inputs import Day, Serial
from weatherhead.areas.billing.correction_rules import CorrectionBook, Weighed, correction_book, look_back, weigh_test
from weatherhead.areas.customers.queries import accounts
from weatherhead.areas.metering.meter_tests import MeterTestFacts, meter_tests_of, record_test
from weatherhead.areas.metering.queries import MeterFacts
from weatherhead.core.values import Change, Refusal, Rule, Sentence, Unit, gettext_noop
from weatherhead.door.context import Actor, Moment
from weatherhead.door.proposal import Proposal
from weatherhead.door.registry import Action, Recording, registry

PERCENT_MAX = 200


class MeterTestInFuture(Refusal):
    """The day of the test has not come yet."""

    template = gettext_noop("%(on)s is still to come. Give the day on which the meter was tested.")


class WrongAfterTest(Refusal):
    """It cannot have gone wrong after the test that found it."""

    template = gettext_noop("The test of %(on)s found what was wrong before it. Give an earlier day, or none.")


def _percent(value: object) -> object:
    if isinstance(value, str):
        try:
            return Decimal(value.strip().removesuffix("%").strip())
        except InvalidOperation as error:
            raise ValueError(gettext_noop("write the result in percent, such as 100.20")) from error
    if isinstance(value, float):
        raise ValueError(gettext_noop("write the result as text, in percent, such as 100.20"))
    return value


Percent = Annotated[Decimal, BeforeValidator(_percent), Field(gt=0, le=PERCENT_MAX, decimal_places=2)]
"""What a meter registered of what passed through it, in percent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """The meter, its results at full and at light load, who tested it when, and since when it was wrong, if known."""

    meter: Serial
    full_load: Percent
    light_load: Percent
    tested_on: Day
    wrong_since_on: Annotated[Day | None, Blankable] = None
    tested_by: Name
    note: NeededNote


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The meter with its last test, whose service it measured and of which class, and the rules."""

    meter: MeterFacts
    last: MeterTestFacts | None
    account_ids: tuple[int, ...]
    revenue_class: str
    book: CorrectionBook
    as_of: date


def gather(inputs: Inputs, moment: Moment, _: Actor) -> Facts:
    """Read the meter and the rules.

    Raises:
        MeterUnknown: there is none of that number.
        NoCorrectionRules: the regulations have none.
    """
    found = require_meter(inputs.meter)
    # A meter is often taken down to be tested.
    served = account_served(inputs.meter, on=inputs.tested_on) or account_served(
        inputs.meter, on=inputs.tested_on - timedelta(days=1)
    )
    tests = meter_tests_of([found.meter_id]).get(found.meter_id, ())
    return Facts(
        meter=found,
        last=tests[-1] if tests else None,
        account_ids=served,
        revenue_class=next((item.revenue_class for item in accounts(served).values()), ""),
        book=correction_book(),
        as_of=moment.as_of,
    )


def propose(facts: Facts, inputs: Inputs) -> Proposal[MeterTestFacts]:
    """Weigh the results, and say whether bills are to be corrected, and how far back.

    Raises:
        MeterTestInFuture, WrongAfterTest: as they say.
        RuleNotInForce: the test was made before the rule's first version.
    """
    if inputs.tested_on > facts.as_of:
        raise MeterTestInFuture(on=inputs.tested_on)
    if inputs.wrong_since_on is not None and inputs.wrong_since_on >= inputs.tested_on:
        raise WrongAfterTest(on=inputs.tested_on)
    weighed = weigh_test(facts.book, full_load=inputs.full_load, light_load=inputs.light_load, on=inputs.tested_on)
    said = {
        "serial": facts.meter.serial,
        "accuracy": str(weighed.accuracy_percent),
        "error": f"{weighed.error_percent:+}",
        "tolerance": str(weighed.tolerance_percent),
    }
    summary = (
        gettext_noop("Meter %(serial)s tested: %(error)s %%, more than %(tolerance)s %%; correct its bills")
        if weighed.off
        else gettext_noop("Meter %(serial)s tested: %(error)s %%, within %(tolerance)s %%; its bills stand")
    )
    return Proposal(
        summary=Sentence(summary, said),
        confirm=Sentence(gettext_noop("Record the test"), said),
        plan=MeterTestFacts(
            meter_id=facts.meter.meter_id,
            tested_on=inputs.tested_on,
            full_load_percent=inputs.full_load,
            light_load_percent=inputs.light_load,
            accuracy_percent=weighed.accuracy_percent,
            off=weighed.off,
            wrong_since_on=inputs.wrong_since_on if weighed.off else None,
            tested_by=inputs.tested_by,
            basis=f"{weighed.arithmetic}; {weighed.rule.code}",
            note=inputs.note,
        ),
        account_ids=facts.account_ids,
        creates={"metering_metertest": 1},
        changes=(
            Change(
                code="accuracy",
                label=Sentence(gettext_noop("Accuracy of meter %(serial)s"), said),
                unit=Unit.TEXT,
                before=f"{facts.last.accuracy_percent} %" if facts.last else None,
                after=f"{weighed.accuracy_percent} %",
                note=Sentence("%(arithmetic)s", {"arithmetic": weighed.arithmetic}),
            ),
        ),
        rules=_rules(facts, inputs, weighed=weighed),
    )


def _rules(facts: Facts, inputs: Inputs, *, weighed: Weighed) -> tuple[Rule, ...]:
    """The rule of the test, and of how far back a correction then reaches."""
    if not weighed.off:
        return (weighed.rule,)
    reach = look_back(
        facts.book,
        net_cents=-1 if weighed.error_percent > 0 else 1,
        revenue_class=facts.revenue_class,
        begin_known=inputs.wrong_since_on is not None,
        tampering=False,
        on=facts.as_of,
    )
    return (weighed.rule, reach.rule, REBILL_RULE)


def record(proposal: Proposal[MeterTestFacts], recording: Recording) -> None:
    """Keep it."""
    number = record_test(proposal.plan, receipt_id=recording.receipt_id)
    recording.made_one("meter_test_off" if proposal.plan.off else "meter_test", number)


def locks(inputs: Inputs) -> tuple[int, ...]:
    """Nobody's balance changes."""
    return ()


ACTION = registry.add(
    Action(
        name="record_meter_test",
        title=gettext_noop("Record a meter test"),
        duty=9,
        on="meter",
        inputs=Inputs,
        locks=locks,
        gather=gather,
        propose=propose,
        record=record,
        summary=gettext_noop(
            "Keeps what a test of a meter found at full and light load, by whom; where it is off by more than the rule "
            "lets pass, correcting the bills goes by the energy that passed."
        ),
    )
)
