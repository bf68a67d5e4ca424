"""A recorded trace goes in over HTTP as a tag would send it, and the alerts that its path deserves come out."""

from __future__ import annotations

import gzip
import itertools
import json
import math
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from backend import clock, db
from backend import replay as traces
from backend.lifecycle import Danger
from backend.models import Activation, Alert, Fix, PlaceZone, ProtectedPlace, Tag, Victim, Wearer
from backend.settings import Settings
from tests.applications import create_app
from tests.world import World
from zones import Zone
from zones.geo import Frame

LONDON = (51.53, -0.12)


def write(path: Path, fixes: list[dict[str, Any]]) -> Path:
    with gzip.open(path, "wt") if path.suffix == ".gz" else path.open("w") as out:
        out.writelines(json.dumps(fix) + "\n" for fix in fixes)
    return path


def straight(count: int = 40, every_s: float = 15.0) -> list[dict[str, Any]]:
    """A walk of 20 m a fix to the east, somewhere else on Earth."""
    frame = Frame(-33.9, 151.2)
    fixes = []
    for n in range(count):
        lat, lon = frame.to_degrees(20.0 * n, 0.0)
        fixes.append({"trace": "walk", "t": 1.5e9 + n * every_s, "lat": lat, "lon": lon, "acc": 8.0, "speed": 1.3})
    return fixes


def test_the_replay_command_posts_a_trace_signed_and_says_what_was_accepted(world: World, tmp_path: Path) -> None:
    trace = write(tmp_path / "walk.jsonl.gz", straight())
    arguments = ["replay", str(trace), "--tag", "LDN-0001", "--url", world.url, "--speed", "0", "--to", "51.5,-0.3"]
    result = world.app.test_cli_runner().invoke(args=arguments)
    assert result.exit_code == 0, result.output
    assert "40 accepted, 0 duplicate, 0 refused" in result.output
    stored = list(Fix.select().order_by(Fix.fix_time))
    assert (round(stored[0].lat, 6), round(stored[0].lon, 6)) == (51.5, -0.3)
    east, north = Frame(51.5, -0.3).from_degrees(stored[-1].lat, stored[-1].lon)
    assert (round(east), round(north)) == (780, 0)
    assert (stored[-1].fix_time - stored[0].fix_time).total_seconds() == pytest.approx(39 * 15, abs=0.01)
    assert (stored[0].accuracy_m, stored[0].speed_mps) == (8.0, 1.3)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--tag", "NO-SUCH"], "No tag has the serial NO-SUCH"),
        (["--tag", "LDN-0001", "--to", "north"], "LAT,LON"),
        (["--tag", "LDN-0001", "--to", "95,0"], "within 90"),
        (["--tag", "LDN-0001", "--trace-name", "none"], "No fix of the trace is left"),
        (["--tag", "LDN-0001", "--key", "whsec_AAAA"], "401"),
    ],
)
def test_the_replay_command_says_what_is_wrong(world: World, tmp_path: Path, arguments: list[str], words: str) -> None:
    trace = write(tmp_path / "walk.jsonl", straight(3))
    result = world.app.test_cli_runner().invoke(
        args=["replay", str(trace), "--url", world.url, "--speed", "0", *arguments]
    )
    assert result.exit_code != 0
    assert words in result.output


def test_a_line_that_is_no_fix_is_named(tmp_path: Path) -> None:
    path = tmp_path / "bad.jsonl"
    path.write_text('{"t": 1, "lat": 2, "lon": 3}\n{"t": "soon"}\n')
    with pytest.raises(ValueError, match="line 2"):
        traces.read_trace(path)


@pytest.mark.parametrize("speed", [0.0, 1.0, 60.0])
def test_no_fix_of_a_replay_is_ever_in_the_future_and_the_spacing_is_the_traces_own(speed: float) -> None:
    begin = datetime(2026, 11, 24, 20, tzinfo=UTC)
    sent = []
    for due_s, batch in traces.schedule(straight(), speed, begin):
        for fix in batch:
            at = datetime.fromisoformat(fix["fix_time"])
            assert at <= begin + timedelta(seconds=due_s + 0.3)
            sent.append(at)
    assert len(sent) == 40
    assert {(b - a).total_seconds() for a, b in itertools.pairwise(sent)} == {15.0}


def test_a_real_trace_raises_the_alerts_that_its_path_deserves(world: World, shared: Path, tmp_path: Path) -> None:
    source = shared / "evaluation" / "traces" / "mobilitynet_moving.jsonl.gz"
    by_trace: dict[str, list[dict[str, Any]]] = {}
    for fix in traces.read_trace(source):
        by_trace.setdefault(fix["trace"], []).append(fix)
    name, fixes = next(
        (name, fixes)
        for name, fixes in sorted(by_trace.items())
        if len([f for f in fixes if f.get("truth_lat")]) > 300 and fixes[-1]["t"] - fixes[0]["t"] > 900
    )
    moved = traces.moved(fixes, *LONDON)
    here, there = Frame(fixes[0]["lat"], fixes[0]["lon"]), Frame(*LONDON)
    path = [
        (f["t"], *there.to_degrees(*here.from_degrees(f["truth_lat"], f["truth_lon"])))
        for f in fixes
        if f.get("truth_lat") is not None
    ]
    half_way = path[len(path) // 2]
    PlaceZone.update(feature=circle(half_way[1], half_way[2], 200.0)).where(PlaceZone.id == world.zone.id).execute()
    # A place that the path never comes near is watched beside it.
    victim = Victim.create(team=world.team, name="Sofia Marino", created_at=clock.now())
    elsewhere = ProtectedPlace.create(victim=victim, label="Work")
    lat, lon = Frame(*half_way[1:]).to_degrees(30_000.0, 0.0)
    PlaceZone.create(place=elsewhere, wearer=world.wearer, feature=circle(lat, lon, 200.0), from_at=world.zone.from_at)
    db.release_connection()
    arguments = ["replay", str(source), "--trace-name", name, "--tag", "LDN-0001", "--url", world.url, "--speed", "0"]
    result = world.app.test_cli_runner().invoke(args=[*arguments, "--to", ",".join(map(str, LONDON))])
    assert result.exit_code == 0, result.output
    centre = Frame(half_way[1], half_way[2])
    stay = [t for t, lat, lon in path if abs(t - half_way[0]) < 600 and distance(centre, lat, lon) < 200.0]
    alerts = list(Alert.select().order_by(Alert.id))
    assert {alert.place_id for alert in alerts} == {world.place.id}
    # The replay moved the last fix to now, and every other with it.
    newest = Fix.select().order_by(Fix.fix_time.desc()).first()
    shift = newest.fix_time.timestamp() - max(f["t"] for f in moved)
    speaks_of_it = [
        alert
        for alert in alerts
        if alert.peak_danger >= Danger.BREACH_UNCONFIRMED
        and alert.fix_time.timestamp() - shift <= max(stay) + 120
        and alert.last_fix_time.timestamp() - shift >= min(stay)
    ]
    assert len(speaks_of_it) == 1
    # Nothing is raised while the path is farther away than the buffer and the worst honest error.
    for alert in alerts:
        at = alert.fix_time.timestamp() - shift
        near = [distance(centre, lat, lon) for t, lat, lon in path if abs(t - at) < 120]
        assert not near or min(near) < 200.0 + 200.0 + 150.0
    world.reads_everything()


def distance(frame: Frame, lat: float, lon: float) -> float:
    return math.hypot(*frame.from_degrees(lat, lon))


def circle(lat: float, lon: float, radius_m: float) -> dict[str, Any]:
    return {
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": [lon, lat]},
        "properties": {"id": "test", "kind": "exclusion", "radius_m": radius_m, "buffer_m": 200.0},
    }


def test_the_demo_caseload_is_made_once_and_told_in_full(settings: Settings) -> None:
    runner = create_app(settings).test_cli_runner()
    first = json.loads(runner.invoke(args=["seed-demo", "--json"]).stdout)
    again = json.loads(runner.invoke(args=["seed-demo", "--json"]).stdout)
    assert first == again
    assert {person["role"] for person in first["people"]} == {"officer", "supervisor", "administrator"}
    assert {victim["consents_to_sms"] for victim in first["victims"]} == {True, False}
    assert len({tag["team"] for tag in first["tags"]}) == 2
    shapes = [row.feature for row in PlaceZone.select()]
    for tag in first["tags"]:
        mine = PlaceZone.select().join(Wearer).join(Activation).join(Tag).where(Tag.serial == tag["serial"]).get()
        assert Zone.from_geojson(mine.feature).distance_m(**tag["inside"]) < -150
        assert all(Zone.from_geojson(shape).distance_m(**tag["outside"]) >= 2_000 for shape in shapes)
