"""What a flood of strangers costs a tag: posts at a steady rate alone, then beside each kind of flood.

Everything is real: gunicorn as `make serve` starts it, PostgreSQL, signed posts, each over a connection of its own from
this process, and the strangers in another one. All of them share the machine's cores. Other trees of the product can be
given, to be measured in the same run: `python -m benchmarks.bench_flood --tree ../before --tree .`.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import json
import selectors
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import socketio

from backend.settings import Settings
from benchmarks.bench_line import FAR, PASSWORD, Signer, databases, percentile, populate
from tests.processes import ROOT, environment, free_port, stop
from tests.world import eventually

RATE = 20.0
SECONDS = 8.0
SLOW, GUESSERS, SILENT = 300, 40, 400
TAGS = 60
# A post that takes longer has failed.
MOST_S = 45.0


@dataclass
class Posts:
    """What became of the posts of one phase."""

    took_s: list[float] = field(default_factory=list)
    statuses: Counter[str] = field(default_factory=Counter)

    def in_words(self) -> str:
        """Return the figures of a table's row."""
        p50, p95 = (percentile(self.took_s, share) * 1000 for share in (0.5, 0.95))
        told = " ".join(f"{status}: {count}" for status, count in sorted(self.statuses.items()))
        return f"p50 {p50:8.1f} ms  p95 {p95:8.1f} ms  {told}"


def post_steadily(url: str, made: list[tuple[str, str]]) -> Posts:
    """Post ``RATE`` fixes a second for ``SECONDS``, however long each takes."""
    posts = Posts()
    lock = threading.Lock()

    def post(serial: str, key: str, due: float) -> None:
        signer = Signer(url, serial, key)
        signer._connection.timeout = MOST_S
        try:
            status = str(signer.post(*FAR)[0])
        except (OSError, http.client.HTTPException) as error:
            status = type(error).__name__
        finally:
            signer._connection.close()
        with lock:
            posts.took_s.append(time.perf_counter() - due)
            posts.statuses[status] += 1

    begin = time.perf_counter()
    threads = []
    for n in range(int(RATE * SECONDS)):
        due = begin + n / RATE
        time.sleep(max(0.0, due - time.perf_counter()))
        threads.append(threading.Thread(target=post, args=(*made[n % len(made)], due)))
        threads[-1].start()
    for thread in threads:
        thread.join()
    return posts


def socket_opens(url: str, token: str) -> str:
    """Return how long an officer's socket takes to open, or why it does not."""
    client = socketio.Client(reconnection=False)
    begin = time.perf_counter()
    try:
        client.connect(url, auth={"token": token}, transports=["websocket"], wait_timeout=10)
    except Exception as error:
        return f"refused ({type(error).__name__})"
    took_s = time.perf_counter() - begin
    client.disconnect()
    return f"opens in {took_s * 1000:.0f} ms"


def sign_in(url: str) -> str:
    """Return an officer's access token."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=30)
    body = json.dumps({"email": "amina@cordon.example", "password": PASSWORD})
    connection.request("POST", "/v1/sessions", body, {"Content-Type": "application/json"})
    return json.loads(connection.getresponse().read())["access_token"]


@contextmanager
def served(tree: Path, settings: Settings) -> Iterator[str]:
    """Serve the product of a tree as its `make serve` does."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", "-c", "gunicorn.conf.py", "wsgi:create_app()"],
        cwd=tree,
        env={**environment(settings, PORT=str(port)), "PYTHONPATH": str(tree)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    url = f"http://127.0.0.1:{port}"

    def is_ready() -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
        try:
            connection.request("GET", "/ready")
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()

    try:
        eventually(is_ready, f"{tree} is served", 30)
        yield url
    finally:
        stop(process)


@contextmanager
def strangers(kind: str, url: str) -> Iterator[None]:
    """Let a flood go on in a process of its own, which ends by itself should this one die."""
    process = subprocess.Popen([sys.executable, "-m", "benchmarks.bench_flood", "--be", kind, url], cwd=ROOT)
    try:
        time.sleep(2.0)
        yield
    finally:
        process.terminate()
        process.wait()


def guess(url: str, until: float) -> None:
    """Sign in to accounts that do not exist, again and again, from many threads."""
    parts = urlsplit(url)

    def one(n: int) -> None:
        tried = 0
        while time.monotonic() < until:
            tried += 1
            body = json.dumps({"email": f"stranger{n}.{tried}@example.org", "password": "a guess"})
            with contextlib.suppress(OSError, http.client.HTTPException):
                connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=30)
                connection.request("POST", "/v1/sessions", body, {"Content-Type": "application/json"})
                connection.getresponse().read()
                connection.close()
            # Faster than people, and far below what two cores of Python could send: they are the server's as well.
            time.sleep(0.25)

    threads = [threading.Thread(target=one, args=(n,), daemon=True) for n in range(GUESSERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _dribble(url: str, until: float, head: bytes, then: bytes, count: int) -> None:
    """Keep ``count`` connections open that send ``head`` and then a byte of ``then`` a second, opening them anew."""
    parts = urlsplit(url)
    open_ones: dict[socket.socket, int] = {}
    watched = selectors.DefaultSelector()
    while time.monotonic() < until:
        while len(open_ones) < count:
            sock = socket.create_connection((parts.hostname or "", parts.port or 80), timeout=5)
            sock.sendall(head)
            sock.setblocking(False)
            open_ones[sock] = 0
            watched.register(sock, selectors.EVENT_READ)
        for sock, sent in list(open_ones.items()):
            try:
                if then:
                    sock.send(then[sent % len(then) : sent % len(then) + 1])
                open_ones[sock] = sent + 1
            except OSError:
                _forget(sock, open_ones, watched)
        pause = time.monotonic() + 1.0
        while (left_s := pause - time.monotonic()) > 0:
            for key, _ in watched.select(left_s):
                with contextlib.suppress(BlockingIOError):
                    if not _is_open(key.fileobj):  # type: ignore[arg-type]
                        _forget(key.fileobj, open_ones, watched)  # type: ignore[arg-type]


def _is_open(sock: socket.socket) -> bool:
    try:
        return bool(sock.recv(4_096))
    except BlockingIOError:
        return True
    except OSError:
        return False


def _forget(sock: socket.socket, open_ones: dict[socket.socket, int], watched: selectors.BaseSelector) -> None:
    watched.unregister(sock)
    del open_ones[sock]
    sock.close()


def send_heads_slowly(url: str, until: float) -> None:
    """Send a request's head a byte a second."""
    head = b"POST /v1/tags/T00000/fixes HTTP/1.1\r\nHost: cordon.example\r\n"
    _dribble(url, until, head, b"X-Slow: " + b"s" * 500, SLOW)


def send_bodies_slowly(url: str, until: float) -> None:
    """Send a request's body a byte a second."""
    head = b"POST /v1/sessions HTTP/1.1\r\nHost: c\r\nContent-Type: application/json\r\nContent-Length: 900\r\n\r\n"
    _dribble(url, until, head, b" ", SLOW)


def be_silent(url: str, until: float) -> None:
    """Open websockets that never say whose they are, as many as can be had."""
    parts = urlsplit(url)
    head = (
        f"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: {parts.netloc}\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
    _dribble(url, until, head.encode(), b"", SILENT)


FLOODS: dict[str, Callable[[str, float], None]] = {
    f"{GUESSERS} strangers sign in": guess,
    f"{SLOW} slow heads": send_heads_slowly,
    f"{SLOW} slow bodies": send_bodies_slowly,
    f"{SILENT} silent sockets": be_silent,
}


def measure(name: str, tree: Path, settings: Settings) -> None:
    """Print the figures of one tree."""
    made = populate(settings, TAGS)
    with served(tree, settings) as url:
        token = sign_in(url)
        post_steadily(url, made)
        print(f"{name:8}{'nobody else':24}{post_steadily(url, made).in_words()}", flush=True)
        for kind in FLOODS:
            with strangers(kind, url):
                posts = post_steadily(url, made)
                opens = socket_opens(url, token)
            print(f"{name:8}{kind:24}{posts.in_words()}; a socket {opens}", flush=True)


def run(trees: list[Path] | None = None) -> None:
    """Print the figures of each tree, this one unless others are given."""
    print(f"tags' posts, {RATE:.0f} a second for {SECONDS:.0f} s, a connection for each:")
    with databases() as engines, tempfile.TemporaryDirectory() as scratch:
        for n, tree in enumerate(trees or [ROOT]):
            settings = Settings(
                database_url=engines["postgresql"](f"flood_{n}"),
                secret_key="a key for benchmarks only",
                vapid_private_key_file=f"{scratch}/vapid-key.pem",
            )
            measure(tree.resolve().name, tree.resolve(), settings)


def main() -> None:
    """Measure, or be the strangers of a measurement."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tree", type=Path, action="append", help="a checkout to measure; may be given again")
    parser.add_argument("--be", nargs=2, metavar=("KIND", "URL"), help="be one flood, for no longer than its phase")
    asked = parser.parse_args()
    if asked.be:
        kind, url = asked.be
        FLOODS[kind](url, time.monotonic() + 2 * (SECONDS + MOST_S))
    else:
        run(asked.tree)


if __name__ == "__main__":
    main()
