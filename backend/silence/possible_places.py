"""Where the wearer of a silent tag may be by now: the reach after its last fix, and the protected places within it."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from backend.alerts import clock_time
from backend.models import Alert, AlertKind, Fix, PlaceZone, ProtectedPlace
from backend.record import reading
from backend.record.timeline import Case
from backend.silence.reach import RECENT_S, Possible, Reach, Seen, in_order, reach_of
from zones import Zone, ZoneKind
from zones.geo import Frame
from zones.refusal import ZoneRefused

log = logging.getLogger(__name__)

# A fix without an accuracy of its own is taken for an ordinary one of a receiver in the open.
USUAL_ACCURACY_M = 30.0
# So many places are named in one sentence.
MOST_NAMED = 3
MOST_FIXES = 300


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """The last fix of a silent tag, how far its wearer may be since, and the places in the order of possibility."""

    lat: float
    lon: float
    reach: Reach
    places: Sequence[Possible]


def possible_places(tag_id: int, located_at: datetime, case: Case | None, now: datetime) -> Whereabouts | None:
    """Return where the wearer may be since the tag last sent a usable position; None without that fix.

    Only places of the zones in force that the wearer must keep out of; one that moves says nothing of where it is.
    """
    fixes = _fixes_before(tag_id, located_at)
    if not fixes:
        return None
    last = fixes[-1]
    frame = Frame(last.lat, last.lon)
    seen = []
    for fix in fixes:
        x_m, y_m = frame.from_degrees(fix.lat, fix.lon)
        accuracy_m = USUAL_ACCURACY_M if fix.accuracy_m is None else fix.accuracy_m
        seen.append(Seen(fix.fix_time, x_m, y_m, accuracy_m))
    reach = reach_of(seen)
    return Whereabouts(last.lat, last.lon, reach, in_order(_distances(last, case, now), reach))


def whereabouts_of(alert: Alert, now: datetime) -> Whereabouts | None:
    """Return the reach that a silent tag's alert shows while the silence lasts; None for any other alert."""
    if alert.kind != AlertKind.SILENCE or alert.is_over or alert.tag_id is None:
        return None
    case = reading.cases([alert.wearer_id], faults={}).get(alert.wearer_id)
    return possible_places(alert.tag_id, alert.last_fix_time, case, now)


def in_words(found: Whereabouts | None, now: datetime) -> str:
    """Return "Could be at Home since 20:14; not before 20:31 at School."; empty where no place is known."""
    if found is None or not found.places:
        return ""
    parts = []
    for one in found.places[:MOST_NAMED]:
        when = clock_time(one.from_at, now)
        parts.append(f"at {one.label} since {when}" if one.from_at <= now else f"not before {when} at {one.label}")
    said = "; ".join(parts)
    return f"Could be {said}." if found.places[0].from_at <= now else f"{said[0].upper()}{said[1:]}."


def _fixes_before(tag_id: int, located_at: datetime) -> list[Fix]:
    since = located_at - timedelta(seconds=RECENT_S)
    newest = (
        Fix.select(Fix.fix_time, Fix.lat, Fix.lon, Fix.accuracy_m)
        .where(Fix.tag == tag_id, Fix.fix_time.between(since, located_at))
        .order_by(Fix.fix_time.desc())
        .limit(MOST_FIXES)
    )
    return list(newest)[::-1]


def zones_of(case: Case | None, now: datetime) -> list[Zone]:
    """Return the zones of a case that can be read and are in force, at whatever hours they have to be kept."""
    return [zone for _, zone in _labelled(case, now)]


def _labelled(case: Case | None, now: datetime) -> list[tuple[str, Zone]]:
    if case is None:
        return []
    in_force = [zone.zone_id for zone in case.zones_in_force(now)]
    rows = PlaceZone.select(PlaceZone, ProtectedPlace).join(ProtectedPlace).where(PlaceZone.id.in_(in_force))
    return [(row.place.label, zone) for row in rows if (zone := _readable(row)) is not None]


def _distances(last: Fix, case: Case | None, now: datetime) -> list[tuple[str, float]]:
    nearest: dict[str, float] = {}
    for label, zone in _labelled(case, now):
        if zone.kind is ZoneKind.EXCLUSION:
            distance_m = max(zone.distance_m(last.lat, last.lon), 0.0)
            nearest[label] = min(distance_m, nearest.get(label, distance_m))
    return list(nearest.items())


def _readable(row: PlaceZone) -> Zone | None:
    try:
        return Zone.from_geojson(row.feature)
    except ZoneRefused:
        # It raises an alert of its own.
        log.warning("zone %s cannot be read and is left out of a reach", row.id)
        return None
