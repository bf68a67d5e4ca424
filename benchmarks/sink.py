"""A provider that takes everything at once, in a process of its own: what is measured is Cordon, not its doubles.

It speaks as much of OAuth, FCM and Twilio as the libraries ask for, and writes for each request its arrival and what it
was about.
"""

from __future__ import annotations

import json
import socketserver
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler
from urllib.parse import parse_qs


class Sink(socketserver.ThreadingTCPServer):
    """Keeps one line for each message: seconds, channel, what it is about, and a push's own number."""

    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 256

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.lines: list[tuple[float, str, str, str]] = []
        self.lock = threading.Lock()


class Handler(BaseHTTPRequestHandler):
    """Answers 200 to whatever is sent."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Sink

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        """Hand out what has arrived, or say of one text or call that its phone has not answered yet."""
        if self.path != "/":
            self._answer({"status": "ringing" if "/Calls/" in self.path else "sent"})
            return
        with self.server.lock:
            lines = list(self.server.lines)
        # No message waits until the one who asks has read this.
        self._answer(lines)

    def do_POST(self) -> None:
        """Take a token request, a push, a text or a call."""
        at = time.time()
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        if self.path == "/token":
            self._answer({"access_token": "bench", "expires_in": 3600, "token_type": "Bearer"})
            return
        if "/messages:send" in self.path:
            about = json.loads(body)["message"]["data"]
            self._note(at, "push", about["alert_id"], about["notification_id"])
            self._answer({"name": f"projects/bench/messages/{time.time_ns()}"})
            return
        form = parse_qs(body)
        is_call = self.path.endswith("/Calls.json")
        words = form.get("Body", [""])[0].split("Zone alert ")[-1][:5]
        self._note(at, "voice" if is_call else "sms", words)
        self._answer({"sid": f"{'CA' if is_call else 'SM'}{time.time_ns():032x}", "status": "queued"}, 201)

    def _note(self, at: float, channel: str, about: str, message: str = "") -> None:
        with self.server.lock:
            self.server.lines.append((at, channel, about, message))

    def _answer(self, content: object, status: int = 200) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


if __name__ == "__main__":
    with Sink() as sink:
        print(sink.server_address[1], flush=True)
        threading.Thread(target=lambda: (sys.stdin.read(), sink.shutdown()), daemon=True).start()
        sink.serve_forever(0.2)
