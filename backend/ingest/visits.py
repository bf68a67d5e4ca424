"""Visits: the stays on the forbidden side that a series of decisions shows. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from backend import lifecycle
from backend.lifecycle import Danger
from zones import Certainty, Decision, Level, ZoneKind
from zones.evidence import T_RADIUS_68, T_RADIUS_95

# A 95 % radius in 68 % radii, by the error model of zones.
RADIUS_95_OF_68 = T_RADIUS_95 / T_RADIUS_68

# A decision with the instant (epoch seconds) that it is about: that of its fix, or one without a fix.
Seen = tuple[float, Decision]


@dataclass(frozen=True, slots=True)
class Visit:
    """A stay on the forbidden side: its gravest decision, and when it was seen first and last, in epoch seconds."""

    peak: Decision
    began_at: float
    ended_at: float
    # Nothing newer says that it has ended.
    is_ongoing: bool = False
    # It was never sure, and the next fix took it back.
    is_taken_back: bool = False


def visits(seen: Iterable[Seen], *, is_open: bool) -> list[Visit]:
    """Return the stays that decisions in the order of their time show; the last one may go on where ``is_open``.

    Who comes back within the time in which an alert goes on has made one stay of it. What the next fix takes back is
    none, unless a fix lay inside by more than its error; and what an earlier breach leaves of itself to a fix on the
    allowed side is no part of it.
    """
    found: list[list[Seen]] = []
    # How many decisions each stay had when it was taken back: one that went on since is taken for true.
    taken_back_at: dict[int, int] = {}
    # Where in the last stay the present breach began.
    began = 0
    is_broken = True
    for at, decision in seen:
        if danger_of(decision) < Danger.BREACH_UNCONFIRMED:
            if decision.visit is Certainty.CONFIRMED and not is_broken and _is_seen(found[-1][began:]):
                _confirm(found[-1], began)
            if decision.certainty is Certainty.WITHDRAWN and not is_broken:
                if not any(_is_deep(one) for _, one in found[-1][began:]):
                    del found[-1][began:]
                    if not found[-1]:
                        found.pop()
                elif began == 0:
                    taken_back_at[id(found[-1])] = len(found[-1])
            is_broken = True
        elif not is_on_the_allowed_side(decision):
            if not found or (is_broken and at - found[-1][-1][0] > lifecycle.REENTRY_S):
                found.append([])
            if is_broken:
                began, is_broken = len(found[-1]), False
            found[-1].append((at, decision))
    goes_on = is_open and not is_broken and bool(found) and not is_on_the_allowed_side(decision)
    return [
        Visit(
            max((decision for _, decision in stay), key=danger_of),
            stay[0][0],
            stay[-1][0],
            is_ongoing=goes_on and stay is found[-1],
            is_taken_back=len(stay) == taken_back_at.get(id(stay)),
        )
        for stay in found
    ]


def _confirm(stay: list[Seen], began: int) -> None:
    """Take the breach that began at a place in a stay for confirmed: the fixes on both sides of it say so."""
    place = max(range(began, len(stay)), key=lambda n: danger_of(stay[n][1]))
    at, gravest = stay[place]
    if gravest.certainty is not Certainty.CONFIRMED:
        stay[place] = at, gravest._replace(certainty=Certainty.CONFIRMED, visit=Certainty.CONFIRMED)


def _is_seen(stay: Iterable[Seen]) -> bool:
    """Tell whether a fix shows the stay, and not only a zone that came into force around where the wearer had been."""
    return any(at == decision.fix_time for at, decision in stay)


def _is_deep(decision: Decision) -> bool:
    """Tell whether the fix lies inside by more than its error, at 95 %."""
    return -decision.distance_m > decision.accuracy_m * RADIUS_95_OF_68


def level_of(decision: Decision) -> Level:
    """Return the level that is acted on: inside the zone that a wearer has to keep to, near its edge is no danger."""
    if decision.level is Level.BUFFER and decision.kind is not ZoneKind.EXCLUSION:
        return Level.CLEAR
    return decision.level


def certainty_of(decision: Decision) -> Certainty:
    """Return how certain a decision counts: one that looks like a passage is reported one step lower, never dropped."""
    if decision.is_pass_through and decision.certainty is Certainty.CONFIRMED:
        return Certainty.UNCONFIRMED
    return decision.certainty


def danger_of(decision: Decision) -> Danger:
    """Return the danger that a decision tells of."""
    return lifecycle.danger(level_of(decision), certainty_of(decision))


def is_on_the_allowed_side(decision: Decision) -> bool:
    """Tell whether the fix itself lies where the wearer may be, and no way to it led through the forbidden side.

    Whatever is still held of earlier fixes, such a fix shows no new danger.
    """
    return decision.distance_m > 0 and decision.path_probability == 0.0
