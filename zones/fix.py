"""One position report, and the faults for which it is refused for action (never for the record)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from zones import geo


class Source(StrEnum):
    """How the tag found the position; it decides what an accuracy, or its absence, means."""

    GNSS = "gnss"
    WIFI = "wifi"
    CELL = "cell"
    RF = "rf"
    # Named in an unknown word: judged as the coarsest.
    UNKNOWN = "unknown"

    @classmethod
    def read(cls, word: object) -> Source | None:
        """Return the source that a tag names in any spelling; None where it names none, never an error."""
        if word is None:
            return None
        return _WORDS.get(_plain(word), cls.UNKNOWN) if isinstance(word, str) else cls.UNKNOWN


# What is known by each of these words alone; whatever else is said may be as coarse as a cell tower.
_WORDS = {
    **dict.fromkeys(("gnss", "gps", "agps", "dgps", "gpsgnss", "satellite", "satellites"), Source.GNSS),
    **dict.fromkeys(("glonass", "galileo", "beidou", "gpsglonass"), Source.GNSS),
    **dict.fromkeys(("wifi", "wlan", "wirelessnetwork"), Source.WIFI),
    **dict.fromkeys(("cell", "cellular", "celltower", "cellid", "tower", "lbs", "network", "mobile"), Source.CELL),
    **dict.fromkeys(("gsm", "gprs", "edge", "umts", "lte", "2g", "3g", "4g", "5g", "nbiot", "ltem"), Source.CELL),
    **dict.fromkeys(("rf", "rfbeacon", "beacon", "homebeacon", "homeunit"), Source.RF),
}


# What receivers, and the programs between, call their own judgement of a position; NMEA says A or V, others 1 or 0.
_VALIDITY = {
    *("valid", "isvalid", "fixvalid", "gpsvalid", "gnssvalid", "positionvalid", "locationvalid", "validity"),
    *("fixok", "gnssfixok", "gpsfixok", "gpsok", "positionok", "locationok", "hasfix", "isfixed"),
}
_INVALIDITY = {"invalid", "isinvalid", "mock", "ismock", "mocked", "simulated", "issimulated", "isfrommockprovider"}
_KIND_OF_FIX = ("fix", "fixtype", "fixquality", "fixstatus", "fixmode", "gpsfix", "gnssfix", "gpsstatus")
_NO = frozenset(("false", "no", "n", "0", "00", "v", "void", "invalid", "none", "nofix", "notvalid", "off", "lost"))
_YES = frozenset(("true", "yes", "y", "1"))


def _plain(word: object) -> str:
    """Return a word in small letters and digits alone."""
    if isinstance(word, float) and word.is_integer():
        word = int(word)
    return "".join(mark for mark in str(word).casefold() if mark.isalnum())


# What receivers give as HDOP while they have no position: 99.9 or 99.99.
_HDOP_OF_NONE = 99.0
# Where programs between say what the operating system of a phone calls the source.
_SOURCES = frozenset(("provider", "locationprovider", "locationsource", "positionsource", "fixsource", "sourcetype"))
# Programs between put what the receiver said into objects of their own; what lies deeper is about something else.
_DEEPEST = 2


def read_source(sent: Mapping[str, Any]) -> Source | None:
    """Return the source of a position, from `source` or from a name that programs between give it; None where none is.

    Under such another name only towers and wireless networks are listened to: the word may be about something else.
    """
    if sent.get("source") is not None:
        return Source.read(sent["source"])
    named = {Source.read(value) for name, value in sent.items() if _plain(name) in _SOURCES}
    return next((source for source in (Source.CELL, Source.WIFI) if source in named), None)


def read_validity(sent: Mapping[str, Any], depth: int = 1) -> bool | None:
    """Return what the receiver says of its own position in whatever it sent, None where it says nothing.

    A position that is said to be simulated is none. Only a clear no counts as one: other words are about other things.
    `depth` is how many objects this one lies in, with itself.
    """
    found: bool | None = None
    for name, value in sent.items():
        if isinstance(value, dict) and depth < _DEEPEST and read_validity(value, depth + 1) is False:
            return False
        if value is None or isinstance(value, list | dict):
            continue
        plain = _plain(name)
        if plain in _VALIDITY or plain in _KIND_OF_FIX:
            if _plain(value) in _NO:
                return False
            found = True if plain in _VALIDITY else found
        if plain == "hdop" and _is_at_least(value, _HDOP_OF_NONE):
            return False
        is_simulated = plain in _INVALIDITY and _plain(value) in _YES
        if is_simulated or (plain == "status" and _plain(value) in ("v", "void", "invalid", "nofix")):
            return False
    return found


def _is_at_least(value: object, least: float) -> bool:
    try:
        return float(str(value)) >= least
    except ValueError:
        return False


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
    `is_valid` is what the receiver itself says of the position, None where it says nothing. `claim_share` is the share
    of its claim, 0.5 to 1, that the tag's nights at a known address have shown to be enough (`zones.honesty`).
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
    is_valid: bool | None = None
    claim_share: float = 1.0
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
        if not 0.5 <= self.claim_share <= 1.0:
            raise FixRefused("claim_share_out_of_range", f"claim_share is {self.claim_share}, outside 0.5 to 1.")
        put(self, "ecef", geo.ecef(self.lat, self.lon))
