"""Cover for leave, and colleagues who go: at every instant someone who is there answers for each case."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta

import pytest

from backend import clock, db
from backend.cases import officers
from backend.errors import DomainError, InvalidRecord
from backend.models import Person, Role, Team, Wearer
from backend.record import reading
from tests.world import World

DAY = timedelta(days=1)


def answers(world: World, at: datetime) -> str | None:
    """Return the name of the person who answers for the case then."""
    try:
        person_id = reading.responsible_officer_id(Wearer.get_by_id(world.wearer.id), at)
        return Person.get_by_id(person_id).name if person_id else None
    finally:
        db.release_connection()


def test_a_short_cover_within_a_long_one_is_an_exception_and_the_long_one_holds_again(world: World) -> None:
    third = world.person(Role.OFFICER, "Ola Third", None).person
    a, b, now = world.officer.person, world.colleague.person, clock.now()
    officers.cover(a, a.id, b.id, now + DAY, now + 14 * DAY, now, why="Leave.")
    officers.cover(a, a.id, third.id, now + 5 * DAY, now + 6 * DAY, now, why="Ben is at court.")
    told = [answers(world, now + days * DAY) for days in (0, 2, 5, 6, 8, 14)]
    assert told == ["Amina Yusuf", "Ben Carter", "Ola Third", "Ben Carter", "Ben Carter", "Amina Yusuf"]
    # Entered the other way round it is the same.
    officers.cover(a, a.id, third.id, now + 20 * DAY, now + 21 * DAY, now, why="Ben is at court.")
    officers.cover(a, a.id, b.id, now + 19 * DAY, now + 24 * DAY, now, why="Leave.")
    assert [answers(world, now + days * DAY) for days in (19, 20, 21)] == ["Ben Carter", "Ola Third", "Ben Carter"]


def test_who_covers_is_rung_and_shown_and_reported(world: World) -> None:
    now = clock.now()
    absent, covering = world.officer.person, world.colleague.has_app()
    officers.cover(absent, absent.id, covering.person.id, now, now + DAY, now, why="Leave.")
    db.release_connection()
    world.tag.walks_in()
    covering.expects_push("breach")
    case = world.supervisor.api("GET", f"/v1/wearers/{world.wearer.id}").json()
    assert case["officer"]["name"] == covering.person.name
    report = world.supervisor.api("GET", "/v1/reports/response-times", params={"by": "officer"}).json()
    assert [one["name"] for one in report["groups"]] == [covering.person.name]
    # What was theirs stays theirs in the report when the officer is back.
    world.clock.forward(2 * 86_400)
    assert answers(world, clock.now()) == absent.name
    report = world.supervisor.api("GET", "/v1/reports/response-times", params={"by": "officer"}).json()
    assert [one["name"] for one in report["groups"]] == [covering.person.name]
    world.checks_at_end = False


def test_the_heir_of_the_person_who_covered_covers_for_as_long_and_not_longer(world: World) -> None:
    third = world.person(Role.OFFICER, "Ola Third", None).person
    fourth = world.person(Role.OFFICER, "Pia Fourth", None).person
    a, b, now = world.officer.person, world.colleague.person, clock.now()
    officers.cover(a, a.id, b.id, now, now + 14 * DAY, now, why="Leave.")
    officers.cover(a, a.id, third.id, now + 5 * DAY, now + 6 * DAY, now, why="Ben is at court.")
    world.forward(5.5 * 86_400)
    left_at = clock.now()
    officers.leave(world.supervisor.person, b.id, {}, left_at, why="New post.", everyone_else=fourth.id)
    told = [answers(world, at) for at in (left_at - DAY, left_at, now + 6 * DAY, now + 13 * DAY, now + 14 * DAY)]
    assert told == ["Ben Carter", "Ola Third", "Pia Fourth", "Pia Fourth", "Amina Yusuf"]
    world.reads_everything()


def test_two_do_not_cover_for_each_other_whole_or_in_part_or_by_way_of_a_third(world: World) -> None:
    third = world.person(Role.OFFICER, "Ola Third", None).person
    a, b, now = world.officer.person, world.colleague.person, clock.now()
    officers.cover(a, a.id, b.id, now + DAY, now + 14 * DAY, now, why="Leave.")
    for begin, end in ((1, 14), (0, 2), (13, 20)):
        with pytest.raises(InvalidRecord, match="would cover for each other, and no one would be responsible"):
            officers.cover(b, b.id, a.id, now + begin * DAY, now + end * DAY, now, why="Leave.")
    officers.cover(b, b.id, third.id, now + 3 * DAY, now + 5 * DAY, now, why="Leave.")
    with pytest.raises(InvalidRecord, match="would cover for each other"):
        officers.cover(third, third.id, a.id, now + 4 * DAY, now + 6 * DAY, now, why="Leave.")
    # One after the other is no circle.
    officers.cover(b, b.id, a.id, now + 14 * DAY, now + 20 * DAY, now, why="Leave.")
    assert [answers(world, now + days * DAY) for days in (2, 4, 15)] == ["Ben Carter", "Ola Third", "Amina Yusuf"]


def test_only_an_officer_or_a_supervisor_of_the_same_team_covers(world: World) -> None:
    admin = world.person(Role.ADMINISTRATOR, "Ada Admin", None).person
    elsewhere = Team.create(name="South", created_at=clock.now())
    stranger = world.person(Role.OFFICER, "Zoe Hall", None, elsewhere).person
    a, now = world.officer.person, clock.now()
    for by, covering in ((a, admin), (admin, admin), (admin, stranger)):
        with pytest.raises(InvalidRecord, match="must be an officer or supervisor of the same team"):
            officers.cover(by, a.id, covering.id, now, now + 3 * DAY, now, why="Leave.")
    officers.cover(a, a.id, world.supervisor.person.id, now, now + 3 * DAY, now, why="Leave.")
    assert answers(world, now + DAY) == "Grace Okafor"


def test_two_officers_who_leave_to_each_other_at_once_leave_no_one_without(world: World, database_url: str) -> None:
    a, b = world.officer.person, world.colleague.person
    other = Wearer.create(team=world.team, name="Other Man", responsible_officer=b, created_at=clock.now())
    boss = world.person(Role.SUPERVISOR, "Second Boss", None).person
    db.release_connection()
    refused: list[Exception] = []

    def leaves_too() -> None:
        try:
            officers.leave(boss, b.id, {}, clock.now(), why="Gone.", everyone_else=a.id)
        except DomainError as error:
            refused.append(error)
        finally:
            db.release_connection()

    second = threading.Thread(target=leaves_too)
    with db.atomic():
        officers.leave(world.supervisor.person, a.id, {}, clock.now(), why="Gone.", everyone_else=b.id)
        second.start()
        # It has read all that it can before the first one commits.
        second.join(2)
    second.join(20)
    db.release_connection()
    assert len(refused) == 1
    held = {row.id: row.responsible_officer_id for row in Wearer.select()}
    assert held == {world.wearer.id: b.id, other.id: b.id}
    assert Person.get_by_id(b.id).is_active
    db.release_connection()
    world.reads_everything()


def test_no_case_comes_to_an_officer_who_leaves_at_the_same_time(world: World, database_url: str) -> None:
    a, b = world.officer.person, world.colleague.person
    third = world.person(Role.OFFICER, "Ola Third", None).person
    refused: list[Exception] = []

    def hands_over() -> None:
        try:
            officers.hand_over(a, world.wearer.id, b.id, clock.now(), clock.now(), why="New officer.")
        except DomainError as error:
            refused.append(error)
        finally:
            db.release_connection()

    second = threading.Thread(target=hands_over)
    with db.atomic():
        officers.leave(world.supervisor.person, b.id, {}, clock.now(), why="Gone.", everyone_else=third.id)
        second.start()
        second.join(2)
    second.join(20)
    db.release_connection()
    assert len(refused) == 1
    assert answers(world, clock.now()) == "Amina Yusuf"
    world.reads_everything()
