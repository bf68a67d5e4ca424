"""Waiting for what other threads and processes make true."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
PATIENCE_S = 30.0


def eventually(condition: Callable[[], T], what: str, patience_s: float | None = None) -> T:
    """Return ``condition()`` once it is true; other threads and processes are given time to make it so."""
    patience_s = PATIENCE_S if patience_s is None else patience_s
    deadline = time.monotonic() + patience_s
    pause = threading.Event()
    while True:
        found = condition()
        if found:
            return found
        assert time.monotonic() < deadline, f"not within {patience_s} s: {what}"
        pause.wait(0.01)
