"""Figures for Prometheus: requests as they happen, and everything else read from the database when it is asked for.

Under gunicorn every process counts into files below ``PROMETHEUS_MULTIPROC_DIR`` (see `weatherhead.config.gunicorn`),
and whichever process is asked adds them up; elsewhere the process counts for itself.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from weatherhead.door.context import Moment
from weatherhead.overviews.installation import OperationFigures, operation_figures

CONTENT_TYPE = CONTENT_TYPE_LATEST
_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

_requests = Counter(
    "weatherhead_requests", "Requests answered, by view, method and status.", ["view", "method", "status"]
)
_durations = Histogram(
    "weatherhead_request_duration_seconds", "How long requests took, by view.", ["view"], buckets=_BUCKETS
)


def count_request(*, view: str, method: str, status: int, seconds: float) -> None:
    """Count one request. `view` is the name of a view, so that the labels are few and say nothing of a person."""
    _requests.labels(view=view, method=method, status=str(status)).inc()
    _durations.labels(view=view).observe(seconds)


class _OfTheDatabase(Collector):
    """Gauges of what the database says now."""

    def __init__(self, figures: OperationFigures) -> None:
        self.figures = figures

    def collect(self) -> Iterator[Metric]:
        """Each figure; one that cannot be known is left out, never zero."""
        found = self.figures
        queue = GaugeMetricFamily("weatherhead_queue_items", "Work items by kind and state.", labels=["kind", "state"])
        ages = GaugeMetricFamily(
            "weatherhead_queue_oldest_seconds", "Age of the oldest item that waits, by kind.", labels=["kind"]
        )
        put_off = GaugeMetricFamily(
            "weatherhead_queue_put_off", "Items that the database stopped, tried again later, by kind.", labels=["kind"]
        )
        for item in found.queue:
            queue.add_metric([item.kind, item.state], item.count)
            if item.oldest_seconds is not None:
                ages.add_metric([item.kind], item.oldest_seconds)
                put_off.add_metric([item.kind], item.put_off)
        yield queue
        yield ages
        yield put_off
        yield _gauge("weatherhead_work_items_failed", "Work items given up, waiting for a person.", found.failed)
        yield _gauge("weatherhead_bills", "Bills issued since the beginning.", found.bills)
        yield _gauge("weatherhead_exceptions_held", "Bills held back until a person has looked.", found.exceptions)
        yield _gauge("weatherhead_approvals_waiting", "Requests that wait for a second person.", found.approvals)
        yield _gauge("weatherhead_disk_free_bytes", "Free bytes where files are kept.", found.disk_free_bytes)
        if found.backup_seconds is not None:
            yield _gauge("weatherhead_last_backup_age_seconds", "Age of the last whole backup.", found.backup_seconds)


def _gauge(name: str, text: str, value: float) -> Metric:
    made = GaugeMetricFamily(name, text)
    made.add_metric([], value)
    return made


def exposition(*, moment: Moment) -> bytes:
    """Everything in Prometheus's text format. Never fails for the database's sake: ``weatherhead_up`` is then 0."""
    shown = CollectorRegistry()
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        MultiProcessCollector(shown)  # type: ignore[no-untyped-call]
        requests = generate_latest(shown)
    else:
        requests = generate_latest(REGISTRY)
    figures = operation_figures(moment=moment)
    of_database = CollectorRegistry()
    if figures is not None:
        of_database.register(_OfTheDatabase(figures))
    up = _Up(figures is not None)
    of_database.register(up)
    return requests + generate_latest(of_database)


class _Up(Collector):
    """Whether the database answered."""

    def __init__(self, answered: bool) -> None:
        self.answered = answered

    def collect(self) -> Iterator[Metric]:
        """One gauge."""
        yield _gauge("weatherhead_up", "1 when the database answered this scrape.", float(self.answered))
