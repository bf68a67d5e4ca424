"""Which alerts, cases and protected people an account may see, and which role may do what."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from backend import clock
from backend.errors import NotAllowed, NotFound
from backend.models import (
    Alert,
    EmergencyOpening,
    Fact,
    Notification,
    Person,
    PlaceZone,
    ProtectedPlace,
    Role,
    Victim,
    Wearer,
)
from backend.record import reading
from backend.record.case_file import CaseFile
from backend.record.facts import What

RESTRICTED = "This case is open to named colleagues only. Ask a supervisor, or open it in an emergency and say why."


def access_alert(person: Person, alert_id: int) -> Alert:
    """Return the alert if ``person`` may know of it.

    Raises: NotAllowed for administrators, who manage people and see no locations; NotFound for another team's
    alert as for none at all.
    """
    require(person, Role.OFFICER, Role.SUPERVISOR)
    # An alert stays with the team that handled it, and is open to the team that has the case now and to the person who
    # was asked to answer it.
    alert = Alert.select(Alert, Wearer).join(Wearer).where(Alert.id == alert_id).first()
    is_ours = alert is not None and person.team_id in (alert.team_id, alert.wearer.team_id)
    if alert is None or not (is_ours or _was_warned(person, alert)):
        raise NotFound("The alert was not found.")
    _refuse_closed(person, alert.wearer_id, clock.now())
    return alert


def access_to_answer(person: Person, alert_id: int) -> Alert:
    """Return an alert that ``person`` may acknowledge or say "cannot" to.

    A person who was asked may answer, by its code and without seeing the case; for others it is as ``access_alert``
    says.
    """
    alert = Alert.get_or_none(Alert.id == alert_id)
    if alert is not None and person.is_active and _was_warned(person, alert):
        return alert
    return access_alert(person, alert_id)


def _was_warned(person: Person, alert: Alert) -> bool:
    """Tell whether a person of another team, such as the duty desk, was asked to answer this alert."""
    return Notification.select().where(Notification.alert == alert, Notification.person == person).exists()


def access_wearer(person: Person, wearer_id: int, now: datetime) -> Wearer:
    """Return the wearer if ``person`` may know of the case.

    Raises: NotAllowed for administrators and for a case that is closed to the person; NotFound for another team's.
    """
    require(person, Role.OFFICER, Role.SUPERVISOR)
    wearer = Wearer.get_or_none(Wearer.id == wearer_id, Wearer.team == person.team_id)
    if wearer is None:
        raise NotFound("The case was not found.")
    _refuse_closed(person, wearer.id, now)
    return wearer


def access_file(person: Person, wearer_id: int, now: datetime) -> CaseFile:
    """Return all that is recorded of the case if ``person`` may know of it.

    Raises: NotAllowed for administrators and for a case that is closed to the person; NotFound for another team's.
    """
    require(person, Role.OFFICER, Role.SUPERVISOR)
    file = CaseFile.load([wearer_id]).get(wearer_id)
    if file is None or file.wearer.team_id != person.team_id:
        raise NotFound("The case was not found.")
    named = file.named_at(now)
    if named is not None and wearer_id in _closed_to([person.id], {wearer_id: named}, now)[person.id]:
        raise NotAllowed(RESTRICTED)
    return file


def known_victims(person: Person, now: datetime) -> list[Victim]:
    """Return the protected persons whom ``person`` may know of, by name.

    They are those of every case that is open to the person, whichever team they are counted in, and the team's own who
    are in no case yet. Who is protected in a restricted case only is no one else's to know.

    Raises: NotAllowed for administrators.
    """
    require(person, Role.OFFICER, Role.SUPERVISOR)
    closed = closed_cases([person.id], now).get(person.id, set())
    protected = PlaceZone.select(ProtectedPlace.victim).join(ProtectedPlace).where(ProtectedPlace.victim.is_null(False))
    of_ours = (
        PlaceZone.select(ProtectedPlace.victim)
        .join(ProtectedPlace)
        .switch(PlaceZone)
        .join(Wearer)
        .where(Wearer.team == person.team_id, Wearer.id.not_in(closed or [0]))
    )
    entered = _entered()
    ours = {row.id for row in Wearer.select(Wearer.id).where(Wearer.team == person.team_id)} - closed
    of_our_entries = [victim_id for victim_id, wearer_id in entered if wearer_id in ours]
    is_in_no_case = (
        (Victim.team == person.team_id)
        & Victim.id.not_in(protected)
        & Victim.id.not_in([victim_id for victim_id, _ in entered])
    )
    is_known = Victim.id.in_(of_ours) | Victim.id.in_(of_our_entries) | is_in_no_case
    return list(Victim.select().where(is_known).order_by(Victim.name, Victim.id))


def _entered() -> set[tuple[int, int]]:
    """Return who was ever entered in which case, zones apart: taken back or not, a restricted case is not told of."""
    rows = reading.readable(Fact.select().where(Fact.what == What.PROTECTED))
    return {(row.value["victim"], row.case_id) for row in rows}


def access_victim(person: Person, victim_id: int, now: datetime) -> Victim:
    """Return the protected person if ``person`` may know of them. Raises: NotAllowed; NotFound, without a hint."""
    victim = next((one for one in known_victims(person, now) if one.id == victim_id), None)
    if victim is None:
        raise NotFound("The protected person was not found.")
    return victim


def hidden_subjects(person: Person, now: datetime) -> set[str]:
    """Return what is closed to ``person``: cases, and who is protected in these only, as ``wearer:7`` and ``victim:3``.

    Their numbers alone would tell that there is such a case.
    """
    closed = closed_cases([person.id], now).get(person.id, set())
    if not closed:
        return set()
    protected = PlaceZone.select(ProtectedPlace.victim).join(ProtectedPlace).where(PlaceZone.wearer.in_(closed))
    victims = {row.id for row in Victim.select(Victim.id).where(Victim.id.in_(protected))}
    victims |= {victim_id for victim_id, wearer_id in _entered() if wearer_id in closed}
    known = {victim.id for victim in known_victims(person, now)}
    return {*(f"wearer:{one}" for one in closed), *(f"victim:{one}" for one in victims - known)}


def _refuse_closed(person: Person, wearer_id: int, now: datetime) -> None:
    if wearer_id in closed_cases([person.id], now, wearer_id).get(person.id, set()):
        raise NotAllowed(RESTRICTED)


def named_on(wearer_id: int, now: datetime) -> set[int] | None:
    """Return the people to whom a restricted case is open, or None for a case that is not restricted."""
    return named_on_each([wearer_id], now).get(wearer_id)


def named_on_each(wearer_ids: Iterable[int] | None, now: datetime) -> dict[int, set[int]]:
    """Return the people to whom each restricted one of these cases is open; None asks for every case."""
    return _named(now, None if wearer_ids is None else list(wearer_ids))


def _named(now: datetime, wearer_ids: Sequence[int] | None = None) -> dict[int, set[int]]:
    if wearer_ids is not None:
        rows = reading.facts_of_cases(wearer_ids, What.RESTRICTED)
    else:
        rows = list(Fact.select().where(Fact.what == What.RESTRICTED).order_by(Fact.id))
    restrictions: dict[int, list[Fact]] = {}
    for row in rows:
        restrictions.setdefault(row.case_id, []).append(row)
    named = {wearer_id: reading.named_at(rows, now) for wearer_id, rows in restrictions.items()}
    return {wearer_id: people for wearer_id, people in named.items() if people is not None}


def closed_cases(person_ids: Iterable[int], now: datetime, wearer_id: int | None = None) -> dict[int, set[int]]:
    """Return for each person the wearers whose cases are closed to them; an emergency opening lasts its time."""
    return _closed_to(person_ids, _named(now, None if wearer_id is None else [wearer_id]), now)


def _closed_to(person_ids: Iterable[int], named: Mapping[int, set[int]], now: datetime) -> dict[int, set[int]]:
    if not named:
        return {}
    opened = {
        (row.person_id, row.wearer_id)
        for row in EmergencyOpening.select().where(EmergencyOpening.until_at > now, EmergencyOpening.opened_at <= now)
    }
    return {
        person_id: {w for w, people in named.items() if person_id not in people and (person_id, w) not in opened}
        for person_id in person_ids
    }


def require(person: Person, *roles: Role) -> None:
    """Raises: NotAllowed unless the person has one of ``roles``."""
    if person.role not in roles:
        raise NotAllowed(f"This is for {' and '.join(f'{role}s' for role in roles)}.")
