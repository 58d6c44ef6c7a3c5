"""Where the mail goes after a move: an address that may be left out."""

from __future__ import annotations

from dataclasses import dataclass

from weatherhead.areas.customers.operations import change_mailing_address
from weatherhead.areas.customers.queries import AccountFacts
from weatherhead.areas.premises.address import check_address
from weatherhead.core.values import Change, Sentence, Unit, gettext_noop


@dataclass(frozen=True, slots=True, kw_only=True)
class MailAddress:
    """A mailing address; every part but the state is empty when none was given."""

    street: str
    unit: str
    city: str
    state: str
    postal_code: str

    @property
    def line(self) -> str:
        """On one line."""
        first = f"{self.street}, {self.unit}" if self.unit else self.street
        return f"{first}, {self.city} {self.state} {self.postal_code}"


@dataclass(frozen=True, slots=True, kw_only=True)
class MailPlan:
    """A change of an account's mailing address from the version that was looked at."""

    account_id: int
    version: int
    before: MailAddress
    after: MailAddress


def plan_mail(account: AccountFacts, *, given: MailAddress) -> MailPlan | None:
    """The change of address, or None when none was given or it is the one on file. A state alone is no address.

    Raises:
        AddressIncomplete: saying which part is wrong.
    """
    if not any((given.street, given.unit, given.city, given.postal_code)):
        return None
    check_address(street=given.street, city=given.city, state=given.state, postal_code=given.postal_code)
    before = MailAddress(
        street=account.mail_street,
        unit=account.mail_unit,
        city=account.mail_city,
        state=account.mail_state,
        postal_code=account.mail_postal_code,
    )
    if before == given:
        return None
    return MailPlan(account_id=account.account_id, version=account.version, before=before, after=given)


def mail_changes(plan: MailPlan | None) -> tuple[Change, ...]:
    """The address before and after; pages keep it hidden like any other."""
    if plan is None:
        return ()
    change = Change(
        code="mailing_address",
        label=Sentence(gettext_noop("Mail to")),
        unit=Unit.TEXT,
        before=plan.before.line,
        after=plan.after.line,
        account_id=plan.account_id,
    )
    return (change,)


def write_mail(plan: MailPlan | None) -> None:
    """Write the address.

    Raises:
        StaleAccount: the account was changed meanwhile.
    """
    if plan is None:
        return
    change_mailing_address(
        account_id=plan.account_id,
        version=plan.version,
        street=plan.after.street,
        unit=plan.after.unit,
        city=plan.after.city,
        state=plan.after.state,
        postal_code=plan.after.postal_code,
    )
