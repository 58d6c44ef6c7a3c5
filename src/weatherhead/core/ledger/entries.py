"""Journal entries: postings that sum to zero, appended and never edited.

A correction is another entry: a reversal with a link and a reason. What is only expected (a bank debit on its way) is a
pending entry, which a later entry posts or voids; the pending one stays as it was.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from weatherhead.core.ledger.accounts import CUSTOMER_KEPT, LedgerAccount, ledger_account_code
from weatherhead.core.values import LARGEST_AMOUNT_CENTS, Refusal, gettext_noop

POSTINGS_MIN = 2
POSTINGS_MAX = 32_767
NAME_LENGTH_MAX = 40

_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", re.ASCII)


class EntryState(StrEnum):
    """What an entry does to balances: ``posted`` counts; ``pending`` and ``void`` do not."""

    POSTED = "posted"
    PENDING = "pending"
    VOID = "void"


class EntryNotBalanced(Refusal):
    """Debits and credits differ."""

    template = gettext_noop(
        "The debits and credits of this %(kind)s entry differ by %(difference_cents)s cents. "
        "Nothing was posted; correct the amounts so that they sum to zero."
    )


class EntryTooShort(Refusal):
    """Fewer than two postings: money comes from somewhere and goes somewhere."""

    template = gettext_noop(
        "This %(kind)s entry has %(count)s posting(s). Give at least two: where from, and where to."
    )


class EntryTooLong(Refusal):
    """More postings than one entry holds."""

    template = gettext_noop("This %(kind)s entry has %(count)s postings; at most %(most)s fit. Split it.")


class VoidHasPostings(Refusal):
    """A void entry moves nothing."""

    template = gettext_noop("An entry that voids a pending one has no postings. Leave them out.")


class VoidWithoutPending(Refusal):
    """A void entry must say what it voids."""

    template = gettext_noop("An entry that voids must name the pending entry that it voids.")


class ResolutionMisplaced(Refusal):
    """A pending entry cannot itself resolve one, and an entry cannot both reverse and resolve."""

    template = gettext_noop(
        "This %(kind)s entry names both or the wrong one of the entries that it reverses and resolves. "
        "A pending entry names neither; any other names at most one."
    )


class PostingAmountZero(Refusal):
    """A posting of nothing."""

    template = gettext_noop("A posting to %(ledger_account)s has the amount 0. Leave it out.")


class PostingAmountTooLarge(Refusal):
    """An amount that no customer's account ever sees."""

    template = gettext_noop("A posting to %(ledger_account)s of %(amount_cents)s cents is too large. Check the amount.")


class CustomerAccountMissing(Refusal):
    """A posting to a ledger account that is kept for each customer names no customer's account."""

    template = gettext_noop("A posting to %(ledger_account)s must name the customer's account it belongs to.")


class DueDateMissing(Refusal):
    """A new receivable without a due date could not be aged."""

    template = gettext_noop(
        "A %(charge)s posting that adds to what a customer owes needs a due date, or the credit that it cancels."
    )


class DueDateMisplaced(Refusal):
    """Only what a customer newly owes falls due."""

    template = gettext_noop("A %(charge)s posting to %(ledger_account)s cannot have a due date. Leave it out.")


class EntryNotPosted(Refusal):
    """Only what counts can be reversed."""

    template = gettext_noop("Entry %(entry)s is %(state)s, not posted, so there is nothing to reverse.")


class EntryNotPending(Refusal):
    """Only what is expected can be posted or voided."""

    template = gettext_noop("Entry %(entry)s is %(state)s, not pending, so it can be neither posted nor voided.")


class CorrectionBeforeEntry(Refusal):
    """A correction cannot take effect before what it corrects."""

    template = gettext_noop(
        "Entry %(entry)s took effect on %(entry_on)s; a correction cannot take effect before it, on %(correction_on)s. "
        "Choose %(entry_on)s or a later day."
    )


class ReasonMissing(Refusal):
    """A correction without a reason cannot be explained later."""

    template = gettext_noop("Give a reason for correcting entry %(entry)s.")


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class PostingRef:
    """Names a stored posting: its entry, and its place there from 1."""

    entry_id: int
    sequence: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Posting:
    """One amount on one ledger account; debits are positive, credits negative.

    account_id: the customer's account. Required for receivable, deposit and unapplied_credit; elsewhere give it only
        when a running figure for that account is wanted, because each such pair keeps one.
    due_on: when a receivable debit falls due; None for everything else.
    charge: what it is for, in lower_snake_case: bill, late_charge, returned_payment_fee, payment …
    matches: the stored posting that this one cancels, wholly or in part. Ageing then sets the two off against each
        other before anything else.

    Raises:
        UnknownLedgerAccount, PostingAmountZero, PostingAmountTooLarge, CustomerAccountMissing, DueDateMissing,
        DueDateMisplaced: as they say.
        TypeError: when the amount is not an int (a float never touches money).
        ValueError: when `charge` is not a name.
    """

    ledger_account: str
    amount_cents: int
    charge: str
    account_id: int | None = None
    due_on: date | None = None
    matches: PostingRef | None = None

    def __post_init__(self) -> None:
        # The code is kept as plain text: an enum member and its text would otherwise be told apart in rows and hashes.
        object.__setattr__(self, "ledger_account", str(ledger_account_code(self.ledger_account)))
        if type(self.amount_cents) is not int:
            raise TypeError(f"amount_cents must be an int, not {type(self.amount_cents).__name__}")
        _check_name(self.charge, what="charge")
        if self.amount_cents == 0:
            raise PostingAmountZero(ledger_account=self.ledger_account)
        if abs(self.amount_cents) > LARGEST_AMOUNT_CENTS:
            raise PostingAmountTooLarge(ledger_account=self.ledger_account, amount_cents=self.amount_cents)
        if self.account_id is None and self.ledger_account in CUSTOMER_KEPT:
            raise CustomerAccountMissing(ledger_account=self.ledger_account)
        adds_to_receivable = self.ledger_account == LedgerAccount.RECEIVABLE and self.amount_cents > 0
        if adds_to_receivable and self.matches is None and self.due_on is None:
            raise DueDateMissing(charge=self.charge)
        if self.due_on is not None and (not adds_to_receivable or self.matches is not None):
            raise DueDateMisplaced(charge=self.charge, ledger_account=self.ledger_account)


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryDraft:
    """An entry that is ready to be appended. It cannot be built unbalanced.

    kind: what happened, in lower_snake_case: bill, payment, late_charge, reversal …
    effective_on: the local date on which it counts (its insertion time is added when it is stored).
    reverses_id: the posted entry that this one undoes.
    resolves_id: the pending entry that this one posts (state posted) or voids (state void).

    Raises:
        EntryTooShort, EntryTooLong, EntryNotBalanced, VoidHasPostings, VoidWithoutPending, ResolutionMisplaced: as
        they say.
        ValueError: when `kind` is not a name.
    """

    kind: str
    effective_on: date
    postings: tuple[Posting, ...]
    reason: str = ""
    state: EntryState = EntryState.POSTED
    reverses_id: int | None = None
    resolves_id: int | None = None

    def __post_init__(self) -> None:
        _check_name(self.kind, what="kind")
        if self.reverses_id is not None and (self.resolves_id is not None or self.state != EntryState.POSTED):
            raise ResolutionMisplaced(kind=self.kind)
        if self.resolves_id is not None and self.state == EntryState.PENDING:
            raise ResolutionMisplaced(kind=self.kind)
        if self.state == EntryState.VOID:
            if self.postings:
                raise VoidHasPostings
            if self.resolves_id is None:
                raise VoidWithoutPending
            return
        if len(self.postings) < POSTINGS_MIN:
            raise EntryTooShort(kind=self.kind, count=len(self.postings))
        if len(self.postings) > POSTINGS_MAX:
            raise EntryTooLong(kind=self.kind, count=len(self.postings), most=POSTINGS_MAX)
        difference_cents = sum(posting.amount_cents for posting in self.postings)
        if difference_cents != 0:
            raise EntryNotBalanced(kind=self.kind, difference_cents=difference_cents)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A stored entry: a draft with its number, the instant of its insertion (UTC) and the receipt it belongs to."""

    entry_id: int
    draft: EntryDraft
    inserted_at: datetime
    receipt_id: int | None = None

    def ref(self, sequence: int) -> PostingRef:
        """Name this entry's posting at a place from 1."""
        return PostingRef(entry_id=self.entry_id, sequence=sequence)

    def referenced(self) -> tuple[tuple[PostingRef, Posting], ...]:
        """Every posting with its name, in order."""
        return tuple((self.ref(place), posting) for place, posting in enumerate(self.draft.postings, 1))


def reversal(entry: Entry, *, effective_on: date, reason: str) -> EntryDraft:
    """The exact negation of a posted entry, each posting linked to the one that it cancels.

    Raises:
        EntryNotPosted: the entry is pending or void.
        CorrectionBeforeEntry: `effective_on` is before the entry's own.
        ReasonMissing: no reason was given.
    """
    if entry.draft.state != EntryState.POSTED:
        raise EntryNotPosted(entry=entry.entry_id, state=entry.draft.state)
    _check_correction(entry, effective_on=effective_on, reason=reason)
    postings = tuple(
        Posting(
            ledger_account=posting.ledger_account,
            amount_cents=-posting.amount_cents,
            charge=posting.charge,
            account_id=posting.account_id,
            matches=ref,
        )
        for ref, posting in entry.referenced()
    )
    return EntryDraft(
        kind="reversal", effective_on=effective_on, postings=postings, reason=reason, reverses_id=entry.entry_id
    )


def post_pending(entry: Entry, *, effective_on: date, reason: str = "") -> EntryDraft:
    """The entry that posts a pending one: the same postings, now counting.

    Raises:
        EntryNotPending: the entry is posted or void.
        CorrectionBeforeEntry: `effective_on` is before the entry's own.
    """
    if entry.draft.state != EntryState.PENDING:
        raise EntryNotPending(entry=entry.entry_id, state=entry.draft.state)
    _check_order(entry, effective_on=effective_on)
    return EntryDraft(
        kind=entry.draft.kind,
        effective_on=effective_on,
        postings=entry.draft.postings,
        reason=reason,
        resolves_id=entry.entry_id,
    )


def void_pending(entry: Entry, *, effective_on: date, reason: str) -> EntryDraft:
    """The entry that voids a pending one: it has no postings, and says why.

    Raises:
        EntryNotPending: the entry is posted or void.
        CorrectionBeforeEntry: `effective_on` is before the entry's own.
        ReasonMissing: no reason was given.
    """
    if entry.draft.state != EntryState.PENDING:
        raise EntryNotPending(entry=entry.entry_id, state=entry.draft.state)
    _check_correction(entry, effective_on=effective_on, reason=reason)
    return EntryDraft(
        kind=entry.draft.kind,
        effective_on=effective_on,
        postings=(),
        reason=reason,
        state=EntryState.VOID,
        resolves_id=entry.entry_id,
    )


def _check_correction(entry: Entry, *, effective_on: date, reason: str) -> None:
    if not reason.strip():
        raise ReasonMissing(entry=entry.entry_id)
    _check_order(entry, effective_on=effective_on)


def _check_order(entry: Entry, *, effective_on: date) -> None:
    if effective_on < entry.draft.effective_on:
        raise CorrectionBeforeEntry(
            entry=entry.entry_id,
            entry_on=entry.draft.effective_on.isoformat(),
            correction_on=effective_on.isoformat(),
        )


def _check_name(name: str, *, what: str) -> None:
    if len(name) > NAME_LENGTH_MAX or _NAME.fullmatch(name) is None:
        raise ValueError(f"{what} must be lower_snake_case of at most {NAME_LENGTH_MAX} characters, not {name!r}")
