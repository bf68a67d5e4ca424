"""Texts about Cordon itself: straight to Twilio, past the outbox, which may be what is broken."""

from __future__ import annotations

import logging

from twilio.rest import Client

from backend.settings import Settings
from notifier.channels.sms import VALID_FOR_S, _OneTry

log = logging.getLogger(__name__)


class DutyTexts:
    """Sends a text to a number once, with the same account as the warnings."""

    def __init__(self, settings: Settings) -> None:
        self._from = settings.twilio_from
        self._client: Client | None = None
        if settings.twilio_account_sid and settings.twilio_auth_token and settings.twilio_from:
            self._client = Client(
                settings.twilio_account_sid,
                settings.twilio_auth_token,
                http_client=_OneTry(settings.provider_timeout_s),
            )
            self._client.api.base_url = settings.twilio_api_url
        else:
            log.warning(
                "alarms are shown and not texted: CORDON_TWILIO_ACCOUNT_SID, _AUTH_TOKEN and _FROM are not all set"
            )

    @property
    def is_on(self) -> bool:
        """Whether there is an account to send with."""
        return self._client is not None

    def send(self, number: str, text: str) -> bool:
        """Hand the text to Twilio once, and return whether it was taken."""
        if self._client is None:
            return False
        try:
            self._client.messages.create(to=number, from_=self._from, body=text, validity_period=VALID_FOR_S)
        except Exception as error:
            # Twilio's errors hold the number, and a log is read by more people than may know it.
            log.warning("a text about the service was not taken (%s)", type(error).__name__)
            return False
        return True
