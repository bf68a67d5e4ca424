"""Web Push to browsers (RFC 8030, 8291, 8292): one attempt a message, no redirects, a 3 s timeout."""

from __future__ import annotations

import json
import logging
from functools import partial
from urllib.parse import urlsplit

import requests
from py_vapid import Vapid02
from pywebpush import WebPushException, webpush

from backend import addresses, clock, push_subscriptions
from backend.models import Device, OwnSubscription
from backend.settings import Settings
from notifier import retries
from notifier.channels import http
from notifier.retries import USEFUL_FOR_S, Outcome, Result
from notifier.timeouts import SPARE_S, Bounded, TookTooLong

log = logging.getLogger(__name__)

# Source: RFC 8030, section 7.3, and RFC 6585: the subscription is gone.
GONE = (404, 410)
REFUSED_KEY = (401, 403)


class WebPush:
    """Sends to one browser by the endpoint of its subscription."""

    def __init__(self, settings: Settings) -> None:
        self._timeout_s = settings.provider_timeout_s
        # The library's own check of the subject refuses addresses with a port or a path, which push services take.
        self._key = Vapid02(push_subscriptions.private_key(settings), conf={"no-strict": True})
        self._subject = push_subscriptions.subject(settings)
        # An endpoint is an address that another person chose: what it says is not read.
        self._session = http.session(
            http.ToPublic(
                settings.provider_timeout_s,
                reads=False,
                or_loopback=push_subscriptions.is_in_development(settings.public_url),
            )
        )
        self._bounded = Bounded(settings.provider_timeout_s + SPARE_S)
        # The push services that have taken our key since this process began.
        self._took: set[str] = set()

    def send(
        self, device: Device | OwnSubscription, data: dict[str, str], *, is_urgent: bool, topic: str = ""
    ) -> Outcome:
        """Try once; of two with one topic the later one takes the place of one that was not fetched yet."""
        try:
            push = partial(
                webpush,
                {"endpoint": device.token, "keys": device.keys},
                json.dumps(data),
                self._key,
                # The library writes the endpoint's origin into the claims: used again they would name a stranger.
                {"sub": self._subject},
                timeout=self._timeout_s,
                ttl=USEFUL_FOR_S,
                headers={"Urgency": "high" if is_urgent else "normal", "Topic": topic or f"alert-{data['alert_id']}"},
                requests_session=self._session,
            )
            answer = self._bounded.call(push)
            if isinstance(answer, requests.Response) and _is_page(answer):
                return retries.retry("the answer is a page and no push service's")
        except WebPushException as error:
            outcome = self._refused(error, urlsplit(device.token).netloc)
            if outcome.result is not Result.SENT:
                return outcome
        except addresses.NotPublic:
            # Not for good: a name server may have lied for a while.
            return retries.failed("the endpoint leads to an address that is not public")
        except (requests.RequestException, TookTooLong) as error:
            return retries.retry(f"the push service did not answer ({type(error).__name__})")
        except Exception as error:
            # Whatever this is, it lies in what was to be sent: the same again would end the same way.
            # Only its kind is logged: its text may hold the endpoint, and anyone who has that can push.
            log.error("a Web Push could not be made (%s)", type(error).__name__)  # noqa: TRY400
            return retries.failed(f"the push could not be made ({type(error).__name__})")
        self._took.add(urlsplit(device.token).netloc)
        return retries.sent()

    def _refused(self, error: WebPushException, service: str) -> Outcome:
        status = error.status_code
        if status is None:
            return retries.failed("the subscription cannot be sent to")
        if status < 300:
            # The library takes only 200, 201 and 202 for a success.
            return retries.sent()
        said = f"the push service answered {status}"
        if status in GONE:
            return retries.dead_route(said)
        if status == 429 or status >= 500:
            return retries.retry(said, retries.retry_after_s(error.retry_after or "", clock.now()))
        if status in REFUSED_KEY and service not in self._took:
            return retries.refused(f"{said}: check CORDON_VAPID_PRIVATE_KEY_FILE and _SUBJECT", of_all=True)
        # Where the service takes others with the same key, this subscription was made for another one.
        return retries.failed(said)

    def close(self) -> None:
        """Close the connections to push services."""
        self._session.close()


def _is_page(answer: requests.Response) -> bool:
    """Tell whether this is a page for people, of a wireless network or a proxy: then no push service took anything.

    Source: RFC 8030, section 5: what was taken is answered 201, or 202 where a receipt was asked for.
    """
    is_html = "html" in answer.headers.get("Content-Type", "").lower()
    return answer.status_code == 200 and is_html and answer.headers.get("Content-Length") != "0"
