"""How long a change of the record a month back takes, and for how long a fix of that case has to wait meanwhile.

``python -m benchmarks.bench_look_back --days 30``: one fix a minute, twice each.
"""

from __future__ import annotations

import argparse
import threading
import time
from datetime import timedelta

from backend import clock, db
from backend.bulk_statements import insert_rows
from backend.cases import writing
from backend.db import atomic
from backend.models import Activation, Fix, Person, ProtectedPlace, Role, Tag, Team, Victim, Wearer
from backend.record.facts import Terms
from backend.record.recording import lock_cases
from benchmarks.bench_line import databases
from zones.geo import Frame

HOME = (51.5643, -0.1030)
TIMES = 2


class Waits:
    """Holds the case again and again, as each of its fixes does, and keeps the longest wait for it."""

    def __init__(self, wearer_id: int) -> None:
        self.longest_s = 0.0
        self._wearer_id = wearer_id
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._ask)

    def __enter__(self) -> Waits:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _ask(self) -> None:
        while not self._stop.wait(0.05):
            began = time.perf_counter()
            try:
                with atomic():
                    lock_cases(self._wearer_id)
            except db.LOST_CONNECTION:
                # It has waited for as long as a fix does before its tag is told to send again.
                pass
            self.longest_s = max(self.longest_s, time.perf_counter() - began)
        db.release_connection()


def measure(url: str, days: int, zones: int) -> None:
    """Print how long a variation takes that reaches back over all of a wearer's stored fixes."""
    db.bind(url)
    db.migrate()
    now = clock.now()
    since = now - timedelta(days=days)
    before = since - timedelta(days=1)
    team = Team.create(name="Bench", created_at=before)
    person = Person.create(team=team, role=Role.OFFICER, name="A", email="a@b.c", password_hash="", created_at=before)
    wearer = Wearer.create(team=team, name="W", responsible_officer=person, created_at=before)
    victim = Victim.create(team=team, name="V", created_at=before)
    tag = Tag.create(serial="T", key="", created_at=before)
    Activation.create(tag=tag, wearer=wearer, from_at=before)
    order = writing.open_order(person, wearer.id, "dapol", "1", Terms(before), now, why="Bench.")
    frame = Frame(*HOME)
    for number in range(zones):
        lat, lon = frame.to_degrees(3_000.0 * number, 0.0)
        place = ProtectedPlace.create(victim=victim, label=f"Place {number}")
        feature = {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": [lon, lat]},
            "properties": {"id": "z", "kind": "exclusion", "radius_m": 250.0, "buffer_m": 250.0},
        }
        writing.add_zone(person, wearer.id, place.id, feature, before, now, why="Bench.", order_id=order.id)
    minutes = days * 24 * 60
    rows = []
    for minute in range(minutes):
        # The wearer walks up and down between one and seven kilometres away: near enough to be judged and no breach.
        lat, lon = frame.to_degrees(0.0, 1_000.0 + 100.0 * abs(minute % 120 - 60))
        at = since + timedelta(minutes=minute)
        rows.append(
            {
                "tag": tag.id,
                "wearer": wearer.id,
                "fix_time": at,
                "received_at": at,
                "lat": lat,
                "lon": lon,
                "accuracy_m": 8.0,
            }
        )
    with atomic():
        for first in range(0, len(rows), 5_000):
            insert_rows(Fix, rows[first : first + 5_000])
    for is_suspended in (True, False) * TIMES:
        varied = Terms(before, is_suspended=is_suspended)
        with Waits(wearer.id) as waits:
            began = time.perf_counter()
            writing.vary_order(person, order.id, varied, since, clock.now(), why="Bench.", is_confirmed=True)
            took = time.perf_counter() - began
        what = "suspended, nothing judged" if is_suspended else f"in force, {zones} zone{'s' if zones != 1 else ''}"
        each = took / minutes / (1 if is_suspended else zones) * 1e3
        print(
            f"{days} days back, {minutes:,} fixes, {what:26} {took:6.1f} s, {each:.3f} ms a fix and zone, "
            f"a fix waits {waits.longest_s:5.2f} s"
        )
    db.release_connection()
    db.database.obj.close_all()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--zones", type=int, nargs="*", default=[1, 3])
    asked = parser.parse_args()
    with databases() as fresh:
        for zones in asked.zones:
            measure(fresh(f"bench_{zones}"), asked.days, zones)


if __name__ == "__main__":
    main()
