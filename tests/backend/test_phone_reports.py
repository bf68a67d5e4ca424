"""What Traccar Client and OwnTracks send, in the forms that their documentation gives."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from backend.own_pages import phone_reports
from zones import Fix, Source

NOW = datetime(2026, 11, 30, 14, 0, tzinfo=UTC)
AT = NOW.timestamp()


@pytest.mark.parametrize(
    ("values", "fix", "battery"),
    [
        pytest.param(
            {"id": "t", "timestamp": f"{AT:.0f}", "lat": "51.5", "lon": "-0.1", "speed": "1.94", "batt": "81"},
            Fix(AT, 51.5, -0.1, None, 0.998),
            81.0,
            id="seconds, knots and battery",
        ),
        pytest.param(
            {"deviceid": "t", "timestamp": f"{AT * 1000:.0f}", "location": "51.5,-0.1", "accuracy": "12.5"},
            Fix(AT, 51.5, -0.1, 12.5),
            None,
            id="milliseconds, one location, accuracy",
        ),
        pytest.param(
            {"id": "t", "timestamp": "2026-11-30 14:00:00", "lat": "51.5", "lon": "-0.1", "accuracy": "0.0"},
            Fix(AT, 51.5, -0.1),
            None,
            id="a day and a time are UTC, an accuracy of 0 is unknown",
        ),
        pytest.param(
            {"id": "t", "timestamp": "2026-11-30T14:00:00Z", "lat": "51.5", "lon": "-0.1"},
            Fix(AT, 51.5, -0.1),
            None,
            id="ISO",
        ),
        pytest.param({"id": "t", "lat": "51.5", "lon": "-0.1"}, Fix(AT, 51.5, -0.1), None, id="no time is now"),
        pytest.param(
            {"id": "t", "lat": "51.5", "lon": "-0.1", "accuracy": "-1.0", "valid": "false"},
            Fix(AT, 51.5, -0.1, 15.0, source=Source.UNKNOWN, is_valid=False),
            None,
            id="an accuracy below 0, and marked invalid",
        ),
        pytest.param({"id": "t", "batt": "40"}, None, 40.0, id="no position is a sign of life"),
        pytest.param({"id": "t", "lat": "151.5", "lon": "-0.1"}, None, None, id="no such latitude"),
        pytest.param({"id": "t", "lat": "nan", "lon": "1e999"}, None, None, id="no numbers"),
        pytest.param(
            {"id": "t", "lat": "51.5", "lon": "-0.1", "accuracy": "-1", "speed": "-1", "batt": "x", "charge": "true"},
            Fix(AT, 51.5, -0.1, 15.0, source=Source.UNKNOWN),
            None,
            id="-1 is no claim, and what else there is says nothing",
        ),
        pytest.param({"id": "t", "location": "51.5"}, None, None, id="half a location"),
        pytest.param({"id": "t", "lat": "51.5"}, None, None, id="no longitude"),
        pytest.param({"id": "t", "lat": "", "lon": ""}, None, None, id="empty fields"),
        pytest.param({"id": "t", "timestamp": "yesterday", "lat": "51.5", "lon": "-0.1"}, None, None, id="no time"),
    ],
)
def test_a_form_of_traccar_client(values: dict[str, str], fix: Fix | None, battery: float | None) -> None:
    report = phone_reports.of_form(values, NOW)
    assert report.token == "t"
    assert report.battery_pct == battery
    assert _plain(report.fix) == _plain(fix)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(
            {
                "location": {
                    "timestamp": "2026-11-30T14:00:00.000Z",
                    "coords": {"latitude": 51.5, "longitude": -0.1, "accuracy": 9, "speed": -1, "heading": -1},
                    "is_moving": False,
                    "battery": {"level": 0.5, "is_charging": False},
                    "extras": {},
                },
                "device_id": "t",
            },
            id="nested",
        ),
        pytest.param(
            [
                {
                    "device_id": "t",
                    "location": {"timestamp": "2026-11-30T14:00:00Z"},
                    "latitude": 51.5,
                    "longitude": -0.1,
                    "accuracy": 9,
                    "battery": {"level": 0.5},
                }
            ],
            id="flat, in a list",
        ),
    ],
)
def test_the_json_of_traccar_client(content: Any) -> None:
    (report,) = phone_reports.of_traccar_json(content, NOW)
    assert (report.token, report.battery_pct, _plain(report.fix)) == ("t", 50.0, _plain(Fix(AT, 51.5, -0.1, 9)))


def test_unknown_values_of_the_json_are_none_and_its_identity_may_stand_in_the_address() -> None:
    content = {
        "location": {
            "timestamp": 1_796_047_200_000,
            "coords": {"latitude": 51.5, "longitude": -0.1, "accuracy": -1, "speed": -1},
            "battery": {"level": -1},
        }
    }
    (report,) = phone_reports.of_traccar_json(content, NOW, "t")
    assert report.token == "t"
    assert report.battery_pct is None
    assert report.fix is not None
    assert _plain(report.fix) == _plain(Fix(AT, 51.5, -0.1, 15.0, source=Source.UNKNOWN))


def test_an_event_without_a_position_and_what_is_no_message_say_nothing() -> None:
    event = {"location": {"event": "providerchange", "timestamp": "2026-11-30T14:00:00Z"}, "device_id": "t"}
    assert [one.fix for one in phone_reports.of_traccar_json([event, 7, None, "x"], NOW)] == [None]


@pytest.mark.parametrize(
    ("content", "fix", "battery"),
    [
        pytest.param(
            {"_type": "location", "tst": AT, "lat": 51, "lon": -0.1, "acc": 15, "vel": 36, "batt": 77, "tid": "ab"},
            Fix(AT, 51.0, -0.1, 15.0, 10.0),
            77.0,
            id="a location, km/h",
        ),
        pytest.param(
            {"_type": "location", "tst": AT, "lat": 51, "lon": -0.1, "batt": -1, "vel": -1},
            Fix(AT, 51.0, -0.1),
            None,
            id="unknown battery and speed",
        ),
        pytest.param(
            {"_type": "location", "lat": 51, "lon": -0.1, "acc": 0}, Fix(AT, 51.0, -0.1), None, id="no time is now"
        ),
        pytest.param({"_type": "location", "tst": AT, "lat": "x", "lon": None}, None, None, id="no numbers"),
        pytest.param({"_type": "location", "tst": AT}, None, None, id="no place"),
        *(
            pytest.param({"_type": kind, "tst": AT, "lat": 51, "lon": -0.1, "acc": 9}, None, None, id=f"a {kind}")
            for kind in ("waypoint", "waypoints", "status", "dump", "card", "cmd", "steps", "beacon", "request")
        ),
        pytest.param({"_type": "transition", "tst": AT, "lat": 51, "lon": -0.1}, None, None, id="a transition"),
        pytest.param({"_type": "lwt", "tst": AT}, None, None, id="a last will"),
        pytest.param({"_type": "encrypted", "data": "x"}, None, None, id="encrypted"),
    ],
)
def test_the_json_of_owntracks(content: dict[str, Any], fix: Fix | None, battery: float | None) -> None:
    report = phone_reports.of_owntracks(content, "t", NOW)
    assert (report.battery_pct, _plain(report.fix)) == (battery, _plain(fix))


def _plain(fix: Fix | None) -> Any:
    if fix is None:
        return None
    speed = None if fix.speed_mps is None else round(fix.speed_mps, 2)
    return (round(fix.fix_time), fix.lat, fix.lon, fix.accuracy_m, speed, fix.source, fix.is_valid)
