"""Whether a tag claims too wide circles, learnt only from nights at a known address.

It is used in one direction: a fix on the forbidden side is judged by the better of what it claims and what the tag has
shown. On the allowed side the claim counts as sent. So learning can raise danger and never lower it: a wearer who wraps
the tag in foil at night, or leaves it elsewhere, only keeps it from learning.
"""

from __future__ import annotations

import bisect
import math
from collections.abc import Sequence
from typing import NamedTuple

# A tag is never believed to be better than half of what it claims, whatever its nights say.
LEAST_SHARE = 0.5
# Nights are compared in steps of 10 % of the claim: a finer answer is within the error of an address (5 to 15 m of 50).
STEPS = (0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
# The worst of five nights is worse than the typical one with 97 % (1 - 0.5 ** 5), whatever the law; nights are one
# sample each, because the errors of a tag at rest are alike for hours.
NIGHTS_NEEDED = 5
NIGHTS_KEPT = 7
# A phone's system changes with its updates, about monthly: what is older says nothing of its claims now.
FORGOTTEN_AFTER_NIGHTS = 28
# A night counts from so many different places told a minute apart: 20 of them know a 68 % share to within 10 %.
FIXES_NEEDED = 20
APART_S = 60.0
# The share of fixes that a claimed radius holds. Source: zones.sources, of a 68 % radius.
HELD_SHARE = 0.68


class Nights(NamedTuple):
    """What a tag's nights showed of one source: the night that is counted now, and what those before it told.

    `night` is a number that grows by one a night; `counts` of how many fixes the true place lay within each of `STEPS`
    times the claim, and beyond; `told` the nights before with the share of the claim that held 68 % of their fixes.
    """

    night: int
    newest_at: float
    newest_error_m: float
    counts: tuple[int, ...]
    told: tuple[tuple[int, float], ...]


NOTHING = Nights(0, 0.0, -1.0, (0,) * (len(STEPS) + 1), ())


def learn(known: Nights, night: int, at: float, error_m: float, claim_m: float) -> Nights:
    """Return what is known after one more fix of a night at the address, `error_m` from it.

    A fix older than the newest one, one of the same place (as far from the address to the millimetre), and one within a
    minute of the last add nothing: a kept answer told all night is one.
    """
    error_m = round(error_m, 3)
    if night < known.night or at <= known.newest_at:
        return known
    if night > known.night:
        known = Nights(night, known.newest_at, known.newest_error_m, NOTHING.counts, _told(known))
    if at - known.newest_at < APART_S or error_m == known.newest_error_m:
        return known
    counts = list(known.counts)
    counts[bisect.bisect_left(STEPS, error_m / claim_m)] += 1
    return Nights(night, at, error_m, tuple(counts), known.told)


def _told(known: Nights) -> tuple[tuple[int, float], ...]:
    """Return what the nights told, with the one that was counted last, if it had enough fixes."""
    total = sum(known.counts)
    if total < FIXES_NEEDED:
        return known.told
    held, share = 0, 1.0
    for step, count in zip(STEPS, known.counts, strict=False):
        held += count
        if held >= HELD_SHARE * total:
            share = step
            break
    return (*known.told, (known.night, share))[-NIGHTS_KEPT:]


def share_of_claim(known: Nights | None, night: int) -> float:
    """Return by which share of its claims a tag may be judged in `night`: the worst of its last nights, 0.5 to 1."""
    if known is None:
        return 1.0
    told = known.told if known.night >= night else _told(known)
    shares = [share for of, share in told if night - of <= FORGOTTEN_AFTER_NIGHTS]
    return min(1.0, max(LEAST_SHARE, *shares)) if len(shares) >= NIGHTS_NEEDED else 1.0


def to_numbers(known: Nights) -> list[float]:
    """Return what is known as plain numbers, to be stored."""
    told = [number for pair in known.told for number in pair]
    return [known.night, known.newest_at, known.newest_error_m, *known.counts, *told]


def from_numbers(numbers: Sequence[float]) -> Nights:
    """Read what `to_numbers` wrote. Raises: ValueError for anything else."""
    head = 3 + len(NOTHING.counts)
    is_plain = all(isinstance(one, int | float) and not isinstance(one, bool) for one in numbers)
    if len(numbers) < head or (len(numbers) - head) % 2 or not is_plain:
        raise ValueError("These are not the nights of a tag.")
    if not all(math.isfinite(one) for one in numbers):
        raise ValueError("These are not the nights of a tag.")
    counts = tuple(int(count) for count in numbers[3:head])
    told = tuple((int(of), float(share)) for of, share in zip(numbers[head::2], numbers[head + 1 :: 2], strict=True))
    return Nights(int(numbers[0]), float(numbers[1]), float(numbers[2]), counts, told)
