"""WHERE: judges one fix against one zone. Pure: no I/O, clock, randomness or logging.

An exception raised here never means clear: the caller keeps what it knew and tells a person that it cannot judge.
"""

from zones.decision import Certainty, Decision, Level, PlaceState, decide
from zones.fix import Fix, FixRefused, Source
from zones.late import judge_late, redecide
from zones.zone import Zone, ZoneKind, ZoneRefused

__all__ = [
    "Certainty",
    "Decision",
    "Fix",
    "FixRefused",
    "Level",
    "PlaceState",
    "Source",
    "Zone",
    "ZoneKind",
    "ZoneRefused",
    "decide",
    "judge_late",
    "redecide",
]
