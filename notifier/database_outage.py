"""Texts the duty line when the database does not answer: from settings alone, since alarms and numbers are in it.

The processes of one host agree by a file on which of them tells.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import logging
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from backend import alarms, clock
from backend.settings import Settings
from notifier import alarm_texts
from notifier.channels.duty import DutyTexts

log = logging.getLogger(__name__)

# Longer than most restarts take, and a person is notified within a minute of what has to be found first.
AFTER_S = 20.0
TRIES_AGAIN_S = 15.0
TITLE = "The database does not answer"
MOST_BYTES = 4_096


class WithoutDatabase:
    """Counts how long the database has been away for one process, and sends a text about it to the duty line."""

    def __init__(
        self, settings: Settings, monotonic: Callable[[], float] = clock.monotonic, title: str = TITLE
    ) -> None:
        self._settings = settings
        self._title = title
        self._texts = DutyTexts(settings)
        self._monotonic = monotonic
        self._shared = _Shared(settings)
        self._lost_at: float | None = None
        self._tell_at = 0.0
        self._is_notified = False

    def answers(self) -> None:
        """Take note that the database answers, and say so where it was told that it does not."""
        if self._lost_at is not None:
            with self._shared.held() as known:
                # Whichever process told: it may be gone.
                if known is not None and known.get("told_at"):
                    self._send([], [(self._title, "It does again")])
                    known["told_at"] = 0.0
        self._lost_at, self._is_notified = None, False

    def is_lost(self, since: float | None = None) -> None:
        """Take note that it does not, and tell the duty line once that has lasted, and again while it lasts.

        ``since`` is when the call began that came to nothing, on the monotonic scale.
        """
        now = self._monotonic()
        if self._lost_at is None:
            self._lost_at = self._tell_at = now if since is None else since
        lost_for_s = now - self._lost_at
        if lost_for_s < AFTER_S or now < self._tell_at or not self._settings.duty_line:
            return
        with self._shared.held() as known:
            if known is None:
                # Another process of this host is notifying.
                self._tell_at = now + TRIES_AGAIN_S
                return
            host_now = clock.host_time().timestamp()
            told_ago_s = host_now - known.get("told_at", 0.0)
            if 0 <= told_ago_s < alarms.TELL_AGAIN_S and not self._is_notified:
                self._tell_at = now + TRIES_AGAIN_S
                return
            detail = f"For {lost_for_s:.0f} s. No one is warned until it does"
            is_taken = self._send([(self._title, detail)], [])
            if is_taken:
                known["told_at"] = host_now
        self._is_notified = self._is_notified or is_taken
        self._tell_at = now + (alarms.TELL_AGAIN_S if is_taken else TRIES_AGAIN_S)

    def _send(self, standing: list[tuple[str, str]], ended: list[tuple[str, str]]) -> bool:
        words = alarm_texts.text(standing, ended, f"{self._settings.public_url}/supervisor")
        log.warning("the duty line is texted: %s", words)
        return self._texts.send(self._settings.duty_line, words) is not None


class _Shared:
    """What the processes of this host know together of one database and one duty line, in a file."""

    def __init__(self, settings: Settings) -> None:
        about = f"{settings.database_url}\n{settings.duty_line}"
        name = hashlib.sha256(about.encode()).hexdigest()[:16]
        self._path = Path(settings.run_folder) / f"told-without-database-{name}.json"
        # Where the folder cannot be written to, each process tells for itself.
        self._own: dict[str, float] = {}

    @contextmanager
    def held(self) -> Iterator[dict[str, float] | None]:
        """Yield what is known, to be changed in the block; None while another process holds it."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            handle = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError:
            yield self._own
            return
        try:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                yield None
                return
            known = _read(os.pread(handle, MOST_BYTES, 0).decode(errors="replace"))
            before = dict(known)
            yield known
            if known != before:
                self._own = known
                self._keep(handle, known)
        finally:
            os.close(handle)

    @staticmethod
    def _keep(handle: int, known: dict[str, float]) -> None:
        try:
            os.ftruncate(handle, 0)
            os.pwrite(handle, json.dumps(known).encode(), 0)
        except OSError:
            # A disk may be full here too: a person hears it twice rather than not at all.
            log.warning("what the duty line was told could not be kept")


def _read(text: str) -> dict[str, float]:
    try:
        known = json.loads(text or "{}")
        return {name: float(known[name]) for name in ("told_at",) if name in known}
    except (ValueError, TypeError, KeyError):
        return {}
