"""Forms that come twice, late, or after the session: what was typed is kept, and nothing is done that was not seen."""

from __future__ import annotations

import html
import re
from collections.abc import Callable

from django.test import Client

from tests.workbench.stage import Stage
from weatherhead.areas.ledger.models import JournalEntry
from weatherhead.areas.records.models import ApprovalRequest

SignIn = Callable[..., Client]
FROM_HERE = {"origin": "http://testserver"}


def text_of(content: bytes) -> str:
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", content.decode())))


def entries() -> int:
    return JournalEntry._default_manager.count()


def test_a_waiver_confirmed_twice_answers_with_its_first_receipt(stage: Stage, at_desk: SignIn) -> None:
    client, where = at_desk("reyes"), f"/account/{stage.ruth}/do/waive_fee"
    given = {"adjustment_id": str(stage.late_charge), "reason": "first_in_12_months", "note": "", "key": "waived once"}
    shown = client.post(where, given | {"step": "preview"}).content.decode()
    [digest] = re.findall(r'name="digest" value="([^"]+)"', shown)
    sent = given | {"step": "confirm", "digest": digest}
    first = client.post(where, sent)
    before = entries()
    # The answer was lost, and the browser sends the form again: the fee is no choice any more, but this is no error.
    again = client.post(where, sent)
    assert (first.status_code, again.status_code) == (302, 302)
    assert again["Location"] == first["Location"]
    assert entries() == before


def test_a_waiver_that_a_colleague_made_first_is_refused_in_its_own_words(stage: Stage, at_desk: SignIn) -> None:
    where = f"/account/{stage.ruth}/do/waive_fee"
    given = {"adjustment_id": str(stage.late_charge), "reason": "first_in_12_months", "note": ""}
    ours, theirs = at_desk("reyes"), at_desk("dvorak")
    shown = ours.post(where, given | {"step": "preview", "key": "ours"}).content.decode()
    [digest] = re.findall(r'name="digest" value="([^"]+)"', shown)
    theirs.post(where, given | {"step": "confirm", "key": "theirs", "digest": digest})
    before = entries()
    answer = ours.post(where, given | {"step": "confirm", "key": "ours", "digest": digest})
    assert answer.status_code == 409
    assert "is not one of the available choices" not in text_of(answer.content)
    assert entries() == before


def test_going_back_to_what_is_done_says_so_and_speaks_of_no_permission(stage: Stage, at_desk: SignIn) -> None:
    where = f"/account/{stage.empty}/do/waive_fee"
    client = at_desk("reyes")
    answer = client.get(where, follow=True)
    assert answer.redirect_chain == [(f"/account/{stage.empty}/?nothing=waive_fee", 302)]
    assert "Waive a fee There is nothing for it on this account now." in text_of(answer.content)
    inside = client.get(where, headers={"HX-Request": "true"})
    assert inside["HX-Redirect"] == f"/account/{stage.empty}/?nothing=waive_fee"
    # Words from the address make no sentence, and what is possible is not said to be impossible.
    for odd in ("<b>", "nonsense", "take_payment"):
        assert "There is nothing for it" not in text_of(
            client.get(f"/account/{stage.empty}/", {"nothing": odd}).content
        )


def test_a_session_that_ended_in_mid_form_loses_nothing_that_was_typed(stage: Stage, at_desk: SignIn) -> None:
    before, where = entries(), f"/account/{stage.ruth}/do/take_payment"
    typed = {"amount_cents": "20.00", "tender": "check", "check_number": "777", "note": 'said "keep the rest"'}
    given = typed | {"channel": "mail", "paid_on": "2026-11-06", "key": "after the session"}
    stranger = Client()
    # While typing, the page stays; sent, everything stands on the page that says so.
    inside = stranger.post(where, given | {"step": "preview"}, headers={"HX-Request": "true", "HX-Target": "preview"})
    assert inside.status_code == 401
    assert "what you typed stays here" in text_of(inside.content)
    answer = stranger.post(where, given | {"step": "confirm", "digest": "0" * 64, "password": "hidden"})
    page = answer.content.decode()
    assert answer.status_code == 401
    assert answer["Cache-Control"] == "no-store, private"
    kept = dict(re.findall(r'type="hidden" name="([a-z_0-9]+)" value="([^"]*)"', page))
    kept.pop("csrfmiddlewaretoken")
    assert {name: html.unescape(value) for name, value in kept.items()} == given | {
        "digest": "0" * 64,
        "step": "preview",
    }
    # Signed in again, the token of the form is of before: it is shown with what it would do, and not done.
    client = at_desk("reyes", enforce_csrf_checks=True)
    client.cookies["csrftoken"] = "a" * 32
    sent = given | {"step": "confirm", "digest": "0" * 64, "csrfmiddlewaretoken": "b" * 32}
    again = client.post(where, sent, headers=FROM_HERE)
    shown = again.content.decode()
    assert 'value="777"' in shown
    assert "nothing was done" in text_of(again.content)
    assert "Take $20.00" in text_of(again.content)
    assert entries() == before
    # From elsewhere it is not even looked at.
    for headers in ({}, {"origin": "http://elsewhere.example"}, {"origin": "null"}):
        refused = client.post(where, sent, headers=headers)
        assert refused.status_code == 403
        assert "777" not in refused.content.decode()


def test_a_decision_that_is_refused_is_refused_on_the_list_with_the_note_kept(stage: Stage, at_desk: SignIn) -> None:
    client = at_desk("alvarez")
    form = {"decision": "approve", "key": "decided once", "digest": "0" * 64, "note": "The crew was right"}
    answer = client.post(f"/approvals/{stage.hanna_request}/decide", form)
    page = text_of(answer.content)
    assert answer.status_code == 409
    assert "Not done" in page
    assert "What changes if you approve" in page  # the figures that the sentence speaks of
    assert "The crew was right" in page
    assert ApprovalRequest._default_manager.get(pk=stage.hanna_request).state == "waiting"
