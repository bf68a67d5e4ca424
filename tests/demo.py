"""What `make run` starts: the service with a demo caseload, doubles of the providers, the phone wall, simulated tags.

The product's own processes are the ones of `make serve`; this only points them at the doubles. Everything ends
with Ctrl-C: honcho passes the signal on, waits five seconds, and ends whatever is left.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import psycopg
import requests
from honcho.manager import Manager
from honcho.printer import Printer

from backend import db
from tests.demo_places import as_open_names
from tests.postgres import (
    APPLICATION,
    OWNER,
    PostgresError,
    PostgresServer,
    binaries,
    create_database,
    major,
)

ROOT = Path(__file__).parent.parent
VAR = ROOT / "var" / "demo"
CREDENTIALS = VAR / "fcm-service-account.json"
CASELOAD = VAR / "caseload.json"
PATIENCE_S = 30


def start_database() -> PostgresServer:
    """Start the demo's PostgreSQL under ``var``, in a folder of its major version; each version keeps its own."""
    server = PostgresServer(ROOT / "var" / f"postgres-{major(binaries())}")
    server.start()
    return server


def demo_database(server: PostgresServer) -> str:
    """Return the name of the demo's database, made anew when the schema is not the one of the last run."""
    tables = sorted((ROOT / "backend" / "models").glob("*.py"))
    schema = hashlib.sha256(b"".join(path.read_bytes() for path in [*tables, *sorted(db.MIGRATIONS.glob("0*"))]))
    name = f"demo_{schema.hexdigest()[:8]}"
    with psycopg.connect(server.url(), autocommit=True) as connection:
        known = {one for (one,) in connection.execute("SELECT datname FROM pg_database").fetchall()}
    if name not in known:
        others = sorted(one for one in known if one.startswith("demo_"))
        if others:
            print(f"The schema has changed since the last run: beginning a new demo beside {', '.join(others)}.")
        create_database(server.url(), name)
    return name


def environment(port: int, wall_port: int, server: PostgresServer, database: str) -> dict[str, str]:
    """Return the settings that point the service at the demo's database and the doubles."""
    token_file = VAR / "twilio-auth-token"
    if not token_file.exists():
        token_file.write_text(secrets.token_hex(16))
    wall = f"http://127.0.0.1:{wall_port}"
    demo = {
        "PORT": str(port),
        "CORDON_DATABASE_URL": server.url(database, APPLICATION),
        "CORDON_DATABASE_OWNER_URL": server.url(database, OWNER),
        "CORDON_SECRET_KEY_FILE": str(VAR / "secret-key"),
        "CORDON_PUBLIC_URL": f"http://127.0.0.1:{port}",
        "CORDON_TWILIO_ACCOUNT_SID": "AC" + "0" * 32,
        "CORDON_TWILIO_AUTH_TOKEN": token_file.read_text(),
        "CORDON_TWILIO_FROM": "+447700900000",
        "CORDON_TWILIO_API_URL": wall,
        "CORDON_FCM_CREDENTIALS": str(CREDENTIALS),
        "CORDON_FCM_URL": wall,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}",
        "PYTHONUNBUFFERED": "1",
    }
    # What is set outside wins, apart from what the doubles need.
    return {**os.environ, **demo}


def is_free(port: int) -> bool:
    """Tell whether nothing listens on the port of this machine."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def welcome(url: str, wall: str, caseload: dict) -> str:
    """Return what a newcomer is told once everything is up."""
    logins = [p for p in caseload["people"] if p["role"] != "administrator"]
    rows = "\n".join(f"    {p['role']:11} {p['email']:22} {p['password']:12} {p['team']}" for p in logins)
    return f"""
  Cordon is running.

    Officers     {url}/officer       sign in, wait: the first alert arrives within a minute
    Supervisors  {url}/supervisor    how long every step took
    Phone wall   {wall}               every phone's pushes and texts, with replies

  Sign in as
{rows}

  Ctrl-C stops everything. The demo is kept in var; delete that folder to begin anew.
"""


def announce(manager: Manager, url: str, wall: str, caseload: dict) -> None:
    """Start the simulated tags once the service is ready, and greet; end everything if it never is."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        try:
            if requests.get(f"{url}/ready", timeout=1).ok:
                print(welcome(url, wall, caseload), flush=True)
                return
        except requests.RequestException:
            time.sleep(0.1)
    print(f"The service did not become ready within {PATIENCE_S} s.", file=sys.stderr, flush=True)
    os.kill(os.getpid(), signal.SIGTERM)


def main() -> int:
    """Run until Ctrl-C."""
    port = int(os.environ.get("PORT", "8000"))
    wall_port = int(os.environ.get("WALL_PORT", str(port + 100)))
    for taken in (port, wall_port):
        if not is_free(taken):
            print(f"Port {taken} is taken. Choose another: make run PORT=8010", file=sys.stderr)
            return 1
    VAR.mkdir(parents=True, exist_ok=True)
    CREDENTIALS.unlink(missing_ok=True)
    try:
        server = start_database()
    except PostgresError as error:
        print(error, file=sys.stderr)
        return 1
    # Ended by a signal, the one who it is from, the database is stopped as well.
    with server:
        return run(port, wall_port, environment(port, wall_port, server, demo_database(server)))


def run(port: int, wall_port: int, env: dict[str, str]) -> int:
    """Make the demo caseload, then run every process until one ends or Ctrl-C."""
    subprocess.run([sys.executable, "-m", "flask", "--app", "wsgi", "migrate"], cwd=ROOT, env=env, check=True)
    seeded = subprocess.run(
        [sys.executable, "-m", "flask", "--app", "wsgi", "seed-demo", "--json"],
        cwd=ROOT,
        env=env,
        check=True,
        stdout=subprocess.PIPE,
    )
    caseload = json.loads(seeded.stdout)
    names = VAR / "places.csv"
    names.write_text(as_open_names())
    subprocess.run(
        [sys.executable, "-m", "flask", "--app", "wsgi", "load-places", str(names)], cwd=ROOT, env=env, check=True
    )
    CASELOAD.write_text(json.dumps(caseload))
    CASELOAD.chmod(0o600)
    phones = VAR / "phones.json"
    phones.write_text(
        json.dumps(
            [
                {"label": p["name"], "phone": p["phone"], "push_token": p.get("push_token"), "role": p["role"]}
                for p in caseload["people"] + caseload["victims"]
            ]
        )
    )
    url, wall = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{wall_port}"
    python = f'"{sys.executable}"'
    wait_for_key = f'while [ ! -s "{CREDENTIALS}" ]; do sleep 0.1; done; '
    ask = f"import urllib.request; urllib.request.urlopen('{url}/ready', timeout=2)"
    wait_for_web = f'while ! {python} -c "{ask}" 2>/dev/null; do sleep 0.2; done; '
    manager = Manager(Printer(sys.stdout, colour=sys.stdout.isatty()))
    manager.add_process(
        "wall",
        f"exec {python} -m tests.doubles --port {wall_port} --cordon-url {url}"
        f' --twilio-auth-token "$CORDON_TWILIO_AUTH_TOKEN" --account-sid "$CORDON_TWILIO_ACCOUNT_SID"'
        f' --credentials-dir "{VAR}" --people "{phones}"',
        env=env,
        cwd=str(ROOT),
        quiet=True,
    )
    manager.add_process("web", 'exec gunicorn -c gunicorn.conf.py "wsgi:create_app()"', env=env, cwd=str(ROOT))
    manager.add_process(
        "notifier", f"{wait_for_key} exec {python} -m flask --app wsgi notifier", env=env, cwd=str(ROOT)
    )
    manager.add_process(
        "watchdog", f"{wait_for_key} exec {python} -m flask --app wsgi watchdog", env=env, cwd=str(ROOT)
    )
    manager.add_process(
        "tags",
        f'{wait_for_web} exec {python} -m tests.doubles.tags --url {url} --demo "{CASELOAD}"',
        env=env,
        cwd=str(ROOT),
    )
    threading.Thread(target=announce, args=(manager, url, wall, caseload), daemon=True).start()
    manager.loop()
    # Ended by a person, everything did as it was told; a process that ended by itself is a failure.
    return 0 if manager.returncode in (0, -signal.SIGTERM, -signal.SIGINT, 130, 143) else 1


if __name__ == "__main__":
    sys.exit(main())
