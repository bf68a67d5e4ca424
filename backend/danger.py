"""The one order of danger: from none to a confirmed breach, of each level and certainty, and of each kind. Pure."""

from __future__ import annotations

from enum import IntEnum

from backend.vocabulary import AlertKind
from zones import Certainty, Level


class Danger(IntEnum):
    """The one order of danger, across levels and certainties."""

    NONE = 0
    BUFFER_UNCONFIRMED = 1
    BUFFER = 2
    BREACH_UNCONFIRMED = 3
    BREACH = 4


# An alert is raised from here on. A buffer that is still unconfirmed only makes the tag report faster.
RAISES_FROM = Danger.BUFFER

# How grave an alert is that no level and certainty say it of.
DANGER_OF_KIND: dict[str, Danger] = {
    AlertKind.CANNOT_JUDGE: Danger.BREACH_UNCONFIRMED,
    AlertKind.REPEATED_PASSES: Danger.BREACH_UNCONFIRMED,
    AlertKind.TAMPER: Danger.BREACH,
    AlertKind.HELP: Danger.BREACH,
    AlertKind.SILENCE: Danger.BREACH_UNCONFIRMED,
    AlertKind.NOTICE: Danger.NONE,
}


def danger(level: Level, certainty: Certainty) -> Danger:
    """Return the danger of a judgement; a withdrawn one is none."""
    if certainty is Certainty.WITHDRAWN or level is Level.CLEAR:
        return Danger.NONE
    if level is Level.BUFFER:
        return Danger.BUFFER if certainty is Certainty.CONFIRMED else Danger.BUFFER_UNCONFIRMED
    return Danger.BREACH if certainty is Certainty.CONFIRMED else Danger.BREACH_UNCONFIRMED


def danger_held(kind: str, level: int, certainty: str) -> Danger:
    """Return the danger of an alert as stored: of one that is not about nearness its kind says it."""
    if kind != AlertKind.ZONE:
        return DANGER_OF_KIND.get(kind, Danger.BREACH_UNCONFIRMED)
    return danger(level_held(level), certainty_held(certainty))


def level_held(level: int) -> Level:
    """Return a level as stored; one that cannot be read is the gravest, because an error never means safe."""
    return Level(level) if level in set(Level) else Level.BREACH


def certainty_held(certainty: str) -> Certainty:
    """Return a certainty as stored; one that cannot be read is unconfirmed."""
    return Certainty(certainty) if certainty in set(Certainty) else Certainty.UNCONFIRMED


def level_of(held: Danger) -> Level:
    """Return the level of a danger, however sure it is."""
    if held >= Danger.BREACH_UNCONFIRMED:
        return Level.BREACH
    return Level.BUFFER if held > Danger.NONE else Level.CLEAR
