"""Firebase Cloud Messaging: one try a message, no hidden retries, a 3 s timeout."""

from __future__ import annotations

import logging
import uuid
from typing import Any

import firebase_admin
import requests
from firebase_admin import credentials, exceptions, messaging

from backend import clock
from backend.models import Device
from backend.settings import Settings
from notifier import delivery
from notifier.delivery import USEFUL_FOR_S, Outcome

log = logging.getLogger(__name__)

OFFICIAL_URL = "https://fcm.googleapis.com"


class Fcm:
    """Sends to one phone by its registration token."""

    def __init__(self, settings: Settings) -> None:
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

    def send(self, device: Device, data: dict[str, str], *, is_urgent: bool) -> Outcome:
        """Try once."""
        return self._ask(device, data, is_urgent=is_urgent, is_dry=False)

    def check(self, device: Device) -> Outcome:
        """Ask whether a push to this phone would be taken; nothing is sent."""
        data = {"alert_id": "0", "title": "Cordon", "body": "Nothing to do."}
        return self._ask(device, data, is_urgent=False, is_dry=True)

    def _ask(self, device: Device, data: dict[str, str], *, is_urgent: bool, is_dry: bool) -> Outcome:
        try:
            message = _message(device.token, data, is_urgent)
            return delivery.sent(messaging.send(message, dry_run=is_dry, app=self._app))
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
    return delivery.retry_after_s(text, clock.now())
