"""Frames: content-addressed, complete for every tariff, and refused when they were changed."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, transaction

from weatherhead.areas.documents import frames
from weatherhead.areas.documents.models import DocumentFrame
from weatherhead.areas.documents.operations import keep_frame
from weatherhead.areas.documents.queries import FrameChanged, _kept_body, frame_body, kept_frames
from weatherhead.areas.documents.texts import bill_texts
from weatherhead.areas.records.utility import current_utility
from weatherhead.areas.tariffs.queries import rate_book
from weatherhead.core.statements import Frame, payload_sha256


def test_a_frame_is_made_once_and_known_by_its_text() -> None:
    frame = frames.bill_frame(current_utility(), rate_book=rate_book())
    assert frame is frames.bill_frame(current_utility(), rate_book=rate_book())
    assert frame.sha256 == payload_sha256(frame.text)
    assert frames.made_frame(frame.sha256) is frame


def test_a_frame_names_every_charge_of_the_rate_book() -> None:
    frame = frames.bill_frame(current_utility(), rate_book=rate_book())
    for facts in rate_book().values():
        for version in facts.schedule.versions:
            assert {charge.code for charge in version.charges} <= {code for code, _, _ in frame.captions}


def test_a_utility_without_texts_has_frames_all_the_same() -> None:
    plain = current_utility().model_copy(update={"bill_texts": ""})
    assert bill_texts(plain).rights == ()
    body = frames.bill_frame(plain, rate_book=rate_book()).body
    assert body["utility"]["remit_to"] == ["PRAIRIE CITY POWER", "200 DEPOT STREET", "PRAIRIE CITY NE 68900"]
    assert body["pay_url"] == ""


@pytest.mark.django_db
def test_a_frame_is_kept_once_and_never_changed() -> None:
    frame = Frame.of({"captions": [], "schedules": {}})
    keep_frame(frame)
    keep_frame(frame)
    assert DocumentFrame.objects.filter(pk=frame.sha256).count() == 1
    assert kept_frames([frame.sha256, "0" * 64]) == {frame.sha256}
    assert frame_body(frame.sha256) == frame.body
    with pytest.raises(DatabaseError), transaction.atomic():
        DocumentFrame.objects.filter(pk=frame.sha256).update(text="{}")


@pytest.mark.django_db
def test_a_frame_that_is_not_its_hash_is_shown_to_nobody() -> None:
    DocumentFrame.objects.create(sha256="1" * 64, text='{"captions":[]}')
    with pytest.raises(FrameChanged):
        frame_body("1" * 64)
    with pytest.raises(FrameChanged):
        frame_body("2" * 64)
    _kept_body.cache_clear()
