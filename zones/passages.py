"""Passages: one is a journey, several in a short while are a person who comes back."""

from __future__ import annotations

from collections.abc import Sequence

# A journey there and back passes a place twice; the third within an hour is not on the way to anywhere.
REPEATED_COUNT = 3
REPEATED_WITHIN_S = 3600.0


def are_repeated(
    passed_at: Sequence[float], at: float, count: int = REPEATED_COUNT, within_s: float = REPEATED_WITHIN_S
) -> bool:
    """Return whether passages of one zone (instants in epoch seconds, in any order) are an alert of their own at `at`.

    True when at least `count` of them lie in the `within_s` seconds up to and including `at`.
    """
    return sum(at - within_s <= passed <= at for passed in passed_at) >= count
