"""Distances against GeographicLib all over the globe, and what is refused as a zone."""

from __future__ import annotations

import copy
import itertools
import math

import numpy as np
import pytest
import shapely
from geographiclib.geodesic import Geodesic
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from zone_makers import LAT, LON, at, circle, feature, square

from zones import Level, TeamArea, Zone, ZoneKind, ZoneRefused, decide
from zones.geo import Frame, arc_m, ecef

settings.register_profile("zones", deadline=None, derandomize=True)
settings.load_profile("zones")
WGS84 = Geodesic.WGS84
LATS = st.one_of(st.floats(-80, 80), st.floats(80, 89.9), st.floats(-89.9, -80))
LONS = st.one_of(st.floats(-180, 180), st.floats(179.9, 180), st.floats(-180, -179.9))
BEARINGS = st.floats(0, 360)


def _turn(lon: float) -> float:
    return (lon + 180) % 360 - 180


def _off(lat: float, lon: float, bearing: float, metres: float) -> tuple[float, float]:
    found = WGS84.Direct(lat, lon, bearing, metres)
    return found["lat2"], _turn(found["lon2"])


def _tolerance_m(distance_m: float) -> float:
    return max(0.1, 0.001 * abs(distance_m))


@given(LATS, LONS, BEARINGS, st.floats(1, 20_000), st.floats(0, 20_000))
def test_circles_agree_with_the_geodesic(lat, lon, bearing, radius, beyond):
    zone = Zone.from_geojson(feature({"type": "Point", "coordinates": [lon, lat]}, radius_m=radius))
    for away in (beyond, radius + beyond):
        assert zone.distance_m(*_off(lat, lon, bearing, away)) == pytest.approx(
            away - radius, abs=_tolerance_m(away - radius)
        )


def _geodesic_to_line(line: list[tuple[float, float]], lat: float, lon: float) -> float:
    """The shortest geodesic from a place to a line that is straight in degrees, by search on each side."""
    best = math.inf
    for (lon_a, lat_a), (lon_b, lat_b) in itertools.pairwise(line):

        def away(share: float, a=(lon_a, lat_a), b=(lon_b, lat_b)) -> float:
            return WGS84.Inverse(lat, lon, a[1] + share * (b[1] - a[1]), a[0] + share * (b[0] - a[0]))["s12"]

        shares = [n / 24 for n in range(25)]
        nearest = min(shares, key=away)
        low, high = max(0.0, nearest - 1 / 24), min(1.0, nearest + 1 / 24)
        for _ in range(40):
            one, two = low + (high - low) * 0.382, low + (high - low) * 0.618
            low, high = (low, two) if away(one) < away(two) else (one, high)
        best = min(best, away((low + high) / 2))
    return best


@settings(max_examples=40)
@given(
    st.floats(-88, 88),
    LONS,
    st.sampled_from([150.0, 2000.0, 12_000.0]),
    st.lists(st.tuples(st.floats(0.05, 0.95), st.floats(0.5, 1)), min_size=3, max_size=7),
    BEARINGS,
    st.floats(0, 20_000),
)
def test_polygons_and_corridors_agree_with_the_geodesic(lat, lon, size, corners, bearing, beyond):
    ring = []
    for n, (share, reach) in enumerate(corners):
        corner_lat, corner_lon = _off(lat, lon, 360 * (n + share * 0.9) / len(corners), size * reach)
        ring.append((lon + _turn(corner_lon - lon), corner_lat))
    ring.append(ring[0])
    outline = shapely.Polygon(ring)
    assume(outline.is_valid and outline.area > 0)
    place_lat, place_lon = _off(lat, lon, bearing, beyond)
    near_lon = lon + _turn(place_lon - lon)
    expected = _geodesic_to_line(ring, place_lat, near_lon)
    signed = -expected if shapely.contains_xy(outline, near_lon, place_lat) else expected
    written = [[_turn(x), y] for x, y in ring]
    area = Zone.from_geojson(feature({"type": "Polygon", "coordinates": [written]}))
    assert area.distance_m(place_lat, place_lon) == pytest.approx(signed, abs=_tolerance_m(signed))
    street = Zone.from_geojson(feature({"type": "LineString", "coordinates": written}, width_m=40))
    assert street.distance_m(place_lat, place_lon) == pytest.approx(expected - 20, abs=_tolerance_m(expected - 20))
    swept = area.shape.distances_m(*area.frame.locals_from_degrees(np.array([place_lat]), np.array([place_lon])))
    assert swept[0] == pytest.approx(area.distance_m(place_lat, place_lon), abs=0.01)


@given(LATS, LONS, st.floats(-50_000, 50_000), st.floats(-50_000, 50_000))
def test_a_frame_leads_back_to_where_it_came_from(lat, lon, east, north):
    assume(abs(lat) < 80)
    frame = Frame(lat, lon)
    assert frame.from_degrees(*frame.to_degrees(east, north)) == pytest.approx((east, north), abs=0.001)


def test_frames_far_away_and_at_their_origin():
    frame = Frame(51.5, -0.12)
    assert frame.from_degrees(51.5, -0.12) == (0.0, 0.0)
    assert math.hypot(*frame.from_degrees(-51.5, 179.88)) == pytest.approx(math.pi * 6371008.77, rel=0.03)
    sydney = WGS84.Inverse(51.5, -0.12, -33.9, 151.2)["s12"]
    assert math.hypot(*frame.from_degrees(-33.9, 151.2)) == pytest.approx(sydney, rel=0.004)
    assert arc_m(0) == 0
    assert ecef(90, 0)[2] == pytest.approx(6356752.3142, abs=1e-3)


def test_a_zone_across_the_antimeridian_is_whole():
    east_part = [[[179.99, 10], [180, 10], [180, 10.02], [179.99, 10.02], [179.99, 10]]]
    west_part = [[[-180, 10], [-179.99, 10], [-179.99, 10.02], [-180, 10.02], [-180, 10]]]
    cut = Zone.from_geojson(feature({"type": "MultiPolygon", "coordinates": [east_part, west_part]}))
    plain = [[179.99, 10], [-179.99, 10], [-179.99, 10.02], [179.99, 10.02], [179.99, 10]]
    whole = Zone.from_geojson(feature({"type": "Polygon", "coordinates": [plain]}))
    for lat, lon in ((10.01, 180), (10.01, -180), (10.01, 179.999), (10.01, -179.98), (10.005, 179.98)):
        assert cut.distance_m(lat, lon) == pytest.approx(whole.distance_m(lat, lon), abs=0.05)
    assert cut.distance_m(10.01, 180) == pytest.approx(-1096, abs=1)


def test_far_away_the_bounding_circle_answers():
    area = square(100)
    street = Zone.from_geojson(
        feature({"type": "LineString", "coordinates": [[LON, LAT], [LON + 0.01, LAT]]}, width_m=30)
    )
    for zone in (area, street):
        far = zone.distance_m(LAT + 1, LON)
        assert 110_000 < far < 111_400
        assert zone.shape.distances_m(np.array([0.0]), np.array([200_000.0]))[0] > 100_000


def test_a_school_run_is_a_corridor():
    run = Zone.from_geojson(
        feature(
            {"type": "LineString", "coordinates": [[LON, LAT], [LON + 0.01, LAT], [LON + 0.01, LAT + 0.01]]}, width_m=60
        )
    )
    assert run.distance_m(LAT, LON + 0.005) == pytest.approx(-30, abs=0.1)
    assert decide(run, at(300, 100), None).distance_m == pytest.approx(70, abs=0.2)
    assert decide(run, at(300, 5), None).level is Level.BREACH


def test_miles_are_statute_miles():
    assert circle(radius_miles=5).distance_m(LAT, LON) == pytest.approx(-8046.72, abs=0.01)


@pytest.mark.parametrize(
    "zone",
    [
        circle(order="L-7", wording="not to enter", note=1),
        square(100, 20, kind="inclusion", tag=7),
        circle(radius_miles=1),
    ],
)
def test_geojson_out_is_read_back_to_the_same_zone(zone):
    again = Zone.from_geojson(zone.to_geojson())
    assert again.to_geojson() == zone.to_geojson()
    assert (again.zone_id, again.kind, again.buffer_m, again.tag) == (zone.zone_id, zone.kind, zone.buffer_m, zone.tag)
    assert (again.order_id, again.wording) == (zone.order_id, zone.wording)
    assert again.distance_m(51.51, -0.13) == zone.distance_m(51.51, -0.13)


def test_a_zone_does_not_follow_later_changes_of_what_it_was_read_from():
    source = feature()
    zone = Zone.from_geojson(source)
    before = copy.deepcopy(zone.to_geojson())
    source["geometry"]["coordinates"][0] = 99
    assert zone.to_geojson() == before
    with pytest.raises(ZoneRefused, match="no radius"):
        Zone.from_geojson(
            {"type": "Feature", "geometry": source["geometry"] | {"coordinates": [0, 0]}, "properties": None}
        )
    bare = Zone.from_geojson(
        {
            "type": "Feature",
            "id": 5,
            "geometry": source["geometry"] | {"coordinates": [0, 0]},
            "properties": {"radius_m": 9},
        }
    )
    assert (bare.zone_id, bare.kind, bare.tag) == ("5", ZoneKind.EXCLUSION, None)


def _polygon(*rings):
    return {"type": "Polygon", "coordinates": [list(ring) for ring in rings]}


BOW_TIE = [[0, 51], [0.01, 51.01], [0.01, 51], [0, 51.01], [0, 51]]
BOX = [[0, 51], [0.01, 51], [0.01, 51.01], [0, 51.01], [0, 51]]
POINT = {"type": "Point", "coordinates": [LON, LAT]}


@pytest.mark.parametrize(
    ("geometry", "properties", "sentence"),
    [
        (None, {}, "The zone has no shape"),
        ({"type": "Point", "coordinates": []}, {"radius_m": 5}, "a position is longitude, latitude"),
        ({"type": "Point", "coordinates": [0, float("nan")]}, {"radius_m": 5}, "latitude of the centre is nan"),
        (
            {"type": "Point", "coordinates": [0, "51"]},
            {"radius_m": 5},
            "latitude of the centre is '51', which is not a number",
        ),
        ({"type": "Point", "coordinates": [0, True]}, {"radius_m": 5}, "not a number"),
        ({"type": "Point", "coordinates": [0, 10**400]}, {"radius_m": 5}, "not a finite number"),
        ({"type": "Point", "coordinates": [51, 151]}, {"radius_m": 5}, "Longitude comes first; the two may be swapped"),
        (
            {"type": "Point", "coordinates": [200, 51]},
            {"radius_m": 5},
            "longitude of the centre is 200, outside -180 to 180",
        ),
        ({"type": "Point", "coordinates": [100, 200]}, {"radius_m": 5}, "is 200, outside -90 to 90 degrees."),
        (POINT, {"radius_m": 0}, "radius_m is 0 m; it must be from 1 to 100000 m"),
        (POINT, {}, "The circle has no radius"),
        (POINT, {"radius_m": 5, "radius_miles": 5}, "The circle has two radii"),
        (POINT, {"radius_m": float("nan")}, "radius_m is nan, which is not a finite number"),
        (POINT, {"radius_m": "5 miles"}, "radius_m is '5 miles', which is not a number"),
        (POINT, {"radius_m": 5, "buffer_m": -1}, "buffer_m is -1 m"),
        (
            POINT,
            {"radius_m": 5, "kind": "exclude"},
            "kind is 'exclude'; it must be one of exclusion, inclusion, restriction",
        ),
        (_polygon(BOW_TIE), {}, "The outline crosses itself near latitude 51.00500, longitude 0.00500."),
        (
            _polygon([[0.001, 51]] * 1000),
            {},
            "no inside: its 1000 corners lie on a line or within 0.0 m of latitude 51.00000",
        ),
        (_polygon([[0, 51], [0.01, 51], [0.02, 51], [0, 51]]), {}, "no inside"),
        (_polygon(BOX[:-1]), {}, "The outline is not closed: its last corner must repeat its first"),
        (_polygon(BOX[:2]), {}, "The outline has 2 corners; it must have at least 4"),
        (_polygon([]), {}, "The outline is empty"),
        ({"type": "Polygon", "coordinates": []}, {}, "coordinates is empty"),
        ({"type": "MultiPolygon", "coordinates": [[]]}, {}, "Polygon 1 is empty"),
        ({"type": "MultiPolygon", "coordinates": [[BOX], [BOW_TIE]]}, {}, "Polygon 2 crosses itself"),
        (
            _polygon(BOX, [[1, 51], [1.001, 51], [1.001, 51.001], [1, 51]]),
            {},
            "A hole of The outline lies outside it near",
        ),
        (_polygon(BOX, BOX), {}, "The outline crosses itself"),
        (
            _polygon(BOX, [[0, 51], [0.004, 51.006], [0.01, 51.01], [0, 51]]),
            {},
            "is not a valid outline: interior is disconnected",
        ),
        (_polygon(BOX, [[0.001, 51.001], [0.001, 51.001], [0.001, 51.001], [0.001, 51.001]]), {}, "."),
        (_polygon([[0, 80], [120, 80], [-120, 80], [0, 80]]), {}, "goes around a pole"),
        (_polygon([[0, 50], [5, 50], [5, 52], [0, 50]]), {}, "at most 150 km can be measured"),
        (_polygon([[0, 51], None, [0.01, 51.01], [0, 51]]), {}, "corner 2 of The outline is None"),
        ({"type": "LineString", "coordinates": [[0, 51], [0.1, 51]]}, {}, "The line has no width"),
        ({"type": "LineString", "coordinates": [[0, 51], [0.1, 51]]}, {"width_m": 0}, "width_m is 0 m"),
        (
            {"type": "LineString", "coordinates": [[0, 51], [0, 51]]},
            {"width_m": 9},
            "The line's 2 corners all lie at latitude",
        ),
        ({"type": "LineString", "coordinates": [[0, 51], [9, 51]]}, {"width_m": 9}, "The line around"),
        ({"type": "Circle", "coordinates": [0, 0]}, {}, "The geometry is a 'Circle'"),
    ],
)
def test_a_broken_zone_is_refused_with_a_sentence(geometry, properties, sentence):
    with pytest.raises(ZoneRefused) as refused:
        Zone.from_geojson({"type": "Feature", "geometry": geometry, "properties": properties})
    assert sentence in refused.value.detail
    assert refused.value.detail.endswith(".")
    assert refused.value.code


def test_a_zone_that_is_nearly_all_hole_is_refused():
    assert square(1.0).distance_m(LAT, LON) == pytest.approx(-1, abs=0.01)
    with pytest.raises(ZoneRefused, match=r"its holes leave 0.4 square metres"):
        square(1.0, 0.95)


@pytest.mark.parametrize("value", [None, [], "zone", {"type": "Point"}, {"type": "Feature", "properties": 3}])
def test_what_is_not_a_feature_is_refused(value):
    with pytest.raises(ZoneRefused):
        Zone.from_geojson(value)


def test_a_zone_far_from_the_teams_area_is_refused():
    london = TeamArea(LAT, LON, 60_000)
    assert Zone.from_geojson(feature(), london).zone_id == "home"
    for coordinates, sentence in (
        ([LAT, LON], "seem to be swapped"),
        ([2.35, 48.86], "km from the team's area"),
        ([151, -33], "km"),
    ):
        with pytest.raises(ZoneRefused, match=sentence):
            Zone.from_geojson(feature({"type": "Point", "coordinates": coordinates}, radius_m=5), london)
