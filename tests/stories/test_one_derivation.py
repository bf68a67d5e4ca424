"""What people are told is what all evidence comes to: what late fixes change of an alert in each of its states."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from backend import alerts, clock, db
from backend.cases import monitoring_status, writing
from backend.cases.monitoring_status import Suspended
from backend.record.facts import Terms
from tests import cases
from tests.stories.test_case_ends import on_an_order, suspend
from tests.world import HOME, World

FAR_M = 4_700.0
MINUTE = timedelta(minutes=1)


@pytest.fixture
def fixes(told: World) -> Callable[..., None]:
    """Send fixes of so many minutes after now, whenever they arrive."""
    # What is sent about it is for other stories.
    told.checks_at_end = False
    began = clock.now()

    def send(metres: float, *minutes: int) -> None:
        told.tag.reports(
            *({**told.tag.fix(metres), "fix_time": (began + minute * MINUTE).isoformat()} for minute in minutes)
        )

    return send


def alert_of(world: World) -> dict[str, Any]:
    (alert,) = [one for one in world.officer.alerts("all") if one["kind"] == "zone"]
    return alert


def minutes_of(began: datetime, alert: dict[str, Any]) -> tuple[float, float]:
    """Return the minutes between which an alert lasted."""
    ends = (datetime.fromisoformat(alert[name]) for name in ("fix_time", "last_fix_time"))
    first, last = ((at - began) / MINUTE for at in ends)
    return round(first), round(last)


def live(world: World, send: Callable[..., None], began: datetime, metres: float, *minutes: int) -> None:
    for minute in minutes:
        cases.forward_to(world, began + minute * MINUTE)
        send(metres, minute)


def test_a_return_that_was_an_error_takes_nothing_back_of_the_visit_before_it(
    told: World, fixes: Callable[..., None]
) -> None:
    began = clock.now()
    live(told, fixes, began, FAR_M, 0, 1)
    live(told, fixes, began, 0.0, 5, 6, 7, 8)
    live(told, fixes, began, 0.0, 20)
    assert (alert_of(told)["certainty"], alert_of(told)["is_over"]) == ("confirmed", False)
    # What the tag had stored: they had left, and the fix of now is all that says that they are back.
    fixes(FAR_M, 12, 13, 14, 15, 16, 17)
    live(told, fixes, began, FAR_M, 23, 24, 25)
    told.settle()
    alert = alert_of(told)
    assert (alert["certainty"], alert["level"], alert["is_over"]) == ("confirmed", "breach", True)
    first, last = minutes_of(began, alert)
    assert first == 5
    assert 8 <= last <= 23


def test_two_visits_with_an_hour_between_them_are_two_alerts_however_late_that_is_known(
    told: World, fixes: Callable[..., None]
) -> None:
    began = clock.now()
    live(told, fixes, began, FAR_M, 0, 1)
    live(told, fixes, began, 0.0, 5, 6, 7, 8)
    live(told, fixes, began, 0.0, 75, 76, 77)
    live(told, fixes, began, FAR_M, 81, 82, 83)
    assert minutes_of(began, alert_of(told)) == (5, 82)
    # One fix off, soon after the first visit, and one just before the second.
    fixes(FAR_M, 12)
    fixes(FAR_M, 71)
    told.settle()
    found = sorted(minutes_of(began, one) for one in told.officer.alerts("all") if one["kind"] == "zone")
    assert len(found) == 2, found
    assert found[0][0] == 5
    assert found[1][0] == 75


def test_an_alert_that_a_suspension_closed_still_tells_of_its_whole_visit_and_how_sure_it_was(
    told: World, fixes: Callable[..., None]
) -> None:
    on_an_order(told)
    began = clock.now()
    live(told, fixes, began, FAR_M, 0, 1)
    live(told, fixes, began, 0.0, 5)
    assert alert_of(told)["certainty"] == "unconfirmed"
    cases.forward_to(told, began + 30 * MINUTE)
    suspend(told, from_at=began + 31 * MINUTE)
    cases.forward_to(told, began + 40 * MINUTE)
    assert alert_of(told)["handling"] == "closed"
    fixes(0.0, 6, 7, 8, 9, 20)
    told.settle()
    alert = alert_of(told)
    assert (alert["certainty"], alert["is_over"], alert["handling"]) == ("confirmed", True, "open")
    assert minutes_of(began, alert) == (5, 31)


def test_an_alert_that_no_fix_bears_out_any_more_is_withdrawn_as_the_late_fix_comes(
    told: World, fixes: Callable[..., None]
) -> None:
    made, _ = on_an_order(told)
    until = clock.now() + timedelta(days=60)
    began = clock.now()
    cases.vary(told, made, Terms(told.zone.from_at, until, is_suspended=True), began)
    live(told, fixes, began, 0.0, 5, 6, 7)
    assert [one for one in told.officer.alerts("all") if one["kind"] == "zone"] == []
    cases.forward_to(told, began + 40 * MINUTE)
    # The order held again while the last that was known of them was that they were inside.
    cases.vary(told, made, Terms(told.zone.from_at, until), began + 30 * MINUTE)
    assert (alert_of(told)["certainty"], alert_of(told)["is_over"]) == ("unconfirmed", False)
    fixes(FAR_M, 20)
    told.settle()
    alert = alert_of(told)
    assert (alert["certainty"], alert["is_over"]) == ("withdrawn", True)
    assert any("arrived later" in said for said in alert["reasons"])


def test_a_zone_that_is_moved_afterwards_ends_what_stands_though_no_fix_came_since(
    told: World, fixes: Callable[..., None]
) -> None:
    began = clock.now()
    live(told, fixes, began, FAR_M, 0, 1)
    live(told, fixes, began, 0.0, 5, 6, 7)
    cases.forward_to(told, began + 42 * MINUTE)
    assert not alert_of(told)["is_over"]
    writing.change_zone(
        told.officer.person,
        told.zone.id,
        began + 9 * MINUTE,
        clock.now(),
        why="They moved.",
        feature=cases.circle(*cases.east_of(HOME, FAR_M)),
        is_confirmed=True,
    )
    told.settle()
    assert alert_of(told)["is_over"]
    assert minutes_of(began, alert_of(told)) == (5, 9)


def test_a_suspension_that_is_corrected_to_later_leaves_one_alert_of_one_stay(
    told: World, fixes: Callable[..., None]
) -> None:
    made, _ = on_an_order(told)
    until = clock.now() + timedelta(days=60)
    began = clock.now()
    live(told, fixes, began, FAR_M, 0, 1)
    live(told, fixes, began, 0.0, 5, 10)
    suspended = Terms(told.zone.from_at, until, is_suspended=True)
    wrong = cases.vary(told, made, suspended, began + 33 * MINUTE)
    cases.forward_to(told, began + 44 * MINUTE)
    assert alert_of(told)["is_over"]
    cases.vary(told, made, suspended, began + 90 * MINUTE, corrects=wrong)
    told.settle()
    (alert,) = [one for one in cases.alerts() if one.outcome_code != alerts.JOINED]
    assert (alert.is_over, round((alert.fix_time - began) / MINUTE)) == (False, 5)


@pytest.mark.parametrize("is_known_at_once", [True, False])
def test_a_return_in_doubt_that_the_record_ends_leaves_the_visit_before_it_as_sure_as_it_was(
    told: World, fixes: Callable[..., None], is_known_at_once: bool
) -> None:
    on_an_order(told)
    began = clock.now()
    live(told, fixes, began, FAR_M, 0, 1)
    live(told, fixes, began, 0.0, 5, 6, 7, 8)
    live(told, fixes, began, FAR_M, 12, 13, 14)
    live(told, fixes, began, 0.0, 20)
    assert (alert_of(told)["certainty"], alert_of(told)["is_over"]) == ("unconfirmed", False)
    cases.forward_to(told, began + 22 * MINUTE)
    suspend(told, from_at=began + (22 if is_known_at_once else 16) * MINUTE)
    told.settle()
    alert = alert_of(told)
    assert (alert["certainty"], alert["level"], alert["is_over"]) == ("confirmed", "breach", True)


def zone_alerts(world: World, began: datetime) -> list[tuple[tuple[float, float], bool, str]]:
    """Return from when to when each alert tells, whether it is over, and how sure it is."""
    found = [one for one in world.officer.alerts("all") if one["kind"] == "zone"]
    return sorted((minutes_of(began, one), one["is_over"], one["certainty"]) for one in found)


def suspend_until(world: World, from_at: datetime, until: datetime) -> None:
    monitoring_status.suspend(
        world.officer.person,
        world.wearer.id,
        Suspended.CUSTODY,
        from_at,
        until,
        clock.now(),
        why="Held for a moment.",
        until=until,
        is_confirmed=True,
    )
    db.release_connection()


def test_what_a_suspension_parts_are_two_alerts_each_as_long_as_protection_was_in_force(
    told: World, fixes: Callable[..., None]
) -> None:
    began = clock.now()
    live(told, fixes, began, FAR_M, 0, 1)
    live(told, fixes, began, 0.0, 5, 6)
    suspend_until(told, began + 8 * MINUTE, began + 9 * MINUTE)
    for minutes in (8.2, 9.2):
        cases.forward_to(told, began + minutes * MINUTE)
    before, after = zone_alerts(told, began)
    assert (before, after[0][0], after[1]) == (((5, 8), True, "confirmed"), 9, False)
    suspend_until(told, began + 13 * MINUTE, began + 90 * MINUTE)
    cases.forward_to(told, began + 13.2 * MINUTE)
    told.settle()
    assert [span for span, _, _ in zone_alerts(told, began)] == [(5, 8), (9, 13)]


def test_who_comes_back_after_a_withdrawal_is_told_of_from_then_where_late_fixes_tell_of_the_first_visit(
    told: World, fixes: Callable[..., None]
) -> None:
    began = clock.now()
    live(told, fixes, began, FAR_M, 0, 1)
    live(told, fixes, began, 0.0, 15)
    live(told, fixes, began, FAR_M, 29)
    assert zone_alerts(told, began)[0][2] == "withdrawn"
    fixes(0.0, 16)
    fixes(FAR_M, 19, 20, 21)
    live(told, fixes, began, FAR_M, 30, 31, 32)
    live(told, fixes, began, 0.0, 35)
    told.settle()
    (first, second) = zone_alerts(told, began)
    assert (first[0][0], first[1], first[2]) == (15, True, "confirmed")
    assert (second[0][0], second[1]) == (35, False)


def test_who_is_inside_by_a_late_fix_is_inside_still_where_only_worthless_reports_are_newer(
    told: World, fixes: Callable[..., None]
) -> None:
    began = clock.now()
    live(told, fixes, began, FAR_M, 0, 1)
    for minute in (25, 40):
        cases.forward_to(told, began + minute * MINUTE)
        told.tag.reports({"fix_time": clock.now().isoformat(), "lat": 0.0, "lon": 0.0, "accuracy_m": 5.0})
    fixes(0.0, 20, 21)
    told.settle()
    alert = alert_of(told)
    assert (alert["is_over"], alert["is_late"]) == (False, False)
    live(told, fixes, began, FAR_M, 42, 43)
    told.settle()
    (span, is_over, certainty) = zone_alerts(told, began)[0]
    assert (span[0], is_over, certainty) == (20, True, "confirmed")
