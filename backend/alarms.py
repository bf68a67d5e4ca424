"""The only writer of alarms: faults of Cordon itself or of its providers, never of a wearer.

A detail says so in plain words and figures, without a name or a coordinate: it may be texted.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import peewee

from backend import audit, db
from backend.access import hidden_subjects, require
from backend.db import atomic
from backend.errors import InvalidRequest, NotFound
from backend.models import Alarm, AlarmKind, Person, Role, Team

log = logging.getLogger(__name__)

TITLES = {
    AlarmKind.FIXES_REFUSED: "Fixes are not accepted",
    AlarmKind.OUTAGE: "Outage",
    AlarmKind.PROCESS_SILENT: "A part of the service is silent",
    AlarmKind.STEP_FAILS: "A part of the service fails at its work",
    AlarmKind.CANARY: "A test alert did not arrive",
    AlarmKind.NO_NEXT_ACTION: "An alert had stopped escalating",
    AlarmKind.NOT_JUDGED: "Fixes of a person on probation are not judged",
    AlarmKind.NO_LIVE_ROUTE: "No one can be reached",
    AlarmKind.MESSAGE_UNHEARD: "A protected person wrote and no officer is responsible for them",
    AlarmKind.WEARERS_NUMBER: "A number in use was declared to be of a person on probation",
    AlarmKind.ACCOUNT_ACCESS: "A way into an account was made",
    AlarmKind.PUSH_LOST: "A phone takes no pushes before a shift",
    AlarmKind.PUSH_TAKEN_OVER: "A phone was registered by another account",
    AlarmKind.BACKLOG: "Messages are waiting",
    AlarmKind.MANY_SILENT: "Many tags are silent at once",
    AlarmKind.PROVIDER_CREDENTIALS: "A provider refuses our credentials",
    AlarmKind.PROVIDER_DOWN: "A provider is down",
    AlarmKind.DEAD_LETTER: "Messages could not be delivered",
    AlarmKind.OPTED_OUT: "A member of staff cannot be texted or called",
    AlarmKind.CLOCK: "A clock is wrong",
    AlarmKind.ROTA_GAP: "No one is on duty",
    AlarmKind.MOVING_PLACE_SILENT: "A moving place is not watched",
    AlarmKind.CASE_INCOMPLETE: "A case may be unprotected",
    AlarmKind.NUMBERS_UNPROVED: "Numbers are not verified",
}
# What an alarm of a kind that cannot be read is taken for, such as one of a newer version: it is reported all the same.
UNKNOWN = AlarmKind.STEP_FAILS
GRAVITY = {kind: place for place, kind in enumerate(AlarmKind)}

# People are notified again while an alarm stands.
TELL_AGAIN_S = 900.0
# A wearer whose tag has sent nothing unreadable for so long is judged again, or told of as silent.
NOT_JUDGED_FOR_S = 3_600.0
# What ended this long ago without anyone having been told is history, no news.
OLD_NEWS_S = 3_600.0
# Work for a weekday, shown to supervisors: a text about it every quarter of an hour would teach them not to read.
ONLY_SHOWN = (AlarmKind.NUMBERS_UNPROVED,)
# What one person fills in, checks or sets right is reported once, and shown for as long as it stands.
TOLD_ONCE = (AlarmKind.CASE_INCOMPLETE, AlarmKind.PUSH_TAKEN_OVER, AlarmKind.ACCOUNT_ACCESS)
# No look of a machine finds these to be over: a person says what they did.
ANSWERED_BY_PERSON = (AlarmKind.MESSAGE_UNHEARD,)
LONGEST_NOTE = 1_000
# These are reported to be over: the one who heard of them is acting on them, or waiting.
# And one person could declare a number and take it back before anyone has looked.
ENDS_REPORTED = (
    AlarmKind.FIXES_REFUSED,
    AlarmKind.OUTAGE,
    AlarmKind.BACKLOG,
    AlarmKind.MANY_SILENT,
    AlarmKind.PROCESS_SILENT,
    AlarmKind.STEP_FAILS,
    AlarmKind.CANARY,
    AlarmKind.WEARERS_NUMBER,
)


def raise_alarm(kind: AlarmKind, subject: str, detail: str, now: datetime, team: Team | int | None = None) -> bool:
    """Let an alarm of this kind and subject stand, and return whether it is new.

    While one stands, raising it again only says that it was seen again, with the newest ``detail``. ``subject`` is
    such as ``person:3``, ``alert:7`` or ``outbox``; without a ``team`` it concerns all.
    """
    key = _key(kind, subject)
    team_id = team.id if isinstance(team, Team) else team
    with atomic():
        # Changed first: an insert that is not needed takes a number of the sequence all the same.
        if Alarm.update(detail=detail, last_seen_at=now).where(Alarm.standing_key == key).execute():
            return False
        is_new = bool(
            Alarm.insert(
                kind=kind,
                subject=subject,
                team=team_id,
                detail=detail,
                raised_at=now,
                last_seen_at=now,
                standing_key=key,
            )
            .on_conflict_ignore()
            .as_rowcount()
            .execute()
        )
        if is_new:
            log.error("alarm %s of %s: %s", kind, subject, detail)
        else:
            Alarm.update(detail=detail, last_seen_at=now).where(Alarm.standing_key == key).execute()
        return is_new


def raise_all(kind: AlarmKind, found: Mapping[str, tuple[str, int | None]], now: datetime) -> None:
    """Let an alarm stand for each of these subjects, in one statement however many they are, and also for none."""
    rows = [
        {
            "kind": kind,
            "subject": subject,
            "team": team_id,
            "detail": detail,
            "raised_at": now,
            "last_seen_at": now,
            "standing_key": _key(kind, subject),
        }
        for subject, (detail, team_id) in sorted(found.items())
    ]
    if not rows:
        Alarm.update(last_seen_at=now).where(Alarm.standing_key == _key(kind, "")).execute()
        return
    again = {Alarm.detail: peewee.EXCLUDED.detail, Alarm.last_seen_at: now}
    query = Alarm.insert_many(rows).on_conflict(conflict_target=[Alarm.standing_key], update=again)
    for alarm in query.returning(Alarm).execute():
        if alarm.raised_at == now:
            log.error("alarm %s of %s: %s", kind, alarm.subject, alarm.detail)


def end(kind: AlarmKind, subject: str, now: datetime) -> bool:
    """End the alarm of this kind and subject; False where none stands."""
    ended = bool(
        Alarm.update(ended_at=now, standing_key=None).where(Alarm.standing_key == _key(kind, subject)).execute()
    )
    if ended:
        log.info("alarm %s of %s is over", kind, subject)
    return ended


def answer(by: Person, alarm_id: int, note: str, now: datetime) -> Alarm:
    """End an alarm that only a person can see to, with what they did about it on record.

    Raises: NotAllowed but for supervisors; NotFound for one of another team, of another kind, or that has ended;
    InvalidRequest without a note.
    """
    said = note.strip()
    with atomic():
        alarm = next((one for one in standing_for(by, now) if one.id == alarm_id), None)
        if alarm is None or kind_of(alarm) not in ANSWERED_BY_PERSON:
            raise NotFound("There is no such alarm to answer any more.")
        if not said:
            raise InvalidRequest("Write what you did about it.")
        if len(said) > LONGEST_NOTE:
            raise InvalidRequest(f"Write at most {LONGEST_NOTE} characters.")
        end(kind_of(alarm), alarm.subject, now)
        audit.record(audit.actor_of(by), "alarm_answered", alarm.subject, now, alarm=alarm.kind, note=said)
    return alarm


def end_all(kind: AlarmKind, subjects: Iterable[str], now: datetime) -> None:
    """End the alarms of this kind and these subjects, in one statement however many they are."""
    keys = [_key(kind, subject) for subject in subjects]
    Alarm.update(ended_at=now, standing_key=None).where(Alarm.standing_key.in_(keys)).execute()


def end_unseen(kind: AlarmKind, after_s: float, now: datetime) -> None:
    """End the alarms of this kind that were not raised again for ``after_s``."""
    for alarm in standing(kind):
        if (now - alarm.last_seen_at).total_seconds() >= after_s:
            end(kind, alarm.subject, now)


def reconcile(
    kind: AlarmKind,
    prefix: str,
    found: Mapping[str, tuple[str, int | None]],
    now: datetime,
    *,
    is_complete: bool = True,
) -> None:
    """Make what stands of this kind be what a look at everything found: detail and team by subject.

    Only subjects that begin with ``prefix`` are ended, since others keep alarms of the same kind; and none where the
    look was not ``is_complete``.
    """
    # In one order for all, so that two units of work never wait for each other's rows.
    for subject in sorted(found):
        detail, team_id = found[subject]
        raise_alarm(kind, subject, detail, now, team_id)
    if is_complete:
        for alarm in standing(kind):
            if alarm.subject.startswith(prefix) and alarm.subject not in found:
                end(kind, alarm.subject, now)


def standing(kind: AlarmKind | None = None, subject: str | None = None) -> list[Alarm]:
    """Return the alarms that stand, the gravest and then the oldest first."""
    query = Alarm.select().where(Alarm.ended_at.is_null())
    if kind is not None:
        query = query.where(Alarm.kind == kind)
    if subject is not None:
        query = query.where(Alarm.subject == subject)
    return gravest_first(list(query))


def standing_for(person: Person, now: datetime) -> list[Alarm]:
    """Return what stands of the person's own team and of all teams; not of what is closed to the person.

    Raises: NotAllowed but for supervisors.
    """
    require(person, Role.SUPERVISOR)
    concerns = Alarm.team.is_null() | (Alarm.team == person.team_id)
    hidden = hidden_subjects(person, now)
    found = Alarm.select().where(Alarm.ended_at.is_null(), concerns)
    return gravest_first([alarm for alarm in found if alarm.subject.partition("/")[0] not in hidden])


def kind_of(alarm: Alarm) -> AlarmKind:
    """Return the kind of an alarm as stored, or ``UNKNOWN``."""
    return AlarmKind(alarm.kind) if alarm.kind in set(AlarmKind) else UNKNOWN


def gravest_first(rows: Iterable[Alarm]) -> list[Alarm]:
    """Return the alarms in the order in which a person should hear of them."""
    return sorted(rows, key=lambda alarm: (GRAVITY[kind_of(alarm)], alarm.raised_at, alarm.id))


def to_tell(now: datetime) -> list[Alarm]:
    """Return what people need to hear about: new ones, ones that stand for long, and ones that ended."""
    return gravest_first(list(_to_report(now)))


def claim_to_tell(now: datetime, by: str, for_s: float) -> list[Alarm]:
    """Lease to one watchdog what people need to hear about and no other watchdog is reporting.

    A lease that was not held again runs out: its watchdog died, and the next one tells.
    """
    with atomic():
        is_free = Alarm.notifying_until.is_null() | (Alarm.notifying_until <= now)
        found = list(db.skip_locked(_to_report(now).where(is_free)))
        _lease([alarm.id for alarm in found], now, by, for_s)
    return gravest_first(found)


def hold(alarms: Iterable[Alarm], now: datetime, by: str, for_s: float) -> None:
    """Keep these to the watchdog that is reporting them for so long from now on."""
    ids = [alarm.id for alarm in alarms]
    if ids:
        _lease(ids, now, by, for_s)


def _lease(ids: Sequence[int], now: datetime, by: str, for_s: float) -> None:
    until = now + timedelta(seconds=for_s)
    Alarm.update(notifying_by=by, notifying_until=until).where(Alarm.id.in_(ids)).execute()


def _to_report(now: datetime) -> Any:
    lately = now - timedelta(seconds=OLD_NEWS_S)
    is_standing = Alarm.ended_at.is_null()
    is_long_ago = (Alarm.told_at <= now - timedelta(seconds=TELL_AGAIN_S)) & Alarm.kind.not_in(list(TOLD_ONCE))
    is_due = Alarm.told_at.is_null() | is_long_ago
    has_news = Alarm.told_at.is_null() | Alarm.kind.in_(list(ENDS_REPORTED))
    ended = (Alarm.ended_at > lately) & Alarm.end_told_at.is_null() & has_news
    return Alarm.select().where((is_standing & is_due) | ended, Alarm.kind.not_in(list(ONLY_SHOWN)))


def told(alarms: Sequence[Alarm], now: datetime) -> None:
    """Keep that someone has been told of these alarms as they were when it was said."""
    standing_ids = [alarm.id for alarm in alarms if alarm.ended_at is None]
    ended_ids = [alarm.id for alarm in alarms if alarm.ended_at is not None]
    with atomic():
        Alarm.update(told_at=now).where(Alarm.id.in_(standing_ids)).execute()
        Alarm.update(end_told_at=now).where(Alarm.id.in_(ended_ids)).execute()
        Alarm.update(told_at=now).where(Alarm.id.in_(ended_ids), Alarm.told_at.is_null()).execute()
        Alarm.update(notifying_by=None, notifying_until=None).where(Alarm.id.in_([*standing_ids, *ended_ids])).execute()


def oldest_untold_s(now: datetime) -> float:
    """Return for how many seconds an alarm has stood that no one has been told of; 0 where there is none."""
    first = (
        Alarm.select(Alarm.raised_at)
        .where(Alarm.ended_at.is_null(), Alarm.told_at.is_null(), Alarm.kind.not_in(list(ONLY_SHOWN)))
        .order_by(Alarm.raised_at)
        .first()
    )
    return (now - first.raised_at).total_seconds() if first else 0.0


def _key(kind: AlarmKind, subject: str) -> str:
    return f"{kind} {subject}"
