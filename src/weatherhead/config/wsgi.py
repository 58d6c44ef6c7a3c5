"""The WSGI entry point, for gunicorn: ``gunicorn weatherhead.config.wsgi``."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "weatherhead.config.settings")
application = get_wsgi_application()
