"""Health checks: whether the service is alive, and whether it can do its work."""

from __future__ import annotations

from flask import Blueprint, Response, current_app, jsonify
from pydantic import BaseModel

from backend import canary, clock, db, heartbeats, queue_depths, readiness
from backend.errors import StorageUnavailable
from backend.web.openapi import ANYBODY, describes

bp = Blueprint("health", __name__)


class HealthOut(BaseModel):
    """``ok``, always: an answer at all is the message."""

    status: str


@bp.get("/health")
@describes("Whether the process is alive.", tag="service", answer=HealthOut, by=ANYBODY)
def get_health() -> Response:
    return jsonify(status="ok")


@bp.get("/ready")
@describes(
    "Whether requests can be served: the database answers, takes a write, and has the schema of this release.",
    tag="service",
    answer=HealthOut,
    errors=[StorageUnavailable],
    by=ANYBODY,
)
def get_readiness() -> Response:
    tried: readiness.Readiness = current_app.extensions["cordon.readiness"]
    tried.check()
    # A person who asked came through the front door, and what was asked for took a write.
    heartbeats.work_done(clock.now())
    return jsonify(status="ok")


class CanaryOut(BaseModel):
    """The canary's newest walk that has ended: how long ago it began, how it ended, and its seconds from the fix on."""

    age_s: float
    result: str
    to_provider_s: float | None
    to_phone_s: float | None


class VitalsOut(BaseModel):
    """Figures for a monitor: what waits, when each kind of process was heard of, and the canary's last walk."""

    backlog: int
    backlog_age_s: float
    heartbeat_ages_s: dict[str, float]
    canary: CanaryOut | None


@bp.get("/health/vitals")
@describes(
    "How long messages wait, and when each kind of process was last heard of.",
    tag="service",
    answer=VitalsOut,
    errors=[StorageUnavailable],
    by=ANYBODY,
)
def get_vitals() -> Response:
    now = clock.now()
    try:
        waiting, ages = queue_depths.backlog(now), heartbeats.ages_s(now)
        # Of the two newest at most one is under way.
        walked = next((one for one in canary.timings(2) if not one.is_under_way), None)
    except Exception:
        db.forget_connection()
        raise StorageUnavailable("The database does not answer.") from None
    return jsonify(
        backlog=waiting.count,
        backlog_age_s=round(waiting.oldest_s, 1),
        heartbeat_ages_s={kind: round(age_s, 1) for kind, age_s in sorted(ages.items())},
        canary=walked
        and {
            "age_s": round((now - walked.at).total_seconds(), 1),
            "result": walked.result,
            "to_provider_s": walked.to_provider_s,
            "to_phone_s": walked.to_phone_s,
        },
    )
