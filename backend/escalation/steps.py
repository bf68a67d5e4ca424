"""The ladder as data: who is owed what, and after how much silence. Pure; a team may have its own."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from typing import Any

from backend import channels
from backend.vocabulary import Channel


class Who(StrEnum):
    """A place in the ladder that people fill."""

    ACKNOWLEDGER = "acknowledger"
    # The responsible officer, or who is on duty for them.
    OFFICER = "officer"
    # Who else of the team is on duty.
    COLLEAGUES = "colleagues"
    SUPERVISORS = "supervisors"
    # The person, or the desk, that is always there.
    DUTY_DESK = "duty_desk"


FIRST = frozenset({Who.ACKNOWLEDGER, Who.OFFICER})
EVERY_CHANNEL = tuple(channels.TRAITS)


class LadderRefused(ValueError):
    """A ladder by which somebody could be left unwarned; the text says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Rung:
    """Who is owed what, ``after_s`` seconds after the alert or after danger rose."""

    after_s: float
    who: tuple[Who, ...]
    channels: tuple[Channel, ...]
    # The rung is passed over when a phone of these people has said that it received the warning.
    unless_received: bool = False


@dataclass(frozen=True, slots=True)
class Ladder:
    """Rungs in the order of their time, and the one that repeats every ``repeat.after_s`` after the last."""

    rungs: tuple[Rung, ...]
    repeat: Rung

    def rung(self, number: int) -> Rung:
        """Return rung ``number``, from 0; past the end it is the one that repeats."""
        return self.rungs[number] if number < len(self.rungs) else self.repeat

    def due_after_s(self, number: int) -> float:
        """Return the seconds from the ladder's start to rung ``number``."""
        if number < len(self.rungs):
            return self.rungs[number].after_s
        return self.rungs[-1].after_s + self.repeat.after_s * (number - len(self.rungs) + 1)

    def beyond_first(self, number: int) -> int:
        """Return the first rung from ``number`` on that asks somebody other than the first person."""
        while number < len(self.rungs) and set(self.rungs[number].who) <= FIRST:
            number += 1
        return number

    def to_json(self) -> dict[str, Any]:
        """Return the ladder as it is stored."""
        return {"rungs": [_rung_out(rung) for rung in self.rungs], "repeat": _rung_out(self.repeat)}


def _rung_out(rung: Rung) -> dict[str, Any]:
    return {
        "after_s": rung.after_s,
        "who": list(rung.who),
        "channels": list(rung.channels),
        "unless_received": rung.unless_received,
    }


def ladder_of(content: Mapping[str, Any] | None) -> Ladder:
    """Return the ladder that was stored, or the default where none was. Raises: LadderRefused."""
    if content is None:
        return DEFAULT
    try:
        ladder = Ladder(tuple(_rung_in(rung) for rung in content["rungs"]), _rung_in(content["repeat"]))
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise LadderRefused(f"This is not a ladder: {error}.") from None
    _check(ladder)
    return ladder


def _rung_in(content: Mapping[str, Any]) -> Rung:
    after_s = float(content["after_s"])
    # No comparison holds for what is not a number: every check below would let it pass.
    if not math.isfinite(after_s):
        raise ValueError("a delay has to be a number of seconds")
    return Rung(
        after_s,
        tuple(Who(who) for who in content["who"]),
        tuple(Channel(channel) for channel in content["channels"]),
        bool(content.get("unless_received", False)),
    )


# An officer who was not reached within this time has to be somebody else's concern.
LATEST_OTHER_S = 300.0
REPEAT_BETWEEN_S = (30.0, 600.0)


LONGEST_GAP_S = 600.0


def _rings(rung: Rung) -> bool:
    return not set(channels.TO_NUMBERS).isdisjoint(rung.channels)


def _check(ladder: Ladder) -> None:
    if not ladder.rungs or ladder.rungs[0].after_s != 0:
        raise LadderRefused("The first rung has to go at once: give it after_s 0.")
    if any(later.after_s <= before.after_s for before, later in pairwise(ladder.rungs)):
        raise LadderRefused("Each rung has to come later than the one before it.")
    for rung in (*ladder.rungs, ladder.repeat):
        if not rung.who or not rung.channels:
            raise LadderRefused("Each rung needs somebody to tell and a channel to tell them by.")
    if ladder.rungs[0].unless_received or ladder.repeat.unless_received:
        raise LadderRefused("Neither the first rung nor the one that repeats may be passed over.")
    others = [rung.after_s for rung in ladder.rungs if not set(rung.who) <= FIRST]
    if min(others, default=float("inf")) > LATEST_OTHER_S:
        raise LadderRefused(f"Somebody other than the officer has to be told within {LATEST_OTHER_S:.0f} s.")
    if Who.SUPERVISORS not in ladder.repeat.who:
        raise LadderRefused("The rung that repeats has to tell the supervisors: a desk may be closed.")
    shortest, longest = REPEAT_BETWEEN_S
    if not shortest <= ladder.repeat.after_s <= longest:
        raise LadderRefused(f"Repetition has to be every {shortest:.0f} to {longest:.0f} s.")
    if any(later.after_s - before.after_s > LONGEST_GAP_S for before, later in pairwise(ladder.rungs)):
        raise LadderRefused(f"No more than {LONGEST_GAP_S:.0f} s may lie between two rungs.")
    first_others = next(rung for rung in ladder.rungs if not set(rung.who) <= FIRST)
    if not _rings(first_others) or not _rings(ladder.repeat):
        raise LadderRefused("The first rung for others and the one that repeats have to text or place a call.")


DEFAULT = Ladder(
    rungs=(
        Rung(0.0, (Who.ACKNOWLEDGER, Who.OFFICER), (Channel.WEBSOCKET, Channel.PUSH)),
        Rung(10.0, (Who.ACKNOWLEDGER, Who.OFFICER), (Channel.SMS,), unless_received=True),
        Rung(30.0, (Who.ACKNOWLEDGER, Who.OFFICER), (Channel.VOICE,)),
        Rung(60.0, (Who.COLLEAGUES,), EVERY_CHANNEL),
        Rung(180.0, (Who.SUPERVISORS,), EVERY_CHANNEL),
    ),
    repeat=Rung(
        120.0,
        (Who.ACKNOWLEDGER, Who.OFFICER, Who.COLLEAGUES, Who.SUPERVISORS, Who.DUTY_DESK),
        EVERY_CHANNEL,
    ),
)
