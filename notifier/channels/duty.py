"""Texts about Cordon itself: straight to Twilio, past the outbox, which may be what is broken."""

from __future__ import annotations

import logging
from functools import partial

from backend.settings import Settings
from notifier.channels import twilio
from notifier.channels.sms import VALID_FOR_S
from notifier.delivery import Result

log = logging.getLogger(__name__)


class DutyTexts:
    """Sends a text to a number, with the same accounts as the warnings, each asked once until one takes it."""

    def __init__(self, settings: Settings) -> None:
        self._accounts = twilio.accounts(settings)
        if not self._accounts:
            log.warning(
                "alarms are shown and not texted: CORDON_TWILIO_ACCOUNT_SID, _AUTH_TOKEN and _FROM are not all set"
            )

    @property
    def is_on(self) -> bool:
        """Whether there is an account to send with."""
        return bool(self._accounts)

    def send(self, number: str, text: str) -> bool:
        """Hand the text to Twilio, and return whether it was taken."""
        for account in self._accounts:
            create = partial(
                account.client.messages.create,
                to=number,
                from_=account.sms_from,
                body=text,
                validity_period=VALID_FOR_S,
            )
            outcome = twilio.outcome_of(account, create, "message")
            if outcome.result is Result.SENT:
                return True
            log.warning("a text about the service was not taken: %s", outcome.detail)
        return False
