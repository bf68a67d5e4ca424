"""An officer is asked to tell a protected person that protection stops; unanswered, it goes to the supervisors."""

from __future__ import annotations

from datetime import timedelta

import pytest

from backend import clock, db
from backend.cases import end_of_protection, monitoring_status
from backend.models import AlertKind
from backend.record import protection_ends
from tests import cases
from tests.stories.test_case_ends import on_an_order, suspend, victim_texts
from tests.world import World


def told_supervisor(world: World, code: str) -> list[str]:
    mine = [push.data["body"] for push in world.pushes if push.token == world.supervisor.push_token]
    return [body for body in mine if code in body]


@pytest.mark.parametrize("how", ["nobody answers", "the officer answers", "he is released at once"])
def test_a_request_to_tell_them_that_no_one_answers_goes_to_the_supervisors(world: World, how: str) -> None:
    world.officer.has_app()
    world.supervisor.has_app()
    world.tag.is_far_away()
    suspend(world)
    world.settle()
    (notice,) = [one for one in cases.alerts(AlertKind.NOTICE) if "is suspended from" in one.reasons[0]]
    if how == "the officer answers":
        world.officer.acknowledges(notice.id)
    elif how == "he is released at once":
        world.forward(60)
        monitoring_status.resume(world.officer.person, world.wearer.id, clock.now(), clock.now(), why="Released.")
        db.release_connection()
    cases.forward_to(
        world, protection_ends.by_day(clock.now() + end_of_protection.ANSWERED_WITHIN) + timedelta(minutes=1)
    )
    told = [
        push for push in world.pushes if push.token == world.supervisor.push_token and notice.code in str(push.data)
    ]
    assert len(told) == int(how == "nobody answers")
    world.reads_everything()


def test_before_an_end_the_supervisors_are_told_while_they_can_still_be(world: World) -> None:
    world.officer.has_app()
    world.supervisor.has_app()
    on_an_order(world, days=4)
    ends_at = clock.now() + timedelta(days=4)
    world.tag.is_far_away()
    cases.forward_to(world, protection_ends.told_at(ends_at, clock.now()) + timedelta(minutes=1))
    (notice,) = [one for one in cases.alerts(AlertKind.NOTICE) if "of the place Home ends" in one.reasons[0]]
    assert victim_texts(world) == []

    assert told_supervisor(world, notice.code) == []
    cases.forward_to(world, ends_at - end_of_protection.ANSWERED_WITHIN + timedelta(minutes=1))
    assert len(told_supervisor(world, notice.code)) == 1
    world.reads_everything()
