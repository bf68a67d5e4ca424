"""Firebase Cloud Messaging: one attempt a message, no hidden retries, a 3 s timeout."""

from __future__ import annotations

import re
import uuid
from functools import partial
from typing import Any

import firebase_admin
import google.auth.exceptions
import google.auth.transport.requests
from firebase_admin import credentials, exceptions, messaging

from backend import clock
from backend.models import Device
from backend.settings import Settings
from notifier import retries
from notifier.channels import http
from notifier.retries import USEFUL_FOR_S, Outcome
from notifier.timeouts import SPARE_S, Bounded

OFFICIAL_URL = "https://fcm.googleapis.com"
# Source: FCM v1: what a message that was taken is called.
NAME = re.compile(r"projects/[^/\s]+/messages/\S+")


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
        http.mount(session, http.OneTry(settings.provider_timeout_s))
        # A revoked access token is asked for anew once; the default asks twice, which is three posts.
        session._max_refresh_attempts = 1
        session._auth_request = _OneTokenRequest(settings.provider_timeout_s)
        self._bounded = Bounded(settings.provider_timeout_s + SPARE_S)
        self._has_taken_one = False

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
            name = self._bounded.call(partial(messaging.send, message, dry_run=is_dry, app=self._app))
            if not isinstance(name, str) or NAME.fullmatch(name) is None:
                return retries.retry("FCM's answer names no message")
            self._has_taken_one = True
            return retries.sent(name)
        except messaging.UnregisteredError as error:
            return retries.dead_route(f"token not registered ({error.code})")
        except messaging.SenderIdMismatchError:
            if self._has_taken_one:
                # Others of this project's are taken: it is this token that belongs to another one.
                return retries.dead_route("the token is another project's")
            return retries.refused("the tokens are another project's: check CORDON_FCM_CREDENTIALS")
        except exceptions.InvalidArgumentError:
            return retries.failed("FCM refused the message or the token")
        except messaging.ThirdPartyAuthError:
            return retries.refused(
                "FCM is refused by Apple or the browser's service: check its keys there", of_all=True
            )
        except (exceptions.UnauthenticatedError, exceptions.PermissionDeniedError, exceptions.NotFoundError) as error:
            return retries.refused(f"FCM refuses our account or project ({error.code})", of_all=True)
        except google.auth.exceptions.RefreshError as error:
            if error.retryable:
                return retries.retry("Google gave no access token")
            return retries.refused("Google refuses our service account: check CORDON_FCM_CREDENTIALS", of_all=True)
        except exceptions.FirebaseError as error:
            return retries.retry(f"FCM answered {error.code}", _retry_after_s(error))
        except Exception as error:
            return retries.retry(f"FCM did not answer ({type(error).__name__})")

    def close(self) -> None:
        """Forget the Firebase app."""
        firebase_admin.delete_app(self._app)


class _OneTokenRequest(google.auth.transport.requests.Request):
    """Asks for an access token once: the library would ask three times, seconds apart, while a warning waits."""

    def __init__(self, within_s: float) -> None:
        super().__init__(http.session(http.OneTry(within_s)))

    def __call__(self, *args: Any, **more: Any) -> Any:
        answer = super().__call__(*args, **more)
        if answer.status == 429 or answer.status >= 500:
            raise google.auth.exceptions.TransportError(f"answered {answer.status}")
        return answer


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
    return retries.retry_after_s(text, clock.now())
