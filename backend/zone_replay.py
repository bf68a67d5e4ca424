"""The alerts that a zone would have raised over a wearer's recorded fixes, before it is saved. Reads only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from backend import audit, stored_fixes
from backend.access import access_wearer
from backend.db import atomic
from backend.errors import DomainError
from backend.ingest.judge import instant
from backend.models import Person
from zones import Replay, Zone, ZoneRefused, replay

MOST_DAYS = 90


class ZoneNotUsable(DomainError):
    """A zone that cannot be judged by; ``reason`` is its stable code, the detail says what is wrong and where."""

    code, status, title = "zone_refused", 422, "The zone cannot be judged by"


@dataclass(frozen=True, slots=True)
class ZoneReplay:
    """A replay with the period that it is about."""

    from_at: datetime
    to_at: datetime
    found: Replay


def read_zone(feature: dict[str, Any]) -> Zone:
    """Return the zone that a GeoJSON Feature describes. Raises: ZoneNotUsable."""
    try:
        return Zone.from_geojson(feature)
    except ZoneRefused as refusal:
        raise ZoneNotUsable(refusal.detail, reason=refusal.code) from None


def replay_for(person: Person, wearer_id: int, feature: dict[str, Any], days: int, now: datetime) -> ZoneReplay:
    """Return what the zone would have raised over the last days of a wearer of the person's own team.

    Raises: NotAllowed for administrators; NotFound for another team's wearer; ZoneNotUsable.
    """
    access_wearer(person, wearer_id, now)
    zone = read_zone(feature)
    with atomic():
        # A zone of one's own choice asks where someone was: it is a look at a location like any other.
        audit.record(audit.actor_of(person), "location_viewed", f"wearer:{wearer_id}", now, reason="zone_replay")
    return replay_zone(wearer_id, zone, days, now)


def replay_zone(wearer_id: int, zone: Zone, days: int, now: datetime) -> ZoneReplay:
    """Replay the zone over the wearer's stored fixes of the last ``days`` days."""
    from_at = now - timedelta(days=days)
    fixes = stored_fixes.of_wearer(wearer_id, from_at, now)
    return ZoneReplay(from_at, now, replay(zone, fixes))


def as_dict(told: ZoneReplay) -> dict[str, Any]:
    """Return the replay as the API and the command give it: counts, hours, and each alert without a coordinate."""
    found = told.found
    return {
        "from": told.from_at.isoformat(),
        "to": told.to_at.isoformat(),
        "fixes": found.fixes,
        "breaches": {
            "confirmed": found.breaches_confirmed,
            "unconfirmed": found.breaches_unconfirmed,
            "withdrawn": found.breaches_withdrawn,
        },
        "buffers": found.buffers,
        "pass_throughs": found.pass_throughs,
        "breaches_by_hour": list(found.by_hour),
        "alerts": [
            {
                "level": alert.level.name.lower(),
                "certainty": alert.certainty,
                "began_at": instant(alert.began_at).isoformat(),
                "ended_at": None if alert.ended_at is None else instant(alert.ended_at).isoformat(),
                "nearest_m": round(alert.nearest_m, 1),
                "is_pass_through": alert.is_pass_through,
                "reasons": list(alert.reasons),
            }
            for alert in found.alerts
        ],
    }
