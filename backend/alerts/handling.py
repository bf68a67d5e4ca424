"""What people do about an alert: acknowledge it, hand it back, close it with an outcome."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from backend import audit, channels, escalation, lifecycle, outbox
from backend.access import access_alert, access_to_answer
from backend.alerts.record_changes import raise_notice
from backend.alerts.summary import standing_of
from backend.change_feed import publish
from backend.db import atomic, lock_rows
from backend.errors import InvalidRequest, InvalidTransition, NotAllowed, StillStanding
from backend.escalation.steps import Who
from backend.lifecycle import Danger
from backend.models import Alert, AlertKind, Handling, Person, Purpose, Role


class Outcome(StrEnum):
    """How an alert ended, in the words of practice."""

    POLICE_INFORMED = "police_informed"
    CONTACTED_WEARER = "contacted_wearer"
    CONTACTED_VICTIM = "contacted_victim"
    REASONABLE_EXCUSE = "reasonable_excuse"
    PASS_THROUGH = "pass_through"  # noqa: S105
    EQUIPMENT_FAULT = "equipment_fault"
    FALSE_ALARM = "false_alarm"
    NO_ACTION_NEEDED = "no_action_needed"
    RAISED_IN_ERROR = "raised_in_error"
    THEY_ARE_SAFE = "they_are_safe"
    TAG_CHECKED = "tag_checked"
    TAG_REPLACED = "tag_replaced"
    OTHER = "other"


def acknowledge(
    person: Person,
    alert_id: int,
    now: datetime,
    told: Danger | None = None,
    shown: Mapping[str, int] | None = None,
) -> Alert:
    """Make ``person`` the one who acts; if someone acts already, nothing changes and the alert says who.

    ``told`` is the danger that the answered message spoke of, None where ``person`` sees how it stands: where danger
    has risen above it the alert stays open, since no one promised to act on that. ``shown`` are the alerts of which it
    spoke, each with its danger; None stands for all that was sent to this person. What belongs together with this
    alert is acknowledged with it where it was shown at no less than its present danger.

    Raises: NotFound for an alert of another team; InvalidTransition for a closed one.
    """
    with atomic():
        ids = escalation.alerts_told_with(access_to_answer(person, alert_id).id)
        lock_rows(Alert, ids)
        alert = escalation.lock(alert_id)
        if alert.handling == Handling.CLOSED:
            raise InvalidTransition("This alert is closed.")
        if alert.handling == Handling.ACKNOWLEDGED:
            return alert
        if told is not None and danger_now(alert) > told:
            audit.record(audit.actor_of(person), "answered_too_late", f"alert:{alert.id}", now, alert=alert)
            return alert
        shown = outbox.shown_to(person, ids) if shown is None else shown
        others = [] if len(ids) == 1 else Alert.select().where(Alert.id.in_(ids), Alert.id != alert.id)
        covered = [one for one in others if _is_covered(one, shown)]
        for one in (alert, *covered):
            one.handling = Handling.ACKNOWLEDGED
            one.acknowledged_by = person
            one.acknowledged_at = now
            one.first_acknowledged_at = one.first_acknowledged_at or now
            one.acknowledged_danger = danger_now(one)
            danger = int(one.acknowledged_danger)
            audit.record(audit.actor_of(person), "acknowledged", f"alert:{one.id}", now, alert=one, danger=danger)
            one.save()
        for one in (*covered, alert):
            escalation.stop(one, now, by=person)
        escalation.tell_answered([alert, *covered], person, now)
        for one in (alert, *covered):
            escalation.tell_victim_a_person_acts(one, now)
        return alert


def _is_covered(alert: Alert, shown: Mapping[str, int]) -> bool:
    said = shown.get(str(alert.id))
    return alert.handling == Handling.OPEN and said is not None and danger_now(alert) <= said


def danger_now(alert: Alert) -> Danger:
    """Return the danger that an acknowledgement given now covers."""
    if alert.kind == AlertKind.ZONE and alert.is_over:
        return Danger.NONE
    return lifecycle.danger_held(alert.kind, alert.level, alert.certainty)


def cannot(person: Person, alert_id: int, now: datetime) -> Alert:
    """Say that one cannot act: the next people are asked at once. Saying it again changes nothing.

    Of an alert that needs no answer it changes nothing either.

    Raises: NotFound; InvalidTransition for a closed alert.
    """
    with atomic():
        lock_rows(Alert, escalation.alerts_told_with(access_to_answer(person, alert_id).id))
        alert = escalation.lock(alert_id)
        if alert.handling == Handling.CLOSED:
            raise InvalidTransition("This alert is closed.")
        if alert.handling == Handling.ACKNOWLEDGED and alert.acknowledged_by_id != person.id:
            # Another person acts: nothing is missing.
            return alert
        if alert.handling == Handling.ACKNOWLEDGED:
            _reopen_all(alert, now)
        if not lifecycle.needs_answer(alert.kind, alert.certainty, alert.handling):
            # Of a notice, and of what was withdrawn, no one else is asked.
            return alert
        audit.record(audit.actor_of(person), "cannot", f"alert:{alert.id}", now, alert=alert)
        escalation.pass_on(alert, person, now)
        return alert


def hand_back(person: Person, alert_id: int, now: datetime) -> Alert:
    """Give the alert back unanswered: the escalation policy starts again. Handing back an open one changes nothing.

    Raises: NotFound; NotAllowed where another person acts (a supervisor may); InvalidTransition for a closed one.
    """
    with atomic():
        lock_rows(Alert, escalation.alerts_told_with(access_alert(person, alert_id).id))
        alert = escalation.lock(alert_id)
        if alert.handling == Handling.CLOSED:
            raise InvalidTransition("This alert is closed.")
        if alert.handling == Handling.OPEN:
            return alert
        if alert.acknowledged_by_id != person.id and person.role != Role.SUPERVISOR:
            raise NotAllowed("Only the person who acknowledged this alert, or a supervisor, can hand it back.")
        audit.record(audit.actor_of(person), "handed_back", f"alert:{alert.id}", now, alert=alert)
        _reopen_all(alert, now)
        return alert


def lapse(person: Person, now: datetime, wearer_id: int | None = None) -> int:
    """Reopen what ``person`` had acknowledged, in all cases or one, since they can no longer act; return how many."""
    with atomic():
        held = Alert.select(Alert.id).where(Alert.acknowledged_by == person, Alert.handling == Handling.ACKNOWLEDGED)
        if wearer_id is not None:
            held = held.where(Alert.wearer == wearer_id)
        ids = sorted(row.id for row in held)
        lock_rows(Alert, ids)
        for alert_id in ids:
            alert = escalation.lock(alert_id)
            if alert.handling != Handling.ACKNOWLEDGED or alert.acknowledged_by_id != person.id:
                continue
            audit.record(audit.SYSTEM, "acknowledgement_lapsed", f"alert:{alert.id}", now, alert=alert)
            _reopen(alert, now)
        return len(ids)


def _reopen_all(alert: Alert, now: datetime) -> None:
    """Reopen the alert with all that was acknowledged by the same act; its group is held."""
    ids = escalation.alerts_told_with(alert.id)
    same = Alert.select().where(
        Alert.id.in_(ids),
        Alert.id != alert.id,
        Alert.handling == Handling.ACKNOWLEDGED,
        Alert.acknowledged_by == alert.acknowledged_by_id,
        Alert.acknowledged_at == alert.acknowledged_at,
    )
    for one in same if len(ids) > 1 else ():
        audit.record(audit.SYSTEM, "handed_back", f"alert:{one.id}", now, alert=one)
        _open(one)
        one.save()
        publish(one)
    _reopen(alert, now)


def _open(alert: Alert) -> None:
    alert.handling = Handling.OPEN
    alert.acknowledged_by = None
    alert.acknowledged_at = None
    alert.acknowledged_danger = Danger.NONE


def _reopen(alert: Alert, now: datetime) -> None:
    _open(alert)
    escalation.restart(alert, now)


def close(
    person: Person,
    alert_id: int,
    code: Outcome,
    note: str,
    now: datetime,
    *,
    is_confirmed: bool = False,
    shown: Danger | None = None,
) -> Alert:
    """Close the alert with what came of it. Closing with the same outcome again changes nothing.

    One that was raised in error needs its cause in the note; the one who was warned of it gets a correction. One that
    stands until a person clears it needs a note of what was found.

    One whose situation still stands is closed only with ``is_confirmed`` and a note, and stays on the lists until the
    situation ends. ``shown`` is the danger that was confirmed: above it the confirmation does not count.

    Raises: NotFound; InvalidTransition where it was not acknowledged first, or is closed with another outcome;
    StillStanding;
    InvalidRequest for an error without a cause, or without the note that clears it.
    """
    if code is Outcome.RAISED_IN_ERROR and not note.strip():
        raise InvalidRequest("Write the cause of the error in the note.")
    with atomic():
        alert = escalation.lock(access_alert(person, alert_id).id)
        if alert.kind in lifecycle.LATCHED and not note.strip():
            raise InvalidRequest("Write in the note what you found: this alert stands until you clear it with a note.")
        if alert.handling == Handling.CLOSED:
            if (alert.outcome_code, alert.outcome_note) == (code, note):
                return alert
            raise InvalidTransition("This alert is closed already.", outcome_code=alert.outcome_code)
        if alert.handling == Handling.OPEN:
            raise InvalidTransition("Acknowledge the alert before recording its outcome.")
        still = standing_of(alert)
        if still is not None:
            if not is_confirmed or (shown is not None and danger_now(alert) > shown):
                raise StillStanding(
                    f"Still {still.words}. Close anyway? Confirm it, and write why in the note.", standing=still.words
                )
            if not note.strip():
                raise InvalidRequest(f"Still {still.words}. Write in the note why it is closed.")
        alert.handling = Handling.CLOSED
        alert.outcome_code, alert.outcome_note = code, note
        alert.outcome_by, alert.outcome_at = person, now
        more = {} if still is None else {"still": still.words}
        audit.record(audit.actor_of(person), "closed", f"alert:{alert.id}", now, alert=alert, code=code, **more)
        if alert.kind in lifecycle.LATCHED:
            alert.is_over, alert.over_at = True, now
        if code is Outcome.RAISED_IN_ERROR:
            _correct(alert, person, now)
        escalation.stop(alert, now)
        return alert


def _correct(alert: Alert, person: Person, now: datetime) -> None:
    """Take the warning back from everyone who got it, the protected person included, in their own words."""
    escalation.tell_warned(alert, Purpose.CORRECTION, channels.QUIET_BY_PROVIDER, now, but=person)
    if not alert.is_over:
        alert.is_over, alert.over_at = True, now
    if alert.place is None:
        # No protected person was told of it.
        return
    if escalation.was_victim_warned(alert) and not escalation.is_victim_left_warned(alert):
        # The protected person has read that the wearer was near and has gone. No text of theirs says that it was wrong.
        said = "The protected person was told by text that the person on probation was near. "
        said += f"Alert {alert.code} was an error: tell them."
        raise_notice(alert.wearer, alert.zone, [said], now, (Who.OFFICER,))
    escalation.tell_victim_it_is_over(alert, now)
