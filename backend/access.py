"""Which alerts a person may know of, and who may do what."""

from __future__ import annotations

from backend.errors import NotAllowed, NotFound
from backend.models import Alert, Notification, Person, Role


def access_alert(person: Person, alert_id: int) -> Alert:
    """Return the alert if ``person`` may know of it.

    Raises: NotAllowed for administrators, who manage people and see no locations; NotFound for another team's
    alert as for none at all.
    """
    require(person, Role.OFFICER, Role.SUPERVISOR)
    alert = Alert.get_or_none(Alert.id == alert_id)
    if alert is None or not (alert.team_id == person.team_id or _was_warned(person, alert)):
        raise NotFound("There is no such alert.")
    return alert


def _was_warned(person: Person, alert: Alert) -> bool:
    """Tell whether a person of another team, such as the duty desk, was asked to answer this alert."""
    return Notification.select().where(Notification.alert == alert, Notification.person == person).exists()


def require(person: Person, *roles: Role) -> None:
    """Raises: NotAllowed unless the person has one of ``roles``."""
    if person.role not in roles:
        raise NotAllowed(f"This is for {' and '.join(f'{role}s' for role in roles)}.")
