"""Which way the wearer goes, as it is read to the police: past the edge, nearer is deeper into the danger."""

from __future__ import annotations

import pytest

from backend.models import Alert, PlaceZone
from backend.police_brief import movement


@pytest.mark.parametrize(
    ("kind", "distance_m", "closing_mps", "said"),
    [
        ("exclusion", 40.0, 4.5, "Towards the zone’s edge at 10 mph."),
        ("exclusion", 40.0, -4.5, "Away from the zone’s edge at 10 mph."),
        ("exclusion", -40.0, 4.5, "Further into the zone at 10 mph."),
        ("exclusion", -40.0, -4.5, "In the zone, towards its edge at 10 mph."),
        ("inclusion", -40.0, 4.5, "Further away from the zone at 10 mph."),
        ("inclusion", -40.0, -4.5, "Back towards the zone at 10 mph."),
        ("restriction", -40.0, 4.5, "Further away from the zone at 10 mph."),
        ("moving", -40.0, 4.5, "Coming nearer to the protected person at 10 mph."),
        ("moving", 40.0, -4.5, "Moving away from the protected person at 10 mph."),
        ("exclusion", -40.0, 0.1, "Hardly moving towards or away from the zone."),
    ],
)
def test_the_movement_read_to_the_police_is_the_one_that_is_seen(
    kind: str, distance_m: float, closing_mps: float, said: str
) -> None:
    zone = PlaceZone(feature={"properties": {"kind": kind}}, moves=kind == "moving")
    alert = Alert(zone=zone, distance_m=distance_m, closing_mps=closing_mps, is_over=False)
    assert movement(alert) == said
