"""Phone numbers that a person who handles an alert can call; each number shown is written to the audit trail."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from backend import audit, queries
from backend.access import access_alert
from backend.db import atomic
from backend.errors import InvalidTransition, NotFound
from backend.models import Alert, Handling, Person, PlaceZone, ProtectedPlace, SafeCall, Victim, WearerNumber
from backend.people import consent, numbers, police_rooms
from backend.record import protection_ends, reading

# Calls go on for a while after an outcome was recorded; later a number is looked up in the case.
AFTER_CLOSING = timedelta(hours=24)
POLICE = "police"
EMERGENCY = "999"
COLLEAGUE = "colleague"
DRILL = "This is a drill: do not call."


@dataclass(frozen=True, slots=True)
class Contact:
    """One person or room that can be called, or why not; without the number."""

    key: str
    # protected, wearer, colleague or police.
    who: str
    name: str
    # Empty where they can be called.
    why_not: str = ""
    # What to know before calling.
    note: str = ""


@dataclass(frozen=True, slots=True)
class _Entry:
    shown: Contact
    number: str


def contacts_of(person: Person, alert: Alert, now: datetime) -> list[Contact]:
    """Return whom ``person`` can call about an alert that they may know of, the protected persons first."""
    return [entry.shown for entry in _entries(person, alert, now)]


def show_number(person: Person, alert_id: int, key: str, now: datetime) -> tuple[Contact, str]:
    """Return the number behind ``key`` and record who saw which.

    Raises: NotFound, NotAllowed; InvalidTransition where no one is to be called there, or the alert closed long ago.
    """
    alert = access_alert(person, alert_id)
    if alert.handling == Handling.CLOSED and alert.outcome_at is not None and now - alert.outcome_at > AFTER_CLOSING:
        raise InvalidTransition("This alert was closed more than 24 hours ago: look up the number in the case.")
    with atomic():
        entry = next((one for one in _entries(person, alert, now) if one.shown.key == key), None)
        if entry is None:
            raise NotFound("The number for this alert was not found.")
        if entry.shown.why_not:
            raise InvalidTransition(entry.shown.why_not)
        audit.record(
            audit.actor_of(person),
            "number_shown",
            f"alert:{alert.id}",
            now,
            alert=alert,
            key=key,
            who=entry.shown.who,
            reason=queries.reason_to_look(person, alert),
        )
    return entry.shown, entry.number


def _entries(person: Person, alert: Alert, now: datetime) -> list[_Entry]:
    found = [_of_victim(alert, victim, now) for victim in people_concerned(alert, now)]
    found += _of_wearer(alert)
    actor = alert.acknowledged_by if alert.handling != Handling.OPEN else None
    if actor is not None and actor.id != person.id:
        found.append(_of_colleague(actor))
    room = police_rooms.of_team(alert.team_id)
    why_not = DRILL if alert.wearer.is_training else ""
    # 999 is no secret: a page may offer it without asking for the number.
    key = EMERGENCY if room.number == EMERGENCY else POLICE
    return [*found, _Entry(Contact(key, "police", room.name, why_not), room.number)]


def people_concerned(alert: Alert, now: datetime) -> list[Victim]:
    """Return whom the alert is about or, where it is about no place of theirs, everyone whom the case protects."""
    if alert.victim is not None:
        about = [alert.victim]
    elif alert.place is not None and alert.place.victim is not None:
        about = [alert.place.victim]
    else:
        about = _protected_now(alert.wearer_id, now)
    # An adult who is named for children is called once.
    return list({one.id: one for one in map(consent.reached, about)}.values())


def _protected_now(wearer_id: int, now: datetime) -> list[Victim]:
    """Return who is protected from the wearer now: the one who was once must not be called about them.

    Of a case that cannot be read no one knows who that is, so everyone who ever was is named.
    """
    case = reading.cases([wearer_id], faults={}).get(wearer_id)
    places = PlaceZone.select(PlaceZone.place).where(PlaceZone.wearer == wearer_id)
    if case is not None:
        places = places.where(PlaceZone.place.in_(list(protection_ends.guards(case, now))))
    in_force = ProtectedPlace.select(ProtectedPlace.victim).where(ProtectedPlace.id.in_(places))
    entered = [victim_id for victim_id, _ in reading.entered_in([wearer_id])]
    return list(Victim.select().where(Victim.id.in_(in_force) | Victim.id.in_(entered)).order_by(Victim.id))


def _of_victim(alert: Alert, victim: Victim, now: datetime) -> _Entry:
    safe = consent.safe_call(victim)
    why_not = _why_not(alert, victim, safe)
    note = ""
    if safe is not None and not why_not:
        days = (now - safe.given_at).days
        when = "today" if days == 0 else "yesterday" if days == 1 else f"{days} days ago"
        notes = [f"They said {when} that calls are safe.", safe.note]
        if numbers.is_declared(victim.phone or ""):
            notes.append("Their number was declared in another case to be that of a person on probation: take care.")
        note = " ".join(one for one in notes if one)
    return _Entry(Contact(f"protected:{victim.id}", "protected", victim.name, why_not, note), victim.phone or "")


def _why_not(alert: Alert, victim: Victim, safe: SafeCall | None) -> str:
    """Return why a protected person must not be called; empty only where everything says that it is safe."""
    if alert.wearer.is_training:
        return DRILL
    if victim.is_child:
        return "Do not call: a child has no number here."
    if not victim.phone:
        return "Do not call: no number is recorded."
    if not numbers.is_proved(victim):
        return "Do not call: their number is not verified."
    if numbers.holds(victim.phone, alert.wearer_id):
        return "Do not call: this number was declared to be that of the person on probation."
    if safe is None:
        return "Do not call: it is not recorded that a call is safe."
    return ""


def _of_wearer(alert: Alert) -> list[_Entry]:
    rows = list(
        WearerNumber.select()
        .where(WearerNumber.wearer == alert.wearer_id, WearerNumber.ended_at.is_null())
        .order_by(WearerNumber.id)
    )
    found = []
    for place, row in enumerate(rows, start=1):
        notes = [f"Number {place} of {len(rows)}."] if len(rows) > 1 else []
        if row.confirmed_at is None:
            notes.append("No second person has confirmed that this number is theirs.")
        why_not = DRILL if alert.wearer.is_training else ""
        shown = Contact(f"wearer:{row.id}", "wearer", alert.wearer.name, why_not, " ".join(notes))
        found.append(_Entry(shown, row.number))
    if not rows:
        shown = Contact("wearer", "wearer", alert.wearer.name, "No number is recorded for them.")
        found.append(_Entry(shown, ""))
    return found


def _of_colleague(actor: Person) -> _Entry:
    why_not = "" if actor.phone else "They have no number here."
    note = "" if why_not or numbers.is_proved(actor) else "Their number is not verified."
    return _Entry(Contact(COLLEAGUE, "colleague", actor.name, why_not, note), actor.phone or "")
