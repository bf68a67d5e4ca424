"""What runs the processes outlives the death of each of them, and leaves none behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from tests.processes import ROOT
from tests.world import eventually

# Says that it runs, and waits; what it is told is in its name.
PART = """
import os, pathlib, signal, subprocess, sys
folder, name, how = pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3]
if how == "deaf":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
if how == "parent":
    subprocess.Popen([sys.executable, *sys.argv[:2], name + "-child", "deaf"])
if how == "fails-twice" and len(list(folder.glob(name + ".*"))) < 2:
    (folder / f"{name}.{os.getpid()}").touch()
    sys.exit(1)
(folder / f"{name}.{os.getpid()}").touch()
if how == "ends":
    sys.exit(0)
signal.pause()
"""


class Parts:
    """What runs of each part, by the files that they leave."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def started(self, name: str) -> list[int]:
        return sorted(int(path.suffix[1:]) for path in self.folder.glob(f"{name}.*") if path.suffix[1:].isdigit())

    def running(self, name: str) -> list[int]:
        return [pid for pid in self.started(name) if _lives(pid)]

    def one(self, name: str, other_than: int | None = None) -> int:
        """Return the one that runs."""
        found = eventually(lambda: [pid for pid in self.running(name) if pid != other_than], f"{name} runs")
        assert len(found) == 1
        return found[0]


def _lives(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@contextmanager
def supervised(folder: Path, first: str | None = None, **parts: str) -> Iterator[tuple[subprocess.Popen[bytes], Parts]]:
    script = folder / "part.py"
    script.write_text(PART)
    (folder / "Procfile").write_text(
        "".join(f"{name}: exec {sys.executable} {script} {folder} {name} {how}\n" for name, how in parts.items())
    )
    command = [sys.executable, "-m", "backend.supervisor", str(folder / "Procfile"), "--stops-within", "1"]
    if first is not None:
        command += ["--first", f"exec {sys.executable} {script} {folder} first {first}"]
    process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL)
    found = Parts(folder)
    try:
        yield process, found
    finally:
        if process.poll() is None:
            process.terminate()
        process.wait(30)
        for name in [*parts, "first", *(f"{name}-child" for name in parts)]:
            eventually(lambda name=name: not found.running(name), f"nothing of {name} is left", 10)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGSTOP, signal.SIGSEGV])
def test_a_part_that_ends_or_freezes_is_started_again_and_the_others_go_on(tmp_path: Path, number: int) -> None:
    with supervised(tmp_path, web="waits", notifier="waits") as (process, parts):
        before, other = parts.one("web"), parts.one("notifier")
        os.kill(before, number)
        parts.one("web", other_than=before)
        assert parts.one("notifier") == other
        assert process.poll() is None


def test_a_part_that_ends_well_by_itself_is_started_again_too(tmp_path: Path) -> None:
    with supervised(tmp_path, web="waits", notifier="ends") as (process, parts):
        eventually(lambda: len(parts.started("notifier")) >= 3, "it was started again and again")
        assert process.poll() is None
        assert parts.one("web")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_all_end_when_it_is_told_to_stop_also_who_does_not_listen_and_who_is_frozen(
    tmp_path: Path, number: int
) -> None:
    with supervised(tmp_path, web="waits", notifier="deaf", watchdog="parent", canary="waits") as (process, parts):
        for name in ("web", "notifier", "watchdog", "watchdog-child"):
            parts.one(name)
        os.kill(parts.one("canary"), signal.SIGSTOP)
        process.send_signal(number)
        assert process.wait(30) == 0


def test_none_is_left_when_it_is_killed(tmp_path: Path) -> None:
    with supervised(tmp_path, web="waits", notifier="deaf") as (process, parts):
        for name in ("web", "notifier"):
            parts.one(name)
        os.kill(parts.one("web"), signal.SIGSTOP)
        process.kill()


def test_what_a_part_left_behind_is_ended_before_it_is_started_again(tmp_path: Path) -> None:
    with supervised(tmp_path, web="parent") as (_, parts):
        before, child = parts.one("web"), parts.one("web-child")
        os.kill(before, signal.SIGKILL)
        parts.one("web", other_than=before)
        parts.one("web-child", other_than=child)


def test_nothing_begins_before_the_first_command_has_succeeded_and_it_is_tried_on(tmp_path: Path) -> None:
    with supervised(tmp_path, first="fails-twice", web="waits") as (process, parts):
        eventually(lambda: len(parts.started("first")) == 3, "it is tried again")
        assert parts.started("web") == []
        os.kill(parts.one("first"), signal.SIGTERM)
        eventually(lambda: len(parts.started("first")) == 4, "one that was killed has not succeeded")
        assert parts.started("web") == []
        assert process.poll() is None


def test_a_first_command_that_succeeds_is_followed_by_all(tmp_path: Path) -> None:
    with supervised(tmp_path, first="ends", web="waits", notifier="waits") as (_, parts):
        parts.one("web")
        parts.one("notifier")
        assert len(parts.started("first")) == 1
