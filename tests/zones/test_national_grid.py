"""National Grid references against worked examples and another implementation, and the eight directions."""

from __future__ import annotations

import math

import pytest

from zones.national_grid import _project, direction, easting_northing, grid_reference


def test_the_projection_agrees_with_the_worked_example_of_the_ordnance_survey() -> None:
    # Source: "A guide to coordinate systems in Great Britain", annexe C.1.
    phi, lam = math.radians(52 + 39 / 60 + 27.2531 / 3_600), math.radians(1 + 43 / 60 + 4.5177 / 3_600)
    assert _project(phi, lam) == pytest.approx((651_409.903, 313_177.270), abs=0.001)


@pytest.mark.parametrize(
    ("lat", "lon", "east", "north"),
    [
        # As PROJ 9 converts EPSG:4326 to EPSG:27700 without a grid of corrections.
        (51.501009, -0.141588, 529_089.970, 179_645.007),
        (57.0, -5.0, 217_883.714, 793_873.628),
        (60.15, -1.15, 447_297.006, 1_140_915.175),
        (55.95, -3.19, 325_784.748, 673_635.768),
        (50.07, -5.71, 134_622.317, 25_471.599),
    ],
)
def test_eastings_and_northings_agree_with_another_implementation(
    lat: float, lon: float, east: float, north: float
) -> None:
    assert easting_northing(lat, lon) == pytest.approx((east, north), abs=0.01)


@pytest.mark.parametrize(
    ("lat", "lon", "east", "north"),
    [
        # Source: test points of OSTN15, the Ordnance Survey's own transformation.
        (49.92226393730, -6.29977752014, 91_492.146, 11_318.804),
        (51.48936564950, -0.11992557180, 530_624.974, 178_388.464),
    ],
)
def test_references_are_within_five_metres_of_the_surveys_own(
    lat: float, lon: float, east: float, north: float
) -> None:
    found = easting_northing(lat, lon)
    assert math.dist(found, (east, north)) < 5


@pytest.mark.parametrize(
    ("lat", "lon", "accuracy_m", "reference"),
    [
        pytest.param(51.501009, -0.141588, 8.0, "TQ 2908 7964", id="a good fix names 10 m"),
        pytest.param(51.501009, -0.141588, 120.0, "TQ 290 796", id="a coarse one names 100 m"),
        pytest.param(51.501009, -0.141588, 2_000.0, "TQ 29 79", id="that of a mast names 1 km"),
        pytest.param(51.501009, -0.141588, None, "TQ 290 796", id="one of unknown accuracy names 100 m"),
        pytest.param(60.15, -1.15, 5.0, "HU 4729 4091", id="Shetland"),
        pytest.param(55.95, -3.19, 5.0, "NT 2578 7363", id="Edinburgh"),
        pytest.param(50.07, -5.71, 5.0, "SW 3462 2547", id="Land's End"),
        pytest.param(54.6, -5.93, 5.0, None, id="Belfast is on the Irish grid"),
        pytest.param(48.85, 2.35, 5.0, None, id="Paris is on no grid of ours"),
        pytest.param(0.0, 0.0, 5.0, None, id="nor is the null island"),
    ],
)
def test_a_reference_is_as_fine_as_the_fix(lat: float, lon: float, accuracy_m: float | None, reference: str) -> None:
    assert grid_reference(lat, lon, accuracy_m) == reference


@pytest.mark.parametrize(
    ("east_m", "north_m", "word"),
    [(0, 1, "north"), (1, 1, "north-east"), (1, 0, "east"), (0, -1, "south"), (-1, 0, "west"), (-1, 9, "north")],
)
def test_directions_are_eight(east_m: float, north_m: float, word: str) -> None:
    assert direction(east_m, north_m) == word
