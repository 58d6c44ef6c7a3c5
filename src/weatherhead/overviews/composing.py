"""From what the door says to what people see: previews and receipts as views."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from django.utils.translation import gettext

from weatherhead.areas.customers.queries import accounts
from weatherhead.areas.ledger.queries import entries
from weatherhead.areas.records.queries.receipts import NoSuchReceipt, ReceiptFacts, receipt
from weatherhead.areas.records.utility import current_utility
from weatherhead.core.values import Change, Sentence, gettext_noop
from weatherhead.door.authority import Standing, Verdict
from weatherhead.door.preview import Preview
from weatherhead.door.proposal import Proposal
from weatherhead.door.registry import registry
from weatherhead.door.stored import stored_changes, stored_comparisons, stored_rules, stored_sentence
from weatherhead.overviews.preview import AuthorityView, DoneView, PreviewView, ReceiptView

VEIL = "•••"
_HIDDEN = frozenset({"mailing_address"})


def ledger_title(code: str) -> str:
    """What the utility's books call a ledger account."""
    found = current_utility().ledger_accounts.get(code)
    return found.title if found else code


def preview_view(found: Preview, *, action: str) -> PreviewView:
    """A preview for people."""
    proposal = found.proposal
    return PreviewView(
        action=action,
        title=Sentence(registry.get(action).title),
        summary=proposal.summary,
        confirm_label=proposal.confirm,
        changes=proposal.changes,
        comparisons=proposal.comparisons,
        rules=proposal.rules,
        entries=tuple(
            (ledger_title(posting.ledger_account), posting.amount_cents)
            for entry in proposal.entries
            for posting in entry.postings
        ),
        authority=_authority(proposal, verdict=found.verdict),
        needs_approval=found.verdict.ask,
        digest=found.substance,
    )


def _authority(proposal: Proposal[Any], *, verdict: Verdict) -> AuthorityView | None:
    if not proposal.authority_cents or proposal.authority_account_id is None:
        return None
    standing = verdict.standing
    if standing is None:
        return None
    amount, limit, used = proposal.authority_cents, standing.limit_cents, standing.used_cents
    within = amount <= standing.left_cents
    return AuthorityView(
        amount_cents=amount,
        limit_cents=limit,
        used_cents=used,
        left_after_cents=limit - used - amount,
        until_on=standing.until_on,
        within=within,
        sentence=_limit_sentence(standing, within=within),
        used_share=_share(used, of=max(limit, used + amount)),
        this_share=_share(amount, of=max(limit, used + amount)),
    )


def _limit_sentence(standing: Standing, *, within: bool) -> Sentence:
    params = {"limit_cents": standing.limit_cents, "left_cents": standing.left_cents, "until": standing.until_on}
    if within:
        return Sentence(
            gettext_noop("%(left_cents)s of your %(limit_cents)s left for this account until %(until)s."), params
        )
    return Sentence(gettext_noop("Over the %(left_cents)s left of your %(limit_cents)s for this account."), params)


def _share(part: int, *, of: int) -> int:
    return min(100, round(100 * part / of)) if of else 0


def veiled(changes: Sequence[Change], *, after_too: bool) -> tuple[Change, ...]:
    """Changes without the details that are hidden on an account until there is a reason to see them.

    `after_too` hides the new value as well: whoever just typed it knows it, whoever reads the receipt may not.
    """
    new = gettext("%(hidden)s (new)") % {"hidden": VEIL}
    return tuple(
        replace(change, before=VEIL, after=new if after_too else change.after) if change.code in _HIDDEN else change
        for change in changes
    )


def done_view(receipt_id: int, *, account_id: int) -> DoneView | None:
    """What was just done on an account, in a sentence; None for a receipt that there is not or that is another's."""
    try:
        found = receipt(receipt_id)
    except NoSuchReceipt:
        return None
    if account_id not in found.account_ids:
        return None
    return DoneView(
        receipt_id=found.receipt_id,
        outcome=found.outcome,
        summary=stored_sentence(found.body["summary"]),
        as_of=found.as_of,
        payment_id=_payment_taken(found),
    )


def _payment_taken(found: ReceiptFacts) -> int | None:
    """The first payment that a receipt of the counter tells of: that of the account where it was taken."""
    body: Mapping[str, Any] = found.body
    made = body.get("made", {}).get("payment", ())
    return int(made[0]) if found.action == "take_payment" and found.outcome == "done" and made else None


def receipt_view(receipt_id: int) -> ReceiptView:
    """A receipt for people.

    Raises:
        NoSuchReceipt: for an unknown number.
    """
    found = receipt(receipt_id)
    body: Mapping[str, Any] = found.body
    posted = body.get("entries", []) if found.outcome == "done" else []
    known = accounts(found.account_ids)
    return ReceiptView(
        receipt_id=found.receipt_id,
        action=found.action,
        title=Sentence(found.title),
        outcome=found.outcome,
        summary=stored_sentence(body["summary"]),
        actor=found.actor,
        approver=found.approver,
        at=found.at,
        as_of=found.as_of,
        changes=stored_changes(body),
        comparisons=stored_comparisons(body),
        rules=stored_rules(body),
        entries=tuple(
            (entry.entry_id, ledger_title(posting.ledger_account), posting.amount_cents)
            for entry in entries(posted)
            for posting in entry.draft.postings
        ),
        accounts=tuple((item.account_id, item.number_grouped, item.customer_name) for item in known.values()),
        made=tuple((kind, tuple(numbers)) for kind, numbers in body.get("made", {}).items()),
        request_id=body.get("request"),
    )
