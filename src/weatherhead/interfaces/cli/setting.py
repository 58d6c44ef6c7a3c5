"""What every command needs: Django, the clock, and who acts."""

from __future__ import annotations

import argparse
import logging
import os
import re
from datetime import UTC, date, datetime

import django
from django.conf import settings
from django.utils.translation import gettext

from weatherhead.areas.metering.reading_rules import CYCLE_MAX
from weatherhead.areas.records.utility import current_utility
from weatherhead.core.values import YEARS
from weatherhead.door.context import Actor, Moment


def set_up(*, tells: bool = False) -> None:
    """Start Django for a command. Only a command that `tells` logs what goes well."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "weatherhead.config.settings")
    django.setup()
    if not tells:
        logging.getLogger("weatherhead").setLevel(logging.WARNING)


def require_installation(*, serving: bool) -> None:
    """See that the database is one of this version, and when `serving` that everything else is right too.

    Raises:
        InstallationFaulty: with every fault at once.
    """
    from weatherhead.areas.records.environment import InstallationFaulty  # noqa: PLC0415 - models need set_up() first
    from weatherhead.overviews.installation import database_faults, serving_faults  # noqa: PLC0415

    now = Moment.read(datetime.now(UTC), zone=current_utility().zone, today=None)
    found = serving_faults(moment=now, with_static_files=False) if serving else database_faults()
    if grave := tuple(fault for fault in found if fault.grave):
        raise InstallationFaulty(faults=grave)


def present_moment() -> Moment:
    """The present moment; on the demo's fixed day when there is one."""
    return Moment.read(datetime.now(UTC), zone=current_utility().zone, today=settings.TODAY)


def actor_for(username: str) -> Actor:
    """The employee whose name stands behind what a command writes.

    Raises:
        NoSuchEmployee: nobody signs in with that name.
    """
    from weatherhead.areas.workforce.queries import employee_by_username  # noqa: PLC0415 - models need set_up() first

    found = employee_by_username(username)
    return Actor(name=found.name, employee_id=found.employee_id, channel="cli")


def calendar_day(text: str) -> date:
    """A day on the command line; one of another age is a slip, and is told before arithmetic leaves the calendar."""
    try:
        found = date.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.year not in YEARS:
        raise argparse.ArgumentTypeError(gettext("%(text)s is no day: write it as 2026-10-31") % {"text": text})
    return found


def cycle(text: str) -> int:
    """A bill cycle on the command line; one that cannot be is told, not found empty."""
    if re.fullmatch(r"[1-9][0-9]?", text, re.ASCII) is None or int(text) > CYCLE_MAX:
        said = gettext("%(text)s is no bill cycle: write a number from 1 to %(most)s")
        raise argparse.ArgumentTypeError(said % {"text": text, "most": CYCLE_MAX})
    return int(text)
