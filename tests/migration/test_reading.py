"""Reading files of a set: whatever they hold, the same rows, little memory, and a reason where there are none."""

from __future__ import annotations

import os
import random
import tracemalloc
from pathlib import Path

import pytest

from tests.migration.sets import GOOD, changed
from weatherhead.areas.customers.contacts import phone_number
from weatherhead.areas.migration.check_set import SetFileUnreadable, open_set
from weatherhead.areas.migration.files import FileReader, Record, Run
from weatherhead.areas.migration.layout import BY_NAME
from weatherhead.areas.premises.address import _parsed_form, postal_form

NOTES = BY_NAME["notes"]


def rows_of(path: Path, text: bytes) -> list[tuple[int, tuple[str, ...] | str]]:
    """Line by line, the fields or the name of the refusal."""
    path.write_bytes(text)
    reader = FileReader(path, layout=NOTES)
    try:
        found = [(item.line, item.refusal.code if item.refusal else item.fields) for item in reader]
    finally:
        reader.close()
    return sorted(found)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_plain_rows_are_the_same_beside_rows_in_quotes(end: str, mark: bytes, tmp_path: Path) -> None:
    header = ",".join(NOTES.names)
    plain = [f"A-{number}, 2025-01-0{number % 9 + 1} ,, said {number}" for number in range(5_000)]
    expected = [(place + 2, tuple(field.strip() for field in row.split(","))) for place, row in enumerate(plain)]
    path = tmp_path / "notes.csv"
    assert rows_of(path, mark + end.join([header, *plain]).encode()) == expected
    quoted = [*plain[:2500], f'A-0,2025-01-01,,"a{end}b"', "", *plain[2500:]]
    found = rows_of(path, mark + end.join([header, *quoted, ""]).encode())
    assert found[2500] == (2502, ("A-0", "2025-01-01", "", f"a{end}b"))
    assert [fields for _, fields in found[:2500] + found[2501:]] == [fields for _, fields in expected]
    assert [line for line, _ in found[2501:]] == list(range(2505, 5005))


def test_a_line_without_an_end_costs_itself_and_no_memory(tmp_path: Path) -> None:
    path = tmp_path / "notes.csv"
    with path.open("wb") as file:
        file.write((",".join(NOTES.names) + "\nA-1,2025-01-01,,fine\n").encode())
        file.writelines([b"x" * 100_000] * 200)
        file.write(b"\nA-2,2025-01-01,,fine\nA-3,2025-01-01,,too")
    tracemalloc.start()
    reader = FileReader(path, layout=NOTES)
    found = list(reader)
    reader.close()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert [(item.line, item.refusal and item.refusal.code) for item in sorted(found)] == [
        (2, None), (3, "RowTooLong"), (4, None), (5, None),
    ]  # fmt: skip
    assert peak < 4_000_000


def test_what_is_no_file_is_told_before_anything_is_read(tmp_path: Path) -> None:
    directory = changed(tmp_path / "set", [{"file": "notes.csv", "remove": True}])
    (directory / "notes.csv").mkdir()
    with pytest.raises(SetFileUnreadable, match=r"notes\.csv cannot be read: it is no file"):
        open_set(directory)
    (directory / "notes.csv").rmdir()
    os.mkfifo(directory / "notes.csv")
    with pytest.raises(SetFileUnreadable):
        open_set(directory)


def test_a_file_that_changes_while_it_is_read_is_told(tmp_path: Path) -> None:
    directory = changed(tmp_path / "set", [])
    files = open_set(directory)
    assert list(files.problems()) == []
    (directory / "reads.csv").write_bytes((GOOD / "reads.csv").read_bytes() + b"\n")
    (directory / "notes.csv").unlink()
    assert [(problem.file, problem.code) for problem in files.problems()] == [
        ("reads.csv", "file_changed"), ("notes.csv", "file_changed"),
    ]  # fmt: skip


def test_a_house_number_stands_for_all_that_are_alike() -> None:
    chance = random.Random(7)
    for _ in range(150):
        number = chance.choice([chance.randrange(1, 20_000), chance.randrange(1, 200) * 100, 777])
        street = f"{number} {chance.choice(['N 48th St', 'Old Cheney Road', 'County Road 5', '100th Ave', 'O'])}"
        where = {"unit": chance.choice(["", "Apt 3"]), "city": "Prairie City", "state": "NE", "postal_code": "68900"}
        form = postal_form(street=street, **where)
        assert form == _parsed_form.__wrapped__(street, *where.values())


@pytest.mark.parametrize("text", ["(402) 555-0142", "402-555-0142", "402.555.0142", "402 555 0142", "4025550142"])
def test_a_phone_number_as_people_write_it_is_what_the_library_says(text: str) -> None:
    assert phone_number(text) == phone_number(f"+1 {text}") == "+14025550142"


def test_runs_and_records_together_are_all_rows(tmp_path: Path) -> None:
    path = tmp_path / "notes.csv"
    path.write_text(f"{','.join(NOTES.names)}\nA,2025-01-01,,b\nA,2025-01-01,b\n" + "A,2025-01-01,,b\n" * 3)
    reader = FileReader(path, layout=NOTES)
    items = list(reader.runs())
    reader.close()
    assert sorted(line for item in items if isinstance(item, Run) for line in item.lines) == [2, 4, 5, 6]
    assert [item.line for item in items if isinstance(item, Record)] == [3]
