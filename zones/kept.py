"""An answer that a tag keeps and tells again, ever less surely: when it was new."""

from __future__ import annotations

from zones.evidence import T_RADIUS_68, Model
from zones.path import End
from zones.state import Core


def dated(last: Core, again: End, claim_m: float, model: Model) -> float | None:
    """Return the instant (epoch seconds) at which a kept answer's claim was a plain fix's, `coarse_m`; None if unknown.

    `again` is the place of the last fix told once more, now with the larger 68 % radius `claim_m`. A receiver that has
    found nothing new widens its claim by a steady speed times the age, so the growth between two reports tells the age
    of the first. None as well when the last was no coarse claim (it was judged as it came), when the growth is faster
    than anything travels, and when the answer would be older than the start of the way to it, where that is known.
    """
    first_m = last.scale_m * T_RADIUS_68 / model.coarse_factor
    widening_mps = (claim_m - first_m) / (again.at - last.fix_time)
    if first_m <= model.coarse_m or not model.widening_least_mps <= widening_mps <= model.fastest_mps:
        return None
    at = round(last.fix_time - (first_m - model.coarse_m) / widening_mps, 3)
    is_same = last.track.east == again.east and last.track.north == again.north
    start = last.before if is_same else last.track
    return None if start is not None and at <= start.at else at
