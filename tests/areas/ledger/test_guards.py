"""The database itself refuses what is not a sealed, balanced, lasting entry, whoever writes it."""

from __future__ import annotations

from datetime import date

import pytest
from django.db import IntegrityError, connection, transaction
from tests.areas.ledger.journal import TABLES, make_accounts, payment, posted, run

from weatherhead.areas.ledger.guards import expected_guards, standing_guards
from weatherhead.areas.ledger.queries import entry
from weatherhead.areas.records.database import violated_constraint
from weatherhead.core.ledger import EntryDraft, reversal

pytestmark = pytest.mark.django_db
DAY = "2026-01-05"


def payment_of(account_id: int) -> EntryDraft:
    return payment(date.fromisoformat(DAY), amount_cents=500, account_id=account_id)


def posting(entry_id: int, sequence: int, cents: object, **values: object) -> str:
    row = {
        "entry_id": entry_id,
        "sequence": sequence,
        "ledger_account": "'suspense'",
        "account_id": "NULL",
        "amount_cents": cents,
        "due_on": "NULL",
        "charge": "'payment'",
        "matches_entry_id": "NULL",
        "matches_sequence": "NULL",
        **values,
    }
    return _insert("ledger_ledgerposting", row)


def header(entry_id: int, count: int, **values: object) -> str:
    row = {
        "id": entry_id,
        "kind": "'payment'",
        "effective_on": f"'{DAY}'",
        "inserted_at": f"'{DAY} 12:00:00'",
        "reason": "''",
        "state": "'posted'",
        "reverses_id": "NULL",
        "resolves_id": "NULL",
        "posting_count": count,
        "receipt_id": "NULL",
        "digest": "''",
        **values,
    }
    return _insert("ledger_journalentry", row)


def _insert(table: str, row: dict[str, object]) -> str:
    return f"INSERT INTO {table} ({', '.join(row)}) VALUES ({', '.join(str(value) for value in row.values())})"


def refused(*statements: str) -> str:
    """Run statements of which the last is refused; say by which constraint or guard."""
    with transaction.atomic():
        run(*statements[:-1])
        with pytest.raises(IntegrityError) as caught, transaction.atomic():
            run(statements[-1])
        transaction.set_rollback(True)
    return violated_constraint(caught.value)


def test_a_sound_entry_is_sealed(scratch: None) -> None:
    run(posting(900, 1, 5), posting(900, 2, -5), header(900, 2))
    assert entry(900).draft.postings[0].amount_cents == 5


@pytest.mark.parametrize(
    "statements",
    [
        [header(900, 2)],
        [posting(900, 1, 5), header(900, 2)],
        [posting(900, 1, 5), posting(900, 2, -5), header(900, 3)],
        [posting(900, 1, 5), posting(900, 2, -5), posting(900, 3, 1), posting(900, 4, -1), header(900, 3)],
        [posting(900, 1, 5), posting(900, 2, -4), header(900, 2)],
        [posting(900, 1, 5), posting(900, 3, -5), header(900, 2)],
        [posting(900, 2, 5), posting(900, 3, -5), header(900, 2)],
        [posting(900, 1, 2**62), posting(900, 2, -(2**62) + 1), header(900, 2)],
        [posting(900, 1, 5), posting(901, 1, -5), header(900, 2)],
        [
            posting(900, 1, 5),
            posting(900, 2, -5),
            header(900, 0, state="'void'", resolves_id=1),
        ],
    ],
)
def test_a_header_seals_only_all_of_its_postings_and_only_if_they_sum_to_zero(statements: list[str]) -> None:
    assert refused(*statements) == "ledger_entry_sealed"


def headers(*entries: tuple[int, int]) -> str:
    """One statement for several headers."""
    first, *others = [header(number, count) for number, count in entries]
    return first + "".join(f",{other.partition(' VALUES ')[2]}" for other in others)


@pytest.mark.parametrize("other", [901, 90_000])  # close together they are read as one range, far apart one by one
@pytest.mark.parametrize(
    ("count", "cents", "constraint"),
    [(2, -5, ""), (3, -5, "ledger_entry_sealed"), (2, -4, "ledger_entry_sealed")],
)
def test_each_of_several_headers_seals_its_own(
    other: int, count: int, cents: int, constraint: str, scratch: None
) -> None:
    sound = [posting(900, 1, 5), posting(900, 2, -5), posting(other, 1, 5), posting(other, 2, cents)]
    together = headers((900, 2), (other, count))
    if constraint:
        assert refused(*sound, together) == constraint
    else:
        run(*sound, together)
        assert len(entry(other).draft.postings) == 2


def test_a_sealed_entry_between_new_ones_is_not_in_their_way(scratch: None) -> None:
    run(posting(901, 1, 5), posting(901, 2, -5), header(901, 2))
    new = [posting(number, place, cents) for number in (900, 902) for place, cents in ((1, 5), (2, -5))]
    first, *others = new
    together = first + "".join(f",{other.partition(' VALUES ')[2]}" for other in others)
    run(together, headers((900, 2), (902, 2)))
    assert len(entry(902).draft.postings) == 2
    late = posting(903, 1, 5) + f",{posting(901, 3, -5).partition(' VALUES ')[2]}"
    assert refused(late) == "ledger_posting_sealed"


@pytest.mark.postgres
def test_a_posting_without_its_header_is_refused_at_the_end_of_the_transaction() -> None:
    assert (
        refused(posting(900, 1, 5), posting(900, 2, -5), "SET CONSTRAINTS ALL IMMEDIATE") == "ledger_posting_has_header"
    )
    [account] = make_accounts(1)
    posted(payment_of(account))
    run("SET CONSTRAINTS ALL IMMEDIATE")
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM ledger_unsealed")
        assert cursor.fetchone() == (0,)


def test_nothing_is_added_to_a_sealed_entry() -> None:
    [account] = make_accounts(1)
    [number] = posted(payment_of(account))
    assert refused(posting(number, 3, 5)) == "ledger_posting_sealed"
    twice = {"postgresql": "ledger_ledgerposting_pkey", "sqlite": "ledger_ledgerposting_append_only"}
    assert refused(posting(number, 1, 5)) == twice[connection.vendor]


@pytest.mark.parametrize("table", TABLES)
def test_nothing_that_was_written_is_changed_or_removed(table: str) -> None:
    [account] = make_accounts(1)
    posted(payment_of(account))
    column = "amount_cents" if table == "ledger_ledgerposting" else "posting_count"
    for statement in (f"UPDATE {table} SET {column} = {column}", f"DELETE FROM {table}"):
        assert refused(statement) == f"{table}_append_only"


@pytest.mark.postgres
@pytest.mark.parametrize("table", TABLES)
def test_a_table_with_rows_is_not_truncated(table: str) -> None:
    run(f"TRUNCATE {table} CASCADE")  # empty: nothing is lost
    [account] = make_accounts(1)
    posted(payment_of(account))
    run("SET CONSTRAINTS ALL IMMEDIATE")  # pending checks would stop it before the guard does
    assert refused(f"TRUNCATE {table} CASCADE").endswith("_append_only")


@pytest.mark.sqlite
def test_replacing_is_removing() -> None:
    [account] = make_accounts(1)
    [number] = posted(payment_of(account))
    [undone] = posted(reversal(entry(number), effective_on=entry(number).draft.effective_on, reason="x"))
    other = [posting(900, 1, 5), posting(900, 2, -5)]
    again = header(number, 2).replace("INSERT", "INSERT OR REPLACE")
    assert refused(again) == "ledger_journalentry_append_only"
    reversing = header(900, 2, reverses_id=number).replace("INSERT", "INSERT OR REPLACE")
    assert refused(*other, reversing) == "ledger_reversed_once"
    assert refused(posting(undone, 1, 7).replace("INSERT", "INSERT OR REPLACE")) in {
        "ledger_posting_sealed",
        "ledger_ledgerposting_append_only",
    }


@pytest.mark.sqlite
@pytest.mark.parametrize("cents", ["1.5", "'much'"])
def test_an_amount_is_a_whole_number_of_cents(cents: str) -> None:
    assert refused(posting(900, 1, cents)) == "ledger_posting_whole_cents"


@pytest.mark.parametrize(
    ("values", "constraint"),
    [
        ({"amount_cents": 0}, "ledger_posting_not_zero"),
        ({"sequence": 0}, "ledger_posting_from_one"),
        ({"ledger_account": "'receivable'", "amount_cents": -5}, "ledger_posting_names_account"),
        ({"ledger_account": "'deposit'"}, "ledger_posting_names_account"),
        ({"ledger_account": "'unapplied_credit'"}, "ledger_posting_names_account"),
        ({"due_on": f"'{DAY}'"}, "ledger_posting_due_is_owed"),
        (
            {"ledger_account": "'receivable'", "account_id": 1, "due_on": f"'{DAY}'", "amount_cents": -5},
            "ledger_posting_due_is_owed",
        ),
        ({"ledger_account": "'receivable'", "account_id": 1}, "ledger_posting_owed_is_due"),
        ({"matches_entry_id": 1}, "ledger_posting_matches_earlier"),
        ({"matches_sequence": 1}, "ledger_posting_matches_earlier"),
        ({"matches_entry_id": 900, "matches_sequence": 1}, "ledger_posting_matches_earlier"),
    ],
)
def test_a_posting_is_what_core_would_build(values: dict[str, object], constraint: str) -> None:
    cents = values.pop("amount_cents", 5)
    sequence = values.pop("sequence", 1)
    assert isinstance(sequence, int)
    assert refused(posting(900, sequence, cents, **values)) == constraint


@pytest.mark.parametrize(
    ("values", "constraint"),
    [
        ({"state": "'draft'"}, "ledger_entry_state_known"),
        ({"state": "'void'"}, "ledger_entry_state_known"),
        ({"state": "'pending'", "reverses_id": 1}, "ledger_entry_corrects_one"),
        ({"state": "'pending'", "resolves_id": 1}, "ledger_entry_corrects_one"),
        ({"reverses_id": 1, "resolves_id": 2}, "ledger_entry_corrects_one"),
    ],
)
def test_a_header_is_what_core_would_build(values: dict[str, object], constraint: str) -> None:
    # SQLite asks its triggers before its constraints.
    accepted = {constraint, "ledger_corrects_known"} if connection.vendor == "sqlite" else {constraint}
    assert refused(posting(900, 1, 5), posting(900, 2, -5), header(900, 2, **values)) in accepted


def test_only_what_is_posted_is_reversed_and_only_what_is_pending_resolved() -> None:
    [account] = make_accounts(1)
    [number] = posted(payment_of(account))
    two = [posting(number + 10, 1, 5), posting(number + 10, 2, -5)]
    assert refused(*two, header(number + 10, 2, resolves_id=number)) == "ledger_corrects_known"
    assert refused(*two, header(number + 10, 2, reverses_id=number + 9)) == "ledger_corrects_known"


def test_postings_without_a_header_do_not_outlive_their_transaction(transactional_db: None) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        run(posting(900, 1, 5), posting(900, 2, -5))
    with connection.cursor() as cursor:
        cursor.execute("SELECT COUNT(*) FROM ledger_ledgerposting")
        assert cursor.fetchone() == (0,)


def test_every_expected_guard_stands() -> None:
    assert standing_guards() == set(expected_guards())
