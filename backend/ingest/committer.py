"""One committer per process: groups many requests in one transaction, and answers each after the commit."""

from __future__ import annotations

import contextlib
import logging
import queue
import threading
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout

from backend import clock, db, heartbeats
from backend.errors import StorageUnavailable
from backend.ingest.holding import KeyChanged
from backend.ingest.locked_tags import HeldLane, RowsHeld
from backend.ingest.pipeline import Answer, store_group
from backend.ingest.submission import Submission
from backend.settings import Settings

log = logging.getLogger(__name__)

RETRY_AFTER_S = 5
# While one group commits the next one gathers by itself: no one is kept waiting to make a group larger.
MOST_FIXES_A_GROUP = 2_000
# After this time without work the connection goes back to the pool.
IDLE_S = 0.5

Waiting = tuple[Submission, Future[Answer]]


class Committer:
    """Takes submissions from request threads, through a bounded queue, to the record."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._queue: queue.Queue[tuple[Submission, Future[Answer]] | None] = queue.Queue(settings.ingest_queue_size)
        self._thread: threading.Thread | None = None
        self._start_lock = threading.Lock()
        self._stop = threading.Event()
        # Since when a group is being committed.
        self._begun: float | None = None
        self._held: HeldLane[Waiting] = HeldLane(self._commit_held, self._give_up, settings.ingest_timeout_s)

    def submit(self, submission: Submission) -> Answer:
        """Return the answer to a request once it is committed.

        Raises: StorageUnavailable when the queue is full, the storage fails or the wait is too long; the same
        request can be sent again, since a repeated ``webhook-id`` changes nothing. KeyChanged when the tag has
        another key than the one that the request was verified with.
        """
        self._ensure_running()
        begun = self._begun
        if begun is not None and clock.monotonic() - begun > self._settings.ingest_timeout_s:
            # A request that waits behind a storage that is frozen keeps a thread that others need.
            raise StorageUnavailable("The storage does not answer; nothing was kept.", RETRY_AFTER_S)
        future: Future[Answer] = Future()
        try:
            self._queue.put_nowait((submission, future))
        except queue.Full:
            raise StorageUnavailable("Too many requests are waiting; nothing was kept.", RETRY_AFTER_S) from None
        try:
            return future.result(timeout=self._settings.ingest_timeout_s)
        except FutureTimeout:
            future.cancel()
            raise StorageUnavailable("The storage did not answer in time.", RETRY_AFTER_S) from None

    def close(self) -> None:
        """Commit what is queued and stop."""
        self._stop.set()
        with contextlib.suppress(queue.Full):
            # Wakes the thread where it waits for work; where the queue is full it is awake.
            self._queue.put_nowait(None)
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(timeout=self._settings.ingest_timeout_s)
        self._held.close()

    def _ensure_running(self) -> None:
        # Started with the first request and so in the process that serves, whatever forked it.
        if self._thread is not None and self._thread.is_alive():
            return
        with self._start_lock:
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="committer", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        while not (self._stop.is_set() and self._queue.empty()):
            group = []
            for item in self._gather():
                if self._held.has(item[0].tag_id):
                    self._held.add(item[0].tag_id, item)
                else:
                    group.append(item)
            if group:
                self._begun = clock.monotonic()
                self._commit(group)
                self._begun = None

    def _gather(self) -> list[tuple[Submission, Future[Answer]]]:
        try:
            first = self._queue.get(timeout=IDLE_S)
        except queue.Empty:
            first = None
        if first is None:
            db.release_connection()
            return []
        group = [first]
        fixes = len(first[0].fixes)
        while len(group) < self._settings.ingest_group_size and fixes < MOST_FIXES_A_GROUP:
            try:
                following = self._queue.get_nowait()
            except queue.Empty:
                break
            if following is not None:
                group.append(following)
                fixes += len(following[0].fixes)
        # A request that stopped waiting was answered 503 and sends again.
        return [(submission, future) for submission, future in group if future.set_running_or_notify_cancel()]

    def _commit(self, group: list[Waiting], *, is_careful: bool = False, waits: bool = False) -> bool:
        """Commit a group and answer it; False where rows of it are held and nothing was done, if it ``waits``."""
        try:
            submissions = [submission for submission, _ in group]
            answers = store_group(submissions, self._settings, is_careful=is_careful, waits=waits)
        except RowsHeld as held:
            for item in group:
                if item[0].tag_id in held.tag_ids:
                    self._held.add(item[0].tag_id, item)
            free = [item for item in group if item[0].tag_id not in held.tag_ids]
            return self._commit(free, is_careful=is_careful) if free else True
        except KeyChanged as changed:
            for submission, future in group:
                if submission.tag_id in changed.tag_ids:
                    future.set_exception(KeyChanged({submission.tag_id}))
            others = [item for item in group if item[0].tag_id not in changed.tag_ids]
            return self._commit(others, is_careful=is_careful, waits=waits) if others else True
        except Exception as error:
            if db.is_held(error):
                return self._find_held(group, is_careful=is_careful, waits=waits)
            if isinstance(error, db.STORAGE_TROUBLE):
                log.warning("%s request(s) of tags not stored: %s", len(group), type(error).__name__)
                self._fail(group, "The storage failed; nothing was kept.")
            else:
                self._commit_poisoned(group, error, is_careful=is_careful, waits=waits)
            return True
        for (_, future), answer in zip(group, answers, strict=True):
            future.set_result(answer)
        heartbeats.work_done(clock.now())
        return True

    def _find_held(self, group: list[Waiting], *, is_careful: bool, waits: bool) -> bool:
        """Some row that this group needs is held, and no one knows whose: halve it until that is one tag's matter."""
        if waits:
            return False
        if len(group) == 1:
            self._held.add(group[0][0].tag_id, group[0])
            return True
        middle = len(group) // 2
        for half in (group[:middle], group[middle:]):
            self._commit(half, is_careful=is_careful)
        return True

    def _commit_poisoned(self, group: list[Waiting], error: Exception, *, is_careful: bool, waits: bool) -> None:
        """Something of this group cannot be read or stored: judge each wearer apart, then each request alone."""
        if not is_careful:
            log.warning("a group of %s request(s) is judged one by one: %s", len(group), type(error).__name__)
            self._commit(group, is_careful=True, waits=waits)
        elif len(group) > 1:
            for item in group:
                self._commit([item], is_careful=True)
        elif not group[0][0].is_poison:
            # A tag that is asked to send the same again would be silent for good behind this one request.
            submission, future = group[0]
            log.warning("a request of tag %s set apart: %s", submission.tag_id, type(error).__name__)
            self._commit([(submission.set_apart(type(error).__name__), future)], is_careful=True)
        else:
            log.warning("a request of a tag not stored: %s", type(error).__name__)
            self._fail(group, "The storage failed; nothing was kept.")

    def _commit_held(self, group: list[Waiting]) -> bool:
        try:
            return self._commit(group, waits=True)
        finally:
            db.release_connection()

    def _give_up(self, item: Waiting) -> None:
        self._fail([item], "What is recorded of this tag is in use; nothing was kept.")

    @staticmethod
    def _fail(group: list[Waiting], said: str) -> None:
        for _, future in group:
            future.set_exception(StorageUnavailable(said, RETRY_AFTER_S))
