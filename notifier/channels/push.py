"""Push: to every phone of a person, each through its platform's provider, one attempt a phone."""

from __future__ import annotations

import logging
from collections import defaultdict
from functools import partial
from typing import Protocol
from urllib.parse import urlsplit

from backend import clock, outbox, receipts
from backend.models import Device, Notification, Purpose
from backend.own_pages.invitations import in_use
from backend.own_pages.looks import DEFAULT, LOOKS
from backend.own_pages.words import SOURCE, said
from backend.people import devices, notices
from backend.settings import Settings
from notifier import messages, protected_person_texts, retries
from notifier.channels.fcm import Fcm
from notifier.channels.webpush import WebPush
from notifier.circuit_breaker import Breaker
from notifier.retries import Outcome, Result

log = logging.getLogger(__name__)

# News that ask for nothing: a phone may sleep on.
QUIET = (Purpose.ANSWERED,)


class Provider(Protocol):
    """Who takes a push for one phone; it answers with an outcome and never raises."""

    def send(self, device: Device, data: dict[str, str], *, is_urgent: bool) -> Outcome:
        """Try once."""

    def close(self) -> None:
        """Let go of connections."""


class Push:
    """Sends to every phone of a person; any phone that takes it makes the outcome ``sent``."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        # Less than the lease even when the last try takes its whole timeout.
        self._send_within_s = max(0.0, settings.lease_s - 2 * settings.provider_timeout_s)
        # One for each push service: one that is down must not silence the others.
        self.breakers: dict[str, Breaker] = defaultdict(Breaker)
        self._web_push = WebPush(settings)
        self._fcm: Fcm | None = Fcm(settings) if settings.fcm_credentials else None
        if self._fcm is None:
            log.warning("push through Firebase is off: CORDON_FCM_CREDENTIALS is not set")

    def send(self, notification: Notification, subject: messages.Subject) -> Outcome:
        """Try each phone once."""
        if notification.victim is not None:
            return self._send_notice(notification)
        assert notification.person is not None
        phones = devices.tokens_of(notification.person)
        if not phones:
            return retries.failed("no phone takes pushes")
        purpose = Purpose(notification.purpose)
        data = messages.push(subject, purpose, notification.alert_id, notification.id)
        if purpose in (Purpose.ALERT, Purpose.ESCALATION):
            # What an answer from the notification covers; a figure without a name or a place.
            data["danger"] = str(int(outbox.danger_told(notification)))
        outcomes: list[Outcome] = []
        until = clock.monotonic() + self._send_within_s
        for device in phones:
            if outcomes and clock.monotonic() > until:
                # The lease would run out under a provider that hangs: the one who was not tried is tried again.
                outcomes.append(retries.retry("not every phone was tried in time"))
                break
            provider = self._web_push if device.platform == devices.WEB_PUSH else self._fcm
            if provider is None:
                outcomes.append(retries.failed("push through Firebase is off: it has no credentials"))
                continue
            breaker = self._breaker(device)
            receipt = receipts.token(notification, device, self._settings, clock.now())
            send = partial(provider.send, device, {**data, "receipt": receipt}, is_urgent=purpose not in QUIET)
            outcome = breaker.ask(device.platform, send)
            if outcome.result is Result.DEAD_ROUTE:
                devices.end(device, outcome.detail, clock.now())
            outcomes.append(outcome)
        return _best(outcomes)

    def _send_notice(self, notification: Notification) -> Outcome:
        """Try each browser of a protected person once, with the title, the icon and the words that they chose."""
        assert notification.victim is not None
        letter = protected_person_texts.notice_of(notification, clock.now())
        browsers = notices.live(notification.victim)
        if not letter.words or not browsers:
            return retries.failed("no phone of theirs shows notices, no consent, or too late")
        guise = letter.sender if letter.sender in LOOKS else DEFAULT
        page = in_use(notification.victim)
        title = said(page.language if page else SOURCE, LOOKS[guise].name)
        data = {"title": title, "body": letter.words, "icon": guise}
        is_urgent = notification.purpose == Purpose.VICTIM_BREACH
        outcomes = []
        for one in browsers:
            # A later notice takes the place of one that the phone has not fetched: what is not so any more is not read.
            send = partial(self._web_push.send, one, data, is_urgent=is_urgent, topic="n")
            outcome = self.breakers[urlsplit(one.token).netloc].ask(devices.WEB_PUSH, send)
            if outcome.result is Result.DEAD_ROUTE:
                notices.end(one, outcome.detail, clock.now())
            outcomes.append(outcome)
        return _best(outcomes)

    def _breaker(self, device: Device) -> Breaker:
        """Return the breaker of the service that rings this phone: Firebase may be refused by Apple alone."""
        if device.platform == devices.WEB_PUSH:
            return self.breakers[urlsplit(device.token).netloc]
        return self.breakers["fcm" if device.platform == "android" else f"fcm {device.platform}"]

    @property
    def can_check(self) -> bool:
        """Whether there is a provider that can be asked without sending."""
        return self._fcm is not None

    def check(self, device: Device) -> Outcome:
        """Ask Firebase whether it would take a push for this phone, and send none."""
        fcm = self._fcm
        if fcm is None:
            return retries.failed("push through Firebase is off: it has no credentials")
        return self._breaker(device).ask(device.platform, lambda: fcm.check(device))

    def close(self) -> None:
        """Let go of every provider."""
        self._web_push.close()
        if self._fcm is not None:
            self._fcm.close()


def _best(outcomes: list[Outcome]) -> Outcome:
    order = (Result.SENT, Result.RETRY, Result.FAILED, Result.DEAD_ROUTE)
    return min(outcomes, key=lambda outcome: order.index(outcome.result))
