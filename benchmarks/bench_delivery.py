"""Delivery: from a commit to the first request at a provider, a storm of alerts, and what an idle notifier costs.

Everything is real and separate: PostgreSQL, notifiers as `make serve` starts them, and a provider that answers at once
in a process of its own. The baseline beside the storm is one thread that posts the same pushes with the same library
and keeps no record: what the provider and the library alone allow.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import psutil
import requests
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from backend import alerts, clock, db
from backend.alerts import Judgement
from backend.models import (
    Alert,
    Device,
    Escalation,
    Notification,
    Person,
    PlaceZone,
    ProtectedPlace,
    Role,
    Team,
    Victim,
    Wearer,
)
from backend.people import numbers
from backend.settings import Settings
from benchmarks.bench_line import databases
from notifier.channels.fcm import Fcm
from tests.processes import ROOT, notifier, stop
from zones import Certainty, Level

OFFICERS, TEAM_SIZE = 200, 10
STORM = int(os.environ.get("BENCH_STORM", "10000"))
STEADY_RATE, STEADY_COUNT = 50.0, 1_000
WARM_UP, STARTED_S = 20, 5.0
IDLE_ROWS, IDLE_S = 1_000, 20.0


@contextmanager
def sink() -> Iterator[str]:
    """Run the provider; yields its URL."""
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.sink"], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    try:
        yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
    finally:
        stop(process)


def _settings(database_url: str, folder: Path, provider: str) -> Settings:
    credentials = folder / "fcm.json"
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    account = {
        "type": "service_account",
        "project_id": "bench",
        "private_key_id": "bench",
        "private_key": key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ).decode(),
        "client_email": "cordon@bench.iam.gserviceaccount.com",
        "token_uri": f"{provider}/token",
    }
    credentials.write_text(json.dumps(account))
    return Settings(
        database_url=database_url,
        secret_key="a key for benchmarks only",
        twilio_account_sid="AC" + "0" * 32,
        twilio_auth_token="bench",
        twilio_from="+447700900000",
        twilio_api_url=provider,
        fcm_credentials=str(credentials),
        fcm_url=provider,
        vapid_private_key_file=str(folder / "vapid.pem"),
    )


class Caseload:
    """Officers in teams of ten with phones, each responsible for one wearer near one place."""

    def __init__(self, officers: int) -> None:
        now = clock.now()
        with db.atomic():
            teams = [
                Team.create(name=f"Unit {n}", created_at=now) for n in range((officers + TEAM_SIZE - 1) // TEAM_SIZE)
            ]
            victim = Victim.create(team=teams[0], name="Laura Bennett", created_at=now)
            self.rows: list[tuple[Wearer, PlaceZone]] = []
            for n in range(officers):
                team = teams[n // TEAM_SIZE]
                person = Person.create(
                    team=team,
                    role=Role.OFFICER,
                    name=f"Officer {n}",
                    email=f"officer{n}@cordon.example",
                    password_hash="-",
                    phone=f"+4477009{n:05d}",
                    created_at=now,
                )
                numbers.carry_over(person, now)
                Device.create(person=person, token=f"token-{n}", platform="android", created_at=now)
                wearer = Wearer.create(team=team, name=f"Wearer {n}", responsible_officer=person, created_at=now)
                place = ProtectedPlace.create(victim=victim, label="Home")
                zone = PlaceZone.create(place=place, wearer=wearer, feature={}, from_at=now)
                self.rows.append((wearer, zone))

    def raise_alert(self, number: int) -> Alert:
        """Raise one alert, as a fix would; each of a wearer of its own, since those of one wearer are sent as one."""
        like, drawn = self.rows[number % len(self.rows)]
        now = clock.now()
        wearer = Wearer.create(
            team=like.team, name=f"Wearer {number}", responsible_officer=like.responsible_officer, created_at=now
        )
        zone = PlaceZone.create(place=drawn.place, wearer=wearer, feature={}, from_at=now)
        return alerts.raise_alert(
            Judgement(wearer, zone, Level.BREACH, Certainty.CONFIRMED, ("Inside.",), now, now, now, distance_m=-50.0)
        )


def _arrivals(provider: str) -> list[list[Any]]:
    """Return for each message that arrived: seconds, channel, what it is about, and a push's own number."""
    arrivals: list[list[Any]] = requests.get(provider, timeout=30).json()
    return arrivals


def _first_push(provider: str) -> dict[int, float]:
    found: dict[int, float] = {}
    for at, channel, about, _ in _arrivals(provider):
        if channel == "push":
            found.setdefault(int(about), at)
    return found


def steady(database_url: str, folder: Path) -> None:
    """Print the time from a commit to the first request at the provider, at 50 alerts a second."""
    with sink() as provider:
        settings = _settings(database_url, folder, provider)
        db.bind(database_url)
        db.migrate()
        cases = Caseload(OFFICERS)
        committed: dict[int, float] = {}
        with notifier(settings), notifier(settings):
            # Starting takes seconds, and the first push of each fetches a token: neither is what is asked here.
            for number in range(WARM_UP):
                with db.atomic():
                    cases.raise_alert(number)
            while len(_first_push(provider)) < WARM_UP:
                time.sleep(0.1)
            time.sleep(STARTED_S)
            begun = time.time()
            for number in range(STEADY_COUNT):
                time.sleep(max(0.0, begun + number / STEADY_RATE - time.time()))
                with db.atomic():
                    alert = cases.raise_alert(number)
                committed[alert.id] = time.time()
            took = time.time() - begun
            deadline = time.time() + 60
            while len(first := _first_push(provider)) < STEADY_COUNT + WARM_UP and time.time() < deadline:
                time.sleep(0.5)
        waits = sorted(first[alert_id] - at for alert_id, at in committed.items() if alert_id in first)
        print(
            f"commit to first provider request, {STEADY_COUNT} alerts at {STEADY_COUNT / took:.0f}/s, 2 notifiers: "
            f"{len(waits)} sent, median {statistics.median(waits) * 1_000:.0f} ms, p99 "
            f"{waits[int(len(waits) * 0.99) - 1] * 1_000:.0f} ms"
        )
    db.database.obj.close_all()


def storm(database_url: str, folder: Path, workers: int, count: int) -> None:
    """Print how long a storm takes to its last first request; the alerts are there before the notifiers start."""
    with sink() as provider, ExitStack() as running:
        settings = _settings(database_url, folder, provider)
        db.bind(database_url)
        db.migrate()
        cases = Caseload(OFFICERS)
        for number in range(0, count, 100):
            with db.atomic():
                for one in range(number, min(count, number + 100)):
                    cases.raise_alert(one)
        # As if all had been raised just now.
        now = clock.now()
        Escalation.update(started_at=now, next_at=now + timedelta(seconds=10)).execute()
        db.release_connection()
        begun = time.time()
        for _ in range(workers):
            running.enter_context(notifier(settings))
        ready = time.time() - begun
        deadline = time.time() + 600
        while len(first := _first_push(provider)) < count and time.time() < deadline:
            # Asking costs both cores something, and when a message came is on record.
            time.sleep(2)
        # A colleague's push about the same alert is a message of its own.
        pushes = [message for _, channel, _, message in _arrivals(provider) if channel == "push"]
        last = max(first.values(), default=begun) - begun
        order = [alert_id for alert_id, _ in sorted(first.items(), key=lambda item: item[1])]
        tenth = max(1, len(order) // 10)
        newest_first = bool(order) and statistics.mean(order[:tenth]) > statistics.mean(order[-tenth:])
        print(
            f"storm of {count} alerts for {OFFICERS} officers, {workers} notifiers: {len(first)} told, the last after "
            f"{last:.1f} s ({ready:.1f} s of it starting), {count / last:.0f}/s; sent twice: "
            f"{len(pushes) - len(set(pushes))}; newest first: {newest_first}"
        )
    db.database.obj.close_all()


def baseline(folder: Path, count: int = 1_000) -> None:
    """Print how many pushes a second one thread posts with the same library, without any record."""
    with sink() as provider:
        fcm = Fcm(_settings("", folder, provider))
        device: Any = Device(token="token-0", platform="android")
        data = dict.fromkeys(("notification_id", "title", "body", "code", "purpose"), "-") | {"alert_id": "1"}
        fcm.send(device, data, is_urgent=True)
        begun = time.time()
        for _ in range(count):
            fcm.send(device, data, is_urgent=True)
        rate = count / (time.time() - begun)
        print(f"baseline, the library alone in one thread without a record: {rate:.0f} pushes/s")
        fcm.close()


def idle(database_url: str, folder: Path) -> None:
    """Print what a notifier costs while 1,000 messages wait for later."""
    with sink() as provider:
        settings = _settings(database_url, folder, provider)
        db.bind(database_url)
        db.migrate()
        cases = Caseload(OFFICERS)
        for number in range(0, IDLE_ROWS, 100):
            with db.atomic():
                for one in range(number, number + 100):
                    cases.raise_alert(one)
        later = clock.now() + timedelta(seconds=600)
        Notification.update(due_at=later).execute()
        Escalation.update(next_at=later).execute()
        db.release_connection()
        with notifier(settings) as process:
            watched = psutil.Process(process.pid)
            time.sleep(3)
            before, begun = sum(watched.cpu_times()[:2]), time.time()
            time.sleep(IDLE_S)
            share = (sum(watched.cpu_times()[:2]) - before) / (time.time() - begun)
        print(f"idle notifier beside {IDLE_ROWS} open rows: {share:.2%} of a core")
    db.database.obj.close_all()


def run() -> None:
    """Print every figure of delivery, on PostgreSQL."""
    with tempfile.TemporaryDirectory() as name, databases() as fresh:
        folder = Path(name)
        baseline(folder)
        steady(fresh("steady"), folder)
        for workers in (1, 2, 4):
            storm(fresh(f"storm_{workers}"), folder, workers, STORM)
        idle(fresh("idle"), folder)


if __name__ == "__main__":
    run()
