"""How long the supervisor's figures take over a million alerts, and how fast alerts are counted.

``python -m benchmarks.bench_figures --alerts 1000000``: a year of alerts of 20 teams, and one team with as many alone.
"""

from __future__ import annotations

import argparse
import statistics
import time
from datetime import timedelta

import psycopg

from backend import clock, db, figures, reports
from backend.figures import Filters
from backend.models import Person, Role, Team, Wearer
from benchmarks.bench_line import databases

TEAMS = 20
LOOKS = 20
# Derived rows as the counting would write them: the sums read nothing else.
ALERTS = """
INSERT INTO alert (id, code, kind, wearer_id, team_id, level, certainty, peak_danger, is_over, is_late,
  needs_all_clear, reasons, could_be_inside, is_pass_through, fix_time, received_at, decided_at, last_fix_time,
  raised_at, handling, acknowledged_danger, episode, escalation_started_at, step, cursor)
SELECT n, 'B' || n, 'zone', 1 + n %% %(wearers)s, 1 + n %% %(teams)s, 2, 'confirmed', 4, true, false, false, '[]',
  false, false, at, at, at, at, at, 'closed', 4, 1, at, 0, n
FROM generate_series(1, %(count)s) n,
  LATERAL (SELECT %(now)s::timestamptz - n * (interval '365 days' / %(count)s)) x(at)
"""
FIGURES = """
INSERT INTO alert_figures (alert_id, wearer_id, team_id, handled_by_team_id, officer_id, raised_at, kind, handling,
  outcome_code, is_withdrawn, is_answered_in_full, is_waited_for, counted_at, tag_lag_s, decide_s, send_s, deliver_s,
  outcome_s, police_s)
SELECT id, wearer_id, team_id, team_id, 1 + id %% 200, raised_at, kind, handling, 'police_informed', id %% 9 = 0, true,
  false, raised_at, random() * 30, random() * 0.1, random() * 2, random() * 10, random() * 900, NULL FROM alert
"""
CALLS = """
INSERT INTO call_figures (alert_id, number, cause, is_rise, danger, at, hour, weekday, officer_id, channel, answer_s,
  total_s)
SELECT id, number, 'raised', true, 4, raised_at, extract(hour FROM raised_at), extract(isodow FROM raised_at) - 1,
  1 + id %% 200, (ARRAY['push', 'sms', 'voice', ''])[1 + id %% 4],
  CASE WHEN id %% 20 = 0 THEN 'Infinity' ELSE random() * 600 END, random() * 660
FROM alert, generate_series(1, 1 + (id %% 3)::int) number
"""


def look(person: Person, days: int) -> tuple[float, float, int]:
    """Return the median and 95th percentile of the seconds that the page's data take, and the alerts."""
    now = clock.now()
    took_s, sums_s = [], []
    count = 0
    for number in range(LOOKS):
        to_at = now - timedelta(days=number % 8)
        began = time.perf_counter()
        summing = time.perf_counter()
        told = figures.figures_of(person, Filters(to_at - timedelta(days=days), to_at), "officer")
        sums_s.append(time.perf_counter() - summing)
        reports.rows_of(sorted({*told.alert_ids, *told.open_ids, *(call["alert_id"] for call in told.unanswered)}))
        count = told.totals.count
        took_s.append(time.perf_counter() - began)
    ordered = sorted(took_s)
    print(f"of which the sums: median {statistics.median(sums_s) * 1e3:.0f} ms")
    return statistics.median(ordered), ordered[int(len(ordered) * 0.95) - 1], count


def measure(url: str, alerts: int) -> None:
    """Print what the figures of a team cost, over 7, 28 and 90 days."""
    db.bind(url)
    db.migrate()
    now = clock.now()
    for number in range(1, TEAMS + 1):
        Team.create(id=number, name=f"Team {number}", created_at=now)
    people = [
        {
            "id": n,
            "team": 1 + n % TEAMS,
            "role": Role.OFFICER,
            "name": f"O {n}",
            "email": f"{n}@b.c",
            "password_hash": "",
            "is_active": True,
            "is_canary": False,
            "created_at": now,
        }
        for n in range(1, 201)
    ]
    db.insert_rows(Person, people)
    person = Person.create(
        id=999, team=1, role=Role.SUPERVISOR, name="S", email="s@b.c", password_hash="", created_at=now
    )
    wearers = 30_000
    rows = [
        {
            "id": n,
            "team": 1 + (n - 1) % TEAMS,
            "name": f"W {n}",
            "is_training": False,
            "is_canary": False,
            "created_at": now,
        }
        for n in range(1, wearers + 1)
    ]
    db.insert_rows(Wearer, rows)
    # Not through the service's own connections, which give an answer up after seconds.
    with psycopg.connect(url, autocommit=True) as connection:
        # What the rows refer to is known to be there: to check each of millions takes most of the time.
        keys = connection.execute(
            "SELECT conrelid::regclass::text, conname FROM pg_constraint WHERE contype = 'f' "
            "AND conrelid::regclass::text IN ('alert', 'alert_figures', 'call_figures')"
        ).fetchall()
        for table, name in keys:
            connection.execute(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"')
        connection.execute(ALERTS, {"count": alerts, "wearers": wearers, "teams": TEAMS, "now": now})
        connection.execute(FIGURES, {})
        connection.execute(CALLS, {})
        connection.execute("VACUUM ANALYZE alert_figures, call_figures, alert")
    for days in (7, 28, 90):
        median_s, p95_s, count = look(person, days)
        print(
            f"{alerts} alerts, {days} days, {count} of the team: median {median_s * 1e3:.0f}, p95 {p95_s * 1e3:.0f} ms"
        )
    db.release_connection()


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--alerts", type=int, default=1_000_000)
    asked = parser.parse_args()
    with databases() as fresh:
        measure(fresh("figures"), asked.alerts)


if __name__ == "__main__":
    main()
