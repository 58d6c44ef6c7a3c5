"""Take back a consent: from today on nobody is told on it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from weatherhead.actions.customers.record_consent import RULE
from weatherhead.actions.inputs import Note, Number
from weatherhead.areas.customers.consents import ConsentFacts, consent
from weatherhead.areas.customers.operations import ConsentRevokedAlready, revoke_consent
from weatherhead.areas.customers.queries import AccountFacts, account
from weatherhead.core.values import Change, Refusal, Sentence, Unit, gettext_noop
from weatherhead.door.context import Actor, Moment
from weatherhead.door.proposal import Proposal
from weatherhead.door.registry import Action, Recording, registry


class ConsentOfAnother(Refusal):
    """The consent is another customer's, or for another of their accounts."""

    template = gettext_noop("Consent %(consent)s is not for this account. Choose it from the account it was given for.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """The consent, and what was said."""

    account_id: Number
    consent_id: Number
    note: Note = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The account, the consent, and the day."""

    account: AccountFacts
    consent: ConsentFacts
    as_of: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The consent to take back, and from when on."""

    consent: ConsentFacts
    revoked_on: date


def locks(inputs: Inputs) -> tuple[int, ...]:
    """The account."""
    return (inputs.account_id,)


def gather(inputs: Inputs, moment: Moment, _: Actor) -> Facts:
    """Read account and consent.

    Raises:
        NoSuchAccount, NoSuchConsent: for unknown ones.
    """
    return Facts(account=account(inputs.account_id), consent=consent(inputs.consent_id), as_of=moment.as_of)


def propose(facts: Facts, inputs: Inputs) -> Proposal[Plan]:
    """Take it back from today on.

    Raises:
        ConsentOfAnother, ConsentRevokedAlready: as they say.
    """
    given = facts.consent
    if given.customer_id != facts.account.customer_id or not given.speaks_of(inputs.account_id):
        raise ConsentOfAnother(consent=inputs.consent_id)
    if given.revoked_on is not None:
        raise ConsentRevokedAlready(party=given.party_name)
    return Proposal(
        summary=Sentence(gettext_noop("Consent for %(party)s taken back"), {"party": given.party_name}),
        confirm=Sentence(gettext_noop("Take back the consent")),
        plan=Plan(consent=given, revoked_on=facts.as_of),
        account_ids=(inputs.account_id,),
        updates={"customers_consent": 1},
        changes=(
            Change(
                code="until",
                label=Sentence(gettext_noop("%(party)s may be told before"), {"party": given.party_name}),
                unit=Unit.DATE,
                before=given.ends_on,
                after=facts.as_of,
            ),
        ),
        rules=(RULE,),
        when_tied="allow",  # it only takes a right away
    )


def record(proposal: Proposal[Plan], recording: Recording) -> None:
    """Write the day."""
    plan = proposal.plan
    revoke_consent(plan.consent, revoked_on=plan.revoked_on, receipt_id=recording.receipt_id)


ACTION = registry.add(
    Action(
        name="revoke_consent",
        title=gettext_noop("Take back a consent"),
        duty=8,
        on="account",
        inputs=Inputs,
        locks=locks,
        gather=gather,
        propose=propose,
        record=record,
        summary=gettext_noop("Ends a customer's consent today; nothing more is given out on it."),
    )
)
