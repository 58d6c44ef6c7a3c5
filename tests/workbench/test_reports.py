"""Reports on how adjustments are made: figures, who may look, and that each look is remembered."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.house import House
from tests.workbench.stage import TODAY, Stage
from weatherhead.areas.billing.models import Adjustment
from weatherhead.areas.records.models import AuditEntry
from weatherhead.interfaces.cli.main import main
from weatherhead.overviews.conduct import conduct_report, fairness_report
from weatherhead.overviews.spread import spread_of

pytestmark = pytest.mark.django_db

SignIn = Callable[..., Client]


def house() -> House:
    return House(today=TODAY, keys=9_000)


def credit(stage: Stage, here: House, cents: int, *, by: str) -> None:
    here.do("post_adjustment", by=by, account_id=stage.ruth, type="goodwill_credit", reason="poor_service",
            amount_cents=cents, evidence="Her call")  # fmt: skip


def fee(stage: Stage, here: House) -> int:
    inputs = {"account_id": stage.ruth, "charge": "connect_fee", "reason": "service_rendered"}
    return here.made("assess_fee", "adjustment", by="reyes", **inputs)


@pytest.mark.parametrize("where", ["/reports", "/reports/fairness", "/reports?format=csv", "/reports/fairness?days=30"])
def test_the_supervisor_looks_and_is_remembered(stage: Stage, at_desk: SignIn, where: str) -> None:
    client = at_desk("alvarez")
    client.get(where)
    before = AuditEntry.objects.count()
    with CaptureQueriesContext(connection) as asked:
        answer = client.get(where)
    assert answer.status_code == 200
    assert len(asked) <= 20
    [entry] = AuditEntry.objects.order_by("pk")[before:]
    assert (entry.kind, entry.action, entry.stream_id) == ("look", "look:staff_reports", "utility")
    assert "days" in json.loads(entry.detail)["reason"]
    del stage


@pytest.mark.parametrize("username", ["reyes", "okafor", "nguyen", "larsen"])
def test_nobody_else_looks_and_the_attempt_is_remembered(stage: Stage, at_desk: SignIn, username: str) -> None:
    for where in ("/reports", "/reports/fairness?format=csv"):
        before = AuditEntry.objects.count()
        answer = at_desk(username).get(where)
        assert answer.status_code == 403
        assert [entry.kind for entry in AuditEntry.objects.order_by("pk")[before:]] == ["refused"]
    assert 'href="/reports"' not in at_desk(username).get("/").content.decode()
    assert 'href="/reports"' in at_desk("alvarez").get("/").content.decode()
    del stage


def test_one_who_gives_far_more_than_the_others_is_named_first(stage: Stage, at_desk: SignIn) -> None:
    here = house()
    for number in range(6):
        here.do("add_employee", by="larsen", username=f"r{number}", password="correct horse battery staple",
                name=f"R. Ep{number}", job="representative")  # fmt: skip
    for number, cents in enumerate((100, 120, 90, 110, 105, 2_500)):
        credit(stage, here, cents, by=f"r{number}")
    report = conduct_report(as_of=TODAY, days=90)
    first = report.rows[0]
    assert (first.name, first.review, report.to_review >= 1) == ("R. Ep5", True, True)
    measured = {item.code: item for item in first.measures}
    assert (measured["credits"].count, measured["credits"].cents, measured["credits"].share) == (1, 2_500, 100)
    quiet = next(row for row in report.rows if row.name == "R. Ep1")
    assert not quiet.review
    assert report.peers == len(report.rows)
    page = at_desk("alvarez").get("/reports").content.decode()
    assert page.index("R. Ep5") < page.index("R. Ep1")
    rows = list(csv.reader(io.StringIO(at_desk("alvarez").get("/reports?format=csv").content.decode())))
    assert rows[0][0] == "Representative"
    assert rows[1][0] == "R. Ep5"
    assert rows[1][-1] == "yes"
    assert {len(row) for row in rows} == {len(rows[0])}


def test_a_waiver_by_policy_is_nobodys_and_the_approver_is_named(stage: Stage) -> None:
    here = house()
    before = {row.name: row for row in conduct_report(as_of=TODAY, days=30).rows}["J. Reyes"]
    charged = {"account_id": stage.ruth, "charge": "after_hours_reconnect_fee", "reason": "service_rendered"}
    number = here.made("assess_fee", "adjustment", by="reyes", **charged)
    asked = here.do("waive_fee", by="reyes", adjustment_id=number, reason="our_error")
    here.do("approve_request", request_id=asked.body["request"])
    rows = {row.name: row for row in conduct_report(as_of=TODAY, days=30).rows}
    after = rows["J. Reyes"]
    assert after.measures[0].cents - before.measures[0].cents == 16_000
    assert (rows["T. Alvarez"].approved, rows["T. Alvarez"].approved_cents) == (1, 16_000)
    assert after.stated == before.stated + 1
    Adjustment.objects.filter(waives_id=number).update(basis="computed")  # as the policy's
    again = {row.name: row for row in conduct_report(as_of=TODAY, days=30).rows}["J. Reyes"]
    assert (again.measures[0].cents, again.by_policy) == (before.measures[0].cents, before.by_policy + 1)


def test_rates_are_compared_with_the_rate_of_all_and_few_are_not(stage: Stage) -> None:
    here = house()
    numbers = [fee(stage, here) for _ in range(40)]
    for number in numbers[:2]:
        here.do("waive_fee", by="reyes", adjustment_id=number, reason="our_error")
    here.do("reverse_adjustment", by="alvarez", adjustment_id=numbers[-1], note="Charged twice")
    # A waiver that was added back is none, in no table.
    back = here.made("waive_fee", "adjustment", by="dvorak", adjustment_id=numbers[2], reason="our_error")
    here.do("reverse_adjustment", by="alvarez", adjustment_id=back, note="Meant for another fee")
    report = fairness_report(as_of=TODAY, days=30)
    by_code = {table.code: table for table in report.tables}
    area = by_code["area"].rows[0]
    assert (area.waived, area.enough) == (2, True)
    assert area.fees >= 39
    people = {row.name: row for row in by_code["representative"].rows}
    assert people["J. Reyes"].waived == 2
    assert people["T. Alvarez"].waived == 0
    # 2 of the fees that each worked on, over all: one stands above 1.25, the other below 0.8.
    assert people["J. Reyes"].review
    assert people["T. Alvarez"].review
    assert report.to_review >= 2
    few = fairness_report(as_of=TODAY.replace(year=TODAY.year + 2), days=30)
    assert all(not table.rows and table.rate is None for table in few.tables)


def test_the_command_line_says_the_same_and_remembers_the_look(
    stage: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    credit(stage, house(), 1_250, by="reyes")
    assert main(["reports", "adjustments", "--as", "alvarez", "--days", "30", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    own = next(row for row in said["rows"] if row["name"] == "J. Reyes")
    assert next(item for item in own["measures"] if item["code"] == "credits")["cents"] == 1_250
    last = AuditEntry.objects.order_by("pk").last()
    assert last is not None
    assert (last.kind, last.action) == ("look", "look:staff_reports")
    assert main(["reports", "adjustments", "--as", "alvarez"]) == 0
    assert "J. Reyes" in capsys.readouterr().out
    assert main(["reports", "fairness", "--as", "alvarez"]) == 0
    assert "ZIP code" in capsys.readouterr().out
    assert main(["reports", "fairness", "--as", "reyes"]) == 2
    assert "Your job does not include seeing staff reports" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("figures", "far", "score"),
    [
        ((0, 0, 0, 0), 0, None),  # too few
        ((5, 5, 5, 5, 5), 5, None),  # all alike
        ((0, 0, 0, 0, 0, 60), 60, Fraction(60) / (Fraction(1_253_314, 1_000_000) * 10)),  # more than half the same
        ((10, 12, 14, 16, 18), 18, Fraction(6745, 10_000) * 2),
    ],
)
def test_the_score_is_one_that_an_outlier_does_not_move(figures: tuple[int, ...], far: int, score: Any) -> None:
    assert spread_of(figures).score(far) == score
