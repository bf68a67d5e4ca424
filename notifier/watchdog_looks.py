"""What the watchdog looks at in a round: alerts, people, rotas, processes, messages; each repairs, or is an alarm."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Any

from backend import (
    alarms,
    alerts,
    canary,
    db,
    heartbeats,
    kept_requests,
    outages,
    queue_depths,
    shared_location,
)
from backend.models import Activation, AlarmKind, Device, Person, Wearer
from backend.people import numbers, rota
from backend.settings import Settings
from notifier.external_check import FrontDoor

log = logging.getLogger(__name__)

BACKLOG_AFTER_S = 15.0
PHONE_SILENT_AFTER_S = 1_200.0
BACKLOG_OVER_S = 5.0
NUMBERS_EVERY_S = 60.0
# An escalation waits for its notifier; only when one has worked for this long is what is overdue a fault of its
# own.
NOTIFIER_SETTLES_S = 30.0
# While first words wait for a worker escalations run in their turn, as they should: it is the backlog that is
# told.
LATE_IN_A_STORM_S = 300.0
MOST_FOUND = 500


class Looks:
    """The looks of one watchdog, with what it has to remember from one round to the next."""

    def __init__(self, settings: Settings, door: FrontDoor) -> None:
        self._settings = settings
        self._door = door
        self._began_at: datetime | None = None
        self._no_notifier_at: datetime | None = None
        self._numbers_at: datetime | None = None
        # Whether a notifier is heard of, as the newest round found.
        self.is_heard = False
        self.untold_s = 0.0

    def begin(self, now: datetime) -> None:
        """Take note that a round begins."""
        self._began_at = self._began_at or now

    def front_door(self, now: datetime) -> None:
        """Nothing comes in at the address that the outside uses, whatever the server behind it believes of itself."""
        detail = self._door.trouble()
        if detail is None:
            alarms.end(AlarmKind.FIXES_REFUSED, "front door", now)
        else:
            alarms.raise_alarm(AlarmKind.FIXES_REFUSED, "front door", detail, now)

    def untold(self, now: datetime) -> None:
        """Look how long the oldest alarm has waited to be told."""
        self.untold_s = alarms.oldest_untold_s(now)

    def processes(self, now: datetime) -> None:
        """A kind of process of which nothing is heard is silent; a web server that never was is none of ours."""
        assert self._began_at is not None
        self.is_heard = False
        ages = heartbeats.ages_s(now)
        age_s = ages.get(heartbeats.NOTIFIER)
        self.is_heard = age_s is not None and age_s <= heartbeats.SILENT_AFTER_S
        if not self.is_heard:
            self._no_notifier_at = now
        # Those that are started together with this process need their time.
        is_starting = (now - self._began_at).total_seconds() < heartbeats.SILENT_AFTER_S
        for kind in heartbeats.PROTECTING:
            age_s = ages.get(kind)
            if age_s is not None and age_s <= heartbeats.SILENT_AFTER_S:
                alarms.end(AlarmKind.PROCESS_SILENT, kind, now)
            elif not is_starting and (age_s is not None or kind == heartbeats.NOTIFIER):
                heard = "never heard of" if age_s is None else f"last heard of {age_s:.0f} s ago"
                alarms.raise_alarm(AlarmKind.PROCESS_SILENT, kind, f"{kind.capitalize()} {heard}", now)

    def next_actions(self, now: datetime) -> None:
        """An alert that someone still has to answer has a next instant; one that has none is set going again."""
        assert self._began_at is not None
        since = self._no_notifier_at or self._began_at
        overdue_s = None
        if self.is_heard and now - since > timedelta(seconds=NOTIFIER_SETTLES_S):
            is_stormy = queue_depths.backlog(now).oldest_s > BACKLOG_AFTER_S
            overdue_s = LATE_IN_A_STORM_S if is_stormy else alerts.OVERDUE_S
        stuck = alerts.without_next_action(now, overdue_s=overdue_s, limit=MOST_FOUND)
        found: dict[str, tuple[str, int | None]] = {}
        for alert_id, team_id in stuck:
            found[f"alert:{alert_id}"] = (f"Alert {alert_id}: {self._repair(alert_id, now)}", team_id)
        alarms.reconcile(AlarmKind.NO_NEXT_ACTION, "alert:", found, now, is_complete=len(stuck) < MOST_FOUND)

    @staticmethod
    def _repair(alert_id: int, now: datetime) -> str:
        try:
            alerts.repair(alert_id, now)
        except Exception as error:
            if db.is_lost(error):
                raise
            # One row that cannot be worked on keeps no other from being looked at; a person has to.
            log.exception("alert %s could not be repaired", alert_id)
            return "it cannot be set going again, see to it yourself"
        return "set going again"

    def not_judged(self, now: datetime) -> None:
        """What is said of wearers whose fixes cannot be judged ends where it is not said again."""
        alarms.end_unseen(AlarmKind.NOT_JUDGED, alarms.NOT_JUDGED_FOR_S, now)

    def people(self, now: datetime) -> None:
        """A person who is responsible for a tagged wearer, or was without a route before, needs a number or a phone."""
        known = [
            int(alarm.subject.partition(":")[2])
            for alarm in alarms.standing(AlarmKind.NO_LIVE_ROUTE)
            if alarm.subject.startswith("person:") and alarm.subject[7:].isdigit()
        ]
        tagged = Activation.select(Activation.wearer).where(
            Activation.from_at <= now, Activation.to_at.is_null() | (Activation.to_at > now)
        )
        responsible = Wearer.select(Wearer.responsible_officer).where(
            Wearer.id.in_(tagged), Wearer.responsible_officer.is_null(False)
        )
        has_push = Device.select(Device.person).where(Device.ended_at.is_null())
        query: Any = (
            Person.select(Person.id, Person.team)
            .where(
                Person.is_active,
                Person.id.in_(responsible) | Person.id.in_(known),
                Person.id.not_in(numbers.proved_people()),
                Person.id.not_in(has_push),
            )
            .order_by(Person.id)
            .limit(MOST_FOUND)
            .tuples()
        )
        rows = list(query)
        found: dict[str, tuple[str, int | None]] = {
            f"person:{person_id}": (f"Staff member {person_id} has no verified number and no phone for pushes", team_id)
            for person_id, team_id in rows
        }
        alarms.reconcile(AlarmKind.NO_LIVE_ROUTE, "person:", found, now, is_complete=len(rows) < MOST_FOUND)

    def unreached(self, now: datetime) -> None:
        """An alert of which nothing has gone out: what was tried failed, or there was no one to try."""
        rows = alerts.unreached(now, limit=MOST_FOUND)
        no_route: dict[str, tuple[str, int | None]] = {}
        dead: dict[str, tuple[str, int | None]] = {}
        for row in rows:
            subject = f"alert:{row.alert_id}"
            if row.failed:
                dead[subject] = (f"Alert {row.alert_id}: all {row.failed} messages failed", row.team_id)
            else:
                no_route[subject] = (
                    f"Alert {row.alert_id} reaches no one: no one in the team has a channel",
                    row.team_id,
                )
        is_complete = len(rows) < MOST_FOUND
        alarms.reconcile(AlarmKind.NO_LIVE_ROUTE, "alert:", no_route, now, is_complete=is_complete)
        alarms.reconcile(AlarmKind.DEAD_LETTER, "alert:", dead, now, is_complete=is_complete)

    def rotas(self, now: datetime) -> None:
        """A hole in a rota within the next three days is reported while it can still be filled."""
        found: dict[str, tuple[str, int | None]] = {}
        for team_id in rota.teams_with_rota(now):
            holes = rota.gaps(team_id, now)
            if holes:
                hours = sum((end - begin).total_seconds() for begin, end in holes) / 3_600
                first_in_h = max(0.0, (holes[0][0] - now).total_seconds() / 3_600)
                detail = f"No officer on duty for {hours:.1f} h, the first hole in {first_in_h:.0f} h"
                found[f"team:{team_id}"] = (detail, team_id)
        alarms.reconcile(AlarmKind.ROTA_GAP, "team:", found, now)

    def moving_places(self, now: datetime) -> None:
        """No one may believe in a place that moves with a phone which is off."""
        found: dict[str, tuple[str, int | None]] = {}
        for victim_id, team_id, silence_s in shared_location.silent(now, PHONE_SILENT_AFTER_S):
            heard = "never" if silence_s is None else f"for {silence_s / 60:.0f} min not"
            found[f"victim:{victim_id}"] = (f"Phone of protected person {victim_id} was {heard} heard", team_id)
        alarms.reconcile(AlarmKind.MOVING_PLACE_SILENT, "victim:", found, now)

    def numbers(self, now: datetime) -> None:
        """Numbers declared to be wearers' at once, the others once a minute: who has to prove one, and who again."""
        alarms.reconcile(AlarmKind.WEARERS_NUMBER, "", numbers.taken(now, self._settings.duty_line), now)
        alerts.forget_unheard(now)
        shared_location.forget_old(now)
        if self._numbers_at is not None and now < self._numbers_at:
            return
        self._numbers_at = now + timedelta(seconds=NUMBERS_EVERY_S)
        numbers.ask_again_by_day(now)
        found: dict[str, tuple[str, int | None]] = {}
        for team_id, (unproved, due) in numbers.counts(now).items():
            detail = f"Numbers of staff: {unproved} never verified and not used, {due} to be proved again"
            found[f"team:{team_id}"] = (detail, team_id)
        alarms.reconcile(AlarmKind.NUMBERS_UNPROVED, "team:", found, now)

    def backlog(self, now: datetime) -> None:
        """Messages that wait for long are an alarm of their own."""
        waiting = queue_depths.backlog(now)
        if waiting.oldest_s > BACKLOG_AFTER_S:
            detail = f"{waiting.count} wait, the oldest for {waiting.oldest_s:.0f} s"
            alarms.raise_alarm(AlarmKind.BACKLOG, "outbox", detail, now)
        elif waiting.oldest_s <= BACKLOG_OVER_S:
            alarms.end(AlarmKind.BACKLOG, "outbox", now)

    def signed_bytes(self, now: datetime) -> None:
        """What tags signed is erased after the time that is set."""
        kept_requests.erase_old(now, self._settings.keep_signed_days)

    def outages(self, now: datetime) -> None:
        """Count whom an outage left unprotected until all that waited has come in; until then it stands."""
        for row in outages.unsettled():
            outage = outages.assess(row, now)
            subject = f"outage:{outage.id}"
            alarms.raise_alarm(AlarmKind.OUTAGE, subject, outages.words(outage), now)
            if outage.settled_at is not None:
                alarms.end(AlarmKind.OUTAGE, subject, now)

    def canary(self, now: datetime) -> None:
        """The canary did not arrive, or does not walk: some part of the chain does not work, whatever it is."""
        assert self._began_at is not None
        is_reported = bool(alarms.standing(AlarmKind.CANARY))
        detail = canary.missing(
            canary.find(), self._settings.canary_every_s, self._began_at, now, is_reported=is_reported
        )
        if detail is None:
            alarms.end(AlarmKind.CANARY, "canary", now)
        else:
            alarms.raise_alarm(AlarmKind.CANARY, "canary", detail, now)
