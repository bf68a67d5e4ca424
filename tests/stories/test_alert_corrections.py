"""A correction of the record shortens, moves or splits an alert in the words of its cause, and leaves the rest."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from backend import clock
from backend.record.facts import LONDON, Terms
from tests import cases
from tests.stories.test_case_ends import on_an_order
from tests.world import World


def begin_and_end(alert: dict[str, Any]) -> tuple[datetime, datetime]:
    return datetime.fromisoformat(alert["fix_time"]), datetime.fromisoformat(alert["last_fix_time"])


def about_zones(world: World) -> list[dict[str, Any]]:
    return [one for one in world.officer.alerts("all") if one["kind"] == "zone"]


def suspends(world: World, made: Any, from_at: datetime, *, is_suspended: bool = True) -> None:
    until = clock.now() + timedelta(days=60)
    cases.vary(world, made, Terms(world.zone.from_at, until, is_suspended=is_suspended), from_at)


@pytest.mark.parametrize("stands", [True, False], ids=["it stands", "it is over"])
def test_an_order_that_was_suspended_in_the_middle_leaves_the_alert_its_first_half(told: World, stands: bool) -> None:
    made, _ = on_an_order(told)
    told.tag.is_far_away()
    told.forward(1_200)
    told.tag.stays(0.0, for_s=1_800, every_s=120)
    if not stands:
        told.tag.leaves()
    (before,) = about_zones(told)
    began_at, last_at = begin_and_end(before)
    suspended_at = began_at + timedelta(minutes=15)
    suspends(told, made, suspended_at)
    told.settle()
    (alert,) = about_zones(told)
    assert begin_and_end(alert) == (began_at, suspended_at)
    assert (alert["is_over"], alert["certainty"]) == (True, before["certainty"])
    assert any("The order was suspended from then on" in said for said in alert["reasons"])
    assert any(f"{suspended_at.astimezone(LONDON):%H:%M}" in said for said in alert["reasons"])
    assert last_at > suspended_at
    told.checks_at_end = False


def test_an_order_that_was_suspended_for_a_while_leaves_two_visits(told: World) -> None:
    made, _ = on_an_order(told)
    told.tag.is_far_away()
    told.forward(1_200)
    told.tag.stays(0.0, for_s=3_600, every_s=120)
    told.tag.leaves()
    (before,) = about_zones(told)
    began_at, last_at = begin_and_end(before)
    off, on = began_at + timedelta(minutes=15), began_at + timedelta(minutes=40)
    suspends(told, made, off)
    suspends(told, made, on, is_suspended=False)
    told.settle()
    found = sorted(begin_and_end(one) for one in about_zones(told))
    assert len(found) == 2, found
    assert found[0] == (began_at, off)
    assert on <= found[1][0] <= on + timedelta(minutes=2)
    assert found[1][1] > last_at - timedelta(minutes=10)
    told.checks_at_end = False
