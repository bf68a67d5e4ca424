"""Fixes that are not accepted: after how many seconds the first person is notified of it, fault by fault.

The processes of `make serve` run as they do there, with their default settings and in real time, on a PostgreSQL of
each fault's own; a text goes to a double of the provider on this machine, and tags report all the while.
"""

from __future__ import annotations

import argparse
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import psutil
import requests

from backend import clock, db, tag_signatures
from tests.monitor import Monitor
from tests.postgres import PostgresServer, create_database
from tests.processes import ROOT, environment, free_port
from tests.servers import frozen
from tests.world import World, eventually

PATIENCE_S = 150.0
DUTY = "+447700900300"
DISK_MB = 160


class Service:
    """The whole service, supervised, with tags that report and a monitor that counts its pings."""

    def __init__(
        self, world: World, server: PostgresServer, disk: Path, processes: subprocess.Popen[bytes], url: str
    ) -> None:
        self.world, self.server, self.disk, self.processes, self.url = world, server, disk, processes, url
        self.statuses: list[tuple[float, int, float]] = []
        self._stop = threading.Event()
        self._tags = [world.tag, *(world.new_wearer(f"Wearer {n}", f"LDN-1{n:03}") for n in range(4))]
        self._reporting = [threading.Thread(target=self._reports, args=(tag,), daemon=True) for tag in self._tags]

    def start(self) -> None:
        for thread in self._reporting:
            thread.start()

    def stop(self) -> None:
        self._stop.set()
        for thread in self._reporting:
            thread.join(30)

    def _reports(self, tag: Any) -> None:
        while not self._stop.wait(2.0):
            at = time.monotonic()
            try:
                status = tag.post(tag.fix(5_000.0), url=self.url).status_code
            except requests.RequestException:
                status = 0
            self.statuses.append((at, status, time.monotonic() - at))

    def taken_after(self, at: float) -> bool:
        return any(status == 200 for begun, status, _ in self.statuses if begun > at)

    def processes_of(self, name: str) -> list[psutil.Process]:
        """Return the processes whose command line has this word, parents first."""
        found = psutil.Process(self.processes.pid).children(recursive=True)
        return [one for one in found if name in " ".join(one.cmdline()) and one.name() != "sh"]

    def hold_supervisor(self) -> None:
        """Let nothing be started again, as where a host starts nothing any more."""
        self.processes.send_signal(signal.SIGSTOP)


@contextmanager
def database_frozen(service: Service) -> Iterator[None]:
    with frozen(service.server):
        yield


@contextmanager
def database_stopped(service: Service) -> Iterator[None]:
    psutil.Process(service.server.pid).send_signal(signal.SIGQUIT)
    yield


@contextmanager
def disk_full(service: Service) -> Iterator[None]:
    filler = service.disk / "filler"
    with filler.open("wb") as file:
        try:
            while True:
                file.write(b"\0" * 65_536)
                file.flush()
        except OSError:
            pass
    yield
    filler.unlink()


@contextmanager
def _broken(code: str, only: str = "true") -> Iterator[None]:
    db.database.execute_sql(
        "CREATE FUNCTION breaks() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN IF {only} THEN RAISE EXCEPTION 'broken' USING ERRCODE = '{code}'; END IF; RETURN NEW; END $$"
    )
    db.database.execute_sql("CREATE TRIGGER breaks BEFORE INSERT ON fix FOR EACH ROW EXECUTE FUNCTION breaks()")
    db.release_connection()
    yield


@contextmanager
def table_damaged(_: Service) -> Iterator[None]:
    with _broken("XX001"):
        yield


@contextmanager
def one_tag_refused(_: Service) -> Iterator[None]:
    with _broken("53100", "NEW.tag_id = 1"):
        yield


@contextmanager
def slow_connections(service: Service) -> Iterator[None]:
    host, port = service.url.removeprefix("http://").split(":")
    with ExitStack() as open_ones:
        for _ in range(300):
            one = open_ones.enter_context(socket.create_connection((host, int(port)), timeout=5))
            one.sendall(b"POST /v1/tags/LDN-0001/fixes HTTP/1.1\r\nHost: cordon\r\nContent-Length: 100000\r\n\r\n{")
        yield


def _ended(name: str, number: int, *, last: bool = False) -> Callable[[Service], Any]:
    @contextmanager
    def fault(service: Service) -> Iterator[None]:
        service.hold_supervisor()
        service.processes_of(name)[-1 if last else 0].send_signal(number)
        yield

    return fault


def _ended_and_started(name: str, number: int) -> Callable[[Service], Any]:
    @contextmanager
    def fault(service: Service) -> Iterator[None]:
        service.processes_of(name)[0].send_signal(number)
        yield

    return fault


FAULTS: tuple[tuple[str, Callable[[Service], Any]], ...] = (
    ("database frozen, every process of it", database_frozen),
    ("database gone", database_stopped),
    ("disk of the database full", disk_full),
    ("table of fixes damaged", table_damaged),
    ("one tag refused, others taken", one_tag_refused),
    ("300 connections that send slowly", slow_connections),
    ("web killed and not started again", _ended("gunicorn", signal.SIGKILL)),
    ("web worker frozen and not started again", _ended("gunicorn", signal.SIGSTOP, last=True)),
    ("notifier frozen and not started again", _ended("notifier", signal.SIGSTOP)),
    ("watchdog killed and not started again", _ended("watchdog", signal.SIGKILL)),
)
RECOVERS = (database_frozen, disk_full)
# Of these no one has to be told: it is how long fixes are not taken.
STARTED_AGAIN: tuple[tuple[str, Callable[[Service], Any]], ...] = (
    ("web killed", _ended_and_started("gunicorn", signal.SIGKILL)),
    ("web frozen", _ended_and_started("gunicorn", signal.SIGSTOP)),
    ("database restarted", database_stopped),
)


@contextmanager
def _disk(folder: Path) -> Iterator[Path]:
    """A file system of its own, so small that it can be filled; the folder itself where none may be mounted."""
    folder.mkdir()
    is_mounted = (
        subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={DISK_MB}m,mode=755", "tmpfs", str(folder)],
            check=False,
            stderr=subprocess.DEVNULL,
        ).returncode
        == 0
    )
    try:
        yield folder
    finally:
        if is_mounted:
            subprocess.run(["umount", "-l", str(folder)], check=False)


@contextmanager
def serving(scratch: Path) -> Iterator[tuple[Service, Monitor]]:
    """Serve as `make serve` does."""
    with ExitStack() as held:
        disk = held.enter_context(_disk(scratch / "disk"))
        server = held.enter_context(PostgresServer(disk / "server", is_durable=False))
        database_url = create_database(server.url(), "cordon")
        db.bind(database_url)
        db.migrate()
        tag_signatures.forget_known()
        mine = clock.Clock()
        held.callback(clock.use, clock.use(mine))
        world = World(database_url, scratch, mine)
        held.callback(world.doubles.stop)
        outside = Monitor()
        held.callback(outside.close)
        port = free_port()
        url = f"http://127.0.0.1:{port}"
        world.doubles.cordon_url = url
        settings = world.settings.changed(
            public_url=url,
            duty_line=DUTY,
            run_folder=str(scratch),
            deadman_url=outside.url,
            deadman_every_s=5.0,
            canary_every_s=0.0,
            poll_s=1.0,
            database_connections=20,
        )
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        log = held.enter_context((scratch / "log").open("w"))
        processes = subprocess.Popen(
            [sys.executable, "-m", "backend.supervisor", "Procfile", "--first", "exec flask --app wsgi prepare"],
            cwd=ROOT,
            env=environment(settings, PORT=str(port), PATH=path, CORDON_RUN_FOLDER=str(scratch)),
            stderr=log,
            stdout=log,
        )

        def end() -> None:
            processes.send_signal(signal.SIGCONT)
            processes.terminate()
            processes.wait(30)

        held.callback(end)

        def is_ready() -> bool:
            try:
                return requests.get(f"{url}/ready", timeout=5).ok
            except requests.RequestException:
                return False

        eventually(is_ready, "the service is ready", 90)
        service = Service(world, server, disk, processes, url)
        held.callback(service.stop)
        service.start()
        eventually(lambda: service.taken_after(0.0), "a fix is taken", 60)
        # As a service that has run for a while: its processes know the duty line, and the monitor is at rest.
        eventually(lambda: outside.paths, "the monitor is told that all is well", 90)
        threading.Event().wait(15)
        db.database.obj.close_all()
        yield service, outside


def _told(service: Service, before: int) -> Callable[[], Any]:
    return lambda: [m for m in service.world.doubles.messages[before:] if m.to == DUTY]


def measure(name: str, fault: Callable[[Service], Any], *, is_notified: bool) -> None:
    """Print what came of one fault."""
    with tempfile.TemporaryDirectory(prefix="cordon-", dir=os.environ.get("TMPDIR")) as folder:
        os.chmod(folder, 0o755)
        with serving(Path(folder)) as (service, outside):
            before, pings = len(service.world.doubles.messages), len(outside.paths)
            at = time.monotonic()
            with fault(service):
                if is_notified:
                    try:
                        (first, *_) = eventually(_told(service, before), name, PATIENCE_S)
                        words = first.body.split(". ", 1)[1]
                        print(f"{name}: first person told after {time.monotonic() - at:.0f} s: {words}", flush=True)
                    except AssertionError:
                        print(f"{name}: NOBODY in {PATIENCE_S:.0f} s; {(Path(folder) / 'log').read_text()[-3000:]}")
                else:
                    if name == "database restarted":
                        threading.Event().wait(5)
                        service.server.start()
                    refused = lambda: [one for one in service.statuses if one[0] > at and one[1] != 200]  # noqa: E731
                    eventually(lambda: refused() and service.taken_after(refused()[-1][0]), name, PATIENCE_S)
                    threading.Event().wait(5)
                    last = max(one[0] for one in service.statuses if one[1] != 200)
                    print(f"{name}: fixes taken again after {last - at:.0f} s at most", flush=True)
                since = [(status, took) for begun, status, took in service.statuses if begun > at]
                answers, slowest = sorted({status for status, _ in since}), max((one[1] for one in since), default=0.0)
                print(
                    f"    tags: answers {answers}, the slowest after {slowest:.1f} s; "
                    f"{len(outside.paths) - pings} pings meanwhile",
                    flush=True,
                )
            over = time.monotonic()
            if fault in RECOVERS:
                eventually(lambda: service.taken_after(over), f"{name} is over", PATIENCE_S)
                print(f"    over: a fix is taken {time.monotonic() - over:.0f} s later", flush=True)


def run(only: str = "") -> None:
    """Print for each fault when the first person was told, or when fixes were taken again."""
    for cases, is_notified in ((FAULTS, True), (STARTED_AGAIN, False)):
        for name, fault in cases:
            if only in name:
                measure(name, fault, is_notified=is_notified)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("only", nargs="?", default="", help="measure the faults whose name has this in it")
    run(parser.parse_args().only)
