"""The way between two fixes: how probable it is that it led through a zone, and when."""

from __future__ import annotations

import math
from typing import NamedTuple

from zones.evidence import Model, t_below
from zones.zone import Zone

# A way is looked at in steps of a third of the zone's half width, so that none jumps over it, and in 24 at most: ways
# longer than that spread by more than the step.
STEP_SHARE = 0.35
MOST_HALF_STEPS = 12


class End(NamedTuple):
    """One end of a path in a zone's local frame: instant, place, error scale, and velocity with its error if known."""

    at: float
    east: float
    north: float
    scale_m: float
    east_mps: float
    north_mps: float
    velocity_error_mps: float
    is_moving_known: bool


class Crossing(NamedTuple):
    """The most probable place inside along a path: probability, instant and signed distance to the edge there."""

    probability: float
    at: float
    distance_m: float


def _led(end: End, east_mps: float, north_mps: float, model: Model) -> tuple[float, float, float]:
    """Return the velocity (east, north) in m/s that leads a way at one end, and its error; the way's mean is given.

    A direction that was seen says about half of where the way leads next, and less where errors made most of it.
    """
    share = model.heading_share / (1 + (end.velocity_error_mps / model.heading_known_mps) ** 2)
    off_east, off_north = share * (end.east_mps - east_mps), share * (end.north_mps - north_mps)
    off = math.hypot(share * end.velocity_error_mps, model.unborne_share * math.hypot(off_east, off_north))
    return east_mps + off_east, north_mps + off_north, off


def crossing(zone: Zone, start: End, finish: End, model: Model) -> Crossing:
    """Return the most probable place inside the zone along the way from `start` to `finish`.

    The expected way leaves in the direction of arrival at `start` and ends in the direction of `finish`, each fading
    over `direction_s`, joined by a cubic; around it the true way spreads by the ends' errors, by the errors of the
    directions, by what of them the distance covered does not bear out (a train that brakes does not overshoot its
    station), and by wandering in proportion to the distance. The probability is that of the best single place, so it
    is a lower bound for the whole way.
    """
    duration = finish.at - start.at
    apart = math.hypot(finish.east - start.east, finish.north - start.north)
    fade = model.direction_s
    wander = 4 * model.wander * duration / (duration + model.wander_grows_s) * apart
    depth, size = zone.shape.depth_m, zone.shape.depth_m / 2
    half_steps = max(2, min(MOST_HALF_STEPS, int(apart / (STEP_SHARE * size)) + 2))
    distance_of = zone.shape.distance_m
    nearest = model.crossing_spreads**2
    east_mps, north_mps = (finish.east - start.east) / duration, (finish.north - start.north) / duration
    out_east_mps, out_north_mps, start_off = _led(start, east_mps, north_mps, model)
    in_east_mps, in_north_mps, finish_off = _led(finish, east_mps, north_mps, model)
    # No place of the way lies nearer than the ends do, less the way itself: most ways are further off than they spread.
    sway = fade * (math.hypot(out_east_mps, out_north_mps) + math.hypot(in_east_mps, in_north_mps))
    widest = start.scale_m + finish.scale_m + wander / 4 + fade * (start_off + finish_off)
    ends = distance_of(start.east, start.north) + distance_of(finish.east, finish.north)
    if ends - apart - 2 * sway > 2 * model.crossing_spreads * widest:
        return Crossing(0.0, start.at, math.inf)
    best, best_at, best_distance = 0.0, start.at, math.inf
    for step in range(1, 2 * half_steps):
        share = step / (2 * half_steps)
        forth = fade * (1 - math.exp(-share * duration / fade))
        back = fade * (1 - math.exp(-(1 - share) * duration / fade))
        blend = share * share * (3 - 2 * share)
        east = (1 - blend) * (start.east + out_east_mps * forth) + blend * (finish.east - in_east_mps * back)
        north = (1 - blend) * (start.north + out_north_mps * forth) + blend * (finish.north - in_north_mps * back)
        distance = distance_of(east, north)
        variance = (
            ((1 - share) * start.scale_m) ** 2
            + (share * finish.scale_m) ** 2
            + (wander * share * (1 - share)) ** 2
            + ((1 - blend) * start_off * forth) ** 2
            + (blend * finish_off * back) ** 2
        )
        if distance > 0 and distance * distance > nearest * variance:
            continue
        spread = math.sqrt(variance)
        probability = t_below(-distance / spread) - t_below(-(distance + depth) / spread)
        if probability > best:
            best, best_at, best_distance = probability, start.at + share * duration, distance
    return Crossing(best, best_at, best_distance)
