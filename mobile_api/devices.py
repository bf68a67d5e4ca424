"""The phones that receive a person's pushes."""

from __future__ import annotations

from flask import Blueprint, Response

from backend import clock, db, web_push
from backend.errors import InvalidRequest, NotFound, NotSignedIn
from backend.people import devices
from backend.web.openapi import describes
from backend.web.signed_in import current_person, settings, signed_in
from mobile_api.request_bodies import read, write
from mobile_api.schemas import DeviceIn, DeviceOut

bp = Blueprint("devices", __name__)


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
        web_push.check(body.token, keys, settings().public_url)
    device = devices.register(signed.person, body.token, body.platform, clock.now(), keys, signed.session)
    return write(DeviceOut(id=device.id, platform=device.platform), 201)


@bp.delete("/v1/devices/<int:device_id>")
@describes("Stop pushes to this phone.", tag="devices", status=204, errors=[NotSignedIn, NotFound])
def remove_device(device_id: int) -> tuple[str, int]:
    devices.remove(current_person(), device_id, clock.now())
    return "", 204
