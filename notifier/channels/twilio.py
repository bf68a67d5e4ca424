"""Twilio accounts: one attempt a request, a 3 s timeout, and what each error means."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from twilio.base.exceptions import TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.http.response import Response
from twilio.rest import Client

from backend import clock, db
from backend.settings import Settings
from notifier import retries
from notifier.channels import http
from notifier.retries import Outcome
from notifier.timeouts import SPARE_S, Bounded

# Source: Twilio error dictionary; hints only, since Twilio changes them.
DEAD_ROUTES = {21211, 21214, 21217, 21610, 21614, 13223, 13224}
# The account is suspended or closed, its key is wrong, it may not send there, or the sending number is not its own.
REFUSES_US = {
    *(10001, 10002, 20003, 20005, 20008, 20404, 21210, 21212, 21215, 21219, 21408, 21603, 21606, 21608, 21659, 90010),
    *(13227, 32205),
}


# Of these it refuses one country or one number, and may take all others.
OF_ONE_NUMBER = {21215, 21219, 21408, 21608, 13227, 32205}
# Source: Twilio's API: two letters for the kind, and 32 hexadecimal digits.
SID = re.compile(r"[A-Z]{2}[0-9a-fA-F]{32}")
NOT_SENT = ("failed", "undelivered", "canceled")


class _OneTry(TwilioHttpClient):
    """Twilio's own HTTP client, which also remembers what a refusal's headers say of the next try."""

    def __init__(self, timeout_s: float) -> None:
        super().__init__(timeout=timeout_s, max_retries=0)
        http.mount(self.session, http.OneTry(timeout_s))

    def request(self, *args: Any, **kwargs: Any) -> Response:
        response = super().request(*args, **kwargs)
        if response.status_code == 429:
            after = (response.headers or {}).get("Retry-After", "")
            raise _TooMany(retries.retry_after_s(after, clock.now()))
        return response


class _TooMany(Exception):
    def __init__(self, retry_after_s: float | None) -> None:
        super().__init__("429")
        self.retry_after_s = retry_after_s


@dataclass(frozen=True, slots=True)
class Account:
    """One account: its name in the record, its client, and the numbers that texts and calls come from."""

    name: str
    client: Client
    sms_from: str
    voice_from: str
    bounded: Bounded


def accounts(settings: Settings) -> list[Account]:
    """Return the accounts that are configured: the first one, and the one that stands in for it."""
    found: list[Account] = []
    if settings.twilio_account_sid and settings.twilio_auth_token and settings.twilio_from:
        found.append(
            _account(
                "twilio",
                settings,
                settings.twilio_account_sid,
                settings.twilio_auth_token,
                settings.twilio_api_url,
                settings.twilio_from,
            )
        )
    if settings.twilio_fallback_from:
        # The same account with another number, where no second account is named.
        found.append(
            _account(
                "twilio-fallback",
                settings,
                settings.twilio_fallback_account_sid or settings.twilio_account_sid,
                settings.twilio_fallback_auth_token or settings.twilio_auth_token,
                settings.twilio_fallback_api_url or settings.twilio_api_url,
                settings.twilio_fallback_from,
            )
        )
    return found


def _account(name: str, settings: Settings, sid: str, token: str, api_url: str, number: str) -> Account:
    client = Client(sid, token, http_client=_OneTry(settings.provider_timeout_s))
    client.api.base_url = api_url
    voice_from = settings.twilio_voice_from or number if name == "twilio" else number
    return Account(name, client, number, voice_from, Bounded(settings.provider_timeout_s + SPARE_S))


def outcome_of(account: Account, request: Callable[[], Any], what: str) -> Outcome:
    """Make one request and say what it came to; nothing that it raises gets out."""
    # Nothing is held while a provider takes its time.
    db.release_connection()
    try:
        made = account.bounded.call(request)
        sid, state = made.sid, getattr(made, "status", None)
        if not isinstance(sid, str) or SID.fullmatch(sid) is None:
            # A success of something that is not Twilio, or not all of it: the message may be out or not.
            return retries.unknown(f"Twilio's answer names no {what}")
        if state in NOT_SENT:
            return retries.failed(f"Twilio did not send the {what} ({getattr(made, 'error_code', None) or state})")
        return retries.sent(sid)
    except _TooMany as error:
        return retries.retry("Twilio answered 429", error.retry_after_s)
    except TwilioRestException as error:
        if error.code in DEAD_ROUTES:
            return retries.dead_route(f"Twilio refused the number ({error.code})")
        if error.code in REFUSES_US or error.status in (401, 403, 404):
            said = f"Twilio refuses our account or number ({error.code or error.status})"
            return retries.refused(said, of_all=error.code not in OF_ONE_NUMBER)
        if error.status >= 500:
            return retries.retry(f"Twilio answered {error.status}")
        return retries.failed(f"Twilio refused the {what} ({error.code})")
    except Exception as error:
        return retries.unknown(f"Twilio did not answer ({type(error).__name__})")
