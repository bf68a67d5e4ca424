"""The only writer of the epoch, which identifies this copy of the database: a restore from backup begins another.

What phones and pages hold of a life that is gone, such as a cursor or the number of an alert, means nothing in this
one: the same numbers are given again to other things.
"""

from __future__ import annotations

import logging
import secrets
from datetime import datetime

from backend import db
from backend.errors import DomainError
from backend.models import Epoch, Feed

log = logging.getLogger(__name__)

ROW = 1


class AnotherEpoch(DomainError):
    """The request speaks of a life of the database that a restore from backup has ended."""

    code, status, title = "another_epoch", 409, "The record was restored from a backup"


def current() -> str:
    """Return the name of this life of the database."""
    return Epoch.select(Epoch.name).where(Epoch.id == ROW).scalar()


def is_lost(name: str | None, cursor: int) -> bool:
    """Tell whether a cursor is of another life of the database: of another epoch, or ahead of all that is here."""
    if name is not None and name != current():
        return True
    newest = Feed.select(Feed.cursor).scalar() or 0
    if cursor > newest:
        log.error("a phone holds cursor %s and the feed ends at %s: was a backup restored untold?", cursor, newest)
        return True
    return False


def expect(name: str | None) -> None:
    """Refuse a request that names another life of the database; one that names none is taken at its word.

    Raises: AnotherEpoch.
    """
    if name is not None and name != current():
        raise AnotherEpoch("Cordon was restored from a backup: fetch everything again. Nothing was recorded.")


def begin(now: datetime) -> str:
    """Begin another life, in which notifiers are held until what is pending was judged anew; return its name."""
    name = secrets.token_hex(8)
    Epoch.update(name=name, began_at=now, held_at=now).where(Epoch.id == ROW).execute()
    return name


def held_since() -> datetime | None:
    """Return since when notifiers are held, or None where they are not."""
    row = Epoch.select(Epoch.held_at).where(Epoch.id == ROW).first()
    return row.held_at if row else None


def take_hold() -> datetime | None:
    """Return the same, and keep other notifiers from letting go until the unit of work ends."""
    db.lock_rows(Epoch, [ROW])
    return held_since()


def let_go() -> None:
    """Let notifiers send."""
    Epoch.update(held_at=None).where(Epoch.id == ROW).execute()
