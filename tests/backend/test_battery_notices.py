"""Who is notified of a battery, and when: rules by hand."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from backend.record.facts import LONDON
from backend.silence.battery import Battery
from backend.silence.battery_notices import DIES_TONIGHT, LOW, event_of


@pytest.mark.parametrize(
    ("hour", "pct", "hours_left", "expected"),
    [
        (14, 80, 30, None),
        (14, 18, None, LOW),
        (14, 40, 10, LOW),
        (20, 18, None, None),
        (20, 40, 5, DIES_TONIGHT),
        (20, 60, 14, None),
        (2, 12, 3, DIES_TONIGHT),
        (2, 30, 9, None),
        (2, 9, None, DIES_TONIGHT),
    ],
    ids=[
        "full by day",
        "little left by day",
        "dies within half a day",
        "little left in the evening without a known rate",
        "dies tonight",
        "lasts until after breakfast",
        "dies before morning",
        "lasts until the morning",
        "almost empty at night, at whatever rate",
    ],
)
def test_event_of_a_battery(hour: int, pct: float, hours_left: float | None, expected: str | None) -> None:
    now = datetime(2026, 11, 24, hour, tzinfo=LONDON)
    start = Battery(pct, now, pct, now - timedelta(hours=2))
    if hours_left is not None:
        start = Battery(pct, now, pct + 2 * pct / hours_left, now - timedelta(hours=2))
    assert event_of(start, now) == expected
