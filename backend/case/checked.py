"""Keeps a caseload between its check and its confirmation: what is loaded is what was checked, and then it is gone."""

from __future__ import annotations

from datetime import datetime, timedelta

from backend import audit
from backend.access import require
from backend.case import caseload
from backend.db import atomic
from backend.errors import DomainError, InvalidRecord
from backend.models import CheckedCaseload, Person, Role

KEPT_S = 1_800.0
GONE = "These files are kept no longer, or were loaded already: look at your cases, and check the files again."


def check(person: Person, table: bytes, zones: bytes, now: datetime) -> tuple[caseload.Reading, CheckedCaseload | None]:
    """Check both files and keep them for half an hour where they are sound; no case is made, and faulty ones are gone.

    Raises: NotAllowed; InvalidRecord for a file that is no text that can be read.
    """
    require(person, Role.OFFICER, Role.SUPERVISOR)
    discard(person)
    rows, shapes = caseload.text_of(table, "table"), caseload.text_of(zones, "zones")
    reading = caseload.read(person, rows, shapes)
    if reading.problems:
        return reading, None
    with atomic():
        discard(person)
        kept = CheckedCaseload.create(person=person, table=rows, zones=shapes, cases=reading.count, checked_at=now)
        audit.record(audit.actor_of(person), "caseload_checked", "caseload", now, cases=kept.cases)
    return reading, kept


def load(person: Person, checked_id: int, now: datetime) -> int:
    """Check again what was checked, open its cases and forget the files; return how many cases.

    A second confirmation, such as of a button pressed twice, finds nothing to load.

    Raises: NotAllowed; InvalidRecord where the files are gone or no longer sound, and then they are forgotten as well.
    """
    require(person, Role.OFFICER, Role.SUPERVISOR)
    mine = (CheckedCaseload.id == checked_id) & (CheckedCaseload.person == person)
    try:
        with atomic():
            kept = CheckedCaseload.get_or_none(mine, CheckedCaseload.checked_at > now - timedelta(seconds=KEPT_S))
            # Whoever deletes it is the one who loads it.
            if kept is None or not CheckedCaseload.delete().where(mine).execute():
                raise InvalidRecord(GONE)
            return caseload.load(person, kept.table, kept.zones, now)
    except DomainError:
        CheckedCaseload.delete().where(mine).execute()
        raise


def discard(person: Person) -> None:
    """Forget what the person has had checked."""
    CheckedCaseload.delete().where(CheckedCaseload.person == person).execute()


def forget_old(now: datetime) -> None:
    """Forget files that nobody has confirmed in time."""
    old = CheckedCaseload.checked_at <= now - timedelta(seconds=KEPT_S)
    # Asked first, since a deletion of nothing takes SQLite's one write lock as well.
    if CheckedCaseload.select().where(old).exists():
        CheckedCaseload.delete().where(old).execute()
