"""A number that one person declares to be a wearer's: texts about that wearer are held, and no one is silenced."""

from __future__ import annotations

from typing import Any

import pytest

from backend import alarms, clock, db
from backend.cases import completeness, contact_details
from backend.models import (
    AlarmKind,
    Notification,
    PlaceZone,
    ProtectedPlace,
    Role,
    Victim,
    Wearer,
)
from backend.people import numbers
from notifier.watchdog import Watchdog
from tests.cases import chosen
from tests.world import Phone, TestTag, World

DUTY_LINE = "+447700900199"
NEAR, OVER = "Your book has arrived.", "Your book was collected."


def declares(who: Phone, number: str | None) -> Any:
    return who.api("POST", f"/v1/wearers/{who.world.wearer.id}/numbers", json={"number": number})


def takes_back(who: Phone, number_id: int) -> int:
    return who.api("DELETE", f"/v1/wearers/{who.world.wearer.id}/numbers/{number_id}").status_code


def confirms(who: Phone, number_id: int) -> int:
    path = f"/v1/wearers/{who.world.wearer.id}/numbers/{number_id}/confirmation"
    return who.api("POST", path).status_code


def another_case(world: World, phone: str = "+447700900202") -> tuple[Victim, TestTag]:
    """Return a protected person of another case and the tag of its wearer."""
    now = clock.now()
    victim = Victim.create(team=world.team, name="Mary Other", phone=phone, created_at=now)
    numbers.carry_over(victim, now)
    wearer = Wearer.create(team=world.team, name="Other", responsible_officer=world.officer.person, created_at=now)
    place = ProtectedPlace.create(victim=victim, label="Home")
    PlaceZone.create(place=place, wearer=wearer, feature=world.zone.feature, from_at=world.zone.from_at)
    tag = world.new_tag("LDN-0009", wearer)
    agrees(world, victim)
    return victim, tag


def agrees(world: World, victim: Victim) -> None:
    before, world.victim = world.victim, victim
    world.victim_consents()
    world.victim = before


def texts_to(world: World, number: str | None) -> list[str]:
    return [message.body for message in world.doubles.messages if message.to == number]


def standing() -> list[str]:
    try:
        return [alarm.subject for alarm in alarms.standing(AlarmKind.WEARERS_NUMBER)]
    finally:
        db.release_connection()


def test_nothing_about_this_wearer_goes_to_a_number_from_the_moment_it_is_declared_and_the_supervisor_is_told(
    world: World,
) -> None:
    world.victim_consents()
    declared = declares(world.colleague, world.victim.phone)
    assert declared.status_code == 201
    assert standing() == [f"victim:{world.victim.id}"]
    assert "wearers_number" in str(world.supervisor.api("GET", "/v1/alarms").json())
    world.tag.stays_inside()
    world.officer.expects_sms("could not be warned by text")
    world.settle()
    assert texts_to(world, world.victim.phone) == []
    # It is held, not lost: it is due until it is untrue or goes.
    to_send = Notification.get(Notification.victim == world.victim)
    assert (to_send.state, to_send.detail) == ("pending", "held: the number was declared to be the wearer's")
    (theirs,) = world.officer.api("GET", f"/v1/wearers/{world.wearer.id}").json()["victims"]
    assert theirs["is_held"] is True
    assert completeness.MissingItem.NUMBER_HELD in [
        finding.item for finding in completeness.find(clock.now(), [world.wearer.id])
    ]
    db.release_connection()
    # A person who declared it sees the mistake: their text goes at once, since it is still true.
    assert takes_back(world.colleague, declared.json()["id"]) == 204
    world.expect_sms(world.victim.phone, NEAR)
    assert standing() == []
    world.officer.acknowledges()
    world.reads_everything()


def test_texts_about_another_wearer_still_go_there(world: World) -> None:
    world.victim_consents()
    other = world.new_wearer("Second Wearer", "LDN-0002")
    declares(world.colleague, world.victim.phone)
    other.stays_inside()
    world.expect_sms(world.victim.phone, NEAR)
    world.reads_everything()


def test_that_it_is_over_is_held_too_and_an_officer_tells_them(world: World) -> None:
    world.victim_consents()
    world.tag.stays_inside()
    world.expect_sms(world.victim.phone, NEAR)
    world.officer.acknowledges()
    declares(world.colleague, world.victim.phone)
    world.tag.leaves()
    world.officer.expects_sms("could not be told that it is over")
    world.settle()
    assert texts_to(world, world.victim.phone) == [NEAR]
    world.reads_everything()


@pytest.mark.parametrize("whose", ["a colleague's", "the responsible officer's", "a supervisor's"])
def test_the_number_of_a_member_of_staff_is_never_stopped(world: World, whose: str) -> None:
    owner = {
        "a colleague's": world.colleague,
        "the responsible officer's": world.officer,
        "a supervisor's": world.supervisor,
    }[whose]
    declarer = world.officer if owner is not world.officer else world.colleague
    assert declares(declarer, owner.person.phone).status_code == 201
    assert standing() == [f"person:{owner.person.id}"]
    world.tag.walks_in()
    world.officer.expects_sms("to acknowledge")
    if owner is not world.officer:
        world.forward(61)
        world.officer.expects_call()
        world.colleague.expects_sms("No one has acknowledged")
        world.colleague.expects_call()
        if owner is world.supervisor:
            world.forward(121)
            world.supervisor.expects_sms("No one has acknowledged")
    assert owner.api("GET", "/v1/me/number").json()["standing"] == "proved"
    code = texts_to(world, world.officer.person.phone)[0].split()[3].rstrip(":")
    owner.texts(f"1 {code}")
    owner.expects_sms("you have acknowledged it")
    # An administrator can enter it, and a code goes there.
    ivy = world.person(Role.ADMINISTRATOR, "Ivy Chen", None)
    path = f"/v1/people/{owner.person.id}/number"
    assert ivy.api("PUT", path, json={"number": owner.person.phone}).status_code == 204
    world.expect_sms(owner.person.phone, "Your code is")
    world.reads_everything()


def test_the_alarm_about_a_colleagues_number_ends_when_they_prove_it_again(world: World) -> None:
    declares(world.officer, world.colleague.person.phone)
    Watchdog(world.settings).look(clock.now())
    assert standing() == [f"person:{world.colleague.person.id}"]
    world.forward(1)
    world.colleague.api("POST", "/v1/me/number/codes", json={})
    text = world.colleague.expects_sms("Your code is").body
    code = text.split("code is ")[1][:6]
    assert world.colleague.api("POST", "/v1/me/number/proof", json={"code": code}).status_code == 200
    Watchdog(world.settings).look(clock.now())
    assert standing() == []


def test_a_protected_person_of_another_case_is_warned_as_ever(world: World) -> None:
    victim, tag = another_case(world)
    declares(world.colleague, victim.phone)
    assert standing() == [f"victim:{victim.id}"]
    tag.stays_inside()
    world.expect_sms(victim.phone, NEAR)
    path = f"/v1/wearers/{tag_wearer(tag).id}/victims/{victim.id}/number/codes"
    assert world.officer.api("POST", path).status_code == 204
    world.expect_sms(victim.phone, "Your code is")
    world.reads_everything()


def tag_wearer(tag: TestTag) -> Wearer:
    try:
        return Wearer.get(Wearer.name == "Other")
    finally:
        db.release_connection()


def test_the_duty_line_is_never_stopped(world: World) -> None:
    settings = world.settings.changed(duty_line=DUTY_LINE)
    assert declares(world.officer, DUTY_LINE).status_code == 201
    dog = Watchdog(settings)
    dog.look(clock.now())
    assert standing() == ["duty_line"]
    assert dog.tell(clock.now()) == 2
    world.expect_sms(DUTY_LINE, "declared")
    world.supervisor.expects_sms("declared")


SPELLINGS = (
    "07700 900201",
    "00447700900201",
    "0044 7700 900 201",
    "+44 (0)7700 900201",
    "+44 07700-900-201",
    "+44\u00a07700\u202f900201",
    "+44 7700\u2011900\u2013201",
    "\u200e+447700900201\u202c",
    "\uff0b\uff14\uff14\uff17\uff17\uff10\uff10\uff19\uff10\uff10\uff12\uff10\uff11",
    "\u0660\u0667\u0667\u0660\u0660\u0669\u0660\u0660\u0662\u0660\u0661",
)


@pytest.mark.parametrize("written", SPELLINGS)
def test_a_number_is_held_however_it_is_written(world: World, written: str) -> None:
    declared = declares(world.colleague, written)
    assert (declared.status_code, declared.json()["number"]) == (201, "+447700900201")
    assert standing() == [f"victim:{world.victim.id}"]
    with pytest.raises(numbers.NumberRefused):
        contact_details.agree(
            world.officer.person, world.wearer.id, world.victim.id, written, chosen("a", "b", "c"), clock.now()
        )
    db.release_connection()


def test_an_old_spelling_on_record_is_held_too(world: World) -> None:
    Victim.update(phone="07700900201").where(Victim.id == world.victim.id).execute()
    world.victim = Victim.get_by_id(world.victim.id)
    numbers.carry_over(world.victim, clock.now())
    world.victim_consents()
    declares(world.colleague, "+447700900201")
    world.tag.stays_inside()
    world.officer.expects_sms("could not be warned by text")
    Watchdog(world.settings).look(clock.now())
    assert standing() == [f"victim:{world.victim.id}"]
    assert texts_to(world, "07700900201") == []
    world.reads_everything()


def answer_to(world: World, number: str) -> tuple[int, tuple[str, ...], bool, int]:
    """Return the status, the fields, whether it is confirmed, and how many statements a declaration made."""
    made: list[str] = []
    original = db.database.obj.execute_sql

    def counted(sql: str, *args: Any, **more: Any) -> Any:
        made.append(sql)
        return original(sql, *args, **more)

    db.database.obj.execute_sql = counted
    try:
        with db.atomic():
            numbers.record(world.officer.person, world.wearer.id, number, clock.now())
    finally:
        db.database.obj.execute_sql = original
        db.release_connection()
    answer = declares(world.officer, number)
    return answer.status_code, tuple(answer.json()), answer.json()["is_confirmed"], len(made)


def test_the_answer_says_nothing_of_who_has_the_number(world: World) -> None:
    victim, _ = another_case(world)
    world.stop_worker()
    free = "+447700900888"
    phones = [world.officer.person.phone, world.supervisor.person.phone, world.victim.phone, victim.phone, DUTY_LINE]
    answers = {number: answer_to(world, number or "") for number in [free, *phones]}
    assert set(answers.values()) == {answers[free]}
    assert answers[free][:3] == (201, ("id", "number", "recorded_at", "is_confirmed"), False)


def test_the_one_who_declared_it_does_not_confirm_it_and_a_second_person_does(world: World) -> None:
    world.victim_consents()
    number_id = declares(world.colleague, world.victim.phone).json()["id"]
    Watchdog(world.settings).look(clock.now())
    assert standing() == [f"victim:{world.victim.id}"]
    assert confirms(world.colleague, number_id) == 403
    assert takes_back(world.officer, number_id) == 403
    assert confirms(world.officer, number_id) == 204
    assert confirms(world.supervisor, number_id) == 204
    Watchdog(world.settings).look(clock.now())
    assert standing() == []
    known = world.officer.api("GET", f"/v1/wearers/{world.wearer.id}/numbers").json()["numbers"]
    assert [row["is_confirmed"] for row in known] == [True]
    world.tag.stays_inside()
    world.officer.expects_sms("could not be warned by text")
    world.settle()
    assert texts_to(world, world.victim.phone) == []
    # What two people have agreed on neither of them undoes alone.
    assert takes_back(world.colleague, number_id) == 403
    assert takes_back(world.officer, number_id) == 403
    assert takes_back(world.supervisor, number_id) == 204
    world.expect_sms(world.victim.phone, NEAR)
    world.reads_everything()


def test_who_declares_a_number_and_takes_it_back_is_seen_all_the_same(world: World) -> None:
    number_id = declares(world.colleague, world.victim.phone).json()["id"]
    assert takes_back(world.colleague, number_id) == 204
    dog = Watchdog(world.settings)
    dog.look(clock.now())
    assert dog.tell(clock.now()) == 1
    world.supervisor.expects_sms("declared")


def test_a_supervisor_takes_it_back_while_the_wearer_is_there_and_their_text_goes(world: World) -> None:
    world.victim_consents()
    number_id = declares(world.colleague, world.victim.phone).json()["id"]
    world.tag.stays_inside()
    world.officer.expects_sms("could not be warned by text")
    world.forward(300)
    assert takes_back(world.supervisor, number_id) == 204
    world.expect_sms(world.victim.phone, NEAR)
    world.reads_everything()


def test_a_text_that_is_held_until_it_is_untrue_never_goes(world: World) -> None:
    world.victim_consents()
    number_id = declares(world.colleague, world.victim.phone).json()["id"]
    world.tag.stays_inside()
    world.officer.expects_sms("could not be warned by text")
    world.officer.acknowledges()
    world.tag.leaves()
    takes_back(world.supervisor, number_id)
    world.settle()
    assert texts_to(world, world.victim.phone) == []
    world.reads_everything()


def test_a_declaration_of_one_case_refuses_nothing_in_another(world: World) -> None:
    number = "+447700900666"
    declares(world.officer, number)
    ivy = world.person(Role.ADMINISTRATOR, "Ivy Chen", None)
    body = {"team_id": world.team.id, "role": "officer", "name": "Dev", "email": "d@x.example", "phone": number}
    assert ivy.api("POST", "/v1/people", json=body).status_code == 201
    world.expect_sms(number, "Your code is")
    victim, tag = another_case(world)
    contact_details.agree(
        world.officer.person, tag_wearer(tag).id, victim.id, number, chosen("a", "b", "c"), clock.now()
    )
    assert Victim.get_by_id(victim.id).phone == number
    world.reads_everything()
