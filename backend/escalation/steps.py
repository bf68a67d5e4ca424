"""The escalation policy as data: steps, responders, channels and delays, and which may be used. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import pairwise
from typing import Any

from backend import channels
from backend.vocabulary import Channel


class Who(StrEnum):
    """A place in the escalation policy that people fill."""

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
# What is looked at and calls no one.
QUIET = (*channels.HINTS, *channels.TO_DEVICES)


class PolicyRefused(ValueError):
    """An escalation policy by which someone could be left unwarned; the text says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Step:
    """Who is due what, ``after_s`` seconds after the alert or after danger rose."""

    after_s: float
    who: tuple[Who, ...]
    channels: tuple[Channel, ...]
    # The step is passed over when a phone of these people has said that it received the warning.
    unless_received: bool = False
    # The next step waits for its own time, also where this one reaches no one.
    is_quiet: bool = False


@dataclass(frozen=True, slots=True)
class Policy:
    """Steps in the order of their time, and the one that repeats every ``repeat.after_s`` after the last."""

    steps: tuple[Step, ...]
    repeat: Step

    def step(self, number: int) -> Step:
        """Return step ``number``, from 0; past the end it is the one that repeats."""
        return self.steps[number] if number < len(self.steps) else self.repeat

    def due_after_s(self, number: int) -> float:
        """Return the seconds from the escalation policy's start to step ``number``."""
        if number < len(self.steps):
            return self.steps[number].after_s
        return self.steps[-1].after_s + self.repeat.after_s * (number - len(self.steps) + 1)

    def beyond_first(self, number: int) -> int:
        """Return the first step from ``number`` on that asks someone other than the first person."""
        while number < len(self.steps) and set(self.steps[number].who) <= FIRST:
            number += 1
        return number

    def to_json(self) -> dict[str, Any]:
        """Return the escalation policy as it is stored."""
        return {"rungs": [_step_out(step) for step in self.steps], "repeat": _step_out(self.repeat)}


def _step_out(step: Step) -> dict[str, Any]:
    return {
        "after_s": step.after_s,
        "who": list(step.who),
        "channels": list(step.channels),
        "unless_received": step.unless_received,
        # No team sets a quiet step: it is of the policies that Cordon derives for a silent tag.
        **({"is_quiet": True} if step.is_quiet else {}),
    }


def policy_of(content: Mapping[str, Any]) -> Policy:
    """Return the escalation policy that was stored. Raises: PolicyRefused."""
    try:
        policy = Policy(tuple(_step_in(step) for step in content["rungs"]), _step_in(content["repeat"]))
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise PolicyRefused(f"This is not an escalation policy: {error}.") from None
    _check(policy)
    return policy


def _step_in(content: Mapping[str, Any]) -> Step:
    after_s = float(content["after_s"])
    # No comparison holds for what is not a number: every check below would let it pass.
    if not math.isfinite(after_s):
        raise ValueError("a delay has to be a number of seconds")
    return Step(
        after_s,
        tuple(Who(who) for who in content["who"]),
        tuple(Channel(channel) for channel in content["channels"]),
        bool(content.get("unless_received", False)),
        bool(content.get("is_quiet", False)),
    )


# An officer who was not reached within this time has to be another person's concern.
LATEST_OTHER_S = 300.0
REPEAT_BETWEEN_S = (30.0, 600.0)


LONGEST_GAP_S = 600.0


def _rings(step: Step) -> bool:
    return not set(channels.TO_NUMBERS).isdisjoint(step.channels)


def _check(policy: Policy) -> None:
    if not policy.steps or policy.steps[0].after_s != 0:
        raise PolicyRefused("The first step has to be immediate: give it after_s 0.")
    if any(later.after_s <= before.after_s for before, later in pairwise(policy.steps)):
        raise PolicyRefused("Each step has to come later than the one before it.")
    for step in (*policy.steps, policy.repeat):
        if not step.who or not step.channels:
            raise PolicyRefused("Each step needs someone to notify and a channel.")
    if policy.steps[0].unless_received or policy.repeat.unless_received:
        raise PolicyRefused("Neither the first step nor the one that repeats may be skipped.")
    others = [step.after_s for step in policy.steps if not set(step.who) <= FIRST]
    if min(others, default=float("inf")) > LATEST_OTHER_S:
        raise PolicyRefused(f"Someone other than the officer has to be notified within {LATEST_OTHER_S:.0f} s.")
    if Who.SUPERVISORS not in policy.repeat.who:
        raise PolicyRefused("The step that repeats has to notify the supervisors: a desk may be closed.")
    shortest, longest = REPEAT_BETWEEN_S
    if not shortest <= policy.repeat.after_s <= longest:
        raise PolicyRefused(f"Repetition has to be every {shortest:.0f} to {longest:.0f} s.")
    if any(later.after_s - before.after_s > LONGEST_GAP_S for before, later in pairwise(policy.steps)):
        raise PolicyRefused(f"No more than {LONGEST_GAP_S:.0f} s may lie between two steps.")
    first_others = next(step for step in policy.steps if not set(step.who) <= FIRST)
    if not _rings(first_others) or not _rings(policy.repeat):
        raise PolicyRefused("The first step for others and the one that repeats have to text or call.")


def quiet_first(policy: Policy, quiet_s: float) -> Policy:
    """Return a policy by which the first people get a push alone, and the first call is due ``quiet_s`` seconds later.

    The first step that has to ring falls due then, unless that is later than others may be asked.
    """
    rings_s = min(step.after_s for step in policy.steps if _rings(step) and not step.unless_received)
    others_s = min(step.after_s for step in policy.steps if not set(step.who) <= FIRST)
    later_s = min(quiet_s - rings_s, LATEST_OTHER_S - others_s)
    if later_s <= 0.0:
        return policy
    quiet = Step(0.0, (Who.ACKNOWLEDGER, Who.OFFICER), QUIET, is_quiet=True)
    rest = (step for step in policy.steps if step.after_s > 0.0 or _rings(step))
    return Policy((quiet, *(replace(step, after_s=step.after_s + later_s) for step in rest)), policy.repeat)
