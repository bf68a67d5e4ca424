"""What people read: the alerts of a team in the order of danger, and one alert with its details."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from peewee import JOIN, SQL, Case, fn

from backend import audit, clock
from backend.access import access_alert, closed_cases, require
from backend.alert_kinds import KINDS
from backend.db import atomic
from backend.models import (
    Alert,
    AlertNote,
    AuditEntry,
    Fix,
    Handling,
    Notification,
    Person,
    PlaceZone,
    PoliceHandover,
    ProtectedPlace,
    Role,
    Tag,
    Victim,
    Wearer,
)
from backend.models.alerts import LISTED, NEEDS_ANSWER
from zones import Certainty

TRACK_BEFORE_S = 3_600.0
MOST_TRACK_FIXES = 1_000
# Looking again within this time is the same look, and is recorded once.
ONE_LOOK = timedelta(seconds=60)
RESPONDING = "responding to alert"
# The groups of the live list, in its order. Notices, and what was withdrawn, need no answer.
GROUPS = ("unanswered", "acknowledged", "no_answer_needed", "closed")
HANDLING_OF_STATUS: dict[str, tuple[Handling, ...]] = {
    "open": (Handling.OPEN,),
    "acknowledged": (Handling.ACKNOWLEDGED,),
    "closed": (Handling.CLOSED,),
    "all": tuple(Handling),
}


def alerts_of(person: Person, status: str, after: int | None = None, limit: int = 200) -> list[Alert]:
    """Return the alerts of the person's own team, gravest first.

    By group, unanswered first; standing before over, then by level, certainty and the newest fix; of the live ones what
    the person acts on is always among them. With ``after``, only those changed after that cursor, oldest change first.

    Raises: NotAllowed for administrators.
    """
    require(person, Role.OFFICER, Role.SUPERVISOR)
    closed = closed_cases([person.id], clock.now()).get(person.id, set())
    query: Any = (
        Alert.select(Alert, Wearer, ProtectedPlace, PlaceZone, Tag, Victim)
        .join(Wearer)
        .switch(Alert)
        .join(ProtectedPlace, JOIN.LEFT_OUTER)
        .switch(Alert)
        .join(PlaceZone, JOIN.LEFT_OUTER, on=(Alert.zone == PlaceZone.id))
        .switch(Alert)
        .join(Tag, JOIN.LEFT_OUTER)
        .switch(Alert)
        .join(Victim, JOIN.LEFT_OUTER, on=(Alert.victim == Victim.id))
        .where(Alert.team == person.team_id, _has_status(status))
    )
    if closed:
        query = query.where(Alert.wearer.not_in(closed))
    if after is not None:
        # In the order of the changes, so that a page that is full can be followed by the next one.
        return list(query.where(Alert.cursor > after).order_by(Alert.cursor).limit(limit))
    sure = Case(Alert.certainty, ((Certainty.CONFIRMED, 0), (Certainty.UNCONFIRMED, 1)), 2)
    # Of the gravest level what people write goes first, and then what tags report of themselves.
    first = Case(Alert.kind, tuple((kind, words.order) for kind, words in KINDS.items()), len(KINDS))
    ended = Case(Alert.is_over, ((True, 1),), 0)
    ordered = query.order_by(
        _group(),
        ended,
        sure == 2,
        Alert.level.desc(),
        first,
        sure,
        Alert.possible_from.asc(nulls="last"),
        Alert.last_fix_time.desc(),
    )
    found = list(ordered.limit(limit))
    if status != "live" or len(found) < limit:
        return found
    known = {alert.id for alert in found}
    mine = ordered.where(Alert.acknowledged_by == person, Alert.handling == Handling.ACKNOWLEDGED)
    return found + [alert for alert in mine if alert.id not in known]


def live_counts(person: Person) -> dict[str, int]:
    """Return how many alerts are in each of the ``GROUPS`` of the person's live list."""
    closed = closed_cases([person.id], clock.now()).get(person.id, set())
    query: Any = Alert.select(_group(), fn.COUNT(Alert.id)).where(Alert.team == person.team_id, LISTED)
    if closed:
        query = query.where(Alert.wearer.not_in(closed))
    counted = dict(query.group_by(SQL("1")).tuples())
    return {name: counted.get(number, 0) for number, name in enumerate(GROUPS)}


def _group() -> Any:
    """Return the number of an alert's group in ``GROUPS``."""
    return Case(
        None,
        ((NEEDS_ANSWER, 0), (Alert.handling == Handling.ACKNOWLEDGED, 1), (Alert.handling == Handling.OPEN, 2)),
        3,
    )


def _has_status(status: str) -> Any:
    # What was closed while it stood is everyone's to see until it has ended.
    return LISTED if status == "live" else Alert.handling.in_(HANDLING_OF_STATUS[status])


def alert_of(person: Person, alert_id: int) -> Alert:
    """Return one alert. Raises: NotFound, NotAllowed."""
    return access_alert(person, alert_id)


def surroundings(person: Person, alert: Alert, now: datetime) -> tuple[PlaceZone | None, list[Fix]]:
    """Return the zone, if it is about one, and the wearer's fixes; that they were looked at is recorded."""
    with atomic():
        reason = reason_to_look(person, alert)
        audit.record_look(audit.actor_of(person), alert, now, reason=reason, again_after=ONE_LOOK)
    return alert.zone, track_of(alert, now)


def track_of(alert: Alert, now: datetime) -> list[Fix]:
    """Return the fixes from an hour before the alert on or, where there is none, the last one before."""
    until = alert.over_at + timedelta(seconds=TRACK_BEFORE_S) if alert.over_at else now
    newest_first = (
        Fix.select()
        .where(
            Fix.wearer == alert.wearer_id,
            Fix.fix_time >= alert.fix_time - timedelta(seconds=TRACK_BEFORE_S),
            Fix.fix_time <= max(until, alert.last_fix_time),
        )
        .order_by(Fix.fix_time.desc())
        .limit(MOST_TRACK_FIXES)
    )
    track = list(newest_first)[::-1]
    if not track:
        earlier = Fix.select().where(Fix.wearer == alert.wearer_id, Fix.fix_time <= now)
        track = list(earlier.order_by(Fix.fix_time.desc()).limit(1))
    return track


def reason_to_look(person: Person, alert: Alert) -> str:
    """Return why someone opens an alert: to respond, where they were notified of it or act on it."""
    if alert.acknowledged_by_id == person.id:
        return RESPONDING
    was_notified = Notification.select().where(Notification.alert == alert, Notification.person == person).exists()
    return RESPONDING if was_notified else "alert"


@dataclass(frozen=True, slots=True)
class Happened:
    """One step in the life of an alert: who did what, to which danger, and of a police handover to which force."""

    at: datetime
    action: str
    by: str
    # None where Cordon itself did it, or a protected person.
    by_id: int | None = None
    handover: PoliceHandover | None = None
    danger: int | None = None
    # Of a number that was shown: whose, by what they are to the alert.
    whose: str | None = None
    # Of a note its text; of an alert that was handed on or taken over, the colleague.
    note: str | None = None
    colleague: str | None = None


def history_of(alert: Alert) -> list[Happened]:
    """Return what happened to the alert, oldest first; looks are left out."""
    entries = list(
        AuditEntry.select()
        .where(AuditEntry.alert == alert, AuditEntry.action != "location_viewed")
        .order_by(AuditEntry.id)
    )
    people = _people(entries)
    notes = {row.id: row.text for row in AlertNote.select().where(AlertNote.alert == alert)}
    handovers: dict[int | None, PoliceHandover] = {
        row.id: row for row in PoliceHandover.select().where(PoliceHandover.alert == alert)
    }
    return [_happened(entry, people, handovers, notes) for entry in entries]


def _happened(
    entry: AuditEntry,
    people: Mapping[str, Person],
    handovers: Mapping[int | None, PoliceHandover],
    notes: Mapping[int, str],
) -> Happened:
    detail = entry.detail if isinstance(entry.detail, dict) else {}
    by, colleague = people.get(entry.actor), people.get(f"person:{detail.get('colleague')}")
    return Happened(
        entry.at,
        entry.action,
        by.name if by else "The police" if entry.actor.startswith("police:") else "Cordon",
        by.id if by else None,
        handovers.get(detail.get("handover")),
        detail.get("danger"),
        detail.get("who") if entry.action == "number_shown" else None,
        notes.get(detail["note"]) if entry.action == "noted" and "note" in detail else None,
        colleague.name if colleague else None,
    )


def _people(entries: Sequence[AuditEntry]) -> dict[str, Person]:
    ids = {int(entry.actor.partition(":")[2]) for entry in entries if entry.actor.startswith("person:")}
    colleagues = [entry.detail.get("colleague") for entry in entries if isinstance(entry.detail, dict)]
    ids |= {one for one in colleagues if isinstance(one, int)}
    return {f"person:{person.id}": person for person in Person.select().where(Person.id.in_(ids))}
