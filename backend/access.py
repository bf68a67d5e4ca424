"""Which alerts a person may know of, and who may do what."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from backend import clock
from backend.case.record import Version, What, true_at
from backend.errors import NotAllowed, NotFound
from backend.models import Alert, DatedEntry, EmergencyOpening, Notification, Person, Role, Wearer


def access_alert(person: Person, alert_id: int) -> Alert:
    """Return the alert if ``person`` may know of it.

    Raises: NotAllowed for administrators, who manage people and see no locations; NotFound for another team's
    alert as for none at all.
    """
    require(person, Role.OFFICER, Role.SUPERVISOR)
    # An alert stays with the team that handled it, and is open to the team that has the case now and to whoever was
    # asked to answer it.
    alert = Alert.select(Alert, Wearer).join(Wearer).where(Alert.id == alert_id).first()
    is_ours = alert is not None and person.team_id in (alert.team_id, alert.wearer.team_id)
    if alert is None or not (is_ours or _was_warned(person, alert)):
        raise NotFound("There is no such alert.")
    _refuse_closed(person, alert.wearer_id, clock.now())
    return alert


def access_to_answer(person: Person, alert_id: int) -> Alert:
    """Return an alert that ``person`` may acknowledge or say "cannot" to.

    Whoever was asked may answer, by its code and without seeing the case; for others it is as ``access_alert`` says.
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
        raise NotFound("There is no such case.")
    _refuse_closed(person, wearer.id, now)
    return wearer


def _refuse_closed(person: Person, wearer_id: int, now: datetime) -> None:
    if wearer_id in closed_cases([person.id], now, wearer_id).get(person.id, set()):
        raise NotAllowed("You may not open this.")


def named_on(wearer_id: int, now: datetime) -> set[int] | None:
    """Return the people to whom a restricted case is open, or None for a case that is not restricted."""
    return named_on_each([wearer_id], now).get(wearer_id)


def named_on_each(wearer_ids: Iterable[int], now: datetime) -> dict[int, set[int]]:
    """Return the people to whom each restricted one of these cases is open."""
    return _named(now, list(wearer_ids))


def _named(now: datetime, wearer_ids: Sequence[int] | None = None) -> dict[int, set[int]]:
    query = DatedEntry.select().where(DatedEntry.what == What.RESTRICTED)
    if wearer_ids is not None:
        query = query.where(DatedEntry.wearer.in_(wearer_ids))
    histories: dict[int, list[Version[list[int] | None]]] = {}
    for row in query.order_by(DatedEntry.id):
        version = Version(row.id, row.from_at, row.recorded_at, row.value["people"], row.corrects_id)
        histories.setdefault(row.wearer_id, []).append(version)
    found = {}
    for subject, history in histories.items():
        held = true_at(history, now)
        if held is not None and held.value is not None:
            found[subject] = set(held.value)
    return found


def closed_cases(person_ids: Iterable[int], now: datetime, wearer_id: int | None = None) -> dict[int, set[int]]:
    """Return for each person the wearers whose cases are closed to them; an emergency opening lasts its time."""
    named = _named(now, None if wearer_id is None else [wearer_id])
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
