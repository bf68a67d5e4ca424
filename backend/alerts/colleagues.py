"""What people who act on an alert do among themselves: take it over, hand it to a named colleague, write a note."""

from __future__ import annotations

from datetime import datetime

from backend import audit, escalation, lifecycle
from backend.access import access_alert, named_on
from backend.alerts.handling import danger_now
from backend.alerts.record_changes import tell_changed
from backend.db import atomic
from backend.errors import InvalidRequest, InvalidTransition, NotAllowed, NotFound
from backend.models import Alert, AlertNote, Handling, Person, Role

LONGEST_NOTE = 4_000


def take_over(person: Person, alert_id: int, now: datetime) -> Alert:
    """Make ``person`` the one who acts in place of a colleague, who is notified; one's own stays as it is.

    Raises: NotFound; NotAllowed; InvalidTransition unless a colleague acts on it.
    """
    with atomic():
        alert = escalation.lock(access_alert(person, alert_id).id)
        if alert.handling != Handling.ACKNOWLEDGED:
            raise InvalidTransition("No colleague acts on this alert.")
        if alert.acknowledged_by_id == person.id:
            return alert
        before_id = alert.acknowledged_by_id
        alert.acknowledged_by, alert.acknowledged_at = person, now
        alert.acknowledged_danger = max(int(alert.acknowledged_danger), int(danger_now(alert)))
        audit.record(
            audit.actor_of(person),
            "taken_over",
            f"alert:{alert.id}",
            now,
            alert=alert,
            danger=int(alert.acknowledged_danger),
            colleague=before_id,
        )
        escalation.stop(alert, now)
        escalation.tell_answered([alert], person, now)
        return alert


def colleagues_for(person: Person, alert: Alert, now: datetime) -> list[Person]:
    """Return to whom ``person`` can hand the alert: colleagues of the team who may know of the case."""
    named = named_on(alert.wearer_id, now)
    staff = Person.select().where(
        Person.team == alert.team_id,
        Person.is_active,
        Person.role.in_([Role.OFFICER, Role.SUPERVISOR]),
        Person.id != person.id,
    )
    return [one for one in staff.order_by(Person.name, Person.id) if named is None or one.id in named]


def hand_to(person: Person, alert_id: int, colleague_id: int, now: datetime) -> Alert:
    """Hand the alert to a colleague, who is called and notified at once on every way they have.

    It is open until they acknowledge it. Where they say nothing, the escalation policy begins at its first step.

    Raises: NotFound; NotAllowed where another person acts (a supervisor may); InvalidTransition for a closed alert or
    one that was withdrawn.
    """
    with atomic():
        alert = escalation.lock(access_alert(person, alert_id).id)
        if alert.handling == Handling.CLOSED:
            raise InvalidTransition("This alert is closed.")
        if not escalation.asks_for_an_answer(alert):
            raise InvalidTransition("This alert needs no answer.")
        is_theirs = alert.handling == Handling.ACKNOWLEDGED and alert.acknowledged_by_id != person.id
        if is_theirs and person.role != Role.SUPERVISOR:
            raise NotAllowed("Only the person who acknowledged this alert, or a supervisor, can hand it on.")
        colleague = next((one for one in colleagues_for(person, alert, now) if one.id == colleague_id), None)
        if colleague is None:
            raise NotFound("There is no such colleague for this alert.")
        alert.handling = Handling.OPEN
        alert.acknowledged_by = alert.acknowledged_at = None
        alert.acknowledged_danger = lifecycle.Danger.NONE
        audit.record(audit.actor_of(person), "handed_to", f"alert:{alert.id}", now, alert=alert, colleague=colleague.id)
        escalation.ring_named(alert, colleague, now)
        return alert


def write_note(person: Person, alert_id: int, text: str, now: datetime) -> AlertNote:
    """Add a note to an alert; colleagues see it at once. Raises: NotFound; NotAllowed; InvalidRequest."""
    text = text.strip()
    if not text or len(text) > LONGEST_NOTE:
        raise InvalidRequest(f"Write a note of at most {LONGEST_NOTE} characters.")
    with atomic():
        alert = escalation.lock(access_alert(person, alert_id).id)
        note = AlertNote.create(alert=alert, text=text, at=now, by=person)
        audit.record(audit.actor_of(person), "noted", f"alert:{alert.id}", now, alert=alert, note=note.id)
        tell_changed(alert)
        return note
