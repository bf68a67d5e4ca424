"""What to ask back about a zone before it is saved: is it where it was meant to be, and can all orders be kept at once?

Questions only, in plain words and without a coordinate: the person who enters the zone may know better.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from zones.geo import Frame
from zones.zone import Zone, ZoneKind

# Places of one case lie in one country: from London to the Scottish border are 500 km.
FAR_M = 500_000.0
# A mistyped coordinate is looked for where a zone is 5 km off all others and would be five times nearer without it: in
# London a lost sign of the longitude moves a zone by 1 to 40 km.
MISTYPED_FROM_M = 5_000.0
NEARER_BY = 5.0
# A case without another zone is compared with the United Kingdom. Source: Ordnance Survey, extent of the National Grid.
_SOUTH, _NORTH, _WEST, _EAST = 49.8, 60.9, -8.7, 1.8
# Two weeks show every weekly schedule twice, and half an hour every stretch of it that a court orders.
LOOKED_AT_S = 14 * 86_400
STEP_S = 1_800

_MISTAKES = (
    "Latitude and longitude may be swapped: look at the map.",
    "The longitude may have lost its minus sign, or have one too many: look at the map.",
    "The latitude may have lost its minus sign, or have one too many: look at the map.",
)


def _meant(lat: float, lon: float) -> Iterator[tuple[float, float, str]]:
    if abs(lon) <= 90:
        yield lon, lat, _MISTAKES[0]
        # Swapped and with a sign lost besides.
        yield lon, -lat, _MISTAKES[0]
    yield lat, -lon, _MISTAKES[1]
    yield -lat, lon, _MISTAKES[2]


def _nearest_m(lat: float, lon: float, others: Sequence[Zone]) -> float:
    here = Frame(lat, lon)
    return min(math.hypot(*here.from_degrees(other.frame.lat, other.frame.lon)) for other in others)


def _is_in_country(lat: float, lon: float) -> bool:
    return _SOUTH <= lat <= _NORTH and _WEST <= lon <= _EAST


def misplaced(zone: Zone, others: Sequence[Zone]) -> list[str]:
    """Return why a zone may lie elsewhere than was meant, by the other zones of the case; none where it fits.

    The place that a wearer has to stay in is one of the zones, so their address is among what is compared.
    """
    lat, lon = zone.frame.lat, zone.frame.lon
    if not others:
        if _is_in_country(lat, lon):
            return []
        found = [said for to_lat, to_lon, said in _meant(lat, lon) if _is_in_country(to_lat, to_lon)]
        return [f"It lies outside the United Kingdom. {found[0]}"] if found else []
    gap = _nearest_m(lat, lon, others)
    if gap > MISTYPED_FROM_M:
        gaps = [(_nearest_m(to_lat, to_lon, others), said) for to_lat, to_lon, said in _meant(lat, lon)]
        nearest, mistake = min(gaps)
        if nearest * NEARER_BY < gap:
            return [f"It lies {gap / 1_000:,.0f} km from every other zone of this case. {mistake}"]
    if gap > FAR_M:
        return [f"It lies {gap / 1_000:,.0f} km from every other zone of this case: look at the map."]
    return []


def _may_hold_together(one: Zone, other: Zone, from_at: float) -> bool:
    """Return whether both zones are in force at some instant of the two weeks from `from_at` (epoch seconds) on."""
    if not (one.is_timed or other.is_timed):
        return True
    instants = (from_at + step for step in range(0, LOOKED_AT_S, STEP_S))
    return any(one.timing.is_in_force(at) and other.timing.is_in_force(at) for at in instants)


def _is_within(inner: Zone, outer: Zone) -> bool:
    """Return whether the middle of one zone lies in another."""
    return outer.distance_m(inner.frame.lat, inner.frame.lon) <= 0


def _keeps_in(zone: Zone) -> bool:
    return zone.kind is not ZoneKind.EXCLUSION


def contradictions(zone: Zone, others: Sequence[Zone], from_at: float) -> list[str]:
    """Return which orders cannot be kept together with `zone` from `from_at` (epoch seconds) on; each said once."""
    said: list[str] = []
    for other in others:
        if not (_keeps_in(zone) or _keeps_in(other)) or not _may_hold_together(zone, other, from_at):
            continue
        if _keeps_in(zone) and _keeps_in(other):
            gap = math.hypot(*zone.frame.from_degrees(other.frame.lat, other.frame.lon))
            if not (_is_within(zone, other) or _is_within(other, zone)) and gap > _reach_m(zone) + _reach_m(other):
                said.append(
                    "At some hours the wearer has to stay in two places that do not touch: "
                    "wherever they are, it is a breach."
                )
            continue
        stay, keep_out = (zone, other) if _keeps_in(zone) else (other, zone)
        if _is_within(stay, keep_out):
            said.append(
                "The place that the wearer has to stay in, such as their curfew address, lies inside an exclusion zone "
                "of the same case: staying there is a breach of one order and leaving it of the other."
            )
    return list(dict.fromkeys(said))


def _reach_m(zone: Zone) -> float:
    """Return how far a zone reaches from its middle, at most."""
    return math.hypot(zone.shape.half_breadth_m, zone.shape.depth_m / 2)
