"""Which events a tag can send, under which vendors' names, and what each means. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Ringing:
    """An event that raises an alert: its words, and the later event that is shown beside it."""

    title: str
    # In messages, where a lock screen may show it.
    said: str
    # Before "at 14:05".
    sentence: str
    ended_by: str | None = None
    # Before "at 14:09".
    ended: str = ""


# Found by us: no tag sends it.
TWO_SOURCES = "two_sources"

RINGING: dict[str, Ringing] = {
    "strap_open": Ringing(
        "Tag strap opened",
        "strap opened",
        "The tag's strap was opened",
        "strap_closed",
        "The tag reported its strap closed",
    ),
    "case_open": Ringing(
        "Tag case opened", "case opened", "The tag's case was opened", "case_closed", "The tag reported its case closed"
    ),
    "jamming": Ringing(
        "Tag jammed",
        "signal jammed",
        "The tag's signal was jammed",
        "jamming_ended",
        "The tag reported that the jamming ended",
    ),
    "shutdown": Ringing(
        "Tag switched off", "switched off", "The tag was switched off", "started", "The tag was switched on again"
    ),
    "sos": Ringing("SOS from the tag", "SOS", "The tag sent an SOS"),
    TWO_SOURCES: Ringing(
        "Two sources use the tag's key",
        "two sources",
        "Two sources too far apart to be one tag, neither of which can be relied on, used its key",
    ),
}
# An event that ends another, with the one that it ends. It is shown on the alert and clears nothing.
ENDS = {one.ended_by: name for name, one in RINGING.items() if one.ended_by}

KINDS = frozenset(
    [
        *(name for name in RINGING if name != TWO_SOURCES),
        *ENDS,
        "battery_low",
        "battery_critical",
        "charging_started",
        "charging_ended",
        "gnss_lost",
        "gnss_found",
        "motion_lost",
    ]
)

# Source: the codes of the UK vendor's feed, and the alarms of Traccar's protocol, each in small letters.
NAMES = {
    "strap_opened": "strap_open",
    "strap_cut": "strap_open",
    "strap_removed": "strap_open",
    "strap_tamper": "strap_open",
    "pid_strap_tamper": "strap_open",
    "tampering": "strap_open",
    "removing": "strap_open",
    "strap_close": "strap_closed",
    "case_opened": "case_open",
    "case_tamper": "case_open",
    "pid_case_tamper": "case_open",
    "case_close": "case_closed",
    "jammed": "jamming",
    "jammer": "jamming",
    "gps_jamming": "jamming",
    "gnss_jamming": "jamming",
    "pid_jamming": "jamming",
    "jamming_stopped": "jamming_ended",
    "shut_down": "shutdown",
    "power_off": "shutdown",
    "poweroff": "shutdown",
    "power_on": "started",
    "poweron": "started",
    "panic": "sos",
    "pid_battery_low": "battery_low",
    "battery_lev_5percent": "battery_critical",
    "low_battery": "battery_low",
    "lowbattery": "battery_low",
}


# What a name of no list says by its words: each row has one word of every set. An event that no one knows and that
# sounds like one which rings is taken for it: to ring for nothing is put right by a look at the tag.
_OFF = {"open", "opened", "cut", "removed", "removal", "removing", "broken", "loose", "off", "detached", "unlocked"}
_TAMPER = {"tamper", "tampered", "tampering"}
_CASE = {"case", "cover", "housing", "enclosure", "lid"}
_STRAP = {"strap", "band", "belt", "tag", "device"}
_SOUNDS_LIKE: tuple[tuple[str, tuple[set[str], ...]], ...] = (
    ("case_open", (_CASE, _OFF | _TAMPER)),
    ("strap_open", (_TAMPER,)),
    ("shutdown", ({"power", "powered", "switched", "switch", "turned", "turn"}, {"off", "down"})),
    ("shutdown", ({"shut", "shutting"}, {"down"})),
    ("shutdown", ({"shutdown", "poweroff", "powerdown"},)),
    ("strap_open", (_STRAP, _OFF)),
    ("jamming", ({"jam", "jammed", "jamming", "jammer"},)),
    ("sos", ({"sos", "panic", "emergency", "duress", "distress"},)),
)
_IS_OVER = {
    "end",
    "ended",
    "closed",
    "close",
    "stop",
    "stopped",
    "clear",
    "cleared",
    "restored",
    "ok",
    "normal",
    "over",
}
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[0-9]+")


def kind_of(name: str) -> str | None:
    """Return the event that a tag or a vendor calls so, in whatever case; None for one that is not known."""
    plain = re.sub(r"[\W_]+", "_", name.strip().casefold()).strip("_").removeprefix("ev_")
    return _known(plain) or _sounds_like({word.casefold() for word in _WORD.findall(name)})


def _known(plain: str) -> str | None:
    return plain if plain in KINDS else NAMES.get(plain)


def _sounds_like(words: set[str]) -> str | None:
    found = next((kind for kind, needed in _SOUNDS_LIKE if all(words & some for some in needed)), None)
    return RINGING[found].ended_by if found is not None and words & _IS_OVER else found
