"""Simulated tags move and err as real ones do, and report as a real tag must."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from datetime import UTC, datetime

import numpy as np
import pytest
from flask import Flask, Response, request
from standardwebhooks import Webhook

from tests.doubles.server import Server
from tests.doubles.tags import Answer, Batch, Tag, make, plan, sign
from tests.doubles.tracks import Body, Journey, Knot, Mode, Receiver, Step, degrees, journey, metres

KEY = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
INSIDE = (51.4613, -0.1156)
OUTSIDE_M = (1500.0, 2000.0)
RADIUS_M = 300.0
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def away_m(path: Journey, at_s: float) -> float:
    place = path.at(at_s)
    return math.hypot(place.x_m, place.y_m)


def sightings(*, is_indoors: bool, every_s: float = 15.0) -> tuple[np.ndarray, np.ndarray]:
    """Errors and claimed accuracies of 30 receivers over some hours, cell fixes left out."""
    errors, claims = [], []
    for seed in range(30):
        receiver = Receiver(seed)
        for step in range(1500):
            seen = receiver.see(step * every_s, is_indoors=is_indoors)
            if seen.source != "cell":
                errors.append(math.hypot(seen.east_m, seen.north_m))
                claims.append(seen.accuracy_m)
    return np.array(errors), np.array(claims)


class TestError:
    def test_its_percentiles_are_those_of_real_walks(self):
        errors, _ = sightings(is_indoors=False)
        p50, p95, p99 = np.percentile(errors, [50, 95, 99])
        assert 10 <= p50 <= 14
        assert 48 <= p95 <= 64
        assert 88 <= p99 <= 125
        assert errors.max() > 250

    def test_indoors_it_drifts_and_sometimes_jumps_far(self):
        errors, _ = sightings(is_indoors=True)
        assert 25 <= np.percentile(errors, 95) <= 42
        assert errors.max() > 600

    def test_the_claim_is_a_68_percent_radius_and_optimistic_when_small(self):
        errors, claims = sightings(is_indoors=False)
        assert 0.62 <= np.mean(errors <= claims) <= 0.74
        assert 12 <= np.percentile(errors[claims <= 5], 95) <= 21

    @pytest.mark.parametrize(("lag_s", "least", "most"), [(5, 0.8, 1.0), (45, 0.2, 0.55), (300, -0.15, 0.15)])
    def test_neighbours_in_time_err_alike(self, lag_s, least, most):
        receiver = Receiver(7)
        east = np.array([receiver.see(step * 5.0, is_indoors=False).east_m for step in range(40_000)])
        ranks = np.argsort(np.argsort(east))
        lag = lag_s // 5
        assert least <= np.corrcoef(ranks[:-lag], ranks[lag:])[0, 1] <= most

    def test_the_same_seed_gives_the_same_fixes(self):
        path = plan(1, 5, OUTSIDE_M, RADIUS_M)
        tracks = [
            [body.fix(at_s * 15.0) for at_s in range(50)] for body in (Body(3, path, INSIDE), Body(3, path, INSIDE))
        ]
        assert tracks[0] == tracks[1]


class TestJourney:
    @pytest.mark.parametrize("seed", range(1, 9))
    def test_the_first_tag_reaches_its_zone_within_40_s(self, seed):
        path = plan(0, seed * 1000, OUTSIDE_M, RADIUS_M)
        assert away_m(path, 0) > RADIUS_M + 50
        assert away_m(path, 20) > RADIUS_M
        assert away_m(path, 40) < RADIUS_M
        assert min(away_m(path, at_s) for at_s in range(600)) < 10

    def test_others_come_and_go_and_one_never_leaves_home(self):
        paths = [plan(index, index, OUTSIDE_M, RADIUS_M) for index in range(6)]
        nearest = {index: min(away_m(path, at_s) for at_s in range(900)) for index, path in enumerate(paths)}
        assert {index for index, distance_m in nearest.items() if distance_m < RADIUS_M} == {0, 1, 2, 5}
        assert RADIUS_M < nearest[4] < RADIUS_M + 150
        assert nearest[3] == math.hypot(*OUTSIDE_M)

    @pytest.mark.parametrize(
        ("mode", "fastest_mps"), [(Mode.WALK, 1.5), (Mode.BIKE, 5.0), (Mode.BUS, 9.0)], ids=["walk", "bike", "bus"]
    )
    def test_no_one_outruns_their_way_of_travelling(self, mode, fastest_mps):
        path = journey(4, OUTSIDE_M, [Step(mode, (0.0, 0.0))])
        speeds = [path.at(at_s).speed_mps for at_s in range(int(path.ends_at_s))]
        assert max(speeds) <= fastest_mps
        assert 0.0 in speeds
        assert len({round(path.at(at_s).course_deg or 0) for at_s in range(int(path.ends_at_s))}) > 10

    def test_metres_and_degrees_undo_each_other(self):
        assert metres(INSIDE, *degrees(INSIDE, 1234.0, -567.0)) == pytest.approx((1234.0, -567.0), abs=0.01)


class Line:
    """A connection that answers as laid out, and remembers what came."""

    def __init__(self, *answers: Answer) -> None:
        self.answers = list(answers)
        self.batches: list[Batch] = []

    def __call__(self, serial: str, batch: Batch) -> Answer:
        self.batches.append(batch)
        return self.answers.pop(0) if self.answers else Answer(200, 60.0)

    def counts(self) -> list[int]:
        return [len(json.loads(batch.body)["fixes"]) for batch in self.batches]


def a_tag(line: Line) -> Tag:
    body = Body(1, Journey([Knot(0.0, 0.0, 0.0, Mode.STAY)]), INSIDE)
    return Tag("T1", body, line, now=lambda: NOON)


class TestTag:
    def test_it_reports_as_often_as_it_is_told(self):
        tag = a_tag(line := Line(Answer(200, 15.0), Answer(200, 60.0)))
        tag.act(0)
        assert tag.due_in_s(0) == 15
        tag.act(15)
        assert tag.due_in_s(15) == 60
        assert line.counts() == [1, 1]

    def test_it_keeps_its_fixes_and_repeats_a_batch_under_the_same_id(self):
        tag = a_tag(line := Line(Answer(0), Answer(503, retry_after_s=7)))
        tag.act(0)
        assert tag.due_in_s(0) == 5
        tag.act(5)
        assert tag.due_in_s(5) == 7
        tag.act(60)
        assert line.counts() == [1, 1, 1, 1]
        assert len({batch.id for batch in line.batches}) == 2
        assert line.batches[0].body == line.batches[2].body

    def test_a_backlog_goes_out_oldest_first_in_one_batch(self):
        tag = a_tag(line := Line(*[Answer(503, retry_after_s=100)] * 3))
        for at_s in range(0, 301, 60):
            tag.act(at_s)
        tag.act(340)
        assert line.counts()[-1] == 5
        assert not tag.backlog

    def test_a_batch_too_large_is_halved(self):
        tag = a_tag(line := Line(Answer(413)))
        tag.backlog.extend({"fix_time": "earlier"} for _ in range(9))
        tag.act(0)
        tag.act(5)
        assert line.counts() == [10, 5, 5]

    def test_the_signature_is_the_standard_one(self):
        body, stamp = b'{"fixes":[]}', int(datetime.now(UTC).timestamp())
        headers = {
            "webhook-id": "msg_1",
            "webhook-timestamp": str(stamp),
            "webhook-signature": sign(KEY, "msg_1", stamp, body),
        }
        assert Webhook(KEY).verify(body, headers) == {"fixes": []}


def test_the_command_posts_signed_fixes_and_stops_at_once(tmp_path):
    """The first fix of each tag arrives; then SIGTERM ends the process without a trace."""
    taken: list[tuple[str, dict]] = []
    app = Flask("cordon")
    server = Server("127.0.0.1", 0, app)

    @app.post("/v1/tags/<serial>/fixes")
    def take(serial: str) -> Response:
        taken.append((serial, Webhook(KEY).verify(request.get_data(), dict(request.headers))))
        if {each for each, _ in taken} == {"T1", "T2", "T3"}:
            process.terminate()
        return {"accepted": 1, "report_interval_s": 15}

    lat, lon = degrees(INSIDE, *OUTSIDE_M)
    tags = [
        {
            "serial": serial,
            "key": KEY,
            "inside": {"lat": INSIDE[0], "lon": INSIDE[1]},
            "outside": {"lat": lat, "lon": lon},
        }
        for serial in ("T1", "T2", "T3")
    ]
    demo = tmp_path / "demo.json"
    demo.write_text(json.dumps({"tags": tags, "people": []}))
    command = [sys.executable, "-m", "tests.doubles.tags", "--demo", str(demo), "--url"]
    process = subprocess.Popen(
        [*command, f"http://127.0.0.1:{server.server_port}"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    server.start()
    output, _ = process.communicate(timeout=20)
    server.stop()
    assert process.returncode == 0, output
    first = next(body["fixes"][0] for serial, body in taken if serial == "T1")
    assert datetime.fromisoformat(first["fix_time"]).tzinfo is UTC
    assert {"lat", "lon", "source", "battery_pct", "accuracy_m"} <= set(first)
    assert 250 < math.hypot(*metres(INSIDE, first["lat"], first["lon"])) < 500
    third = next(body["fixes"][0] for serial, body in taken if serial == "T3")
    assert "accuracy_m" not in third


def test_a_demo_of_six_tags_stays_gentle():
    """At most one request a tag each 15 s, as it is asked; the first one begins with the fixes of its last minute."""
    line = Line(*[Answer(200, 15.0)] * 10_000)
    spot = {"lat": INSIDE[0], "lon": INSIDE[1]}
    lat, lon = degrees(INSIDE, *OUTSIDE_M)
    given = [{"serial": str(i), "key": KEY, "inside": spot, "outside": {"lat": lat, "lon": lon}} for i in range(6)]
    for tag in make({"tags": given}, line, seed=1, radius_m=RADIUS_M):
        for at_s in range(0, 300):
            tag.act(float(at_s))
    assert len(line.batches) == 6 * 300 / 15
    assert sorted(line.counts())[-2:] == [1, 5]
