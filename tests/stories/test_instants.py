"""An instant at which a zone comes into force is judged by the fix that decides it, whenever that one arrives."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from backend import clock, db
from backend.cases import monitoring_status, writing
from backend.cases.monitoring_status import Suspended
from backend.models import PlaceZone
from backend.record.facts import LONDON
from tests import cases
from tests.world import HOME, World

NEW_PLACE_M = 3_000.0
FAR_M = 9_000.0
WHY = "So the court ordered."


def hours(world: World, at: datetime, kind: str) -> None:
    local = at.astimezone(LONDON)
    days = ["mo", "tu", "we", "th", "fr", "sa", "su"]
    weekly = [{"days": days, "from": f"{local:%H:%M}", "to": f"{local + timedelta(hours=8):%H:%M}"}]
    feature = world.zone.feature
    more = {"kind": kind, "schedule": {"timezone": "Europe/London", "weekly": weekly}}
    feature = {**feature, "properties": {**feature["properties"], **more}}
    PlaceZone.update(feature=feature).where(PlaceZone.id == world.zone.id).execute()


def curfew(world: World, at: datetime) -> None:
    hours(world, at, "inclusion")


def night_zone(world: World, at: datetime) -> None:
    hours(world, at, "exclusion")


def an_order(world: World, at: datetime) -> None:
    cases.rests_on(world, cases.order(world, at, None))


def a_new_zone(world: World, at: datetime) -> None:
    cases.zone_around(world, cases.east_of(HOME, NEW_PLACE_M), at)


def a_moved_zone(world: World, at: datetime) -> None:
    moved = cases.circle(*cases.east_of(HOME, NEW_PLACE_M))
    writing.change_zone(world.officer.person, world.zone.id, at, clock.now(), why=WHY, feature=moved, is_confirmed=True)


def a_resumed_case(world: World, at: datetime) -> None:
    officer, wearer_id, now = world.officer.person, world.wearer.id, clock.now()
    monitoring_status.suspend(officer, wearer_id, Suspended.HOSPITAL, now, at, now, why="Ill.", is_confirmed=True)
    monitoring_status.resume(officer, wearer_id, at, now, why="Well again.")


def a_night_move(world: World, at: datetime) -> None:
    if clock.now() >= at:
        lat, lon = cases.east_of(HOME, NEW_PLACE_M)
        writing.protect_tonight(
            world.officer.person, world.wearer.id, world.victim.id, "Sister", lat, lon, 250.0, clock.now()
        )


# Each with where the wearer must not be once it is in force, and where they may be.
KINDS: dict[str, tuple[Callable[[World, datetime], None], float, float]] = {
    "a curfew begins": (curfew, NEW_PLACE_M, 0.0),
    "the hours of a zone begin": (night_zone, 0.0, FAR_M),
    "an order begins": (an_order, 0.0, FAR_M),
    "a new zone begins": (a_new_zone, NEW_PLACE_M, FAR_M),
    "a zone moves": (a_moved_zone, NEW_PLACE_M, FAR_M),
    "a case is resumed": (a_resumed_case, 0.0, FAR_M),
    "a zone is drawn in a hurry": (a_night_move, NEW_PLACE_M, FAR_M),
}


class Evening:
    """The time around the instant, with a tag that is heard of when the test says so."""

    def __init__(self, world: World, kind: str) -> None:
        self.world = world
        begin, self.forbidden_m, self.allowed_m = KINDS[kind]
        self.at = (clock.now() + timedelta(minutes=61)).replace(second=0, microsecond=0)
        begin(world, self.at)
        db.release_connection()
        self.begin = begin
        self.is_begun = False

    def goes_on_to(self, minutes: float) -> None:
        """Let time pass until so many minutes after the instant."""
        until = self.at + timedelta(minutes=minutes)
        if until >= self.at and not self.is_begun:
            cases.forward_to(self.world, self.at)
            if self.begin is a_night_move:
                self.begin(self.world, self.at)
                db.release_connection()
            self.is_begun = True
        if until > clock.now():
            cases.forward_to(self.world, until)

    def fix(self, metres: float, minutes: float, **more: Any) -> dict[str, Any]:
        at = self.at + timedelta(minutes=minutes)
        return {**self.world.tag.fix(metres), "fix_time": at.isoformat(), **more}

    def is_seen(self, metres: float, *minutes: float) -> None:
        """Report fixes from one place, and wait for what follows from them."""
        self.world.tag.reports(*(self.fix(metres, one) for one in minutes))
        self.world.settle()

    def alerts(self) -> list[dict[str, Any]]:
        """Return what was raised about nearness; of notices about the case other stories tell."""
        return [one for one in self.world.officer.alerts("all") if one["kind"] == "zone"]


@pytest.fixture
def evening(request: pytest.FixtureRequest, told: World) -> Evening:
    return Evening(told, request.param)


each_kind = pytest.mark.parametrize("evening", KINDS, indirect=True)


def one_breach(evening: Evening) -> dict[str, Any]:
    found = evening.alerts()
    evening.world.reads_everything()
    assert [one["level"] for one in found] == ["breach"], found
    return found[0]


@each_kind
def test_seen_there_before_it_begins_and_then_silence(evening: Evening) -> None:
    evening.goes_on_to(-3)
    evening.is_seen(evening.forbidden_m, -3.5, -3)
    assert evening.alerts() == []
    evening.goes_on_to(5)
    assert not one_breach(evening)["is_over"]


@each_kind
def test_seen_there_long_before_it_begins_and_then_silence(evening: Evening) -> None:
    evening.goes_on_to(-54)
    evening.is_seen(evening.forbidden_m, -54.5, -54)
    evening.goes_on_to(5)
    alert = one_breach(evening)
    assert (alert["certainty"], alert["is_over"]) == ("unconfirmed", False)


@each_kind
@pytest.mark.parametrize("minutes", [(-3,), (-3, 0.5)])
def test_the_fix_that_decides_it_arrives_a_minute_after_it_and_then_silence(
    evening: Evening, minutes: tuple[float, ...]
) -> None:
    evening.goes_on_to(-10)
    evening.is_seen(evening.allowed_m, -10)
    evening.goes_on_to(1)
    evening.is_seen(evening.forbidden_m, *minutes)
    assert not one_breach(evening)["is_over"]


@each_kind
def test_the_fix_that_decides_it_is_the_first_that_there_ever_was(evening: Evening) -> None:
    evening.goes_on_to(2)
    evening.is_seen(evening.forbidden_m, -4)
    assert not one_breach(evening)["is_over"]


@each_kind
def test_the_fix_that_decides_it_arrives_hours_after_it(evening: Evening) -> None:
    evening.goes_on_to(-10)
    evening.is_seen(evening.allowed_m, -10)
    evening.goes_on_to(180)
    evening.is_seen(evening.forbidden_m, -3)
    alert = one_breach(evening)
    assert (alert["certainty"], alert["is_over"]) == ("unconfirmed", False)


@each_kind
@pytest.mark.parametrize("order", ["behind a newer one", "in one request with a newer one"])
def test_the_fix_that_decides_it_arrives_with_or_after_one_from_elsewhere(evening: Evening, order: str) -> None:
    evening.goes_on_to(-10)
    evening.is_seen(evening.allowed_m, -10)
    evening.goes_on_to(40)
    decides, newer = evening.fix(evening.forbidden_m, -3), evening.fix(evening.allowed_m, 39)
    for heap in {"behind a newer one": [[newer], [decides]]}.get(order, [[decides, newer]]):
        evening.world.tag.reports(*heap)
        evening.world.settle()
    alert = one_breach(evening)
    assert (alert["is_late"], alert["is_over"]) == (True, True)


@each_kind
def test_a_first_fix_from_elsewhere_raises_nothing(evening: Evening) -> None:
    evening.goes_on_to(-47)
    evening.is_seen(evening.forbidden_m, *(-47 - n / 2 for n in range(5)))
    evening.goes_on_to(-1)
    evening.is_seen(evening.allowed_m, -1)
    evening.goes_on_to(1)
    evening.is_seen(evening.allowed_m, 1)
    evening.world.reads_everything()
    assert evening.alerts() == []


@each_kind
def test_a_first_fix_from_elsewhere_makes_nothing_sure(evening: Evening) -> None:
    evening.goes_on_to(-50)
    evening.is_seen(evening.forbidden_m, *(-50 - n / 2 for n in range(5)))
    evening.goes_on_to(20)
    assert one_breach(evening)["certainty"] == "unconfirmed"
    texts = len(evening.world.doubles.messages)
    evening.is_seen(evening.allowed_m, 20)
    assert one_breach(evening)["certainty"] != "confirmed"
    theirs = [one.body for one in evening.world.doubles.messages if one.to == evening.world.victim.phone]
    assert cases.NEAR not in theirs
    assert len(evening.world.doubles.messages) == texts
    for n in range(1, 4):
        evening.goes_on_to(20 + n)
        evening.is_seen(evening.allowed_m, 20 + n)
    assert one_breach(evening)["is_over"]


@each_kind
@pytest.mark.parametrize("arrives", [-1, 1], ids=["before it", "after it"])
def test_a_doubtful_report_from_there_decides_it_unconfirmed(evening: Evening, arrives: int) -> None:
    evening.goes_on_to(-10)
    evening.is_seen(evening.allowed_m, -10.5, -10)
    evening.goes_on_to(arrives)
    evening.world.tag.reports(evening.fix(evening.forbidden_m, -2, valid=False))
    evening.world.settle()
    evening.goes_on_to(2)
    alert = one_breach(evening)
    assert (alert["certainty"], alert["is_over"]) == ("unconfirmed", False)


@each_kind
@pytest.mark.parametrize("seen", ["where they must not be", "where they may be"])
def test_a_worthless_report_since_changes_nothing_of_it(evening: Evening, seen: str) -> None:
    is_there = seen == "where they must not be"
    evening.goes_on_to(-10)
    evening.is_seen(evening.forbidden_m if is_there else evening.allowed_m, -11, -10.5, -10)
    evening.goes_on_to(-1)
    evening.world.tag.reports(evening.fix(0.0, -2, lat=0.0, lon=0.0))
    evening.world.settle()
    evening.goes_on_to(2)
    assert [alert["level"] for alert in evening.alerts()] == (["breach"] if is_there else [])
    evening.world.reads_everything()


@each_kind
def test_worthless_reports_for_an_hour_before_it_hide_no_one_who_was_seen_there(evening: Evening) -> None:
    evening.goes_on_to(-54)
    evening.is_seen(evening.forbidden_m, -55, -54.5, -54)
    evening.goes_on_to(-1)
    evening.world.tag.reports(*(evening.fix(0.0, minutes, lat=0.0, lon=0.0) for minutes in (-20, -10, -1)))
    evening.world.settle()
    evening.goes_on_to(5)
    assert not one_breach(evening)["is_over"]


@each_kind
def test_a_worthless_report_between_it_and_the_fix_that_decides_it_hides_no_one(evening: Evening) -> None:
    evening.goes_on_to(-10)
    evening.is_seen(evening.allowed_m, -10)
    evening.goes_on_to(1)
    there = [evening.fix(evening.forbidden_m, minutes) for minutes in (-4, -3.5, -3)]
    evening.world.tag.reports(*there, evening.fix(0.0, -2, lat=0.0, lon=0.0))
    evening.world.settle()
    evening.goes_on_to(2)
    assert not one_breach(evening)["is_over"]
