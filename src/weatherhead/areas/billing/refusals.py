"""Why a period is not billed. In a batch these are values in the result."""

from __future__ import annotations

from weatherhead.core.values import Refusal, gettext_noop


class NothingToBill(Refusal):
    """No read since the last bill."""

    template = gettext_noop("There is nothing to bill yet: no accepted read after %(start)s. Enter the read first.")


class StartReadMissing(Refusal):
    """Service began without a read."""

    template = gettext_noop(
        "Meter use since %(start)s is unknown: there is no accepted read on that day. Enter the start read."
    )


class UnmeteredPeriodMissing(NothingToBill):
    """Unmetered service was billed through the day, or needs one."""

    template = gettext_noop("Unmetered service from %(start)s is billed through a day: choose one after %(start)s.")


class BillingHeld(Refusal):
    """A person or a check holds the account's bill."""

    template = gettext_noop("Billing is held: %(why)s Release the exception, or put right what caused it.")


class NoService(Refusal):
    """An account without service has nothing to bill."""

    template = gettext_noop("Account %(number)s takes no service. Start service first.")


class MigrationNotSignedOff(Refusal):
    """Nothing is billed on figures that nobody has vouched for."""

    template = gettext_noop(
        "What was loaded from the old system is not signed off yet; until then nothing is billed. A supervisor signs "
        "it off with: weatherhead import --sign-off"
    )
