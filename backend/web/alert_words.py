"""How pages call the situation of an alert, in a few words without a name or a place."""

from __future__ import annotations

from backend.alert_kinds import title_of
from backend.lifecycle import certainty_held
from backend.models import Alert, AlertKind
from zones import Certainty

DANGERS = ("Not in a zone", "Near zone, unconfirmed", "Near zone", "Breach, unconfirmed", "Breach, confirmed")


def danger_word(danger: int) -> str:
    """Return a danger of the one order in words; one that cannot be read is the gravest."""
    return DANGERS[danger] if 0 <= danger < len(DANGERS) else DANGERS[-1]


def situation_of(alert: Alert) -> str:
    """Return what an alert is called: its kind or, where its level says it, the worst that it came to."""
    said = title_of(alert.kind, alert.event) or danger_word(alert.peak_danger)
    if certainty_held(alert.certainty) is Certainty.WITHDRAWN:
        return f"{said}, withdrawn"
    # A notice was never anything that goes on.
    is_over = alert.is_over and alert.kind != AlertKind.NOTICE
    return f"{said}, over" if is_over else said
