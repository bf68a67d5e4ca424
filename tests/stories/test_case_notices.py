"""Who is told that protection stops, and that it goes on: once, before it, and never what is not so."""

from __future__ import annotations

from datetime import timedelta, timezone

import pytest

from backend import clock, db
from backend.cases import contact_details, end_of_protection, monitoring_status, officers, protected_people, writing
from backend.cases.monitoring_status import Ended, Suspended
from backend.cases.officers import CaseloadLeft
from backend.models import Handling, PlaceZone, ProtectedPlace, Role, Victim
from backend.people import numbers, rota
from backend.record import protection_ends, reading
from backend.record.facts import LONDON, Terms, midnight
from tests import cases
from tests.cases import ENDING, NEAR, OVER, chosen, notices_of
from tests.stories.test_case_ends import end, is_protected, on_an_order, outcome, suspend, victim_texts
from tests.world import HOME, World

SCHOOL = cases.east_of(HOME, 6_000.0)
FLAT = cases.east_of(HOME, -9_000.0)


def child_of(world: World) -> Victim:
    person, now = world.officer.person, clock.now()
    child = protected_people.add_person(
        person, world.wearer.id, "Mia Bennett", now, why="Hers.", is_child=True, through_id=world.victim.id
    )
    db.release_connection()
    return child


def school(world: World, child: Victim, **more: object) -> PlaceZone:
    place = ProtectedPlace.create(victim=child, label="School")
    now = clock.now()
    zone = writing.add_zone(
        world.officer.person, world.wearer.id, place.id, cases.circle(*SCHOOL), now, now, why="Hers.", **more
    )
    db.release_connection()
    return zone


def curfew(world: World, **more: object) -> PlaceZone:
    shape = cases.circle(*FLAT)
    shape["properties"] |= {
        "kind": "inclusion",
        "schedule": {
            "timezone": "Europe/London",
            "weekly": [{"days": ["mo", "tu", "we", "th", "fr", "sa", "su"], "from": "00:00", "to": "00:00"}],
        },
    }
    place = ProtectedPlace.create(wearer=world.wearer, label="His flat")
    now = clock.now()
    zone = writing.add_zone(world.officer.person, world.wearer.id, place.id, shape, now, now, why="Curfew.", **more)
    db.release_connection()
    return zone


def said_of(world: World, words: str) -> list[str]:
    return [said for said in notices_of(world) if words in said]


def _newest_life(world: World) -> int:
    try:
        return reading.case(world.wearer.id).statuses[-1].id
    finally:
        db.release_connection()


def test_what_ended_while_no_notifier_ran_is_told_although_the_case_was_changed_before_one_runs_again(
    told: World,
) -> None:
    on_an_order(told, days=3)
    ends_at = clock.now() + timedelta(days=3)
    told.tag.stays_inside()
    told.settle()
    told.stop_worker()
    told.clock.forward((ends_at - clock.now()).total_seconds() + 60)
    cases.zone_around(told, cases.east_of(HOME, 4_000.0), clock.now())
    told.start_worker()
    told.settle()
    assert outcome() == (Handling.CLOSED, "ended_expiry", True)
    (said,) = said_of(told, "Protection of the place Home")
    assert said.endswith("(expiry). Tell the protected person now.")
    assert ENDING not in victim_texts(told)
    told.reads_everything()


def test_what_was_to_end_while_no_notifier_ran_and_was_varied_goes_on_without_a_word(told: World) -> None:
    made, _ = on_an_order(told, days=3)
    ends_at = clock.now() + timedelta(days=3)
    told.tag.is_far_away()
    told.stop_worker()
    told.clock.forward((ends_at - clock.now()).total_seconds() + 60)
    cases.vary(told, made, Terms(told.zone.from_at, ends_at + timedelta(days=90)), ends_at - timedelta(days=1))
    told.start_worker()
    told.settle()
    assert is_protected(told)
    assert said_of(told, "Protection of") == []
    assert victim_texts(told) == []
    told.reads_everything()


def test_while_their_home_is_protected_the_end_at_their_childs_school_is_not_told_in_their_words(told: World) -> None:
    child = child_of(told)
    until = clock.now() + timedelta(days=5)
    school(told, child, to_at=until)
    told.tag.is_far_away()
    cases.forward_to(told, until - timedelta(hours=1))
    (said,) = said_of(told, "Protection of the place School")
    assert said.endswith("Tell the protected person before then.")
    assert victim_texts(told) == []
    told.reads_everything()


def test_while_their_childs_school_is_protected_the_end_at_their_home_is_not_told_in_their_words(told: World) -> None:
    school(told, child_of(told))
    on_an_order(told, days=5)
    ends_at = clock.now() + timedelta(days=5)
    told.tag.is_far_away()
    cases.forward_to(told, ends_at - timedelta(hours=1))
    (said,) = said_of(told, "Protection of the place Home")
    assert said.endswith("Tell the protected person before then.")
    assert victim_texts(told) == []
    told.reads_everything()


def test_an_end_at_their_home_and_at_their_childs_school_is_one_text_to_them(told: World) -> None:
    school(told, child_of(told))
    told.tag.is_far_away()
    end(told)
    told.settle()
    assert victim_texts(told) == [ENDING]
    (said,) = said_of(told, "Protection of")
    assert said.startswith("Protection of the places Home and School ends")
    told.reads_everything()


def test_a_curfew_that_goes_on_keeps_no_one_from_them_and_one_that_ends_is_no_end_of_theirs(told: World) -> None:
    on_an_order(told, days=3)
    ends_at = clock.now() + timedelta(days=3)
    until = clock.now() + timedelta(days=6)
    curfew(told, to_at=until)
    told.tag.stays(-9_000.0, for_s=30)
    cases.forward_to(told, ends_at - timedelta(hours=1))
    assert victim_texts(told) == [ENDING]
    cases.forward_to(told, until - timedelta(hours=1))
    assert victim_texts(told) == [ENDING]
    (said,) = said_of(told, "His flat")
    assert said.startswith("The curfew at the place His flat ends ")
    assert said.endswith("(expiry).")
    told.reads_everything()


def test_a_curfew_that_is_suspended_or_goes_on_after_all_is_said_without_asking_to_tell_them(told: World) -> None:
    until = clock.now() + timedelta(hours=2)
    zone = curfew(told, to_at=until)
    told.tag.stays(-9_000.0, for_s=30)
    (said,) = said_of(told, "His flat")
    assert said.startswith("The curfew at the place His flat ends ")
    now = clock.now()
    writing.change_zone(
        told.officer.person, zone.id, now, now, why="Longer.", to_at=until + timedelta(days=9), is_confirmed=True
    )
    db.release_connection()
    told.settle()
    assert said_of(told, "His flat")[1:] == [
        f"The curfew at the place His flat does not stop {end_of_protection.when(until)} as was said: it goes on."
    ]
    suspend(told)
    told.settle()
    assert [said for said in said_of(told, "His flat")[2:] if "ell" in said] == []
    assert len(said_of(told, "The curfew at the place His flat is suspended from ")) == 1
    assert said_of(told, "Protection of the place Home is suspended from ")
    told.reads_everything()


def test_a_zone_whose_shape_says_until_when_it_holds_ends_as_any_other_does(told: World) -> None:
    on_an_order(told)
    until = clock.now() + timedelta(days=4)
    place = ProtectedPlace.create(victim=told.victim, label="Elm")
    db.release_connection()
    shape = cases.circle(*cases.east_of(HOME, 4_000.0))
    shape["properties"]["valid_until"] = until.isoformat()
    body = {"place_id": place.id, "zone": shape, "from_at": clock.now().isoformat(), "why": "A visit."}
    answer = told.officer.api("POST", f"/v1/wearers/{told.wearer.id}/zones", json=body)
    assert answer.status_code == 201, answer.text
    told.tag.is_far_away()
    cases.forward_to(told, until - timedelta(hours=1))
    (said,) = said_of(told, "the place Elm")
    assert said.startswith("Protection of the place Elm ends ")
    told.reads_everything()


def test_an_end_that_is_entered_again_with_other_clocks_is_told_once(told: World) -> None:
    ends_at = clock.now() + timedelta(hours=2)
    summer = timezone(timedelta(hours=1))
    made = cases.order(told, told.zone.from_at, ends_at.astimezone(summer))
    cases.rests_on(told, made)
    told.tag.is_far_away()
    told.settle()
    announced = len(said_of(told, "The order LIC-2041 ends"))
    assert announced
    assert victim_texts(told) == [ENDING]
    cases.vary(told, made, Terms(told.zone.from_at, ends_at), clock.now())
    told.settle()
    # The case ends with its order, at the same midnight.
    end(told, Ended.EXPIRY, ends_at)
    told.settle()
    assert victim_texts(told) == [ENDING]
    assert len(said_of(told, "Protection of the place Home ends")) == 1
    assert len(said_of(told, "The order LIC-2041 ends")) == announced
    told.reads_everything()


def test_a_variation_that_is_entered_twice_ends_the_order_once_and_is_told_once(told: World) -> None:
    made, _ = on_an_order(told)
    told.tag.is_far_away()
    now = clock.now()
    cases.vary(told, made, Terms(told.zone.from_at, now), now)
    told.settle()
    told.forward(60)
    cases.vary(told, made, Terms(told.zone.from_at, now), now)
    told.settle()
    assert victim_texts(told) == [ENDING]
    assert said_of(told, "it goes on") == []
    told.forward(protection_ends.NOTICE.total_seconds() - 30)
    assert not is_protected(told)
    assert victim_texts(told) == [ENDING]
    told.reads_everything()


def test_an_end_that_is_corrected_to_an_earlier_day_brings_nothing_back(told: World) -> None:
    told.tag.is_far_away()
    ended_at = end(told, Ended.DEATH)
    told.forward(protection_ends.NOTICE.total_seconds() + 3_600)
    told.tag.stays_inside()
    told.settle()
    assert cases.alerts() == []
    entry = monitoring_status.end(
        told.officer.person,
        told.wearer.id,
        Ended.DEATH,
        ended_at - timedelta(days=2),
        clock.now(),
        why="The certificate.",
        corrects=_newest_life(told),
        is_confirmed=True,
    )
    db.release_connection()
    told.settle()
    assert entry.from_at == ended_at - timedelta(days=2)
    assert cases.alerts() == []
    told.reads_everything()


def test_what_they_answer_before_a_zone_is_drawn_reaches_their_officer(told: World) -> None:
    person, number = told.officer.person, "+447700900211"
    sofia = protected_people.add_person(person, told.wearer.id, "Sofia Marino", clock.now(), why="Hers.")
    contact_details.agree(person, told.wearer.id, sofia.id, number, chosen(NEAR, OVER, ENDING), clock.now())
    numbers.carry_over(Victim.get_by_id(sofia.id), clock.now())
    db.release_connection()
    told.doubles.reply(from_=number, body="He is outside, please hurry", to=told.settings.twilio_from)
    told.settle()
    (alert,) = [one for one in told.officer.alerts() if one["kind"] == "help"]
    assert alert["protected_person"]["name"] == "Sofia Marino"
    assert "“He is outside, please hurry”" in alert["reasons"][0]
    told.officer.expects_push("a message needs an answer now")
    told.reads_everything()


def test_a_case_that_ends_does_not_come_back_on_a_day_that_was_planned_before(told: World) -> None:
    suspend(told, Suspended.HOSPITAL, days=5)
    now = clock.now()
    monitoring_status.resume(
        told.officer.person, told.wearer.id, now + timedelta(days=2), now, why="Released on that day."
    )
    db.release_connection()
    end(told, Ended.DEATH)
    told.settle()
    told.forward(3 * 86_400)
    assert not is_protected(told)
    told.reads_everything()


def test_the_end_of_an_order_is_announced_by_day_to_its_officer_who_is_not_on_duty(told: World) -> None:
    today = clock.now().astimezone(LONDON).date()
    ends_at = midnight(today + timedelta(days=20))
    made = cases.order(told, told.zone.from_at, ends_at)
    cases.rests_on(told, made)
    told.colleague.has_app()
    now = clock.now()
    for n in (0, 7, 14):
        begin, end_at = now + timedelta(days=n), now + timedelta(days=n + 7)
        rota.add(told.supervisor.person, told.colleague.person.id, begin, end_at, now)
    db.release_connection()
    told.tag.is_far_away()
    told.reads_everything()
    cases.forward_to(told, ends_at - timedelta(days=14) + timedelta(minutes=1))
    assert said_of(told, "ends") == []
    cases.forward_to(told, ends_at - timedelta(days=14) + timedelta(hours=9, minutes=1))
    assert said_of(told, "in 14 days.")
    told.officer.expects_push("a case of yours needs a look")
    told.reads_everything()


def test_a_gap_in_an_order_is_announced_although_it_goes_on_afterwards(told: World) -> None:
    made, _ = on_an_order(told, days=20)
    now = clock.now()
    ends_at = now + timedelta(days=20)
    cases.vary(told, made, Terms(told.zone.from_at, now + timedelta(days=90)), now + timedelta(days=30))
    told.tag.is_far_away()
    cases.forward_to(told, protection_ends.by_day(ends_at - timedelta(days=14)) + timedelta(minutes=1))
    assert said_of(told, "in 14 days.")
    told.reads_everything()


def test_a_place_that_is_protected_twice_by_one_tap_is_one_place(told: World) -> None:
    body = {"victim_id": told.victim.id, "place": "Refuge", "lat": SCHOOL[0], "lon": SCHOOL[1], "radius_m": 250}
    made = [told.officer.api("POST", f"/v1/wearers/{told.wearer.id}/provisional-zones", json=body) for _ in range(2)]
    assert [answer.status_code for answer in made] == [201, 201]
    told.tag.stays(6_000.0, for_s=120, every_s=30)
    assert len(cases.alerts()) == 1
    told.reads_everything()


def test_an_extension_that_is_entered_after_the_end_is_said_to_go_on(told: World) -> None:
    made, _ = on_an_order(told, days=3)
    ends_at = clock.now() + timedelta(days=3)
    told.tag.is_far_away()
    cases.forward_to(told, ends_at - timedelta(hours=1))
    cases.forward_to(told, ends_at + timedelta(hours=8))
    assert victim_texts(told) == [ENDING]
    cases.vary(told, made, Terms(told.zone.from_at, ends_at + timedelta(days=90)), ends_at)
    told.settle()
    assert is_protected(told)
    assert [said for said in notices_of(told) if "tell them" in said]
    told.reads_everything()


def test_two_who_change_a_zone_at_once_do_not_undo_each_other(told: World) -> None:
    wide = cases.circle(*HOME, radius_m=900.0)
    buffer = cases.circle(*HOME, buffer_m=50.0)
    person = told.officer.person
    writing.change_zone(person, told.zone.id, clock.now(), clock.now(), why="Wider.", feature=wide)
    db.release_connection()
    told.forward(5)
    path = f"/v1/zones/{told.zone.id}/versions"
    body = {"zone": buffer, "from_at": clock.now().isoformat(), "why": "A smaller buffer."}
    answer = told.officer.api("POST", path, json=body)
    assert answer.status_code == 409, answer.text
    told.reads_everything()


def test_the_one_who_covers_does_not_leave_without_someone_who_covers_instead(told: World) -> None:
    a, b, now = told.officer.person, told.colleague.person, clock.now()
    officers.cover(a, a.id, b.id, now, now + timedelta(days=14), now, why="Leave.")
    db.release_connection()
    with pytest.raises(CaseloadLeft, match="covers for Amina Yusuf"):
        officers.leave(told.supervisor.person, b.id, {}, clock.now(), why="New post.")
    db.release_connection()
    third = told.person(Role.OFFICER, "Ola Third", "+447700900104").has_app()
    officers.leave(told.supervisor.person, b.id, {}, clock.now(), why="New post.", everyone_else=third.person.id)
    db.release_connection()
    told.tag.walks_in()
    third.expects_push("Please acknowledge")
    told.reads_everything()


def test_an_order_of_a_case_that_has_ended_is_announced_to_no_one(told: World) -> None:
    on_an_order(told, days=20)
    end(told, Ended.DEATH)
    told.forward(7 * 86_400)
    assert said_of(told, "The order LIC-2041 ends") == []
    told.reads_everything()


def test_when_an_order_goes_on_after_a_gap_their_officer_is_asked_to_tell_them_who_read_that_it_ends(
    told: World,
) -> None:
    made, _ = on_an_order(told, days=3)
    now = clock.now()
    cases.vary(told, made, Terms(told.zone.from_at, now + timedelta(days=90)), now + timedelta(days=5))
    told.tag.is_far_away()
    cases.forward_to(told, now + timedelta(days=3, hours=-1))
    assert victim_texts(told) == [ENDING]
    cases.forward_to(told, now + timedelta(days=4))
    assert said_of(told, "goes on again") == []
    cases.forward_to(told, now + timedelta(days=5, minutes=1))
    (said,) = said_of(told, "goes on again")
    assert said.endswith("The protected person was told by text that it ends: tell them.")
    cases.zone_around(told, SCHOOL, clock.now())
    told.settle()
    assert len(said_of(told, "goes on again")) == 1
    told.reads_everything()
