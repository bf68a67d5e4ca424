"""People change: they leave, are covered for, belong to other teams; some cases are open to few, some nights to all."""

from __future__ import annotations

from datetime import timedelta

import pytest

from backend import access, clock, db
from backend.cases import completeness, drills, monitoring_status, officers, police_handovers, teams, writing
from backend.cases.officers import CaseloadLeft, restricted_cases
from backend.cases.writing import provisional_zones
from backend.errors import InvalidRecord, InvalidRequest, InvalidTransition, NeedsConfirmation, NotAllowed, NotFound
from backend.models import (
    AlertKind,
    AuditEntry,
    Device,
    Handling,
    Person,
    PlaceZone,
    Role,
    Session,
    Team,
    Victim,
    Wearer,
)
from backend.record import reading
from tests import cases
from tests.world import HOME, World


def test_the_night_they_move_a_new_place_is_protected_at_once_and_the_old_one_stays(world: World) -> None:
    officer = world.officer.has_app()
    new_home = cases.east_of(HOME, 3_000.0)
    world.tag.stays(3_000.0, for_s=120, every_s=30)
    assert cases.alerts() == []
    zone = writing.protect_tonight(
        officer.person, world.wearer.id, world.victim.id, "Refuge", *new_home, 300.0, clock.now()
    )
    db.release_connection()
    # The wearer is there already, and that is known without another fix.
    officer.expects_push("breach")
    held = reading.case(world.wearer.id).zones_in_force(clock.now())
    assert {world.zone.id, zone.id} == {one.zone_id for one in held}
    with pytest.raises(NotAllowed):
        writing.decide_on(officer.person, zone.id, True, clock.now(), why="Mine.")
    db.release_connection()
    assert [row.zone_id for row in writing.to_approve(world.supervisor.person, clock.now())] == [zone.id]
    writing.decide_on(world.supervisor.person, zone.id, True, clock.now(), why="Called her.")
    assert writing.to_approve(world.supervisor.person, clock.now()) == []
    with pytest.raises(InvalidRecord, match="radius"):
        writing.protect_tonight(officer.person, world.wearer.id, world.victim.id, "Refuge", *new_home, 5.0, clock.now())
    with pytest.raises(NotFound):
        writing.protect_tonight(officer.person, world.wearer.id, 99, "Refuge", *new_home, 300.0, clock.now())
    db.release_connection()
    officer.acknowledges(cases.alerts()[0].id)
    world.reads_everything()


def test_a_provisional_zone_that_is_refused_ends_and_so_does_what_stands_on_it(world: World) -> None:
    new_home = cases.east_of(HOME, 3_000.0)
    world.tag.stays(3_000.0, for_s=120, every_s=30)
    zone = writing.protect_tonight(
        world.officer.person, world.wearer.id, world.victim.id, "Refuge", *new_home, 300.0, clock.now()
    )
    assert not cases.alerts()[0].is_over
    writing.decide_on(world.supervisor.person, zone.id, False, clock.now(), why="The wrong street.", is_confirmed=True)
    assert cases.alerts()[0].is_over
    db.release_connection()
    world.reads_everything()


def test_an_officer_leaves_in_one_action_and_open_alerts_ring_the_colleague_who_is_named(world: World) -> None:
    officer, heir = world.officer.has_app().signs_in(), world.colleague.has_app()
    world.tag.walks_in()
    officer.expects_push("Please acknowledge")
    officer.acknowledges()
    with pytest.raises(CaseloadLeft) as refused:
        officers.leave(world.supervisor.person, officer.person.id, {}, clock.now(), why="New post.")
    assert refused.value.extra["wearers"] == [world.wearer.id]
    assert Person.get_by_id(officer.person.id).is_active
    with pytest.raises(NotAllowed):
        officers.leave(heir.person, officer.person.id, {world.wearer.id: heir.person.id}, clock.now(), why="No.")
    left_at = clock.now()
    moved = officers.leave(
        world.supervisor.person, officer.person.id, {world.wearer.id: heir.person.id}, left_at, why="New post."
    )
    assert moved == 1
    db.release_connection()
    heir.expects_push("Please acknowledge")
    assert officer.api("GET", "/v1/alerts").status_code == 401
    assert Session.select().where(Session.person == officer.person, Session.ended_at.is_null()).count() == 0
    assert Device.select().where(Device.person == officer.person, Device.ended_at.is_null()).count() == 0
    assert Person.get_by_id(officer.person.id).phone is None
    before = left_at - timedelta(seconds=1)
    assert reading.responsible_officer_id(world.wearer, before) == officer.person.id
    assert reading.responsible_officer_id(world.wearer, left_at) == heir.person.id
    db.release_connection()
    heir.acknowledges()
    world.reads_everything()


def test_the_one_who_covers_at_that_instant_is_called_and_before_and_after_it_is_the_officer(world: World) -> None:
    officer, colleague = world.officer.has_app(), world.colleague.has_app()
    start = clock.now()
    officers.cover(
        officer.person,
        officer.person.id,
        colleague.person.id,
        start + timedelta(hours=1),
        start + timedelta(hours=10),
        start,
        why="Leave.",
    )
    db.release_connection()
    world.tag.walks_in()
    officer.expects_push("Please acknowledge")
    officer.acknowledges()
    officer.records_outcome()
    world.tag.leaves()
    world.forward(3_600)
    world.reads_everything()
    world.tag.is_far_away()
    world.tag.walks_in()
    colleague.expects_push("Please acknowledge")
    colleague.acknowledges(cases.alerts()[-1].id)
    with pytest.raises(NotAllowed):
        officers.cover(
            colleague.person, officer.person.id, colleague.person.id, start, start + timedelta(1), start, why="No."
        )
    with pytest.raises(InvalidRecord):
        officers.cover(
            officer.person, officer.person.id, officer.person.id, start, start + timedelta(1), start, why="?"
        )
    db.release_connection()
    world.reads_everything()


def test_teams_are_renamed_and_merged_by_date_and_a_report_keeps_the_names_and_people_of_its_time(
    world: World,
) -> None:
    officer = world.officer.has_app()
    world.tag.walks_in()
    officer.acknowledges()
    officer.records_outcome()
    world.reads_everything()
    admin = world.person(Role.ADMINISTRATOR, "Ivy Chen", None).person
    other = Team.create(name="Camden", created_at=clock.now())
    world.forward(3_600)
    march = clock.now()
    teams.rename_team(admin, world.team.id, "Islington", march, march, why="Boroughs merge.")
    assert Team.get_by_id(world.team.id).name == "Islington"
    then = reading.team_names_at(march - timedelta(seconds=1))
    assert then[world.team.id] == "North London"
    with pytest.raises(NeedsConfirmation):
        teams.move_to_team(admin, other.id, march, why="Merge.", people=[officer.person.id])
    everyone = [world.officer.person.id, world.colleague.person.id, world.supervisor.person.id]
    teams.move_to_team(admin, other.id, march, why="Merge.", people=everyone, wearers=[world.wearer.id])
    db.release_connection()
    subject = f"person:{officer.person.id}"
    assert teams.team_at(subject, march - timedelta(seconds=1), 0) == world.team.id
    assert teams.team_at(subject, march, 0) == other.id
    report = world.supervisor.api(
        "GET",
        "/v1/reports/response-times",
        params={"by": "team", "from": (march - timedelta(days=1)).isoformat(), "to": march.isoformat()},
    ).json()
    assert [group["name"] for group in report["groups"]] == ["North London"]
    world.tag.is_far_away()
    world.reads_everything()
    world.forward(1_200)
    world.tag.walks_in()
    officer.expects_push("Please acknowledge")
    world.officer.acknowledges(cases.alerts()[-1].id)
    world.reads_everything()


def test_a_restricted_case_is_403_without_a_hint_for_everyone_else_until_it_is_opened_in_an_emergency(
    world: World,
) -> None:
    officer, colleague, supervisor = world.officer.has_app(), world.colleague.has_app(), world.supervisor
    colleague.opens_the_app()
    named = [officer.person.id, supervisor.person.id]
    with pytest.raises(InvalidRecord, match="supervisor"):
        officers.restrict(supervisor.person, world.wearer.id, [officer.person.id], clock.now(), why="Police family.")
    officers.restrict(supervisor.person, world.wearer.id, named, clock.now(), why="Police family.")
    db.release_connection()
    world.tag.walks_in()
    officer.expects_push("Please acknowledge")
    world.settle()
    alert_id = officer.alert()["id"]
    assert colleague.alerts("all") == []
    refused = colleague.api("GET", f"/v1/alerts/{alert_id}")
    assert (refused.status_code, refused.json()["detail"]) == (403, access.RESTRICTED)
    assert colleague.hints == []
    world.forward(10)
    assert colleague.hints == []
    other = world.person(Role.SUPERVISOR, "Hugh Lane", None)
    report = other.api("GET", "/v1/reports/response-times").json()
    assert report["alerts"] == []
    with pytest.raises(InvalidRecord):
        officers.open_in_emergency(colleague.person, world.wearer.id, "now", clock.now())
    officers.open_in_emergency(colleague.person, world.wearer.id, "She rang, he is at her door.", clock.now())
    db.release_connection()
    assert colleague.api("GET", f"/v1/alerts/{alert_id}").status_code == 200
    opening = officers.openings_to_review(supervisor.person, clock.now())
    assert [(row.person_id, row.reason) for row in opening] == [(colleague.person.id, "She rang, he is at her door.")]
    assert officers.openings_to_review(other.person, clock.now()) == []
    officers.review_opening(supervisor.person, opening[0].id, "It was right.", clock.now())
    assert officers.openings_to_review(supervisor.person, clock.now()) == []
    db.release_connection()
    world.forward(officers.EMERGENCY.total_seconds() + 1)
    assert colleague.alerts("all") == []
    officer.acknowledges(alert_id)
    world.reads_everything()


def test_an_alert_raised_in_error_is_taken_back_from_those_who_were_warned_and_counted_apart(world: World) -> None:
    officer, colleague = world.officer.has_app(), world.colleague
    world.victim_consents()
    world.tag.stays_inside()
    world.settle()
    colleague.acknowledges()
    alert_id = colleague.alert()["id"]
    refused = colleague.api("POST", f"/v1/alerts/{alert_id}/outcome", json={"code": "raised_in_error"})
    assert refused.status_code == InvalidRequest.status
    colleague.records_outcome("raised_in_error", "The zone was drawn on the wrong street.")
    officer.expects_push("raised in error")
    world.expect_sms(world.victim.phone, "Your book was collected.")
    report = world.supervisor.api("GET", "/v1/reports/response-times").json()
    assert (report["raised_in_error"], report["alerts"]) == (1, [])
    assert cases.alerts()[0].outcome_note == "The zone was drawn on the wrong street."
    world.reads_everything()


def test_an_error_that_is_found_after_the_stay_is_their_officers_to_tell_them_since_no_words_of_theirs_say_it(
    world: World,
) -> None:
    officer = world.officer.has_app()
    world.victim_consents()
    world.tag.stays_inside()
    world.tag.leaves()
    world.settle()
    texts = [message.body for message in world.doubles.messages if message.to == world.victim.phone]
    assert texts == ["Your book has arrived.", "Your book was collected."]
    officer.acknowledges()
    officer.records_outcome("raised_in_error", "The zone was drawn on the wrong street.")
    (said,) = cases.notices_of(world)
    assert said.endswith(f"the person on probation was near. Alert {cases.alerts()[0].code} was an error: tell them.")
    world.settle()
    assert len([message for message in world.doubles.messages if message.to == world.victim.phone]) == 2
    world.reads_everything()


def test_a_drill_runs_the_whole_chain_says_so_everywhere_and_reaches_no_protected_person_and_no_figure(
    world: World,
) -> None:
    officer = world.officer.has_app()
    with pytest.raises(NotAllowed):
        drills.make_case(officer.person, clock.now())
    training = drills.make_case(world.supervisor.person, clock.now())
    assert drills.make_case(world.supervisor.person, clock.now()).id == training.id
    officers.hand_over(world.supervisor.person, training.id, officer.person.id, clock.now(), clock.now(), why="Drill.")
    db.release_connection()
    drills.run(world.supervisor.person, training.id, world.settings, clock.now())
    db.release_connection()
    push = officer.expects_push("Please acknowledge")
    assert "Zone alert DRILL-" in push.data["body"]
    alert = officer.alert()
    assert (alert["is_drill"], alert["wearer"]["name"]) == (True, "DRILL (training case)")
    officer.acknowledges()
    officer.records_outcome()
    report = world.supervisor.api("GET", "/v1/reports/response-times").json()
    assert report["alerts"] == []
    with pytest.raises(InvalidTransition):
        drills.run(world.supervisor.person, world.wearer.id, world.settings, clock.now())
    db.release_connection()
    world.reads_everything()


def test_a_handover_to_the_police_is_on_the_alerts_own_clock(world: World) -> None:
    officer = world.officer.has_app()
    world.tag.walks_in()
    officer.acknowledges()
    world.forward(60)
    alert = cases.alerts()[0]
    with pytest.raises(InvalidRecord):
        police_handovers.hand_over(officer.person, alert.id, "Met", " ", clock.now(), clock.now())
    with pytest.raises(InvalidRecord):
        police_handovers.hand_over(
            officer.person, alert.id, "Met", "CAD 1", clock.now() + timedelta(hours=1), clock.now()
        )
    police_handovers.hand_over(officer.person, alert.id, "Metropolitan Police", "CAD 4471", clock.now(), clock.now())
    db.release_connection()
    assert "handed_to_police" in [step["action"] for step in officer.alert()["history"]]
    step = next(one for one in officer.alert()["history"] if one["action"] == "handed_to_police")
    assert (step["by"], step["handover"]["force"], step["handover"]["reference"]) == (
        "Amina Yusuf",
        "Metropolitan Police",
        "CAD 4471",
    )
    handed_at = clock.now()
    world.forward(60)
    # A second force, and an earlier handover that is recorded last: the earliest is when the police had it.
    police_handovers.hand_over(officer.person, alert.id, "Essex Police", "EP 9", clock.now(), clock.now())
    first_at = handed_at - timedelta(seconds=30)
    police_handovers.hand_over(world.supervisor.person, alert.id, "Kent Police", "KP 2", first_at, clock.now())
    db.release_connection()
    told = world.supervisor.api("GET", "/v1/reports/response-times").json()
    assert (told["alerts"][0]["police"]["force"], told["groups"][0]["figures"]["police_s"]["p50"]) == (
        "Kent Police",
        pytest.approx((first_at - alert.decided_at).total_seconds(), abs=0.01),
    )
    forces = [one["handover"]["force"] for one in officer.alert()["history"] if one["handover"]]
    assert forces == ["Metropolitan Police", "Essex Police", "Kent Police"]
    row = told["alerts"][0]["police"]
    assert (row["force"], row["reference"], row["by"]) == ("Kent Police", "KP 2", "Grace Okafor")
    wanted = {"Authorization": f"Bearer {world.supervisor.token}", "Accept": "text/csv"}
    table = world.api("GET", "/v1/reports/response-times", headers=wanted).text
    assert f"Kent Police,KP 2,{row['at']},Grace Okafor" in table
    world.reads_everything()


def test_the_watch_finds_what_is_missing_counts_it_and_tells_each_gap_once(world: World) -> None:
    officer = world.officer.has_app()

    def gaps() -> set[str]:
        try:
            return {str(finding.item) for finding in completeness.find(clock.now())}
        finally:
            db.release_connection()

    assert gaps() == {"zone_without_order", "tag_never_reported", "victim_without_safe_contact"}
    world.victim_consents()
    world.tag.is_far_away()
    assert gaps() == {"zone_without_order", "reporting_without_order"}
    start = clock.now()
    made = cases.order(world, start, start + timedelta(hours=2))
    assert gaps() == {"zone_without_order", "order_without_zone"}
    world.settle()
    officer.expects_push("a case of yours needs a look")
    notices = len(cases.alerts(AlertKind.NOTICE))
    cases.rests_on(world, made)
    assert gaps() == set()
    world.forward(3 * 3_600)
    assert gaps() == {"expired_order_and_reporting"}
    world.settle()
    assert len(cases.alerts(AlertKind.NOTICE)) > notices
    officers.assign_officer(None, world.wearer, None, clock.now(), clock.now(), why="A hole.")
    assert "wearer_without_officer" in gaps()
    monitoring_status.end(
        world.supervisor.person,
        world.wearer.id,
        monitoring_status.Ended.EXPIRY,
        clock.now(),
        clock.now(),
        why="Over.",
        is_confirmed=True,
    )
    db.release_connection()
    assert gaps() == set()
    cases.daily_look(world)
    counted = AuditEntry.select().where(AuditEntry.subject == "watch:all").order_by(AuditEntry.id.desc()).first()
    assert counted.detail == {"counts": {}}
    db.release_connection()
    assert cases.alerts(AlertKind.NOTICE)[0].handling == Handling.OPEN
    world.reads_everything()


def test_a_supervisor_hears_of_a_zone_to_approve_and_of_an_emergency_to_review(world: World) -> None:
    supervisor = world.supervisor.has_app()
    writing.protect_tonight(
        world.officer.person, world.wearer.id, world.victim.id, "Refuge", 51.7, -0.1, 300.0, clock.now()
    )
    db.release_connection()
    push = supervisor.expects_push("a case of yours needs a look")
    assert "Refuge" not in str(push.data)
    named = [world.officer.person.id, supervisor.person.id]
    officers.restrict(supervisor.person, world.wearer.id, named, clock.now(), why="Police family.")
    other = world.person(Role.SUPERVISOR, "Hugh Lane", "+447700900109").has_app()
    officers.open_in_emergency(world.colleague.person, world.wearer.id, "She rang, he is at her door.", clock.now())
    db.release_connection()
    supervisor.expects_push("a case of yours needs a look")
    told = [one["reasons"][0] for one in supervisor.alerts("all")]
    assert {restricted_cases.TO_REVIEW, provisional_zones.TO_APPROVE} <= set(told)
    # No one else learns that there is a case: neither by a message nor in a list.
    assert other.alerts("all") == []
    world.settle()
    assert [push for push in world.pushes if push.token == other.push_token] == []
    world.reads_everything()


def test_a_report_shows_an_alert_of_march_under_the_team_of_march_although_it_was_open_at_the_merger(
    world: World,
) -> None:
    admin = world.person(Role.ADMINISTRATOR, "Ivy Chen", None).person
    into = Team.create(name="Camden", created_at=clock.now())
    staying = world.person(Role.SUPERVISOR, "Hugh Lane", None)
    db.release_connection()
    begin = clock.now()
    world.tag.stays_inside()
    end = clock.now()
    going = [world.officer.person.id, world.colleague.person.id, world.supervisor.person.id]
    teams.split_team(admin, world.team.id, into.id, going, clock.now(), clock.now(), why="Split.", is_confirmed=True)
    db.release_connection()
    query = {"by": "team", "from": begin.isoformat(), "to": end.isoformat()}
    # The team that has the case reads of it, and the one that answered for it then.
    for supervisor in (world.supervisor, staying):
        report = supervisor.api("GET", "/v1/reports/response-times", params=query).json()
        assert [(group["name"], group["count"]) for group in report["groups"]] == [("North London", 1)]
        assert [row["team"] for row in report["alerts"]] == ["North London"]
    assert cases.alerts()[0].team_id == into.id
    world.reads_everything()


def test_the_team_of_their_other_wearer_keeps_their_places_when_a_team_is_split(world: World) -> None:
    admin = world.person(Role.ADMINISTRATOR, "Ivy Chen", None).person
    b = world.colleague.person
    other = Wearer.create(team=world.team, name="Other Man", responsible_officer=b, created_at=clock.now())
    PlaceZone.create(place=world.place, wearer=other, feature=world.zone.feature, from_at=world.zone.from_at)
    into = Team.create(name="East", created_at=clock.now())
    db.release_connection()
    east = world.person(Role.SUPERVISOR, "East Boss", None, team=into)
    teams.split_team(admin, world.team.id, into.id, [world.officer.person.id], clock.now(), clock.now(), why="Split.")
    db.release_connection()
    assert Victim.get_by_id(world.victim.id).team_id == into.id
    b = Person.get_by_id(b.id)
    writing.add_zone(b, other.id, world.place.id, cases.circle(*HOME), clock.now(), clock.now(), why="Wider.")
    writing.protect_tonight(b, other.id, world.victim.id, "Refuge", 51.7, -0.1, 300.0, clock.now())
    db.release_connection()
    path = f"/v1/victims/{world.victim.id}/shared-location"
    assert world.colleague.api("POST", path, json={"agreed": True, "wearers": [other.id]}).status_code == 201
    assert east.api("DELETE", path).status_code == 204
    # A team that has no case of theirs knows nothing of them.
    south = Team.create(name="South", created_at=clock.now())
    db.release_connection()
    stranger = world.person(Role.OFFICER, "Zoe Hall", None, team=south)
    assert stranger.api("DELETE", path).status_code == 404
    world.settle()
    world.reads_everything()
