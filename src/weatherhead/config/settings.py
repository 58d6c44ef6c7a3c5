"""Django settings, read from the environment and from ``utility.yaml``.

Environment (all optional in development; ``weatherhead demo`` sets them for itself):

``DATABASE_URL``            ``sqlite:///path/to/file`` or ``postgresql://user:password@host:port/name``
``WEATHERHEAD_UTILITY``     path of ``utility.yaml``
``WEATHERHEAD_SECRET_KEY``  Django's secret key; required unless ``WEATHERHEAD_DEBUG=1``
``WEATHERHEAD_KEYS``        key ring for secrets at rest: ``id:key,id:key``, newest first
``WEATHERHEAD_VAR``         directory for attachments and audit roots
``WEATHERHEAD_HOSTS``       comma-separated host names that the server answers to
``WEATHERHEAD_TODAY``       fixes "today" (ISO date): the demo's own clock
"""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from weatherhead.areas.records.utility import load_utility

PROJECT_DIR = Path(__file__).resolve().parents[3]
DEBUG = os.environ.get("WEATHERHEAD_DEBUG", "") == "1"

VAR_DIR = Path(os.environ.get("WEATHERHEAD_VAR", PROJECT_DIR / "var"))
UTILITY_FILE = Path(os.environ.get("WEATHERHEAD_UTILITY", PROJECT_DIR / "examples/prairie-city/utility.yaml"))
UTILITY = load_utility(UTILITY_FILE)


def _today() -> date | None:
    text = os.environ.get("WEATHERHEAD_TODAY", "")
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise ImproperlyConfigured(f"WEATHERHEAD_TODAY={text!r} is not a date: write it as 2026-11-19.") from error


TODAY = _today()


def _secret_key() -> str:
    key = os.environ.get("WEATHERHEAD_SECRET_KEY", "")
    if not key and not DEBUG:
        raise ImproperlyConfigured(
            "WEATHERHEAD_SECRET_KEY is not set: give a long random text "
            "(python3 -c 'import secrets; print(secrets.token_urlsafe(50))'), or set WEATHERHEAD_DEBUG=1 to develop."
        )
    return key or "development only: not secret"


SECRET_KEY = _secret_key()
KEY_RING = os.environ.get("WEATHERHEAD_KEYS", "")


def _database() -> dict[str, Any]:
    url = os.environ.get("DATABASE_URL", f"sqlite:///{VAR_DIR / 'weatherhead.sqlite3'}")
    parts = urlsplit(url)
    if parts.scheme == "sqlite":
        return {
            "ENGINE": "django.db.backends.sqlite3",
            # sqlite:///relative and sqlite:////absolute, as elsewhere
            "NAME": unquote(parts.path.removeprefix("/")) or ":memory:",
            "OPTIONS": {
                "transaction_mode": "IMMEDIATE",
                "timeout": 30,
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
            },
        }
    if parts.scheme in {"postgres", "postgresql"}:
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": unquote(parts.path.removeprefix("/")),
            "USER": unquote(parts.username or ""),
            "PASSWORD": unquote(parts.password or ""),
            "HOST": unquote(parts.hostname or "") or dict(parse_qsl(parts.query)).get("host", ""),
            "PORT": str(parts.port or ""),
            "CONN_MAX_AGE": 60,
            "CONN_HEALTH_CHECKS": True,
        }
    raise ImproperlyConfigured(
        f"DATABASE_URL starts with {parts.scheme!r}: use sqlite:///path or postgresql://user:password@host:port/name."
    )


DATABASES = {"default": _database()}

INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django_htmx",
    "django_cotton.apps.SimpleAppConfig",
    "weatherhead.interfaces.workbench",  # before allauth, so that its templates dress allauth's pages
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "axes",
    "csp",
    "weatherhead.areas.records",
    "weatherhead.areas.workforce",
    "weatherhead.areas.premises",
    "weatherhead.areas.customers",
    "weatherhead.areas.ledger",
    "weatherhead.areas.metering",
    "weatherhead.areas.tariffs",
    "weatherhead.areas.agreements",
    "weatherhead.areas.billing",
    "weatherhead.areas.payments",
    "weatherhead.areas.credit",
    "weatherhead.areas.programs",
    "weatherhead.areas.migration",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "weatherhead.interfaces.workbench.middleware.DeskMiddleware",
    "axes.middleware.AxesMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "OPTIONS": {
            # Explicit loaders, because cotton's own must come first.
            "loaders": [
                (
                    "django.template.loaders.cached.Loader",
                    [
                        "django_cotton.cotton_loader.Loader",
                        "django.template.loaders.app_directories.Loader",
                    ],
                )
            ],
            "builtins": ["django_cotton.templatetags.cotton"],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
                "weatherhead.interfaces.workbench.context.desk",
            ],
        },
    }
]

ROOT_URLCONF = "weatherhead.config.urls"
WSGI_APPLICATION = "weatherhead.config.wsgi.application"
ALLOWED_HOSTS = [host for host in os.environ.get("WEATHERHEAD_HOSTS", "127.0.0.1,localhost,[::1]").split(",") if host]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Sign-in
AUTH_USER_MODEL = "workforce.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
]
ACCOUNT_ADAPTER = "weatherhead.interfaces.workbench.adapter.StaffAdapter"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_RATE_LIMITS = {"login_failed": False}  # axes counts failed sign-ins, and its records outlive a restart
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_EMAIL_NOTIFICATIONS = True  # a change of password or second factor is told to its owner
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "workbench:desk"
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = 0.25  # hours
AXES_LOCKOUT_PARAMETERS = ["username"]
AXES_LOCKOUT_CALLABLE = "weatherhead.interfaces.workbench.adapter.locked_out"
AXES_RESET_ON_SUCCESS = True
AXES_SENSITIVE_PARAMETERS = ["password"]
AXES_VERBOSE = False
# Locked by name alone: an address is shared by a whole office, and a guesser has many.
SILENCED_SYSTEM_CHECKS = ["axes.W006"]

# Sessions end with the working day, or with the browser.
SESSION_COOKIE_AGE = 9 * 60 * 60
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Strict"
CSRF_FAILURE_VIEW = "weatherhead.interfaces.workbench.errors.csrf_failure"
X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
_https = os.environ.get("WEATHERHEAD_HTTPS", "") == "1"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = _https
SECURE_HSTS_SECONDS = 31_536_000 if _https else 0
if _https:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "object-src": [NONE],
    }
}

# Mail: by SMTP where a server is named, else into files, so that nothing is lost and nothing leaves a demo.
_smtp = urlsplit(os.environ.get("WEATHERHEAD_SMTP", ""))
if _smtp.scheme in {"smtp", "smtps"}:
    EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    EMAIL_HOST, EMAIL_PORT = _smtp.hostname or "localhost", _smtp.port or 25
    EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = unquote(_smtp.username or ""), unquote(_smtp.password or "")
    EMAIL_USE_TLS, EMAIL_USE_SSL = _smtp.scheme == "smtp" and bool(_smtp.username), _smtp.scheme == "smtps"
elif _smtp.geturl():
    raise ImproperlyConfigured("WEATHERHEAD_SMTP reads smtp://user:password@host:port, or smtps://….")
else:
    EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    EMAIL_FILE_PATH = VAR_DIR / "mail"
DEFAULT_FROM_EMAIL = SERVER_EMAIL = UTILITY.email

# Files
STATIC_URL = "static/"
STATIC_ROOT = VAR_DIR / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": VAR_DIR / "files"}},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if not DEBUG
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024

# Time and language: instants are UTC, days are the utility's.
USE_TZ = True
TIME_ZONE = UTILITY.time_zone
LANGUAGE_CODE = "en-us"
LANGUAGES = [("en", "English")]
USE_I18N = True
LOCALE_PATHS = [Path(__file__).resolve().parents[1] / "locale"]

# The demo shows its sign-ins on the sign-in page; `weatherhead demo` sets them, and nothing else does.
DEMO_PASSWORD = os.environ.get("WEATHERHEAD_DEMO_PASSWORD", "")
DEMO_SIGN_INS = [
    tuple(item.split(":", 1)) for item in os.environ.get("WEATHERHEAD_DEMO_SIGN_INS", "").split(",") if ":" in item
]
