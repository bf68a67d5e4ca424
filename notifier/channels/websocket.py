"""The websocket channel: notifies this process's sockets that an alert changed, and keeps the phones' receipts.

A hint carries an id and a cursor. Nothing is claimed: every process tells its own sockets, sending twice does no
harm, and a socket that misses one is notified again from its cursor when it reconnects (docs/adr/0004). Who is at the
other end is asked of the record each time: a socket may be older than a move to another team or the end of its session.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flask_socketio import SocketIO

from backend import alerts, channels, clock, db, epoch, outbox, wakeups
from backend.access import closed_cases
from backend.authentication import SignedIn
from backend.models import Alert, Person, ReceiptKind, Role, Session, Socket

log = logging.getLogger(__name__)

REFRESH_EVERY_S = 5.0


@dataclass(frozen=True, slots=True)
class _Open:
    """Who is at the other end of a socket of this process, and of which team when it was looked at last."""

    person_id: int
    team_id: int
    session_id: int


class Websocket:
    """Follows the feed of alerts for the sockets of one process."""

    def __init__(self, socketio: SocketIO) -> None:
        self._socketio = socketio
        self._open: dict[str, _Open] = {}
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._stop = threading.Event()

    def join(self, sid: str, signed_in: SignedIn, after: int | None, of: str | None) -> None:
        """Tell this socket every change from now on, and first those after the cursor, if one is given.

        A cursor of another epoch than ``of`` is answered with ``reset``: the phone has to fetch everything again.
        """
        person, session = signed_in.person, signed_in.session
        now = clock.now()
        Socket.create(person=person, session=session, sid=sid, seen_at=now)
        with self._lock:
            self._open[sid] = _Open(person.id, person.team_id, session.id)
        self._ensure_following()
        if after is not None:
            # The client's handlers are ready only once the connection is accepted.
            if epoch.is_lost(of, after):
                self._socketio.start_background_task(self._reset_alone, sid)
            else:
                self._socketio.start_background_task(self._tell_again, sid, after)

    def leave(self, sid: str) -> None:
        """Forget a socket that is gone."""
        with self._lock:
            self._open.pop(sid, None)
        Socket.delete().where(Socket.sid == sid).execute()

    def close(self) -> None:
        """Stop following."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(timeout=5)

    def _reset_alone(self, sid: str) -> None:
        try:
            self._reset([sid])
        finally:
            db.release_connection()

    def _reset(self, sids: Iterable[str]) -> None:
        now_in = epoch.current()
        for sid in sids:
            self._socketio.emit("reset", {"epoch": now_in}, to=sid)

    def _tell_again(self, sid: str, cursor: int) -> None:
        try:
            while (other_end := self._present([sid]).get(sid)) is not None:
                changed = alerts.changes_after(cursor, [other_end.team_id])
                if not changed:
                    return
                for alert in changed:
                    self._tell({sid: other_end}, alert)
                    cursor = alert.cursor
        finally:
            db.release_connection()

    def _present(self, sids: Iterable[str] | None = None) -> dict[str, _Open]:
        """Return who is at the other end of these sockets, or of all, as the record has them now.

        A socket whose session has ended, or whose account is closed, is closed here. One of a person who belongs to
        another team than before has to fetch everything: what it holds is the other team's.
        """
        with self._lock:
            held = {sid: end for sid, end in self._open.items() if sids is None or sid in set(sids)}
        if not held:
            return {}
        now = clock.now()
        sessions: Any = Session
        speaking = {
            session_id: (person_id, team_id)
            for session_id, person_id, team_id in sessions.select(Session.id, Person.id, Person.team)
            .join(Person)
            .where(
                Session.id.in_({end.session_id for end in held.values()}),
                Session.ended_at.is_null(),
                Session.expires_at > now,
                Person.is_active,
                Person.role != Role.ADMINISTRATOR,
            )
            .tuples()
        }
        found, moved = {}, []
        for sid, end in held.items():
            if end.session_id not in speaking:
                self._close(sid)
                continue
            found[sid] = _Open(*speaking[end.session_id], end.session_id)
            if found[sid].team_id != end.team_id:
                moved.append(sid)
        with self._lock:
            self._open.update({sid: found[sid] for sid in moved if sid in self._open})
        if moved:
            self._reset(moved)
        return found

    def _close(self, sid: str) -> None:
        with self._lock:
            self._open.pop(sid, None)
        self._socketio.server.disconnect(sid)

    def _tell(self, other_ends: Mapping[str, _Open], alert: Alert) -> None:
        hint = {"alert_id": alert.id, "cursor": alert.cursor}
        at = clock.now()
        people = {end.person_id for end in other_ends.values()}
        closed_to = {person_id for person_id, wearers in closed_cases(people, at, alert.wearer_id).items() if wearers}
        told: set[int] = set()
        for sid, end in other_ends.items():
            if end.person_id in closed_to:
                continue
            self._socketio.emit("alert", hint, to=sid, callback=self._receipt(end.person_id, alert))
            told.add(end.person_id)
        if told:
            outbox.hint_sent(alert.id, told, at)

    def _receipt(self, person_id: int, told: Alert) -> object:
        def received(*_: object) -> None:
            # The phone's own word, through the socket, that the hint has arrived.
            try:
                person = Person.get_by_id(person_id)
                outbox.record_receipt(
                    person, told, ReceiptKind.RECEIVED, channels.HINTS[0], clock.now(), episode=told.episode
                )
            except Exception:
                log.exception("a receipt for alert %s was not kept", told.id)
            finally:
                db.release_connection()

        return received

    def _ensure_following(self) -> None:
        with self._lock:
            if self._thread is None or not self._thread.is_alive():
                at = (epoch.current(), alerts.newest_cursor())
                self._thread = threading.Thread(target=self._follow, args=at, name="websocket", daemon=True)
                self._thread.start()

    def _follow(self, life: str, cursor: int) -> None:
        listener = wakeups.Listener()
        refreshed = clock.monotonic()
        try:
            while not self._stop.is_set():
                try:
                    listener.wait(1.0, self._stop)
                    cursor = self._tell_changes(cursor)
                    if clock.monotonic() - refreshed >= REFRESH_EVERY_S:
                        refreshed = clock.monotonic()
                        life, cursor = self._look_for_restore(life, cursor)
                        self.refresh()
                except Exception:
                    # A lost database must not deafen the process: it is tried again with the next wake-up.
                    log.warning("the feed of alerts could not be read", exc_info=True)
                    db.forget_connection()
                    self._stop.wait(0.2)
        finally:
            listener.close()
            db.release_connection()

    def _look_for_restore(self, life: str, cursor: int) -> tuple[str, int]:
        """Follow the feed of a database that was restored meanwhile from where it is, and let every phone fetch.

        So too where the feed ends before what was told already: a standby that took over may lack the last changes.
        """
        now_in, newest = epoch.current(), alerts.newest_cursor()
        if now_in == life and newest >= cursor:
            return life, cursor
        cursor = newest
        with self._lock:
            sids = list(self._open)
        self._reset(sids)
        return now_in, cursor

    def _tell_changes(self, cursor: int) -> int:
        changed = alerts.changes_after(cursor)
        present = self._present() if changed else {}
        for alert in changed:
            self._tell({sid: end for sid, end in present.items() if end.team_id == alert.team_id}, alert)
            cursor = alert.cursor
        return cursor

    def _is_there(self, sid: str) -> bool:
        """Tell whether this process has the connection of a socket, also while it is being opened."""
        server = self._socketio.server
        connection = server.eio.sockets.get(server.manager.eio_sid_from_sid(sid, "/"))
        return connection is not None and not connection.closed

    def refresh(self) -> None:
        """Confirm the sockets of this process, close those whose session ended, and forget what others left behind."""
        now = clock.now()
        with self._lock:
            held = dict(self._open)
        for sid in [sid for sid in held if not self._is_there(sid)]:
            # Its opening failed half-way, or it was gone before it was open: no one says that it has closed.
            del held[sid]
            self.leave(sid)
        live = [sid for sid in self._present() if sid in held]
        if live:
            Socket.update(seen_at=now).where(Socket.sid.in_(live)).execute()
        Socket.delete().where(Socket.seen_at < now - timedelta(seconds=20 * outbox.SOCKET_FRESH_S)).execute()
