"""How long something took is said to the millisecond, how long ago it was in whole seconds."""

from __future__ import annotations

import pytest

from backend.web.pages import duration, elapsed


@pytest.mark.parametrize(
    ("seconds", "took", "ago"),
    [
        (0.0, "0 ms", "1 s"),
        (0.513, "513 ms", "1 s"),
        (7.04, "7.0 s", "7 s"),
        (59.4, "59 s", "59 s"),
        (59.7, "1 min 0 s", "1 min 0 s"),
        (7_260.0, "2 h 1 min", "2 h 1 min"),
    ],
)
def test_milliseconds_are_for_measurements_only(seconds: float, took: str, ago: str) -> None:
    assert (duration(seconds), elapsed(seconds)) == (took, ago)
