"""The web server's worker: the main loop reads a request completely before a thread of its lane serves it.

A sender that is slow, says nothing or never reads holds a few bytes here, and no thread. gunicorn's own gthread worker
takes a thread with each connection and reads in it, without an end.
"""

from __future__ import annotations

import errno
import json
import selectors
import socket
import sys
import time
from collections import Counter
from functools import partial
from typing import Any

from gunicorn import http
from gunicorn.http.body import ChunkedReader
from gunicorn.http.errors import ConfigurationProblem, InvalidHeader, UnsupportedTransferCoding
from gunicorn.workers.gthread import TConn, ThreadWorker

from backend.settings import Settings
from backend.web.request_reading import HEAD_WITHIN_S, SIGN_IN, SOCKETS, Arrival, Stage, TooLarge
from backend.web.thread_lanes import Lanes, Turns, sizes

# How long a thread waits, over a whole answer, for its phone to take it; and for a websocket's next frame.
SEND_WITHIN_S = 30.0
# How long an ended connection is kept, so that its last answer is read before the connection is reset.
LINGER_S = 2.0
READ_BYTES = 65_536
# All bytes of requests that are not whole yet; beyond, the largest of them is given up.
MOST_BYTES_WAITING = 256 * 1_048_576
LOOK_EVERY_S = 0.5
# When every place is taken, so many are made at once, since finding them looks at all connections.
EVICTED_AT_ONCE = 20

# Websockets opened in a second, and at once after a quiet while: a team's phones that come back after a restart.
OPENED_A_SECOND = 40.0
OPENED_AT_ONCE = 20
OPENED_WITHIN_S = 5.0
# How long a thread may compute while another one wants to: tags have several short turns in each of their posts.
SWITCH_INTERVAL_S = 0.001

REASONS = {
    408: ("request_timeout", "The request took too long to arrive"),
    413: ("body_too_large", "The body is too large"),
    429: ("too_many_requests", "Too many people are signing in"),
    431: ("head_too_large", "The head is too large"),
    503: ("too_busy", "Too many requests are waiting, send again"),
}


PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{title} – Cordon</title></head><body><main><h1>{title}</h1>
<p>Nothing was saved. Wait a few seconds, go back, and send it again.</p>
<p>If an alert is waiting, call your colleagues or the police.</p></main></body></html>
"""
# A protected person's own page names nothing, and says what to do where it was their call for help.
OWN_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Notes</title></head><body><main><h1>Notes</h1>
<p>Not sent. Go back, and try again. If you cannot wait, call 999.</p></main></body></html>
"""


def refusal(status: int, *, is_for_people: bool = False, is_own_page: bool = False) -> bytes:
    """Return the whole answer with which the loop itself refuses a request: for people a page, else JSON."""
    if is_own_page:
        fields = {
            "Content-Type": "text/html; charset=utf-8",
            "Content-Length": str(len(OWN_PAGE.encode())),
            "Cache-Control": "no-store",
            "Connection": "close",
        }
        head = "\r\n".join([f"HTTP/1.1 {status} Error", *(f"{name}: {value}" for name, value in fields.items())])
        return f"{head}\r\n\r\n{OWN_PAGE}".encode()
    code, title = REASONS[status]
    detail = "Nothing was kept; send the same again."
    problem = {"type": f"/docs/errors#{code}", "title": title, "status": status, "code": code, "detail": detail}
    body = PAGE.format(title=title).encode() if is_for_people else json.dumps(problem).encode()
    kind = "text/html; charset=utf-8" if is_for_people else "application/problem+json"
    fields = {"Content-Type": kind, "Content-Length": str(len(body)), "Connection": "close"}
    if status in (429, 503):
        fields["Retry-After"] = "5"
    lines = [f"HTTP/1.1 {status} {title}", *(f"{name}: {value}" for name, value in fields.items())]
    return "\r\n".join([*lines, "", ""]).encode() + body


class AnswerSocket(socket.socket):
    """A socket whose answers take at most ``SEND_WITHIN_S`` of waiting altogether, however slowly they are read."""

    left_s = SEND_WITHIN_S

    def sendall(self, data: Any, flags: int = 0) -> None:
        """Send all of ``data``. Raises: TimeoutError."""
        began = time.monotonic()
        self.settimeout(max(self.left_s, 0.001))
        try:
            super().sendall(data, flags)
        finally:
            self.left_s -= time.monotonic() - began
            self.settimeout(SEND_WITHIN_S)


class Received:
    """What the parser of a request reads from: the bytes that have come, so that it never waits for a sender."""

    def __init__(self) -> None:
        self._data = b""
        # The parser wanted more than the loop took for the whole request: where the next one begins is not known.
        self.ran_dry = False

    def put(self, data: bytes) -> None:
        """Give it one whole request."""
        self._data = data

    def recv(self, size: int) -> bytes:
        """Return the next bytes, or none at the end of the request."""
        piece, self._data = self._data[:size], self._data[size:]
        self.ran_dry = self.ran_dry or not piece
        return piece


class Connection(TConn):
    """A connection with the request that arrives on it."""

    def __init__(self, cfg: Any, sock: socket.socket, client: Any, server: Any) -> None:
        super().__init__(cfg, AnswerSocket(fileno=sock.detach()), client, server)
        self.received = Received()
        self.parser = http.get_parser(cfg, self.received, client)
        self.initialized = self.data_ready = True
        self.arrival = Arrival()
        self.following = b""
        self.began = 0.0
        self.deadline = 0.0
        self.is_polled = self.is_gone = False

    @property
    def address(self) -> str:
        """Where the connection comes from."""
        return str(self.client[0]) if isinstance(self.client, tuple) else str(self.client)

    def init(self) -> None:
        """Bound the time of an answer: called in the thread that serves it, before anything is sent."""
        self.sock.left_s = SEND_WITHIN_S
        self.sock.settimeout(SEND_WITHIN_S)


class LaneWorker(ThreadWorker):
    """gthread, but for how a request comes to its thread."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Connections whose next request is not whole, those that wait to be closed, and open websockets.
        self._arriving: dict[Connection, None] = {}
        self._parting: dict[Connection, None] = {}
        self._sockets: set[Connection] = set()
        self._turns = Turns(OPENED_A_SECOND, OPENED_AT_ONCE)
        self._looked = 0.0
        # The parent stops accepting at worker_connections; this one makes a place before it comes to that.
        self._most = self.worker_connections - 2 * EVICTED_AT_ONCE

    def init_process(self) -> None:
        """Begin to serve."""
        sys.setswitchinterval(SWITCH_INTERVAL_S)
        super().init_process()

    def get_thread_pool(self) -> Lanes:
        """Return the lanes, of which ``threads`` of the server's configuration are for tags."""
        return Lanes(sizes(self.cfg.threads, Settings.from_environ().most_sockets))

    def accept(self, listener: socket.socket) -> None:
        """Take a new connection, making a place for it where all are taken."""
        try:
            sock, client = listener.accept()
        except OSError as error:
            if error.errno in (errno.EMFILE, errno.ENFILE):
                self._evict()
            elif error.errno not in (errno.EAGAIN, errno.EWOULDBLOCK, errno.ECONNABORTED):
                raise
            return
        self.nr_conns += 1
        if self.nr_conns > self._most:
            self._evict()
        self.enqueue_req(Connection(self.cfg, sock, client, listener.getsockname()))

    def enqueue_req(self, conn: Connection) -> None:
        """Await the next request of a connection, of which bytes may have come with the one before."""
        conn.arrival = Arrival(conn.parser.unreader.take_buffered() + conn.following)
        conn.following = b""
        conn.began = time.monotonic()
        is_first = conn.parser.req_count == 0
        conn.deadline = conn.began + (HEAD_WITHIN_S if is_first or len(conn.arrival) else self.cfg.keepalive)
        conn.sock.setblocking(False)
        self._arriving[conn] = None
        self._guard(conn, self._advance if len(conn.arrival) else self._read)

    def _guard(self, conn: Connection, step: Any, *_: Any) -> None:
        """Do what one connection needs; whatever goes wrong ends that connection and not the loop."""
        if conn.is_gone:
            # Given up for another one, after the loop was told that there is something to read.
            return
        try:
            step(conn)
        except (OSError, ValueError):
            self._drop(conn)
        except Exception:
            self.log.exception("a connection was given up")
            self._drop(conn)

    def _poll(self, conn: Connection, step: Any) -> None:
        if conn.is_polled:
            self.poller.unregister(conn.sock)
        self.poller.register(conn.sock, selectors.EVENT_READ, partial(self._guard, conn, step))
        conn.is_polled = True

    def _unpoll(self, conn: Connection) -> None:
        if conn.is_polled:
            conn.is_polled = False
            self.poller.unregister(conn.sock)

    def _read(self, conn: Connection) -> None:
        try:
            data = conn.sock.recv(READ_BYTES)
        except (BlockingIOError, InterruptedError):
            data = None
        if data == b"":
            self._drop(conn)
            return
        if data:
            if not len(conn.arrival):
                conn.began = time.monotonic()
            conn.arrival.add(data)
        self._advance(conn)

    def _advance(self, conn: Connection) -> None:
        """Give a thread to a request that is whole, and wait for the rest of any other."""
        try:
            stage = conn.arrival.stage()
        except TooLarge as error:
            self._refuse(conn, error.status)
            return
        if stage is Stage.WHOLE:
            self._unpoll(conn)
            if conn.arrival.lane == SOCKETS:
                conn.deadline = time.monotonic() + OPENED_WITHIN_S
                self._turns.add(conn.address, conn)
                self._open_sockets()
            else:
                self._serve(conn)
            return
        if stage is not Stage.NOTHING:
            conn.deadline = conn.began + conn.arrival.due_s()
        if stage is Stage.BODY and conn.arrival.waits_for_continue:
            conn.arrival.waits_for_continue = False
            conn.sock.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        if not conn.is_polled:
            self._poll(conn, self._read)

    def wait_for_and_dispatch_events(self, timeout: float) -> None:
        """Do what has come, and open the websockets whose turn it is."""
        super().wait_for_and_dispatch_events(min(timeout, 1 / OPENED_A_SECOND) if self._turns else timeout)
        self._open_sockets()

    def _open_sockets(self) -> None:
        for conn in self._turns.due(time.monotonic()):
            self._guard(conn, self._serve)

    def _serve(self, conn: Connection) -> None:
        # Before its thread begins, which may be at once.
        request, conn.following = conn.arrival.take()
        conn.received.put(request)
        del self._arriving[conn]
        if conn.arrival.lane == SOCKETS:
            self._sockets.add(conn)
        future = self.tpool[conn.arrival.lane].submit(self.handle, conn)
        if future is None:
            self._sockets.discard(conn)
            self._refuse(conn, 429 if conn.arrival.lane == SIGN_IN else 503)
            return
        future.add_done_callback(lambda done: self.method_queue.defer(self.finish_request, conn, done))

    def handle(self, conn: Connection) -> bool:
        """Serve a request in a thread; tells whether its connection takes another one."""
        return bool(super().handle(conn)) and not conn.received.ran_dry

    def handle_request(self, req: Any, conn: Connection) -> Any:
        """Let the application read chunks only after the parser found no fault in them, which is the sender's."""
        if isinstance(req.body.reader, ChunkedReader):
            req.body.buf.write(req.body.read())
        return super().handle_request(req, conn)

    def handle_error(self, req: Any, client: Any, addr: Any, exc: BaseException) -> None:
        """Answer 400 also where gunicorn says that it is the server which cannot: the sender made a mistake."""
        if isinstance(exc, UnsupportedTransferCoding | ConfigurationProblem):
            exc = InvalidHeader(str(exc), req)
        super().handle_error(req, client, addr, exc)

    def finish_request(self, conn: Connection, fs: Any) -> None:
        """Await the next request of a connection that was served, or part with it."""
        self._sockets.discard(conn)
        if not fs.cancelled() and fs.exception() is None and fs.result():
            self._guard(conn, self.enqueue_req)
        else:
            self._guard(conn, self._part)

    def _refuse(self, conn: Connection, status: int) -> None:
        conn.sock.send(refusal(status, is_for_people=conn.arrival.is_for_people, is_own_page=conn.arrival.is_own_page))
        self._part(conn)

    def _part(self, conn: Connection) -> None:
        """End a connection once its phone has read the last answer; what it still sends is thrown away."""
        self._arriving.pop(conn, None)
        self._turns.remove(conn.address, conn)
        conn.sock.setblocking(False)
        conn.sock.shutdown(socket.SHUT_WR)
        conn.deadline = time.monotonic() + LINGER_S
        self._parting[conn] = None
        self._poll(conn, self._drain)

    def _drain(self, conn: Connection) -> None:
        if not conn.sock.recv(READ_BYTES):
            self._drop(conn)

    def _drop(self, conn: Connection) -> None:
        if conn.is_gone:
            return
        conn.is_gone = True
        self._arriving.pop(conn, None)
        self._parting.pop(conn, None)
        self._turns.remove(conn.address, conn)
        try:
            self._unpoll(conn)
        except (KeyError, ValueError, OSError):
            self.log.debug("a connection was closed already")
        self.nr_conns -= 1
        conn.close()

    def murder_pending(self) -> None:
        """End what is overdue, and the largest requests while all together take too much memory."""
        now = time.monotonic()
        if now - self._looked < LOOK_EVERY_S:
            return
        self._looked = now
        for conn in [conn for conn in self._parting if conn.deadline <= now]:
            self._drop(conn)
        for conn in [conn for conn in self._arriving if conn.deadline <= now]:
            self._guard(conn, self._end_late)
        waiting = sum(len(conn.arrival) for conn in self._arriving)
        for conn in sorted(self._arriving, key=lambda conn: len(conn.arrival), reverse=True):
            if waiting <= MOST_BYTES_WAITING:
                break
            waiting -= len(conn.arrival)
            self._drop(conn)

    def _end_late(self, conn: Connection) -> None:
        if not len(conn.arrival):
            self._drop(conn)
        elif conn.arrival.lane == SOCKETS:
            # Whole, and there was no turn for it.
            self._refuse(conn, 503)
        else:
            self._refuse(conn, 408)

    def murder_keepalived(self, force: bool = False) -> None:
        """At the end close whatever is still open."""
        if force:
            for conn in [*self._arriving, *self._parting]:
                self._drop(conn)

    def _cap_keepalive(self, deadline: float) -> None:
        """The server is stopping: idle connections end soon, and open websockets at once, to be opened elsewhere."""
        for conn in self._arriving:
            if not len(conn.arrival):
                conn.deadline = min(conn.deadline, deadline)
        for conn in self._sockets:
            try:
                conn.sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                self.log.debug("a websocket was closed already")

    def _evict(self) -> None:
        """Give up the oldest connections that wait, of the address that has most of them."""
        waiting = [*self._parting, *self._arriving]
        if waiting:
            ((most, _),) = Counter(conn.address for conn in waiting).most_common(1)
            of_most = [conn for conn in waiting if conn.address == most]
            for conn in sorted(of_most, key=lambda conn: conn.began)[:EVICTED_AT_ONCE]:
                self._drop(conn)
