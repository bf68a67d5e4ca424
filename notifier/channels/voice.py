"""Voice calls through Twilio: the call is placed here, and Twilio fetches what it says when it is answered."""

from __future__ import annotations

from backend.models import Attempt, Notification
from backend.people import numbers
from backend.settings import Settings
from notifier import messages, retries
from notifier.channels import twilio
from notifier.retries import Outcome

# A mobile's voicemail takes over after about 25 s: it rings shorter than that, and only a keypress counts anyway.
RINGS_FOR_S = 22


class Voice:
    """Calls the one number of a member of staff; a completed call proves nothing, a keypress does."""

    def __init__(self, settings: Settings, account: twilio.Account) -> None:
        self._settings = settings
        self._account = account

    def send(self, notification: Notification, _: messages.Subject, attempt: Attempt) -> Outcome:
        """Place the call once."""
        person = notification.person
        number = person.phone if person is not None and numbers.is_proved(person) else None
        if not number:
            return retries.failed("no verified number")
        hooks = f"{self._settings.public_url}/v1/webhooks/twilio"
        return twilio.outcome_of(
            self._account,
            lambda: self._account.client.calls.create(
                to=number,
                from_=self._account.voice_from,
                url=f"{hooks}/voice/{attempt.id}",
                status_callback=f"{hooks}/call/{attempt.id}",
                status_callback_event=["answered", "completed"],
                timeout=RINGS_FOR_S,
            ),
            "call",
        )

    def tell_code(self, number: str, _: str, proof_id: int) -> Outcome:
        """Place a call that reads out a code, once."""
        return twilio.outcome_of(
            self._account,
            lambda: self._account.client.calls.create(
                to=number,
                from_=self._account.voice_from,
                url=f"{self._settings.public_url}/v1/webhooks/twilio/code/{proof_id}/voice",
                timeout=RINGS_FOR_S,
            ),
            "call",
        )

    def state_of(self, provider_id: str) -> tuple[str, int | None]:
        """Ask what became of a call: its state. Raises: whatever the library raises."""
        return str(self._account.bounded.call(self._account.client.calls(provider_id).fetch).status), None
