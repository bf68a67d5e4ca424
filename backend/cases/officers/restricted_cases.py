"""Restricted cases: who is named on them, and how others open them in an emergency."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from backend import alerts, audit
from backend.access import access_wearer, named_on, require
from backend.cases.officers.assignment import hold_people
from backend.db import atomic
from backend.errors import InvalidRecord, NotFound
from backend.escalation.steps import Who
from backend.models import (
    Alert,
    EmergencyOpening,
    Fact,
    Handling,
    Person,
    PlaceZone,
    Role,
    Wearer,
)
from backend.record.facts import What
from backend.record.reading import OfficersThen
from backend.record.recording import lock_cases, record_fact

EMERGENCY = timedelta(hours=8)
TO_REVIEW = "A person who is not named on the case opened it in an emergency: a supervisor reviews why."


def restrict(by: Person, wearer_id: int, people: Sequence[int] | None, now: datetime, *, why: str) -> Fact:
    """Close a case to all but these people, or with None open it to the team again.

    What another person had acknowledged is open again and rings those who are named.

    Raises: NotFound; NotAllowed for anyone but a supervisor; InvalidRecord where the one who answers for it,
    now or later, or a supervisor is not among them: no one could act on its alerts.
    """
    require(by, Role.SUPERVISOR)
    wearer = access_wearer(by, wearer_id, now)
    with atomic():
        # No one begins to answer for the case meanwhile.
        hold_people(*OfficersThen([wearer]).answering(wearer, now))
        lock_cases(wearer.id)
        if people is not None:
            _check(Wearer.get_by_id(wearer.id), people, now)
        value = {"people": sorted(set(people)) if people is not None else None}
        entry = record_fact(f"wearer:{wearer.id}", What.RESTRICTED, value, now, by, now, why=why, wearer_id=wearer.id)
        if people is not None:
            _let_lapse(wearer.id, people, now)
        return entry


def _let_lapse(wearer_id: int, people: Sequence[int], now: datetime) -> None:
    """Reopen the alerts that someone acknowledged who may not open the case any more: no one would act on them."""
    held = Alert.select(Alert.acknowledged_by).where(
        Alert.wearer == wearer_id, Alert.handling == Handling.ACKNOWLEDGED, Alert.acknowledged_by.not_in(list(people))
    )
    for person in Person.select().where(Person.id.in_(held)).order_by(Person.id):
        alerts.lapse(person, now, wearer_id)


def _check(wearer: Wearer, people: Sequence[int], now: datetime) -> None:
    found = list(Person.select().where(Person.id.in_(list(people)), Person.team == wearer.team_id, Person.is_active))
    if len(found) != len(set(people)):
        raise InvalidRecord("Each person named must be an active colleague of the case's team.")
    # A person who covers now, and the officer who comes back from leave: its warnings ring each of them in their time.
    left_out = OfficersThen([wearer]).answering(wearer, now) - {person.id for person in found}
    if left_out:
        names = [row.name for row in Person.select().where(Person.id.in_(left_out)).order_by(Person.name)]
        raise InvalidRecord(
            "The responsible officer, and anyone who covers for them, must be among the people named: "
            f"{', '.join(names)} would answer for the case without being able to open it."
        )
    if not any(person.role == Role.SUPERVISOR for person in found):
        raise InvalidRecord("A supervisor must be among the people named, for when the officer does not answer.")


def open_in_emergency(person: Person, wearer_id: int, reason: str, now: datetime) -> EmergencyOpening:
    """Open a restricted case for a few hours, for a reason that a supervisor reviews.

    Raises: NotFound for another team's case; InvalidRecord without a reason.
    """
    require(person, Role.OFFICER, Role.SUPERVISOR)
    if len(reason.strip()) < 10:
        raise InvalidRecord("Enter what the emergency is, in a sentence.")
    wearer = Wearer.get_or_none(Wearer.id == wearer_id, Wearer.team == person.team_id)
    if wearer is None:
        raise NotFound("The case was not found.")
    with atomic():
        opening = EmergencyOpening.create(
            wearer=wearer, person=person, reason=reason.strip(), opened_at=now, until_at=now + EMERGENCY
        )
        audit.record(audit.actor_of(person), "opened_in_emergency", f"wearer:{wearer.id}", now, opening=opening.id)
        # Without any place there is no alert to hang the message on, and none to read about in the case either.
        zone = PlaceZone.select().where(PlaceZone.wearer == wearer).order_by(PlaceZone.id.desc()).first()
        if zone is not None:
            alerts.raise_notice(wearer, zone, [TO_REVIEW], now, (Who.SUPERVISORS,))
        return opening


def openings_to_review(person: Person, now: datetime) -> list[EmergencyOpening]:
    """Return the emergency openings that a supervisor who is named on the case has not looked at yet."""
    require(person, Role.SUPERVISOR)
    query = (
        EmergencyOpening.select(EmergencyOpening, Wearer)
        .join(Wearer)
        .where(Wearer.team == person.team_id, EmergencyOpening.reviewed_at.is_null(), EmergencyOpening.person != person)
        .order_by(EmergencyOpening.opened_at)
    )
    return [row for row in query if (named := named_on(row.wearer_id, now)) is None or person.id in named]


def review_opening(person: Person, opening_id: int, note: str, now: datetime) -> EmergencyOpening:
    """Record what a supervisor thinks of an emergency opening. Raises: NotFound, NotAllowed, InvalidRecord."""
    opening = next((row for row in openings_to_review(person, now) if row.id == opening_id), None)
    if opening is None:
        raise NotFound("The opening to review was not found.")
    if not note.strip():
        raise InvalidRecord("Say whether it was right.")
    with atomic():
        opening.reviewed_by, opening.reviewed_at, opening.review_note = person, now, note.strip()
        opening.save()
        audit.record(audit.actor_of(person), "opening_reviewed", f"wearer:{opening.wearer_id}", now, opening=opening.id)
        return opening
