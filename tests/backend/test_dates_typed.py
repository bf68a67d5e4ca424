"""A date that is typed in three fields is the day that one field would hold, and is shown again as it was typed."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.web import dates


@given(day=st.dates(date(1900, 1, 1), date(2199, 12, 31)))
def test_three_fields_are_the_day_that_they_show(day: date) -> None:
    shown = dates.parts_of({}, "from_day", day)
    sent = {f"from_day-{part}": text for part, text in shown.items()}
    assert dates.joined(sent, "from_day") == day.isoformat()
    assert dates.parts_of(sent, "from_day", "2026-01-01") == shown


@pytest.mark.parametrize(
    ("typed", "day"),
    [
        (("", "", ""), ""),
        (("4", "2", "2026"), "2026-02-04"),
        (("٤", "٢", "٢٠٢٦"), "2026-02-04"),
        (("", "2", "2026"), "2026-02-00"),
        (("4", "Feb", "2026"), "2026-Feb-04"),
    ],
    ids=["nothing", "without zeros", "other digits", "without its day", "a month by name"],
)
def test_what_is_no_day_stays_what_it_is(typed: tuple[str, str, str], day: str) -> None:
    sent = {f"on-{part}": text for part, text in zip(dates.PARTS, typed, strict=True)}
    assert dates.joined(sent, "on") == day


def test_a_date_in_one_field_is_read_as_well() -> None:
    assert dates.joined({"on": " 2026-11-24 "}, "on") == "2026-11-24"
