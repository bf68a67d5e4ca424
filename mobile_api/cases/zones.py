"""Zones of a case: entered, changed, drawn in a hurry and approved."""

from __future__ import annotations

from backend.cases.commands.zones import AddPlaceToStay, ChangeZone, DecideOnZone, ProtectNewPlace, ProtectPlace
from backend.errors import InvalidTransition
from backend.zone_replay import ZoneNotUsable
from mobile_api.cases.shapes import CHANGED, carry_out

carry_out(
    "add_place_to_stay",
    "/v1/wearers/<int:wearer_id>/places-to-stay",
    "Add a place where the wearer has to stay at the hours of a curfew.",
    AddPlaceToStay,
)
carry_out(
    "add_zone",
    "/v1/wearers/<int:wearer_id>/zones",
    "Protect a place; judged at once against where the wearer was last.",
    ProtectPlace,
    *CHANGED,
    ZoneNotUsable,
)
carry_out(
    "change_zone",
    "/v1/zones/<int:zone_id>/versions",
    "Let a new version of a zone hold from an instant on.",
    ChangeZone,
    *CHANGED,
    InvalidTransition,
    ZoneNotUsable,
)
carry_out(
    "protect_new_place",
    "/v1/wearers/<int:wearer_id>/provisional-zones",
    "Protect a new place at once with a circle, to be approved.",
    ProtectNewPlace,
    *CHANGED,
)
carry_out(
    "decide_on_zone",
    "/v1/zones/<int:zone_id>/approval",
    "Approve a provisional zone, or refuse and remove it.",
    DecideOnZone,
    *CHANGED,
)
