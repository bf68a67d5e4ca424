"""Times are read however people type them, and what may mean two times is refused."""

from __future__ import annotations

from contextlib import suppress
from datetime import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.typed_text import time_of_day


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("9am", time(9)),
        ("9:30 pm", time(21, 30)),
        ("12am", time(0)),
        ("12 p.m.", time(12)),
        ("12:15am", time(0, 15)),
        ("21.30", time(21, 30)),
        ("2130", time(21, 30)),
        ("930", time(9, 30)),
        ("midnight", time(0)),
        ("Midday", time(12)),
        ("24:00", time(0)),
        (" 7:05 ", time(7, 5)),
        ("１９：００", time(19)),
    ],
)
def test_a_time_is_read_as_it_is_typed(typed: str, meant: time) -> None:
    assert time_of_day(typed) == meant


@pytest.mark.parametrize(
    "typed", ["", "9", "19", "soon", "25:00", "24:01", "12:60", "0am", "13pm", "9:5", "-1:00", "9 or 10am", "123456"]
)
def test_what_is_no_time_or_may_be_two_is_refused(typed: str) -> None:
    with pytest.raises(ValueError):
        time_of_day(typed)


@given(st.times().map(lambda at: at.replace(second=0, microsecond=0)))
def test_every_minute_reads_back_by_both_clocks(at: time) -> None:
    assert time_of_day(f"{at:%H:%M}") == at
    assert time_of_day(f"{at:%I:%M%p}") == at


@given(st.text(max_size=12))
def test_no_text_fails_in_another_way(text: str) -> None:
    with suppress(ValueError):
        time_of_day(text)
