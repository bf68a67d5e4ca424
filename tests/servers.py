"""What can be done to a real PostgreSQL server of a test's own."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager

import psutil

from tests.postgres import PostgresServer


@contextmanager
def frozen(server: PostgresServer) -> Iterator[None]:
    """Let every process of the server stand still, as a host does whose storage hangs."""
    postmaster = psutil.Process(server.pid)
    # The postmaster first: it starts no other meanwhile.
    postmaster.suspend()
    still = [postmaster, *postmaster.children(recursive=True)]
    for process in still[1:]:
        process.suspend()
    try:
        yield
    finally:
        for process in reversed(still):
            os.kill(process.pid, signal.SIGCONT)
