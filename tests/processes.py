"""Real processes of the product, for what only processes can show: dying, and sharing a database."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests

from backend.settings import Settings, variable
from tests.world import eventually

ROOT = Path(__file__).parent.parent


def environment(settings: Settings, **more: str) -> dict[str, str]:
    """Return the variables that make another process read these settings."""
    default = Settings()
    changed = {
        variable(name): str(getattr(settings, name))
        for name in Settings.model_fields
        if getattr(settings, name) != getattr(default, name)
    }
    return {**os.environ, **changed, "PYTHONPATH": str(ROOT), **more}


def free_port() -> int:
    """Return a port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def web_server(settings: Settings) -> Iterator[str]:
    """Serve the application as `make serve` does; yields its URL."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", "-c", "gunicorn.conf.py", "wsgi:create_app()"],
        cwd=ROOT,
        env=environment(settings, PORT=str(port), CORDON_WEB_THREADS="16"),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    url = f"http://127.0.0.1:{port}"

    def is_ready() -> bool:
        assert process.poll() is None, "the server ended"
        try:
            return requests.get(f"{url}/ready", timeout=2).ok
        except (requests.ConnectionError, requests.Timeout):
            return False

    try:
        eventually(is_ready, f"{url} is ready", 30)
        yield url
    finally:
        stop(process)


@contextmanager
def notifier(settings: Settings, command: str = "notifier") -> Iterator[subprocess.Popen[bytes]]:
    """Run a notifier as `make serve` does, or another command that runs until it is told to stop."""
    process = subprocess.Popen(
        [sys.executable, "-m", "flask", "--app", "wsgi", command],
        cwd=ROOT,
        env=environment(settings),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        stop(process)


def stop(process: subprocess.Popen[bytes]) -> None:
    """End a process as a person would, and by force if it does not listen."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
    process.wait()
