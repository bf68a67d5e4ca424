"""Delivers due notifications and escalates overdue alerts, woken by each commit; any number of workers may run."""

from __future__ import annotations

import logging
import random
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from backend import alerts, clock, db, heartbeats, host_clock, outbox, restore, silence, wakeups, zone_instants
from backend.models import Attempt, Channel, Notification, NumberProof
from backend.own_pages import help_calls
from backend.people import devices, numbers
from backend.settings import Settings
from notifier import provider_states, retries, shift_checks, verification_codes
from notifier.channels import console, twilio
from notifier.channels.push import Push
from notifier.channels.sms import Sms
from notifier.channels.voice import Voice
from notifier.circuit_breaker import Breaker
from notifier.delivery_results import Settler, drop, hold_back, is_moot, put_off
from notifier.job_failures import Steps
from notifier.message_subjects import subject_of
from notifier.messages import Subject
from notifier.provider_health import Providers
from notifier.retries import Outcome, Result
from notifier.thread_pools import Lanes

log = logging.getLogger(__name__)

# Twilio is asked about a message that it has said nothing final of for this long (its callbacks may be lost).
SILENT_AFTER_S = 20.0
SILENT_FOR_S = 600.0
ASKED_AGAIN_S = 60.0
ASKS_EVERY_S = 2.0
# In a storm each push is a word of its provider's: it is enough to hear it now and then.
PROVIDERS_EVERY_S = 0.5
SHORTEST_SLEEP_S = 0.02
# A worker that is not woken only asks, poll by poll, when something falls due; after so many it looks at everything.
POLLS_A_LOOK = 4
# While something is under way.
NEXT_LOOK_S = 0.05
# A group of escalations takes as long as some claims do, and a new alert must not wait for many.
ESCALATIONS_AT_ONCE = 20
# While messages wait for a thread, whatever is no delivery rests for so many times as long as it has taken.
RESTS_IN_A_STORM = 5.0
# Zones begin and end, and what failed just now climbs, in a storm too.
LONGEST_REST_S = 2.0

Sender = Callable[[Notification, Subject, Attempt], Outcome]
Settle = Callable[[Notification, Attempt, Outcome], None]


@dataclass(frozen=True, slots=True)
class Way:
    """One provider of one channel, with the breaker that stands before it; None where the channel has its own."""

    provider: str
    send: Sender
    breaker: Breaker | None = field(default_factory=Breaker)
    # Asks what became of a message; None where the provider cannot be asked.
    state_of: Callable[[str], tuple[str, int | None]] | None = None
    # Sends a code that proves a number; None where this way has no numbers.
    tell_code: verification_codes.CodeSender | None = None


@dataclass(frozen=True, slots=True)
class Senders:
    """The ways on which this worker can send, by channel, in the order in which they are tried."""

    ways: dict[Channel, list[Way]]
    close: Callable[[], None]
    push_breakers: Mapping[str, Breaker] = field(default_factory=dict)
    push: Push | None = None

    def breakers(self) -> list[tuple[str, Breaker]]:
        """Return the breakers of all providers, each by the name of its provider and channel."""
        found = [
            (f"{way.provider} {channel}", way.breaker)
            for channel, ways in self.ways.items()
            for way in ways
            if way.breaker is not None
        ]
        return [*found, *((f"push {name}", breaker) for name, breaker in list(self.push_breakers.items()))]


def _off(name: str) -> Way:
    def send(*_: object) -> Outcome:
        return retries.failed(f"{name} is off: it has no credentials")

    return Way("off", send)


def senders(settings: Settings) -> Senders:
    """Return the channels that have credentials, and say which have none."""
    push = Push(settings)
    # Push has a breaker for each of its own providers: one that is down must not silence the others.
    ways = {Channel.PUSH: [Way("push", lambda sent, subject, _: push.send(sent, subject), breaker=None)]}
    for account in twilio.accounts(settings):
        # Texts and calls of one account fail apart from each other.
        sms, voice = Sms(settings, account), Voice(settings, account)
        ways.setdefault(Channel.SMS, []).append(
            Way(account.name, sms.send, state_of=sms.state_of, tell_code=sms.tell_code)
        )
        ways.setdefault(Channel.VOICE, []).append(
            Way(account.name, voice.send, state_of=voice.state_of, tell_code=voice.tell_code)
        )
    for channel, name, missing in (
        (Channel.SMS, "SMS", "CORDON_TWILIO_ACCOUNT_SID, _AUTH_TOKEN and _FROM are not all set"),
        (Channel.VOICE, "voice", "CORDON_TWILIO_ACCOUNT_SID, _AUTH_TOKEN and _FROM are not all set"),
    ):
        if channel not in ways:
            log.warning("%s is off: %s", name, missing)
            ways[channel] = [Way("console", console.send) if settings.console else _off(name)]
    return Senders(ways, push.close, push.breakers, push)


class Worker:
    """One notifier process: claims with a lease, sends outside any transaction, settles with its token."""

    CHANNELS = (Channel.PUSH, Channel.SMS, Channel.VOICE)

    def __init__(self, settings: Settings, channels: Senders | None = None) -> None:
        self._settings = settings
        self._senders = channels or senders(settings)
        self._stop = threading.Event()
        self._lanes = Lanes(self.CHANNELS, settings.worker_threads)
        self._settler = Settler()
        self._asks_at = 0.0
        self._checks_at = 0.0
        self._providers_at = 0.0
        self._clock_at = 0.0
        # More waits than there are threads for.
        self._is_stormy = False
        self._rests_until = 0.0
        self._newest_climb_first = False
        self._providers = Providers()
        self._heart = heartbeats.Heart(heartbeats.NOTIFIER)
        self._began_at = clock.now()
        self.steps = Steps()
        self._silent_after = settings.tag_silent_after()

    def run(self) -> None:
        """Work until ``stop`` is called; then finish what is under way."""
        listener = wakeups.Listener()
        try:
            while not self._stop.is_set():
                try:
                    self.work()
                    if self._is_stormy:
                        self._lanes.wait_for_one(NEXT_LOOK_S)
                    else:
                        self._sleep(listener)
                    self.steps.worked("the round")
                except Exception as error:
                    # A lost database must never end the loop.
                    self.steps.failed("the round", error)
                    # A database that is away for a night must not fill the disk with the same twenty lines.
                    said = type(error).__name__
                    log.warning("the outbox could not be worked on (%s)", said, exc_info=not db.is_lost(error))
                    db.forget_connection()
                    self._stop.wait(0.5)
        finally:
            listener.close()
            self._lanes.close()
            self._settler.close()
            self._senders.close()
            db.release_connection()

    def stop(self) -> None:
        """Ask ``run`` to return."""
        self._stop.set()

    def work(self) -> None:
        """Begin to deliver as much as there are threads for, and look at all else: in a storm only now and then.

        None of these may keep the others from being done.
        """
        # Before anything is claimed: a database that was restored needs what was sent long ago.
        self._try("the hold after a restore", lambda: restore.release(clock.now()))
        self._try("calls for help from own pages", lambda: help_calls.act_on_due(clock.now()))
        self._try("deliveries", self._begin_deliveries)
        begun = clock.monotonic()
        if not self._is_stormy or begun >= self._rests_until:
            self._look_at_all_else()
            ended = clock.monotonic()
            self._rests_until = ended + min(RESTS_IN_A_STORM * (ended - begun), LONGEST_REST_S)
        db.release_connection()

    def _look_at_all_else(self) -> None:
        """Judge and escalate what has fallen due, and see to what no warning waits for."""
        self._try(
            "zones that begin or end", lambda: zone_instants.judge_due(clock.now(), silent_after=self._silent_after)
        )
        self._try("tags that are silent", self._tell_of_silence)
        self._try("escalation", self._climb)
        self._look_at_itself()
        self._try("verification codes", self._begin_codes)
        self._try("phones before a shift", self._begin_checks)
        self._try("silent messages", self._ask_about_silent)
        self._try("this host's clock", self._look_at_clock)

    def _tell_of_silence(self) -> None:
        silence.judge_due(clock.now(), self._settings, began_at=self._began_at)

    def _climb(self) -> None:
        # What failed just now must not wait behind all that silence has made due, nor those behind ever newer ones.
        self._newest_climb_first = self._is_stormy and not self._newest_climb_first
        if alerts.escalate_overdue(clock.now(), ESCALATIONS_AT_ONCE, newest_first=self._newest_climb_first):
            self._begin_deliveries()

    def _begin_deliveries(self) -> None:
        """Claim for each channel as much as it has threads for, and hand it to them."""
        claimed: list[Notification] = []
        # A notifier with nothing to do asks once a look, and for each channel only where something waits.
        waiting = outbox.channels_due(clock.now()) if self._lanes.is_idle else self.CHANNELS
        self._is_stormy = False
        for channel in self.CHANNELS:
            free = self._lanes.free(channel)
            taken: list[Notification] = []
            if free > 0 and channel in waiting:
                taken = outbox.claim_due(channel, clock.now(), self._settings.lease_s, free)
            claimed += taken
            # A worker that got as much as it asked for left the rest behind.
            self._is_stormy |= len(taken) == free
        if not claimed:
            return
        providers: dict[str, str] = {channel: ways[0].provider for channel, ways in self._senders.ways.items()}
        attempts = outbox.begin_attempts(claimed, providers, clock.now())
        devices.read_ahead([row.person for row in claimed if row.person is not None and row.channel == Channel.PUSH])
        for notification, attempt in zip(claimed, attempts, strict=True):
            self._lanes.submit(Channel(notification.channel), self._deliver, notification, attempt)

    def _begin_codes(self) -> None:
        """Hand the codes that are due to threads that no warning needs."""
        free = self._lanes.free_beside()
        if free <= 0:
            return
        for row in numbers.claim_codes(clock.now(), self._settings.lease_s, free):
            self._lanes.submit_beside(self._apart, "a code", partial(self._send_code, row))

    def _send_code(self, row: NumberProof) -> None:
        ways = [
            (way.provider, way.breaker, way.tell_code)
            for way in self._senders.ways[Channel(row.channel)]
            if way.tell_code is not None
        ]
        # Nothing is held while a provider takes its time.
        db.release_connection()
        verification_codes.send(row, ways, self._settings.signing_key(), clock.now(), random.random())  # noqa: S311

    def _begin_checks(self) -> None:
        """Let the phones of those whose shift is about to begin be asked about, beside the deliveries."""
        push = self._senders.push
        if push is None or self._lanes.free_beside() <= 0 or clock.monotonic() < self._checks_at:
            return
        self._checks_at = clock.monotonic() + shift_checks.EVERY_S
        self._lanes.submit_beside(self._apart, "a shift", lambda: shift_checks.check_due(push, clock.now()))

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

    def _look_at_providers(self) -> None:
        if clock.monotonic() >= self._providers_at:
            self._providers_at = clock.monotonic() + PROVIDERS_EVERY_S
            self._providers.look(self._senders.breakers(), clock.now())

    def _look_at_clock(self) -> None:
        if clock.monotonic() >= self._clock_at:
            self._clock_at = clock.monotonic() + clock.MEASURE_EVERY_S
            host_clock.look(clock.now())

    def _ask_about_silent(self) -> None:
        """Ask, beside the deliveries, what became of messages whose callbacks may have been lost."""
        if clock.monotonic() < self._asks_at or self._lanes.free_beside() <= 0:
            return
        self._asks_at = clock.monotonic() + ASKS_EVERY_S
        for attempt in outbox.silent_attempts(clock.now(), SILENT_AFTER_S, SILENT_FOR_S, ASKED_AGAIN_S, limit=20):
            self._lanes.submit_beside(self._ask, attempt)

    def _ask(self, attempt: Attempt) -> None:
        try:
            ask_state(attempt, self._senders)
        except Exception as error:
            log.warning("attempt %s could not be asked about: %s", attempt.id, type(error).__name__)
            db.forget_connection()
        finally:
            db.release_connection()

    def _try(self, what: str, step: Callable[[], object]) -> None:
        try:
            step()
        except Exception as error:
            self.steps.failed(what, error)
            if db.is_lost(error):
                raise
            # A row that someone holds for long, or cannot be worked on, keeps no other step from its work.
            log.exception("%s could not be worked on", what)
        else:
            self.steps.worked(what)

    def _sleep(self, listener: wakeups.Listener) -> None:
        """Return when a commit has woken us, when something falls due, or when it is time for a look all the same."""
        for _ in range(POLLS_A_LOOK):
            sleep_s = self._longest_sleep_s()
            if listener.wait(sleep_s, self._stop) or sleep_s < self._settings.poll_s or self._stop.is_set():
                return
            self._look_at_itself()

    def _look_at_itself(self) -> None:
        """Say that this process did its work, and what its providers say of it: nothing is read for either."""
        if self.steps.are_well("deliveries", "escalation", "a delivery", "the round"):
            self._try("the heartbeat", lambda: self._heart.beat(clock.now()))
        self._try("what providers say", self._look_at_providers)

    def _longest_sleep_s(self) -> float:
        """Return the seconds to the next thing that falls due by itself, at most the poll's."""
        if not self._lanes.is_idle:
            # A thread that comes free takes the next row soon, although no commit says so.
            return NEXT_LOOK_S
        due: list[datetime | None] = [
            alerts.next_escalation_at(),
            outbox.next_due_at(self.CHANNELS),
            zone_instants.next_due_at(),
            silence.next_due_at(),
            help_calls.next_due_at(),
        ]
        db.release_connection()
        now = clock.now()
        left = [(at - now).total_seconds() for at in due if at is not None]
        # What is due and cannot be claimed, such as a second call to one phone, must not make the loop spin.
        return max(SHORTEST_SLEEP_S, min([self._settings.poll_s, *left]))

    def _deliver(self, notification: Notification, attempt: Attempt) -> None:
        try:
            deliver(notification, attempt, self._senders, self._settler.settle)
            self.steps.worked("a delivery")
        except Exception as error:
            self.steps.failed("a delivery", error)
            # The lease runs out and another worker tries again.
            log.warning("notification %s was not settled", notification.id, exc_info=True)
            db.forget_connection()
        finally:
            db.release_connection()


def deliver(notification: Notification, attempt: Attempt, channels: Senders, settle: Settle) -> None:
    """Try one claimed notification once on each way of its channel until one takes it, and let it be settled.

    ``attempt`` is on record for the first way; each further way has one of its own.
    """
    if is_moot(notification, notification.alert):
        # Its worker died, and meanwhile someone has answered: no one is woken for what is settled. And a protected
        # person reads nothing that is not so any more.
        drop(notification, attempt)
        return
    if alerts.has_to_wait(notification, clock.now()):
        put_off(notification, attempt)
        return
    if notification.victim is not None and numbers.holds(notification.victim.phone, notification.alert.wearer_id):
        # Asked at the last moment: it may have been declared since the message was enqueued.
        hold_back(notification, attempt)
        return
    ways = channels.ways[Channel(notification.channel)]
    for way in ways:
        if way is not ways[0]:
            (attempt,) = outbox.begin_attempts([notification], {notification.channel: way.provider}, clock.now())
        # Nothing is held while a provider takes its time.
        db.release_connection()
        outcome = _ask_way(way, notification, attempt)
        if outcome.result in (Result.SENT, Result.DEAD_ROUTE) or way is ways[-1]:
            break
        how = outbox.UNKNOWN if outcome.is_unknown else outcome.result
        outbox.finish_attempt(attempt, how, outcome.detail, outcome.provider_id, clock.now())
    settle(notification, attempt, outcome)


def _ask_way(way: Way, notification: Notification, attempt: Attempt) -> Outcome:
    def send() -> Outcome:
        return way.send(notification, subject_of(notification.alert), attempt)

    try:
        return send() if way.breaker is None else way.breaker.ask(way.provider, send)
    except Exception as error:
        log.exception("the %s channel failed", notification.channel)
        return retries.failed(f"the channel itself failed ({type(error).__name__})")


def ask_state(attempt: Attempt, channels: Senders) -> None:
    """Ask the provider of an attempt what became of it, and let that count as a callback would."""
    for way in channels.ways[Channel(attempt.notification.channel)]:
        is_away = way.breaker is not None and (way.breaker.is_open or way.breaker.is_refused)
        if way.provider == attempt.provider and way.state_of is not None and not is_away:
            # Nothing is held while a provider takes its time.
            db.release_connection()
            state, error_code = way.state_of(attempt.provider_id or "")
            provider_states.take(attempt.id, state, error_code, clock.now())
