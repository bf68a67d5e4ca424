"""Process supervisor: runs a Procfile's processes and restarts any that end or freeze, for `make serve`.

It knows nothing of what they do, so that nothing of what they do can end it.
"""

from __future__ import annotations

import argparse
import ctypes
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from backend import clock

SIGNALS = {signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGHUP}
LOOKS_EVERY_S = 1.0
# A process that ends at once, again and again, is started again ever later, but soon enough for a minute's promise.
SHORTEST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 8.0
RAN_WELL_S = 30.0
# Longer than a debugger's glance; whatever is stopped for so long does not do its work.
FROZEN_AFTER_S = 5.0
STOPS_WITHIN_S = 10.0
# Source: Linux, sys/prctl.h.
PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36

_libc = ctypes.CDLL(None, use_errno=True)


@dataclass
class Child:
    """One line of the Procfile: what runs of it now, and when it is started next where nothing does."""

    name: str
    command: str
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    start_at: float = 0.0
    pause_s: float = SHORTEST_PAUSE_S


class Supervisor:
    """Keeps its children running until it is asked to stop."""

    def __init__(self, commands: dict[str, str], first: str | None = None, stops_within_s: float = STOPS_WITHIN_S):
        self._first = Child("first", first) if first else None
        self._children = [Child(name, command) for name, command in commands.items()]
        self._stops_within_s = stops_within_s
        self._frozen: dict[int, float] = {}

    def run(self) -> int:
        """Run all until SIGTERM, SIGINT or SIGHUP; return the exit status, which is 0."""
        signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
        # What a child leaves behind as it dies is ours to end.
        _libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        while True:
            for child in self._wanted():
                if child.process is None and clock.monotonic() >= child.start_at:
                    self._start(child)
            told = signal.sigtimedwait(SIGNALS, LOOKS_EVERY_S if self._is_quiet() else SHORTEST_PAUSE_S / 2)
            self._reap()
            if told is not None and told.si_signo != signal.SIGCHLD:
                self._stop()
                return 0
            self._end_frozen()

    def _wanted(self) -> list[Child]:
        return [self._first] if self._first is not None else self._children

    def _is_quiet(self) -> bool:
        return all(child.process is not None for child in self._wanted())

    def _start(self, child: Child) -> None:
        mine = os.getpid()

        def begin() -> None:
            signal.pthread_sigmask(signal.SIG_SETMASK, ())
            end_with_parent(mine)

        # A session of its own: Ctrl-C reaches it through us alone, and what it starts can be ended with it.
        child.process = subprocess.Popen(  # noqa: S603 - the commands are the Procfile's
            ["/bin/sh", "-c", child.command],
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=begin,  # noqa: PLW1509 - there are no other threads
        )
        child.started_at = clock.monotonic()
        _say(f"{child.name} started as process {child.process.pid}")

    def _reap(self) -> None:
        """Take note of every process that has ended, and of what it left behind."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            for child in self._wanted():
                if child.process is not None and child.process.pid == pid:
                    self._ended(child, os.waitstatus_to_exitcode(status))
                    break

    def _ended(self, child: Child, code: int) -> None:
        assert child.process is not None
        pid, now = child.process.pid, clock.monotonic()
        child.process.returncode = code
        child.process = None
        # A server that was killed leaves its workers, who keep its port.
        _kill_session(pid)
        if child is self._first and code == 0:
            self._first = None
            return
        if now - child.started_at >= RAN_WELL_S:
            child.pause_s = SHORTEST_PAUSE_S
        child.start_at = now + child.pause_s
        how = f"by signal {-code}" if code < 0 else f"with status {code}"
        _say(f"{child.name} ended {how}; it is started again in {child.pause_s:g} s")
        child.pause_s = min(2 * child.pause_s, LONGEST_PAUSE_S)

    def _end_frozen(self) -> None:
        """End whatever stands still: its parent starts another one."""
        now = clock.monotonic()
        sessions = {child.process.pid for child in self._wanted() if child.process is not None}
        stopped = {pid for pid, state, session in _processes() if state == "T" and session in sessions}
        self._frozen = {pid: self._frozen.get(pid, now) for pid in stopped}
        for pid, since in self._frozen.items():
            if now - since >= FROZEN_AFTER_S:
                _say(f"process {pid} is frozen and is ended")
                _kill(pid, signal.SIGKILL)

    def _stop(self) -> None:
        """Ask all to end, and end those who do not listen."""
        _say("stopping")
        running = [child.process for child in self._wanted() if child.process is not None]
        for process in running:
            _kill(process.pid, signal.SIGTERM)
            _kill(process.pid, signal.SIGCONT)
        deadline = clock.monotonic() + self._stops_within_s
        while any(process.returncode is None for process in running) and clock.monotonic() < deadline:
            signal.sigtimedwait({signal.SIGCHLD}, max(0.0, min(LOOKS_EVERY_S, deadline - clock.monotonic())))
            self._note_ends(running)
        for process in running:
            _kill_session(process.pid)
        for process in running:
            if process.returncode is None:
                _say(f"process {process.pid} did not end and is killed")
                os.waitpid(process.pid, 0)
                process.returncode = -signal.SIGKILL

    @staticmethod
    def _note_ends(running: list[subprocess.Popen[bytes]]) -> None:
        for process in running:
            if process.returncode is None:
                pid, status = os.waitpid(process.pid, os.WNOHANG)
                if pid:
                    process.returncode = os.waitstatus_to_exitcode(status)


def end_with_parent(parent: int) -> None:
    """Let the present process be killed when ``parent`` is, however that ends: no one else would end it."""
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)


def _say(what: str) -> None:
    sys.stderr.write(f"supervisor: {what}\n")
    sys.stderr.flush()


def _kill(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


def _kill_session(session: int) -> None:
    """Kill what is left of a child's session."""
    for pid, state, of in _processes():
        if of == session and state != "Z":
            _kill(pid, signal.SIGKILL)


def _processes() -> list[tuple[int, str, int]]:
    """Return number, state and session of every process of this host."""
    found = []
    for folder in os.scandir("/proc"):
        if not folder.name.isdigit():
            continue
        try:
            text = Path(folder.path, "stat").read_text()
        except OSError:
            # It has ended meanwhile.
            continue
        # Its name may hold spaces and brackets, and ends with the last one.
        state, _, _, session = text.rpartition(")")[2].split()[:4]
        found.append((int(folder.name), state, int(session)))
    return found


def read(procfile: Path) -> dict[str, str]:
    """Return the commands of a Procfile by name. Raises: ValueError for a line that is none."""
    commands = {}
    for line in procfile.read_text().splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        name, colon, command = line.partition(":")
        if not colon or not command.strip():
            raise ValueError(f"{procfile}: {line!r} is not NAME: COMMAND")
        commands[name.strip()] = command.strip()
    return commands


def main(arguments: list[str] | None = None) -> int:
    """Run what the command line says; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m backend.supervisor", description=__doc__)
    parser.add_argument("procfile", type=Path)
    parser.add_argument("--first", help="a command that has to succeed before any other begins; it is tried on")
    parser.add_argument("--stops-within", type=float, default=STOPS_WITHIN_S, metavar="S")
    asked = parser.parse_args(arguments)
    return Supervisor(read(asked.procfile), asked.first, asked.stops_within).run()


if __name__ == "__main__":
    sys.exit(main())
