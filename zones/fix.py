"""One position report, and the faults for which it is refused for action (never for the record)."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from enum import StrEnum

from zones import geo


class Source(StrEnum):
    """How the tag found the position; it decides what an accuracy, or its absence, means."""

    GNSS = "gnss"
    WIFI = "wifi"
    CELL = "cell"
    RF = "rf"


class FixRefused(ValueError):
    """A fix that cannot be judged: `code` is stable, `detail` is a sentence with the value at fault."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


def _number(name: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise FixRefused("not_a_number", f"{name} is {value!r}, which is not a number.")
    try:
        number = float(value)
    except OverflowError:
        raise FixRefused("not_finite", f"{name} is too large to be a number of any use.") from None
    if not math.isfinite(number):
        raise FixRefused("not_finite", f"{name} is {number}, which is not a finite number.")
    return number


@dataclass(frozen=True, slots=True)
class Fix:
    """A position in WGS 84 degrees at `fix_time` (seconds since the epoch, UTC), with what the tag said of it.

    `accuracy_m` is a 68 % radius in metres, as phones report it; 0 or negative means unknown and is kept as None.
    `course_deg` is clockwise from north. `received_at` is in epoch seconds; it is carried and never judged by, so that
    a replay gives the same answer.

    Raises: FixRefused when a coordinate or a time is missing, not a number, not finite or out of range.
    """

    fix_time: float
    lat: float
    lon: float
    accuracy_m: float | None = None
    speed_mps: float | None = None
    course_deg: float | None = None
    satellites: float | None = None
    hdop: float | None = None
    source: Source | None = None
    received_at: float | None = None
    ecef: tuple[float, float, float] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        put = object.__setattr__
        for name in ("fix_time", "lat", "lon"):
            put(self, name, _number(name, getattr(self, name)))
        if not -90.0 <= self.lat <= 90.0:
            raise FixRefused("latitude_out_of_range", f"lat is {self.lat}, outside -90 to 90 degrees.")
        if not -180.0 <= self.lon <= 180.0:
            raise FixRefused("longitude_out_of_range", f"lon is {self.lon}, outside -180 to 180 degrees.")
        for name in ("accuracy_m", "speed_mps", "course_deg", "satellites", "hdop", "received_at"):
            value = getattr(self, name)
            if value is not None:
                put(self, name, _number(name, value))
        if self.accuracy_m is not None and self.accuracy_m <= 0:
            put(self, "accuracy_m", None)
        if self.speed_mps is not None and self.speed_mps < 0:
            put(self, "speed_mps", None)
        if self.source is not None and not isinstance(self.source, Source):
            try:
                put(self, "source", Source(self.source))
            except ValueError:
                raise FixRefused("unknown_source", f"source is {self.source!r}, which is not a known source.") from None
        put(self, "ecef", geo.ecef(self.lat, self.lon))
