"""Serves simulated tags: `python -m tests.doubles.tags --url http://127.0.0.1:8000 --demo DEMO.json`.

Each walks, rides and stays between its `outside` and its `inside`, and posts signed fixes as a tag would.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import hmac
import json
import logging
import math
import signal
import sys
import threading
import time
import uuid
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import urllib3

from tests.doubles.tracks import Body, Journey, Mode, Spot, Step, journey, metres

logger = logging.getLogger("tests.doubles.tags")

REPORT_INTERVAL_S = 60.0
# The first tag begins with the fixes of its last minute, as one that had no network: it is seen to move, and is asked
# to report often enough for the person who has just opened the page to see it arrive.
HAD_NO_NETWORK_S = (60.0, 45.0, 30.0, 15.0)
ANSWER_WITHIN_S = 5.0
BATCH = 200
BACKLOG = 5000
FIRST_RETRY_S, LONGEST_RETRY_S = 5.0, 60.0
ROUNDS = 40


def plan(index: int, seed: int, outside: Spot, radius_m: float) -> Journey:
    """What the wearer of tag `index` does, in metres around its `inside`.

    Tag 0 walks briskly from 55 m outside the zone's edge over it, about 30 s after the start. Of the others one
    rides in by bus, one cycles straight through, one never leaves home, one comes near and turns back, and one
    walks in later; each begins far enough along its way to come within minutes.
    """
    inside = (0.0, 0.0)
    away_m = math.hypot(*outside)
    towards = (outside[0] / away_m, outside[1] / away_m)

    def on_line(distance_m: float) -> Spot:
        return towards[0] * distance_m, towards[1] * distance_m

    home, beyond, near = outside, on_line(-radius_m - 1500.0), on_line(radius_m + 90.0)
    match index % 6:
        case 0:
            arrival = [
                Step(Mode.BRISK, on_line(max(radius_m - 60.0, radius_m * 0.4)), is_direct=True),
                Step(Mode.WALK, inside),
                Step(Mode.STAY, stay_s=150.0),
                Step(Mode.BUS, home),
                Step(Mode.STAY, stay_s=240.0),
            ]
            again = [
                Step(Mode.BIKE, inside),
                Step(Mode.STAY, stay_s=180.0),
                Step(Mode.BUS, home),
                Step(Mode.STAY, stay_s=420.0),
            ]
            come = [Step(Mode.BRISK, on_line(radius_m + 55.0), is_direct=True)]
            return _arriving(seed, on_line(radius_m + 190.0), come + arrival + again * ROUNDS, come, 0.0)
        case 1:
            ride = [Step(Mode.BUS, inside), Step(Mode.STAY, stay_s=240.0), Step(Mode.BIKE, home)]
            return _arriving(seed, home, [*ride, Step(Mode.STAY, stay_s=300.0)] * ROUNDS, ride[:1], 250.0)
        case 2:
            through = [Step(Mode.BIKE, inside), Step(Mode.BIKE, beyond), Step(Mode.STAY, stay_s=300.0)]
            back = [Step(Mode.BIKE, inside), Step(Mode.BIKE, home), Step(Mode.STAY, stay_s=300.0)]
            return _arriving(seed, home, (through + back) * ROUNDS, through[:1], 330.0)
        case 3:
            return journey(seed, home, [Step(Mode.STAY, stay_s=86_400.0)])
        case 4:
            approach = [Step(Mode.BIKE, near), Step(Mode.STAY, stay_s=120.0), Step(Mode.WALK, home)]
            return _arriving(seed, home, [*approach, Step(Mode.STAY, stay_s=400.0)] * ROUNDS, approach[:1], 240.0)
        case _:
            walk = [Step(Mode.WALK, inside), Step(Mode.STAY, stay_s=300.0), Step(Mode.BUS, home)]
            return _arriving(seed, home, [*walk, Step(Mode.STAY, stay_s=500.0)] * ROUNDS, walk[:1], 660.0)


def _arriving(seed: int, start: Spot, steps: list[Step], way: list[Step], after_s: float) -> Journey:
    """The journey of `steps`, begun so long ago that the end of `way` is reached `after_s` from now."""
    takes_s = journey(seed, start, way).ends_at_s
    return journey(seed, start, steps, head_start_s=takes_s - after_s)


@dataclass(frozen=True)
class Answer:
    """What a post came to: the status, 0 when no one answered, and what the answer asks of the tag."""

    status: int
    report_interval_s: float | None = None
    retry_after_s: float | None = None


@dataclass
class Batch:
    """Fixes on their way; retried under the same id, so that a repeat changes nothing."""

    id: str
    body: bytes


def sign(key: str, batch_id: str, timestamp: int, body: bytes) -> str:
    """The `webhook-signature` of a body. Source: the Standard Webhooks specification, symmetric `v1`."""
    secret = base64.b64decode(key.removeprefix("whsec_") + "==")
    digest = hmac.new(secret, f"{batch_id}.{timestamp}.".encode() + body, hashlib.sha256).digest()
    return "v1," + base64.b64encode(digest).decode()


class Tag:
    """One simulated tag: takes a fix each interval, keeps what could not be sent, and tries again."""

    def __init__(
        self,
        serial: str,
        body: Body,
        post: Callable[[str, Batch], Answer],
        *,
        had_no_network: bool = False,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.serial = serial
        self.interval_s = REPORT_INTERVAL_S
        self.backlog: deque[dict[str, Any]] = deque(maxlen=BACKLOG)
        self._body = body
        self._post = post
        self._earlier_s = HAD_NO_NETWORK_S if had_no_network else ()
        self._now = now
        self._batch: Batch | None = None
        self._size = BATCH
        self._failures = 0
        self._taken_at_s: float | None = None
        self._post_at_s = 0.0

    def due_in_s(self, at_s: float) -> float:
        """How long until there is something to do, `at_s` seconds after the start."""
        fix_at_s = 0.0 if self._taken_at_s is None else self._taken_at_s + self.interval_s
        return max(0.0, min(fix_at_s, self._post_at_s if self._has_unsent else math.inf) - at_s)

    def act(self, at_s: float) -> None:
        """Take a fix if it is time, and send what there is if it may be sent."""
        if self._taken_at_s is None or at_s >= self._taken_at_s + self.interval_s:
            for ago_s in (*(self._earlier_s if self._taken_at_s is None else ()), 0.0):
                at = self._now() - timedelta(seconds=ago_s)
                fix_time = at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
                self.backlog.append({"fix_time": fix_time, **self._body.fix(at_s - ago_s)})
            self._taken_at_s = at_s
        while self._has_unsent and at_s >= self._post_at_s:
            self._send(at_s)

    @property
    def _has_unsent(self) -> bool:
        return self._batch is not None or bool(self.backlog)

    def _send(self, at_s: float) -> None:
        if self._batch is None:
            fixes = [self.backlog.popleft() for _ in range(min(self._size, len(self.backlog)))]
            self._batch = Batch(f"msg_{uuid.uuid4().hex}", json.dumps({"fixes": fixes}).encode())
        answer = self._post(self.serial, self._batch)
        if 200 <= answer.status < 300:
            self._batch, self._failures, self._size = None, 0, BATCH
            if answer.report_interval_s and answer.report_interval_s != self.interval_s:
                logger.info("Tag %s reports every %g s now", self.serial, answer.report_interval_s)
                self.interval_s = max(5.0, answer.report_interval_s)
            return
        if answer.status == 413:
            fixes = json.loads(self._batch.body)["fixes"]
            self.backlog.extendleft(reversed(fixes))
            self._batch, self._size = None, max(1, len(fixes) // 2)
        wait_s = min(LONGEST_RETRY_S, FIRST_RETRY_S * 2**self._failures)
        self._post_at_s = at_s + (answer.retry_after_s if answer.retry_after_s is not None else wait_s)
        if self._failures == 0:
            logger.info("Tag %s keeps its fixes: %s", self.serial, answer.status or "nobody answers")
        self._failures += 1

    def run(self, stopping: threading.Event, started_at_s: float) -> None:
        """Act in real time until told to stop."""
        while not stopping.wait(self.due_in_s(time.monotonic() - started_at_s)):
            self.act(time.monotonic() - started_at_s)


class Poster:
    """Posts signed batches to Cordon."""

    def __init__(self, url: str, keys: dict[str, str]) -> None:
        self._url = url.rstrip("/")
        self._keys = keys
        self._http = urllib3.PoolManager(maxsize=8, retries=False)

    def __call__(self, serial: str, batch: Batch) -> Answer:
        """Post one batch, signed anew because the signature covers the time of sending."""
        timestamp = int(time.time())
        headers = {
            "content-type": "application/json",
            "user-agent": "simulated-tag/1",
            "webhook-id": batch.id,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": sign(self._keys[serial], batch.id, timestamp, batch.body),
        }
        address = f"{self._url}/v1/tags/{serial}/fixes"
        try:
            answer = self._http.request("POST", address, body=batch.body, headers=headers, timeout=ANSWER_WITHIN_S)
        except urllib3.exceptions.HTTPError:
            return Answer(0)
        return Answer(answer.status, _interval_in(answer.data), _seconds_in(answer.headers.get("Retry-After")))


def _interval_in(body: bytes) -> float | None:
    try:
        interval_s = json.loads(body)["report_interval_s"]
    except (ValueError, KeyError, TypeError):
        return None
    return float(interval_s) if isinstance(interval_s, int | float) else None


def _seconds_in(header: str | None) -> float | None:
    return float(header) if header and header.isdigit() else None


def make(demo: dict[str, Any], post: Callable[[str, Batch], Answer], seed: int, radius_m: float) -> list[Tag]:
    """The tags of a demo caseload. Each may say its zone's `radius_m`; every third gives no accuracy."""
    tags = []
    for index, given in enumerate(demo["tags"]):
        inside = (given["inside"]["lat"], given["inside"]["lon"])
        outside = metres(inside, given["outside"]["lat"], given["outside"]["lon"])
        zone = given.get("zone") or {}
        edge_m = float(given.get("radius_m") or (zone.get("radius_m") if isinstance(zone, dict) else 0) or radius_m)
        path = plan(index, seed * 1000 + index, outside, edge_m)
        body = Body(seed * 1000 + 500 + index, path, inside, has_accuracy=index % 3 != 2)
        tags.append(Tag(str(given["serial"]), body, post, had_no_network=index == 0))
    return tags


def main() -> int:
    """Run the tags until SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(prog="python -m tests.doubles.tags", description=__doc__)
    parser.add_argument("--url", default="http://127.0.0.1:8000", help="where Cordon listens")
    parser.add_argument("--demo", type=Path, required=True, help="what `flask seed-demo --json` printed")
    parser.add_argument("--seed", type=int, default=1, help="the same seed makes the same journeys")
    parser.add_argument("--zone-radius-m", type=float, default=250.0, help="for tags that do not say their `radius_m`")
    given = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stdout)
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    demo = json.loads(given.demo.read_text(encoding="utf-8"))
    keys = {str(tag["serial"]): tag["key"] for tag in demo["tags"]}
    tags = make(demo, Poster(given.url, keys), given.seed, given.zone_radius_m)
    started_at_s = time.monotonic()
    for tag in tags:
        # Daemons: a post that is under way must not hold up the end.
        threading.Thread(target=tag.run, args=(stopping, started_at_s), daemon=True).start()
    logger.info("%d simulated tags report to %s", len(tags), given.url)
    stopping.wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())
