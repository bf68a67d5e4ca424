"""The rule "does an alert already cover this visit?", and what a visit that is found late changes of alerts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from backend.alerts.visit_derivation import (
    AlertSpan,
    Change,
    Extend,
    FoundVisit,
    Join,
    Raise,
    Span,
    changes_for,
    covers,
    cut_to,
)

DAY = datetime(2026, 11, 24, tzinfo=UTC)


def at(clock: str) -> datetime:
    hours, minutes = clock.split(":")
    return DAY + timedelta(hours=int(hours), minutes=int(minutes))


def visit(began: str, ended: str, **more: Any) -> FoundVisit:
    return FoundVisit(at(began), at(ended), **more)


def alert(began: str, last: str, alert_id: int = 1, **more: Any) -> AlertSpan:
    seen, found = (tuple(at(one) for one in more.pop(name, ())) for name in ("seen", "found"))
    return AlertSpan(alert_id, at(began), at(last), seen_at=seen, found_at=found, **more)


@pytest.mark.parametrize(
    ("told", "found", "is_covered"),
    [
        pytest.param(alert("10:00", "12:00"), visit("11:00", "11:08"), False, id="within one that saw nothing of it"),
        pytest.param(
            alert("10:00", "12:00", seen=["11:05"]), visit("11:00", "11:08"), True, id="within one that saw it"
        ),
        pytest.param(
            alert("10:00", "10:20", seen=["10:05"]), visit("10:10", "10:10"), True, id="5 min after what it saw last"
        ),
        pytest.param(alert("10:00", "10:10", is_late=True), visit("10:02", "10:08"), True, id="within a late one"),
        pytest.param(alert("10:05", "10:10"), visit("10:00", "10:08"), True, id="it began before the alert"),
        pytest.param(alert("10:00", "10:05"), visit("10:04", "10:30"), True, id="it ended after the alert"),
        pytest.param(alert("10:00", "10:10"), visit("10:18", "10:20"), True, id="8 min after one that is over"),
        pytest.param(alert("10:00", "10:10"), visit("09:50", "09:52"), True, id="8 min before one"),
        pytest.param(alert("10:00", "10:10"), visit("10:21", "10:25"), False, id="11 min after one"),
        pytest.param(alert("10:00", "10:10"), visit("09:40", "09:49"), False, id="11 min before one"),
        pytest.param(
            alert("10:00", "10:10", is_closed=True), visit("10:18", "10:20"), False, id="8 min after a closed one"
        ),
        pytest.param(
            alert("10:00", "10:10", is_closed=True), visit("10:05", "10:12"), True, id="it reaches into a closed one"
        ),
        pytest.param(
            alert("10:00", "10:01", is_passage=True), visit("10:05", "10:06"), False, id="4 min after a passage"
        ),
        pytest.param(
            alert("10:05", "10:06"), visit("10:00", "10:01", is_passage=True), False, id="a passage 4 min before"
        ),
        pytest.param(
            alert("10:00", "10:10", is_withdrawn=True), visit("10:02", "10:08"), False, id="in one that was withdrawn"
        ),
        pytest.param(
            alert("10:00", "10:10", is_withdrawn=True),
            visit("10:02", "10:08", is_taken_back=True),
            True,
            id="taken back, as the withdrawn alert has told",
        ),
        pytest.param(
            alert("10:00", "13:00", is_over=False),
            visit("11:00", "11:10"),
            False,
            id="in the hours through which one stood without a fix",
        ),
        pytest.param(
            alert("13:09", "13:30", is_over=False),
            visit("10:00", "13:09"),
            True,
            id="up to the beginning of one that stands",
        ),
        pytest.param(
            alert("10:00", "10:10", is_over=False),
            visit("12:00", "12:10"),
            False,
            id="after the newest fix of one that stands",
        ),
    ],
)
def test_an_alert_covers_a_visit(told: AlertSpan, found: FoundVisit, is_covered: bool) -> None:
    assert covers(told, found) is is_covered


@pytest.mark.parametrize(
    ("found", "told", "changes"),
    [
        pytest.param(visit("10:00", "10:10"), [], [Raise(visit("10:00", "10:10"))], id="no alert: one is raised late"),
        pytest.param(
            visit("10:00", "13:10"),
            [alert("13:09", "13:30", is_over=False)],
            [Extend(1, at("10:00"), at("13:30"))],
            id="one that stands begins when the visit began: three hours are not lost",
        ),
        pytest.param(
            visit("10:12", "10:14"),
            [alert("10:00", "10:05")],
            [Extend(1, at("10:00"), at("10:14"))],
            id="seven minutes after one that is over: it lasted longer, and is not swallowed",
        ),
        pytest.param(
            visit("10:20", "13:15"),
            [alert("10:00", "10:30", 1, is_late=True), alert("13:09", "13:30", 2, is_over=False)],
            [Extend(2, at("10:00"), at("13:30")), Join(1, 2)],
            id="what lay between a late one and one that stands makes one of both",
        ),
        pytest.param(
            visit("10:05", "11:00"),
            [alert("10:00", "10:10", 1, is_late=True), alert("10:55", "11:10", 2, is_late=True)],
            [Extend(1, at("10:00"), at("11:10")), Join(2, 1)],
            id="two late ones become one",
        ),
        pytest.param(
            visit("10:05", "11:00"),
            [alert("10:00", "10:10", 1), alert("10:55", "11:10", 2)],
            [Extend(1, at("10:00"), at("11:10"))],
            id="two that people were warned of stay two",
        ),
        pytest.param(
            visit("10:02", "10:12"), [alert("10:00", "10:10", is_closed=True)], [], id="a closed one tells of it"
        ),
        pytest.param(
            visit("10:02", "12:00"),
            [alert("10:00", "10:10", is_closed=True)],
            [Raise(visit("10:02", "12:00"))],
            id="a closed one tells of a small part of it",
        ),
        pytest.param(
            visit("11:00", "11:08"),
            [alert("10:00", "13:00", is_over=False, found=["11:04"])],
            [],
            id="one that was extended over it knows it already",
        ),
        pytest.param(
            visit("11:00", "11:20"),
            [
                alert("10:00", "13:00", 1, is_over=False, found=["11:04"]),
                alert("11:00", "11:08", 2, is_late=True),
            ],
            [Extend(2, at("11:00"), at("11:20"))],
            id="a late one within one that stands is the one that tells of it",
        ),
        pytest.param(
            visit("10:02", "10:08", is_taken_back=True),
            [alert("10:00", "10:10", is_withdrawn=True)],
            [],
            id="what was taken back and withdrawn is told",
        ),
    ],
)
def test_a_visit_found_late_changes_alerts(found: FoundVisit, told: list[AlertSpan], changes: list[Change]) -> None:
    assert changes_for(found, told) == changes


def span(began: str, ended: str) -> Span:
    return Span(at(began), at(ended))


@pytest.mark.parametrize(
    ("told", "in_force", "near", "is_standing", "left"),
    [
        pytest.param(
            span("22:22", "23:50"),
            [span("22:22", "23:50")],
            [span("22:22", "23:50")],
            False,
            None,
            id="it was protected all the time",
        ),
        pytest.param(
            span("22:22", "23:50"),
            [span("22:22", "23:10")],
            [span("22:22", "23:09")],
            False,
            span("22:22", "23:10"),
            id="its end was not protected",
        ),
        pytest.param(
            span("20:00", "23:50"),
            [span("21:00", "23:50")],
            [span("21:04", "23:50")],
            False,
            span("21:04", "23:50"),
            id="its beginning was not protected",
        ),
        pytest.param(
            span("20:00", "23:50"),
            [span("20:00", "21:00"), span("23:00", "23:50")],
            [span("20:00", "20:59"), span("23:01", "23:50")],
            False,
            span("20:00", "21:00"),
            id="its middle was not protected: the first part is kept",
        ),
        pytest.param(
            span("20:00", "23:50"),
            [span("20:00", "21:00"), span("23:00", "23:55")],
            [span("20:00", "20:59"), span("23:01", "23:50")],
            True,
            span("23:01", "23:50"),
            id="it stands and goes on: the last part is kept",
        ),
        pytest.param(
            span("20:00", "23:50"),
            [span("20:00", "21:00")],
            [],
            False,
            None,
            id="no visit is left: it is withdrawn whole",
        ),
        pytest.param(span("20:00", "23:50"), [], [span("20:00", "23:50")], False, None, id="nothing was protected"),
    ],
)
def test_a_corrected_record_leaves_of_an_alert(
    told: Span, in_force: list[Span], near: list[Span], is_standing: bool, left: Span | None
) -> None:
    assert cut_to(told, in_force, near, is_standing=is_standing) == left
