"""Restricted cases: what is closed to someone is nowhere told to them, and who answers for it can open it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from backend import alarms, alerts, clock, db, outages
from backend.cases import completeness, contact_details, officers, writing
from backend.errors import InvalidRecord, NotFound
from backend.escalation.steps import Who
from backend.models import AlarmKind, Alert, AlertKind, Outage, PlaceZone, Role, Victim, Wearer
from backend.record import reading
from tests import cases
from tests.cases import chosen
from tests.stories.test_moving_places import agrees
from tests.world import HOME, World


def closes(world: World, *named: int) -> None:
    """Close the case to all but its officer and the supervisor, or these people."""
    officers.restrict(
        world.supervisor.person,
        world.wearer.id,
        named or (world.officer.person.id, world.supervisor.person.id),
        clock.now(),
        why="She works here.",
    )
    db.release_connection()


def another_case(world: World) -> Wearer:
    """A case of the colleague to whom the restricted one is closed."""
    wearer = Wearer.create(
        team=world.team, name="Other Man", responsible_officer=world.colleague.person, created_at=clock.now()
    )
    db.release_connection()
    return wearer


def test_their_place_is_not_read_by_way_of_a_zone_in_another_case(world: World) -> None:
    closes(world)
    other = another_case(world)
    assert world.colleague.api("GET", f"/v1/wearers/{world.wearer.id}").status_code == 403
    body = {
        "place_id": world.place.id,
        "zone": cases.circle(*HOME),
        "from_at": clock.now().isoformat(),
        "why": "Curious.",
    }
    answer = world.colleague.api("POST", f"/v1/wearers/{other.id}/zones", json=body)
    # The same words as for a place that there is not.
    nowhere = world.colleague.api("POST", f"/v1/wearers/{other.id}/zones", json={**body, "place_id": 999_999})
    assert (answer.status_code, answer.json()["detail"]) == (404, nowhere.json()["detail"])
    assert world.victim.name not in world.colleague.api("GET", f"/v1/wearers/{other.id}").text
    with pytest.raises(NotFound):
        contact_details.agree(
            world.colleague.person, other.id, world.victim.id, "+447700900999", chosen("a", "b", "c"), clock.now()
        )
    # A person who may open the case uses their places in the wearer's other cases.
    assert world.supervisor.api("POST", f"/v1/wearers/{other.id}/zones", json=body).status_code == 201
    # They are now protected in the wearer's own case, which a colleague who knows of both decided.
    assert world.victim.name in world.colleague.api("GET", f"/v1/wearers/{other.id}").text
    world.reads_everything()


def test_a_case_without_a_protected_person_offers_no_one_who_is_protected_in_a_closed_one(world: World) -> None:
    other = another_case(world)
    Victim.create(team=world.team, name="New Person", phone=None, created_at=clock.now())
    b, now = world.colleague.person, clock.now()
    assert [one.name for one in writing.victims_for(b, other.id, now)] == ["Laura Bennett", "New Person"]
    closes(world)
    assert [one.name for one in writing.victims_for(b, other.id, clock.now())] == ["New Person"]
    officers.open_in_emergency(b, world.wearer.id, "She rang, he is at her door.", clock.now())
    assert len(writing.victims_for(b, other.id, clock.now())) == 2
    db.release_connection()
    world.settle()
    world.reads_everything()


def test_their_moving_place_is_begun_and_ended_only_by_those_to_whom_the_case_is_open(world: World) -> None:
    phone = agrees(world)
    closes(world)
    path = f"/v1/victims/{world.victim.id}/shared-location"
    assert world.colleague.api("DELETE", path).status_code == 404
    other = another_case(world)
    body = {"agreed": True, "wearers": [other.id]}
    assert world.colleague.api("POST", path, json=body).status_code == 404
    phone.is_at(20_000.0)
    assert world.officer.api("DELETE", path).status_code == 204
    world.reads_everything()


def test_someone_elses_leaving_tells_no_name_of_a_closed_case(world: World) -> None:
    closes(world)
    boss = world.person(Role.SUPERVISOR, "Second Boss", None)
    path = f"/v1/people/{world.officer.person.id}/departure"
    refused = boss.api("POST", path, json={"why": "New post."})
    assert (refused.status_code, refused.json()["code"]) == (409, "caseload_left")
    assert refused.json()["detail"] == "Name a colleague for 1 that is closed to you."
    # Nor does the case come to someone who may not open it: neither by chance nor to read it.
    for heir in (world.colleague.person.id, boss.person.id):
        refused = boss.api("POST", path, json={"why": "New post.", "everyone_else": heir})
        assert (refused.status_code, refused.json()["code"]) == (422, "invalid_record")
        assert world.wearer.name not in refused.text
    assert boss.api("GET", f"/v1/wearers/{world.wearer.id}").status_code == 403
    refused = world.supervisor.api("POST", path, json={"why": "New post.", "everyone_else": world.colleague.person.id})
    assert "Daniel Marsh is a restricted case, and Ben Carter is not named on it" in refused.json()["detail"]
    closes(world, world.officer.person.id, world.colleague.person.id, world.supervisor.person.id)
    moved = boss.api("POST", path, json={"why": "New post.", "everyone_else": world.colleague.person.id})
    assert (moved.status_code, moved.json()) == (200, {"cases": 1})
    # The one supervisor who may open it stays until another one can.
    refused = boss.api("POST", f"/v1/people/{world.supervisor.person.id}/departure", json={"why": "Retired."})
    assert "the only supervisor who may open a restricted case" in refused.json()["detail"]
    world.settle()
    world.reads_everything()


def test_outages_and_alarms_name_and_number_no_closed_case(world: World) -> None:
    closes(world)
    boss = world.person(Role.SUPERVISOR, "Second Boss", None)
    now = clock.now()
    world.tag.stays_inside()
    alert = Alert.get()
    Outage.create(
        what="notifier",
        from_at=now - timedelta(hours=1),
        to_at=now,
        found_at=now,
        wearer_ids=[world.wearer.id],
        alert_ids=[alert.id],
    )
    alarms.raise_alarm(AlarmKind.CASE_INCOMPLETE, f"wearer:{world.wearer.id}/x", "A case: x", now, world.team.id)
    alarms.raise_alarm(AlarmKind.MOVING_PLACE_SILENT, f"victim:{world.victim.id}", "Phone", now, world.team.id)
    boss_sees, supervisor_sees = (outages.shown_to(one.person, now)[0] for one in (boss, world.supervisor))
    assert (boss_sees.wearers, boss_sees.alert_codes) == ([], [])
    assert ([one.name for one in supervisor_sees.wearers], len(supervisor_sees.alert_codes)) == (["Daniel Marsh"], 1)
    db.release_connection()
    told_victim, told_wearer = (one.api("GET", "/v1/alarms").json()["alarms"] for one in (boss, world.supervisor))
    assert (len(told_victim), len(told_wearer)) == (0, 2)
    world.officer.acknowledges(alert.id)
    world.reads_everything()


def test_a_closed_case_is_not_handed_to_someone_who_may_not_open_it(world: World) -> None:
    closes(world)
    a, b, now = world.officer.person, world.colleague.person, clock.now()
    for from_at in (now, now + timedelta(days=7)):
        with pytest.raises(InvalidRecord, match="Ben Carter is not named on it"):
            officers.hand_over(a, world.wearer.id, b.id, from_at, now, why="New officer.")
    closes(world, a.id, b.id, world.supervisor.person.id)
    officers.hand_over(a, world.wearer.id, b.id, now, clock.now(), why="New officer.")
    assert reading.responsible_officer_id(world.wearer, clock.now()) == b.id
    db.release_connection()
    world.reads_everything()


def test_a_closed_case_is_not_covered_by_someone_who_may_not_open_it(world: World) -> None:
    closes(world)
    third = world.person(Role.OFFICER, "Ola Third", None).person
    a, b, now, day = world.officer.person, world.colleague.person, clock.now(), timedelta(days=1)
    with pytest.raises(InvalidRecord, match="Daniel Marsh is a restricted case, and Ben Carter is not named on it"):
        officers.cover(a, a.id, b.id, now + day, now + 14 * day, now, why="Leave.")
    boss = world.person(Role.SUPERVISOR, "Second Boss", None).person
    with pytest.raises(InvalidRecord, match="A case that is closed to most would come to Ben Carter"):
        officers.cover(boss, a.id, b.id, now + day, now + 14 * day, now, why="Leave.")
    closes(world, a.id, b.id, world.supervisor.person.id)
    now = clock.now()
    officers.cover(a, a.id, b.id, now + day, now + 14 * day, now, why="Leave.")
    # Nor by way of someone who covers for the person who covers.
    with pytest.raises(InvalidRecord, match="Ola Third is not named on it"):
        officers.cover(world.supervisor.person, b.id, third.id, now + 3 * day, now + 4 * day, now, why="Ill.")
    officers.cover(world.supervisor.person, b.id, third.id, now + 15 * day, now + 16 * day, now, why="Ill.")
    db.release_connection()
    world.reads_everything()


def test_the_one_who_covers_and_the_officer_who_comes_back_are_both_named_when_a_case_is_closed(world: World) -> None:
    a, b, supervisor = world.officer.person, world.colleague.person, world.supervisor.person
    now = clock.now()
    officers.cover(a, a.id, b.id, now, now + timedelta(days=2), now, why="Leave.")
    with pytest.raises(InvalidRecord, match="Amina Yusuf would answer for the case"):
        officers.restrict(supervisor, world.wearer.id, [b.id, supervisor.id], now, why="Family.")
    with pytest.raises(InvalidRecord, match="Ben Carter would answer for the case"):
        officers.restrict(supervisor, world.wearer.id, [a.id, supervisor.id], now, why="Family.")
    officers.restrict(supervisor, world.wearer.id, [a.id, b.id, supervisor.id], now, why="Family.")
    db.release_connection()
    world.reads_everything()


def test_notices_of_a_closed_case_reach_someone_although_its_officer_may_not_open_it(world: World) -> None:
    supervisor = world.supervisor.has_app()
    # As it could be entered once: the case is closed to the officer who is to answer for it.
    closes(world)
    Wearer.update(responsible_officer=world.colleague.person).where(Wearer.id == world.wearer.id).execute()
    db.release_connection()
    found = [one.item for one in completeness.find(clock.now(), [world.wearer.id])]
    assert completeness.MissingItem.WITHOUT_OFFICER in found
    zone = PlaceZone.get_by_id(world.zone.id)
    world.officer.person.is_active = False
    world.officer.person.save()
    alerts.raise_notice(Wearer.get_by_id(world.wearer.id), zone, ["Something ends."], clock.now(), (Who.OFFICER,))
    db.release_connection()
    supervisor.expects_push("a case of yours needs a look")
    assert len(cases.alerts(AlertKind.NOTICE)) == 1
    world.reads_everything()


def test_what_someone_had_acknowledged_rings_again_when_the_case_is_closed_to_them(world: World) -> None:
    officer, colleague = world.officer.has_app(), world.colleague
    world.tag.stays_inside()
    officer.expects_push("breach")
    world.settle()
    colleague.acknowledges()
    world.reads_everything()
    closes(world)
    officer.expects_push("Please acknowledge")
    assert colleague.alerts("all") == []
    officer.acknowledges()
    # Closed again to the same people, the one who acts goes on acting.
    closes(world)
    assert officer.alert()["handling"] == "acknowledged"
    world.reads_everything()
