"""What is missing from a case is told, also where there is no place and so no alert to tell it with."""

from __future__ import annotations

from datetime import timedelta

from backend import alarms, clock, db
from backend.case import people, watch, writing
from backend.case.record import Terms
from backend.models import Alarm, AlarmKind, ProtectedPlace, Wearer
from tests import cases
from tests.world import HOME, World


def standing(wearer: Wearer) -> set[str]:
    try:
        found = alarms.standing(AlarmKind.CASE_INCOMPLETE)
        return {one.subject.partition("/")[2] for one in found if one.subject.startswith(f"wearer:{wearer.id}/")}
    finally:
        db.release_connection()


def bare_case(world: World) -> Wearer:
    """Return a case with an officer and nothing else."""
    made = Wearer.create(
        team=world.team, name="Owen Price", responsible_officer=world.officer.person, created_at=clock.now()
    )
    db.release_connection()
    return made


def test_an_order_without_any_place_is_told_to_the_supervisors_once_and_is_over_when_a_zone_rests_on_it(
    world: World,
) -> None:
    wearer, now = bare_case(world), clock.now()
    order = writing.open_order(
        world.officer.person, wearer.id, "dapol", "LIC 7", Terms(now), now, why="Released.", document="Licence"
    )
    db.release_connection()
    world.settle()
    assert standing(wearer) == {"order_without_zone"}
    owed = [one for one in alarms.to_tell(clock.now()) if one.kind == AlarmKind.CASE_INCOMPLETE]
    assert [(one.detail, one.team_id) for one in owed] == [
        (f"Case {wearer.id}: An order is in force and no zone rests on it", world.team.id)
    ]
    assert "Owen" not in owed[0].detail
    alarms.told(owed, clock.now())
    db.release_connection()
    world.forward(3_600)
    assert [one for one in alarms.to_tell(clock.now()) if one.kind == AlarmKind.CASE_INCOMPLETE] == []
    assert world.supervisor.signs_in().api("GET", "/v1/alarms").json()["alarms"][0]["kind"] == "case_incomplete"
    place = ProtectedPlace.create(victim=world.victim, label="Work")
    writing.add_zone(
        world.officer.person,
        wearer.id,
        place.id,
        cases.circle(*HOME),
        clock.now(),
        clock.now(),
        why="Drawn.",
        order_id=order.id,
    )
    db.release_connection()
    # Now that a zone is in force, it is his missing tag that the officer is told of.
    world.officer.expects_sms("a case of yours needs a look")
    assert standing(wearer) == set()


def test_a_tag_that_was_fitted_and_is_never_heard_of_is_told_within_the_hour_and_not_the_next_morning(
    world: World,
) -> None:
    wearer = bare_case(world)
    world.new_tag("LDN-0042", None)
    writing.fit_tag(world.officer.person, wearer.id, "LDN-0042", clock.now(), clock.now())
    db.release_connection()
    world.forward(watch.FITTED_AFTER.total_seconds() - 1)
    assert standing(wearer) == set()
    world.forward(2)
    assert standing(wearer) == {"tag_never_reported"}


def test_a_tag_that_reports_without_an_order_or_after_it_is_found_on_a_case_without_a_place(world: World) -> None:
    wearer = bare_case(world)
    tag = world.new_tag("LDN-0042", wearer)
    tag.is_far_away()
    watch.look(None, clock.now())
    db.release_connection()
    assert standing(wearer) == {"reporting_without_order"}
    now = clock.now()
    writing.open_order(
        world.officer.person, wearer.id, "dapol", "LIC 7", Terms(now, now + timedelta(hours=1)), now, why="Released."
    )
    db.release_connection()
    world.settle()
    assert standing(wearer) == {"order_without_zone"}
    world.forward(3_601)
    assert standing(wearer) == {"expired_order_and_reporting"}
    # The other case of this world has a place, and its officer had a notice.
    world.reads_everything()


def test_a_case_whose_officer_is_taken_away_is_told_to_the_supervisor_at_once(world: World) -> None:
    supervisor, wearer = world.supervisor.has_app(), bare_case(world)
    for one in (world.wearer, wearer):
        people.assign_officer(None, one, None, clock.now(), clock.now(), why="A hole.")
    db.release_connection()
    # Of the case with a place by a notice, of the other one by an alarm.
    supervisor.expects_push("needs a look")
    world.settle()
    assert standing(wearer) == {"wearer_without_officer"}
    people.restrict(supervisor.person, wearer.id, None, clock.now(), why="It is open.")
    named = [supervisor.person.id, world.officer.person.id]
    people.assign_officer(None, wearer, world.officer.person.id, clock.now(), clock.now(), why="Filled.")
    people.restrict(supervisor.person, wearer.id, named, clock.now(), why="Police family.")
    people.assign_officer(None, wearer, None, clock.now(), clock.now(), why="A hole.")
    db.release_connection()
    world.settle()
    found = Alarm.select().where(Alarm.kind == AlarmKind.CASE_INCOMPLETE, Alarm.ended_at.is_null())
    assert [one.detail for one in found] == ["A case: No active officer is responsible"]
    db.release_connection()
    world.reads_everything()
