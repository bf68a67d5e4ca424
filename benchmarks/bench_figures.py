"""How long the supervisor's page takes over a million alerts, beside a page that needs no figures, in one run.

``python -m benchmarks.bench_figures --alerts 1000000 --teams 20``: a year of alerts. The server is that of `make
serve`; each look is one request over HTTP, from the first byte sent to the last byte read.
"""

from __future__ import annotations

import argparse
import contextlib
import re
import statistics
import time
from datetime import datetime, timedelta

import psutil
import psycopg
import requests

from backend import bulk_statements, clock, db
from backend.authentication import hash_password
from backend.models import Person, Role, Team, Wearer
from backend.settings import Settings
from benchmarks.bench_line import PASSWORD, databases, percentile
from tests.processes import web_server

WEARERS = 30_000
LOOKS = 20
# Derived rows as the counting would write them: the page reads nothing else of alerts beyond its 50 clocks.
ALERTS = """
INSERT INTO alert (id, code, kind, wearer_id, team_id, level, certainty, peak_danger, is_over, is_late, is_after_order,
  needs_all_clear, reasons, could_be_inside, is_pass_through, fix_time, received_at, decided_at, last_fix_time,
  raised_at, handling, acknowledged_by_id, acknowledged_at, first_acknowledged_at, acknowledged_danger, episode,
  outcome_code, outcome_at, cursor)
SELECT n, 'B' || n, 'zone', 1 + n %% %(wearers)s, 1 + n %% %(teams)s, 2, 'confirmed', 4, true, false, false, false,
  '[]',
  false, false, at, at, at, at, at, 'closed', 1 + n %% 200, at, at, 4, 1, 'police_informed', at, n
FROM generate_series(1, %(count)s) n,
  LATERAL (SELECT %(now)s::timestamptz - n * (interval '365 days' / %(count)s)) x(at)
"""
TRAIL = """
INSERT INTO audit_entry (at, actor, action, subject, alert_id, detail)
SELECT raised_at, 'system', 'alert_raised', 'alert:' || id, id,
  json_build_object('danger', 4, 'by', 'fix', 'fix_time', fix_time) FROM alert ORDER BY id DESC
"""
WORDS = """
INSERT INTO figures_word (word) VALUES ('zone'), ('closed'), ('police_informed'), ('raised'), ('push'), ('sms'),
  ('voice'), ('')
"""
FIGURES = """
INSERT INTO alert_figures (alert_id, wearer_id, team_id, handled_by_team_id, officer_id, raised_at, kind_id,
  handling_id, outcome_id, is_withdrawn, is_answered_in_full, is_after_order, is_waited_for, counted_at, tag_lag_s,
  decide_s, send_s, deliver_s, outcome_s, police_s)
SELECT id, wearer_id, team_id, team_id, 1 + id %% 200, raised_at, 1, 2, 3, id %% 9 = 0, true,
  false, false, raised_at, random() * 30, random() * 0.1, random() * 2, random() * 10, random() * 900, NULL FROM alert
  ORDER BY id DESC
"""
CALLS = """
INSERT INTO call_figures (alert_id, number, team_id, raised_at, cause_id, is_rise, danger, at, hour, weekday,
  officer_id, channel_id, answer_s, total_s)
SELECT id, number, team_id, raised_at, 4, true, 4, raised_at, extract(hour FROM raised_at),
  extract(isodow FROM raised_at) - 1, 1 + id %% 200, 5 + id %% 4,
  CASE WHEN id %% 20 = 0 THEN 'Infinity' ELSE random() * 600 END, random() * 660
FROM alert, generate_series(1, 1 + (id %% 3)::int) number ORDER BY id DESC
"""


def fill(url: str, alerts: int, teams: int, now: datetime) -> None:
    """Write the alerts of a year with their figures, and the people whose they are."""
    for number in range(1, teams + 1):
        Team.create(id=number, name=f"Team {number}", created_at=now)
    people = [
        {
            "id": n,
            "team": 1 + n % teams,
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
    bulk_statements.insert_rows(Person, people)
    Person.create(
        id=999,
        team=1,
        role=Role.SUPERVISOR,
        name="S",
        email="s@b.c",
        password_hash=hash_password(PASSWORD),
        created_at=now,
    )
    rows = [
        {
            "id": n,
            "team": 1 + (n - 1) % teams,
            "name": f"W {n}",
            "is_training": False,
            "is_canary": False,
            "created_at": now,
        }
        for n in range(1, WEARERS + 1)
    ]
    bulk_statements.insert_rows(Wearer, rows)
    db.release_connection()
    # Not through the service's own connections, which give an answer up after seconds.
    with psycopg.connect(url, autocommit=True) as connection:
        # What the rows refer to is known to be there: to check each of millions takes most of the time.
        keys = connection.execute(
            "SELECT conrelid::regclass::text, conname FROM pg_constraint WHERE contype = 'f' "
            "AND conrelid::regclass::text IN ('alert', 'alert_figures', 'call_figures', 'audit_entry')"
        ).fetchall()
        for table, name in keys:
            connection.execute(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"')
        connection.execute(ALERTS, {"count": alerts, "wearers": WEARERS, "teams": teams, "now": now})
        for words in (TRAIL, WORDS, FIGURES, CALLS):
            connection.execute(words, {})
        connection.execute("INSERT INTO figures_state (id, cursor) VALUES (1, %s)", [alerts])
        connection.execute("VACUUM ANALYZE")


def sign_in(url: str) -> requests.Session:
    """Return the browser of the first team's supervisor."""
    browser = requests.Session()
    page = browser.get(f"{url}/sign-in", timeout=60).text
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
    token = found.group(1) if found else ""
    done = browser.post(
        f"{url}/sign-in",
        data={"csrf_token": token, "email": "s@b.c", "password": PASSWORD},
        timeout=60,
        allow_redirects=False,
    )
    assert done.status_code == 302, done.status_code
    return browser


def worked_s() -> float:
    """Return the seconds of processor time that the server and the database have taken."""
    total = 0.0
    for process in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            times = process.cpu_times()
            total += times.user + times.system
    return total


def look(browser: requests.Session, address: str, values: dict[str, str]) -> float:
    """Return the milliseconds of one page."""
    began = time.perf_counter()
    answer = browser.get(address, params=values, timeout=120)
    took_ms = (time.perf_counter() - began) * 1e3
    assert answer.status_code == 200, answer.status_code
    return took_ms


def measure(url: str, alerts: int, teams: int) -> None:
    """Print what the page costs, over 7, 28 and 365 days, narrowed, far back, and as CSV."""
    db.bind(url)
    db.migrate()
    now = clock.now()
    fill(url, alerts, teams, now)
    today = now.date()

    def since(days: int, **more: object) -> dict[str, str]:
        values = {"from": today - timedelta(days=days), "to": today, **more}
        return {name: str(value) for name, value in values.items()}

    pages = {
        "baseline: the list of alerts": ("/alerts", {}),
        "7 days": ("/supervisor", since(6)),
        "28 days": ("/supervisor", since(27)),
        "365 days": ("/supervisor", since(364)),
        "365 days, one officer": ("/supervisor", since(364, officer=20)),
        "365 days, from 3 to 4 at night": ("/supervisor", since(364, hour=3)),
        "365 days, page 100": ("/supervisor", since(364, page=100)),
    }
    settings = Settings(database_url=url, secret_key="a key for benchmarks only", database_connections=20, poll_s=1.0)
    with web_server(settings) as served:
        browser = sign_in(served)
        took: dict[str, list[float]] = {name: [] for name in pages}
        work: dict[str, float] = dict.fromkeys(pages, 0.0)
        for number in range(LOOKS + 1):
            for name, (path, values) in pages.items():
                before_s = worked_s()
                took_ms = look(browser, served + path, values)
                # The first look fills caches.
                if number:
                    took[name].append(took_ms)
                    work[name] += worked_s() - before_s
        began = time.perf_counter()
        with browser.get(f"{served}/supervisor", params=since(27, csv=1), stream=True, timeout=300) as answer:
            lines = answer.iter_lines()
            next(lines)
            first_ms = (time.perf_counter() - began) * 1e3
            count = sum(1 for _ in lines)
        all_s = time.perf_counter() - began
    base = statistics.median(took["baseline: the list of alerts"])
    print(f"{alerts} alerts, {teams} teams, {LOOKS} looks each")
    for name, values_ms in took.items():
        half, p95 = statistics.median(values_ms), percentile(values_ms, 0.95)
        cpu_ms = work[name] / LOOKS * 1e3
        print(
            f"{name:32s} median {half:6.0f} ms ({half / base:4.1f} of the baseline), p95 {p95:6.0f} ms; "
            f"processor time {cpu_ms:4.0f} ms"
        )
    print(f"CSV of 28 days: first line after {first_ms:.0f} ms, {count} lines in {all_s:.1f} s")
    db.release_connection()


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--alerts", type=int, default=1_000_000)
    parser.add_argument("--teams", type=int, default=20)
    asked = parser.parse_args()
    with databases() as fresh:
        measure(fresh("figures"), asked.alerts, asked.teams)


if __name__ == "__main__":
    main()
