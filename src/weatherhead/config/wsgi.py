"""The WSGI entry point: ``gunicorn -c python:weatherhead.config.gunicorn weatherhead.config.wsgi``.

A faulty installation is refused here too, for servers that do not read our settings, and for workers that a reload
starts anew.
"""

import os

from django.core.wsgi import get_wsgi_application

from weatherhead.actions import load_actions
from weatherhead.config.starting import require_startable

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "weatherhead.config.settings")
application = get_wsgi_application()
require_startable()
load_actions()  # now, and not while somebody waits for a page
