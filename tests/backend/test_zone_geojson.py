"""Zones as people enter them: what is taken, what is refused in words, and how a zone reads."""

from __future__ import annotations

import json
from typing import Any

import pytest

from backend.errors import InvalidRecord
from backend.record import zone_geojson
from backend.record.zone_geojson import Hours
from zones import Zone

RING = [[-0.1, 51.5], [-0.09, 51.5], [-0.09, 51.51], [-0.1, 51.5]]
NIGHTS = Hours(("mo", "su"), "19:00", "07:00")
EVERY_DAY = Hours(tuple(zone_geojson.DAYS), "00:00", "00:00")
STREET = {"width_m": 40, "buffer_m": 60, "schedule": {"timezone": "Europe/London", "rrule": "DTSTART:20270101"}}
POLYGON = {"type": "Polygon", "coordinates": [RING]}


def zone(kind: str = "exclusion", *hours: Hours, buffer_m: float = 300.0, outline: Any = None) -> dict[str, Any]:
    return zone_geojson.feature(
        kind, outline or zone_geojson.circle(51.5, -0.1, 5, "miles"), buffer_m, hours, " As ordered. "
    )


@pytest.mark.parametrize(
    ("made", "words"),
    [
        pytest.param(
            zone(),
            "The person on probation must keep out of the circle of 8,047 m (5.0 miles) around its middle. "
            "Warns from 300 m outside. "
            "In force at all hours.",
            id="a circle in miles",
        ),
        pytest.param(
            zone("inclusion", NIGHTS, buffer_m=0, outline=zone_geojson.circle(51.5, -0.1, 50, "m")),
            "The person on probation must stay in the circle of 50 m around its middle. Without a buffer. "
            "In force: Mon, Sun from 19:00 to 07:00.",
            id="a curfew on some nights",
        ),
        pytest.param(
            zone("inclusion", EVERY_DAY, outline=zone_geojson.pasted(json.dumps(POLYGON))),
            "The person on probation must stay in the area that is drawn. Warns from 300 m before they leave it. "
            "In force: Every day from 00:00 to 00:00.",
            id="a whole day, every day",
        ),
        pytest.param(
            {"geometry": {"type": "Point"}, "properties": {"radius_miles": 0.5}},
            "The person on probation must keep out of the circle of 805 m around its middle. Warns from 500 m outside. "
            "In force at all hours.",
            id="without a buffer of its own, the zone's default holds",
        ),
        pytest.param(
            {"geometry": {"type": "LineString"}, "properties": STREET},
            "The person on probation must keep out of the street that is drawn, 40 m wide. Warns from 60 m outside. "
            "In force at the hours of a calendar rule.",
            id="a street",
        ),
    ],
)
def test_a_zone_reads_as_what_it_asks_of_the_wearer(made: dict[str, Any], words: str) -> None:
    assert zone_geojson.in_words(made) == words


def test_what_is_entered_can_be_judged_by_and_keeps_the_orders_words() -> None:
    read = Zone.from_geojson(zone("inclusion", NIGHTS, EVERY_DAY))
    assert (read.kind, read.wording, read.buffer_m) == ("inclusion", "As ordered.", 300.0)
    assert read.shape.depth_m == pytest.approx(2 * 5 * 1609.344)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(json.dumps(POLYGON), id="a geometry"),
        pytest.param(
            json.dumps({"type": "Feature", "geometry": POLYGON, "properties": {"address": "1 Elm"}}), id="a feature"
        ),
        pytest.param(json.dumps({"type": "Feature", "geometry": POLYGON, "properties": None}), id="without properties"),
        pytest.param(
            json.dumps({"type": "FeatureCollection", "features": [{"type": "Feature", "geometry": POLYGON}]}),
            id="a collection of one",
        ),
    ],
)
def test_a_shape_is_taken_as_it_is_pasted_and_nothing_else_with_it(text: str) -> None:
    assert zone_geojson.pasted(text) == zone_geojson.Outline(POLYGON, {})


@pytest.mark.parametrize(
    ("text", "words"),
    [
        pytest.param("{", "cannot be read near line 1", id="no JSON"),
        pytest.param("[1]", "it is no object", id="a list"),
        pytest.param('{"type": "Feature"}', "no geometry", id="no geometry"),
        pytest.param('{"type": "FeatureCollection", "features": [{}, {}]}', "one shape", id="two shapes"),
        pytest.param('{"type": "FeatureCollection"}', "one shape", id="no shape"),
    ],
)
def test_what_is_no_shape_is_refused_in_words(text: str, words: str) -> None:
    with pytest.raises(InvalidRecord, match=words):
        zone_geojson.pasted(text)


@pytest.mark.parametrize(
    ("lat", "lon", "radius", "unit"),
    [
        pytest.param(91, 0, 300, "m", id="no such latitude"),
        pytest.param(0, 181, 300, "m", id="no such longitude"),
        pytest.param(51.5, 0, 9, "m", id="smaller than any fix can tell"),
        pytest.param(51.5, 0, 32, "miles", id="larger than any order"),
    ],
)
def test_a_circle_out_of_range_is_refused(lat: float, lon: float, radius: float, unit: str) -> None:
    with pytest.raises(InvalidRecord):
        zone_geojson.circle(lat, lon, radius, unit)


def test_a_curfew_without_hours_an_unknown_kind_and_a_buffer_out_of_range_are_refused() -> None:
    with pytest.raises(InvalidRecord, match="hours of the curfew"):
        zone("inclusion")
    with pytest.raises(InvalidRecord, match="keep out or stay in"):
        zone("fence")
    with pytest.raises(InvalidRecord, match="buffer"):
        zone(buffer_m=-1)
