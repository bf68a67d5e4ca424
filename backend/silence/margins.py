"""How long a tag may send no position before an alert: from its own gaps by hour and place. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from backend.record.facts import LONDON
from backend.settings import Settings
from zones.geo import Frame

# A gap that a tag has shown is believed to come again, and half as long again.
FACTOR = 1.5
# It counts for so many days: a new job in a cellar is learnt at once, an old one is forgotten.
KNOWN_FOR_DAYS = 28
# Habits keep to the hour and the place, roughly: within these hours of the day anywhere, and within twice as many where
# the tag was then.
HOURS = 3.0
HOURS_AT_PLACE = 6.0
PLACE_M = 500.0


@dataclass(frozen=True, slots=True)
class Gap:
    """A time in which nothing was known of where a tag is: since when, for how long, and where it was before."""

    began_at: datetime
    length_s: float
    lat: float
    lon: float


def margin_s(gaps: Iterable[Gap], at: datetime, place: tuple[float, float] | None, settings: Settings) -> float:
    """Return after how many seconds without a place people are notified, of a tag last seen at ``place``.

    It never counts beyond a bound: the one who hides often would be given ever more time.
    """
    longest_s = max((gap.length_s for gap in gaps if _is_like(gap, at, place)), default=0.0)
    return min(max(FACTOR * longest_s, settings.silence_least_s), settings.silence_most_s)


def _is_like(gap: Gap, at: datetime, place: tuple[float, float] | None) -> bool:
    apart_h = abs(_hour(gap.began_at) - _hour(at))
    apart_h = min(apart_h, 24.0 - apart_h)
    if apart_h <= HOURS:
        return True
    if apart_h > HOURS_AT_PLACE or place is None:
        return False
    east_m, north_m = Frame(*place).from_degrees(gap.lat, gap.lon)
    return east_m**2 + north_m**2 <= PLACE_M**2


def _hour(at: datetime) -> float:
    local = at.astimezone(LONDON)
    return local.hour + local.minute / 60
