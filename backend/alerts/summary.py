"""How serious an alert is and how near the wearer came, in figures and words, without a name or place. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from backend import alert_kinds
from backend.lifecycle import LATCHED, Danger
from backend.models import Alert, AlertKind
from backend.record.zone_geojson import keeps_in
from zones import Certainty, Level


@dataclass(frozen=True, slots=True)
class Standing:
    """What still stands: "213 m inside", and the one word for it beside "closed, still"."""

    words: str
    where: str


@dataclass(frozen=True, slots=True)
class Worst:
    """The gravest that an alert about a place has come to: from the first fix of it to the last."""

    level: Level
    certainty: Certainty
    from_at: datetime
    until_at: datetime
    # To the edge; negative on the forbidden side.
    distance_m: float | None


def standing_of(alert: Alert) -> Standing | None:
    """Return what of the situation still stands, whatever people did about it; None where nothing does.

    What a person clears has no situation of its own: it ends as it is closed.
    """
    if alert.is_over or alert.certainty == Certainty.WITHDRAWN or alert.kind in LATCHED:
        return None
    if alert.kind == AlertKind.SILENCE:
        return Standing("silent", "silent")
    if not alert_kinds.of(alert.kind).has_level:
        return Standing("not judged", "not judged")
    if alert.zone is None or alert.distance_m is None:
        return Standing("inside", "inside") if alert.level == Level.BREACH else Standing("near", "near")
    beyond = "outside" if keeps_in(alert.zone.feature) else "inside"
    if alert.zone.moves:
        beyond = "within the distance"
    if alert.distance_m <= 0:
        return Standing(f"{_metres(alert.distance_m)} {beyond}", beyond)
    if alert.level == Level.BREACH:
        # The fix itself lies on the other side of the edge; all fixes together do not.
        return Standing(f"{beyond}, {_metres(alert.distance_m)} from the edge", beyond)
    return Standing(f"{_metres(alert.distance_m)} from the edge", "near")


def worst_of(alert: Alert) -> Worst | None:
    """Return the worst of an alert about a place; None of one that is about none, or was nothing."""
    if not alert_kinds.of(alert.kind).has_level or alert.certainty == Certainty.WITHDRAWN:
        return None
    if alert.peak_danger < Danger.BUFFER_UNCONFIRMED:
        return None
    is_breach = alert.peak_danger >= Danger.BREACH_UNCONFIRMED
    is_sure = alert.peak_danger in (Danger.BREACH, Danger.BUFFER)
    return Worst(
        Level.BREACH if is_breach else Level.BUFFER,
        Certainty.CONFIRMED if is_sure else Certainty.UNCONFIRMED,
        alert.worst_from or alert.fix_time,
        alert.worst_until or alert.last_fix_time,
        alert.worst_m,
    )


def _metres(distance_m: float) -> str:
    size = abs(distance_m)
    return f"{size:.0f} m" if size < 1_000 else f"{size / 1_000:.1f} km"
