"""What each source's claim of accuracy means: the one table of it, by which every fix is judged."""

from __future__ import annotations

import math
from enum import StrEnum
from typing import NamedTuple

from zones.evidence import MODEL, T_RADIUS_68, T_RADIUS_95
from zones.fix import Source

# The way from pole to pole is 2e7 m: a wider circle holds every place.
_WIDEST_M = 1e7


class PositionFeed(StrEnum):
    """Whose words a fix is in, where its sender says so: it decides which share of errors a claimed circle holds."""

    PHONE = "phone"
    UK_VENDOR = "uk_vendor"
    NMEA_GST = "nmea_gst"

    @classmethod
    def read(cls, word: object) -> PositionFeed | None:
        """Return the feed that is named, None for any other word: its claims are then read as a phone's."""
        return cls(word) if isinstance(word, str) and word in set(cls) else None


class Claim(NamedTuple):
    """What a claimed radius means: the percent of true places that lie within it, or within so many of it."""

    percent: int
    # What the claim is multiplied by to become a 68 % radius of the error law that fixes are judged by.
    to_radius_68: float
    source: str


CLAIMS: dict[PositionFeed | None, Claim] = {
    # What says nothing is read as the widest: to take a 68 % circle for a 95 % one would make every fix too sure.
    None: Claim(68, 1.0, "nothing said: read as a phone's"),
    PositionFeed.PHONE: Claim(
        68, 1.0, "Android, Location.getAccuracy: the radius of 68 % confidence; open traces agree (ADR 0010)"
    ),
    PositionFeed.UK_VENDOR: Claim(
        95, T_RADIUS_68 / T_RADIUS_95, "Ministry of Justice, position_precision: a circle of around 95 %"
    ),
    # NMEA 0183 GST gives standard deviations of latitude and longitude; one deviation in the plane holds 39 %.
    PositionFeed.NMEA_GST: Claim(39, 1.515, "NMEA 0183, GST: one standard deviation; 68 % lie within 1.515 of it"),
}


def radius_68_m(claimed_m: float | None, feed: PositionFeed | None) -> float | None:
    """Return the 68 % radius in metres of what a feed claims; None where it claims nothing."""
    return None if claimed_m is None else claimed_m * CLAIMS[feed].to_radius_68


def read_claim(said: object, source: Source | None, feed: PositionFeed | None) -> tuple[float | None, Source | None]:
    """Return what a tag says of its accuracy, in any form, as a 68 % radius in metres, and the source to judge by.

    The radius is None where it says nothing, or 0. What cannot be read, is below 0 or wider than the Earth is no claim,
    and no one knows what its sender knows of the place: it raises as a fix without a claim does, and as one of an
    unknown source it says nothing about safety near an edge.
    """
    if said is None:
        return None, source
    claimed_m = math.nan
    if isinstance(said, int | float | str) and not isinstance(said, bool):
        try:
            claimed_m = float(said)
        except (ValueError, OverflowError):
            claimed_m = math.nan
    if claimed_m == 0:
        return None, source
    if 0 < claimed_m <= _WIDEST_M:
        return radius_68_m(claimed_m, feed), source
    return MODEL.unclaimed_m(source), Source.UNKNOWN
