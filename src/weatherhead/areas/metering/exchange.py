"""Taking a meter down: the other half of an exchange, the first being a new installation."""

from __future__ import annotations

from datetime import date

from weatherhead.areas.metering.models import Meter, MeterInstallation
from weatherhead.areas.records.database import lock_rows
from weatherhead.core.values import Refusal, gettext_noop


class MeterAlreadyRemoved(Refusal):
    """Someone took it down meanwhile."""

    template = gettext_noop("Meter %(serial)s was taken down on %(on)s already. Look at the service again.")


def remove_meter(*, installation_id: int, removed_on: date) -> None:
    """Take a meter down on a day: its last read is of that day, and another one may hang there from that day on.

    Raises:
        MeterAlreadyRemoved: someone was faster.
    """
    row = MeterInstallation.objects.select_related("meter").get(pk=installation_id)
    lock_rows(Meter, [row.meter_id])
    held = MeterInstallation.objects.filter(pk=installation_id, removed_on__isnull=True)
    if held.update(removed_on=removed_on) != 1:
        on = MeterInstallation.objects.values_list("removed_on", flat=True).get(pk=installation_id)
        raise MeterAlreadyRemoved(serial=row.meter.serial, on=on or "")
