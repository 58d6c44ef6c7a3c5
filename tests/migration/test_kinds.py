"""Every kind of bad set: the exact report, and good rows load or none do, as chosen.

Each file of tests/migration_sets/kinds says what it changes in the good set, every problem that must be reported, and
what comes of the set: all or nothing, and with its good rows.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.house import House, table_rows
from tests.migration.sets import GOOD, KINDS, changed, check, kind_of, load, report
from weatherhead.areas.migration.queries import loaded_rows, loaded_totals, migration_open
from weatherhead.core.values import Refusal

KINDS_LEAST = 25
OURS_TO_REMEMBER = ("records_",)  # the refusal itself is audited


def test_there_are_enough_kinds() -> None:
    assert len(KINDS) >= KINDS_LEAST


def test_the_good_set_is_good(house: House) -> None:
    checked = check(GOOD)
    assert report(checked) == []
    assert all(not total.difference for total in checked.totals)


@pytest.mark.parametrize("name", KINDS)
def test_a_kind(name: str, house: House, tmp_path: Path) -> None:
    kind = kind_of(name)
    directory = changed(tmp_path / "set", kind.changes)
    assert report(check(directory)) == [list(problem) for problem in kind.problems]

    before = table_rows(but=OURS_TO_REMEMBER)
    with pytest.raises(Refusal) as refused:
        load(house, directory)
    assert refused.value.code == kind.refused
    assert table_rows(but=OURS_TO_REMEMBER) == before, "a refused set left something"
    assert not migration_open()

    if isinstance(kind.good_rows, str):
        with pytest.raises(Refusal) as refused:
            load(house, directory, good_rows=True)
        assert refused.value.code == kind.good_rows
        assert table_rows(but=OURS_TO_REMEMBER) == before
        return
    run = load(house, directory, good_rows=True)
    assert run.set.state == "loaded"
    missing = {count.file: count.difference for count in loaded_rows(run.set) if count.difference}
    assert missing == kind.good_rows["missing"]
    difference = {total.name: total.difference for total in loaded_totals(run.set) if total.difference}
    assert difference == kind.good_rows["difference"]
