"""Watches the rest of Cordon: that alerts escalate, messages leave, and processes report; repairs and raises alarms.

It repairs what it can, raises an alarm for what it finds, tells people past the outbox, and lets a monitor outside
know that it does so. None of the three waits for another: a provider that hangs delays no look.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import requests

from backend import (
    alarms,
    alerts,
    canary,
    clock,
    db,
    heartbeats,
    host_clock,
    outages,
    outbox,
    queue_depths,
    shared_location,
)
from backend.cases import checked_imports, reevaluation
from backend.models import Activation, AlarmKind, Device, Person, Wearer
from backend.people import numbers, rota
from backend.settings import Settings
from notifier import external_check, shift_checks
from notifier.alarm_notices import AlarmNotifier
from notifier.channels import http
from notifier.external_check import FrontDoor
from notifier.job_failures import Steps

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
# A round that ended longer ago than this says nothing of now.
ROUND_HOLDS_S = 30.0
# An alarm that no one could be told of for this long is for the monitor outside to tell, by the ping that is missing.
UNTOLD_S = 120.0
PING_TIMEOUT_S = 3.0
MOST_FOUND = 500


@dataclass(frozen=True, slots=True)
class Round:
    """What the newest look at everything came to."""

    ended: float
    is_complete: bool
    has_notifier: bool
    untold_s: float


class Watchdog:
    """One watchdog process; any number of these may run, and each alarm is sent by one of them."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._alarm_notifier = AlarmNotifier(settings)
        self.steps = Steps()
        self._door = FrontDoor(settings)
        self._heart = heartbeats.Heart(heartbeats.WATCHDOG)
        self._stop = threading.Event()
        self._looked = threading.Event()
        self._last: Round | None = None
        self._began_at: datetime | None = None
        self._no_notifier_at: datetime | None = None
        self._numbers_at: datetime | None = None
        self._is_heard = False
        self._untold_s = 0.0

    def run(self) -> None:
        """Look, tell and ping until ``stop`` is called."""
        threads = [
            threading.Thread(target=self._keep, args=("alarms", self._tell_after_look), name="tell", daemon=True),
            threading.Thread(target=self._keep, args=("the ping", self._ping_in_time), name="ping", daemon=True),
            threading.Thread(target=self._keep, args=("the front door", self._knock), name="knock", daemon=True),
        ]
        for thread in threads:
            thread.start()
        self._keep("the round", self._look_in_time)
        for thread in threads:
            # Whatever it waits for ends by its own timeout; a process that is asked to stop need not see it.
            thread.join(2 * self._settings.provider_timeout_s)

    def stop(self) -> None:
        """Ask ``run`` to return."""
        self._stop.set()
        self._looked.set()

    def _keep(self, what: str, step: Callable[[], object]) -> None:
        while not self._stop.is_set():
            try:
                step()
                self.steps.worked(what)
            except Exception as error:
                # A lost database must never end the loop.
                log.warning("%s failed", what, exc_info=True)
                self.steps.failed(what, error)
                db.forget_connection()
                self._stop.wait(1.0)
            finally:
                db.release_connection()

    def _look_in_time(self) -> None:
        self.look(clock.now())
        self._looked.set()
        self._stop.wait(self._settings.watchdog_every_s)

    def _knock(self) -> None:
        self._door.knock()
        self._stop.wait(external_check.EVERY_S)

    def _tell_after_look(self) -> None:
        self._looked.wait()
        self._looked.clear()
        self._alarm_notifier.tell(clock.now())

    def _ping_in_time(self) -> None:
        self.ping()
        self._stop.wait(self._settings.deadman_every_s if self._last else 1.0)

    def look(self, now: datetime) -> bool:
        """Look at everything once, repair, raise and end alarms; True when every look could be made."""
        self._began_at = self._began_at or now
        looks: tuple[tuple[str, Callable[[datetime], object]], ...] = (
            ("the front door", self._front_door),
            ("heartbeats", self._processes),
            ("alerts", self._next_actions),
            ("wearers who are not judged", self._not_judged),
            ("people without a route", self._people),
            ("alerts that reach no one", self._unreached),
            ("rotas", self._rotas),
            ("phones of protected persons", self._moving_places),
            ("numbers", self._numbers),
            ("the backlog", self._backlog),
            ("outages", self._outages),
            ("the canary", self._canary),
            ("this host's clock", host_clock.look),
            ("hints that no socket took", outbox.give_up_hints),
            ("phones of shifts that are over", shift_checks.forget_old),
            ("checked caseloads", checked_imports.forget_old),
            ("pending re-evaluations", reevaluation.settle_overdue),
            ("what people were told", self._untold),
        )
        # Where the database does not answer one look, it would only keep the others waiting.
        is_there, is_complete = True, True
        for what, look in looks:
            try:
                if is_there:
                    look(now)
                    self.steps.worked(what)
            except Exception as error:
                self.steps.failed(what, error)
                is_lost = db.is_lost(error)
                # A database that is away is said in a line, since it is said again at each round.
                log.warning("the watchdog could not look at %s (%s)", what, type(error).__name__, exc_info=not is_lost)
                db.forget_connection()
                is_there, is_complete = not is_lost, False
        if is_there:
            # It has looked; what it could not look at is an alarm of its own.
            self._beat(now)
        db.release_connection()
        self._last = Round(clock.monotonic(), is_complete, self._is_heard, self._untold_s)
        return is_complete

    def tell(self, now: datetime) -> int:
        """Tell people what they are to be told about; return how many texts were taken."""
        return self._alarm_notifier.tell(now)

    def _beat(self, now: datetime) -> None:
        try:
            self._heart.beat(now)
            heartbeats.forget_old(now)
        except Exception as error:
            log.warning("the watchdog's heartbeat could not be kept (%s)", type(error).__name__)
            db.forget_connection()

    def _front_door(self, now: datetime) -> None:
        """Nothing comes in at the address that the outside uses, whatever the server behind it believes of itself."""
        detail = self._door.trouble()
        if detail is None:
            alarms.end(AlarmKind.FIXES_REFUSED, "front door", now)
        else:
            alarms.raise_alarm(AlarmKind.FIXES_REFUSED, "front door", detail, now)

    def _untold(self, now: datetime) -> None:
        self._untold_s = alarms.oldest_untold_s(now)

    def _processes(self, now: datetime) -> None:
        """A kind of process of which nothing is heard is silent; a web server that never was is none of ours."""
        assert self._began_at is not None
        self._is_heard = False
        ages = heartbeats.ages_s(now)
        age_s = ages.get(heartbeats.NOTIFIER)
        self._is_heard = age_s is not None and age_s <= heartbeats.SILENT_AFTER_S
        if not self._is_heard:
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

    def _next_actions(self, now: datetime) -> None:
        assert self._began_at is not None
        since = self._no_notifier_at or self._began_at
        overdue_s = None
        if self._is_heard and now - since > timedelta(seconds=NOTIFIER_SETTLES_S):
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

    @staticmethod
    def _not_judged(now: datetime) -> None:
        alarms.end_unseen(AlarmKind.NOT_JUDGED, alarms.NOT_JUDGED_FOR_S, now)

    def _people(self, now: datetime) -> None:
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

    def _unreached(self, now: datetime) -> None:
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

    @staticmethod
    def _rotas(now: datetime) -> None:
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

    @staticmethod
    def _moving_places(now: datetime) -> None:
        """No one may believe in a place that moves with a phone which is off."""
        found: dict[str, tuple[str, int | None]] = {}
        for victim_id, team_id, silence_s in shared_location.silent(now, PHONE_SILENT_AFTER_S):
            heard = "never" if silence_s is None else f"for {silence_s / 60:.0f} min not"
            found[f"victim:{victim_id}"] = (f"Phone of protected person {victim_id} was {heard} heard", team_id)
        alarms.reconcile(AlarmKind.MOVING_PLACE_SILENT, "victim:", found, now)

    def _numbers(self, now: datetime) -> None:
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

    @staticmethod
    def _backlog(now: datetime) -> None:
        waiting = queue_depths.backlog(now)
        if waiting.oldest_s > BACKLOG_AFTER_S:
            detail = f"{waiting.count} wait, the oldest for {waiting.oldest_s:.0f} s"
            alarms.raise_alarm(AlarmKind.BACKLOG, "outbox", detail, now)
        elif waiting.oldest_s <= BACKLOG_OVER_S:
            alarms.end(AlarmKind.BACKLOG, "outbox", now)

    @staticmethod
    def _outages(now: datetime) -> None:
        """Count whom an outage left unprotected until all that waited has come in; until then it stands."""
        for row in outages.unsettled():
            outage = outages.assess(row, now)
            subject = f"outage:{outage.id}"
            alarms.raise_alarm(AlarmKind.OUTAGE, subject, outages.words(outage), now)
            if outage.settled_at is not None:
                alarms.end(AlarmKind.OUTAGE, subject, now)

    def _canary(self, now: datetime) -> None:
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

    def ping(self) -> bool:
        """Tell the monitor outside that all is well, if it is; return whether it has heard."""
        url, last = self._settings.deadman_url, self._last
        if not url or last is None or not self._may_ping(last):
            return False
        try:
            # What it says beyond its status is not read.
            with http.session(http.OneTry(PING_TIMEOUT_S, reads=False), follows=True) as asked:
                asked.get(url, timeout=PING_TIMEOUT_S).raise_for_status()
        except requests.RequestException as error:
            # Path and query are what makes the address ours alone: they stay out of the log, as do errors with them.
            log.warning("the monitor at %s did not take the ping (%s)", urlsplit(url).hostname, type(error).__name__)
            return False
        return True

    def _may_ping(self, last: Round) -> bool:
        is_fresh = clock.monotonic() - last.ended <= ROUND_HOLDS_S
        is_well = is_fresh and last.is_complete and last.has_notifier and last.untold_s <= UNTOLD_S
        return is_well and self._door.trouble() is None
