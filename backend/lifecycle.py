"""The life of an alert: its situation, its handling, and when it escalates. Pure: ``now`` is an argument.

How grave it is stands in ``backend.danger``, whose words are at hand here as well.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from backend.danger import (
    DANGER_OF_KIND as DANGER_OF_KIND,
)
from backend.danger import (
    RAISES_FROM,
    Danger,
    danger,
)
from backend.danger import (
    certainty_held as certainty_held,
)
from backend.danger import (
    danger_held as danger_held,
)
from backend.danger import (
    level_held as level_held,
)
from backend.danger import (
    level_of as level_of,
)
from backend.vocabulary import AlertKind, Handling
from zones import Certainty, Level

# A wearer who comes back to the same place within this time continues the same alert (ARCHITECTURE: re-entry).
REENTRY_S = 600.0

# A fix tells of now for two of the tag's intervals and the minute that a bad network may take. What is older says where
# someone was, and when.
INTERVALS_OF_NOW, NETWORK_S = 2, 60.0

# Danger that falls and returns within this time, to a level that people know of, is the same news: the noise of a
# receiver at a zone's edge rang an officer 37 times an hour without it.
QUIET_RETURN_S = 180.0

# An acknowledgement is a promise to act: without an outcome after this time silence has begun again.
OUTCOME_DUE_AFTER_S = 900.0


def now_for_s(interval_s: float) -> float:
    """Return how long a fix is evidence of now, of a tag that is asked to report every ``interval_s`` at rest."""
    return INTERVALS_OF_NOW * interval_s + NETWORK_S


# Of a tag that is asked for a fix a minute.
NOW_FOR_S = now_for_s(60.0)

# What stands until a person clears it with a note: nothing that is reported later, and no change of the record, does.
LATCHED = (AlertKind.TAMPER, AlertKind.HELP)


def handling_held(handling: str) -> Handling:
    """Return a handling as stored; where it cannot be read no one has answered."""
    return Handling(handling) if handling in set(Handling) else Handling.OPEN


def kind_held(kind: str) -> AlertKind:
    """Return a kind as stored; one that cannot be read says that no one knows how near."""
    return AlertKind(kind) if kind in set(AlertKind) else AlertKind.CANNOT_JUDGE


def needs_answer(kind: str, certainty: str, handling: str) -> bool:
    """Return whether an alert waits for an answer: no one acknowledged it, it was not withdrawn, and is no notice."""
    is_about_danger = kind_held(kind) is not AlertKind.NOTICE and certainty_held(certainty) is not Certainty.WITHDRAWN
    return is_about_danger and handling_held(handling) is Handling.OPEN


class Transition(StrEnum):
    """What a new judgement means for the alert that stands at a place, or for none."""

    NOTHING = "nothing"
    RAISE = "raise"
    RISE = "rise"
    FALL = "fall"
    SAME = "same"
    WITHDRAW = "withdraw"
    END = "end"


@dataclass(frozen=True, slots=True)
class Standing:
    """What has to be known of the alert at a place to judge a change: its danger now, and since when it is over."""

    danger: Danger
    is_over: bool
    handling: Handling
    since_over_s: float = 0.0
    # A passage that is over is not gone on with: each is counted.
    is_passage: bool = False
    closed_for_s: float = 0.0


def transition(standing: Standing | None, level: Level, certainty: Certainty) -> Transition:
    """Tell what the judgement ``level``, ``certainty`` does to the newest alert at the same place."""
    risen_to = danger(level, certainty)
    if standing is None or (standing.is_over and not _can_resume(standing)):
        return Transition.RAISE if risen_to >= RAISES_FROM else Transition.NOTHING
    if standing.is_over:
        return Transition.RISE if risen_to >= RAISES_FROM else Transition.NOTHING
    if risen_to > standing.danger or (risen_to >= Danger.BREACH and _is_closed_too_long(standing)):
        return Transition.RISE
    if certainty is Certainty.WITHDRAWN:
        return Transition.WITHDRAW
    if level is Level.CLEAR:
        # A fix too coarse to tell is no all-clear: what stands goes on standing.
        return Transition.END if certainty is Certainty.CONFIRMED else Transition.SAME
    return Transition.FALL if risen_to < standing.danger else Transition.SAME


def _is_closed_too_long(standing: Standing) -> bool:
    """Tell whether a breach goes on long after its outcome was recorded: the one who closed it should have ended it."""
    return standing.handling is Handling.CLOSED and standing.closed_for_s > OUTCOME_DUE_AFTER_S


def _can_resume(standing: Standing) -> bool:
    is_recent = standing.since_over_s <= REENTRY_S
    return is_recent and standing.handling is not Handling.CLOSED and not standing.is_passage


def is_news(risen_to: Danger, known: int, fell_for_s: float | None) -> bool:
    """Tell whether a rise has to be told: above what people know of, or back after more than a moment.

    ``known`` is the danger that was acknowledged, or that an unanswered alert has reached; ``fell_for_s`` is how long
    danger had been below it, None where it never fell.
    """
    return risen_to > known or (fell_for_s is not None and fell_for_s > QUIET_RETURN_S)
