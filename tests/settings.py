"""The settings of a test run: the product's own, with keys that guard nothing and a database that is thrown away.

``WEATHERHEAD_TEST_DATABASE`` chooses the database: ``sqlite`` (the default) or ``postgresql``. For the latter the
server that ``DATABASE_URL`` names is used, or a temporary one is started.
"""

from __future__ import annotations

import atexit
import base64
import os
import shutil
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

_SCRATCH = Path(tempfile.gettempdir()) / "weatherhead-test-never-made"
if "pytest" in sys.modules:
    # Not for mypy, which reads these settings too and leaves without cleaning up.
    _SCRATCH = Path(tempfile.mkdtemp(prefix="weatherhead-test-"))
    (_SCRATCH / "var" / "static").mkdir(parents=True)  # collected static files stand here; WhiteNoise warns without it
    atexit.register(shutil.rmtree, _SCRATCH, ignore_errors=True)

_database = os.environ.get("WEATHERHEAD_TEST_DATABASE", "sqlite")
if _database == "postgresql":
    if not os.environ.get("DATABASE_URL", "").startswith(("postgres://", "postgresql://")):
        from scripts.postgres import postgres_for_tests

        _server = ExitStack()
        atexit.register(_server.close)
        os.environ["DATABASE_URL"] = _server.enter_context(postgres_for_tests())
elif _database == "sqlite":
    os.environ["DATABASE_URL"] = f"sqlite:///{_SCRATCH / 'never-opened.sqlite3'}"
else:
    raise ValueError(f"WEATHERHEAD_TEST_DATABASE={_database!r}: use sqlite or postgresql.")

os.environ["WEATHERHEAD_VAR"] = str(_SCRATCH / "var")
os.environ["WEATHERHEAD_SECRET_KEY"] = "for tests only: guards nothing at all"
os.environ["WEATHERHEAD_KEYS"] = "test:" + base64.urlsafe_b64encode(bytes(32)).decode()
for _name in (
    "WEATHERHEAD_DEBUG",
    "WEATHERHEAD_HOSTS",
    "WEATHERHEAD_HTTPS",
    "WEATHERHEAD_TODAY",
    "WEATHERHEAD_UTILITY",
):
    os.environ.pop(_name, None)

from weatherhead.config.settings import *  # noqa: E402, F403
from weatherhead.config.settings import DATABASES, INSTALLED_APPS, LOGGING, STORAGES  # noqa: E402

if _database == "sqlite":
    # A file, as in production: threads and the live server then meet the same locks as there.
    DATABASES["default"]["TEST"] = {"NAME": str(_SCRATCH / "test.sqlite3")}
    DATABASES["default"]["OPTIONS"]["init_command"] = "PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF;"
else:
    DATABASES["default"]["CONN_MAX_AGE"] = 0  # a kept connection would stop the test database from being dropped

LOGGING["loggers"]["weatherhead"]["level"] = "WARNING"  # a failure is read more easily without what went well
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # sign-ins in a test need no strong hash
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
INSTALLED_APPS = [name for name in INSTALLED_APPS if name != "whitenoise.runserver_nostatic"]
