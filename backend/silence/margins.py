"""How long a tag may send no position before an alert: from its own gaps, and its last location. Pure."""

from __future__ import annotations

from backend.settings import Settings

# A gap that a tag has shown is believed to come again, and half as long again.
FACTOR = 1.5
# What a tag showed this long ago counts half: a new job in a cellar is learnt at once, an old one is forgotten.
HALF_LIFE_S = 14 * 86_400.0


def longest_gap_s(known_s: float, gap_s: float) -> float:
    """Return the longest gap between two places that a tag is known for, after a further gap of ``gap_s`` seconds."""
    return max(gap_s, known_s * 0.5 ** (gap_s / HALF_LIFE_S))


def most_gap_s(settings: Settings) -> float:
    """Return the longest gap in seconds that is learnt: a longer one gives no more time, and would not be forgotten."""
    return settings.silence_most_s / FACTOR


def margin_s(longest_s: float, is_grave: bool, settings: Settings) -> float:
    """Return after how many seconds without a place people are notified.

    Where danger was last seen, or a tag was tampered with, nothing that the tag has taught counts: the one who hides
    often would be given ever more time. Elsewhere it never counts beyond a bound, for the same reason.
    """
    if is_grave:
        return settings.silence_grave_s
    return min(max(FACTOR * longest_s, settings.silence_least_s), settings.silence_most_s)
