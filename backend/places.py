"""Places by name and names by place, from open data that a command loads: ONS postcodes and OS Open Names."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from backend import bulk_statements, db
from backend.errors import InvalidRecord
from backend.models import NamedPlace
from zones.geo import Frame
from zones.national_grid import degrees, direction

MOST_FOUND = 10
LEAST_LETTERS = 3
# Farther away a name says nothing to a control room.
NEAREST_WITHIN_M = 3_000.0
METRES_A_DEGREE = 111_320.0
AT_ONCE = 5_000
KEY = ("folded", "kind", "lat", "lon")
# Columns of OS Open Names, whose files have no head. Source: Ordnance Survey, "OS Open Names technical specification".
NAME, TYPE, LOCAL_TYPE, EASTING, NORTHING, DISTRICT, COUNTY = 2, 6, 7, 8, 9, 21, 24
NAMES_COLUMNS = 25
LANDMARKS = frozenset({"populatedPlace", "landcover"})
LANDMARK_KINDS = frozenset({"Railway Station", "Tram Station", "Hospital", "Further Education"})
# Postcodes that ended, or lie nowhere, have this latitude in the ONS Postcode Directory.
NOWHERE_LAT = 99.0


@dataclass(frozen=True, slots=True)
class Nearest:
    """The nearest landmark, with how far and in which direction of it a place is."""

    name: str
    distance_m: float
    direction: str


def fold(text: str) -> str:
    """Return a name as it is searched: capitals and figures alone."""
    return "".join(one for one in text.upper() if one.isalnum())


def find(text: str) -> list[NamedPlace]:
    """Return places whose name begins with ``text``: the exact one first, landmarks before roads, short names first."""
    folded = fold(text)[:60]
    if len(folded) < LEAST_LETTERS:
        return []
    rows = NamedPlace.select().where(NamedPlace.folded.startswith(folded)).limit(200)
    ordered = sorted(
        rows, key=lambda one: (one.folded != folded, not one.is_landmark, len(one.folded), one.name, one.id)
    )
    return ordered[:MOST_FOUND]


def nearest(lat: float, lon: float) -> Nearest | None:
    """Return the nearest landmark within ``NEAREST_WITHIN_M``, or None where there is none, or no data is loaded."""
    found = landmarks_near(lat, lon)
    return found[0][1] if found else None


def landmarks_near(lat: float, lon: float, within_m: float = NEAREST_WITHIN_M) -> list[tuple[NamedPlace, Nearest]]:
    """Return the landmarks within so many metres, the nearest first, each with how the place lies to it."""
    north = within_m / METRES_A_DEGREE
    east = north / max(0.05, math.cos(math.radians(lat)))
    rows = NamedPlace.select().where(
        NamedPlace.is_landmark,
        NamedPlace.lat.between(lat - north, lat + north),
        NamedPlace.lon.between(lon - east, lon + east),
    )
    found = []
    for row in rows:
        east_m, north_m = Frame(row.lat, row.lon).from_degrees(lat, lon)
        distance_m = math.hypot(east_m, north_m)
        if distance_m <= within_m:
            found.append((row, Nearest(row.name, distance_m, direction(east_m, north_m))))
    return sorted(found, key=lambda one: one[1].distance_m)


def load(lines: Iterable[str]) -> int:
    """Load one file of postcodes or names in place of what the same kind of file held; return how many were loaded.

    Raises: InvalidRecord for a file of neither form; then nothing is changed.
    """
    reader = csv.reader(lines)
    head = next(reader, [])
    names = [one.strip().lower() for one in head]
    is_postcodes = {"lat", "long"} <= set(names) and bool({"pcds", "pcd"} & set(names))
    if not is_postcodes and not (len(head) >= NAMES_COLUMNS and _is_number(head[EASTING])):
        raise InvalidRecord("This is neither an ONS Postcode Directory nor a file of OS Open Names.")
    rows = _postcodes(names, reader) if is_postcodes else _names([head], reader)
    count = 0
    with db.atomic():
        if is_postcodes:
            NamedPlace.delete().where(NamedPlace.kind == "Postcode").execute()
        batch: list[dict[str, Any]] = []
        for row in rows:
            batch.append(row)
            if len(batch) == AT_ONCE:
                bulk_statements.insert_rows(NamedPlace, batch, KEY, ignore_known=True)
                count += len(batch)
                batch = []
        bulk_statements.insert_rows(NamedPlace, batch, KEY, ignore_known=True)
    return count + len(batch)


def _postcodes(names: list[str], rows: Iterable[list[str]]) -> Iterator[dict[str, Any]]:
    code = names.index("pcds" if "pcds" in names else "pcd")
    lat, lon = names.index("lat"), names.index("long")
    ended = names.index("doterm") if "doterm" in names else None
    for row in rows:
        if len(row) <= max(code, lat, lon) or not _is_number(row[lat]) or not _is_number(row[lon]):
            continue
        if float(row[lat]) > NOWHERE_LAT or (ended is not None and row[ended].strip()):
            continue
        yield _row(row[code], "Postcode", "", float(row[lat]), float(row[lon]), is_landmark=False)


def _names(first: list[list[str]], rows: Iterable[list[str]]) -> Iterator[dict[str, Any]]:
    for row in (*first, *rows):
        if len(row) < NAMES_COLUMNS or row[LOCAL_TYPE] == "Postcode" or not _is_number(row[EASTING]):
            continue
        lat, lon = degrees(float(row[EASTING]), float(row[NORTHING]))
        around = row[DISTRICT] or row[COUNTY]
        is_landmark = row[TYPE] in LANDMARKS or row[LOCAL_TYPE] in LANDMARK_KINDS
        yield _row(row[NAME], row[LOCAL_TYPE], around, lat, lon, is_landmark=is_landmark)


def _row(name: str, kind: str, around: str, lat: float, lon: float, *, is_landmark: bool) -> dict[str, Any]:
    said = name.strip()[:200]
    return {
        "name": said,
        "folded": fold(said),
        "kind": kind.strip()[:60],
        "around": around.strip()[:100],
        "is_landmark": is_landmark,
        "lat": lat,
        "lon": lon,
    }


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False
