"""Bill runs at the desk: who sees them, how they move, and that nobody releases their own."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.house import House
from tests.workbench.stage import LONG_NAME, TODAY, Stage
from tests.workbench.test_pages import QUERIES_MAX, text_of
from weatherhead.areas.billing.models import Bill, BillRun, BillRunShard
from weatherhead.areas.records.models import Receipt, WorkItem
from weatherhead.door.context import Moment
from weatherhead.door.worker import work_once
from weatherhead.interfaces.workbench import runs_views
from weatherhead.interfaces.workbench.clock import present

SignIn = Callable[..., Client]
FOLLOWERS = ("okafor", "alvarez")
OTHERS = ("reyes", "dvorak", "nguyen", "larsen")
POLLS = 'hx-trigger="every 2s"'


@pytest.fixture
def house(stage: Stage) -> House:
    """The stage's utility on its day."""
    del stage
    return House(today=TODAY, keys=5_000)


def soon() -> Moment:
    """After whatever was queued on the stage's day, by the desk's clock or by the house's."""
    return Moment(at=datetime(2026, 11, 8, tzinfo=UTC), as_of=TODAY)


def work_off() -> None:
    """Do everything that waits in the queue."""
    while work_once(worker="test", clock=soon) is not None:
        pass


def stage_done(house: House, run_id: int) -> None:
    """Release the stage's run and issue its bills."""
    house.do("release_bill_run", by="alvarez", run_id=run_id)
    work_off()


def field(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found is not None, name
    return html.unescape(found[1])


# ---- Who sees them


@pytest.mark.parametrize("username", FOLLOWERS)
def test_whose_job_has_to_do_with_bill_runs_finds_them_in_the_bar(username: str, stage: Stage, at_desk: SignIn) -> None:
    client = at_desk(username)
    assert 'href="/runs"' in client.get("/").content.decode()
    listed = client.get("/runs")
    assert listed.status_code == 200
    assert f'href="/runs/{stage.run}/"' in listed.content.decode()


@pytest.mark.parametrize("username", OTHERS)
def test_nobody_else_sees_a_bill_run_or_does_anything_to_it(username: str, stage: Stage, at_desk: SignIn) -> None:
    client = at_desk(username)
    before = Receipt._default_manager.count()
    assert 'href="/runs"' not in client.get("/").content.decode()
    here = f"/runs/{stage.run}/"
    for where in ("/runs", here, f"{here}progress", f"{here}do/release_bill_run", f"{here}do/cancel_bill_run"):
        answer = client.get(where)
        assert answer.status_code == 403, where
        assert LONG_NAME not in answer.content.decode()
    for name in ("release_bill_run", "cancel_bill_run"):
        form = {"step": "confirm", "key": f"{username} {name}", "digest": "guessed", "reason": "Because I say so"}
        assert client.post(f"{here}do/{name}", form).status_code == 403
    assert Receipt._default_manager.count() == before
    assert BillRun._default_manager.get(pk=stage.run).state == "tried"


@pytest.mark.parametrize(
    "where", ["/runs/999/", "/runs/999/progress", "/runs/999/do/cancel_bill_run", "/runs/{run}/do/open_the_safe"]
)
def test_a_run_that_there_is_not_has_a_page_that_says_so(where: str, stage: Stage, at_desk: SignIn) -> None:
    assert at_desk("alvarez").get(where.format(run=stage.run)).status_code == 404


def test_what_is_no_action_of_a_run_is_not_opened_on_one(stage: Stage, at_desk: SignIn) -> None:
    for name in ("start_bill_run", "take_payment", "try_bill_shard", "issue_bill_shard"):
        assert at_desk("alvarez").get(f"/runs/{stage.run}/do/{name}").status_code == 403


# ---- The list


def test_without_a_run_the_list_says_how_to_begin(at_desk: SignIn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs_views, "bill_runs", lambda *, at: ())  # a run is never removed
    page = at_desk("okafor").get("/runs").content.decode()
    assert "No bill run yet." in page
    assert 'href="/do/start_bill_run"' in page


def test_fifty_runs_are_listed_in_as_few_queries_as_one(stage: Stage, house: House, at_desk: SignIn) -> None:
    client = at_desk("okafor")
    client.get("/runs")
    with CaptureQueriesContext(connection) as one:
        client.get("/runs")
    for _ in range(54):
        run_id = house.made("start_bill_run", "bill_run", by="okafor", cycle=8)
        house.do("cancel_bill_run", by="okafor", run_id=run_id, reason="Wrong cycle")
    with CaptureQueriesContext(connection) as many:
        page = client.get("/runs").content.decode()
    assert len(many) == len(one) <= QUERIES_MAX
    assert page.count("<tr data-row>") == 50
    assert "The latest 50 runs." in page


# ---- A run as it goes


def test_a_tried_run_shows_what_it_comes_to_and_whom_it_leaves(stage: Stage, at_desk: SignIn) -> None:
    page = at_desk("alvarez").get(f"/runs/{stage.run}/").content.decode()
    said = text_of(page.encode())
    assert "Tried, waits for release" in said
    assert "3 of 3 pieces" in said
    assert "Cycle 14, use through Nov 6. 5 accounts." in said
    assert "Charges $72.05 one bill" in said
    assert "One account is left for a person" in said
    assert f'href="/account/{stage.long}/">{LONG_NAME}</a>' in page
    assert "The meter is to be tested" in said
    assert POLLS not in page


def test_a_run_being_tried_asks_again_until_it_is_done(stage: Stage, house: House, at_desk: SignIn) -> None:
    house.do("cancel_bill_run", by="okafor", run_id=stage.run, reason="Once more")
    run_id = house.made("start_bill_run", "bill_run", by="okafor", cycle=14, shard_accounts=2)
    client = at_desk("alvarez")
    here = f"/runs/{run_id}/"
    page = client.get(here).content.decode()
    assert POLLS in page
    assert f'hx-get="{here}progress?told=0&amp;state=trying"' in page
    assert 'value="0"' in page
    assert "Release" not in text_of(page.encode())
    assert work_once(worker="test", clock=soon) is not None
    BillRun._default_manager.filter(pk=run_id).update(planned_at=present().at - timedelta(seconds=1))
    part = client.get(f"{here}progress?told=0")
    assert "HX-Trigger" not in part.headers
    text = part.content.decode()
    assert '<progress class="progress" max="100" value="40"' in text
    assert "1 of 3 pieces" in text
    assert "accounts a second" in text
    assert "left</span>" in text
    assert POLLS in text
    assert "25 percent done." in text
    # Said once: a screen reader hears of each quarter, not of every two seconds.
    assert "percent done" not in client.get(f"{here}progress?told=25").content.decode()
    work_off()
    last = client.get(f"{here}progress?told=25")
    assert last.headers["HX-Trigger"] == "run-moved"
    assert POLLS not in last.content.decode()
    assert "tried, waits for release." in last.content.decode()
    # It asks seldom while it waits, and the page of whoever looks on moves when a colleague releases it.
    waiting = f"{here}progress?told=100&state=tried"
    assert f'hx-get="{waiting.replace("&", "&amp;")}" hx-trigger="every 10s"' in last.content.decode()
    assert client.get(waiting).status_code == 204
    assert "Release one bill" in text_of(client.get(here).content)
    house.do("release_bill_run", by="alvarez", run_id=run_id)
    assert client.get(waiting).headers["HX-Trigger"] == "run-moved"


def test_the_part_that_moves_is_cheap(stage: Stage, house: House, at_desk: SignIn) -> None:
    house.do("release_bill_run", by="alvarez", run_id=stage.run)
    client = at_desk("alvarez")
    client.get("/")
    with CaptureQueriesContext(connection) as asked:
        client.get(f"/runs/{stage.run}/progress")
    assert len(asked) <= 10


def test_a_run_that_no_worker_works_on_says_so(stage: Stage, house: House, at_desk: SignIn) -> None:
    run_id = house.made("start_bill_run", "bill_run", by="okafor", cycle=8)
    long_ago = datetime(2026, 11, 5, 12, 0, tzinfo=UTC)
    BillRun._default_manager.filter(pk=run_id).update(planned_at=long_ago)
    assert "Perhaps no worker runs" in text_of(at_desk("okafor").get(f"/runs/{run_id}/progress").content)


def test_a_piece_that_failed_again_and_again_is_told(stage: Stage, house: House, at_desk: SignIn) -> None:
    run_id = house.made("start_bill_run", "bill_run", by="okafor", cycle=8)
    [shard] = BillRunShard._default_manager.filter(run_id=run_id)
    WorkItem._default_manager.filter(unique_key=f"bill run shard {shard.pk}").update(state="failed")
    for where in (f"/runs/{run_id}/", f"/runs/{run_id}/progress"):
        assert "One piece failed again and again" in text_of(at_desk("okafor").get(where).content)


def test_what_the_database_stopped_is_told_with_the_reason_and_when_it_is_tried_again(
    stage: Stage, house: House, at_desk: SignIn
) -> None:
    run_id = house.made("start_bill_run", "bill_run", by="okafor", cycle=8)
    [shard] = BillRunShard._default_manager.filter(run_id=run_id)
    WorkItem._default_manager.filter(unique_key=f"bill run shard {shard.pk}").update(
        interruptions=7,
        last_error="The database's disk is full: SQLite in /srv, 0.0 MB free (database or disk is full).",
        available_at=present().at + timedelta(seconds=90),
    )
    for where in (f"/runs/{run_id}/", f"/runs/{run_id}/progress"):
        page = text_of(at_desk("okafor").get(where).content)
        assert "The database stopped one piece" in page
        assert "disk is full: SQLite in /srv, 0.0 MB free" in page
        assert re.search(r"It is tried again in 1 min [12]\d s\.|It is tried again in 1 min 30 s\.", page)
    work_off()
    assert "The database stopped" not in text_of(at_desk("okafor").get(f"/runs/{run_id}/").content)


def test_a_run_that_is_over_is_timed_to_its_last_piece(stage: Stage, at_desk: SignIn) -> None:
    found = BillRun._default_manager.get(pk=stage.run)
    shards = BillRunShard._default_manager.filter(run_id=stage.run)
    shards.update(done_at=found.planned_at + timedelta(seconds=95))
    assert "took 1 min 35 s" in text_of(at_desk("alvarez").get(f"/runs/{stage.run}/").content)


# ---- Release and cancel


def test_a_run_is_released_by_a_second_person_after_seeing_what_it_issues(
    stage: Stage, house: House, at_desk: SignIn
) -> None:
    client = at_desk("alvarez")
    where = f"/runs/{stage.run}/do/release_bill_run"
    before = Bill._default_manager.count()
    shown = client.post(where, {"step": "preview", "run_id": stage.run}).content.decode()
    assert "Release 1 bill of $72.05" in text_of(shown.encode())
    form = {
        "step": "confirm",
        "key": "one key",
        "digest": field(shown, "digest"),
        "run_id": "999",
    }  # the place decides which run, not the form
    answer = client.post(where, form)
    assert answer.status_code == 302
    assert answer["Location"].startswith(f"/runs/{stage.run}/?done=")
    assert client.post(where, form)["Location"] == answer["Location"]  # the same key: the first receipt
    work_off()
    done = text_of(client.get(answer["Location"]).content)
    assert f"Bill run {stage.run} released" in done
    assert "Released T. Alvarez" in done
    assert "Issued as it was tried" in done
    assert Bill._default_manager.count() == before + 1


def test_nobody_releases_their_own_run(stage: Stage, at_desk: SignIn) -> None:
    client = at_desk("okafor")
    here = f"/runs/{stage.run}/"
    page = client.get(here).content.decode()
    assert "A colleague has to look at it and release it." in text_of(page.encode())
    assert "do/release_bill_run" not in page
    before = Receipt._default_manager.count()
    guessed = {"step": "confirm", "key": "mine", "digest": "guessed", "run_id": stage.run}
    answer = client.post(f"{here}do/release_bill_run", guessed)
    assert answer.status_code == 409
    assert "A colleague has to look at it and release it." in text_of(answer.content)
    assert Receipt._default_manager.count() == before
    assert BillRun._default_manager.get(pk=stage.run).state == "tried"


def test_figures_that_were_issued_other_than_tried_are_marked(stage: Stage, house: House, at_desk: SignIn) -> None:
    house.do("release_exception", by="okafor", exception_id=held_of(stage), reason="The meter was tested")
    stage_done(house, stage.run)
    page = text_of(at_desk("alvarez").get(f"/runs/{stage.run}/").content)
    assert "figures differ" in page
    assert "Cannot be billed , differs 1 0" in page
    assert "Nothing is left for a person" in page


def held_of(stage: Stage) -> int:
    from weatherhead.areas.billing.queries import held_exceptions_of_account

    [held] = held_exceptions_of_account(stage.long)
    return held.exception_id


def test_a_run_is_cancelled_with_a_reason_and_issues_nothing(stage: Stage, at_desk: SignIn) -> None:
    client = at_desk("okafor")
    where = f"/runs/{stage.run}/do/cancel_bill_run"
    nameless = client.post(where, {"step": "confirm", "key": "a", "run_id": stage.run, "reason": ""})
    assert "Correct one answer" in text_of(nameless.content)
    reason = {"run_id": stage.run, "reason": "The reads of route 7 are missing"}
    shown = client.post(where, {"step": "preview", **reason}).content.decode()
    before = Bill._default_manager.count()
    answer = client.post(where, {"step": "confirm", "key": "b", "digest": field(shown, "digest"), **reason})
    page = text_of(client.get(answer["Location"]).content)
    assert "The reads of route 7 are missing" in page
    assert "It was cancelled and has issued nothing." in page
    assert Bill._default_manager.count() == before
    assert BillRun._default_manager.get(pk=stage.run).state == "cancelled"


def test_a_released_run_offers_neither_release_nor_cancel(stage: Stage, house: House, at_desk: SignIn) -> None:
    house.do("release_bill_run", by="alvarez", run_id=stage.run)
    client = at_desk("alvarez")
    page = client.get(f"/runs/{stage.run}/").content.decode()
    assert "do/release_bill_run" not in page
    assert "do/cancel_bill_run" not in page
    said = client.post(f"/runs/{stage.run}/do/cancel_bill_run", {"step": "preview", "run_id": 1, "reason": "Too late"})
    assert "is released" in text_of(said.content)


def test_a_receipt_of_something_else_is_not_shown_on_a_run(stage: Stage, house: House, at_desk: SignIn) -> None:
    other = house.do("start_bill_run", by="okafor", cycle=8).receipt_id
    client = at_desk("alvarez")
    for done in (str(stage.ruth_receipt), str(other), "0", "999999", "x", "٣", "9" * 40):
        answer = client.get(f"/runs/{stage.run}/", {"done": done})
        assert answer.status_code == 200, done
        assert "data-receipt" not in answer.content.decode()


def test_a_started_run_is_followed_at_once(stage: Stage, at_desk: SignIn) -> None:
    client = at_desk("okafor")
    shown = client.post("/do/start_bill_run", {"step": "preview", "cycle": "8"}).content.decode()
    assert "Bill run of 1 accounts of cycle 8" in text_of(shown.encode())
    form = {"step": "confirm", "key": "start", "digest": field(shown, "digest"), "cycle": "8", "through_on": ""}
    answer = client.post("/do/start_bill_run", form)
    run_id = BillRun._default_manager.latest("pk").pk
    assert answer["Location"].startswith(f"/runs/{run_id}/?done=")
    assert "data-receipt" in client.get(answer["Location"]).content.decode()
    receipt = client.get(f"/receipt/{answer['Location'].split('=')[1]}/").content.decode()
    assert f'href="/runs/{run_id}/"' in receipt


def test_a_cycle_with_an_open_run_is_not_started_again(stage: Stage, at_desk: SignIn) -> None:
    client = at_desk("alvarez")
    shown = client.post("/do/start_bill_run", {"step": "preview", "cycle": "14"}).content.decode()
    form = {"step": "confirm", "key": "again", "digest": field(shown, "digest"), "cycle": "14"}
    answer = client.post("/do/start_bill_run", form)
    assert "is open already" in text_of(answer.content)
    assert BillRun._default_manager.count() == 1
