"""Owns what the doubles send to Cordon: webhooks signed as Twilio signs them, now, later, twice or never."""

from __future__ import annotations

import heapq
import itertools
import logging
import queue
import threading
import time
import uuid
from collections.abc import Callable
from urllib.parse import urlencode

import urllib3
from twilio.request_validator import RequestValidator

from tests.doubles.faults import Fault
from tests.doubles.journal import Call, Callback, Journal, Message

logger = logging.getLogger(__name__)

WORKERS = 16
ANSWER_WITHIN_S = 15.0  # Source: Twilio gives a webhook 15 s.


class Scheduler:
    """Runs work on threads of its own, at once or after a delay; all are daemons, so nothing outlives the process."""

    def __init__(self) -> None:
        self._ready: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()
        self._changed = threading.Condition()
        self._is_closed = False
        self._threads: set[threading.Thread] = set()
        self._start(self._keep_time)
        for _ in range(WORKERS):
            self._start(self._work)

    def soon(self, work: Callable[[], None], after_s: float = 0.0) -> None:
        """Run `work` on a thread after `after_s` seconds; dropped when the doubles are closing."""
        with self._changed:
            if self._is_closed:
                return
            if after_s <= 0:
                self._ready.put(work)
            else:
                heapq.heappush(self._due, (time.monotonic() + after_s, next(self._order), work))
                self._changed.notify()

    def apart(self, work: Callable[[], None]) -> None:
        """Run `work` at once on a thread of its own, because it may take long."""

        def run() -> None:
            self._attempt(work)
            with self._changed:
                self._threads.discard(threading.current_thread())

        with self._changed:
            if not self._is_closed:
                self._start(run)

    def close(self, within_s: float = 3.0) -> None:
        """Drop what has not begun and wait, at most `within_s`, for what has."""
        with self._changed:
            self._is_closed = True
            self._due.clear()
            self._changed.notify()
            threads = list(self._threads)
        for _ in range(WORKERS):
            self._ready.put(None)
        deadline = time.monotonic() + within_s
        for thread in threads:
            thread.join(max(0.0, deadline - time.monotonic()))

    def _start(self, run: Callable[[], None]) -> None:
        thread = threading.Thread(target=run, name="doubles", daemon=True)
        self._threads.add(thread)
        thread.start()

    def _keep_time(self) -> None:
        with self._changed:
            while not self._is_closed:
                left_s = self._due[0][0] - time.monotonic() if self._due else None
                if left_s is None or left_s > 0:
                    self._changed.wait(left_s)
                else:
                    self._ready.put(heapq.heappop(self._due)[2])

    def _work(self) -> None:
        while (work := self._ready.get()) is not None:
            if not self._is_closed:
                self._attempt(work)

    def _attempt(self, work: Callable[[], None]) -> None:
        try:
            work()
        except Exception:
            logger.exception("The doubles failed at their own work")


class Webhooks:
    """Posts signed forms to Cordon. `public_url` is the address that Cordon believes it has, and that is signed.

    `cordon_url` is where it really listens; they differ only when a test says so.
    """

    def __init__(self, journal: Journal, scheduler: Scheduler, auth_token: str, cordon_url: str) -> None:
        self.cordon_url = cordon_url.rstrip("/")
        self.public_url = ""
        self._journal = journal
        self._scheduler = scheduler
        self._validator = RequestValidator(auth_token)
        self._http = urllib3.PoolManager(maxsize=WORKERS, block=False)
        self._held: list[Callable[[], None]] = []

    def post(self, url: str, params: dict[str, str], *, kind: str = "true", token: str = "") -> Callback:
        """Post one form and record the answer. `token` is the idempotency token; a repeat carries the same.

        `kind` is `true`, `doubled` or `forged`; a forged one bears a signature made without the secret.
        """
        callback = Callback(url=url, params=dict(params), kind=kind)
        validator = RequestValidator("not the auth token") if kind == "forged" else self._validator
        headers = {
            "User-Agent": "TwilioProxy/1.1",
            "Accept": "*/*",
            "I-Twilio-Idempotency-Token": token or str(uuid.uuid4()),
            "X-Twilio-Signature": validator.compute_signature(url, params),
        }
        try:
            answer = self._http.request(
                "POST",
                self._reachable(url),
                fields=params,
                encode_multipart=False,
                headers=headers,
                timeout=ANSWER_WITHIN_S,
                retries=False,
            )
            callback.status, callback.body = answer.status, answer.data.decode("utf-8", "replace")
        except urllib3.exceptions.HTTPError as error:
            callback.error = str(error)
        return callback

    def get(self, url: str, params: dict[str, str]) -> Callback:
        """Fetch a document with a signed GET, as Twilio does when told `Method=GET`."""
        callback = Callback(url=url, params=dict(params))
        separator = "&" if "?" in url else "?"
        full = f"{url}{separator}{urlencode(params)}" if params else url
        headers = {"X-Twilio-Signature": self._validator.compute_signature(full, {})}
        try:
            answer = self._http.request(
                "GET", self._reachable(full), headers=headers, timeout=ANSWER_WITHIN_S, retries=False
            )
            callback.status, callback.body = answer.status, answer.data.decode("utf-8", "replace")
        except urllib3.exceptions.HTTPError as error:
            callback.error = str(error)
        return callback

    def report(self, callbacks: list[Callback], url: str, states: list[dict[str, str]], fault: Fault | None) -> None:
        """Post the status callbacks `states` to `url` in turn, with what `fault` does to them.

        Each is appended to `callbacks` once it has been answered, and the journal is told.
        """
        kinds = fault.callbacks if fault else ()
        if not url or "lost" in kinds:
            return
        if "out_of_order" in kinds:
            states = states[::-1]

        def post_all() -> None:
            for params in states:
                token = str(uuid.uuid4())
                planned = ["forged"] if "forged" in kinds else []
                planned += ["true", "doubled"] if "doubled" in kinds else ["true"]
                for kind in planned:
                    sent = self.post(url, _forge(params) if kind == "forged" else params, kind=kind, token=token)
                    with self._journal.lock:
                        callbacks.append(sent)
                    self._journal.changed()

        if "held" in kinds:
            with self._journal.lock:
                self._held.append(post_all)
            self._journal.changed()
        elif fault and fault.callback_delay_s:
            self._scheduler.soon(post_all, fault.callback_delay_s)
        else:
            post_all()

    @property
    def held_count(self) -> int:
        """How many reports are held back."""
        return len(self._held)

    def release(self) -> None:
        """Post what was held back, in its order."""
        with self._journal.lock:
            held, self._held = self._held, []
        for post_all in held:
            self._scheduler.soon(post_all)

    def close(self) -> None:
        """Close every connection."""
        self._http.clear()

    def _reachable(self, url: str) -> str:
        if self.public_url and url.startswith(self.public_url):
            return self.cordon_url + url[len(self.public_url) :]
        return url


class Reports:
    """The status callbacks of one message or call: posted as they come, or all at its end where `fault` says so."""

    def __init__(self, webhooks: Webhooks, record: Message | Call, fault: Fault | None) -> None:
        self._webhooks = webhooks
        self._record = record
        self._fault = fault
        self._kept: list[dict[str, str]] = []

    def tell(self, params: dict[str, str]) -> None:
        """Report one state."""
        if self._fault and self._fault.is_gathering:
            self._kept.append(params)
        else:
            self._post([params])

    def finish(self) -> None:
        """Post what was kept: no further state will come."""
        if self._kept:
            self._post(self._kept)

    def _post(self, states: list[dict[str, str]]) -> None:
        self._webhooks.report(self._record.callbacks, self._record.callback_url, states, self._fault)


def _forge(params: dict[str, str]) -> dict[str, str]:
    """What an attacker would claim: that it has been delivered."""
    claim = dict(params)
    for key in ("MessageStatus", "SmsStatus"):
        if key in claim:
            claim[key] = "delivered"
    return claim
