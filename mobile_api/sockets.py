"""Socket.IO: who may open a socket, and from which cursor it resumes. Its messages are hints."""

from __future__ import annotations

from typing import Any, Protocol, cast

from flask import request
from flask_socketio import ConnectionRefusedError, SocketIO

from backend import authentication, clock, db
from backend.errors import NotSignedIn
from backend.models import Role
from backend.settings import Settings
from backend.web.socket_admission import VISIT, Visit


class Hub(Protocol):
    """Whatever sends hints to the sockets of this process."""

    def join(self, sid: str, signed_in: authentication.SignedIn, after: int | None, epoch: str | None) -> None:
        """Send this socket what changed after the cursor of that epoch, and every change from now on."""

    def leave(self, sid: str) -> None:
        """The socket is gone."""


def init_app(socketio: SocketIO, hub: Hub, settings: Settings) -> None:
    """Register the handlers of the default namespace."""

    @socketio.on("connect")
    def connect(credentials: Any = None) -> None:
        given = credentials if isinstance(credentials, dict) else {}
        token, after, epoch = given.get("token"), given.get("after"), given.get("epoch")
        try:
            signed_in = authentication.identify(token if isinstance(token, str) else "", settings, clock.now())
            if signed_in.person.role == Role.ADMINISTRATOR:
                raise ConnectionRefusedError("not_allowed")
            if not _visit().is_known():
                raise ConnectionRefusedError("too_many_sockets")
            is_cursor = isinstance(after, int) and not isinstance(after, bool)
            cursor, of = after if is_cursor else None, epoch if isinstance(epoch, str) else None
            hub.join(request.sid, signed_in, cursor, of)  # type: ignore[attr-defined]
        except NotSignedIn as error:
            raise ConnectionRefusedError(error.code) from None
        except Exception:
            _visit().is_left()
            raise
        finally:
            db.release_connection()

    @socketio.on("disconnect")
    def disconnect(*reason: object) -> None:
        try:
            hub.leave(request.sid)  # type: ignore[attr-defined]
        finally:
            _visit().is_left()
            db.release_connection()


def _visit() -> Visit:
    return cast(Visit, request.environ[VISIT])
