"""SMS through Twilio: one try a message, a 3 s timeout, the attempt's own id in the callback's URL."""

from __future__ import annotations

import logging
from typing import Any

import requests
from twilio.base.exceptions import TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.http.response import Response
from twilio.rest import Client

from backend.consent import sms_consent
from backend.models import Attempt, Notification, Purpose
from backend.settings import Settings
from notifier import delivery, messages
from notifier.delivery import Outcome

log = logging.getLogger(__name__)

# After this time Twilio drops the message: a late warning does harm.
VALID_FOR_S = 120
# Source: Twilio error dictionary; hints only, since Twilio changes them.
DEAD_ROUTES = {21211, 21214, 21217, 21610, 21614}


class _OneTry(TwilioHttpClient):
    """Twilio's own HTTP client, which also remembers what a refusal's headers say of the next try."""

    def __init__(self, timeout_s: float) -> None:
        super().__init__(timeout=timeout_s, max_retries=0)
        self.session.mount("http://", requests.adapters.HTTPAdapter(max_retries=0, pool_maxsize=32))
        self.session.mount("https://", requests.adapters.HTTPAdapter(max_retries=0, pool_maxsize=32))

    def request(self, *args: Any, **kwargs: Any) -> Response:
        response = super().request(*args, **kwargs)
        if response.status_code == 429:
            after = (response.headers or {}).get("Retry-After", "")
            raise _TooMany(float(after) if after.isdigit() else None)
        return response


class _TooMany(Exception):
    def __init__(self, retry_after_s: float | None) -> None:
        super().__init__("429")
        self.retry_after_s = retry_after_s


class Sms:
    """Sends to the one number of a person, or of a victim who agreed to it."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._client = Client(
            settings.twilio_account_sid,
            settings.twilio_auth_token,
            http_client=_OneTry(settings.provider_timeout_s),
        )
        self._client.api.base_url = settings.twilio_api_url

    def send(self, notification: Notification, subject: messages.Subject, attempt: Attempt) -> Outcome:
        """Hand the message to Twilio once."""
        number, text = self._words(notification, subject)
        if not number or not text:
            return delivery.failed("no number, or no consent")
        try:
            message = self._client.messages.create(
                to=number,
                from_=self._settings.twilio_from,
                body=text,
                validity_period=VALID_FOR_S,
                status_callback=f"{self._settings.public_url}/v1/webhooks/twilio/status/{attempt.id}",
            )
        except _TooMany as error:
            return delivery.retry("Twilio answered 429", error.retry_after_s)
        except TwilioRestException as error:
            if error.code in DEAD_ROUTES:
                return delivery.dead_route(f"Twilio refused the number ({error.code})")
            if error.status >= 500:
                return delivery.retry(f"Twilio answered {error.status}")
            return delivery.failed(f"Twilio refused the message ({error.code})")
        except Exception as error:
            return delivery.retry(f"Twilio did not answer ({type(error).__name__})")
        return delivery.sent(message.sid)

    def _words(self, notification: Notification, subject: messages.Subject) -> tuple[str | None, str | None]:
        victim = notification.victim
        if victim is None:
            assert notification.person is not None
            url = f"{self._settings.public_url}/officer/alerts/{notification.alert_id}"
            return notification.person.phone, messages.sms(subject, Purpose(notification.purpose), url)
        # Asked again at the last moment: she may have withdrawn since the message was owed.
        consent = sms_consent(victim)
        if consent is None:
            return None, None
        if notification.purpose == Purpose.VICTIM_ENDING:
            return victim.phone, consent.wording_ending
        is_breach = notification.purpose == Purpose.VICTIM_BREACH
        return victim.phone, consent.wording_breach if is_breach else consent.wording_over
