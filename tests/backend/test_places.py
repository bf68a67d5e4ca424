"""Places by name and names by place, from made-up files in the forms of the ONS postcodes and OS Open Names."""

from __future__ import annotations

from typing import Any

import pytest

from backend import db, demo, places
from backend.errors import InvalidRecord
from backend.models import NamedPlace
from tests.demo_places import as_open_names, named
from tests.world import HOME, World
from zones.national_grid import degrees, easting_northing

POSTCODES = """pcd,pcds,doterm,lat,long
N4 2AA,N4  2AA,,51.5645,-0.1035
N4 9ZZ,N4  9ZZ,201401,51.5000,-0.1000
ZZ99ZZ,ZZ99 3CZ,,99.999999,0.000000
"""


NAMES = "\n".join(
    [
        named("Finsbury Park", "populatedPlace", "Suburban Area", HOME[0], HOME[1] + 0.010),
        named("Finsbury Park Station", "transportNetwork", "Railway Station", HOME[0] + 0.001, HOME[1] - 0.004),
        named("Finsbury Road", "transportNetwork", "Named Road", HOME[0], HOME[1] + 0.0002),
        named("Far Away", "populatedPlace", "Village", 55.0, -3.0),
    ]
)


@pytest.mark.parametrize("at", [(51.5643, -0.1030), (50.1, -5.5), (57.5, -4.2), (60.8, -0.9), (52.6, 1.7)])
def test_the_way_from_the_grid_to_degrees_ends_where_it_began(at: tuple[float, float]) -> None:
    assert degrees(*easting_northing(*at)) == pytest.approx(at, abs=1e-7)


def test_postcodes_and_names_are_found_by_how_they_begin(world: World) -> None:
    assert places.load(POSTCODES.splitlines()) == 1
    assert places.load(NAMES.splitlines()) == 4
    # Loaded again nothing is there twice.
    places.load(POSTCODES.splitlines())
    places.load(NAMES.splitlines())
    assert NamedPlace.select().count() == 5
    assert [one.name for one in places.find("n42a")] == ["N4  2AA"]
    assert [one.name for one in places.find("finsbury")] == ["Finsbury Park", "Finsbury Park Station", "Finsbury Road"]
    assert places.find("n4") == []
    assert places.find("%%%") == []
    assert NamedPlace.select().where(NamedPlace.kind == "Postcode").count() == 1
    db.release_connection()


def test_a_file_of_another_form_changes_nothing(world: World) -> None:
    places.load(POSTCODES.splitlines())
    for lines in (["a,b,c", "1,2,3"], [], ["pcds,lat", "N4 2AA,51"]):
        with pytest.raises(InvalidRecord):
            places.load(lines)
    assert NamedPlace.select().count() == 1
    db.release_connection()


def test_the_nearest_landmark_is_read_out_with_distance_and_direction(world: World) -> None:
    places.load(NAMES.splitlines())
    db.release_connection()
    world.tag.is_far_away()
    world.tag.walks_in()
    where = world.officer.alert()["whereabouts"]
    assert where["nearest"]["name"] == "Finsbury Park Station"
    assert where["nearest"]["direction"] == "east"
    assert 250 < where["nearest"]["distance_m"] < 350
    brief = world.officer.api("GET", f"/v1/alerts/{world.officer.alert()['id']}/police-brief").json()
    said = next(line["text"] for line in brief["lines"] if line["about"] == "Where they are")
    assert "m east of Finsbury Park Station." in said
    world.checks_at_end = False


def test_places_are_searched_by_staff_alone(world: World) -> None:
    places.load(POSTCODES.splitlines())
    db.release_connection()

    def asks(body: dict[str, Any]) -> Any:
        return world.officer.api("POST", "/v1/places/search", json=body)

    assert asks({"text": "N4 2AA"}).json()["places"][0]["lat"] == 51.5645
    assert asks({"text": ""}).status_code == 422
    assert asks({"text": "x" * 101}).status_code == 422
    assert world.api("POST", "/v1/places/search", json={"text": "N4 2AA"}).status_code == 401


def test_the_demos_maps_have_names_around_each_of_its_zones(world: World) -> None:
    assert places.load(as_open_names().splitlines()) > 20
    for case in demo.CASES:
        assert places.landmarks_near(case.lat, case.lon, 2_500), case.place
