"""The alerts of one wearer that belong together, held with the climb that tells them until the unit of work ends.

Alerts are locked before the climb. Who holds a climb changes no alert that they did not hold before it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from backend import channels, db, lifecycle
from backend.escalation import grouping
from backend.escalation.grouping import Member
from backend.escalation.locked_alert import WARNINGS
from backend.escalation.steps import Policy
from backend.models import (
    Alert,
    AlertKind,
    Escalation,
    EscalationPolicy,
    Handling,
    Notification,
    NotificationState,
    ProtectedPlace,
)
from backend.models.alerts import UNANSWERED

# Alerts that are alone, and yet danger that rises to a person who acts on the same wearer.
ABOUT_TAGS = (AlertKind.SILENCE, AlertKind.TAMPER)


@dataclass(slots=True)
class Group:
    """A climb with the alerts that await an answer or an outcome, oldest first."""

    escalation: Escalation
    members: list[Alert]
    # Other alerts of the wearer that a person acts on, where that person has to hear of these first.
    acting: list[Alert] = field(default_factory=list)

    @property
    def open(self) -> list[Alert]:
        """The alerts that still have to be acknowledged."""
        return [alert for alert in self.members if alert.handling != Handling.ACKNOWLEDGED]

    @property
    def is_over(self) -> bool:
        """Whether nothing goes on of all that has to be acknowledged."""
        return all(alert.is_over for alert in self.open)

    @property
    def lead(self) -> Alert:
        """The open alert that messages speak of first."""
        return next(alert for alert in self.open if alert.id == self.escalation.lead_id)

    def choose_lead(self) -> Alert:
        """Let messages speak of the gravest open alert first, and return it."""
        self.escalation.lead_id = grouping.gravest(self._ranked(self.open), self.escalation.lead_id)
        return self.lead

    def shown(self) -> dict[str, int]:
        """Return what a message says now: each open alert and its danger."""
        return {str(alert.id): int(danger_now(alert)) for alert in self.open}

    def rings_anew(self, alert: Alert) -> bool:
        """Tell whether people have to be called for this alert although they are asked about the others."""
        ranked = {member.alert_id: member for member in self._ranked(self.open)}
        mine = ranked.pop(alert.id, None)
        return mine is not None and grouping.rings_anew(mine, ranked.values())

    def taken_by(self, now: datetime) -> int | None:
        """Return the person who took one of these alerts a moment ago, the newest first; None where no person did."""
        if any(alert.kind == AlertKind.HELP for alert in self.open):
            # A message that may be a cry for help waits for no one person.
            return None
        since = now - timedelta(seconds=grouping.TAKEN_LATELY_S)
        taken = [one for one in (*self.members, *self.acting) if one.acknowledged_by_id]
        lately = [one for one in taken if (one.acknowledged_at or since) > since]
        newest = max(lately, key=lambda alert: alert.acknowledged_at, default=None)
        return newest.acknowledged_by_id if newest else None

    def takers(self) -> set[int]:
        """Return everyone who has taken one of these alerts, or acts on the wearer whose tag goes dark."""
        return {alert.acknowledged_by_id for alert in (*self.members, *self.acting) if alert.acknowledged_by_id}

    def next_outcome_due_at(self) -> datetime | None:
        """Return when the first outcome of these alerts is due; None where none is."""
        taken = [one for one in self.members if one.handling == Handling.ACKNOWLEDGED and one.outcome_at is None]
        due = [outcome_due_at(alert) for alert in taken]
        return min((at for at in due if at is not None), default=None)

    def reserve(self, person_id: int | None, now: datetime) -> None:
        """Let this person be asked alone for a minute; None lets everyone be asked in their turn."""
        self.escalation.reserved_for_id = person_id
        until = now + timedelta(seconds=grouping.ASKED_ALONE_S)
        self.escalation.reserved_until = until if person_id else None

    def _ranked(self, alerts: Sequence[Alert]) -> list[Member]:
        place_ids = {alert.place_id for alert in alerts if alert.place_id} if len(alerts) > 1 else set()
        places = ProtectedPlace.select(ProtectedPlace.id, ProtectedPlace.victim)
        victims = {row.id: row.victim_id for row in places.where(ProtectedPlace.id.in_(place_ids))} if place_ids else {}
        return [
            Member(
                alert.id,
                victims.get(alert.place_id),
                bool(alert.is_over),
                danger_now(alert),
                max(danger_now(alert), lifecycle.Danger(min(alert.peak_danger, lifecycle.Danger.BREACH))),
            )
            for alert in alerts
        ]


def danger_now(alert: Alert) -> lifecycle.Danger:
    """Return the danger of an alert as it stands, whether it goes on or is over."""
    return lifecycle.danger_held(alert.kind, alert.level, alert.certainty)


def outcome_due_at(alert: Alert) -> datetime | None:
    """Return when the outcome of an acknowledged alert is due."""
    if alert.acknowledged_at is None:
        return None
    at: datetime = alert.acknowledged_at + timedelta(seconds=lifecycle.OUTCOME_DUE_AFTER_S)
    return at


def hold(alert: Alert, now: datetime) -> Group:
    """Save the alert and return its group, held; the alert is one of the members where it awaits an answer."""
    is_new = False
    if alert.escalation_id is None:
        escalation, is_new = _held_for(alert, now)
        alert.escalation_id = escalation.id
        alert.save()
    else:
        alert.save()
        escalation = db.lock_and_read(Escalation, [alert.escalation_id], waits=True)[alert.escalation_id]
    # No other alert can belong to a climb that was made this moment.
    members = [alert] if is_new else list(_members([escalation.id]))
    group = Group(escalation, [alert if one.id == alert.id else one for one in members])
    _add_acting([group])
    return group


def groups(escalation_ids: Sequence[int]) -> list[Group]:
    """Return these climbs, which are held, with their alerts."""
    found = {row.id: Group(row, []) for row in Escalation.select().where(Escalation.id.in_(escalation_ids))}
    for alert in _members(escalation_ids):
        found[alert.escalation_id].members.append(alert)
    _add_acting(list(found.values()))
    return [found[number] for number in escalation_ids if number in found]


def _add_acting(of: Sequence[Group]) -> None:
    """Let who acts on a wearer be asked about their tag that goes dark or is cut: to them it is danger that rises."""
    about_tags = [group for group in of if any(one.kind in ABOUT_TAGS for one in group.members)]
    if not about_tags:
        return
    wearers = {group.escalation.wearer_id for group in about_tags}
    taken = Alert.select().where(Alert.wearer.in_(wearers), Alert.handling == Handling.ACKNOWLEDGED, UNANSWERED)
    for alert in taken.order_by(Alert.id):
        for group in about_tags:
            if group.escalation.wearer_id == alert.wearer_id and alert.escalation_id != group.escalation.id:
                group.acting.append(alert)


def _members(escalation_ids: Sequence[int]) -> Iterable[Alert]:
    return Alert.select().where(Alert.escalation.in_(escalation_ids), UNANSWERED).order_by(Alert.id)


def alerts_told_with(alert_id: int) -> list[int]:
    """Return the ids of the alerts that belong together with this one, itself among them."""
    mine = Alert.select(Alert.escalation).where(Alert.id == alert_id)
    others = Alert.select(Alert.id).where(Alert.escalation.in_(mine), UNANSWERED)
    return sorted({alert_id, *(row.id for row in others)})


def take_policy(escalation: Escalation, alert: Alert, now: datetime) -> None:
    """Let the climb keep the policy that the alert's team has now: a change of policy changes no climb under way."""
    policy = (
        EscalationPolicy.select()
        .where(
            EscalationPolicy.team == alert.team_id,
            EscalationPolicy.kind.is_null() | (EscalationPolicy.kind == alert.kind),
            EscalationPolicy.from_at <= now,
        )
        .order_by(EscalationPolicy.kind.is_null(), EscalationPolicy.from_at.desc(), EscalationPolicy.id.desc())
        .first()
    )
    escalation.policy = policy.content if policy else None
    escalation.duty_person = policy.duty_person_id if policy else None


def has_called(alert: Alert) -> bool:
    """Tell whether a text or a call about this alert has gone out, or is about to."""
    is_out = (Notification.state != NotificationState.PENDING) | Notification.lease_token.is_null(False)
    mine = Notification.select().where(
        Notification.alert == alert.id,
        Notification.purpose.in_(WARNINGS),
        Notification.channel.in_(channels.TO_NUMBERS),
        Notification.state != NotificationState.CANCELLED,
        is_out,
    )
    return bool(mine.exists())


def use_policy(alert: Alert, policy: Policy, now: datetime) -> None:
    """Let the alert's escalation go on by this policy in place of its team's."""
    escalation = hold(alert, now).escalation
    escalation.policy = policy.to_json()
    escalation.save()


def hand_over_desk(leaver_id: int, heir_id: int | None) -> list[int]:
    """Let the climbs under way end with a colleague in place of a duty desk that leaves; return their first alerts."""
    mine = (Escalation.duty_person == leaver_id) & Escalation.next_at.is_null(False)
    rows = list(Escalation.select(Escalation.id, Escalation.lead_id).where(mine).order_by(Escalation.id))
    db.lock_rows(Escalation, [row.id for row in rows])
    Escalation.update(duty_person=heir_id).where(mine, Escalation.id.in_([row.id for row in rows])).execute()
    return [row.lead_id for row in rows if row.lead_id is not None]


def _held_for(alert: Alert, now: datetime) -> tuple[Escalation, bool]:
    """Return the climb to which an alert belongs, held, and whether it was made for it."""
    about = grouping.group_of(alert.kind, alert.id, is_late=alert.is_late)
    mine = (Escalation.wearer == alert.wearer_id) & (Escalation.about == about)
    # Looked for first: to insert what is known would use a number of the sequence each time.
    found = _held(mine)
    if found is not None:
        return found, False
    fresh = {"wearer": alert.wearer_id, "about": about, "started_at": now, "step": 0, "is_anew": False, "repeats": 0}
    made = list(Escalation.insert(fresh).on_conflict_ignore().returning(Escalation).execute())
    # Another unit made it this moment where none was made here.
    return (made[0], True) if made else (_held(mine) or Escalation.get(mine), False)


def _held(which: Any) -> Escalation | None:
    rows: Any = Escalation.select().where(which)
    return next(iter(rows.for_update("FOR NO KEY UPDATE")), None)
