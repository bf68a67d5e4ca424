"""Owns the HTTP server of the doubles: the application, its threads and its sockets."""

from __future__ import annotations

import contextlib
import logging
import socket
import threading
from collections.abc import Iterable
from typing import Any

from flask import Flask, Response, request
from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler

from tests.doubles import fcm as fcm_routes
from tests.doubles import twilio as twilio_routes
from tests.doubles import wall
from tests.doubles import webpush as webpush_routes
from tests.doubles.calls import Calls
from tests.doubles.exchange import Exchange, break_connection
from tests.doubles.fcm import TOKEN_PATH, Fcm
from tests.doubles.journal import Attempt
from tests.doubles.twilio import Twilio
from tests.doubles.webpush import PATH as WEBPUSH_PATH
from tests.doubles.webpush import WebPush

logger = logging.getLogger(__name__)

LARGEST_BODY = 1_000_000


class Handler(WSGIRequestHandler):
    """Answers at once (TCP_NODELAY, one write) and keeps connections open, as providers do.

    Werkzeug's own `run_wsgi` closes every connection, and holds it for 10 ms after each answer.
    """

    disable_nagle_algorithm = True
    protocol_version = "HTTP/1.1"

    def run_wsgi(self) -> None:
        """Serve one request; the response is closed, and its callbacks begin, right after the last byte."""
        try:
            environ = self.make_environ()
            self.close_connection |= int(environ.get("CONTENT_LENGTH") or 0) > LARGEST_BODY
            head: list[Any] = []
            body = self.server.app(environ, lambda status, headers, exc_info=None: head.extend((status, headers)))
            try:
                self._write(head[0], head[1], body)
            finally:
                body.close()
        except OSError:
            # The client went away, or the script broke the connection.
            self.close_connection = True
        except Exception:
            logger.exception("The doubles failed to answer %s", self.path)
            self.close_connection = True
            self._write("500 INTERNAL SERVER ERROR", [("Content-Length", "0")], [])

    def _write(self, status: str, headers: list[tuple[str, str]], body: Iterable[bytes]) -> None:
        is_sized = any(key.lower() == "content-length" for key, _ in headers) or status.startswith(("204", "304"))
        lines = [f"HTTP/1.1 {status}", f"Date: {self.date_time_string()}"]
        lines += [f"{key}: {value}" for key, value in headers]
        lines += [] if is_sized else ["Transfer-Encoding: chunked"]
        lines += ["Connection: close"] if self.close_connection else []
        head = "\r\n".join((*lines, "", "")).encode("latin-1")
        if is_sized:
            self.wfile.write(head + (b"" if self.command == "HEAD" else b"".join(body)))
            return
        self.wfile.write(head)
        for chunk in body:
            self.wfile.write(f"{len(chunk):x}\r\n".encode() + chunk + b"\r\n")
        self.wfile.write(b"0\r\n\r\n")


class Server(ThreadedWSGIServer):
    """A threaded server that knows its open connections, so that stopping leaves none behind."""

    request_queue_size = 512

    def __init__(self, host: str, port: int, app: Flask) -> None:
        self._connections: set[socket.socket] = set()
        self._idle = threading.Condition()
        super().__init__(host, port, app, handler=Handler)
        self._thread = threading.Thread(target=self.serve_forever, args=(0.05,), name="doubles-server", daemon=True)

    def start(self) -> None:
        """Serve on a thread."""
        self._thread.start()

    def stop(self) -> None:
        """Stop listening, end every connection and wait for their threads."""
        self.shutdown()
        self._thread.join()
        with self._idle:
            for connection in self._connections:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
            self._idle.wait_for(lambda: not self._connections, 3.0)
        self.server_close()

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Serve one connection, counted while it lasts."""
        with self._idle:
            self._connections.add(request)
        try:
            super().process_request_thread(request, client_address)
        finally:
            with self._idle:
                self._connections.discard(request)
                self._idle.notify_all()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Keep quiet about clients that went away, and about connections broken on purpose."""


def create_app(exchange: Exchange, twilio: Twilio, calls: Calls, fcm: Fcm, webpush: WebPush) -> Flask:
    """The application: Twilio, FCM, the browsers' push service, the wall and the script."""
    app = Flask("tests.doubles", static_folder=None)
    app.config.update(PROPAGATE_EXCEPTIONS=True, MAX_CONTENT_LENGTH=LARGEST_BODY)
    app.json.sort_keys = False

    @app.before_request
    def read_the_whole_body() -> None:
        """A body left unread would be taken for the next request; breaking before it is the script's to say."""
        channel = channel_of(request.path) if request.method == "POST" else ""
        if channel and exchange.script.take_unread(channel):
            exchange.journal.add(Attempt(channel, "", fault="reset=before_body"))
            break_connection()
        request.get_data(cache=True)

    @app.after_request
    def forbid_foreign_code(response: Response) -> Response:
        response.headers["Content-Security-Policy"] = "default-src 'self'; frame-ancestors 'none'"
        response.headers["Cache-Control"] = "no-store"
        return response

    app.register_blueprint(twilio_routes.blueprint(twilio, calls))
    app.register_blueprint(fcm_routes.blueprint(fcm))
    app.register_blueprint(webpush_routes.blueprint(webpush))
    app.register_blueprint(wall.blueprint(exchange, twilio))
    return app


def channel_of(path: str) -> str:
    """The channel that a path belongs to, empty when it is none of a provider's."""
    for ending, channel in (("/Messages.json", "sms"), ("/Calls.json", "call"), ("/messages:send", "push")):
        if path.endswith(ending):
            return channel
    if path.startswith(WEBPUSH_PATH):
        return "webpush"
    return "token" if path == TOKEN_PATH else ""
