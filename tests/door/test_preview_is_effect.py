"""Preview equals effect, for every action of the registry: what it says it will write is what it writes."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from tests.door.examples import EXAMPLES
from tests.house import Home, House, moment, table_rows
from weatherhead.actions import load_actions
from weatherhead.areas.ledger.queries import ageing_of, entries
from weatherhead.door.perform import perform
from weatherhead.door.preview import preview
from weatherhead.door.registry import registry

load_actions()

# The door's own bookkeeping, the books (compared entry by entry), and what counts numbers or runs along.
NOT_COUNTED = ("records_", "ledger_")


def test_every_action_has_an_example() -> None:
    assert sorted(EXAMPLES) == [action.name for action in registry]


@pytest.mark.django_db
@pytest.mark.parametrize("name", sorted(EXAMPLES))
def test_preview_equals_effect(name: str, house: House, home: Home) -> None:
    example = EXAMPLES[name](house, home)
    actor, now = house.actor(example.by), moment(house.today)
    untouched = table_rows()
    shown = preview(name, actor=actor, moment=now, inputs=example.inputs)
    assert table_rows() == untouched, "a preview wrote something"
    before = table_rows(but=NOT_COUNTED)

    receipt = perform(name, actor=actor, key=house.key(), moment=now, inputs=example.inputs, seen=shown.substance)
    if shown.verdict.ask is not None:  # what a second person always decides
        assert table_rows(but=NOT_COUNTED) == before, "a request wrote something"
        assert receipt.outcome == "approval_requested"
        receipt = house.do("approve_request", by="alvarez", request_id=receipt.body["request"])

    after = table_rows(but=NOT_COUNTED)
    assert receipt.outcome == "done"
    created = {table: len(rows.keys() - before[table].keys()) for table, rows in after.items()}
    updated = {
        table: sum(1 for key, row in rows.items() if key in before[table] and before[table][key] != row)
        for table, rows in after.items()
    }
    removed = {table: len(before[table].keys() - rows.keys()) for table, rows in after.items()}
    assert {table: count for table, count in created.items() if count} == _counted(shown.proposal.creates)
    assert {table: count for table, count in updated.items() if count} == _counted(shown.proposal.updates)
    assert not any(removed.values())

    posted = entries(receipt.body["entries"])
    assert tuple(entry.draft for entry in posted) == shown.proposal.entries
    for change in shown.proposal.changes:
        if change.code in {"balance", "past_due"} and change.account_id is not None:
            ageing = ageing_of([change.account_id], as_of=house.today)[change.account_id]
            found = ageing.balance_cents if change.code == "balance" else ageing.past_due_cents
            assert found == change.after


def _counted(told: Mapping[str, int]) -> dict[str, int]:
    return {table: count for table, count in told.items() if not table.startswith(NOT_COUNTED)}


@pytest.mark.django_db
@pytest.mark.parametrize("name", sorted(EXAMPLES))
def test_the_same_key_twice_has_one_effect(name: str, house: House, home: Home) -> None:
    example = EXAMPLES[name](house, home)
    actor, now, key = house.actor(example.by), moment(house.today), house.key()
    first = perform(name, actor=actor, key=key, moment=now, inputs=example.inputs)
    after_first = table_rows()
    again = perform(name, actor=actor, key=key, moment=now, inputs=example.inputs)
    assert again == first
    assert table_rows() == after_first
