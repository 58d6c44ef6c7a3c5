"""allauth's adapter: no sign-up, and every event of authentication in the audit log."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from weatherhead.areas.workforce.queries import employee_of_user
from weatherhead.door.sign_ins import remember_sign_in
from weatherhead.interfaces.workbench.clock import present

KIND_LENGTH_MAX = 24


def _remember(request: HttpRequest, *, kind: str, username: str, user_id: int | None) -> None:
    employee = employee_of_user(user_id) if user_id is not None else None
    remember_sign_in(
        kind=kind,
        username=username,
        employee_id=employee.employee_id if employee else None,
        at=present().at,
        address=str(request.META.get("REMOTE_ADDR", "")),
    )


class StaffAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Employees are added by an administrator, so nobody signs up."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Never."""
        return False

    def login(self, request: HttpRequest, user: Any) -> None:  # noqa: ANN401
        """Sign in, and remember it."""
        super().login(request, user)
        _remember(request, kind="signed_in", username=user.get_username(), user_id=user.pk)

    def logout(self, request: HttpRequest) -> None:
        """Sign out, and remember it."""
        user = request.user
        if user.is_authenticated:
            _remember(request, kind="signed_out", username=user.get_username(), user_id=user.pk)
        super().logout(request)

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:  # noqa: ANN401
        """Remember a failed sign-in; the name as it was typed, never the password."""
        super().authentication_failed(request, **credentials)
        _remember(request, kind="sign_in_failed", username=str(credentials.get("username", "")), user_id=None)

    def send_notification_mail(
        self,
        template_prefix: str,
        user: Any,  # noqa: ANN401
        context: dict[str, Any] | None = None,
        email: str | None = None,
    ) -> None:
        """Remember a change of password, second factor or address, which allauth tells here; then tell its owner."""
        kind = template_prefix.rsplit("/", 1)[-1][:KIND_LENGTH_MAX]
        _remember(self.request, kind=kind, username=user.get_username(), user_id=user.pk)
        super().send_notification_mail(template_prefix, user, context, email)


def locked_out(request: HttpRequest, credentials: dict[str, Any] | None = None, *_: Any, **__: Any) -> HttpResponse:  # noqa: ANN401
    """What axes shows after too many failures, remembered too."""
    # Its middleware, which answers for a sign-in that the backend refused, knows no credentials.
    name = (credentials or {}).get("username") or request.POST.get("login", "")
    _remember(request, kind="locked_out", username=str(name), user_id=None)
    return render(request, "account/locked.html", status=429)
