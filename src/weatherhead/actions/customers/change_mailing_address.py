"""Change where an account's bills go."""

from __future__ import annotations

from dataclasses import dataclass, field

from weatherhead.actions.inputs import City, Name, Number, UnitText
from weatherhead.areas.customers.operations import StaleAccount, change_mailing_address
from weatherhead.areas.customers.queries import AccountFacts, account
from weatherhead.areas.premises.address import check_address
from weatherhead.core.values import Change, Refusal, Sentence, Unit, gettext_noop
from weatherhead.door.context import Actor, Moment
from weatherhead.door.proposal import Proposal
from weatherhead.door.registry import SENSITIVE, Action, Recording, registry


class AddressUnchanged(Refusal):
    """The same address as before."""

    template = gettext_noop("That is the mailing address on file already. Nothing needs to change.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """The new address, and the version of the account that the form showed."""

    account_id: Number
    version: Number
    street: Name = field(metadata=SENSITIVE)
    unit: UnitText = field(default="", metadata=SENSITIVE)
    city: City
    state: Name
    postal_code: Name = field(metadata=SENSITIVE)


def locks(inputs: Inputs) -> tuple[int, ...]:
    """The account."""
    return (inputs.account_id,)


def gather(inputs: Inputs, _: Moment, __: Actor) -> AccountFacts:
    """Read the account as it is now."""
    return account(inputs.account_id)


def propose(facts: AccountFacts, inputs: Inputs) -> Proposal[Inputs]:
    """Check the address and the version.

    Raises:
        StaleAccount, AddressIncomplete, AddressUnchanged: as they say.
    """
    if facts.version != inputs.version:
        raise StaleAccount(now=facts.version, yours=inputs.version)
    check_address(street=inputs.street, city=inputs.city, state=inputs.state, postal_code=inputs.postal_code)
    before = _line(facts.mail_street, facts.mail_unit, facts.mail_city, facts.mail_state, facts.mail_postal_code)
    after = _line(inputs.street, inputs.unit, inputs.city, inputs.state, inputs.postal_code)
    if before == after:
        raise AddressUnchanged
    change = Change(
        code="mailing_address",
        label=Sentence(gettext_noop("Mail to")),
        unit=Unit.TEXT,
        before=before,
        after=after,
        account_id=facts.account_id,
    )
    return Proposal(
        summary=Sentence(gettext_noop("Mailing address changed")),
        confirm=Sentence(gettext_noop("Change the address")),
        plan=inputs,
        account_ids=(facts.account_id,),
        updates={"customers_account": 1},
        changes=(change,),
    )


def _line(street: str, unit: str, city: str, state: str, postal_code: str) -> str:
    first = f"{street}, {unit}" if unit else street
    return f"{first}, {city} {state} {postal_code}"


def record(proposal: Proposal[Inputs], _: Recording) -> None:
    """Write the address; the version grows by one."""
    plan = proposal.plan
    change_mailing_address(
        account_id=plan.account_id,
        version=plan.version,
        street=plan.street,
        unit=plan.unit,
        city=plan.city,
        state=plan.state,
        postal_code=plan.postal_code,
    )


ACTION = registry.add(
    Action(
        name="change_mailing_address",
        title=gettext_noop("Change mailing address"),
        duty=11,
        on="account",
        inputs=Inputs,
        locks=locks,
        gather=gather,
        propose=propose,
        record=record,
        key="M",
        summary=gettext_noop("Changes where the bills go; refused when someone else changed the account meanwhile."),
    )
)
