"""The way of a tag from fix to fix: direction, jumps, steady passages, and crossings between two fixes."""

from __future__ import annotations

import math
from typing import NamedTuple

from zones.evidence import T_RADIUS_68, Model, t_below
from zones.fix import Fix
from zones.path import Crossing, End, crossing
from zones.state import Core
from zones.zone import Zone

# Faster than anyone runs for minutes; what passes a zone above it sits in or on a vehicle.
VEHICLE_MPS = 5.0
# A direction and a speed that change by less than a third between two fixes are steady.
STEADY_SHARE = 1 / 3
# A wearer of unknown speed is taken to walk (1.4 m/s is the usual design value for pedestrians).
WALK_MPS = 1.4
# A wearer who walked may have boarded something: 54 km/h in town, or three times their earlier speed.
TOWN_MPS = 15.0
FASTER_BY = 3.0
# A speed towards the edge is taken from fixes at most five minutes apart.
LONGEST_APPROACH_S = 300.0
# A direction is averaged over about 10 s, so that a tag that reports each second is not judged by its noise.
VELOCITY_SETTLES_S = 10.0


# The way is at most 1.6 times the straight line; a longer one is not the way that a crossing assumes. Source: in towns
# streets lead 1.2 to 1.4 times as far as the line. Both ends may err by 30 m besides (95 % of tags at rest).
LONGEST_WAY = 1.6
ENDS_ERR_M = 60.0


class Travel(NamedTuple):
    """What the way since the last place tells: a crossing, the approach, and the ends to go on from."""

    found: Crossing | None
    is_pass: bool
    closing_mps: float
    track: End
    before: End | None


def _direct(zone: Zone, start: End, end: End, distance: float, model: Model) -> tuple[Crossing | None, End | None]:
    """Look for a crossing from the start of the track to this fix; also return that start, to look back on."""
    duration = end.at - start.at
    apart = math.hypot(end.east - start.east, end.north - start.north)
    if duration > model.longest_gap_s or apart <= model.moved_radii * math.hypot(end.scale_m, start.scale_m):
        return None, None
    start_distance = zone.shape.distance_m(start.east, start.north)
    if start_distance <= 0 or distance + start_distance >= LONGEST_WAY * apart + ENDS_ERR_M:
        return None, None
    east_mps, north_mps = (end.east - start.east) / duration, (end.north - start.north) / duration
    finish = end._replace(east_mps=east_mps, north_mps=north_mps)
    if not start.is_moving_known:
        start = start._replace(east_mps=east_mps, north_mps=north_mps, velocity_error_mps=0.0)
    return crossing(zone, start, finish, model), start


def need(start: End, finish: End, model: Model) -> float:
    """Return how probable a crossing must be to be told: by how well its ends are known, its speed, and the gap.

    Who walks or cycles keeps to streets that lead about where they are seen to go; rails and main roads do not.
    """
    duration = finish.at - start.at
    apart = math.hypot(finish.east - start.east, finish.north - start.north)
    if duration > model.silence_s:
        return model.crossing_silent
    if max(start.scale_m, finish.scale_m) * T_RADIUS_68 > model.known_end_m or apart > model.known_end_mps * duration:
        return model.crossing_poor
    return model.crossing_long if duration > model.long_gap_s else model.crossing_short


def _better(best: Crossing | None, found: Crossing | None, start: End, finish: End, model: Model) -> Crossing | None:
    """Return the more probable of two crossings; `found` counts where it is as probable as it needs to be."""
    if found is None or found.probability <= (0.0 if best is None else best.probability):
        return best
    return found if found.probability > need(start, finish, model) else best


def travel(zone: Zone, last: Core, end: End, distance: float, is_path_asked: bool, model: Model) -> Travel:
    """Follow the tag from the start of its track to this fix."""
    track, before = last.track, last.before
    duration = end.at - track.at
    step_east, step_north = end.east - track.east, end.north - track.north
    apart = math.hypot(step_east, step_north)
    both = math.hypot(end.scale_m, track.scale_m)
    # Displacement shrunk by what errors alone would have made of it (James and Stein's estimator in the plane).
    shrink = max(0.0, 1 - 2 * (both / apart) ** 2) / duration if apart > both else 0.0
    east_mps, north_mps, error_mps = step_east * shrink, step_north * shrink, both / duration

    found: Crossing | None = None
    next_before: End | None = None
    if is_path_asked:
        if before is not None and duration < model.look_back_s and track.at - before.at > model.look_back_least_s:
            seen = End(track.at, track.east, track.north, track.scale_m, east_mps, north_mps, error_mps, True)
            found = _better(None, crossing(zone, before, seen, model), before, seen, model)
        direct, next_before = _direct(zone, track, end, distance, model)
        found = _better(found, direct, track, end, model)
        if found is not None and found is direct:
            # Told once: looking back on the same way would tell it again.
            next_before = None

    speed = math.hypot(east_mps, north_mps)
    change = math.hypot(east_mps - track.east_mps, north_mps - track.north_mps)
    is_pass = track.is_moving_known and speed >= VEHICLE_MPS and change <= STEADY_SHARE * speed
    closing = math.nan
    if duration <= LONGEST_APPROACH_S and apart > both:
        closing = (last.distance_m - distance) / (end.at - last.fix_time)
    if end.scale_m > track.scale_m + model.anchor_share * apart:
        return Travel(found, is_pass, closing, track, None)
    if duration >= model.look_back_s:
        return Travel(found, is_pass, closing, end, next_before)
    if track.is_moving_known:
        weight = 1 - math.exp(-duration / VELOCITY_SETTLES_S)
        east_mps = track.east_mps + weight * (east_mps - track.east_mps)
        north_mps = track.north_mps + weight * (north_mps - track.north_mps)
    track = End(
        end.at, end.east, end.north, end.scale_m, round(east_mps, 3), round(north_mps, 3), round(error_mps, 3), True
    )
    return Travel(found, is_pass, closing, track, next_before)


def entering(at: float, distance: float, closing_mps: float, scale: float, model: Model) -> Crossing | None:
    """Return the crossing that is about to happen: the fix is not past the line, and who goes on so is there at once.

    `distance` is metres to the edge, `scale` the error scale of the fix.
    """
    ahead_m = closing_mps * model.ahead_s
    if not distance <= ahead_m:
        return None
    return Crossing(t_below((ahead_m - distance) / scale), at, distance)


def is_moving(track: End, fix: Fix, end: End, model: Model) -> bool:
    """Return whether the tag was seen to move, and not too far for its speed to have brought it here."""
    duration = end.at - track.at
    speed = fix.speed_mps or 0.0
    if track.is_moving_known and duration <= model.velocity_age_s:
        speed = max(speed, math.hypot(track.east_mps, track.north_mps))
    apart = math.hypot(end.east - track.east, end.north - track.north)
    return speed >= model.moving_mps and apart <= duration * max(TOWN_MPS, FASTER_BY * speed)


def is_travelling(track: End, model: Model) -> bool:
    """Return whether the tag was seen to move when it was last seen."""
    return track.is_moving_known and abs(track.east_mps) + abs(track.north_mps) >= model.moving_mps


def reach_mps(track: End) -> float:
    """Return the speed in m/s at which a wearer may have gone on unseen: their last one, at least a walk."""
    return max(WALK_MPS, math.hypot(track.east_mps, track.north_mps))
