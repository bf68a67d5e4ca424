"""An open socket follows its person: to another team, out of a restricted case, and to the end of the session."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import requests

from backend import authentication, clock, db
from backend.cases import officers, teams
from backend.models import Person, PlaceZone, Role, Socket, Team, Wearer
from tests.world import World, eventually
from tests.world.phone import Phone
from tests.world.tag import TestTag


def administrator(world: World) -> Phone:
    return world.person(Role.ADMINISTRATOR, "Ivy Chen", None)


def south(world: World) -> tuple[Team, TestTag]:
    """Return another team, and the tag of a wearer of its own officer."""
    team = Team.create(name="South London", created_at=clock.now())
    officer = world.person(Role.OFFICER, "Dev Patel", "+447700900104", team)
    world.person(Role.SUPERVISOR, "Helen Morris", "+447700900105", team)
    wearer = Wearer.create(team=team, name="Lee Harding", responsible_officer=officer.person, created_at=clock.now())
    PlaceZone.create(place=world.place, wearer=wearer, feature=world.zone.feature, from_at=world.zone.from_at)
    return team, world.new_tag("LDN-0070", wearer)


def test_who_moves_to_another_team_hears_of_the_new_ones_alerts_and_of_the_old_ones_no_more(world: World) -> None:
    team, their_tag = south(world)
    moved = world.colleague.opens_the_app()
    stays = world.officer.opens_the_app()
    resets: list[Any] = []
    moved.sockets[0].on("reset", resets.append)
    more = {"why": "A new post.", "is_confirmed": True}
    by, now = administrator(world).person, clock.now()
    teams.split_team(by, world.team.id, team.id, [moved.person.id], now, now, **more)
    db.release_connection()
    world.tag.walks_in()
    stays.expects_hint()
    # What the phone holds is the old team's: it is told to fetch everything.
    eventually(lambda: resets, "the phone is told to fetch everything")
    assert moved.hints == []
    their_tag.walks_in()
    theirs = moved.expects_hint()
    assert theirs["alert_id"] in [alert["id"] for alert in moved.alerts()]
    assert theirs["alert_id"] not in [hint["alert_id"] for hint in stays.hints]
    assert moved.sockets[0].connected
    world.reads_everything()


def test_a_case_that_is_restricted_sends_no_hints_to_those_who_may_not_know_of_it(world: World) -> None:
    closed_to = world.colleague.opens_the_app()
    named = world.officer.opens_the_app()
    supervisor = world.supervisor.person
    now = clock.now()
    officers.restrict(supervisor, world.wearer.id, [named.person.id, supervisor.id], now, why="Police family.")
    db.release_connection()
    world.tag.walks_in()
    named.expects_hint()
    assert closed_to.hints == []
    # It is opened again: the same socket hears of it.
    officers.restrict(supervisor, world.wearer.id, None, clock.now(), why="Another unit has it.")
    db.release_connection()
    named.acknowledges()
    closed_to.expects_hint()
    world.reads_everything()


def _signs_out_here(_: World, phone: Phone) -> requests.Response | None:
    return phone.api("DELETE", "/v1/sessions/current")


def _signs_out_everywhere(_: World, phone: Phone) -> requests.Response | None:
    return phone.api("DELETE", "/v1/sessions")


def _account_is_closed(_: World, phone: Phone) -> None:
    authentication.deactivate(Person.get_by_id(phone.person.id), None, clock.now())


def _becomes_administrator(_: World, phone: Phone) -> None:
    Person.update(role=Role.ADMINISTRATOR).where(Person.id == phone.person.id).execute()


def _session_expires(world: World, _: Phone) -> None:
    world.forward(31 * 86_400)


@pytest.mark.parametrize(
    "ends",
    [_signs_out_here, _signs_out_everywhere, _account_is_closed, _becomes_administrator, _session_expires],
    ids=lambda ends: ends.__name__.strip("_"),
)
def test_what_ends_a_session_ends_its_socket_and_no_hint_goes_there(
    world: World, ends: Callable[[World, Phone], Any]
) -> None:
    gone = world.colleague.opens_the_app()
    ends(world, gone)
    db.release_connection()
    world.officer._token = None
    stays = world.officer.opens_the_app()
    world.tag.walks_in()
    stays.expects_hint()
    assert gone.hints == []
    eventually(lambda: not gone.sockets[0].connected, "the socket is closed")
    eventually(lambda: not _is_known(gone), "the socket is no way to the person")
    world.reads_everything()


def _is_known(phone: Phone) -> bool:
    try:
        return Socket.select().where(Socket.person == phone.person).exists()
    finally:
        db.release_connection()
