"""The line of a fix over HTTP: from a request's arrival to the frame at an officer's socket; durable posts a second.

Everything is real and separate: gunicorn as `make serve` starts it, on PostgreSQL, signed requests
from this process, a Socket.IO client in another thread. The baseline beside it is a plain Flask view that stores one
fix with one commit a request, on the same server with the same database.
"""

from __future__ import annotations

import http.client
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import socketio
from standardwebhooks import Webhook

from backend import authentication, clock, db, tag_signatures
from backend.models import Activation, Alert, Person, PlaceZone, ProtectedPlace, Role, Tag, Team, Victim, Wearer
from backend.settings import Settings
from tests.postgres import PostgresServer, create_database
from tests.processes import ROOT, environment, free_port, stop, web_server
from tests.world import eventually

PASSWORD = "a password for benchmarks"
HOME = (51.5643, -0.1030)
FAR = (51.70, -0.30)


class Signer:
    """One tag that posts over one kept-alive connection."""

    def __init__(self, url: str, serial: str, key: str) -> None:
        parts = urlsplit(url)
        self._connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=60)
        self._path = f"/v1/tags/{serial}/fixes"
        self._webhook = Webhook(key)

    def post(self, lat: float, lon: float, at: datetime | None = None) -> tuple[int, bytes]:
        """Post one fix and return the answer's status and body."""
        now = datetime.now(UTC)
        body = json.dumps({"fixes": [{"fix_time": (at or now).isoformat(), "lat": lat, "lon": lon, "accuracy_m": 6.0}]})
        webhook_id = uuid.uuid4().hex
        headers = {
            "Content-Type": "application/json",
            "webhook-id": webhook_id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": self._webhook.sign(webhook_id, now, body),
        }
        self._connection.request("POST", self._path, body, headers)
        response = self._connection.getresponse()
        return response.status, response.read()


def populate(settings: Settings, count: int) -> list[tuple[str, str]]:
    """Make ``count`` wearers with a tag and a zone each; return serials and keys."""
    db.bind(settings.database_url)
    db.migrate()
    now = clock.now()
    made = []
    with db.atomic():
        team = Team.create(name="North London", created_at=now)
        officer = Person.create(
            team=team,
            role=Role.OFFICER,
            name="Amina Yusuf",
            email="amina@cordon.example",
            password_hash=authentication.hash_password(PASSWORD),
            created_at=now,
        )
        victim = Victim.create(team=team, name="Laura Bennett", created_at=now)
        for n in range(count):
            wearer = Wearer.create(team=team, name=f"Wearer {n}", responsible_officer=officer, created_at=now)
            place = ProtectedPlace.create(victim=victim, label="Home")
            feature = {
                "type": "Feature",
                "geometry": {"type": "Point", "coordinates": [HOME[1], HOME[0]]},
                "properties": {"id": f"z{n}", "kind": "exclusion", "radius_m": 250, "buffer_m": 250},
            }
            PlaceZone.create(place=place, wearer=wearer, feature=feature, from_at=now - timedelta(days=1))
            tag = Tag.create(serial=f"T{n:05d}", key=tag_signatures.new_key(), created_at=now)
            Activation.create(tag=tag, wearer=wearer, from_at=now - timedelta(days=1))
            made.append((tag.serial, tag.key))
    db.database.obj.close_all()
    return made


def frame_times(url: str, made: list[tuple[str, str]], rate: float, count: int, settings: Settings) -> list[float]:
    """Post breaches of as many wearers at ``rate`` a second; return seconds from each post to its frame."""
    token = _token(url)
    seen: dict[int, float] = {}
    arrived = threading.Condition()
    client = socketio.Client(reconnection=False)

    def on_alert(hint: dict[str, int]) -> None:
        with arrived:
            seen.setdefault(hint["alert_id"], time.perf_counter())
            arrived.notify_all()

    client.on("alert", on_alert)
    client.connect(url, auth={"token": token}, transports=["websocket"])
    sent: dict[str, float] = {}
    threads = []

    def post(serial: str, key: str) -> None:
        signer = Signer(url, serial, key)
        sent[serial] = time.perf_counter()
        status, body = signer.post(*HOME)
        assert status == 200, body

    begin = time.perf_counter()
    for n, (serial, key) in enumerate(made[:count]):
        pause = begin + n / rate - time.perf_counter()
        if pause > 0:
            time.sleep(pause)
        threads.append(threading.Thread(target=post, args=(serial, key)))
        threads[-1].start()
    for thread in threads:
        thread.join()
    with arrived:
        arrived.wait_for(lambda: len(seen) >= count, timeout=30)
    client.disconnect()
    by_wearer = _alerts_by_serial(settings)
    return [
        seen[alert_id] - sent[serial] for serial, alert_id in by_wearer.items() if alert_id in seen and serial in sent
    ]


def _alerts_by_serial(settings: Settings) -> dict[str, int]:
    db.bind(settings.database_url)
    rows = Alert.select(Alert.id, Tag.serial).join(Wearer).join(Activation).join(Tag).tuples()
    found = {serial: alert_id for alert_id, serial in rows}
    db.database.obj.close_all()
    return found


def _token(url: str) -> str:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port)
    body = json.dumps({"email": "amina@cordon.example", "password": PASSWORD})
    connection.request("POST", "/v1/sessions", body, {"Content-Type": "application/json"})
    return json.loads(connection.getresponse().read())["access_token"]


def posts_per_second(post: Callable[[int], None], clients: int, seconds: float) -> float:
    """Return how many calls of ``post`` ``clients`` threads complete in a second."""
    counts = [0] * clients
    until = time.perf_counter() + seconds

    def run(n: int) -> None:
        while time.perf_counter() < until:
            post(n)
            counts[n] += 1

    threads = [threading.Thread(target=run, args=(n,)) for n in range(clients)]
    begin = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts) / (time.perf_counter() - begin)


PLAIN = '''
"""The baseline: a Flask view that stores one fix with one commit a request, and neither signs nor judges."""
from datetime import UTC, datetime
from flask import Flask, jsonify, request
from backend import db
from backend.models import Fix, Tag
from backend.settings import Settings
settings = Settings.from_environ()
db.bind(settings.database_url, settings.database_connections)
app = Flask(__name__)
@app.post("/v1/tags/<serial>/fixes")
def report(serial):
    for fix in request.get_json()["fixes"]:
        with db.atomic():
            Fix.create(tag=Tag.get(Tag.serial == serial), fix_time=datetime.fromisoformat(fix["fix_time"]),
                       received_at=datetime.now(UTC), lat=fix["lat"], lon=fix["lon"], accuracy_m=fix["accuracy_m"])
    return jsonify(accepted=1)
@app.teardown_appcontext
def release(_):
    db.release_connection()
@app.get("/ready")
def ready():
    return "ok"
'''


@contextmanager
def plain_server(settings: Settings, folder: Path) -> Iterator[str]:
    """Serve the baseline on the same server software with as many threads."""
    (folder / "plain.py").write_text(PLAIN)
    port = free_port()
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "gunicorn",
            "-b",
            f"127.0.0.1:{port}",
            "-k",
            "gthread",
            "-w",
            "1",
            "--threads",
            "64",
            "plain:app",
        ],
        cwd=folder,
        env=environment(settings) | {"PYTHONPATH": f"{ROOT}{os.pathsep}{folder}"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )

    def is_ready() -> bool:
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
            connection.request("GET", "/ready")
            return connection.getresponse().status == 200
        except OSError:
            return False

    try:
        eventually(is_ready, "the baseline is ready", 30)
        yield f"http://127.0.0.1:{port}"
    finally:
        stop(process)


@contextmanager
def databases() -> Iterator[Callable[[str], str]]:
    """Yield what makes a fresh database of a name and returns its URL; each commit is durable, as in production."""
    with tempfile.TemporaryDirectory(prefix="cordon-bench-") as folder:
        os.chmod(folder, 0o755)
        with PostgresServer(Path(folder) / "server") as server:
            yield lambda name: create_database(server.url(), name)


def percentile(values: list[float], share: float) -> float:
    """Return the nearest-rank percentile."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def run(seconds: float = 5.0, clients: int = 16) -> None:
    """Print the figures."""
    with databases() as fresh, tempfile.TemporaryDirectory() as scratch:
        settings = Settings(
            database_url="", secret_key="a key for benchmarks only", database_connections=20, poll_s=1.0
        )
        for rate in (10.0, 100.0):
            config = settings.changed(database_url=fresh(f"frames_{int(rate)}"))
            count = int(rate * seconds)
            made = populate(config, count)
            with web_server(config) as url:
                times = frame_times(url, made, rate, count, config)
            print(
                f"request to Socket.IO frame, {rate:.0f} fixes/s: "
                f"median {statistics.median(times) * 1000:.1f} ms, p99 {percentile(times, 0.99) * 1000:.1f} ms "
                f"({len(times)} of {count} alerts)"
            )
        ours = _durable_posts(settings.changed(database_url=fresh("posts")), clients, seconds, web_server)
        plain = _durable_posts(
            settings.changed(database_url=fresh("plain")),
            clients,
            seconds,
            lambda c: plain_server(c, Path(scratch)),
        )
        print(
            f"durable single-fix posts, {clients} clients: {ours:.0f}/s signed, judged, committed in "
            f"groups; plain Flask view, one commit a request: {plain:.0f}/s (ratio {ours / plain:.2f})"
        )


def _durable_posts(
    settings: Settings,
    clients: int,
    seconds: float,
    server: Callable[[Settings], AbstractContextManager[str]],
) -> float:
    made = populate(settings, clients)
    with server(settings) as url:
        signers = [Signer(url, serial, key) for serial, key in made]
        return posts_per_second(lambda n: _must(signers[n].post(*FAR)), clients, seconds)


def _must(answer: tuple[int, bytes]) -> None:
    assert answer[0] == 200, answer


if __name__ == "__main__":
    run()
