"""Texts about Cordon itself: straight to Twilio, past the outbox, which may be what failed."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial

from backend.settings import Settings
from notifier.channels import twilio
from notifier.channels.sms import VALID_FOR_S
from notifier.retries import Result

log = logging.getLogger(__name__)


# Returns the provider's word for what became of a text, or None where it does not answer.
Asker = Callable[[], str | None]


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

    def send(self, number: str, text: str) -> Asker | None:
        """Hand the text to Twilio; return what asks for its state from then on, or None where it was not taken."""
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
                return partial(self._state_of, account, outcome.provider_id or "")
            log.warning("a text about the service was not taken: %s", outcome.detail)
        return None

    @staticmethod
    def _state_of(account: twilio.Account, sid: str) -> str | None:
        try:
            return str(account.bounded.call(account.client.messages(sid).fetch).status)
        except Exception as error:
            log.warning("a text about the service could not be asked about (%s)", type(error).__name__)
            return None
