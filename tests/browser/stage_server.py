"""Build the stage in a SQLite file, say what was made as a line of JSON, and serve the product on a port.

python -m tests.browser.stage_server PORT, with STAGE_DATABASE naming the file and STAGE_TODAY the day.
"""

from __future__ import annotations

import json
import os
import socketserver
import sys
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

STAFF = ("reyes", "dvorak", "alvarez", "okafor", "nguyen", "larsen")


class Server(socketserver.ThreadingMixIn, WSGIServer):
    """Many requests at a time, as in production."""

    daemon_threads = True


class Quiet(WSGIRequestHandler):
    """No line for every request."""

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


def _sessions() -> dict[str, str]:
    """A session of everyone on the staff, as if they had signed in: most tests start there."""
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY, get_user_model
    from django.contrib.sessions.backends.db import SessionStore

    keys = {}
    for user in get_user_model()._default_manager.filter(username__in=STAFF):
        session = SessionStore()
        session[SESSION_KEY] = str(user.pk)
        session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
        session[HASH_SESSION_KEY] = user.get_session_auth_hash()
        session.create()
        keys[user.username] = str(session.session_key)
    return keys


def main(port: int) -> None:
    """Build, tell and serve."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.browser.stage_settings"
    import django

    django.setup()
    from django.core.management import call_command
    from tests.workbench.stage import set_stage

    call_command("migrate", verbosity=0)
    stage = set_stage()
    told = {"stage": stage.as_dict(), "sessions": _sessions()}
    from weatherhead.config.wsgi import application

    with make_server("127.0.0.1", port, application, server_class=Server, handler_class=Quiet) as server:
        sys.stdout.write(json.dumps(told) + "\n")
        sys.stdout.flush()
        server.serve_forever()


if __name__ == "__main__":
    main(int(sys.argv[1]))
