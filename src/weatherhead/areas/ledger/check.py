"""`weatherhead ledger check`: proves the books from what is stored, and says where they are wrong.

Each check is one set-based statement whose rows are findings, so that a sound journal of any size is read without being
held. Areas above add their own (a bill that differs from its lines, or from its entry): they are handed in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, groupby, islice
from operator import attrgetter
from typing import Any

from django.utils.translation import gettext, gettext_noop

from weatherhead.areas.ledger.guards import expected_guards, standing_guards
from weatherhead.areas.ledger.models import JournalEntry, LedgerPosting
from weatherhead.areas.ledger.queries import POSTING_FIELDS, stored_entry, stored_posting
from weatherhead.areas.records.database import snapshot, stream
from weatherhead.core.ledger import Entry, LedgerAccount, entry_digest
from weatherhead.core.values import Refusal, format_cents

FINDINGS_SHOWN_MAX = 1_000
_ROWS = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is wrong: a stable code, an English sentence with its values, and what it is about."""

    code: str
    template: str
    values: Mapping[str, str | int | None] = field(default_factory=dict)
    entry_id: int | None = None
    account_id: int | None = None

    @property
    def sentence(self) -> str:
        """The sentence in the reader's language."""
        return gettext(self.template) % self.values


@dataclass(frozen=True, slots=True, kw_only=True)
class Checker:
    """One check: what it looks at, how many of them there are, and what is wrong with them.

    `title` and `unit` are marked for translation ("Every entry sums to zero", "entries"). `find` yields findings one by
    one.
    """

    code: str
    title: str
    unit: str
    count: Callable[[], int]
    find: Callable[[], Iterable[Finding]]


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult:
    """What one check saw. `findings` are the first ones; `found` counts them all."""

    code: str
    title: str
    unit: str
    counted: int
    found: int
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckReport:
    """All checks, of one instant."""

    results: tuple[CheckResult, ...]

    @property
    def found(self) -> int:
        """How many things are wrong in all."""
        return sum(result.found for result in self.results)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The findings shown, check by check."""
        return tuple(finding for result in self.results for finding in result.findings)


def check(*, extra: Sequence[Checker] = (), shown_max: int = FINDINGS_SHOWN_MAX) -> CheckReport:
    """Check the whole journal, and then what `extra` checks, all as of one instant and without stopping writers.

    Of each check at most `shown_max` findings are kept; all are counted.
    """
    with snapshot():
        return CheckReport(results=tuple(_run(checker, shown_max=shown_max) for checker in (*CHECKERS, *extra)))


def _run(checker: Checker, *, shown_max: int) -> CheckResult:
    findings = iter(checker.find())
    shown = tuple(islice(findings, shown_max))
    return CheckResult(
        code=checker.code,
        title=checker.title,
        unit=checker.unit,
        counted=checker.count(),
        found=len(shown) + sum(1 for _ in findings),
        findings=shown,
    )


def _entries() -> int:
    return JournalEntry.objects.count()


def _postings() -> int:
    return LedgerPosting.objects.count()


def _corrections() -> int:
    return JournalEntry.objects.exclude(reverses_id=None, resolves_id=None).count()


def _guards() -> int:
    return len(expected_guards())


def _balances() -> int:
    [(number,)] = stream("SELECT count(*) FROM ledger_runningbalance")
    return int(number)


def _find_unbalanced() -> Iterator[Finding]:
    rows = stream("""
        SELECT posting.entry_id, SUM(posting.amount_cents)
          FROM ledger_ledgerposting AS posting
          JOIN ledger_journalentry AS entry ON entry.id = posting.entry_id
         GROUP BY posting.entry_id
        HAVING SUM(posting.amount_cents) <> 0
         ORDER BY posting.entry_id
    """)
    for entry_id, total_cents in rows:
        yield Finding(
            code="entry_unbalanced",
            template=gettext_noop("Entry %(entry)s does not sum to zero: its postings sum to %(total)s."),
            values={"entry": entry_id, "total": _dollars(total_cents)},
            entry_id=entry_id,
        )


def _find_miscounted() -> Iterator[Finding]:
    rows = stream("""
        SELECT entry.id, entry.posting_count, COUNT(posting.entry_id), COALESCE(MAX(posting.sequence), 0)
          FROM ledger_journalentry AS entry
          LEFT JOIN ledger_ledgerposting AS posting ON posting.entry_id = entry.id
         GROUP BY entry.id, entry.posting_count
        HAVING COUNT(posting.entry_id) <> entry.posting_count
            OR COALESCE(MAX(posting.sequence), 0) <> entry.posting_count
         ORDER BY entry.id
    """)
    for entry_id, sealed, found, last in rows:
        yield Finding(
            code="posting_missing" if found < sealed else "posting_surplus",
            template=gettext_noop(
                "Entry %(entry)s was sealed with %(sealed)s postings; %(found)s are there, numbered up to %(last)s."
            ),
            values={"entry": entry_id, "sealed": sealed, "found": found, "last": last},
            entry_id=entry_id,
        )


def _find_orphans() -> Iterator[Finding]:
    rows = stream("""
        SELECT posting.entry_id, COUNT(*)
          FROM ledger_ledgerposting AS posting
          LEFT JOIN ledger_journalentry AS entry ON entry.id = posting.entry_id
         WHERE entry.id IS NULL
         GROUP BY posting.entry_id
         ORDER BY posting.entry_id
    """)
    for entry_id, found in rows:
        yield Finding(
            code="posting_orphan",
            template=gettext_noop("%(found)s postings name entry %(entry)s, which is not there."),
            values={"found": found, "entry": entry_id},
            entry_id=entry_id,
        )


def _find_changed() -> Iterator[Finding]:
    """Form every entry anew from its rows, and compare its digest: the one check that reads all there is."""
    headers = JournalEntry.objects.order_by("pk").iterator(chunk_size=_ROWS)
    rows = LedgerPosting.objects.order_by("entry_id", "sequence").values_list(*POSTING_FIELDS, named=True)
    groups = groupby(rows.iterator(chunk_size=_ROWS), key=attrgetter("entry_id"))
    entry_id, group = next(groups, (None, iter(())))
    for header in headers:
        while entry_id is not None and entry_id < header.pk:  # orphans are another check's
            entry_id, group = next(groups, (None, iter(())))
        own = list(group) if entry_id == header.pk else []
        try:
            digest = entry_digest(stored_entry(header, postings=[stored_posting(row) for row in own]))
        except (Refusal, TypeError, ValueError) as error:
            yield Finding(
                code="entry_invalid",
                template=gettext_noop("Entry %(entry)s could not have been posted as it stands: %(why)s"),
                values={"entry": header.pk, "why": str(error)},
                entry_id=header.pk,
            )
            continue
        if digest != header.digest:
            yield Finding(
                code="entry_changed",
                template=gettext_noop(
                    "Entry %(entry)s was changed after it was posted: its content no longer has the digest it was "
                    "stored with."
                ),
                values={"entry": header.pk},
                entry_id=header.pk,
            )


def _find_balances_off() -> Iterator[Finding]:
    rows = stream("""
        SELECT account_id, ledger_account, SUM(posted_cents), SUM(kept_cents)
          FROM (SELECT posting.account_id, posting.ledger_account,
                       posting.amount_cents AS posted_cents, 0 AS kept_cents
                  FROM ledger_ledgerposting AS posting
                  JOIN ledger_journalentry AS entry ON entry.id = posting.entry_id
                 WHERE entry.state = 'posted' AND posting.account_id IS NOT NULL
                 UNION ALL
                SELECT account_id, ledger_account, 0, balance_cents FROM ledger_runningbalance) AS both_sides
         GROUP BY account_id, ledger_account
        HAVING SUM(posted_cents) <> SUM(kept_cents)
         ORDER BY account_id, ledger_account
    """)
    for account_id, ledger_account, posted_cents, kept_cents in rows:
        yield Finding(
            code="running_balance_off",
            template=gettext_noop(
                "The running balance of account %(account)s on %(ledger_account)s is %(kept)s, but its postings sum to "
                "%(posted)s."
            ),
            values={
                "account": account_id,
                "ledger_account": ledger_account,
                "kept": _dollars(kept_cents),
                "posted": _dollars(posted_cents),
            },
            account_id=account_id,
        )


def _find_accounts_unknown() -> Iterator[Finding]:
    rows = stream("""
        SELECT posting.entry_id, MIN(posting.account_id)
          FROM ledger_ledgerposting AS posting
          LEFT JOIN customers_account AS account ON account.id = posting.account_id
         WHERE posting.account_id IS NOT NULL AND account.id IS NULL
         GROUP BY posting.entry_id
         ORDER BY posting.entry_id
    """)
    for entry_id, account_id in rows:
        yield Finding(
            code="account_unknown",
            template=gettext_noop("Entry %(entry)s posts to account %(account)s, which is not there."),
            values={"entry": entry_id, "account": account_id},
            entry_id=entry_id,
            account_id=account_id,
        )


def _find_reversals_wrong() -> Iterator[Finding]:
    # COALESCE keeps PostgreSQL to the keys of entries: before it has counted what a mass correction reversed, it takes
    # the index of linked postings for empty, and would read all of it once a reversal.
    rows = stream("""
        SELECT own.id, own.reverses_id,
               CASE WHEN other.id IS NULL OR other.state <> 'posted' OR own.state <> 'posted' THEN 'of_nothing'
                    WHEN own.effective_on < other.effective_on THEN 'early'
                    ELSE 'inexact' END
          FROM ledger_journalentry AS own
          LEFT JOIN ledger_journalentry AS other ON other.id = own.reverses_id
         WHERE own.reverses_id IS NOT NULL
           AND (other.id IS NULL OR other.state <> 'posted' OR own.state <> 'posted'
                OR own.effective_on < other.effective_on
                OR own.posting_count <> other.posting_count
                OR EXISTS (
                   SELECT 1 FROM ledger_ledgerposting AS undone
                    WHERE undone.entry_id = other.id AND NOT EXISTS (
                          SELECT 1 FROM ledger_ledgerposting AS undoing
                           WHERE undoing.entry_id = own.id
                             AND COALESCE(undoing.matches_entry_id, 0) = undone.entry_id
                             AND undoing.matches_sequence = undone.sequence
                             AND undoing.ledger_account = undone.ledger_account
                             AND COALESCE(undoing.account_id, 0) = COALESCE(undone.account_id, 0)
                             AND undoing.amount_cents = -undone.amount_cents)))
         ORDER BY own.id
    """)
    templates = {
        "of_nothing": gettext_noop("Entry %(entry)s reverses entry %(other)s, which is not a posted entry."),
        "early": gettext_noop("Entry %(entry)s reverses entry %(other)s, but takes effect before it."),
        "inexact": gettext_noop("Entry %(entry)s is not the exact negation of entry %(other)s, which it reverses."),
    }
    return _corrections_wrong(rows, code="reversal", templates=templates)


def _find_resolutions_wrong() -> Iterator[Finding]:
    rows = stream("""
        SELECT own.id, own.resolves_id,
               CASE WHEN other.id IS NULL OR other.state <> 'pending' OR own.state = 'pending' THEN 'of_nothing'
                    WHEN own.effective_on < other.effective_on THEN 'early'
                    ELSE 'inexact' END
          FROM ledger_journalentry AS own
          LEFT JOIN ledger_journalentry AS other ON other.id = own.resolves_id
         WHERE own.resolves_id IS NOT NULL
           AND (other.id IS NULL OR other.state <> 'pending' OR own.state = 'pending'
                OR own.effective_on < other.effective_on
                OR (own.state = 'posted' AND (
                    own.posting_count <> other.posting_count
                    OR EXISTS (
                       SELECT 1 FROM ledger_ledgerposting AS planned
                        WHERE planned.entry_id = other.id AND NOT EXISTS (
                              SELECT 1 FROM ledger_ledgerposting AS done
                               WHERE done.entry_id = own.id
                                 AND done.sequence = planned.sequence
                                 AND done.ledger_account = planned.ledger_account
                                 AND COALESCE(done.account_id, 0) = COALESCE(planned.account_id, 0)
                                 AND done.amount_cents = planned.amount_cents)))))
         ORDER BY own.id
    """)
    templates = {
        "of_nothing": gettext_noop("Entry %(entry)s posts or voids entry %(other)s, which is not a pending entry."),
        "early": gettext_noop("Entry %(entry)s posts or voids entry %(other)s, but takes effect before it."),
        "inexact": gettext_noop("Entry %(entry)s does not post what entry %(other)s, which was pending, announced."),
    }
    return _corrections_wrong(rows, code="resolution", templates=templates)


def _corrections_wrong(
    rows: Iterable[tuple[Any, ...]], *, code: str, templates: Mapping[str, str]
) -> Iterator[Finding]:
    """Of rows (entry, the one that it corrects, what is wrong)."""
    for entry_id, other_id, problem in rows:
        yield Finding(
            code=f"{code}_{problem}",
            template=templates[problem],
            values={"entry": entry_id, "other": other_id},
            entry_id=entry_id,
        )


def _find_corrected_twice() -> Iterator[Finding]:
    templates = {
        "reverses_id": gettext_noop("Entry %(entry)s is reversed %(times)s times."),
        "resolves_id": gettext_noop("Entry %(entry)s, which was pending, is posted or voided %(times)s times."),
    }
    codes = {"reverses_id": "reversal_duplicate", "resolves_id": "resolution_duplicate"}
    for column, template in templates.items():
        rows = stream(
            f"SELECT {column}, COUNT(*) FROM ledger_journalentry WHERE {column} IS NOT NULL"  # noqa: S608
            f" GROUP BY {column} HAVING COUNT(*) > 1 ORDER BY {column}"
        )
        for entry_id, times in rows:
            yield Finding(
                code=codes[column], template=template, values={"entry": entry_id, "times": times}, entry_id=entry_id
            )


def _find_links_wrong() -> Iterator[Finding]:
    rows = stream("""
        SELECT own.entry_id, own.sequence, own.matches_entry_id, own.matches_sequence
          FROM ledger_ledgerposting AS own
          LEFT JOIN ledger_ledgerposting AS other
            ON other.entry_id = own.matches_entry_id AND other.sequence = own.matches_sequence
         WHERE own.matches_entry_id IS NOT NULL
           AND (other.entry_id IS NULL
                OR own.matches_entry_id >= own.entry_id
                OR other.ledger_account <> own.ledger_account
                OR COALESCE(other.account_id, 0) <> COALESCE(own.account_id, 0)
                OR (other.amount_cents < 0) = (own.amount_cents < 0))
         ORDER BY own.entry_id, own.sequence
    """)
    for entry_id, sequence, other_id, other_sequence in rows:
        yield Finding(
            code="link_wrong",
            template=gettext_noop(
                "Posting %(sequence)s of entry %(entry)s is said to cancel posting %(other_sequence)s of entry "
                "%(other)s, which is not an earlier posting of the opposite sign on the same account."
            ),
            values={"entry": entry_id, "sequence": sequence, "other": other_id, "other_sequence": other_sequence},
            entry_id=entry_id,
        )


def _find_guards_missing() -> Iterator[Finding]:
    standing = standing_guards()
    for name in expected_guards():
        if name not in standing:
            yield Finding(
                code="guard_missing",
                template=gettext_noop(
                    "The trigger %(name)s is missing or disabled: the journal is not guarded. "
                    "Run the migrations as owner."
                ),
                values={"name": name},
            )


def receivable_cents(entry: Entry | None, *, account_id: int) -> int:
    """What an entry posts to an account's receivable, for the checks of the areas above; 0 without an entry."""
    return sum(
        posting.amount_cents
        for posting in (entry.draft.postings if entry else ())
        if posting.ledger_account == LedgerAccount.RECEIVABLE and posting.account_id == account_id
    )


def _dollars(cents: object) -> str:
    # PostgreSQL sums bigint columns as numeric.
    return f"${format_cents(int(str(cents)))}"


CHECKERS: tuple[Checker, ...] = (
    Checker(
        code="sums",
        title=gettext_noop("Every entry sums to zero"),
        unit=gettext_noop("entries"),
        count=_entries,
        find=_find_unbalanced,
    ),
    Checker(
        code="counts",
        title=gettext_noop("Every entry has the postings it was sealed with"),
        unit=gettext_noop("entries"),
        count=_entries,
        find=_find_miscounted,
    ),
    Checker(
        code="headers",
        title=gettext_noop("Every posting belongs to an entry and a known account"),
        unit=gettext_noop("postings"),
        count=_postings,
        find=lambda: chain(_find_orphans(), _find_accounts_unknown()),
    ),
    Checker(
        code="digests",
        title=gettext_noop("Every entry is as it was posted"),
        unit=gettext_noop("entries"),
        count=_entries,
        find=_find_changed,
    ),
    Checker(
        code="running_balances",
        title=gettext_noop("Every running balance is the sum of its postings"),
        unit=gettext_noop("balances"),
        count=_balances,
        find=_find_balances_off,
    ),
    Checker(
        code="corrections",
        title=gettext_noop("Every reversal undoes, and every settlement keeps, exactly one earlier entry"),
        unit=gettext_noop("corrections"),
        count=_corrections,
        find=lambda: chain(_find_reversals_wrong(), _find_resolutions_wrong(), _find_corrected_twice()),
    ),
    Checker(
        code="links",
        title=gettext_noop("Every link between postings joins two that cancel"),
        unit=gettext_noop("postings"),
        count=_postings,
        find=_find_links_wrong,
    ),
    Checker(
        code="guards",
        title=gettext_noop("Every guard of the journal stands"),
        unit=gettext_noop("guards"),
        count=_guards,
        find=_find_guards_missing,
    ),
)
