"""Where things are: account numbers, addresses, the labels of service points, and meters in their places."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter

from weatherhead.areas.migration.checks.keys import Known, Rejection, reject_known
from weatherhead.areas.migration.checks.overlaps import overlaps
from weatherhead.areas.migration.layout import FileLayout
from weatherhead.areas.migration.rules import Frame
from weatherhead.areas.migration.staging import Staging
from weatherhead.core.values import Refusal, gettext_noop


class AddressTwice(Refusal):
    """One address under two keys."""

    template = gettext_noop("Is the same address as premise %(key)s on line %(other)s. Use one premise for both.")


class AddressOnFile(Refusal):
    """The address is in the database."""

    template = gettext_noop("The address is on file as premise %(premise)s. It was entered or loaded before.")


class LabelTwice(Refusal):
    """Two service points of one label at one premise."""

    template = gettext_noop("The premise has a service point of that label on line %(other)s. Choose another label.")


class PointUnmetered(Refusal):
    """A meter where none belongs."""

    template = gettext_noop("%(key)s is an unmetered service point. Make it metered, or hang the meter elsewhere.")


class PlateDiffers(Refusal):
    """One meter with two plates."""

    template = gettext_noop(
        "Meter %(meter)s has other dials, multiplier or demand on line %(other)s. It has one plate."
    )


class MeterHungTwice(Refusal):
    """One meter at two places on one day."""

    template = gettext_noop(
        "Meter %(meter)s hangs at %(place)s from %(since)s (line %(other)s). It cannot hang twice: check removed_on."
    )


class PlaceHasMeter(Refusal):
    """Two meters at one place on one day."""

    template = gettext_noop("Meter %(meter)s hangs there from %(since)s (line %(other)s). Check removed_on.")


class MeterOnFile(Refusal):
    """The serial number is in the database."""

    template = gettext_noop("Meter %(meter)s is on file already. It was added or loaded before.")


class NumberOnFile(Refusal):
    """The account number is in the database."""

    template = gettext_noop("Account number %(number)s is given to another account. Set account_numbers: assign.")


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceChecks:
    """The checks of accounts, premises, service points and meters, after those of their keys."""

    staging: Staging
    frame: Frame
    known: Known

    def account_numbers(self, layout: FileLayout) -> None:
        """A number that is kept must not be given to another account."""
        if self.frame.keep_form is None:
            return

        def given(keys: Sequence[str]) -> Iterable[str]:
            digits = {"".join(key.replace("-", " ").split()): key for key in keys}
            return [digits[number] for number in self.known.numbers(list(digits))]

        reject_known(self.staging, layout, column="account", ask=given, refuse=lambda key: NumberOnFile(number=key))

    def addresses(self, layout: FileLayout) -> None:
        """One address is one premise, in the set and on file."""
        twice = self.staging.execute(
            "SELECT p.line, f.premise, f.line FROM premises p JOIN premises f ON f.line = (SELECT MIN(g.line)"
            " FROM premises g WHERE g.search_text = p.search_text AND g.bad = 0) WHERE p.bad = 0 AND f.line < p.line"
            " ORDER BY p.line"
        ).fetchall()
        self.staging.reject(
            layout, [(line, "street", AddressTwice(key=key, other=other)) for line, key, other in twice]
        )
        on_file: dict[str, int] = {}

        def found(texts: Sequence[str]) -> Iterable[str]:
            on_file.update(self.known.addresses(texts))
            return on_file

        reject_known(
            self.staging,
            layout,
            column="search_text",
            ask=found,
            refuse=lambda text: AddressOnFile(premise=on_file[text]),
            named="street",
        )

    def labels(self, layout: FileLayout) -> None:
        """The service points of a premise are told apart by their labels."""
        rows = self.staging.execute(
            "SELECT premise, label, line FROM service_points WHERE bad = 0"
            " AND premise IN (SELECT premise FROM service_points WHERE bad = 0 GROUP BY premise HAVING COUNT(*) > 1)"
            " ORDER BY premise, label, line"
        ).fetchall()
        wrong: list[Rejection] = []
        for _, group in groupby(rows, key=itemgetter(0, 1)):
            first, *others = [line for _, _, line in group]
            wrong += [(line, "label", LabelTwice(other=first)) for line in others]
        self.staging.reject(layout, wrong)

    def meters(self, layout: FileLayout) -> None:
        """A meter has one plate and hangs at one metered place at a time, alone."""
        staging = self.staging
        reject_known(
            staging, layout, column="meter", ask=self.known.serials, refuse=lambda serial: MeterOnFile(meter=serial)
        )
        unmetered = staging.execute(
            "SELECT m.line, m.service_point FROM meters m JOIN service_points s ON s.service_point = m.service_point"
            " WHERE m.bad = 0 AND s.bad = 0 AND s.kind = 'unmetered' ORDER BY m.line"
        ).fetchall()
        staging.reject(layout, [(line, "service_point", PointUnmetered(key=key)) for line, key in unmetered])
        staging.reject(layout, self._plates())
        staging.reject(layout, self._hung_twice())
        staging.reject(layout, self._two_at_a_place())

    def _plates(self) -> list[Rejection]:
        rows = self.staging.execute(
            "SELECT meter, line, dials, multiplier, has_demand FROM meters WHERE bad = 0 AND meter IN"
            " (SELECT meter FROM meters WHERE bad = 0 GROUP BY meter HAVING COUNT(*) > 1) ORDER BY meter, line"
        ).fetchall()
        wrong: list[Rejection] = []
        for meter, group in groupby(rows, key=itemgetter(0)):
            first, *others = group
            wrong += [
                (row[1], "dials", PlateDiffers(meter=meter, other=first[1])) for row in others if row[2:] != first[2:]
            ]
        return wrong

    def _hung_twice(self) -> list[Rejection]:
        rows = self.staging.execute(
            "SELECT meter, installed_on, removed_on, line, service_point FROM meters WHERE bad = 0 AND meter IN"
            " (SELECT meter FROM meters WHERE bad = 0 GROUP BY meter HAVING COUNT(*) > 1)"
            " ORDER BY meter, installed_on, line"
        )
        return [
            (line, "installed_on", MeterHungTwice(meter=meter, place=before[4], since=before[1], other=before[3]))
            for meter, line, before in overlaps(rows)
        ]

    def _two_at_a_place(self) -> list[Rejection]:
        rows = self.staging.execute(
            "SELECT * FROM (SELECT service_point, installed_on, removed_on, line, meter FROM meters WHERE bad = 0"
            " UNION ALL SELECT service_point, installed_on, removed_on, NULL, meter FROM known_meters)"
            " ORDER BY service_point, installed_on, line"
        )
        return [
            (line, "installed_on", PlaceHasMeter(meter=before[4], since=before[1], other=before[3] or "–"))
            for _, line, before in overlaps(rows)
        ]
