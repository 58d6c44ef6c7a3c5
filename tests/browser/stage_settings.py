"""The settings of the server that browser tests drive: those of every test, with a file and a day of its own."""

from __future__ import annotations

import os
from datetime import date

from tests.settings import *  # noqa: F403
from tests.settings import DATABASES

DATABASES["default"]["NAME"] = os.environ["STAGE_DATABASE"]
TODAY = date.fromisoformat(os.environ["STAGE_TODAY"])
WHITENOISE_USE_FINDERS = True
