"""How long the daily look at every case takes, how long it keeps the notifier's loop at a time, and what a fix waits.

``python -m benchmarks.bench_watch --cases 3000``: each case with a zone, a tag and an officer.
"""

from __future__ import annotations

import argparse
import time
from datetime import timedelta

from backend import clock, db
from backend.bulk_statements import insert_rows
from backend.cases import completeness, schedule
from backend.cases.completeness import MissingItem
from backend.db import atomic
from backend.models import (
    Activation,
    CaseDue,
    Fix,
    Person,
    PlaceZone,
    ProtectedPlace,
    ReportedItem,
    Role,
    Tag,
    Team,
    Victim,
    Wearer,
)
from benchmarks.bench_line import databases
from benchmarks.bench_look_back import HOME, Waits


def measure(url: str, cases: int) -> None:
    """Print what the look costs as all of the cases are as they were the day before."""
    db.bind(url)
    db.migrate()
    now = clock.now()
    since = now - timedelta(hours=25)
    team = Team.create(name="Bench", created_at=since)
    person = Person.create(team=team, role=Role.OFFICER, name="A", email="a@b.c", password_hash="", created_at=since)
    feature = {
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": [HOME[1], HOME[0]]},
        "properties": {"id": "z", "kind": "exclusion", "radius_m": 250.0, "buffer_m": 250.0},
    }
    ids = range(1, cases + 1)
    wearer = {"team": team.id, "responsible_officer": person.id, "created_at": since}
    fix = {"fix_time": since, "received_at": since, "lat": HOME[0], "lon": HOME[1], "accuracy_m": 8.0}
    with atomic():
        for model, rows in (
            (Wearer, [{"id": n, "name": f"W {n}", "is_training": False, "is_canary": False, **wearer} for n in ids]),
            (Victim, [{"id": n, "team": team.id, "name": f"V {n}", "created_at": since} for n in ids]),
            (ProtectedPlace, [{"id": n, "victim": n, "label": f"P {n}"} for n in ids]),
            (PlaceZone, [{"place": n, "wearer": n, "feature": feature, "from_at": since, "moves": False} for n in ids]),
            (Tag, [{"id": n, "serial": f"T{n}", "key": "", "created_at": since} for n in ids]),
            (
                Activation,
                [{"tag": n, "wearer": n, "from_at": since, "is_in_error": False, "is_beside": False} for n in ids],
            ),
            (Fix, [{"tag": n, "wearer": n, **fix} for n in ids]),
            # An ordinary morning: what there is to tell was told.
            (
                ReportedItem,
                [{"wearer": n, "item": MissingItem.ZONE_WITHOUT_ORDER, "detail": "", "told_at": since} for n in ids],
            ),
            (
                ReportedItem,
                [
                    {"wearer": n, "item": MissingItem.VICTIM_WITHOUT_CONTACT, "detail": f"V {n}", "told_at": since}
                    for n in ids
                ],
            ),
        ):
            for first in range(0, cases, 5_000):
                insert_rows(model, rows[first : first + 5_000])
    silent_after = timedelta(days=30)
    CaseDue.create(what=completeness.WATCH, subject="all", due_at=now)
    with Waits(1) as waits:
        began, longest, steps = time.perf_counter(), 0.0, 0
        while True:
            step = time.perf_counter()
            done = schedule.run_due(now, silent_after=silent_after)
            longest = max(longest, time.perf_counter() - step)
            if not done:
                break
            steps += 1
        took = time.perf_counter() - began
    print(
        f"{cases:,} cases: {took:6.2f} s in {steps} steps, the longest keeps the loop {longest:5.2f} s, "
        f"a fix waits {waits.longest_s:5.2f} s"
    )
    db.release_connection()
    db.database.obj.close_all()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, nargs="*", default=[300, 3_000, 30_000])
    asked = parser.parse_args()
    with databases() as fresh:
        for cases in asked.cases:
            measure(fresh(f"bench_{cases}"), cases)


if __name__ == "__main__":
    main()
