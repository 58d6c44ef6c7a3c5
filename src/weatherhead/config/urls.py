"""The URLs of every face."""

from django.urls import include, path

urlpatterns = [
    path("", include("weatherhead.interfaces.operation.urls")),
    path("auth/", include("allauth.account.urls")),
    path("auth/2fa/", include("allauth.mfa.urls")),
    path("", include("weatherhead.interfaces.workbench.urls")),
]
