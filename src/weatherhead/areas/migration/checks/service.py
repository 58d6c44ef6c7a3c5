"""Who takes service when: agreements, and the periods that the old system billed."""

from __future__ import annotations

from dataclasses import dataclass

from weatherhead.areas.migration.checks.overlaps import overlaps
from weatherhead.areas.migration.layout import FileLayout
from weatherhead.areas.migration.problems import WARNED, problem_of
from weatherhead.areas.migration.staging import Staging
from weatherhead.core.values import Refusal, gettext_noop


class ServiceOverlaps(Refusal):
    """Two agreements at one place on one day."""

    template = gettext_noop(
        "Agreement %(agreement)s takes service there from %(since)s (line %(other)s). Check end_on."
    )


class ServiceOutsideAccount(Refusal):
    """Service before the account was opened, or after it was closed."""

    template = gettext_noop("The account is open from %(opened)s to %(closed)s. Check the dates of both.")


class NoMeterHangs(Refusal):
    """Metered service that goes on without a meter."""

    template = gettext_noop("No meter hangs at %(key)s at the cut-over. Add it to meters.csv, or end the service.")


class PeriodOutsideService(Refusal):
    """A period that was billed without service."""

    template = gettext_noop("Agreement %(agreement)s runs from %(start)s to %(end)s. Check the period.")


class PeriodsOverlap(Refusal):
    """Two periods of one agreement that share a day."""

    template = gettext_noop("Overlaps the period from %(since)s (line %(other)s). A day is billed once.")


class NoReadToStart(Refusal):
    """Service that could not be billed from where history ends."""

    template = gettext_noop(
        "The next bill begins on %(on)s, and the meter at %(key)s has no read on that day. Enter one before billing."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceChecks:
    """The checks of agreements and of the history that was billed, after those of their keys."""

    staging: Staging

    def agreements(self, layout: FileLayout) -> None:
        """Service lies within its account, one agreement at a place at a time, behind a meter while it goes on."""
        staging = self.staging
        outside = staging.execute(
            "SELECT g.line, a.opened_on, a.closed_on FROM agreements g JOIN accounts a ON a.account = g.account"
            " AND a.bad = 0 WHERE g.bad = 0 AND (g.start_on < a.opened_on OR (a.closed_on IS NOT NULL"
            " AND (g.end_on IS NULL OR g.end_on > a.closed_on))) ORDER BY g.line"
        ).fetchall()
        staging.reject(
            layout,
            [
                (line, "start_on", ServiceOutsideAccount(opened=opened, closed=closed or "…"))
                for line, opened, closed in outside
            ],
        )
        rows = staging.execute(
            "SELECT * FROM (SELECT service_point, start_on, end_on, line, agreement FROM agreements WHERE bad = 0"
            " UNION ALL SELECT service_point, start_on, end_on, NULL, agreement FROM known_agreements)"
            " ORDER BY service_point, start_on, line"
        )
        overlapping = [
            (line, "start_on", ServiceOverlaps(agreement=before[4], since=before[1], other=before[3] or "–"))
            for _, line, before in overlaps(rows)
        ]
        staging.reject(layout, overlapping)
        unmetered = staging.execute(
            "SELECT g.line, g.service_point FROM agreements g JOIN service_points s"
            " ON s.service_point = g.service_point AND s.bad = 0 AND s.kind = 'metered'"
            " WHERE g.bad = 0 AND g.end_on IS NULL AND NOT EXISTS (SELECT 1 FROM meters m"
            " WHERE m.service_point = g.service_point AND m.bad = 0 AND m.removed_on IS NULL) ORDER BY g.line"
        ).fetchall()
        staging.reject(layout, [(line, "service_point", NoMeterHangs(key=key)) for line, key in unmetered])

    def history(self, layout: FileLayout) -> None:
        """A period lies within its service, each day is billed once, and the next bill can begin with a read."""
        staging = self.staging
        outside = staging.execute(
            "SELECT h.line, h.agreement, g.start_on, g.end_on FROM history h JOIN agreements g"
            " ON g.agreement = h.agreement AND g.bad = 0 WHERE h.bad = 0"
            " AND (h.start_on < g.start_on OR h.end_on > COALESCE(g.end_on, '9999')) ORDER BY h.line"
        )
        staging.reject(
            layout,
            (
                (line, "start_on", PeriodOutsideService(agreement=key, start=start, end=end or "…"))
                for line, key, start, end in outside
            ),
        )
        rows = staging.execute(
            "SELECT agreement, start_on, end_on, line FROM history WHERE bad = 0 UNION ALL"
            " SELECT agreement, start_on, end_on, NULL FROM known_history ORDER BY agreement, start_on, line"
        )
        staging.reject(
            layout,
            (
                (line, "start_on", PeriodsOverlap(since=before[1], other=before[3] or "–"))
                for _, line, before in overlaps(rows)
            ),
        )
        self._starts()

    def _starts(self) -> None:
        """Warn of service whose next bill would begin without a read."""
        rows = self.staging.execute(
            "SELECT line, service_point, began FROM (SELECT g.line, g.service_point, COALESCE((SELECT MAX(h.end_on)"
            " FROM history h WHERE h.agreement = g.agreement AND h.bad = 0), g.start_on) AS began FROM agreements g"
            " JOIN service_points s ON s.service_point = g.service_point AND s.bad = 0 AND s.kind = 'metered'"
            " WHERE g.bad = 0 AND g.end_on IS NULL) q WHERE NOT EXISTS (SELECT 1 FROM meters m JOIN reads r"
            " ON r.meter = m.meter WHERE m.service_point = q.service_point AND m.bad = 0 AND r.bad = 0"
            " AND r.read_on = q.began) ORDER BY line"
        ).fetchall()
        for line, key, began in rows:
            refusal = NoReadToStart(on=began, key=key)
            self.staging.report(
                problem_of(refusal, file="agreements.csv", line=line, column="service_point", outcome=WARNED)
            )
        self.staging.flush()
