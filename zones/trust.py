"""Which place is trusted: an impossible step says that one of two is wrong, and the places that follow decide which."""

from __future__ import annotations

from typing import NamedTuple

from zones import report_validity
from zones.evidence import Model
from zones.fix import Fix
from zones.path import End
from zones.report_validity import Doubt, Rival
from zones.state import Core
from zones.zone import Zone, ZoneKind


class Trust(NamedTuple):
    """What is made of a fix: the core to go on from, whether it is doubted, its rivals, and for how many it speaks."""

    last: Core
    doubt: Doubt | None
    rival: Rival | None
    share: float


def trusted(zone: Zone, fix: Fix, end: End, last: Core, distance: float, began_at: float, model: Model) -> Trust:
    """Say whether a fix that makes a long or impossible step, or follows doubted places, is believed.

    `distance` is signed metres to the edge of the forbidden side, `began_at` the instant of the first fix ever judged.
    """
    is_exclusion = zone.kind is ZoneKind.EXCLUSION
    # Inside the zone itself, of either kind: no error hits that by chance.
    is_in_shape = (distance <= 0) == is_exclusion
    is_lowering = is_exclusion and last.level > 0
    is_doubted = report_validity.is_impossible(
        last.track, end, model.fastest_mps if last.rival is None else model.travelled_mps
    )
    is_mirrored = (
        not is_in_shape
        and (is_lowering or not is_exclusion)
        and report_validity.is_mirrored(zone.frame, last.track, end, fix, is_doubted or last.rival is not None, model)
    )
    if last.rival is None and not (is_doubted or is_mirrored):
        return Trust(last, None, None, 1.0)
    rival = report_validity.joined(last.rival, end, model)
    if is_doubted or is_mirrored:
        is_nothing_at_stake = is_exclusion and not is_lowering
        is_single = last.track.at == began_at
        if is_mirrored or not report_validity.is_believed(rival, is_in_shape, is_nothing_at_stake, is_single, model):
            return Trust(last, Doubt.MIRRORED if is_mirrored else Doubt.JUMP, rival, 1.0)
    is_agreed = last.rival is not None and not report_validity.is_impossible(last.rival, end, model.mirrored_fast_mps)
    if last.rival is None or not (is_doubted or is_agreed):
        return Trust(last, None, None, 1.0)
    # Places that agree speak for one another once they are believed, as far as time makes them independent.
    share = min(rival.places, 1.0 + (rival.at - rival.since) / model.independent_s) if is_agreed else 1.0
    return Trust(_moved(zone, last, last.rival.end()), None, None, share)


def _moved(zone: Zone, last: Core, start: End) -> Core:
    """Return the core with its place, and the start of the way, at another one."""
    gap = zone.shape.distance_m(start.east, start.north)
    return last._replace(
        east=start.east,
        north=start.north,
        scale_m=start.scale_m,
        distance_m=gap if zone.kind is ZoneKind.EXCLUSION else -gap,
        track=start,
        before=None,
        rival=None,
    )
