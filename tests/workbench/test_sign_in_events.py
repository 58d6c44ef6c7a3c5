"""Whatever allauth and axes do with someone's sign-in stands in the audit log."""

from __future__ import annotations

import pytest
from django.core import mail
from django.test import Client

from tests.house import PASSWORD
from tests.workbench.stage import Stage
from weatherhead.areas.records.models import AuditEntry

pytestmark = pytest.mark.django_db


def kinds() -> list[str]:
    """What happened to sign-ins, in order."""
    return list(AuditEntry.objects.filter(action="sign_in").order_by("pk").values_list("kind", flat=True))


@pytest.fixture
def client_of_a_house(stage: Stage, client: Client) -> Client:
    """Someone at the sign-in page of a staffed utility."""
    return client


def sign_in(client: Client, *, password: str = PASSWORD) -> int:
    return client.post("/auth/login/", {"login": "reyes", "password": password}).status_code


def test_in_and_out(client_of_a_house: Client) -> None:
    assert sign_in(client_of_a_house) == 302
    assert client_of_a_house.post("/auth/logout/").status_code == 302
    assert kinds() == ["signed_in", "signed_out"]
    entry = AuditEntry.objects.filter(kind="signed_in").get()
    assert (entry.actor, entry.employee_id is not None) == ("reyes", True)


def test_a_wrong_password_and_the_lock(client_of_a_house: Client) -> None:
    answers = [sign_in(client_of_a_house, password="not-theirs-77") for _ in range(5)]
    assert answers[-1] == 429
    assert sign_in(client_of_a_house) == 429, "the right password does not open a lock"
    assert kinds().count("sign_in_failed") >= 4
    assert "locked_out" in kinds()
    assert "not-theirs-77" not in "".join(AuditEntry.objects.values_list("detail", flat=True))


def test_a_changed_password(client_of_a_house: Client) -> None:
    sign_in(client_of_a_house)
    new = "another horse battery staple"
    answer = client_of_a_house.post(
        "/auth/password/change/", {"oldpassword": PASSWORD, "password1": new, "password2": new}
    )
    assert answer.status_code == 302
    assert kinds() == ["signed_in", "password_changed"]


def test_nobody_signs_up(client_of_a_house: Client) -> None:
    assert b"closed" in client_of_a_house.get("/auth/signup/").content.lower()
    assert client_of_a_house.post("/auth/signup/", {"username": "x", "password1": PASSWORD}).status_code == 200
    assert kinds() == []


def test_a_forgotten_password_tells_nothing_about_who_works_here(client_of_a_house: Client) -> None:
    answer = client_of_a_house.post("/auth/password/reset/", {"email": "nobody@example.com"})
    assert answer.status_code == 302
    assert mail.outbox == []
