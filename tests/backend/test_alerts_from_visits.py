"""What people were told against what the evidence comes to: which alerts are raised, moved, split and made one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from backend.alerts.alerts_from_visits import AlertSpan, Change, FoundVisit, Join, Raise, Tell, difference

DAY = datetime(2026, 11, 24, tzinfo=UTC)


def at(clock: str) -> datetime:
    hours, minutes = clock.split(":")
    return DAY + timedelta(hours=int(hours), minutes=int(minutes))


def visit(began: str, ended: str, over: str | None = "", near: str = "", **more: Any) -> FoundVisit:
    """Return a visit that was over when it was seen last, unless said otherwise; None where it goes on."""
    over_by = None if over is None else at(over or ended)
    return FoundVisit(at(began), at(ended), at(near or began), over_by, **more)


def alert(began: str, last: str, alert_id: int = 1, **more: Any) -> AlertSpan:
    return AlertSpan(alert_id, at(began), at(last), **more)


def tell(found: FoundVisit, began: str, last: str, alert_id: int = 1, **more: Any) -> Tell:
    return Tell(alert_id, found, at(began), at(last), **more)


MORNING, NOON = visit("10:00", "10:10", "10:12"), visit("12:00", "12:10", "12:12")
GOES_ON = visit("12:00", "12:10", None)


@pytest.mark.parametrize(
    ("found", "told", "changes"),
    [
        pytest.param([MORNING], [], [Raise(MORNING)], id="no alert: one is raised late"),
        pytest.param(
            [MORNING], [alert("10:00", "10:12")], [tell(MORNING, "10:00", "10:12")], id="as it was told: nothing moves"
        ),
        pytest.param(
            [visit("10:00", "10:10", near="09:52")],
            [alert("09:55", "10:10")],
            [tell(visit("10:00", "10:10", near="09:52"), "09:55", "10:10")],
            id="it was told as the wearer came near: it begins then",
        ),
        pytest.param(
            [visit("09:00", "12:10", None)],
            [alert("12:00", "12:10", is_over=False)],
            [tell(visit("09:00", "12:10", None), "09:00", "12:10")],
            id="one that stands begins when the visit began: three hours are not lost",
        ),
        pytest.param(
            [visit("10:00", "10:25", "10:26")],
            [alert("10:00", "10:12")],
            [tell(visit("10:00", "10:25", "10:26"), "10:00", "10:25")],
            id="it lasted longer",
        ),
        pytest.param(
            [MORNING],
            [alert("09:00", "13:00")],
            [tell(MORNING, "10:00", "10:12")],
            id="it began later and was over earlier",
        ),
        pytest.param(
            [MORNING, GOES_ON],
            [alert("10:00", "12:10", is_over=False)],
            [Raise(MORNING, 1), tell(GOES_ON, "12:00", "12:10")],
            id="one that stood over two visits keeps the one that goes on, and the other is raised",
        ),
        pytest.param(
            [MORNING, NOON],
            [alert("10:00", "12:12")],
            [tell(MORNING, "10:00", "10:12"), Raise(NOON, 1)],
            id="one that told of two visits keeps the first",
        ),
        pytest.param(
            [visit("10:00", "12:10", None)],
            [alert("10:00", "10:30", 1, is_late=True), alert("12:05", "12:10", 2, is_over=False)],
            [tell(visit("10:00", "12:10", None), "10:00", "12:10", 2), Join(1, 2)],
            id="what lay between a late one and one that stands makes one of both",
        ),
        pytest.param(
            [visit("10:00", "11:10")],
            [alert("10:00", "10:10", 1), alert("10:55", "11:10", 2)],
            [tell(visit("10:00", "11:10"), "10:00", "11:10"), Join(2, 1)],
            id="two that people were warned of become one",
        ),
        pytest.param(
            [visit("10:00", "11:10")],
            [alert("10:00", "10:10", 1), alert("10:55", "11:10", 2, is_acknowledged=True)],
            [tell(visit("10:00", "11:10"), "10:00", "11:10", 2), Join(1, 2)],
            id="the one on which a person acts is the one that stays",
        ),
        pytest.param([MORNING], [alert("10:00", "10:12", is_closed=True)], [], id="a closed one tells of it"),
        pytest.param(
            [MORNING],
            [alert("09:30", "10:40", is_closed=True)],
            [tell(MORNING, "10:00", "10:12")],
            id="a closed one had said too much",
        ),
        pytest.param(
            [visit("10:02", "12:00")],
            [alert("10:00", "10:10", is_closed=True)],
            [Raise(visit("10:02", "12:00"), 1)],
            id="a closed one tells of a small part of it",
        ),
        pytest.param(
            [visit("10:18", "10:20")],
            [alert("10:00", "10:10", is_closed=True)],
            [Raise(visit("10:18", "10:20"))],
            id="eight minutes after a closed one it is a matter of its own",
        ),
        pytest.param(
            [visit("10:02", "10:08", is_taken_back=True)],
            [alert("10:00", "10:10", is_withdrawn=True)],
            [],
            id="what was taken back and withdrawn is told",
        ),
        pytest.param(
            [MORNING], [alert("10:00", "10:10", is_withdrawn=True)], [Raise(MORNING)], id="what was withdrawn and is so"
        ),
        pytest.param(
            [visit("10:05", "10:06", is_passage=True)],
            [alert("10:00", "10:01", is_passage=True)],
            [Raise(visit("10:05", "10:06", is_passage=True))],
            id="each passage is counted",
        ),
        pytest.param([], [alert("10:00", "10:10")], [], id="no visit: it is left as it is"),
    ],
)
def test_alerts_become_the_visits(found: list[FoundVisit], told: list[AlertSpan], changes: list[Change]) -> None:
    assert difference(found, told) == changes


@pytest.mark.parametrize("is_record", [True, False], ids=["the record has changed", "late fixes"])
def test_only_a_changed_record_ends_what_stands(is_record: bool) -> None:
    told = [alert("10:00", "10:30", is_over=False)]
    expected = tell(MORNING, "10:00", "10:12" if is_record else "10:30", is_ended=is_record)
    assert difference([MORNING], told, ends_what_stands=is_record) == [expected]
