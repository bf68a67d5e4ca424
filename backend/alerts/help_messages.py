"""Raises the alert of a protected person's message or call for help, and rings it again with each further one.

Their words are shown after sign-in only. They are answered by text only in words that they agreed to for this. A call
for help rings officer, colleague and supervisor at once; any other message follows the team's escalation policy.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

from backend import alarms, audit, escalation, outbox
from backend.alerts.latched_alerts import MOST_REASONS, clock_time, raise_latched, standing
from backend.alerts.protected_person_replies import WROTE, cases_of
from backend.channels import OWN_TEXTS
from backend.db import atomic, is_lost, lock_rows
from backend.escalation.default_policy import EVERYONE_AT_ONCE
from backend.models import AlarmKind, Alert, AlertKind, Handling, Notification, Purpose, Victim, Wearer
from backend.people.consent import sms_consent
from backend.record import reading
from backend.record.facts import MonitoringStatus
from backend.vocabulary import RaisedBy

log = logging.getLogger(__name__)

CALL = "Not answered: call."
ANSWERED = "An answer goes to them by text, in the words agreed for this."
# Two machines would answer each other for ever.
ANSWERED_EVERY = timedelta(minutes=10)
# A message that no alert can be raised for is an alarm for so long.
ALARM_LASTS = timedelta(hours=24)


def ring_for_message(
    victim: Victim,
    said: str,
    now: datetime,
    *,
    is_answered: bool,
    note: str = "",
    is_help: bool = False,
    what: str = "a message without text, such as a picture",
    not_answered: str = CALL,
) -> list[Alert]:
    """Ring the one who answers for each wearer who must keep away from this person; return the alerts.

    ``said`` is what they wrote; where it is empty ``what`` says what came instead. ``note`` says what has to be known
    of the sender, and ``not_answered`` what to do where no text answers. They are answered by text where
    ``is_answered`` and they agreed to words for it. With ``is_help`` officer,
    colleague and supervisor are alerted at once.
    """
    with atomic():
        wearers = _to_ring_for(victim, now)
        if not wearers:
            _raise_alarm(victim, now)
            return []
        # Two messages at once ring one alert, one after the other; no one who works on the case delays them.
        lock_rows(Victim, [victim.id])
        goes = is_answered and _may_answer(victim, now)
        words = f"“{said.strip()}”" if said.strip() else what
        line = f"At {clock_time(now, now)}{f' ({note})' if note else ''}: {words}"
        alerts = [
            _ring(victim, wearer, line, ANSWERED if goes else not_answered, now, is_help=is_help) for wearer in wearers
        ]
        if goes:
            earlier = Notification.select().where(
                Notification.alert == alerts[0],
                Notification.victim == victim,
                Notification.purpose == Purpose.VICTIM_HELP,
            )
            outbox.enqueue(alerts[0], victim, OWN_TEXTS, Purpose.VICTIM_HELP, now, step=earlier.count())
            audit.record(audit.SYSTEM, "answered_by_text", f"victim:{victim.id}", now, alert=alerts[0])
        return alerts


def _ring(victim: Victim, wearer: Wearer, line: str, state: str, now: datetime, *, is_help: bool) -> Alert:
    policy = EVERYONE_AT_ONCE if is_help else None
    alert = standing(AlertKind.HELP, wearer.id, Alert.victim == victim)
    if alert is None:
        alert = raise_latched(
            AlertKind.HELP, wearer, [line, state], now, now, now, RaisedBy.MESSAGE, policy=policy, victim=victim
        )
        audit.record(f"victim:{victim.id}", WROTE, f"victim:{victim.id}", now, alert=alert)
        return alert
    alert.reasons = _with(alert.reasons, line, state)
    if policy is not None:
        escalation.use_policy(alert, policy, now)
    alert.last_fix_time = now
    audit.record(f"victim:{victim.id}", "rang_again", f"victim:{victim.id}", now, alert=alert)
    if alert.handling == Handling.ACKNOWLEDGED:
        # A person who acts is notified first: they promised to act on less than there is now.
        escalation.restart(alert, now)
    else:
        escalation.warn_again(alert, now)
    return alert


def _with(reasons: Sequence[str], line: str, state: str) -> list[str]:
    """Return the messages in their order, the newest before how it stands with the answer."""
    earlier = list(reasons[:-1])
    return [*earlier[:1], *earlier[1:][-(MOST_REASONS - 3) :], line, state]


def _may_answer(victim: Victim, now: datetime) -> bool:
    open_calls = Alert.select().where(
        Alert.kind == AlertKind.HELP, Alert.victim == victim, Alert.handling != Handling.CLOSED
    )
    if any(escalation.is_secret(alert) for alert in open_calls):
        # Someone may be reading their phone.
        return False
    consent = sms_consent(victim)
    if consent is None or not consent.wording_help:
        return False
    lately = Notification.select().where(
        Notification.victim == victim,
        Notification.purpose == Purpose.VICTIM_HELP,
        Notification.created_at > now - ANSWERED_EVERY,
    )
    return not lately.exists()


def _to_ring_for(victim: Victim, now: datetime) -> list[Wearer]:
    """Return the wearers of their cases, of those that have not ended where there are any."""
    wearers = cases_of(victim)
    try:
        cases = reading.cases([wearer.id for wearer in wearers])
        lasting = [wearer for wearer in wearers if cases[wearer.id].status_at(now) is not MonitoringStatus.ENDED]
    except Exception as error:
        if is_lost(error):
            raise
        log.exception("the cases of a protected person who wrote cannot be read: an alert is raised for each of them")
        return wearers
    return lasting or wearers


def _raise_alarm(victim: Victim, now: datetime) -> None:
    detail = f"Protected person {victim.id} wrote and is in no case: call them"
    alarms.raise_alarm(AlarmKind.MESSAGE_UNHEARD, f"victim:{victim.id}", detail, now, victim.team_id)


def forget_unheard(now: datetime) -> None:
    """End the alarms of messages that raised no alert, a day after the newest."""
    for alarm in alarms.standing(AlarmKind.MESSAGE_UNHEARD):
        if alarm.last_seen_at < now - ALARM_LASTS:
            alarms.end(AlarmKind.MESSAGE_UNHEARD, alarm.subject, now)
