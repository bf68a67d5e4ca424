"""What a notifier does at each look: claims and sends what is due, and judges and escalates what has fallen due."""

from __future__ import annotations

import logging
import random
from collections.abc import Callable
from datetime import datetime
from functools import partial

from backend import alerts, channels, clock, db, heartbeats, logs, outbox, silence, zone_instants
from backend.channels import OWN_TEXTS
from backend.models import Attempt, Channel, Notification, Verification
from backend.own_pages import help_calls, invitations
from backend.people import devices, numbers
from backend.settings import Settings
from notifier import link_texts, shift_checks, verification_codes
from notifier.channels.registry import CHANNELS, Senders
from notifier.delivery import ask_state, deliver
from notifier.delivery_results import Settler
from notifier.job_failures import Steps
from notifier.provider_health import Providers
from notifier.thread_pools import Lanes

log = logging.getLogger(__name__)

# Twilio is asked about a message that it has said nothing final of for this long (its callbacks may be lost).
SILENT_AFTER_S = 20.0
SILENT_FOR_S = 600.0
ASKED_AGAIN_S = 60.0
# A group of escalations takes as long as some claims do, and a new alert must not wait for many.
ESCALATIONS_AT_ONCE = 20


class NotifierWork:
    """The jobs of one notifier process, with the threads and breakers that they share; the engine knows when.

    Each job looks at the clock itself where it waited for a provider; ``now`` is when its turn came.
    """

    CHANNELS = tuple(entry.channel for entry in CHANNELS)

    def __init__(self, settings: Settings, channels: Senders, steps: Steps) -> None:
        self._settings = settings
        self._senders = channels
        self._steps = steps
        self.lanes = Lanes(self.CHANNELS, settings.worker_threads)
        self.settler = Settler()
        # More waits than there are threads for.
        self.is_stormy = False
        self._newest_climb_first = False
        self._providers = Providers()
        self._heart = heartbeats.Heart(heartbeats.NOTIFIER)
        self._began_at = clock.now()
        self._silent_after = settings.tag_silent_after()

    def close(self) -> None:
        """Finish what is under way, and let go of the providers."""
        self.lanes.close()
        self.settler.close()
        self._senders.close()

    def judge_instants(self, now: datetime) -> None:
        """Judge the zones that begin or end, and do what the calendar needs cases."""
        zone_instants.judge_due(now, silent_after=self._silent_after)

    def tell_of_silence(self, now: datetime) -> None:
        """Ring for the tags that say nothing any more."""
        silence.judge_due(now, self._settings, began_at=self._began_at)

    def climb(self, now: datetime) -> None:
        """Escalate what is overdue, and begin to send it."""
        # What failed just now must not wait behind all that silence has made due, nor those behind ever newer ones.
        self._newest_climb_first = self.is_stormy and not self._newest_climb_first
        if alerts.escalate_overdue(
            now,
            ESCALATIONS_AT_ONCE,
            newest_first=self._newest_climb_first,
            repeats_per_hour=self._settings.repeats_per_hour,
        ):
            self.begin_deliveries(clock.now())

    def beat(self, now: datetime) -> None:
        """Say that this process does its work, where it does."""
        if self._steps.are_well("deliveries", "escalation", "a delivery", "the round"):
            self._heart.beat(now)

    def look_at_providers(self, now: datetime) -> None:
        """Raise and end alarms by what the providers have said."""
        self._providers.look(self._senders.breakers(), now)

    def next_due_at(self) -> datetime | None:
        """Return the next instant at which something falls due by itself."""
        due = (
            alerts.next_escalation_at(),
            outbox.next_due_at(self.CHANNELS),
            zone_instants.next_due_at(),
            silence.next_due_at(),
            help_calls.next_due_at(),
        )
        return min((at for at in due if at is not None), default=None)

    def begin_deliveries(self, now: datetime) -> None:
        """Claim for each channel as much as it has threads for, and hand it to them."""
        claimed: list[Notification] = []
        # A notifier with nothing to do asks once a look, and for each channel only where something waits.
        waiting = outbox.channels_due(now) if self.lanes.is_idle else self.CHANNELS
        self.is_stormy = False
        for channel in self.CHANNELS:
            free = self.lanes.free(channel)
            taken: list[Notification] = []
            if free > 0 and channel in waiting:
                taken = outbox.claim_due(channel, clock.now(), self._settings.lease_s, free)
            claimed += taken
            # A worker that got as much as it asked for left the rest behind.
            self.is_stormy |= len(taken) == free
        if not claimed:
            return
        providers: dict[str, str] = {channel: ways[0].provider for channel, ways in self._senders.ways.items()}
        attempts = outbox.begin_attempts(claimed, providers, clock.now())
        to_devices = [row for row in claimed if row.channel in channels.TO_DEVICES]
        devices.read_ahead([row.person for row in to_devices if row.person is not None])
        for notification, attempt in zip(claimed, attempts, strict=True):
            self.lanes.submit(Channel(notification.channel), self._deliver, notification, attempt)

    def begin_codes(self, now: datetime) -> None:
        """Hand the codes that are due to threads that no warning needs."""
        free = self.lanes.free_beside()
        if free <= 0:
            return
        for row in numbers.claim_codes(now, self._settings.lease_s, free):
            self.lanes.submit_beside(self._apart, "a code", partial(self._send_code, row))

    def _send_code(self, row: Verification) -> None:
        ways = [
            (way.provider, way.breaker, way.tell_code)
            for way in self._senders.ways[Channel(row.channel)]
            if way.tell_code is not None
        ]
        # Nothing is held while a provider takes its time.
        db.release_connection()
        verification_codes.send(row, ways, self._settings.signing_key(), clock.now(), random.random())  # noqa: S311

    def begin_links(self, now: datetime) -> None:
        """Hand the links that protected people asked for by text to threads that no warning needs."""
        free = self.lanes.free_beside()
        if free <= 0:
            return
        ways = self._senders.ways[OWN_TEXTS]
        for page in invitations.claim_link_texts(now, free):
            self.lanes.submit_beside(self._apart, "a link", partial(link_texts.send, page, ways, now))

    def begin_checks(self, now: datetime) -> None:
        """Let the phones of those whose shift is about to begin be asked about, beside the deliveries."""
        push = self._senders.push
        if push is None or self.lanes.free_beside() <= 0:
            return
        self.lanes.submit_beside(self._apart, "a shift", lambda: shift_checks.check_due(push, clock.now()))

    @staticmethod
    def _apart(what: str, work: Callable[[], object]) -> None:
        try:
            work()
        except Exception as error:
            # A lease runs out, or the next look finds it, and another worker tries again.
            log.warning("%s was not settled (%s)", what, type(error).__name__, exc_info=True)
            db.forget_connection()
        finally:
            db.release_connection()

    def ask_about_silent(self, now: datetime) -> None:
        """Ask, beside the deliveries, what became of messages whose callbacks may have been lost."""
        if self.lanes.free_beside() <= 0:
            return
        for attempt in outbox.silent_attempts(now, SILENT_AFTER_S, SILENT_FOR_S, ASKED_AGAIN_S, limit=20):
            self.lanes.submit_beside(self._ask, attempt)

    def _ask(self, attempt: Attempt) -> None:
        try:
            ask_state(attempt, self._senders)
        except Exception as error:
            log.warning("attempt %s could not be asked about: %s", attempt.id, type(error).__name__)
            db.forget_connection()
        finally:
            db.release_connection()

    def _deliver(self, notification: Notification, attempt: Attempt) -> None:
        try:
            with logs.about(notification=notification.id, alert=notification.alert_id):
                deliver(notification, attempt, self._senders, self.settler.settle)
            self._steps.worked("a delivery")
        except Exception as error:
            self._steps.failed("a delivery", error)
            # The lease runs out and another worker tries again.
            log.warning("notification %s was not settled", notification.id, exc_info=True)
            db.forget_connection()
        finally:
            db.release_connection()
