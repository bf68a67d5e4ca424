"""Finds alerts of a team, closed ones too: by code, name, day, kind and outcome, a page at a time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from peewee import JOIN

from backend import clock
from backend.access import closed_cases, require
from backend.models import Alert, AlertKind, Handling, Person, ProtectedPlace, Role, Team, Victim, Wearer
from backend.models.alerts import NEEDS_ANSWER

PAGE = 50
# Deeper pages than this are found by a narrower search.
MOST_PAGES = 1_000


@dataclass(frozen=True, slots=True)
class Search:
    """What is looked for; empty fields find everything."""

    # A code, a CRN, or a part of the name of the person on probation, the protected person or the place.
    text: str = ""
    from_at: datetime | None = None
    to_at: datetime | None = None
    handling: Handling | None = None
    kind: str = ""
    outcome: str = ""
    page: int = 1


@dataclass(frozen=True, slots=True)
class Found:
    """One page of alerts, newest first."""

    alerts: list[Alert]
    page: int
    has_next: bool


def find(person: Person, search: Search) -> Found:
    """Return one page of the alerts of the person's team that match. Raises: NotAllowed for administrators."""
    require(person, Role.OFFICER, Role.SUPERVISOR)
    page = min(max(search.page, 1), MOST_PAGES)
    # Of the training case a notice is the trace of a test message.
    is_test = Wearer.is_training & (Alert.kind == AlertKind.NOTICE)
    conditions: list[Any] = [Alert.team == person.team_id, ~is_test]
    closed = closed_cases([person.id], clock.now()).get(person.id, set())
    if closed:
        conditions.append(Alert.wearer.not_in(closed))
    if search.from_at is not None:
        conditions.append(Alert.raised_at >= search.from_at)
    if search.to_at is not None:
        conditions.append(Alert.raised_at < search.to_at)
    if search.handling is not None:
        conditions.append(Alert.handling == search.handling)
    if search.kind:
        conditions.append(Alert.kind == search.kind)
    if search.outcome:
        conditions.append(Alert.outcome_code == search.outcome)
    if search.text.strip():
        conditions.append(_says(search.text.strip()))
    rows = list(
        Alert.select(Alert, Wearer, ProtectedPlace, Victim, Team)
        .join(Wearer)
        .switch(Alert)
        .join(Team)
        .switch(Alert)
        .join(ProtectedPlace, JOIN.LEFT_OUTER)
        .switch(Alert)
        .join(Victim, JOIN.LEFT_OUTER, on=(Alert.victim == Victim.id))
        .where(*conditions)
        .order_by(Alert.raised_at.desc(), Alert.id.desc())
        .offset((page - 1) * PAGE)
        .limit(PAGE + 1)
    )
    return Found(rows[:PAGE], page, len(rows) > PAGE)


def _says(text: str) -> Any:
    """Return what an alert has to be about so that it is found by ``text``: names first, so that an index serves."""
    named = Wearer.select(Wearer.id).where(Wearer.name.contains(text) | (Wearer.crn == text.upper()))
    written = Victim.select(Victim.id).where(Victim.name.contains(text))
    places = ProtectedPlace.select(ProtectedPlace.id).where(
        ProtectedPlace.label.contains(text) | ProtectedPlace.victim.in_(written)
    )
    return (Alert.code == text.upper()) | Alert.wearer.in_(named) | Alert.place.in_(places) | Alert.victim.in_(written)


def unanswered(person: Person) -> tuple[int, Alert | None]:
    """Return how many alerts of the person's team wait for an answer, and the gravest of them."""
    closed = closed_cases([person.id], clock.now()).get(person.id, set())
    open_now: list[Any] = [Alert.team == person.team_id, NEEDS_ANSWER]
    if closed:
        open_now.append(Alert.wearer.not_in(closed))
    query = Alert.select().where(*open_now)
    return query.count(), query.order_by(Alert.is_over, Alert.level.desc(), Alert.raised_at.desc()).first()
