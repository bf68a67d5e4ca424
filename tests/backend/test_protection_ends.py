"""When a protected person reads of an end, and what makes a place lose its protection."""

from __future__ import annotations

from datetime import datetime

import pytest

from backend.record import protection_ends
from backend.record.facts import LONDON


@pytest.mark.parametrize(
    ("ends_at", "decided_at", "read_at"),
    [
        ((3, 0, 0), (1, 12, 0), (2, 9, 0)),
        ((3, 14, 0), (1, 12, 0), (2, 14, 0)),
        ((3, 22, 0), (1, 12, 0), (3, 9, 0)),
        ((3, 3, 0), (2, 22, 0), (2, 22, 0)),
        ((3, 11, 0), (2, 22, 0), (2, 22, 0)),
        ((3, 13, 0), (2, 22, 0), (3, 9, 0)),
        ((2, 12, 15), (2, 12, 0), (2, 12, 0)),
    ],
    ids=[
        "midnight is read of on the last morning",
        "by day it is read of a day before",
        "late in the evening it is read of in the morning",
        "by night what is decided late is read of at once",
        "a morning that leaves too little time is not waited for",
        "a morning that leaves time enough is waited for",
        "what is decided now is read of at once",
    ],
)
def test_the_hour_at_which_they_read_of_an_end(
    ends_at: tuple[int, int, int], decided_at: tuple[int, int, int], read_at: tuple[int, int, int]
) -> None:
    def at(when: tuple[int, int, int]) -> datetime:
        day, hour, minute = when
        return datetime(2026, 6, day, hour, minute, tzinfo=LONDON)

    assert protection_ends.told_at(at(ends_at), at(decided_at)) == at(read_at)
