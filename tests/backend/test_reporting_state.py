"""Four silences that are never mixed, and batteries that empty: rules by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from backend.silence.battery import Battery, after
from backend.silence.reporting_state import Heard, ReportingState, reporting_of

NOW = datetime(2026, 11, 24, 20, tzinfo=UTC)
JUST_NOW = NOW - timedelta(seconds=30)
LONG_AGO = NOW - timedelta(hours=2)
FITTED = NOW - timedelta(days=3)


@pytest.mark.parametrize(
    ("heard", "state", "since"),
    [
        ({}, ReportingState.REPORTING, JUST_NOW),
        ({"contact_at": None, "located_at": None}, ReportingState.NEVER_REPORTED, FITTED),
        ({"contact_at": FITTED - timedelta(days=1)}, ReportingState.NEVER_REPORTED, FITTED),
        ({"contact_at": LONG_AGO, "located_at": LONG_AGO}, ReportingState.NO_CONTACT, LONG_AGO),
        ({"located_at": LONG_AGO}, ReportingState.BLIND, LONG_AGO),
        ({"located_at": None}, ReportingState.BLIND, FITTED),
        ({"located_at": FITTED - timedelta(hours=1)}, ReportingState.BLIND, FITTED),
        ({"located_at": LONG_AGO, "was_at_address": True}, ReportingState.AT_REST, LONG_AGO),
        (
            {"located_at": LONG_AGO, "was_at_address": True, "is_tampered": True},
            ReportingState.BLIND,
            LONG_AGO,
        ),
        (
            {"contact_at": LONG_AGO, "located_at": LONG_AGO, "is_tampered": True},
            ReportingState.SWITCHED_OFF,
            LONG_AGO,
        ),
        ({"worn_since": None}, ReportingState.NO_TAG, None),
        ({"is_monitored": False, "contact_at": LONG_AGO}, ReportingState.NOT_MONITORED, None),
    ],
    ids=[
        "a tag that reports",
        "a tag that never reported",
        "a tag that reported only before it was fitted",
        "no contact",
        "in contact and blind",
        "blind from the first day on",
        "what it sent before it was fitted is no position of this wearer",
        "at rest at the approved address",
        "a strap that was opened excludes rest",
        "silent after a tamper",
        "no tag",
        "not monitored",
    ],
)
def test_reporting_state(heard: dict[str, Any], state: ReportingState, since: datetime | None) -> None:
    known = {"worn_since": FITTED, "contact_at": JUST_NOW, "located_at": JUST_NOW}
    told = reporting_of(Heard(**{**known, **heard}), NOW, 60.0)
    assert (told.state, told.since) == (state, since)


def _levels(*levels: tuple[float, float]) -> Battery | None:
    battery: Battery | None = None
    for hours, pct in levels:
        battery = after(battery, pct, NOW + timedelta(hours=hours))
    return battery


def test_a_battery_that_falls_evenly_says_when_it_is_empty() -> None:
    battery = _levels((0, 60), (1, 55), (2, 50), (3, 45))
    assert battery is not None
    assert battery.per_hour == pytest.approx(5.0)
    assert battery.empty_at == NOW + timedelta(hours=12)
    assert battery.is_low(NOW + timedelta(hours=3))


def test_a_battery_that_was_charged_is_measured_anew() -> None:
    battery = _levels((0, 30), (2, 20), (3, 90), (4, 88))
    assert battery is not None
    assert (battery.from_pct, battery.per_hour) == (90, pytest.approx(2.0))


@pytest.mark.parametrize(
    "levels",
    [((0, 50),), ((0, 50), (0.2, 40)), ((0, 50), (3, 49)), ((0, 50), (3, 50))],
    ids=["one level", "minutes only", "one point, as by rounding", "none lost"],
)
def test_too_little_is_no_rate(levels: tuple[tuple[float, float], ...]) -> None:
    battery = _levels(*levels)
    assert battery is not None
    assert battery.empty_at is None


def test_old_hours_are_forgotten_and_an_older_or_impossible_level_changes_nothing() -> None:
    battery = _levels((0, 100), (6, 94), (8, 82))
    assert battery is not None
    assert battery.at - battery.from_at == timedelta(hours=6)
    assert after(battery, 99.0, NOW) is battery
    assert after(battery, 400.0, NOW + timedelta(hours=9)) is battery
    assert after(None, -3.0, NOW) is None


def test_little_left_is_low_whatever_the_rate() -> None:
    assert Battery(20.0, NOW, 20.0, NOW).is_low(NOW)
    assert not Battery(60.0, NOW, 60.0, NOW).is_low(NOW)
