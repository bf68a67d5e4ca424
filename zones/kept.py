"""An answer that a tag keeps and tells again, ever less surely: when it was new, and the way that led there."""

from __future__ import annotations

from zones.evidence import T_RADIUS_68, Model
from zones.path import End
from zones.state import Core
from zones.track import Travel, travel
from zones.zone import Zone


def dated(last: Core, again: End, claim_m: float, model: Model) -> End | None:
    """Return the place of a kept answer at the instant at which its claim was a plain fix's, `coarse_m`; None if never.

    `again` is the place of the last fix told once more, now with the larger 68 % radius `claim_m`. A receiver that has
    found nothing new widens its claim by a steady speed times the age, so the growth between two reports tells the age
    of the first. None as well when the first was no coarse claim (it was judged as it came), when the growth is faster
    than anything travels, and when the answer would be older than the start of the way to it, where that is known.
    """
    first_m = last.scale_m * T_RADIUS_68 / model.coarse_factor
    track = last.track
    is_same = track.east == again.east and track.north == again.north
    widening_mps = (claim_m - first_m) / (again.at - last.fix_time)
    if first_m <= model.coarse_m or (is_same and track.scale_m < last.scale_m):
        return None
    if not model.widening_least_mps <= widening_mps <= model.fastest_mps:
        return None
    at = round(last.fix_time - (first_m - model.coarse_m) / widening_mps, 3)
    start = last.before if is_same else track
    if start is not None and at <= start.at:
        return None
    return End(at, again.east, again.north, model.coarse_m * model.coarse_factor / T_RADIUS_68, 0.0, 0.0, 0.0, False)


def travel_to(zone: Zone, last: Core, place: End, distance: float, is_path_asked: bool, model: Model) -> Travel:
    """Follow the tag to a place that `dated` returned, from the last place other than that one."""
    start = last.track
    if start.east == place.east and start.north == place.north:
        if last.before is None:
            return Travel(None, False, last.is_pass, last.closing_mps, place, None)
        start = last.before
    way = travel(zone, last._replace(track=start, before=None), place, distance, is_path_asked, model)
    return way._replace(closing_mps=last.closing_mps)
