"""Changes on their day: officers, teams and names that were entered for a later day take effect by themselves."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest

from backend import clock, db
from backend.cases import officers, schedule, teams
from backend.cases.teams import planned
from backend.errors import InvalidRecord, NeedsConfirmation, NotAllowed, NotFound
from backend.models import Fact, Person, Role, Team, Victim, Wearer
from backend.record import reading
from backend.record.facts import What, midnight
from tests import cases
from tests.world import World


class Office:
    """Two teams with their people and cases, on the day that a test chooses."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.began = now - timedelta(days=400)
        self.north, self.camden = (Team.create(name=name, created_at=self.began) for name in ("North", "Camden"))
        self.amina, self.ben = (self.person(Role.OFFICER, name, self.north) for name in ("Amina", "Ben"))
        self.grace = self.person(Role.SUPERVISOR, "Grace", self.north)
        self.hugh = self.person(Role.SUPERVISOR, "Hugh", self.camden)
        self.admin = self.person(Role.ADMINISTRATOR, "Ivy", self.north)
        self.wearer = self.case("Daniel", self.amina)
        self.other = self.case("Owen", self.ben)

    def person(self, role: Role, name: str, team: Team) -> Person:
        email = f"{name.lower()}@cordon.example"
        return Person.create(team=team, role=role, name=name, email=email, password_hash="", created_at=self.began)

    def case(self, name: str, officer: Person | None) -> Wearer:
        team = officer.team if officer is not None else self.north
        return Wearer.create(team=team, name=name, responsible_officer=officer, created_at=self.began)

    def on(self, at: datetime) -> None:
        """Let the calendar do what has fallen due by then."""
        while schedule.run_due(at):
            pass


@pytest.fixture
def office(database_url: str) -> Office:
    return Office(datetime(2026, 3, 2, 12, tzinfo=midnight(date(2026, 3, 2)).tzinfo))


def officer_of(wearer: Wearer) -> int | None:
    return Wearer.get_by_id(wearer.id).responsible_officer_id


def team_of(row: Person | Wearer | Victim) -> int:
    return type(row).get_by_id(row.id).team_id


@pytest.mark.parametrize(
    "day", [date(2026, 3, 29), date(2026, 3, 30), date(2026, 6, 1), date(2026, 10, 25), date(2026, 10, 26)], ids=str
)
def test_what_is_entered_for_a_day_holds_from_its_midnight_in_london_on_whichever_way_clocks_go(
    office: Office, day: date
) -> None:
    at = midnight(day)
    officers.assign_officer(office.grace, office.wearer, office.ben.id, at, office.now, why="A new post.")
    teams.rename_team(office.admin, office.camden.id, "Camden and Islington", at, office.now, why="Merged boroughs.")
    people_moved = [office.ben.id, office.grace.id, office.amina.id]
    cases_moved = [office.wearer.id, office.other.id]
    teams.move_to_team(
        office.admin, office.camden.id, office.now, why="Merged.", people=people_moved, wearers=cases_moved, from_at=at
    )
    before = at - timedelta(microseconds=1)
    office.on(before)
    assert (officer_of(office.wearer), team_of(office.wearer)) == (office.amina.id, office.north.id)
    assert (team_of(office.ben), Team.get_by_id(office.camden.id).name) == (office.north.id, "Camden")
    office.on(at)
    assert (officer_of(office.wearer), team_of(office.wearer)) == (office.ben.id, office.camden.id)
    assert (team_of(office.ben), Team.get_by_id(office.camden.id).name) == (office.camden.id, "Camden and Islington")
    assert reading.team_names_at(before)[office.camden.id] == "Camden"


def test_a_later_entry_for_the_same_day_replaces_the_first_and_a_corrected_day_is_the_only_one(office: Office) -> None:
    first, second = office.now + timedelta(days=2), office.now + timedelta(days=4)
    cleo = office.person(Role.OFFICER, "Cleo", office.north)
    officers.assign_officer(office.grace, office.wearer, office.ben.id, first, office.now, why="A new post.")
    later = office.now + timedelta(hours=1)
    wrong = officers.assign_officer(office.grace, office.wearer, cleo.id, first, later, why="No, Cleo.")
    office.on(first)
    assert officer_of(office.wearer) == cleo.id
    # It was the fourth day after all: until then nothing has changed.
    officers.assign_officer(
        office.grace, office.wearer, cleo.id, second, first, why="Two days later.", corrects=wrong.id
    )
    assert officer_of(office.wearer) == office.ben.id
    office.on(second)
    assert officer_of(office.wearer) == cleo.id
    office.on(second + timedelta(days=1))
    assert officer_of(office.wearer) == cleo.id


def test_a_late_entry_about_the_past_does_not_undo_what_holds_now(office: Office) -> None:
    cleo = office.person(Role.OFFICER, "Cleo", office.north)
    yesterday, before = office.now - timedelta(days=1), office.now - timedelta(days=2)
    officers.assign_officer(office.grace, office.wearer, cleo.id, yesterday, office.now, why="Handed over.")
    officers.assign_officer(office.grace, office.wearer, office.ben.id, before, office.now, why="Found in a file.")
    assert officer_of(office.wearer) == cleo.id
    assert reading.responsible_officer_id(office.wearer, before) == office.ben.id
    teams.rename_team(office.admin, office.north.id, "Now", yesterday, office.now, why="Renamed.")
    teams.rename_team(office.admin, office.north.id, "Then", before, office.now, why="Found in a file.")
    assert Team.get_by_id(office.north.id).name == "Now"
    assert reading.team_names_at(before)[office.north.id] == "Then"


def test_a_name_that_a_team_will_have_is_taken_already(office: Office) -> None:
    at = office.now + timedelta(days=5)
    teams.rename_team(office.admin, office.north.id, "Islington", at, office.now, why="Renamed.")
    with pytest.raises(InvalidRecord, match="will have"):
        teams.rename_team(office.admin, office.camden.id, "Islington", office.now, office.now, why="First.")
    with pytest.raises(InvalidRecord, match="has this name"):
        teams.rename_team(office.admin, office.camden.id, "North", at, office.now, why="Swapped.")
    with pytest.raises(InvalidRecord, match="Enter the name"):
        teams.rename_team(office.admin, office.camden.id, " ", at, office.now, why="Swapped.")
    with pytest.raises(NotAllowed):
        teams.rename_team(office.grace, office.camden.id, "C", at, office.now, why="Mine.")


def test_a_split_takes_officers_with_their_cases_on_the_day_and_a_case_that_is_opened_meanwhile(
    office: Office,
) -> None:
    at = midnight(date(2026, 3, 29))
    assert (
        teams.split_team(
            office.admin, office.north.id, office.camden.id, [office.amina.id], at, office.now, why="Boroughs."
        )
        == 1
    )
    # A case that was opened after the split was entered, by an officer who goes.
    late = office.case("Late", office.amina)
    # And one that its officer hands over before the day stays with the one who stays.
    given = office.case("Given", office.ben)
    office.on(at)
    assert {team_of(office.amina), team_of(office.wearer), team_of(late)} == {office.camden.id}
    assert {team_of(office.ben), team_of(office.other), team_of(given)} == {office.north.id}
    assert officer_of(office.wearer) == office.amina.id
    assert teams.caseloads_at(office.camden.id, at).keys() == {office.amina.id}
    assert teams.team_at(f"wearer:{office.wearer.id}", at - timedelta(seconds=1), 0) == office.north.id
    office.on(at + timedelta(days=1))
    # What has taken effect is entered once.
    entered = Fact.select().where(Fact.of_wearer == late, Fact.what == What.TEAM)
    assert entered.count() == 2


def test_a_case_is_not_given_to_an_officer_whose_team_it_would_not_share_later(office: Office) -> None:
    at = midnight(date(2026, 3, 29))
    teams.split_team(
        office.admin, office.north.id, office.camden.id, [office.amina.id], at, office.now, why="Boroughs."
    )
    tomorrow = office.now + timedelta(days=1)
    with pytest.raises(InvalidRecord, match="different teams"):
        officers.assign_officer(office.grace, office.other, office.amina.id, tomorrow, office.now, why="Swapped.")
    with pytest.raises(InvalidRecord, match="different teams"):
        officers.assign_officer(office.grace, office.wearer, office.ben.id, tomorrow, office.now, why="Swapped.")
    with pytest.raises(InvalidRecord, match="case's team"):
        officers.assign_officer(office.grace, office.wearer, office.ben.id, at, office.now, why="Swapped.")
    assert officer_of(office.other) == office.ben.id


def test_a_move_that_leaves_a_case_without_an_officer_is_asked_back_in_words_and_then_is_in_the_record(
    office: Office,
) -> None:
    at = midnight(date(2026, 3, 29))

    def move(**more: bool) -> int:
        return teams.move_to_team(
            office.admin, office.camden.id, office.now, why="Boroughs.", wearers=[office.wearer.id], from_at=at, **more
        )

    with pytest.raises(NeedsConfirmation, match=r"1 case and the responsible officer .* from 29 March 2026") as asked:
        move()
    assert asked.value.extra["wearers"] == [office.wearer.id]
    assert not Fact.select().exists()
    move(is_confirmed=True)
    office.on(at - timedelta(seconds=1))
    assert officer_of(office.wearer) == office.amina.id
    office.on(at)
    assert (officer_of(office.wearer), team_of(office.wearer)) == (None, office.camden.id)


def test_a_team_that_would_have_cases_and_no_supervisor_is_said_before_it_is_saved(office: Office) -> None:
    empty = Team.create(name="Barnet", created_at=office.began)
    with pytest.raises(NeedsConfirmation, match="Barnet has cases and no supervisor"):
        teams.split_team(
            office.admin, office.north.id, empty.id, [office.amina.id], office.now, office.now, why="Boroughs."
        )
    assert team_of(office.wearer) == office.north.id
    named, team = [office.amina.id], office.north.id
    with pytest.raises(InvalidRecord, match="Choose who"):
        teams.split_team(office.admin, team, empty.id, [], office.now, office.now, why="Boroughs.")
    with pytest.raises(InvalidRecord, match="another team"):
        teams.split_team(office.admin, team, team, named, office.now, office.now, why="Boroughs.")
    with pytest.raises(InvalidRecord, match="must belong"):
        teams.split_team(office.admin, office.camden.id, empty.id, named, office.now, office.now, why="Boroughs.")
    with pytest.raises(NotAllowed):
        teams.split_team(office.grace, team, empty.id, named, office.now, office.now, why="Boroughs.")


def test_a_merger_takes_the_one_who_joins_the_team_before_its_day_and_one_that_is_called_off_takes_no_one(
    office: Office,
) -> None:
    at = midnight(date(2026, 10, 25))
    moved = teams.merge_team(office.admin, office.north.id, office.camden.id, at, office.now, why="Boroughs.")
    assert moved == (4, 2)
    late = office.person(Role.OFFICER, "Cleo", office.north)
    opened = office.case("Late", late)
    orphan = office.case("Nobody's", None)
    change = planned(office.admin)[0]
    assert (change.from_at, change.text) == (at, "4 people and 2 cases move to Camden")
    with pytest.raises(NotAllowed):
        teams.call_off(office.grace, change.id, office.now, why="No.")
    teams.call_off(office.admin, change.id, office.now + timedelta(days=1), why="Not this year.")
    assert planned(office.admin) == []
    with pytest.raises(NotFound):
        teams.call_off(office.admin, change.id, office.now, why="Again.")
    office.on(at)
    assert {team_of(row) for row in (office.amina, office.wearer, late, opened, orphan)} == {office.north.id}
    again = midnight(date(2026, 10, 26))
    teams.merge_team(office.admin, office.north.id, office.camden.id, again, at, why="This year after all.")
    latest = office.person(Role.OFFICER, "Dora", office.north)
    last = office.case("Last", latest)
    office.on(again)
    assert {team_of(row) for row in (office.amina, office.wearer, late, opened, orphan, latest, last)} == {
        office.camden.id
    }


def test_a_change_that_is_called_off_leaves_another_one_of_the_same_midnight(office: Office) -> None:
    at = midnight(date(2026, 3, 29))
    barnet = Team.create(name="Barnet", created_at=office.began)
    office.person(Role.SUPERVISOR, "Sol", barnet)
    for minutes, into in ((0, office.camden), (5, barnet)):
        teams.move_to_team(
            office.admin,
            into.id,
            office.now + timedelta(minutes=minutes),
            why="Boroughs.",
            people=[office.ben.id],
            wearers=[office.other.id],
            from_at=at,
        )
    first = planned(office.admin)[0]
    assert "Camden" in first.text
    teams.call_off(office.admin, first.id, office.now + timedelta(hours=1), why="Barnet it is.")
    office.on(at)
    assert {team_of(office.ben), team_of(office.other)} == {barnet.id}


def test_the_one_who_leaves_is_replaced_on_the_days_to_come_too(office: Office) -> None:
    at = midnight(date(2026, 3, 29))
    officers.assign_officer(office.grace, office.wearer, office.ben.id, at, office.now, why="A new post.")
    officers.leave(
        office.grace, office.ben.id, {}, office.now + timedelta(days=1), why="Gone.", everyone_else=office.grace.id
    )
    # The case that was to be the wearer's later is still its officer's until then.
    assert officer_of(office.wearer) == office.amina.id
    assert officer_of(office.other) == office.grace.id
    office.on(at)
    assert officer_of(office.wearer) == office.grace.id


def test_an_open_alert_rings_the_officer_whose_day_has_come(world: World) -> None:
    heir, now = world.colleague.has_app(), clock.now()
    world.officer.has_app()
    officers.hand_over(
        world.supervisor.person,
        world.wearer.id,
        heir.person.id,
        now + timedelta(seconds=20),
        now,
        why="A new post.",
    )
    db.release_connection()
    world.tag.walks_in()
    world.officer.expects_push("Please acknowledge")
    world.settle()
    assert not [push for push in world.pushes if push.token == heir.push_token]
    # Sooner than the escalation policy would come to a colleague.
    world.forward(21)
    heir.expects_push("Please acknowledge")
    heir.acknowledges()
    world.reads_everything()


def test_an_open_alert_goes_with_its_case_and_rings_in_the_team_that_has_it_from_that_instant(world: World) -> None:
    officer, now = world.officer.has_app(), clock.now()
    other = Team.create(name="Camden", created_at=now)
    hugh = world.person(Role.SUPERVISOR, "Hugh Lane", None, other)
    admin = world.person(Role.ADMINISTRATOR, "Ivy Chen", None)
    body = {"into": other.id, "people": [officer.person.id], "why": "Boroughs."}
    body["from_at"] = (now + timedelta(seconds=20)).isoformat()
    db.release_connection()
    answer = admin.api("POST", f"/v1/teams/{world.team.id}/splits", json=body)
    assert (answer.status_code, answer.json()) == (200, {"cases": 1}), answer.text
    changes = admin.api("GET", "/v1/teams/changes").json()["changes"]
    assert [one["text"] for one in changes] == ["1 person and 1 case move to Camden"]
    assert world.officer.api("GET", "/v1/teams/changes").status_code == 403
    world.tag.walks_in()
    officer.expects_push("Please acknowledge")
    assert hugh.alerts() == []
    world.forward(21)
    officer.expects_push("Please acknowledge")
    assert [one["id"] for one in hugh.alerts()] == [one.id for one in cases.alerts()]
    assert {team_of(world.wearer), team_of(world.victim), cases.alerts()[0].team_id} == {other.id}
    db.release_connection()
    officer.acknowledges()
    # A merger and a change that is called off, by the same interface.
    merger = {"into": world.team.id, "why": "Back.", "from_at": (clock.now() + timedelta(days=1)).isoformat()}
    answer = admin.api("POST", f"/v1/teams/{other.id}/mergers", json=merger)
    assert (answer.status_code, answer.json()) == (200, {"people": 2, "cases": 1}), answer.text
    change = admin.api("GET", "/v1/teams/changes").json()["changes"][0]
    assert admin.api("DELETE", f"/v1/teams/changes/{change['id']}", json={"why": "Not yet."}).status_code == 204
    assert admin.api("GET", "/v1/teams/changes").json()["changes"] == []
    db.release_connection()
    world.reads_everything()
