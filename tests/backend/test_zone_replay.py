"""What a zone would have raised is told before it is saved, from stored fixes, to those who may know."""

from __future__ import annotations

import json
from pathlib import Path

from backend import clock
from backend.models import Alert, Role, Team
from tests.world import HOME, World
from zones.geo import Frame


def feature(metres_east: float, **properties: object) -> dict:
    lat, lon = Frame(*HOME).to_degrees(metres_east, 0.0)
    return {
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": [lon, lat]},
        "properties": {"id": "new", "kind": "exclusion", "radius_m": 200, "buffer_m": 200, **properties},
    }


def walk_past_a_new_place(world: World) -> None:
    """The wearer spends a while 3 km east of the zone that is in force."""
    world.stop_worker()
    for metres in (5_000.0, 4_000.0, 3_400.0, 3_050.0, 3_000.0, 2_980.0, 3_000.0, 3_400.0, 4_200.0, 5_000.0):
        world.tag.stays(metres, for_s=120, every_s=60)


def test_a_zone_is_replayed_over_stored_fixes_and_nothing_is_raised(world: World) -> None:
    walk_past_a_new_place(world)
    path = f"/v1/wearers/{world.wearer.id}/zone-replay"
    told = world.officer.api("POST", path, json={"zone": feature(3_000.0), "days": 30}).json()
    assert told["fixes"] == 20
    assert told["breaches"] == {"confirmed": 1, "unconfirmed": 0, "withdrawn": 0}
    assert sum(told["breaches_by_hour"]) == 1
    breach = next(alert for alert in told["alerts"] if alert["level"] == "breach")
    assert breach["nearest_m"] < -100
    nowhere = world.supervisor.api("POST", path, json={"zone": feature(-9_000.0)}).json()
    assert (nowhere["breaches"]["confirmed"], nowhere["alerts"]) == (0, [])
    assert Alert.select().count() == 0


def test_only_the_wearers_own_team_may_ask_and_a_bad_zone_is_refused_in_a_sentence(world: World) -> None:
    path = f"/v1/wearers/{world.wearer.id}/zone-replay"
    other = Team.create(name="South London", created_at=clock.now())
    stranger = world.person(Role.OFFICER, "Dev Patel", None, team=other)
    administrator = world.person(Role.ADMINISTRATOR, "Ivy Chen", None)
    assert stranger.api("POST", path, json={"zone": feature(0.0)}).json()["code"] == "not_found"
    assert administrator.api("POST", path, json={"zone": feature(0.0)}).json()["code"] == "not_allowed"
    refused = world.officer.api("POST", path, json={"zone": feature(0.0, radius_m=0)})
    assert (refused.status_code, refused.json()["code"]) == (422, "zone_refused")
    assert refused.json()["reason"]
    assert refused.json()["detail"].endswith(".")
    assert world.officer.api("POST", path, json={"zone": feature(0.0), "days": 0}).json()["code"] == "invalid_request"


def test_the_command_says_the_same(world: World, tmp_path: Path) -> None:
    walk_past_a_new_place(world)
    zone = tmp_path / "zone.geojson"
    zone.write_text(json.dumps(feature(3_000.0)))
    runner = world.app.test_cli_runner()
    told = json.loads(runner.invoke(args=["replay-zone", str(zone), "--wearer", str(world.wearer.id)]).stdout)
    assert told["breaches"]["confirmed"] == 1
    assert "no wearer" in runner.invoke(args=["replay-zone", str(zone), "--wearer", "99"]).output
    zone.write_text("{}")
    assert "cannot be used" in runner.invoke(args=["replay-zone", str(zone), "--wearer", "1"]).output
