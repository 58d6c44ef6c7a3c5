"""Migration sets as frozen values, what the database holds of them, and what it knows of an old system's keys."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Case, Count, QuerySet, Sum, Value, When

from weatherhead.areas.agreements.models import FormerPeriod, ServiceAgreement
from weatherhead.areas.customers.queries import numbers_taken
from weatherhead.areas.ledger.models import LedgerPosting
from weatherhead.areas.metering.models import MeterInstallation, Read
from weatherhead.areas.migration.facts import LoadedRows, LoadedTotal, SetFacts
from weatherhead.areas.migration.layout import FILES, TOTAL_NAMES
from weatherhead.areas.migration.models import MigrationSet, MigrationShard, MovedKey
from weatherhead.areas.records.database import chunks, rows_with
from weatherhead.core.ledger import LedgerAccount
from weatherhead.core.ledger.ageing import BUCKET_DAYS
from weatherhead.core.values import Refusal, gettext_noop


class NoSuchSet(Refusal):
    """No set has that number."""

    template = gettext_noop("There is no migration set %(set)s. See: weatherhead import --list")


def migration_open() -> bool:
    """Whether a set was begun and nobody has signed it off: until then nothing is billed."""
    return MigrationSet.objects.filter(signed_at__isnull=True).exists()


def migration_set(set_id: int) -> SetFacts:
    """One set.

    Raises:
        NoSuchSet: for an unknown number.
    """
    [found] = _sets(MigrationSet.objects.filter(pk=set_id)) or [None]
    if found is None:
        raise NoSuchSet(set=set_id)
    return found


def set_of_content(sha256: str) -> SetFacts | None:
    """The set of just these files, if its loading was begun."""
    return next(iter(_sets(MigrationSet.objects.filter(sha256=sha256))), None)


def set_of_name(*, source: str, name: str) -> SetFacts | None:
    """The set of that name from an old system."""
    return next(iter(_sets(MigrationSet.objects.filter(source=source, name=name))), None)


def migration_sets() -> tuple[SetFacts, ...]:
    """Every set, the latest first."""
    return _sets(MigrationSet.objects.order_by("-pk"))


def _sets(rows: QuerySet[MigrationSet]) -> tuple[SetFacts, ...]:
    found = list(rows)
    done: dict[int, dict[str, int]] = {}
    shards = MigrationShard.objects.filter(migration_id__in=[row.pk for row in found])
    for set_id, stage, count in shards.values_list("migration_id", "stage").annotate(count=Count("pk")):
        done.setdefault(set_id, {})[stage] = count
    return tuple(_facts(row, done=done.get(row.pk, {})) for row in found)


def _facts(row: MigrationSet, *, done: Mapping[str, int]) -> SetFacts:
    return SetFacts(
        set_id=row.pk,
        source=row.source,
        name=row.name,
        sha256=row.sha256,
        plan_sha256=row.plan_sha256,
        cut_over_on=row.cut_over_on,
        account_numbers=row.account_numbers,
        good_rows=row.good_rows,
        control=row.control,
        found=row.found,
        shards=row.shards,
        done=done,
        begun_by=row.begun_by,
        begun_by_employee_id=row.begun_by_employee_id,
        begun_at=row.begun_at,
        signed_by=row.signed_by,
        signed_at=row.signed_at,
        signed_note=row.signed_note,
        signed_totals=row.signed_totals,
    )


def shards_done(set_id: int) -> frozenset[tuple[str, int]]:
    """The shards of a set that are loaded: stage and number."""
    return frozenset(MigrationShard.objects.filter(migration_id=set_id).values_list("stage", "number"))


def keys_to_rows(*, source: str, kind: str, keys: Iterable[str]) -> dict[str, int]:
    """The rows that some keys of an old system became."""
    rows = rows_with(
        table="migration_movedkey",
        columns=("key", "row_id"),
        column="key",
        values=list(keys),
        kind=kind,
        source=source,
    )
    return dict(rows)


def rows_of_keys(*, kind: str, keys: Iterable[str]) -> dict[str, int]:
    """The rows that some keys became, whatever the old system; a key that two of them had is left out."""
    rows = rows_with(table="migration_movedkey", columns=("key", "row_id"), column="key", values=list(keys), kind=kind)
    count = Counter(key for key, _ in rows)
    return {key: row_id for key, row_id in rows if count[key] == 1}


def accounts_of_former_number(number: str) -> tuple[int, ...]:
    """The accounts that had a number in an old system."""
    rows = MovedKey.objects.filter(kind="account", key=number)
    return tuple(rows.order_by("row_id").values_list("row_id", flat=True))


def former_numbers(account_ids: Iterable[int]) -> dict[int, tuple[str, ...]]:
    """The numbers that some accounts had in old systems."""
    found: dict[int, tuple[str, ...]] = {}
    for chunk in chunks(account_ids):
        rows = MovedKey.objects.filter(kind="account", row_id__in=chunk).order_by("row_id", "key")
        for account_id, key in rows.values_list("row_id", "key"):
            found[account_id] = (*found.get(account_id, ()), key)
    return found


# ------------------------------------------------------------------------------------------------ what is loaded


def loaded_rows(facts: SetFacts) -> tuple[LoadedRows, ...]:
    """The rows of every file of a set: those of shards that are loaded."""
    counted: Counter[str] = Counter()
    for counts in MigrationShard.objects.filter(migration_id=facts.set_id).values_list("counts", flat=True):
        counted.update(counts)
    return tuple(
        LoadedRows(
            file=layout.name,
            control=facts.found["rows"][layout.name]["control"],
            loaded=counted[layout.name],
            rejected=facts.found["rows"][layout.name]["rejected"],
        )
        for layout in FILES
        if layout.name in facts.found["rows"]
    )


def loaded_totals(facts: SetFacts) -> tuple[LoadedTotal, ...]:
    """Every control total beside what the books and the history hold of the set now."""
    receipts = list(MigrationShard.objects.filter(migration_id=facts.set_id).values_list("receipt_id", flat=True))
    postings = LedgerPosting.objects.filter(entry__receipt_id__in=receipts, entry__kind="opening_balance")
    loaded = _receivables(postings, facts=facts)
    deposits = postings.filter(ledger_account=LedgerAccount.DEPOSIT.value).aggregate(total=Sum("amount_cents"))
    history = FormerPeriod.objects.filter(receipt_id__in=receipts)
    sums = history.aggregate(energy=Sum("energy_wh"), amount=Sum("amount_cents"))
    loaded |= {
        "deposit": -int(deposits["total"] or 0),
        "history_kwh": int(sums["energy"] or 0),
        "history_amount": int(sums["amount"] or 0),
    }
    said = facts.found["totals"]
    return tuple(
        LoadedTotal(
            name=name,
            control=control,
            loaded=loaded.get(name, 0),
            rejected=said[name]["rejected"],
            unread=said[name]["unread"],
        )
        for name, control in sorted(facts.control.items(), key=lambda item: TOTAL_NAMES.index(item[0]))
    )


def _receivables(postings: QuerySet[LedgerPosting], *, facts: SetFacts) -> dict[str, int]:
    """The opening receivables by age at the cut-over, as the books hold them."""
    cut_over = facts.cut_over_on
    first, second, third = (cut_over - timedelta(days=days) for days in BUCKET_DAYS)
    aged = postings.filter(ledger_account=LedgerAccount.RECEIVABLE.value).annotate(
        age=Case(
            When(amount_cents__lt=0, then=Value("credit")),
            When(due_on__gte=cut_over, then=Value("not_yet_due")),
            When(due_on__gte=first, then=Value("days_1_to_30")),
            When(due_on__gte=second, then=Value("days_31_to_60")),
            When(due_on__gte=third, then=Value("days_61_to_90")),
            default=Value("days_over_90"),
        )
    )
    return {
        f"receivable.{age}": int(total)
        for age, total in aged.values_list("age").annotate(total=Sum("amount_cents")).order_by("age")
    }


# ------------------------------------------------------------------------------------------------ what is known


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownRows:
    """What the database knows of an old system, but for what the set with this content loaded itself."""

    source: str
    set_id: int | None

    def keys(self, kind: str, keys: Sequence[str]) -> Mapping[str, int]:
        """Which of some keys earlier sets loaded, with the numbers of their rows."""
        rows = rows_with(
            table="migration_movedkey",
            columns=("key", "row_id", "migration_id"),
            column="key",
            values=keys,
            kind=kind,
            source=self.source,
        )
        return {key: row_id for key, row_id, set_id in rows if set_id != self.set_id}

    def addresses(self, texts: Sequence[str]) -> Mapping[str, int]:
        """Which of some addresses are on file, with their premises."""
        rows = rows_with(table="premises_premise", columns=("search_text", "id"), column="search_text", values=texts)
        own = self._own("premise", (row_id for _, row_id in rows))
        return {text: row_id for text, row_id in rows if row_id not in own}

    def serials(self, serials: Sequence[str]) -> frozenset[str]:
        """Which of some meters are on file."""
        rows = rows_with(table="metering_meter", columns=("serial", "id"), column="serial", values=serials)
        own = self._own("meter", (row_id for _, row_id in rows))
        return frozenset(serial for serial, row_id in rows if row_id not in own)

    def numbers(self, numbers: Sequence[str]) -> frozenset[str]:
        """Which of some account numbers are given to accounts that are not of this set."""
        taken = numbers_taken(numbers)
        own = MovedKey.objects.filter(kind="account", migration_id=self.set_id or 0)
        return taken - frozenset("".join(key.replace("-", " ").split()) for key in own.values_list("key", flat=True))

    def _own(self, kind: str, row_ids: Iterable[int]) -> frozenset[int]:
        """Which of some rows this set loaded itself."""
        if self.set_id is None:
            return frozenset()
        rows = rows_with(
            table="migration_movedkey",
            columns=("row_id",),
            column="row_id",
            values=list(row_ids),
            kind=kind,
            migration_id=self.set_id,
        )
        return frozenset(row_id for (row_id,) in rows)

    def rows_of(self, table: str, kind: str, ids: Mapping[int, str]) -> Iterator[tuple[object, ...]]:
        """What is on file of things of a kind, as rows of the staging file's `known_…` tables."""
        for chunk in chunks(ids):
            match table:
                case "known_meters":
                    yield from self._meters(chunk, kind=kind, ids=ids)
                case "known_agreements":
                    rows = ServiceAgreement.objects.filter(service_point_id__in=chunk).order_by("pk")
                    for row in rows:
                        yield f"#{row.pk}", None, ids[row.service_point_id], _iso(row.start_on), _iso(row.end_on)
                case "known_reads":
                    live = Read.objects.filter(meter_id__in=chunk, state="accepted").order_by("pk")
                    for read in live:
                        yield ids[read.meter_id], _iso(read.read_on), read.kind, read.dial_reading, read.turns
                case "known_history":
                    for period in FormerPeriod.objects.filter(agreement_id__in=chunk).order_by("pk"):
                        yield ids[period.agreement_id], _iso(period.start_on), _iso(period.end_on)
                case _:
                    raise ValueError(f"no table {table}")

    def _meters(self, chunk: Sequence[int], *, kind: str, ids: Mapping[int, str]) -> Iterator[tuple[object, ...]]:
        """Installations at some places (named by their keys here), or of some meters (whose places go unnamed)."""
        rows = MeterInstallation.objects.select_related("meter").order_by("pk")
        rows = rows.filter(meter_id__in=chunk) if kind == "meter" else rows.filter(service_point_id__in=chunk)
        for row in rows:
            place = f"#{row.service_point_id}" if kind == "meter" else ids[row.service_point_id]
            yield (
                row.meter.serial,
                place,
                _iso(row.installed_on),
                _iso(row.removed_on),
                row.meter.dials,
                int(row.meter.has_demand),
            )


def _iso(on: object) -> str | None:
    return None if on is None else str(on)
