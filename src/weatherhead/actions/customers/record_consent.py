"""Record a customer's consent that an agency, a landlord or somebody else may be told, of what, and until when."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Annotated, Literal

from pydantic import StringConstraints

from weatherhead.actions.figures import made
from weatherhead.actions.inputs import Blankable, Name, Note, Number, OneLine
from weatherhead.areas.customers.contacts import email_address
from weatherhead.areas.customers.operations import record_consent
from weatherhead.areas.customers.queries import AccountFacts, account
from weatherhead.core.values import Refusal, Rule, Sentence, Unit, gettext_noop
from weatherhead.door.context import Actor, Moment
from weatherhead.door.proposal import Proposal
from weatherhead.door.registry import SENSITIVE, Action, Recording, registry

Address = Annotated[str, StringConstraints(strip_whitespace=True, max_length=254), OneLine]
RULE = Rule(
    code="consent_first",
    title="An agency or landlord is told with the customer’s consent only, and only of what it covers",
    citation="docs/statements.md",
    status="house",
)


class ConsentEndsBeforeItBegins(Refusal):
    """The last day lies before the first."""

    template = gettext_noop("The consent would end on %(until)s, before it begins on %(starts)s. Correct the days.")


class ConsentEndedAlready(Refusal):
    """Nothing could be given on it."""

    template = gettext_noop("The consent ended on %(until)s. Ask the customer for one that lasts.")


class ConsentCoversNothing(Refusal):
    """Nothing was ticked."""

    template = gettext_noop("Tick what may be told: bills, payments, balance or usage.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """Who may be told, of what, from and through which day, and how the customer said so.

    `email` is where documents for them may be sent; `note` says where the evidence is (the form's number, the call).
    """

    account_id: Number
    party_kind: Literal["agency", "landlord", "other"]
    party_name: Name
    email: Address = field(default="", metadata=SENSITIVE)
    bills: bool = False
    payments: bool = False
    balance: bool = False
    usage: bool = False
    all_accounts: bool = False
    given_how: Literal["written", "in_person", "recorded_call"]
    start_on: Annotated[date | None, Blankable] = None
    until_on: date
    note: Note = ""

    @property
    def covers(self) -> tuple[str, ...]:
        """What may be told."""
        said = {"bills": self.bills, "payments": self.payments, "balance": self.balance, "usage": self.usage}
        return tuple(name for name, ticked in said.items() if ticked)


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The account, and the day."""

    account: AccountFacts
    as_of: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The consent to keep."""

    customer_id: int
    account_id: int | None
    inputs: Inputs
    email: str
    starts_on: date


def locks(inputs: Inputs) -> tuple[int, ...]:
    """The account."""
    return (inputs.account_id,)


def gather(inputs: Inputs, moment: Moment, _: Actor) -> Facts:
    """Read the account.

    Raises:
        NoSuchAccount: for an unknown one.
    """
    return Facts(account=account(inputs.account_id), as_of=moment.as_of)


def propose(facts: Facts, inputs: Inputs) -> Proposal[Plan]:
    """Keep the consent.

    Raises:
        ConsentCoversNothing, ConsentEndsBeforeItBegins, ConsentEndedAlready, EmailNotUnderstood: as they say.
    """
    starts_on = inputs.start_on or facts.as_of
    if not inputs.covers:
        raise ConsentCoversNothing
    if inputs.until_on < starts_on:
        raise ConsentEndsBeforeItBegins(until=inputs.until_on, starts=starts_on)
    if inputs.until_on < facts.as_of:
        raise ConsentEndedAlready(until=inputs.until_on)
    email = email_address(inputs.email) if inputs.email else ""
    return Proposal(
        summary=Sentence(gettext_noop("Consent recorded: %(party)s may be told"), {"party": inputs.party_name}),
        confirm=Sentence(gettext_noop("Record the consent")),
        plan=Plan(
            customer_id=facts.account.customer_id,
            account_id=None if inputs.all_accounts else inputs.account_id,
            inputs=inputs,
            email=email,
            starts_on=starts_on,
        ),
        account_ids=(inputs.account_id,),
        creates={"customers_consent": 1},
        changes=(
            made(gettext_noop("May be told"), inputs.party_name, code="party"),
            made(gettext_noop("Of"), ", ".join(inputs.covers), code="covers"),
            made(gettext_noop("From"), starts_on, code="starts", unit=Unit.DATE),
            made(gettext_noop("Through"), inputs.until_on, code="until", unit=Unit.DATE),
        ),
        rules=(RULE,),
    )


def record(proposal: Proposal[Plan], recording: Recording) -> None:
    """Write it."""
    plan, said = proposal.plan, proposal.plan.inputs
    kept = record_consent(
        customer_id=plan.customer_id,
        account_id=plan.account_id,
        party_kind=said.party_kind,
        party_name=said.party_name,
        party_email=plan.email,
        covers=said.covers,
        given_how=said.given_how,
        starts_on=plan.starts_on,
        ends_on=said.until_on + timedelta(days=1),
        note=said.note,
        receipt_id=recording.receipt_id,
    )
    recording.made_one("consent", kept)


ACTION = registry.add(
    Action(
        name="record_consent",
        title=gettext_noop("Record a consent"),
        duty=8,
        on="account",
        inputs=Inputs,
        locks=locks,
        gather=gather,
        propose=propose,
        record=record,
        summary=gettext_noop("Keeps whom the customer lets us tell, of what, how they said so and until when."),
    )
)
