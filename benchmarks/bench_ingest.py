"""Ingest in the shape of real life: many tags, once a minute each on plausible walks, four zones each, sent by ``wrk``.

Every request is signed beforehand and written to a file, so that the load costs little beside the server; ``wrk`` (a
Debian package) sends them as fast as they are taken, the fixes of each tag in their order. A plain view on the same
server software, which stores one fix with one commit a request and neither verifies nor judges, takes requests of the
same shape in the same run. ``python -m benchmarks.bench_ingest --help`` has the sizes.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import math
import os
import random
import re
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
from standardwebhooks import Webhook

from backend import bulk_statements, clock, db, tag_signatures
from backend.models import Activation, PlaceZone, ProtectedPlace, Tag, Team, Victim, Wearer
from backend.settings import Settings
from benchmarks.bench_line import databases, plain_server
from tests.processes import web_server

LONDON = (51.5072, -0.1276)
DEGREE_M = 111_320.0
ZONES_EACH = 4
BATCH = 2_000
INTERVAL = timedelta(seconds=60)
# Shares of tags that lie still, walk, and ride, by day; a device at rest errs by some metres.
WALKS, RIDES = 0.15, 0.05
WALK_MPS, RIDE_MPS, NOISE_M = 1.3, 9.0, 6.0

# Each thread of wrk has its own tags, so that the fixes of one tag go out in their order.
LUA = """
local threads = {}
function setup(thread)
  thread:set("id", #threads)
  table.insert(threads, thread)
end
function init(args)
  requests, sent = {}, 0
  local name
  for line in io.lines(args[1] .. "." .. id) do
    if name == nil then name = line else
      local fields = {}
      for field in string.gmatch(line, "[^\\t]+") do table.insert(fields, field) end
      requests[#requests + 1] = wrk.format("POST", fields[1], {
        ["Content-Type"] = "application/json", ["webhook-id"] = fields[2],
        ["webhook-timestamp"] = fields[3], ["webhook-signature"] = fields[4]}, fields[5])
    end
  end
  failed, count = 0, #requests
end
function request()
  sent = sent + 1
  return requests[math.min(sent, #requests)]
end
function response(status)
  if status ~= 200 then failed = failed + 1 end
end
function done(summary)
  local bad, spent = 0, 0
  for _, thread in ipairs(threads) do
    bad = bad + thread:get("failed")
    if thread:get("sent") > thread:get("count") then spent = 1 end
  end
  print(string.format("FIGURES %d %d %d %d", summary.requests, summary.duration, bad, spent))
end
"""


@dataclass(frozen=True, slots=True)
class Figures:
    """What one server did: requests answered, in so many seconds, and how many of them not by 200."""

    requests: int
    seconds: float
    refused: int
    # What the server and its database took of the processors for it.
    cpu_s: float

    @property
    def cpu_ms(self) -> float:
        """Milliseconds of one core for each request: what a busy machine changes least."""
        return 1_000 * self.cpu_s / self.requests

    @property
    def rate(self) -> float:
        """Requests a second."""
        return self.requests / self.seconds


def move(place: tuple[float, float], metres: float, heading: float) -> tuple[float, float]:
    """Return the place so many metres off in a direction."""
    lat = place[0] + metres * math.cos(heading) / DEGREE_M
    return lat, place[1] + metres * math.sin(heading) / (DEGREE_M * math.cos(math.radians(place[0])))


def populate(
    settings: Settings, count: int, zones_each: int, rng: random.Random
) -> list[tuple[str, str, tuple[float, float]]]:
    """Make ``count`` wearers with a tag and some zones each, kilometres from home; return serial, key and home."""
    db.bind(settings.database_url)
    db.migrate()
    since = clock.now() - timedelta(days=1)
    team = Team.create(name="North London", created_at=since)
    victim = Victim.create(team=team, name="Laura Bennett", created_at=since)
    places = [ProtectedPlace.create(victim=victim, label=f"Place {z}").id for z in range(ZONES_EACH)]
    made = []
    for first in range(0, count, BATCH):
        numbers = range(first, min(count, first + BATCH))
        with db.atomic():
            wearers = [{"team": team.id, "name": f"Wearer {n}", "created_at": since} for n in numbers]
            Wearer.insert_many(wearers).execute()
            keys = {n: tag_signatures.new_key() for n in numbers}
            bulk_statements.insert_rows(
                Tag, [{"serial": f"T{n:06d}", "key": keys[n], "created_at": since} for n in numbers]
            )
            fitted = {"from_at": since, "is_in_error": False, "is_beside": False}
            rows = [{"tag": n + 1, "wearer": n + 1, **fitted} for n in numbers]
            bulk_statements.insert_rows(Activation, rows)
            zones = []
            for n in numbers:
                home = move(LONDON, 25_000 * math.sqrt(rng.random()), rng.uniform(0, math.tau))
                made.append((f"T{n:06d}", keys[n], home))
                for z in range(zones_each):
                    centre = move(home, rng.uniform(1_500, 9_000), rng.uniform(0, math.tau))
                    shape = {"type": "Point", "coordinates": [centre[1], centre[0]]}
                    rule = {"id": f"z{n}-{z}", "kind": "exclusion", "radius_m": 300, "buffer_m": 300}
                    feature = {"type": "Feature", "geometry": shape, "properties": rule}
                    zones.append({"place": places[z], "wearer": n + 1, "from_at": since, "feature": feature})
            for some in range(0, len(zones), BATCH):
                PlaceZone.insert_many(zones[some : some + BATCH]).execute()
    db.database.obj.close_all()
    return made


def walks(homes: list[tuple[float, float]], minutes: int, rng: random.Random) -> Iterator[list[tuple[float, float]]]:
    """Yield where each tag is, minute by minute: most at rest, some walking, some riding."""
    now = list(homes)
    speeds = []
    for _ in homes:
        drawn = rng.random()
        speeds.append(RIDE_MPS if drawn < RIDES else WALK_MPS if drawn < RIDES + WALKS else 0.0)
    headings = [rng.uniform(0, math.tau) for _ in homes]
    for _ in range(minutes):
        for n, speed in enumerate(speeds):
            if speed:
                headings[n] += rng.gauss(0, 0.4)
                now[n] = move(now[n], speed * INTERVAL.total_seconds(), headings[n])
        yield [move(place, abs(rng.gauss(0, NOISE_M)), rng.uniform(0, math.tau)) for place in now]


def write_requests(
    made: list[tuple[str, str, tuple[float, float]]], minutes: int, threads: int, path: Path, rng: random.Random
) -> int:
    """Sign the requests of so many minutes, the last of them now, and write them to a file for each thread."""
    now = datetime.now(UTC)
    begin = now - INTERVAL * (minutes - 1)
    signers = [Webhook(key) for _, key, _ in made]
    lines: list[list[str]] = [["requests"] for _ in range(threads)]
    for minute, places in enumerate(walks([home for _, _, home in made], minutes, rng)):
        for n, (lat, lon) in enumerate(places):
            at = begin + INTERVAL * minute - timedelta(seconds=rng.uniform(0, 5))
            fix = {"fix_time": at.isoformat(), "lat": round(lat, 6), "lon": round(lon, 6), "accuracy_m": 8.0}
            body, webhook_id = json.dumps({"fixes": [fix]}), uuid.uuid4().hex
            signature = signers[n].sign(webhook_id, now, body)
            fields = (f"/v1/tags/{made[n][0]}/fixes", webhook_id, str(int(now.timestamp())), signature, body)
            lines[n % threads].append("\t".join(fields))
    for thread, some in enumerate(lines):
        Path(f"{path}.{thread}").write_text("\n".join(some) + "\n")
    return sum(len(some) - 1 for some in lines)


def cpu_s() -> float:
    """Return the seconds of processor time of the server and the database, which are children of this process."""
    found = 0.0
    for process in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.Error):
            times = process.cpu_times()
            found += times.user + times.system
    return found


def send(url: str, requests: Path, script: Path, threads: int, connections: int, seconds: int) -> Figures:
    """Let ``wrk`` send the requests for so long; return what it counted. There have to be more than it can send."""
    command = ["wrk", f"-t{threads}", f"-c{connections}", f"-d{seconds}s", "--timeout", "30s", "-s", str(script), url]
    before = cpu_s()
    said = subprocess.run([*command, "--", str(requests)], capture_output=True, text=True, check=True).stdout
    took_cpu_s = cpu_s() - before
    found = re.search(r"FIGURES (\d+) (\d+) (\d+) (\d+)", said)
    if found is None:
        raise RuntimeError(f"wrk printed no figures: {said[-300:]}")
    count, took_us, refused, is_spent = (int(one) for one in found.groups())
    if is_spent:
        raise RuntimeError("there were too few requests for so long: give more with --requests")
    return Figures(count, took_us / 1e6, refused, took_cpu_s)


def measure(
    settings: Settings,
    server: Callable[[Settings], AbstractContextManager[str]],
    count: int,
    zones_each: int,
    minutes: int,
    seconds: int,
    folder: Path,
) -> Figures:
    """Populate a database, sign so many minutes of every tag, and let a server take them."""
    rng = random.Random(14)
    made = populate(settings, count, zones_each, rng)
    script, requests = folder / "send.lua", folder / f"requests-{uuid.uuid4().hex}"
    script.write_text(LUA)
    write_requests(made, minutes, 2, requests, rng)
    with server(settings) as url:
        return send(url, requests, script, 2, 32, seconds)


def run(sizes: tuple[int, ...] = (1_000, 30_000), requests: int = 30_000, seconds: int = 20) -> None:
    """Print the figures of each size, ours beside the plain view's, and how busy the machine was."""
    if shutil.which("wrk") is None:
        print("ingest in the shape of real life: not measured, wrk is not installed (apt-get install wrk)")
        return
    with databases() as fresh, tempfile.TemporaryDirectory() as scratch:
        settings = Settings(
            database_url="", secret_key="a key for benchmarks only", database_connections=20, signature_tolerance_s=900
        )
        for count in sizes:
            minutes = max(1, requests // count)
            busy = os.getloadavg()[0]
            ours = measure(
                settings.changed(database_url=fresh(f"ingest_{count}")),
                web_server,
                count,
                ZONES_EACH,
                minutes,
                seconds,
                Path(scratch),
            )
            plain = measure(
                settings.changed(database_url=fresh(f"plain_{count}")),
                lambda config: plain_server(config, Path(scratch)),
                count,
                0,  # The plain view asks for none.
                minutes,
                seconds,
                Path(scratch),
            )
            print(
                f"{count:,} tags, {ZONES_EACH} zones each, a fix a minute ({minutes} min): {ours.rate:.0f} requests/s "
                f"verified, judged, committed ({ours.requests} in {ours.seconds:.1f} s, {ours.refused} refused); "
                f"plain view {plain.rate:.0f}/s ({plain.refused} refused); ratio {ours.rate / plain.rate:.2f}; "
                f"processor time {ours.cpu_ms:.1f} and {plain.cpu_ms:.1f} ms a request; "
                f"load of the machine before {busy:.1f} on {os.cpu_count()} cores"
            )


def main() -> None:
    """Read the sizes and run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tags", type=int, nargs="+", default=[1_000, 30_000])
    parser.add_argument("--requests", type=int, default=30_000, help="about how many for each size of fleet")
    parser.add_argument("--seconds", type=int, default=20)
    asked = parser.parse_args()
    run(tuple(asked.tags), asked.requests, asked.seconds)


if __name__ == "__main__":
    main()
