"""Django settings, read from the environment and from ``utility.yaml``; docs/configuration.md lists the variables.

A faulty environment raises `InstallationFaulty` with every fault of it, before anything starts.
"""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import unquote

from csp.constants import NONE, SELF

from weatherhead.areas.records.environment import read_environment
from weatherhead.config.logs import configure_logs

ENVIRONMENT = read_environment(os.environ)

DEBUG = ENVIRONMENT.debug
VAR_DIR = ENVIRONMENT.var
OUTBOX_DIR = ENVIRONMENT.outbox
UTILITY = ENVIRONMENT.utility
TODAY = ENVIRONMENT.today
SECRET_KEY = ENVIRONMENT.secret_key
KEY_RING = ENVIRONMENT.keys
DISK_FREE_MIN_MB = ENVIRONMENT.disk_free_min_mb
METRICS_TOKEN = ENVIRONMENT.metrics_token
DATABASES = {"default": dict(ENVIRONMENT.database)}

# Logs: one line an event on standard error, without personal data.
LOGGING = configure_logs(form=ENVIRONMENT.log)
LOGGING_CONFIG = "logging.config.dictConfig"

INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "weatherhead.config.static_files.StaticFiles",
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
    "weatherhead.areas.documents",
    "weatherhead.areas.service_orders",
    "weatherhead.areas.retention",
    "weatherhead.areas.credit",
    "weatherhead.areas.programs",
    "weatherhead.areas.migration",
]

MIDDLEWARE = [
    "weatherhead.interfaces.operation.middleware.OperationMiddleware",  # outermost: it times and counts all others
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
ALLOWED_HOSTS = list(ENVIRONMENT.hosts)
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
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = ENVIRONMENT.https
SECURE_REDIRECT_EXEMPT = [r"^health/(live|ready)$", r"^metrics$"]  # asked from this machine, past the proxy
SECURE_HSTS_SECONDS = 31_536_000 if ENVIRONMENT.https else 0
if ENVIRONMENT.https:
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
if ENVIRONMENT.mail is not None:
    EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    EMAIL_HOST, EMAIL_PORT = ENVIRONMENT.mail.hostname or "localhost", ENVIRONMENT.mail.port or 25
    EMAIL_HOST_USER = unquote(ENVIRONMENT.mail.username or "")
    EMAIL_HOST_PASSWORD = unquote(ENVIRONMENT.mail.password or "")
    EMAIL_USE_TLS = ENVIRONMENT.mail.scheme == "smtp" and bool(ENVIRONMENT.mail.username)
    EMAIL_USE_SSL = ENVIRONMENT.mail.scheme == "smtps"
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
