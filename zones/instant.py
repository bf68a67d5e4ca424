"""An instant without a fix: the last answer is given again, less certain as it ages."""

from __future__ import annotations

import math

from zones.decision import CERTAINTIES, LEVELS, Decision, probability_of, timed
from zones.evidence import MODEL, T_RADIUS_68, Model
from zones.state import PlaceState
from zones.track import reach_mps
from zones.zone import Zone

_UNCONFIRMED, _CONFIRMED = range(2)
_CLEAR, _BUFFER, _BREACH = range(3)


def judge_instant(zone: Zone, state: PlaceState, at: float, model: Model = MODEL) -> Decision:
    """Judge an instant without a fix: a schedule begins or ends, or a tag has been silent.

    `at` is in epoch seconds, not before the last fix. The last answer is given again, less certain as it ages:
    a breach is confirmed no longer than `silence_s` after it, and `could_be_inside` asks how far they may have gone.
    The state is not changed by it.

    Raises: ValueError when `at` lies before the last fix.
    """
    core = state.now
    silent = at - core.fix_time
    if silent < 0:
        raise ValueError(f"The instant {at} lies before the last fix judged, {core.fix_time}.")
    level, certainty = core.level, core.certainty
    if silent > model.silence_s and certainty == _CONFIRMED:
        certainty = _UNCONFIRMED
    reach = silent * reach_mps(core.track)
    could_be = level == _BREACH or core.distance_m <= reach
    if level == _CLEAR and core.distance_m <= reach + zone.buffer_m and silent > model.long_gap_s:
        level, certainty = _BUFFER, _UNCONFIRMED
    is_pass = core.is_pass and level == _BREACH
    is_in_force, permission = True, None
    if zone.is_timed:
        level, certainty, is_in_force, permission = timed(zone, at, level, certainty, is_pass)
    odds = core.log_odds
    accuracy = core.scale_m * T_RADIUS_68
    if not math.isnan(odds):
        probability = 1 / (1 + math.exp(-odds))
    else:
        aged = max(1.0, math.hypot(core.scale_m, reach / T_RADIUS_68))
        probability = probability_of(zone, core.distance_m, aged)
    return Decision(
        LEVELS[level],
        CERTAINTIES[certainty],
        core.distance_m,
        probability,
        None,
        None,
        could_be and is_in_force,
        is_pass,
        core.fix_time,
        None if math.isnan(core.crossing_at) else core.crossing_at,
        state,
        zone.kind,
        accuracy,
        False,
        0.0,
        None,
        False,
        is_in_force,
        permission,
        silent,
    )
