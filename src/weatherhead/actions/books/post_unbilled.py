"""Post what was delivered and not billed at a month's end, and take back what the month before had posted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from weatherhead.areas.billing.unbilled import (
    REVENUE,
    UnbilledOfClass,
    UnbilledRule,
    estimate_unbilled,
    unbilled_by_class,
    unbilled_rule,
)
from weatherhead.areas.ledger.books import UNBILLED, standing_entries
from weatherhead.areas.ledger.operations import ClosedMeanwhile, post
from weatherhead.areas.ledger.operations.closing import lock_books
from weatherhead.areas.ledger.queries import entries
from weatherhead.core.ledger import Entry, EntryDraft, LedgerAccount, Posting, reversal
from weatherhead.core.values import Change, Refusal, Sentence, Unit, format_cents, gettext_noop
from weatherhead.door.context import Actor, Moment
from weatherhead.door.proposal import Proposal
from weatherhead.door.registry import Action, Recording, registry


class NotAMonthsEnd(Refusal):
    """Unbilled revenue is a month's."""

    template = gettext_noop("%(on)s is not the last day of a month. Choose one, like %(example)s.")


class MonthNotOver(Refusal):
    """The month is still going on."""

    template = gettext_noop("The month ends on %(on)s, which is not over. Post its unbilled revenue after that day.")


class UnbilledPosted(Refusal):
    """A later month, or this one, was posted."""

    template = gettext_noop(
        "Unbilled revenue was posted for %(on)s already, by entry %(entry)s. Choose a later month's end."
    )


class NothingUnbilled(Refusal):
    """Everything delivered is billed, and nothing was posted before."""

    template = gettext_noop("Nothing was delivered through %(on)s that is not billed, so there is nothing to post.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """The last day of the month."""

    month_end_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The estimate by class, what could not be estimated, what stands from before, the rule and the day."""

    classes: tuple[UnbilledOfClass, ...]
    not_estimated: int
    standing: tuple[Entry, ...]
    rule: UnbilledRule | None
    as_of: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The entries, in the order of posting, and those that stand now."""

    entries: tuple[EntryDraft, ...]
    standing: tuple[int, ...]


def gather(inputs: Inputs, moment: Moment, _: Actor) -> Facts:
    """Estimate every agreement, when the day is one that can be posted.

    Raises:
        NoUnbilledRule, RuleNotInForce: as they say.
    """
    standing = entries(standing_entries(UNBILLED))
    if not _is_month_end(inputs.month_end_on) or inputs.month_end_on >= moment.as_of:
        return Facts(classes=(), not_estimated=0, standing=standing, rule=None, as_of=moment.as_of)
    rule = unbilled_rule()
    found = tuple(estimate_unbilled(end_of=inputs.month_end_on, version=rule.version_on(inputs.month_end_on)))
    return Facts(
        classes=unbilled_by_class(found),
        not_estimated=sum(len(batch.refused) for batch in found),
        standing=standing,
        rule=rule,
        as_of=moment.as_of,
    )


def _is_month_end(on: date) -> bool:
    return (on + timedelta(days=1)).day == 1


def propose(facts: Facts, inputs: Inputs) -> Proposal[Plan]:
    """Reverse what stands and post the estimate, both on the month's last day. A second person always decides it.

    Raises:
        NotAMonthsEnd, MonthNotOver, UnbilledPosted, NothingUnbilled: as they say.
    """
    on = inputs.month_end_on
    if not _is_month_end(on):
        raise NotAMonthsEnd(on=on, example=(facts.as_of.replace(day=1) - timedelta(days=1)))
    if on >= facts.as_of:
        raise MonthNotOver(on=on)
    for entry in facts.standing:
        if entry.draft.effective_on >= on:
            raise UnbilledPosted(on=entry.draft.effective_on, entry=entry.entry_id)
    why = f"Unbilled revenue estimated anew for {on.isoformat()}"
    undone = tuple(reversal(entry, effective_on=on, reason=why) for entry in facts.standing)
    estimated = _entry(facts.classes, on=on)
    posted = (*undone, *((estimated,) if estimated else ()))
    if not posted:
        raise NothingUnbilled(on=on)
    total_cents = sum(item.revenue_cents for item in facts.classes)
    params = {"on": on, "amount": format_cents(total_cents)}
    return Proposal(
        summary=Sentence(gettext_noop("Unbilled revenue of $%(amount)s posted for %(on)s"), params),
        confirm=Sentence(gettext_noop("Post unbilled revenue of $%(amount)s"), params),
        plan=Plan(entries=posted, standing=tuple(entry.entry_id for entry in facts.standing)),
        entries=posted,
        changes=_changes(facts, total_cents=total_cents),
        rules=(facts.rule.rule,) if facts.rule else (),
        needs_approval=Sentence(gettext_noop("A second person decides on what is estimated.")),
    )


def _entry(classes: tuple[UnbilledOfClass, ...], *, on: date) -> EntryDraft | None:
    """One entry: for each class a debit of what will be billed, and a credit of its revenue."""
    postings = [
        Posting(ledger_account=account, amount_cents=sign * item.revenue_cents, charge=_class_of(item))
        for item in classes
        if item.revenue_cents
        for account, sign in ((LedgerAccount.UNBILLED_RECEIVABLE, 1), (LedgerAccount.UNBILLED_REVENUE, -1))
    ]
    return EntryDraft(kind=UNBILLED, effective_on=on, postings=tuple(postings)) if postings else None


def _class_of(item: UnbilledOfClass) -> str:
    return item.ledger_account.removeprefix(REVENUE)


def _changes(facts: Facts, *, total_cents: int) -> tuple[Change, ...]:
    before = sum(
        posting.amount_cents
        for entry in facts.standing
        for posting in entry.draft.postings
        if posting.ledger_account == LedgerAccount.UNBILLED_RECEIVABLE
    )
    total = Change(
        code="unbilled",
        label=Sentence(gettext_noop("Unbilled revenue")),
        unit=Unit.CENTS,
        before=before,
        after=total_cents,
    )
    rows = [total]
    for item in facts.classes:
        name = _class_of(item)
        said = Sentence(
            gettext_noop("%(class)s, %(agreements)s services"), {"class": name, "agreements": f"{item.agreements:,}"}
        )
        rows.append(Change(code=f"cents.{name}", label=said, unit=Unit.CENTS, before=None, after=item.revenue_cents))
        energy = Sentence(gettext_noop("%(class)s, energy"), {"class": name})
        rows.append(Change(code=f"wh.{name}", label=energy, unit=Unit.ENERGY_WH, before=None, after=item.energy_wh))
    if facts.not_estimated:
        label = Sentence(gettext_noop("Services that cannot be estimated"))
        rows.append(Change(code="not_estimated", label=label, unit=Unit.COUNT, before=None, after=facts.not_estimated))
    return tuple(rows)


def record(proposal: Proposal[Plan], recording: Recording) -> None:
    """Post them.

    Raises:
        ClosedMeanwhile: unbilled revenue was posted, or the day closed, meanwhile.
    """
    plan = proposal.plan
    lock_books()
    if standing_entries(UNBILLED) != plan.standing:
        raise ClosedMeanwhile
    recording.entry_ids += post(plan.entries, inserted_at=recording.moment.at, receipt_id=recording.receipt_id)


ACTION = registry.add(
    Action(
        name="post_unbilled",
        title=gettext_noop("Post unbilled revenue"),
        duty=11,
        on="utility",
        inputs=Inputs,
        gather=gather,
        propose=propose,
        record=record,
        summary=gettext_noop(
            "Estimates what was delivered and not billed at a month's end, posts it, and takes the last estimate back. "
            "A second person decides it."
        ),
    )
)
