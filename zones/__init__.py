"""WHERE: judges one fix against one zone. Pure: no I/O, clock, randomness or logging.

An exception raised here never means clear: the caller keeps what it knew and tells a person that it cannot judge.
"""

from zones.acceptance import contradictions, misplaced
from zones.decision import LATENESS_S, Certainty, Decision, Level, PlaceState, decide
from zones.fix import Fix, FixRefused, Source, read_source, read_validity
from zones.instant import judge_instant
from zones.late import decide_together, judge_late, redecide
from zones.moving import Mover, MovingState, Nearness, Whereabouts, decide_moving
from zones.passages import are_repeated
from zones.replay import Replay, ReplayedAlert, replay
from zones.report_validity import Doubt, doubt_of
from zones.schedule import Permission, Reason, Schedule, Timing
from zones.sources import CLAIMS, PositionFeed, radius_68_m, read_claim
from zones.survey import Survey, survey
from zones.zone import TeamArea, Zone, ZoneKind, ZoneRefused

__all__ = [
    "CLAIMS",
    "LATENESS_S",
    "Certainty",
    "Decision",
    "Doubt",
    "Fix",
    "FixRefused",
    "Level",
    "Mover",
    "MovingState",
    "Nearness",
    "Permission",
    "PlaceState",
    "PositionFeed",
    "Reason",
    "Replay",
    "ReplayedAlert",
    "Schedule",
    "Source",
    "Survey",
    "TeamArea",
    "Timing",
    "Whereabouts",
    "Zone",
    "ZoneKind",
    "ZoneRefused",
    "are_repeated",
    "contradictions",
    "decide",
    "decide_moving",
    "decide_together",
    "doubt_of",
    "judge_instant",
    "judge_late",
    "misplaced",
    "radius_68_m",
    "read_claim",
    "read_source",
    "read_validity",
    "redecide",
    "replay",
    "survey",
]
