"""Prepare a billing summary to be given out: freeze it, keep its PDF, and say for whom it is and what allows that."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated, Any, Literal

from weatherhead.actions.customers.record_consent import RULE as CONSENT_FIRST
from weatherhead.actions.customers.revoke_consent import ConsentOfAnother
from weatherhead.actions.figures import made
from weatherhead.actions.inputs import Blankable, Number
from weatherhead.areas.customers.consents import ConsentFacts, consent
from weatherhead.areas.customers.queries import AccountFacts, account, accounts_beside, contact_points
from weatherhead.areas.documents.frames import made_frame
from weatherhead.areas.documents.operations import StatementPlan, keep_document, keep_frame, keep_statement
from weatherhead.areas.documents.queries import STATEMENT, frame_body, kept_frames
from weatherhead.areas.documents.rendering import render_statement
from weatherhead.areas.documents.statement_wording import STATEMENT_WORDS
from weatherhead.areas.records.audit_chain import AuditEvent, account_stream
from weatherhead.areas.records.canonical import canonical
from weatherhead.areas.records.operations.audit import append_audit
from weatherhead.areas.records.operations.work_items import enqueue
from weatherhead.core.statements import parse_prepared
from weatherhead.core.values import Change, Refusal, Rule, Sentence, Span, Unit, gettext_noop
from weatherhead.door.context import Actor, Moment
from weatherhead.door.proposal import Proposal
from weatherhead.door.registry import Action, Recording, registry
from weatherhead.overviews.statement.composing import NEEDS, Composed, compose
from weatherhead.overviews.statement.spans import span_of

Kind = Literal["statement", "payment_history", "yearly", "usage", "accounts"]
SpanName = Literal["last_12_months", "this_year", "last_year", "since_opened", "days"]
LINES_MAX = 5_000
ON_FILE_DAYS = 30
"""For how long an address must have been on file before anything private goes there (after 47 CFR 64.2010(c))."""
MESSAGE = "write_message"
ADDRESS_ON_FILE = Rule(
    code="address_on_file",
    title="Documents go to an e-mail address that has been on file for 30 days, or that a consent names",
    citation="47 CFR 64.2010 as the model; docs/statements.md",
    status="house",
)
BOOKS = Rule(
    code="foots_to_the_ledger",
    title="A summary shows what the ledger holds: the balance before and every line make the balance after",
    citation="docs/statements.md",
    status="house",
)


class ConsentNotInForce(Refusal):
    """The consent has not begun, has ended, or was taken back."""

    template = gettext_noop(
        "The consent for %(party)s does not hold on %(on)s: it was given from %(starts)s through %(last)s, or taken "
        "back. Ask the customer for a new one; nothing was given out."
    )


class ConsentDoesNotCover(Refusal):
    """The customer did not agree to this."""

    template = gettext_noop(
        "The customer’s consent for %(party)s does not cover %(missing)s, which this shows. Choose what it covers, or "
        "ask the customer for a wider one; nothing was given out."
    )


class ConsentForOneAccount(Refusal):
    """Consent for one account does not open the others."""

    template = gettext_noop(
        "The consent for %(party)s is for this account only. A statement of all accounts needs one for all of them."
    )


class NoEmail(Refusal):
    """Nowhere to send it."""

    template = gettext_noop("No e-mail address is on file for %(who)s. Print it, or record an address first.")


class EmailTooNew(Refusal):
    """An address that was just entered may be somebody else's."""

    template = gettext_noop(
        "The e-mail address is on file since %(since)s only. Until %(from_on)s, print it and mail it to the address of "
        "record."
    )


class StatementTooLong(Refusal):
    """More lines than a document holds."""

    template = gettext_noop("These days hold %(lines)s lines; at most %(most)s fit. Choose fewer days.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """What to prepare, of which days, for whom, and how it goes out.

    `from_on` and `to_on` (the last day) count with `span` ``days``. Without `consent_id` it is for the customer.
    """

    account_id: Number
    kind: Kind = "statement"
    span: SpanName = "last_12_months"
    from_on: Annotated[date | None, Blankable] = None
    to_on: Annotated[date | None, Blankable] = None
    consent_id: Annotated[Number | None, Blankable] = None
    given_by: Literal["print", "email"] = "print"


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The account, the days, what was composed, and where it would go. `composed` is None where consent forbids it."""

    account: AccountFacts
    as_of: date
    span: Span
    consent: ConsentFacts | None
    email: str
    email_since: date | None
    composed: Composed | None
    frame_kept: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What to freeze, under which frame, and whether it is sent."""

    statement: StatementPlan
    frame_sha256: str
    account_ids: tuple[int, ...]
    party: str


def locks(inputs: Inputs) -> tuple[int, ...]:
    """The accounts that it speaks of, so that what is frozen is of one instant."""
    if inputs.kind == "accounts":
        return tuple(item.account_id for item in accounts_beside(inputs.account_id))
    return (inputs.account_id,)


def gather(inputs: Inputs, moment: Moment, _: Actor) -> Facts:
    """Read consent and address, and compose the summary: not before consent allows it.

    Raises:
        NoSuchAccount, NoSuchConsent: for unknown ones.
        SpanDaysMissing, SpanBackwards, SpanNotOver, YearTooLong: the days are none.
    """
    holder, as_of = account(inputs.account_id), moment.as_of
    given = consent(inputs.consent_id) if inputs.consent_id is not None else None
    span = span_of(
        inputs.span,
        kind=inputs.kind,
        opened_on=holder.opened_on,
        as_of=as_of,
        from_on=inputs.from_on,
        to_on=inputs.to_on,
    )
    email, since = _address(holder, given=given, as_of=as_of) if inputs.given_by == "email" else ("", None)
    composed = None
    if given is None or refused_by(given, account=holder, kind=inputs.kind, as_of=as_of) is None:
        composed = compose(inputs.account_id, kind=inputs.kind, span=span, as_of=as_of, consent=given)
    return Facts(
        account=holder,
        as_of=as_of,
        span=span,
        consent=given,
        email=email,
        email_since=since,
        composed=composed,
        frame_kept=composed is not None and bool(kept_frames([composed.frame.sha256])),
    )


def _address(holder: AccountFacts, *, given: ConsentFacts | None, as_of: date) -> tuple[str, date | None]:
    if given is not None:
        return given.party_email, None
    found = next((item for item in contact_points(holder.customer_id, as_of=as_of) if item.kind == "email"), None)
    return (found.value, found.since_on) if found else ("", None)


def refused_by(given: ConsentFacts, *, account: AccountFacts, kind: str, as_of: date) -> Refusal | None:
    """Why a consent does not allow a kind of summary of an account on a day; None when it does."""
    if given.customer_id != account.customer_id or not given.speaks_of(account.account_id):
        return ConsentOfAnother(consent=given.consent_id)
    if not given.in_force(as_of):
        return ConsentNotInForce(party=given.party_name, on=as_of, starts=given.starts_on, last=given.last_on)
    if missing := NEEDS[kind] - given.covers:
        return ConsentDoesNotCover(party=given.party_name, missing=", ".join(sorted(missing)))
    if kind == "accounts" and given.account_id is not None:
        return ConsentForOneAccount(party=given.party_name)
    return None


def propose(facts: Facts, inputs: Inputs) -> Proposal[Plan]:
    """Freeze what was composed.

    Raises:
        ConsentOfAnother, ConsentNotInForce, ConsentDoesNotCover, ConsentForOneAccount: the customer did not agree.
        NoEmail, EmailTooNew: it cannot be sent there.
        StatementTooLong: too many lines.
    """
    composed = _permitted(facts, inputs=inputs)
    lines = len(composed.payload["body"].get("lines", ()))
    if lines > LINES_MAX:
        raise StatementTooLong(lines=lines, most=LINES_MAX)
    given = facts.consent
    party = given.party_name if given is not None else ""
    title = Sentence(STATEMENT_WORDS[f"title_{inputs.kind}"])
    counts = {"documents_statement": 1, "documents_document": 1}
    if not facts.frame_kept:
        counts["documents_documentframe"] = 1
    rules = (BOOKS, *([CONSENT_FIRST] if given else ()), *([ADDRESS_ON_FILE] if inputs.given_by == "email" else ()))
    return Proposal(
        summary=_said(title, facts=facts, party=party),
        confirm=Sentence(gettext_noop("Prepare it and send it"))
        if inputs.given_by == "email"
        else Sentence(gettext_noop("Prepare it")),
        plan=Plan(
            statement=StatementPlan(
                account_id=inputs.account_id,
                kind=inputs.kind,
                consent_id=inputs.consent_id,
                start_on=facts.span.start,
                end_on=facts.span.end,
                prepared_on=facts.as_of,
                given_by=inputs.given_by,
                payload=composed.payload,
            ),
            frame_sha256=composed.frame.sha256,
            account_ids=composed.account_ids,
            party=party,
        ),
        account_ids=composed.account_ids,
        creates=counts,
        changes=(
            made(gettext_noop("First day"), facts.span.start, code="start", unit=Unit.DATE),
            made(gettext_noop("Last day"), facts.span.last_on, code="last", unit=Unit.DATE),
            *_figures(composed.payload["body"], kind=inputs.kind),
            *((made(gettext_noop("For"), party, code="party"),) if party else ()),
        ),
        rules=rules,
        when_tied="allow" if given is None else "ask",
    )


def _permitted(facts: Facts, *, inputs: Inputs) -> Composed:
    given = facts.consent
    if given is not None:
        refusal = refused_by(given, account=facts.account, kind=inputs.kind, as_of=facts.as_of)
        if refusal is not None:
            raise refusal
    if inputs.given_by == "email":
        if not facts.email:
            raise NoEmail(who=given.party_name if given else facts.account.customer_name)
        if facts.email_since is not None and (facts.as_of - facts.email_since).days < ON_FILE_DAYS:
            from_on = facts.email_since + timedelta(days=ON_FILE_DAYS)
            raise EmailTooNew(since=facts.email_since, from_on=from_on)
    if facts.composed is None:
        raise ValueError("what consent allows was not composed")
    return facts.composed


def _said(title: Sentence, *, facts: Facts, party: str) -> Sentence:
    days = {"title": title, "start": facts.span.start, "last": facts.span.last_on}
    if party:
        return Sentence(gettext_noop("%(title)s of %(start)s to %(last)s for %(party)s"), days | {"party": party})
    return Sentence(gettext_noop("%(title)s of %(start)s to %(last)s"), days)


def _figures(body: dict[str, Any], *, kind: str) -> tuple[Change, ...]:
    """What people compare it with before it leaves."""
    if kind == "accounts":
        accounts = body["accounts"]
        cents = sum(item["closing_cents"] for item in accounts)
        return (
            made(gettext_noop("Accounts"), len(accounts), code="accounts", unit=Unit.COUNT),
            made(gettext_noop("Balance at the end"), cents, code="closing", unit=Unit.CENTS),
        )
    if kind == "payment_history":
        late = sum(cents for name, cents in body["counts"].items() if name.startswith("late"))
        return (
            made(gettext_noop("Bills"), len(body["bills"]), code="bills", unit=Unit.COUNT),
            made(gettext_noop("Paid late"), late, code="late", unit=Unit.COUNT),
            made(gettext_noop("Returned payments"), len(body["returned"]), code="returned", unit=Unit.COUNT),
        )
    if kind == "usage":
        energy_wh = sum(item["energy_wh"] for item in body["periods"])
        return (made(gettext_noop("Electricity used"), energy_wh, code="energy", unit=Unit.ENERGY_WH),)
    return (
        made(gettext_noop("Balance before"), body["opening_cents"], code="opening", unit=Unit.CENTS),
        made(gettext_noop("Balance at the end"), body["closing_cents"], code="closing", unit=Unit.CENTS),
    )


def record(proposal: Proposal[Plan], recording: Recording) -> None:
    """Freeze it, keep its PDF, remember a disclosure as a look, and put a message into the queue."""
    plan, at = proposal.plan, recording.moment.at
    keep_frame(made_frame(plan.frame_sha256))
    kept = keep_statement(plan.statement, at=at, receipt_id=recording.receipt_id)
    document = parse_prepared(kept.payload, frame=frame_body(plan.frame_sha256))
    document_id = keep_document(
        STATEMENT,
        subject_id=kept.statement_id,
        number=kept.number,
        payload_sha256=kept.payload_sha256,
        rendered=render_statement(document),
        at=at,
    )
    if plan.statement.consent_id is not None:
        _remember(plan, number=kept.number, recording=recording)
    if plan.statement.given_by == "email":
        payload = {"statement": kept.statement_id}
        enqueue(kind=MESSAGE, payload=payload, at=at, unique_key=f"message of statement {kept.statement_id}")
    recording.made_one("statement", kept.statement_id)
    recording.made_one("document", document_id)


def _remember(plan: Plan, *, number: str, recording: Recording) -> None:
    """A disclosure stands in the log of each account that it speaks of, as a look does: who saw what, and why."""
    actor, statement = recording.actor, plan.statement
    detail = {
        "consent": statement.consent_id,
        "kind": statement.kind,
        "start_on": statement.start_on.isoformat(),
        "end_on": statement.end_on.isoformat(),
        "statement": number,
        "given_by": statement.given_by,
        "channel": actor.channel,
    }
    for account_id in plan.account_ids:
        event = AuditEvent(
            at=recording.moment.at,
            actor=actor.name,
            employee_id=actor.employee_id,
            kind="look",
            action="look:disclosure",
            subject=f"account:{account_id}",
            detail=canonical(detail),
        )
        append_audit(event, streams=[account_stream(account_id)])


ACTION = registry.add(
    Action(
        name="prepare_statement",
        title=gettext_noop("Prepare a statement"),
        duty=6,
        on="account",
        inputs=Inputs,
        locks=locks,
        gather=gather,
        propose=propose,
        record=record,
        summary=gettext_noop(
            "Freezes a statement, payment history, yearly or usage summary that foots to the ledger, and keeps its "
            "PDF; for others with the customer's consent only."
        ),
    )
)
