"""Push through Firebase Cloud Messaging: one try a phone, no hidden retries, a 3 s timeout."""

from __future__ import annotations

import logging
import uuid
from typing import Any

import firebase_admin
import requests
from firebase_admin import credentials, exceptions, messaging

from backend import clock, devices
from backend.models import Notification, Purpose
from backend.settings import Settings
from notifier import delivery, messages
from notifier.delivery import Outcome, Result

log = logging.getLogger(__name__)

# A warning that is older than this says something that is no longer true.
USEFUL_FOR_S = 120
OFFICIAL_URL = "https://fcm.googleapis.com"


class Push:
    """Sends to every phone of a person; any phone that takes it makes the outcome ``sent``."""

    def __init__(self, settings: Settings) -> None:
        # Less than the lease even when the last try takes its whole timeout.
        self._send_within_s = max(0.0, settings.lease_s - 2 * settings.provider_timeout_s)
        self._app = firebase_admin.initialize_app(
            credentials.Certificate(settings.fcm_credentials),
            {"httpTimeout": settings.provider_timeout_s},
            name=f"cordon-{uuid.uuid4().hex}",
        )
        # The library offers no other way to name the server or to switch its retries off: by default a 429 makes
        # five requests and a reset sends twice. requirements.txt pins the version that this was tested with.
        service = messaging._get_messaging_service(self._app)
        service._fcm_url = service._fcm_url.replace(OFFICIAL_URL, settings.fcm_url)
        session = service._client.session
        for prefix in list(session.adapters):
            session.mount(prefix, requests.adapters.HTTPAdapter(max_retries=0, pool_maxsize=32))
        # A revoked access token is asked for anew once; the default asks twice, which is three posts.
        session._max_refresh_attempts = 1

    def send(self, notification: Notification, subject: messages.Subject) -> Outcome:
        """Try each phone once."""
        assert notification.person is not None
        phones = devices.tokens_of(notification.person)
        if not phones:
            return delivery.failed("no phone takes pushes")
        data = messages.push(subject, Purpose(notification.purpose), notification.alert_id, notification.id)
        outcomes: list[Outcome] = []
        until = clock.monotonic() + self._send_within_s
        for device in phones:
            if outcomes and clock.monotonic() > until:
                # The lease would run out under a provider that hangs: whoever was not tried is tried again.
                outcomes.append(delivery.retry("not every phone was tried in time"))
                break
            outcome = self._send(device.token, data, is_urgent=notification.purpose != Purpose.ANSWERED)
            if outcome.result is Result.DEAD_ROUTE:
                devices.end(device, outcome.detail, clock.now())
            outcomes.append(outcome)
        order = (Result.SENT, Result.RETRY, Result.FAILED, Result.DEAD_ROUTE)
        return min(outcomes, key=lambda outcome: order.index(outcome.result))

    def _send(self, token: str, data: dict[str, str], *, is_urgent: bool) -> Outcome:
        try:
            return delivery.sent(messaging.send(_message(token, data, is_urgent), app=self._app))
        except (messaging.UnregisteredError, messaging.SenderIdMismatchError) as error:
            return delivery.dead_route(f"token not registered ({error.code})")
        except exceptions.InvalidArgumentError:
            return delivery.failed("FCM refused the message or the token")
        except messaging.ThirdPartyAuthError:
            log.exception("FCM cannot authenticate to Apple or the browser's push service: check its keys")
            return delivery.failed("FCM lacks credentials for this platform")
        except exceptions.FirebaseError as error:
            return delivery.retry(f"FCM answered {error.code}", _retry_after_s(error))
        except Exception as error:
            return delivery.retry(f"FCM did not answer ({type(error).__name__})")

    def close(self) -> None:
        """Forget the Firebase app."""
        firebase_admin.delete_app(self._app)


def _message(token: str, data: dict[str, str], is_urgent: bool) -> Any:
    # Data only on Android: the app must run to say that it received it.
    return messaging.Message(
        token=token,
        data=data,
        android=messaging.AndroidConfig(
            priority="high" if is_urgent else "normal", ttl=USEFUL_FOR_S, collapse_key=f"alert-{data['alert_id']}"
        ),
        apns=messaging.APNSConfig(
            headers={
                "apns-priority": "10" if is_urgent else "5",
                "apns-collapse-id": f"alert-{data['alert_id']}",
            },
            payload=messaging.APNSPayload(
                messaging.Aps(
                    alert=messaging.ApsAlert(title=data["title"], body=data["body"]),
                    sound="default" if is_urgent else None,
                    custom_data={"interruption-level": "time-sensitive" if is_urgent else "passive"},
                )
            ),
        ),
    )


def _retry_after_s(error: exceptions.FirebaseError) -> float | None:
    response = error.http_response
    text = response.headers.get("Retry-After", "") if response is not None else ""
    return float(text) if text.isdigit() else None
