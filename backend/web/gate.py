"""Keeps open sockets from taking every thread: tags and acknowledgements always find one."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable
from typing import Any

PATH = "/socket.io/"
REFUSAL = json.dumps({"code": "too_many_sockets", "detail": "Too many sockets are open here; ask by HTTP."}).encode()


class SocketGate:
    """WSGI middleware: at most ``most`` requests of Socket.IO are under way at once, and others are answered 503.

    In this server a socket holds a thread for as long as it is open, whoever opened it. A page that is refused polls.
    """

    def __init__(self, app: Callable[..., Iterable[bytes]], most: int) -> None:
        self._app = app
        self._places = threading.BoundedSemaphore(most)

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if not environ.get("PATH_INFO", "").startswith(PATH):
            return self._app(environ, start_response)
        if not self._places.acquire(blocking=False):
            start_response("503 Service Unavailable", [("Content-Type", "application/json"), ("Retry-After", "30")])
            return [REFUSAL]
        try:
            return list(self._app(environ, start_response))
        finally:
            self._places.release()
