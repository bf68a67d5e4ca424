"""Metrics for Prometheus: requests of this process, and from the database what waits and which process is late.

Off unless ``CORDON_METRICS_TOKEN`` is set: figures of alerts are for operators, and a scraper sends the token.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterator
from time import monotonic

from flask import Blueprint, Flask, Response, current_app, g, request
from peewee import fn
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from backend import alarms, canary, clock, db, heartbeats, queue_depths
from backend.errors import NotFound, NotSignedIn, StorageUnavailable
from backend.models import Alert
from backend.models.alerts import NEEDS_ANSWER
from backend.web.signed_in import settings

bp = Blueprint("metrics", __name__)

# A tag waits 10 s for its answer, a phone 3 s; what is slower than 5 s is late for both.
BUCKETS_S = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Metrics:
    """The counters of one process and the figures that are read from the database when a scraper asks."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        labels = ("route", "status")
        self._requests = Counter("cordon_requests", "Requests answered.", labels, registry=self.registry)
        self._seconds = Histogram(
            "cordon_request_seconds", "Time to answer.", ("route",), buckets=BUCKETS_S, registry=self.registry
        )
        self.registry.register(_FromDatabase())

    def count(self, route: str, status: int, seconds: float) -> None:
        """Count one answer."""
        self._requests.labels(route, str(status)).inc()
        self._seconds.labels(route).observe(seconds)


class _FromDatabase(Collector):
    """Reads what waits, what is late and what is wrong, at each scrape."""

    def describe(self) -> list[Metric]:
        """Name nothing beforehand: the database is asked only when a scraper asks."""
        return []

    def collect(self) -> Iterator[Metric]:
        now = clock.now()
        waiting = queue_depths.backlog(now)
        yield GaugeMetricFamily("cordon_notifications_waiting", "Notifications that are due.", waiting.count)
        yield GaugeMetricFamily("cordon_notifications_oldest_seconds", "Age of the oldest of them.", waiting.oldest_s)
        ages = GaugeMetricFamily("cordon_heartbeat_age_seconds", "Since a process reported.", labels=["process"])
        for kind, age_s in sorted(heartbeats.ages_s(now).items()):
            ages.add_metric([kind], age_s)
        yield ages
        open_alerts = Alert.select(fn.COUNT(Alert.id)).where(NEEDS_ANSWER).scalar()
        yield GaugeMetricFamily("cordon_alerts_open", "Alerts that no person has acknowledged.", open_alerts)
        standing = GaugeMetricFamily("cordon_alarms_standing", "What is wrong with Cordon itself.", labels=["kind"])
        kinds = [alarm.kind for alarm in alarms.standing()]
        for kind in sorted(set(kinds)):
            standing.add_metric([kind], kinds.count(kind))
        yield standing
        walked = next((one for one in canary.timings(2) if not one.is_under_way), None)
        if walked is not None and walked.to_phone_s is not None:
            yield GaugeMetricFamily("cordon_canary_to_phone_seconds", "From fix to phone.", walked.to_phone_s)


def init_app(app: Flask) -> None:
    """Count every answer of this application by its route, never by its path: a path names an alert or a tag."""

    @app.before_request
    def begin() -> None:
        g.began = monotonic()

    @app.after_request
    def end(response: Response) -> Response:
        took = monotonic() - g.began if "began" in g else 0.0
        app.extensions["cordon.metrics"].count(request.endpoint or "none", response.status_code, took)
        return response


@bp.get("/metrics")
def get_metrics() -> Response:
    """Every figure, as Prometheus reads it. Raises: NotFound where it is off; NotSignedIn; StorageUnavailable."""
    token = settings().metrics_token
    if not token:
        raise NotFound("Metrics are off: set CORDON_METRICS_TOKEN.")
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if not hmac.compare_digest(given.encode(), token.encode()):
        raise NotSignedIn("Send the token of CORDON_METRICS_TOKEN as a bearer token.")
    metrics: Metrics = current_app.extensions["cordon.metrics"]
    try:
        text = generate_latest(metrics.registry)
    except Exception:
        db.forget_connection()
        raise StorageUnavailable("The database does not answer.") from None
    return Response(text, content_type=CONTENT_TYPE_LATEST)
