"""Limits unauthenticated sockets: each has seconds to sign in before it counts."""

from __future__ import annotations

import errno
import json
import logging
import socket
import threading
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

from backend import clock

log = logging.getLogger(__name__)

PATH = "/socket.io/"
VISIT = "cordon.visit"
# Sockets at one time that have not said who they are; further ones take the place of the oldest.
MOST_GUESTS = 64
MOST_MESSAGE_BYTES = 65_536
REFUSAL = json.dumps({"code": "too_many_sockets", "detail": "Too many sockets are open here; ask by HTTP."}).encode()


class Visit:
    """One open connection of Socket.IO: a guest until ``is_known``, and again once its person has left."""

    def __init__(self, gate: SocketGate, environ: dict[str, Any]) -> None:
        self._gate = gate
        self._socket: socket.socket | None = environ.get("gunicorn.socket") or environ.get("werkzeug.socket")
        self.address = str(environ.get("REMOTE_ADDR", ""))
        self.guest_since = clock.monotonic()

    def is_known(self) -> bool:
        """Count this connection as one of a person; False where there is no place for another one."""
        return self._gate.take_place(self)

    def is_left(self) -> None:
        """No one speaks through this connection any more: it is closed unless someone does soon."""
        self._gate.give_place_back(self)

    def close(self) -> None:
        """End the connection under whatever waits for its next message."""
        if self._socket is not None:
            try:
                self._socket.shutdown(socket.SHUT_RDWR)
            except OSError:
                log.debug("a socket was closed already")


class SocketGate:
    """WSGI middleware before Socket.IO: guests have ``known_within_s`` to say who they are, people ``most`` places.

    A socket holds threads for as long as it is open. A page that is refused polls. The oldest
    guest of the address that has most of them makes way for another one, so that strangers keep none of us out.
    """

    def __init__(self, app: Callable[..., Iterable[bytes]], most: int, known_within_s: float) -> None:
        self._app = app
        self._most = most
        self._known_within_s = known_within_s
        self._guests: dict[Visit, None] = {}
        self._known: set[Visit] = set()
        self._lock = threading.Lock()
        self._has_guests = threading.Condition(self._lock)
        self._thread: threading.Thread | None = None

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if not environ.get("PATH_INFO", "").startswith(PATH):
            return self._app(environ, start_response)
        visit = Visit(self, environ)
        if not self._let_in(visit):
            start_response("503 Service Unavailable", [("Content-Type", "application/json"), ("Retry-After", "30")])
            return [REFUSAL]
        environ[VISIT] = visit
        try:
            return list(self._app(environ, start_response))
        except (OSError, StopIteration):
            # How a connection that was a websocket ends, in either of the servers that it runs under.
            raise
        except Exception as error:
            # The libraries read a handshake and its messages without a guard: what a stranger sends is no failure here.
            log.info("a socket was closed that sent no message of ours: %s", type(error).__name__)
            raise ConnectionResetError(errno.ECONNRESET, "no message of ours") from None
        finally:
            with self._lock:
                self._guests.pop(visit, None)
                self._known.discard(visit)

    def take_place(self, visit: Visit) -> bool:
        """Let a guest become one of the people who are counted; False where there is no place."""
        with self._lock:
            if visit in self._known:
                return True
            if visit not in self._guests or len(self._known) >= self._most:
                return False
            del self._guests[visit]
            self._known.add(visit)
            return True

    def give_place_back(self, visit: Visit) -> None:
        """Let someone whose session or connection ended be a guest again."""
        with self._lock:
            if visit in self._known:
                self._known.remove(visit)
                visit.guest_since = clock.monotonic()
                self._add(visit)

    def _let_in(self, visit: Visit) -> bool:
        with self._lock:
            if len(self._known) >= self._most:
                return False
            oldest = self._oldest_of_most() if len(self._guests) >= MOST_GUESTS else None
            if oldest is not None:
                del self._guests[oldest]
            self._add(visit)
        if oldest is not None:
            oldest.close()
        return True

    def _oldest_of_most(self) -> Visit:
        ((address, _),) = Counter(guest.address for guest in self._guests).most_common(1)
        return next(guest for guest in self._guests if guest.address == address)

    def _add(self, visit: Visit) -> None:
        self._guests[visit] = None
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=self._close_silent, name="gate", daemon=True)
            self._thread.start()
        self._has_guests.notify()

    def _close_silent(self) -> None:
        while True:
            with self._lock:
                while not self._guests:
                    self._has_guests.wait()
                # They are in the order in which they became guests.
                oldest = next(iter(self._guests))
                left_s = oldest.guest_since + self._known_within_s - clock.monotonic()
                if left_s > 0:
                    self._has_guests.wait(left_s)
                    continue
                del self._guests[oldest]
            oldest.close()
