"""Zones as people draw them in a form: a circle, a pasted shape, hours of the week; each becomes a GeoJSON Feature."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from backend import typed_text
from backend.cases import opening
from backend.cases.commands.base import Ask, Command
from backend.errors import InvalidRecord
from backend.record import zone_geojson
from zones.shape import METRES_A_MILE

LATITUDE, LONGITUDE = Ask("Enter the latitude as a number."), Ask("Enter the longitude as a number.")
RADIUS, BUFFER = Ask("Enter the radius as a number."), Ask("Enter the buffer as a number.")
ROWS = ("1", "2")


class DrawnCircle(Command):
    """A circle around a place."""

    lat: Annotated[float, LATITUDE]
    lon: Annotated[float, LONGITUDE]
    radius_m: Annotated[float, RADIUS]
    radius_unit: str = ""
    buffer_m: Annotated[float, BUFFER]

    def feature(self) -> dict[str, Any]:
        """Return the zone. Raises: InvalidRecord for measures out of range."""
        return opening.circle(self.lat, self.lon, in_metres(self.radius_m, self.radius_unit), self.buffer_m)


class Radius(Command):
    """A radius as it is typed beside its unit."""

    radius_m: Annotated[float, RADIUS]
    radius_unit: str = ""

    def metres(self) -> float:
        """Return it in metres."""
        return in_metres(self.radius_m, self.radius_unit)


def in_metres(radius: float, unit: str) -> float:
    """Return a radius in metres that was typed in metres or in miles."""
    return round(radius * METRES_A_MILE, 3) if unit == "miles" else radius


class WeeklyHours(Command):
    """Hours of the week, in a row or two: days, from when and until when."""

    has_hours: str = ""
    days_1: list[str] = Field(default_factory=list)
    begins_1: str = ""
    ends_1: str = ""
    days_2: list[str] = Field(default_factory=list)
    begins_2: str = ""
    ends_2: str = ""

    def hours(self) -> list[zone_geojson.Hours]:
        """Return the hours, row by row. Raises: InvalidRecord for a row that is not whole."""
        found = []
        for number in ROWS:
            chosen = getattr(self, f"days_{number}")
            days = tuple(day for day in zone_geojson.DAYS if day in chosen)
            begins, ends = (_time_of(getattr(self, f"{side}_{number}")) for side in ("begins", "ends"))
            if not days and not begins and not ends:
                continue
            if not days or not begins or not ends:
                raise InvalidRecord("Enter the days, a start time and an end time.")
            found.append(zone_geojson.Hours(days, begins, ends))
        return found

    def within_hours(self, zone: dict[str, Any]) -> dict[str, Any]:
        """Return the zone with these hours, and as it is where the form did not hold them.

        Raises: InvalidRecord for hours that are not whole, and for a curfew without any.
        """
        if not self.has_hours:
            return zone
        others = {name: value for name, value in zone["properties"].items() if name != "schedule"}
        return {**zone, "properties": {**others, **zone_geojson.schedule_of(zone, self.hours())}}


class DrawnZone(WeeklyHours):
    """A zone of a condition: a circle in metres or miles, or a pasted shape, with its buffer and hours."""

    zone_kind: str = ""
    shape: str = ""
    lat: Annotated[float | None, LATITUDE] = None
    lon: Annotated[float | None, LONGITUDE] = None
    radius: Annotated[float | None, RADIUS] = None
    radius_unit: str = ""
    buffer_m: Annotated[float, BUFFER]
    wording: str = ""

    def feature(self) -> dict[str, Any]:
        """Return the zone. Raises: InvalidRecord that says what is missing or cannot be."""
        return zone_geojson.feature(self.zone_kind, self._outline(), self.buffer_m, self.hours(), self.wording)

    def _outline(self) -> zone_geojson.Outline:
        if self.shape and (self.lat is not None or self.lon is not None):
            raise InvalidRecord("Enter a circle or paste a shape, not both: clear the one that is wrong.")
        if self.shape:
            return zone_geojson.pasted(self.shape)
        if self.lat is None and self.lon is None:
            raise InvalidRecord("Tap the map, enter the middle of the circle, or paste a shape.")
        for value, asked in ((self.lat, LATITUDE), (self.lon, LONGITUDE), (self.radius, RADIUS)):
            if value is None:
                raise InvalidRecord(asked.text)
        assert self.lat is not None
        assert self.lon is not None
        assert self.radius is not None
        return zone_geojson.circle(self.lat, self.lon, self.radius, self.radius_unit)


class ChangedMeasures(WeeklyHours):
    """Other measures and hours of a zone that is in the record."""

    radius_m: Annotated[float | None, RADIUS] = None
    radius_unit: str = ""
    buffer_m: Annotated[float, BUFFER]

    def feature(self, held: dict[str, Any]) -> dict[str, Any]:
        """Return the zone with these measures. Raises: InvalidRecord for a circle without a radius, and for hours."""
        feature = {**held, "properties": dict(held["properties"])}
        if feature["geometry"]["type"] == "Point":
            if self.radius_m is None:
                raise InvalidRecord(RADIUS.text)
            feature["properties"]["radius_m"] = in_metres(self.radius_m, self.radius_unit)
            # A circle has one radius: the one that was entered in miles gives way.
            feature["properties"].pop("radius_miles", None)
        feature["properties"]["buffer_m"] = self.buffer_m
        return self.within_hours(feature)


def _time_of(text: str) -> str:
    if not text.strip():
        return ""
    try:
        return f"{typed_text.time_of_day(text):%H:%M}"
    except ValueError:
        raise InvalidRecord("Enter a time, like 19:00 or 7pm.") from None
