"""The levels of danger and the certainties: the words that every judgement is answered in."""

from __future__ import annotations

from enum import IntEnum, StrEnum


class Level(IntEnum):
    """How near the danger is, in order."""

    CLEAR = 0
    BUFFER = 1
    BREACH = 2


class Certainty(StrEnum):
    """How sure the level is; withdrawn takes back a breach of which the evidence says that it never was."""

    UNCONFIRMED = "unconfirmed"
    CONFIRMED = "confirmed"
    WITHDRAWN = "withdrawn"


# A state keeps both as numbers: these turn them back.
LEVELS = tuple(Level)
CERTAINTIES = (Certainty.UNCONFIRMED, Certainty.CONFIRMED, Certainty.WITHDRAWN)
