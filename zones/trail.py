"""Where a person is trusted to be, from fix to fix, apart from any zone: for two people who both move."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import ClassVar, NamedTuple

from zones import report_validity
from zones.evidence import T_RADIUS_68, Model, accuracy_m
from zones.fix import Fix
from zones.geo import Frame
from zones.path import End
from zones.report_validity import UNPLACED_M, Doubt, Rival


class _Parts(NamedTuple):
    lat: float
    lon: float
    at: float
    scale_m: float
    is_single: bool
    rival: Rival | None = None


class Trail(_Parts):
    """The newest trusted place in degrees, its instant and error scale, and the places that contradict it."""

    __slots__ = ()
    SIZES: ClassVar = (5, 5 + len(Rival._fields))

    @classmethod
    def begin(cls, fix: Fix, model: Model) -> Trail:
        """Return a trail that begins at a fix; at no known place where that is no evidence."""
        is_unknown = report_validity.doubt_of(fix) is not None
        scale = UNPLACED_M if is_unknown else accuracy_m(fix, model) / T_RADIUS_68
        return cls(fix.lat, fix.lon, fix.fix_time, scale, True)

    @classmethod
    def read(cls, numbers: Sequence[float]) -> Trail:
        """Return what `flat` wrote."""
        lat, lon, at, scale_m, is_single = numbers[:5]
        rival = Rival._make(numbers[5:]) if len(numbers) > 5 else None
        return cls(lat, lon, at, scale_m, bool(is_single), rival)

    def flat(self) -> list[float]:
        """Return the trail as numbers."""
        return [*self[:5], *(self.rival or ())]

    @property
    def fix(self) -> Fix | None:
        """The trusted place as a fix; None where none is known."""
        return None if self.scale_m >= UNPLACED_M else Fix(self.at, self.lat, self.lon, self.scale_m * T_RADIUS_68)

    def then(self, fix: Fix, model: Model) -> tuple[Trail, Doubt | None]:
        """Return the trail after one more fix, and why that is doubted, if it is."""
        doubt = report_validity.doubt_of(fix)
        if doubt is not None or fix.fix_time <= self.at:
            return self, doubt
        if self.scale_m >= UNPLACED_M:
            return Trail.begin(fix, model), None
        if self.rival is not None and fix.fix_time <= self.rival.at:
            return self, Doubt.JUMP
        accuracy = accuracy_m(fix, model)
        frame = Frame(self.lat, self.lon)
        start = End(self.at, 0.0, 0.0, self.scale_m, 0.0, 0.0, 0.0, False)
        end = End(fix.fix_time, *frame.local(fix.ecef), accuracy / T_RADIUS_68, 0.0, 0.0, 0.0, False)
        speed = model.fastest_mps if self.rival is None else model.travelled_mps
        is_doubted = report_validity.is_impossible(start, end, speed)
        is_mirrored = report_validity.is_mirrored(frame, start, end, fix, is_doubted or self.rival is not None, model)
        if is_doubted or is_mirrored:
            rival = report_validity.joined(self.rival, end, model)
            if is_mirrored or not report_validity.is_believed(rival, False, False, self.is_single, model):
                doubt = Doubt.MIRRORED if is_mirrored else Doubt.JUMP
                return Trail(self.lat, self.lon, self.at, self.scale_m, self.is_single, rival), doubt
        elif report_validity.is_coarse(fix, accuracy, model):
            # What follows is measured from the last good place.
            return self, None
        return Trail(fix.lat, fix.lon, fix.fix_time, end.scale_m, False), None


def is_on_way(before: Fix, fix: Fix, model: Model) -> bool:
    """Return whether a fix can have been reached from an earlier one."""
    duration = fix.fix_time - before.fix_time
    return duration > 0 and math.hypot(*Frame(before.lat, before.lon).local(fix.ecef)) <= model.fastest_mps * duration
