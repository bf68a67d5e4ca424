"""Zones that are asked back before they are saved, and outlines with too many corners."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from zone_makers import FRAME, LAT, LON, START, circle, feature

from zones import Zone, ZoneRefused, contradictions, misplaced


def zone_at(lat: float, lon: float, radius_m: float = 100, **more) -> Zone:
    return Zone.from_geojson(feature({"type": "Point", "coordinates": [lon, lat]}, radius_m=radius_m, **more))


HOME = zone_at(51.52, -0.10)


@pytest.mark.parametrize(
    ("lat", "lon", "word"),
    [
        pytest.param(LON, LAT, "swapped", id="swapped axes"),
        pytest.param(51.5, 0.12, "longitude may have lost its minus sign", id="a lost sign of the longitude"),
        pytest.param(-51.5, -0.12, "latitude may have lost", id="a sign too many of the latitude"),
        pytest.param(40.4, -3.7, "km from every other zone", id="another country"),
    ],
)
def test_a_zone_that_fits_no_other_is_asked_back(lat, lon, word):
    (said,) = misplaced(zone_at(lat, lon), [HOME])
    assert word in said
    assert not any(mark in said for mark in ("51.", "0.12", "40.4"))


@pytest.mark.parametrize(("lat", "lon"), [(51.5, -0.12), (51.3, 0.4), (53.48, -2.24), (54.97, -1.61)])
def test_other_towns_of_the_country_are_not_asked_back(lat, lon):
    assert misplaced(zone_at(lat, lon), [HOME]) == []
    assert misplaced(zone_at(lat, lon), []) == []


def test_the_first_zone_of_a_case_is_compared_with_the_country():
    assert "swapped" in misplaced(zone_at(LON, LAT), [])[0]
    assert "longitude" in misplaced(zone_at(53.48, 2.24), [])[0]
    assert misplaced(zone_at(40.71, -74.0), []) == []


def test_a_curfew_address_inside_an_exclusion_zone_is_asked_back_either_way():
    stay, keep_out = circle(kind="inclusion", radius_m=50), circle(radius_m=500)
    for one, other in ((stay, keep_out), (keep_out, stay)):
        (said,) = contradictions(one, [other], START)
        assert "lies inside an exclusion zone" in said


def test_two_places_to_stay_in_at_the_same_time_are_asked_back():
    assert "two places" in contradictions(zone_at(51.6, -0.1, kind="inclusion"), [circle(kind="inclusion")], START)[0]
    assert contradictions(circle(kind="restriction", radius_m=900), [circle(kind="inclusion")], START) == []


def test_orders_that_never_hold_at_the_same_time_contradict_nothing():
    night = {"timezone": "Europe/London", "weekly": [{"days": ["mo", "tu"], "from": "19:00", "to": "23:00"}]}
    day = {"timezone": "Europe/London", "weekly": [{"days": ["mo", "tu"], "from": "08:00", "to": "17:00"}]}
    keep_out = circle(radius_m=500, schedule=day)
    assert contradictions(circle(kind="inclusion", radius_m=50, schedule=night), [keep_out], START) == []
    assert contradictions(circle(kind="inclusion", radius_m=50, schedule=day), [keep_out], START)


def test_exclusion_zones_may_overlap():
    assert contradictions(circle(radius_m=500), [circle(), HOME], START) == []


def ring(corners: int, radius_m: float = 1_000) -> list[list[float]]:
    angles = [2 * math.pi * n / (corners - 1) for n in range(corners - 1)]
    places = [FRAME.to_degrees(radius_m * math.cos(a), radius_m * math.sin(a)) for a in angles]
    found = [[lon, lat] for lat, lon in places]
    return [*found, found[0]]


def test_an_outline_of_too_many_corners_is_refused_and_says_what_to_do():
    assert Zone.from_geojson(feature({"type": "Polygon", "coordinates": [ring(2_000)]}))
    for kind, coordinates in (("Polygon", [ring(2_001)]), ("MultiPolygon", [[ring(1_500)], [ring(1_500, 50)]])):
        with pytest.raises(ZoneRefused) as refusal:
            Zone.from_geojson(feature({"type": kind, "coordinates": coordinates}))
        assert refusal.value.code == "too_many_corners"
        assert "at most 2,000" in refusal.value.detail
    line = [[LON + n / 1e6, LAT] for n in range(2_001)]
    with pytest.raises(ZoneRefused, match="corners"):
        Zone.from_geojson(feature({"type": "LineString", "coordinates": line}, width_m=20))


@given(st.floats(50, 58), st.floats(-5, -0.06), st.floats(-2_000, 2_000), st.floats(-2_000, 2_000))
def test_a_zone_near_another_is_never_asked_back_and_its_swapped_twin_always_is(lat, lon, east, north):
    other = zone_at(lat, lon)
    near = other.frame.to_degrees(east, north)
    assert misplaced(zone_at(*near), [other]) == []
    assert "swapped" in misplaced(zone_at(near[1], near[0]), [other])[0]
