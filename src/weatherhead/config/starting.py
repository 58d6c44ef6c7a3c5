"""The look at everything before the server serves."""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime

import django

from weatherhead.areas.records.environment import InstallationFaulty

FAULTY = 2


def require_startable() -> None:
    """See that the installation is whole.

    Raises:
        InstallationFaulty: with every fault at once.
    """
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "weatherhead.config.settings")
    django.setup()
    from django.db import connections  # noqa: PLC0415 - after set-up

    from weatherhead.areas.records.utility import current_utility  # noqa: PLC0415
    from weatherhead.door.context import Moment  # noqa: PLC0415
    from weatherhead.overviews.installation import serving_faults  # noqa: PLC0415

    now = datetime.now(UTC)  # noqa: TID251 - the server's own start, a face like any other
    moment = Moment.read(now, zone=current_utility().zone, today=None)
    try:
        found = serving_faults(moment=moment, with_static_files=True)
    finally:
        connections.close_all()
    if grave := tuple(fault for fault in found if fault.grave):
        raise InstallationFaulty(faults=grave)


def start_or_exit() -> None:
    """`require_startable`, for a process: says the faults on standard error and ends with 2."""
    try:
        require_startable()
    except InstallationFaulty as refusal:
        sys.stderr.write(f"weatherhead: {refusal}\n")
        sys.exit(FAULTY)
