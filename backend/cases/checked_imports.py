"""Keeps a checked caseload until it is confirmed, so that what is loaded is exactly what was checked."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from backend import audit
from backend.access import require
from backend.cases import caseload_import
from backend.cases.import_matching import Done
from backend.db import atomic
from backend.errors import DomainError, InvalidRecord
from backend.models import CheckedCaseload, Person, Role

KEPT_S = 1_800.0
GONE = "These files have expired or were already loaded. Check your cases, then check the files again."


def check(
    person: Person, table: bytes, zones: bytes, now: datetime
) -> tuple[caseload_import.Reading, CheckedCaseload | None]:
    """Check both files and keep them for half an hour where they are sound; no case is made, and faulty ones are gone.

    Raises: NotAllowed; InvalidRecord for a file that is no text that can be read.
    """
    require(person, Role.OFFICER, Role.SUPERVISOR)
    discard(person)
    rows, shapes = caseload_import.text_of(table, "table"), caseload_import.text_of(zones, "zones")
    reading = caseload_import.read(person, rows, shapes, now)
    if reading.problems:
        return reading, None
    with atomic():
        discard(person)
        kept = CheckedCaseload.create(person=person, table=rows, zones=shapes, cases=reading.count, checked_at=now)
        audit.record(audit.actor_of(person), "caseload_checked", "caseload", now, cases=kept.cases)
    return reading, kept


class Progress(NamedTuple):
    """How many cases are open, of how many, and whether rows are still to come: some may be further ones of a case."""

    opened: int
    cases: int
    is_more: bool = True


def load(person: Person, checked_id: int, now: datetime, *, part: int = caseload_import.PART) -> Progress:
    """Check again the next part of what was checked, and open its cases; after the last part the files are forgotten.

    A second confirmation, such as of a button pressed twice, loads nothing.

    Raises: NotAllowed; InvalidRecord where the files are gone or no longer sound, and then they are forgotten as well:
    with ``opened``, the rows of the parts before, which stay loaded.
    """
    require(person, Role.OFFICER, Role.SUPERVISOR)
    kept = None
    mine = (CheckedCaseload.id == checked_id) & (CheckedCaseload.person == person)
    try:
        with atomic():
            kept = CheckedCaseload.get_or_none(mine, CheckedCaseload.checked_at > now - timedelta(seconds=KEPT_S))
            if kept is None:
                raise InvalidRecord(GONE)
            done = [Done(*one) for one in kept.done or []]
            as_read = mine & (CheckedCaseload.opened == kept.opened)
            # A caller that counts it has loaded it.
            if not CheckedCaseload.update(opened=len(done) + part, checked_at=now).where(as_read).execute():
                return Progress(caseload_import.count_of(done), kept.cases)
            done, is_more = caseload_import.load_part(person, kept.table, kept.zones, now, done, part)
            if is_more:
                CheckedCaseload.update(opened=len(done), done=done).where(mine).execute()
            else:
                CheckedCaseload.delete().where(mine).execute()
            return Progress(caseload_import.count_of(done), kept.cases, is_more)
    except DomainError as error:
        CheckedCaseload.delete().where(mine).execute()
        if kept is not None and kept.opened:
            error.extra["opened"] = kept.opened
        raise


def discard(person: Person) -> None:
    """Forget what the person has had checked."""
    CheckedCaseload.delete().where(CheckedCaseload.person == person).execute()


def forget_old(now: datetime) -> None:
    """Forget files that no one has confirmed in time."""
    old = CheckedCaseload.checked_at <= now - timedelta(seconds=KEPT_S)
    CheckedCaseload.delete().where(old).execute()
