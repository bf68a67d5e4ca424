"""SMS through Twilio: the text, the number, and the attempt's own id in the callback's URL."""

from __future__ import annotations

import logging

from backend import clock
from backend.models import Attempt, Notification, Purpose
from backend.people import numbers
from backend.settings import Settings
from notifier import messages, protected_person_texts, retries
from notifier.channels import twilio
from notifier.protected_person_texts import Letter
from notifier.retries import Outcome

log = logging.getLogger(__name__)

# After this time Twilio drops the message: a late warning does harm.
VALID_FOR_S = 120


class Sms:
    """Sends to the one number of a person, or of a victim who agreed to it."""

    def __init__(self, settings: Settings, account: twilio.Account) -> None:
        self._settings = settings
        self._account = account

    def send(self, notification: Notification, subject: messages.Subject, attempt: Attempt) -> Outcome:
        """Hand the message to Twilio once."""
        letter = self._letter(notification, subject)
        if not letter.number or not letter.words:
            return retries.failed("no verified number, no consent, or too late")
        return twilio.outcome_of(
            self._account,
            lambda: self._account.client.messages.create(
                to=letter.number,
                from_=letter.sender or self._account.sms_from,
                body=letter.words,
                validity_period=VALID_FOR_S,
                status_callback=f"{self._settings.public_url}/v1/webhooks/twilio/status/{attempt.id}",
            ),
            "message",
        )

    def tell_code(self, number: str, words: str, proof_id: int) -> Outcome:
        """Hand a text with a code to Twilio once."""
        return twilio.outcome_of(
            self._account,
            lambda: self._account.client.messages.create(
                to=number,
                from_=self._account.sms_from,
                body=words,
                validity_period=VALID_FOR_S,
                status_callback=f"{self._settings.public_url}/v1/webhooks/twilio/code/{proof_id}",
            ),
            "message",
        )

    def tell_words(self, number: str, words: str) -> Outcome:
        """Hand a neutral text to Twilio once, of which nothing more is asked."""
        return twilio.outcome_of(
            self._account,
            lambda: self._account.client.messages.create(
                to=number, from_=self._account.sms_from, body=words, validity_period=VALID_FOR_S
            ),
            "message",
        )

    def state_of(self, provider_id: str) -> tuple[str, int | None]:
        """Ask what became of a message: its state and error code. Raises: whatever the library raises."""
        message = self._account.bounded.call(self._account.client.messages(provider_id).fetch)
        return str(message.status), message.error_code

    def _letter(self, notification: Notification, subject: messages.Subject) -> Letter:
        victim = notification.victim
        if victim is None:
            person = notification.person
            assert person is not None
            url = f"{self._settings.public_url}/officer/alerts/{notification.alert_id}"
            # Asked again at the last moment: the number may have been changed since the message was enqueued, or
            # the account closed.
            number = person.phone if person.is_active and numbers.is_proved(person) else None
            return Letter(number, _staff_text(notification, subject, url))
        return protected_person_texts.letter_of(notification, self._settings.senders_of_texts(), clock.now())


def _staff_text(notification: Notification, subject: messages.Subject, url: str) -> str:
    """Return the words; where they cannot be made, a plain sentence goes rather than none."""
    try:
        return messages.sms(subject, Purpose(notification.purpose), url)
    except Exception:
        log.exception("the words for notification %s could not be made: plain ones go", notification.id)
        return messages.plain(notification.alert.code)
