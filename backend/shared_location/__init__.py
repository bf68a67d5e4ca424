"""The only writer of a protected person's location: their agreement, phones, newest positions and withdrawal."""

from backend.shared_location.agreements import (
    MovingPlaceAlone,
    Pairing,
    agree,
    agreement_of,
    go_on,
    pause,
    withdraw,
    withdraw_for,
)
from backend.shared_location.phones import APP, add_app, identify, note_battery, page_phone, pair, phones_of
from backend.shared_location.positions import accept, forget_old, newest_position_at, silent

__all__ = [
    "APP",
    "MovingPlaceAlone",
    "Pairing",
    "accept",
    "add_app",
    "agree",
    "agreement_of",
    "forget_old",
    "go_on",
    "identify",
    "newest_position_at",
    "note_battery",
    "page_phone",
    "pair",
    "pause",
    "phones_of",
    "silent",
    "withdraw",
    "withdraw_for",
]
