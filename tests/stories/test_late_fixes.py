"""Fixes that come late, ahead of time, in heaps or in any order: each stay is an alert, and none is told as now."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from backend import clock
from backend.record.facts import LONDON
from tests import cases
from tests.world import World

Fixes = list[dict[str, Any]]
FAR_M = 4_700.0


def away_and_back(world: World, begins_at: datetime) -> Fixes:
    """Return 48 fixes of four hours: inside for ten minutes after one, two and three hours, else far off."""
    found = []
    for minute in range(0, 240, 5):
        at = begins_at + timedelta(minutes=minute)
        is_inside = minute >= 60 and minute % 60 < 11
        found.append({**world.tag.fix(0.0 if is_inside else FAR_M), "fix_time": at.isoformat()})
    return found


def in_heaps(fixes: Fixes, size: int) -> list[Fixes]:
    return [fixes[n : n + size] for n in range(0, len(fixes), size)]


ORDERS: dict[str, Callable[[Fixes, Fixes], list[Fixes]]] = {
    "the live fix first, then all that was stored": lambda stored, live: [live, stored],
    "all that was stored, then the live fix": lambda stored, live: [stored, live],
    "the live fix first, then what was stored in heaps, oldest first": lambda s, live: [live, *in_heaps(s, 7)],
    "the live fix first, then what was stored in heaps, newest first": lambda s, live: [live, *in_heaps(s, 7)[::-1]],
    "what was stored in heaps, oldest first, then the live fix": lambda s, live: [*in_heaps(s, 7), live],
    "what was stored in heaps, newest first, then the live fix": lambda s, live: [*in_heaps(s, 7)[::-1], live],
    "the live fix between two heaps": lambda s, live: [s[:26], live, s[26:]],
    "every second fix, the live one, and then the others": lambda s, live: [s[::2], live, s[1::2]],
    "all in one request": lambda s, live: [[*s, *live]],
    "all in one request, the newest first": lambda s, live: [[*live, *s[::-1]]],
}


@pytest.mark.parametrize("order", ORDERS)
def test_stored_fixes_of_three_stays_are_three_alerts_and_none_is_told_as_now(told: World, order: str) -> None:
    live = told.tag.fix(FAR_M)
    begins_at = clock.now() - timedelta(hours=4, minutes=1)
    for heap in ORDERS[order](away_and_back(told, begins_at), [live]):
        told.tag.reports(*heap)
        standing = [one for one in told.officer.alerts("all") if not one["is_over"]]
        assert all(one["certainty"] == "unconfirmed" for one in standing), "a breach of the past stands as now"
    told.settle()
    found = told.officer.alerts("all")
    assert all(one["is_over"] for one in found)
    began = sorted(datetime.fromisoformat(one["fix_time"]) - begins_at for one in found)
    assert len(began) == 3, found
    for hour, since in enumerate(began, 1):
        assert timedelta(hours=hour) <= since <= timedelta(hours=hour, minutes=10)
    assert [text.body for text in told.doubles.messages if text.to == told.victim.phone] == []
    said = [push.data["body"] for push in told.pushes] + [text.body for text in told.doubles.messages]
    assert not [body for body in said if "now over" in body or "near" in body]
    told.reads_everything()


def test_the_words_of_a_late_alert_say_when_it_was(told: World) -> None:
    told.tag.is_far_away()
    stay = [told.tag.fix(0.0, ago_s=7_200.0 - 30.0 * n) for n in range(8)]
    told.tag.reports(*stay)
    first, last = (datetime.fromisoformat(one["fix_time"]).astimezone(LONDON) for one in (stay[0], stay[-1]))
    when = f"{first.day} {first:%b} {first:%H:%M} to {last:%H:%M}"
    told.officer.expects_push(f"breach, {when}, found late. Please acknowledge.")
    told.reads_everything()


@pytest.mark.parametrize("minutes", [6, 12, 90])
def test_the_newest_fix_from_inside_is_told_with_its_time_and_never_to_them_when_it_is_old(
    told: World, minutes: int
) -> None:
    told.tag.reports(*(told.tag.fix(0.0, ago_s=60.0 * minutes + 30.0 * n) for n in range(6)))
    alert = told.officer.alert()
    assert (alert["level"], alert["certainty"], alert["is_over"]) == ("breach", "unconfirmed", False)
    seen = datetime.fromisoformat(alert["last_fix_time"]).astimezone(LONDON)
    told.officer.expects_push(f"breach, unconfirmed, last seen {seen.day} {seen:%b} {seen:%H:%M}. Please acknowledge.")
    told.tag.stays(FAR_M, for_s=120)
    assert told.officer.alert()["is_over"]
    assert [text.body for text in told.doubles.messages if text.to == told.victim.phone] == []
    told.reads_everything()


def row(told: World, ago_from_s: float, ago_until_s: float, metres: float, every_s: float = 60.0) -> Fixes:
    """Return fixes of one place, one a minute, from so many seconds ago until so many."""
    count = round((ago_from_s - ago_until_s) / every_s)
    return [told.tag.fix(metres, ago_s=ago_from_s - every_s * n) for n in range(count + 1)]


def began_and_ended(alert: dict[str, Any]) -> tuple[datetime, datetime]:
    return datetime.fromisoformat(alert["fix_time"]), datetime.fromisoformat(alert["last_fix_time"])


def instant_of(fix: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(fix["fix_time"])


def test_late_fixes_move_the_beginning_of_a_breach_that_stands(told: World) -> None:
    told.tag.is_far_away()
    told.forward(3 * 3_600)
    told.tag.stays_inside()
    (standing,) = told.officer.alerts("all")
    stay = row(told, 3 * 3_600, 300, 0.0)
    told.tag.reports(*stay)
    (alert,) = told.officer.alerts("all")
    assert (alert["code"], alert["is_over"]) == (standing["code"], False)
    assert abs(began_and_ended(alert)[0] - instant_of(stay[0])) <= timedelta(seconds=60)
    told.reads_everything()


@pytest.mark.parametrize("heaps", [[0, 1, 2], [2, 1, 0], [1, 2, 0], [0, 2, 1]])
def test_a_long_stay_that_arrives_in_heaps_is_one_alert_in_the_end(told: World, heaps: list[int]) -> None:
    told.tag.is_far_away()
    told.forward(3 * 3_600)
    told.tag.stays_inside()
    stay = row(told, 2 * 3_600, 300, 0.0)
    size = len(stay) // 3 + 1
    for heap in heaps:
        told.tag.reports(*stay[size * heap : size * heap + size])
    told.settle()
    # One that was found to be a part of it is closed.
    found = [one for one in told.officer.alerts("all") if one["handling"] != "closed"]
    assert len(found) == 1, [(one["code"], one["is_late"], *began_and_ended(one), one["reasons"]) for one in found]
    (alert,) = found
    assert abs(began_and_ended(alert)[0] - instant_of(stay[0])) <= timedelta(seconds=60)
    assert not alert["is_over"]
    told.reads_everything()


def test_a_visit_found_late_within_ten_minutes_of_another_is_not_swallowed(told: World) -> None:
    told.tag.is_far_away()
    told.forward(1_800)
    told.tag.stays_inside()
    told.tag.stays(800.0, for_s=180, every_s=30)
    (before,) = told.officer.alerts("all")
    assert before["is_over"]
    told.forward(3_600)
    told.tag.reports(told.tag.fix(800.0))
    ago_s = (clock.now() - began_and_ended(before)[1]).total_seconds() - 300.0
    late = [*row(told, ago_s, ago_s - 90, 0.0, every_s=15.0), told.tag.fix(800.0, ago_s=ago_s - 180)]
    told.tag.reports(*late)
    told.settle()
    (alert,) = told.officer.alerts("all")
    assert began_and_ended(alert)[1] > began_and_ended(before)[1], "a visit is on record that no alert tells of"
    told.reads_everything()


@pytest.mark.parametrize(("ago_s", "stands"), [(170, True), (200, False)])
def test_a_fix_tells_of_now_for_two_intervals_and_a_minute(told: World, ago_s: float, stands: bool) -> None:
    told.tag.is_far_away()
    told.forward(1_800)
    told.tag.reports(told.tag.fix(0.0, ago_s=ago_s), told.tag.fix(0.0, ago_s=ago_s - 15.0), told.tag.fix(900.0))
    (alert,) = told.officer.alerts("all")
    assert alert["is_late"] is not stands
    told.settle()
    told.reads_everything()


def test_they_read_that_it_is_over_once_a_fix_of_now_says_so_and_not_by_a_stored_one(told: World) -> None:
    told.tag.stays_inside()
    told.expect_sms(told.victim.phone, cases.NEAR)
    told.officer.acknowledges()
    told.forward(3_600)
    told.tag.reports(*(told.tag.fix(2_000.0, ago_s=3_500.0 - 60.0 * n) for n in range(10)))
    told.reads_everything()
    assert told.officer.alert()["is_over"]
    assert [text.body for text in told.doubles.messages if text.to == told.victim.phone] == [cases.NEAR]
    told.forward(1_800)
    told.tag.stays(FAR_M, for_s=60)
    told.expect_sms(told.victim.phone, cases.OVER)
    told.reads_everything()


@pytest.mark.parametrize("ahead_s", [5, 30, 57])
@pytest.mark.parametrize("order", ["ahead first", "ahead last", "in one request"])
def test_a_second_source_that_is_ahead_hides_no_breach(told: World, ahead_s: int, order: str) -> None:
    told.tag.is_far_away()
    for which in {"ahead first": "ai", "ahead last": "ia", "in one request": ["ai"]}[order]:
        ahead = {**told.tag.fix(FAR_M, ago_s=-ahead_s), "source": "wifi"}
        told.tag.reports(*(ahead if one == "a" else told.tag.fix(0.0) for one in which))
        told.clock.forward(1)
    for _ in range(4):
        told.tag.reports(told.tag.fix(0.0))
        told.clock.forward(10)
    alert = told.officer.alert()
    assert (alert["level"], alert["is_over"]) == ("breach", False)
    assert datetime.fromisoformat(alert["last_fix_time"]) <= clock.now()
    told.reads_everything()


def test_a_fix_ahead_that_is_sent_again_is_the_same_fix(world: World) -> None:
    ahead = world.tag.fix(FAR_M, ago_s=-40)
    assert world.tag.reports(ahead)["accepted"] == 1
    world.clock.forward(50)
    assert world.tag.reports(ahead) == {"accepted": 0, "duplicate": 1, "refused": [], "report_interval_s": 60}
    still = [{**ahead, "fix_time": (clock.now() + timedelta(seconds=n)).astimezone(UTC).isoformat()} for n in (5, 20)]
    assert world.tag.reports(*still)["refused"] == []


def test_the_same_id_with_another_body_is_a_request_of_its_own(told: World) -> None:
    first, second = told.tag.fix(FAR_M, ago_s=20.0), told.tag.fix(0.0)
    told.tag.post(first, webhook_id="msg_1")
    body = json.dumps({"fixes": [second]}).encode()
    answer = told.tag.post(body=body, webhook_id="msg_1")
    assert answer.json()["accepted"] == 1
    assert told.officer.alert()["level"] == "breach"
    assert told.tag.post(body=body, webhook_id="msg_1").json() == answer.json()
    assert len(cases.fixes()) == 2
    told.reads_everything()
