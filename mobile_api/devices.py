"""The phones that receive a person's pushes."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from flask import Blueprint, Response
from pydantic import BaseModel, Field, StringConstraints, model_validator

from backend import clock, db, push_subscriptions
from backend.errors import InvalidRequest, NotFound, NotSignedIn
from backend.people import devices
from backend.people.devices import WEB_PUSH
from backend.web.openapi import describes
from backend.web.signed_in import current_person, settings, signed_in
from mobile_api.request_bodies import read, write
from mobile_api.schemas import Strict

bp = Blueprint("devices", __name__)


class SubscriptionKeysIn(Strict):
    """What messages to a browser are encrypted with, as ``PushSubscription.toJSON()`` gives it."""

    p256dh: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    auth: Annotated[str, StringConstraints(min_length=1, max_length=200)]


class DeviceIn(Strict):
    """A phone that takes pushes: through Firebase, or as a browser by Web Push."""

    token: Annotated[str, StringConstraints(min_length=8, max_length=4_096)] = Field(
        description="The registration token; for webpush the endpoint of the subscription"
    )
    platform: Literal["android", "ios", "web", "webpush"]
    keys: SubscriptionKeysIn | None = Field(None, description="For webpush, and for nothing else")

    @model_validator(mode="after")
    def _has_keys_where_they_belong(self) -> Self:
        if (self.keys is not None) != (self.platform == WEB_PUSH):
            raise ValueError("keys: needed for webpush, and for nothing else")
        return self


class DeviceOut(BaseModel):
    """A phone that takes pushes."""

    id: int
    platform: str


@bp.post("/v1/devices")
@describes(
    "Register this phone's push token or this browser's subscription; one that was another person's becomes yours.",
    tag="devices",
    body=DeviceIn,
    answer=DeviceOut,
    status=201,
    errors=[NotSignedIn, InvalidRequest],
)
def register_device() -> Response:
    signed = signed_in()
    body = read(DeviceIn)
    keys = body.keys.model_dump() if body.keys else None
    if keys is not None:
        # Nothing is held while a name server takes its time.
        db.release_connection()
        push_subscriptions.check(body.token, keys, settings().public_url)
    device = devices.register(signed.person, body.token, body.platform, clock.now(), keys, signed.session)
    return write(DeviceOut(id=device.id, platform=device.platform), 201)


@bp.delete("/v1/devices/<int:device_id>")
@describes("Stop pushes to this phone.", tag="devices", status=204, errors=[NotSignedIn, NotFound])
def remove_device(device_id: int) -> tuple[str, int]:
    devices.remove(current_person(), device_id, clock.now())
    return "", 204
