"""Correcting everyone at once: a run by shards, tried by one person and released by another."""

from __future__ import annotations

from datetime import date

import pytest

from tests.billing_town import work_off
from tests.correcting import WHY, books_are_right
from tests.house import House, table_rows
from weatherhead.actions.billing.release_bill_run import OwnRun
from weatherhead.areas.billing.models import BillSegment, CorrectedPeriod
from weatherhead.areas.billing.operations.runs import RunNotAsExpected
from weatherhead.areas.billing.runs import stages_of

pytestmark = pytest.mark.django_db

TRIED = ("records_", "billing_billrun", "billing_lineprice", "tariffs_", "documents_", "ledger_unsealed")
"""What trying writes, or settles: its own outcome, and what the bills will name."""


def test_a_wrong_rate_of_everyone_is_tried_released_by_another_and_corrected_once(
    town: House,
) -> None:
    # Given: everybody on GS-1 and R-1 in town is billed; all but the shops on R-1 had their terms wrong.
    shops = [row.agreement_id for row in BillSegment.objects.filter(schedule="R-1", active=True)]
    for agreement_id in sorted(set(shops))[:3]:
        town.do("correct_terms", by="okafor", agreement_id=agreement_id, schedule="GS-1", options={}, **WHY)
    given = {"schedule": "R-1", "cause": "rate", "from_on": date(2025, 10, 1), "shard_accounts": 2, **WHY}
    run_id = town.made("start_correction_run", "bill_run", by="okafor", **given)
    before = table_rows(but=TRIED)
    work_off(town)
    assert table_rows(but=TRIED) == before
    tried = stages_of([run_id])[run_id, "try"].sums
    assert (tried["accounts"], tried["bills"], tried["nothing"]) == (4, 3, 1)
    # When: a second person releases it.
    with pytest.raises(OwnRun):
        town.do("release_bill_run", by="okafor", run_id=run_id)
    assert not CorrectedPeriod.objects.exists()
    town.do("release_bill_run", by="alvarez", run_id=run_id)
    work_off(town)
    # Then: it comes to what was tried, each account once, and a run of the same finds nothing more.
    issued = stages_of([run_id])[run_id, "issue"].sums
    assert issued == tried
    assert CorrectedPeriod.objects.values("account_id").distinct().count() == 3
    with pytest.raises(RunNotAsExpected):
        town.do("release_bill_run", by="alvarez", run_id=run_id)
    again = town.made("start_correction_run", "bill_run", by="okafor", **given)
    work_off(town)
    assert stages_of([again])[again, "try"].sums["bills"] == 0
    books_are_right()
