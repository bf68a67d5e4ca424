"""Receipts of pushes without a session: a signed token in each push names its message and its phone."""

from __future__ import annotations

from datetime import datetime, timedelta

from itsdangerous import BadSignature, URLSafeSerializer

from backend import outbox
from backend.errors import NotFound, WrongSignature
from backend.models import Channel, Device, Notification, ReceiptKind
from backend.settings import Settings

# A warning may stay on a lock screen for a night and is opened in the morning; later it proves nothing of use.
LIFE_S = 86_400


def token(notification: Notification, device: Device, settings: Settings, now: datetime) -> str:
    """Return the token with which ``device`` can say what it did with ``notification``, and nothing else."""
    expires = int((now + timedelta(seconds=LIFE_S)).timestamp())
    return _tokens(settings).dumps([notification.id, device.id, expires, _stamp(notification)])


def redeem(receipt: str, kind: ReceiptKind, settings: Settings, now: datetime) -> bool:
    """Keep the proof that the token's phone has its message; False when that was known.

    It counts for the alert, the person, the channel and the episode of that one message. A phone that takes no more
    pushes, or that is another person's by now, proves nothing: a receipt lets other ways of warning wait.

    Raises: WrongSignature, NotFound.
    """
    try:
        notification_id, device_id, expires, stamp = _tokens(settings).loads(receipt)
    except (BadSignature, ValueError, TypeError):
        raise WrongSignature("The receipt's token is not ours.") from None
    if expires <= now.timestamp():
        raise NotFound("The receipt's token has expired.")
    notification = Notification.get_or_none(Notification.id == notification_id)
    device = Device.get_or_none(Device.id == device_id, Device.ended_at.is_null())
    if notification is None or _stamp(notification) != stamp:
        raise NotFound("The message is not this phone's.")
    if device is None or notification.person_id != device.person_id:
        raise NotFound("The message is not this phone's.")
    return outbox.record_receipt(
        device.person,
        notification.alert,
        kind,
        Channel(notification.channel),
        now,
        episode=notification.episode,
    )


def _stamp(notification: Notification) -> int:
    """What tells a message from another one that was given its number after a restore from backup."""
    return int(notification.created_at.timestamp() * 1_000)


def _tokens(settings: Settings) -> URLSafeSerializer:
    return URLSafeSerializer(settings.signing_key(), salt="push-receipt")
