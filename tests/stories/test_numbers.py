"""Whose a number is: nothing goes to one that no one has proved."""

from __future__ import annotations

import re
import threading
from datetime import timedelta
from typing import Any

from backend import alarms, clock, db
from backend.cases import completeness
from backend.models import (
    AlarmKind,
    Alert,
    Channel,
    Device,
    Person,
    ProviderEvent,
    Role,
    Shift,
    Verification,
)
from backend.people import contact_routes, numbers
from backend.record.facts import LONDON, midnight
from notifier import messages, shift_checks
from notifier.watchdog import Watchdog
from tests.world import Phone, World, eventually

NEW = "+447700900177"


def code_in(message: Any) -> str:
    """Return the code that a text or what a call said holds."""
    found = re.search(r"code is:? ((?:\d,? ?){6})", message)
    assert found, message
    return "".join(character for character in found.group(1) if character.isdigit())


def newcomer(world: World, phone: str = NEW) -> Phone:
    """Return a colleague whose number an administrator has entered, and no one has proved."""
    made = world.person(Role.OFFICER, "Nia Evans", phone, is_proved=False)
    db.release_connection()
    return made


def responsible(world: World, person: Person) -> None:
    world.wearer.responsible_officer = person
    world.wearer.save()
    db.release_connection()


def texts_to(world: World, number: str) -> list[Any]:
    return [message for message in world.doubles.messages if message.to == number]


# Staff


def test_a_number_that_no_one_has_proved_gets_no_warning_and_others_are_asked_at_once(world: World) -> None:
    newcomer_phone = newcomer(world)
    responsible(world, newcomer_phone.person)
    world.tag.walks_in()
    world.colleague.expects_sms("No one has acknowledged")
    world.settle()
    assert texts_to(world, NEW) == []
    assert [call for call in world.doubles.calls if call.to == NEW] == []
    assert alarms.standing(AlarmKind.NO_LIVE_ROUTE, f"person:{newcomer_phone.person.id}")
    world.colleague.acknowledges()
    world.reads_everything()


def test_a_number_is_proved_by_the_code_that_was_texted_to_it_and_warned_from_then_on(world: World) -> None:
    ivy = world.person(Role.ADMINISTRATOR, "Ivy Chen", None)
    team = world.team.id
    body = {
        "team_id": team,
        "role": "officer",
        "name": "Dev Patel",
        "email": "dev@cordon.example",
        "phone": "07700 900177",
    }
    made = ivy.api("POST", "/v1/people", json=body)
    assert made.status_code == 201
    person = Person.get_by_id(made.json()["id"])
    assert person.phone == NEW
    officer = Phone(world, person)
    text = world.expect_sms(NEW, "Your code is")
    Person.update(password_hash=world.officer.person.password_hash).where(Person.id == person.id).execute()
    db.release_connection()
    assert officer.api("GET", "/v1/me/number").json()["standing"] == "unproved"
    wrong = "000000" if code_in(text.body) != "000000" else "111111"
    refused = officer.api("POST", "/v1/me/number/proof", json={"code": wrong})
    assert (refused.status_code, refused.json()["code"]) == (422, "wrong_code")
    proved = officer.api("POST", "/v1/me/number/proof", json={"code": code_in(text.body)})
    assert proved.status_code == 200
    assert (proved.json()["standing"], proved.json()["ending"]) == ("proved", "177")
    responsible(world, person)
    world.tag.walks_in()
    officer.expects_sms("to acknowledge")
    officer.acknowledges()
    world.reads_everything()


def test_the_database_holds_no_code(world: World) -> None:
    officer = newcomer(world)
    assert officer.api("POST", "/v1/me/number/codes", json={}).status_code == 201
    code = code_in(world.expect_sms(NEW, "Your code is").body)
    row = Verification.get(Verification.person == officer.person)
    assert code not in str({name: value for name, value in row.__data__.items() if name not in ("number", "salt")})
    assert numbers.code_of(row, "another key") != code


def test_a_code_is_good_for_ten_minutes_five_tries_and_until_the_next_one(world: World) -> None:
    officer = newcomer(world)
    officer.api("POST", "/v1/me/number/codes", json={})
    first = code_in(world.expect_sms(NEW, "Your code is").body)
    world.forward(601)
    late = officer.api("POST", "/v1/me/number/proof", json={"code": first})
    assert late.json()["code"] == "wrong_code"
    officer.api("POST", "/v1/me/number/codes", json={})
    second = code_in(world.expect_sms(NEW, "Your code is").body)
    wrong = "000000" if second != "000000" else "111111"
    for _ in range(5):
        assert officer.api("POST", "/v1/me/number/proof", json={"code": wrong}).status_code == 422
    assert officer.api("POST", "/v1/me/number/proof", json={"code": second}).status_code == 422
    assert officer.api("POST", "/v1/me/number/codes", json={}).status_code == 201
    third = code_in(world.expect_sms(NEW, "Your code is").body)
    again = officer.api("POST", "/v1/me/number/codes", json={})
    assert (again.status_code, again.json()["code"]) == (429, "too_many_codes")
    assert officer.api("POST", "/v1/me/number/proof", json={"code": third}).status_code == 200


def test_a_desk_with_a_fixed_line_is_called_with_its_code(world: World) -> None:
    desk = newcomer(world, "+442079460001")
    desk.handset.pick_up("human")
    assert desk.api("POST", "/v1/me/number/codes", json={"channel": "voice"}).status_code == 201
    call = desk.expects_call()
    said = eventually(lambda: " ".join(call.said), "the call has said its code")
    assert desk.api("POST", "/v1/me/number/proof", json={"code": code_in(said)}).status_code == 200
    assert numbers.is_proved(desk.person)


def test_another_number_has_to_be_proved_and_so_has_the_old_one_when_it_comes_back(world: World) -> None:
    ivy = world.person(Role.ADMINISTRATOR, "Ivy Chen", None)
    path = f"/v1/people/{world.officer.person.id}/number"
    before = world.officer.person.phone
    assert ivy.api("PUT", path, json={"number": NEW}).status_code == 204
    world.expect_sms(NEW, "Your code is")
    assert not numbers.is_proved(Person.get_by_id(world.officer.person.id))
    assert ivy.api("PUT", path, json={"number": before}).status_code == 204
    world.expect_sms(before, "Your code is")
    assert not numbers.is_proved(Person.get_by_id(world.officer.person.id))
    assert world.officer.api("PUT", path, json={"number": NEW}).status_code == 403


def test_after_ninety_days_a_number_is_used_asked_for_by_day_once_a_week_and_shown(world: World) -> None:
    old = clock.now() - timedelta(days=91)
    Verification.update(proved_at=old, asked_at=old).where(Verification.person == world.officer.person).execute()
    Verification.update(asked_at=old).execute()
    db.release_connection()
    person = world.officer.person
    today = midnight(clock.now().astimezone(LONDON).date())
    night, noon = today + timedelta(hours=3), today + timedelta(hours=12)
    assert numbers.ask_again_by_day(night) == 0
    assert numbers.standing(person, clock.now()) is numbers.Standing.DUE
    assert contact_routes.has_route(person, Channel.SMS, clock.now())
    assert numbers.counts(clock.now()) == {world.team.id: (0, 1)}
    world.stop_worker()
    assert numbers.ask_again_by_day(noon) == 1
    assert numbers.ask_again_by_day(noon + timedelta(days=6)) == 0
    assert numbers.ask_again_by_day(noon + timedelta(days=8)) == 1
    db.release_connection()
    Verification.update(due_at=None).execute()
    world.tag.walks_in()
    world.start_worker()
    world.officer.expects_sms("to acknowledge")
    Watchdog(world.settings).look(clock.now())
    shown = world.supervisor.api("GET", "/v1/alarms").json()
    assert "numbers_unproved" in str(shown)
    assert AlarmKind.NUMBERS_UNPROVED not in [alarm.kind for alarm in alarms.to_tell(clock.now())]
    world.officer.acknowledges()
    world.reads_everything()


def test_a_number_that_bounced_takes_no_text_before_it_is_proved_again_and_start_does_not_do_that(
    world: World,
) -> None:
    officer = world.officer
    with db.atomic():
        contact_routes.mark_down(officer.person, Channel.SMS, "Twilio 30005", clock.now())
    db.release_connection()
    officer.texts("START")
    assert contact_routes.is_down(officer.person, Channel.SMS)
    assert officer.api("GET", "/v1/me/number").json()["takes_texts"] is False
    officer.api("POST", "/v1/me/number/codes", json={})
    code = code_in(officer.expects_sms("Your code is").body)
    assert officer.api("POST", "/v1/me/number/proof", json={"code": code}).json()["takes_texts"] is True
    assert not contact_routes.is_down(officer.person, Channel.SMS)


def test_a_text_or_a_key_from_a_number_that_is_not_proved_changes_nothing(world: World) -> None:
    world.waits_for_calls = False
    world.officer.handset.pick_up("hand", patience_s=30.0)
    world.tag.walks_in()
    text = world.officer.expects_sms("to acknowledge")
    world.forward(31)
    call = world.officer.expects_call()
    eventually(lambda: call.state == "ringing", "the phone rings")
    world.officer.handset.answer()
    numbers.void(world.officer.person, "for a test", clock.now())
    db.release_connection()
    world.officer.texts(f"1 {text.body.split()[3].rstrip(':')}")
    assert ProviderEvent.get(ProviderEvent.kind == "reply").made_of_it == "number not verified"
    world.officer.handset.type_key("1")
    eventually(lambda: ProviderEvent.select().where(ProviderEvent.kind == "key").exists(), "the key is recorded")
    eventually(lambda: call.state == "completed", "the call has ended")
    world.settle()
    assert Alert.get().handling == "open"
    world.colleague.acknowledges()
    world.reads_everything()


def test_a_code_that_cannot_arrive_is_said_to_the_person_who_waits_for_it(world: World) -> None:
    officer = newcomer(world)
    world.doubles.script(to=NEW, channel="sms", final_state="undelivered", error_code=30006)
    officer.api("POST", "/v1/me/number/codes", json={})
    world.expect_sms(NEW, "Your code is")
    said = lambda: officer.api("GET", "/v1/me/number").json()["code_failed"]  # noqa: E731
    assert "30006" in eventually(said, "the network's word")


# Victims


def test_they_are_texted_only_when_they_have_agreed_and_read_out_the_code(world: World) -> None:
    Verification.delete().where(Verification.victim == world.victim).execute()
    base = f"/v1/wearers/{world.wearer.id}/victims/{world.victim.id}/number"
    assert world.officer.api("POST", f"{base}/codes").status_code == 422
    world.victim_consents()
    gaps = [finding.item for finding in completeness.find(clock.now(), [world.wearer.id])]
    assert completeness.MissingItem.NUMBER_UNPROVED in gaps
    world.tag.stays_inside()
    world.officer.expects_sms("to acknowledge")
    world.officer.expects_sms("could not be warned by text")
    assert texts_to(world, world.victim.phone) == []
    world.officer.acknowledges(Alert.get().id)
    assert world.officer.api("POST", f"{base}/codes").status_code == 204
    text = world.expect_sms(world.victim.phone, "Your code is")
    assert text.body == f"Your code is {code_in(text.body)}. It is good for 10 minutes."
    answer = world.officer.api("POST", f"{base}/proof", json={"code": code_in(text.body)})
    assert answer.status_code == 204
    assert completeness.MissingItem.NUMBER_UNPROVED not in [
        finding.item for finding in completeness.find(clock.now(), [world.wearer.id])
    ]
    world.tag.leaves()
    world.officer.records_outcome()
    world.tag.stays_inside()
    world.expect_sms(world.victim.phone, "Your book has arrived.")
    world.reads_everything()


def test_their_number_that_bounced_is_asked_for_again(world: World) -> None:
    world.victim_consents()
    world.doubles.script(to=world.victim.phone, final_state="undelivered", error_code=30005)
    world.tag.stays_inside()
    world.officer.expects_sms("could not be warned by text")
    assert not numbers.is_proved(world.victim)
    world.officer.acknowledges()
    world.reads_everything()


# Answers to texts that were not understood


def test_a_text_that_is_not_understood_is_answered_once_in_ten_minutes_and_a_strangers_never(world: World) -> None:
    world.officer.texts("ok will do")
    world.officer.expects_sms("1 CODE to acknowledge")
    world.officer.texts("I am driving and will reply later.")
    world.forward(550)
    world.officer.texts("I am driving and will reply later.")
    world.expect_nothing_more()
    world.forward(100)
    world.officer.texts("1 XXXXX")
    world.officer.expects_sms("1 CODE to acknowledge")
    world.doubles.reply(from_="+447700900999", body="hello", to=world.settings.twilio_from)
    # What they write is for their officer to read, and is not answered.
    world.doubles.reply(from_=world.victim.phone, body="hello", to=world.settings.twilio_from)
    world.officer.expects_sms("a message needs an answer now")
    world.expect_nothing_more()
    assert len(messages.HOW_TO_REPLY) <= messages.GSM_SEGMENT


def test_two_texts_at_once_are_answered_once(world: World) -> None:
    threads = [threading.Thread(target=world.officer.texts, args=("what?",)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    world.officer.expects_sms("1 CODE to acknowledge")
    world.expect_nothing_more()


# Phones before a shift


def on_duty_in(world: World, person: Person, minutes: float) -> Shift:
    now = clock.now()
    shift = Shift.create(
        team=world.team,
        person=person,
        from_at=now + timedelta(minutes=minutes),
        to_at=now + timedelta(minutes=minutes, hours=8),
        created_at=now,
    )
    db.release_connection()
    return shift


def checks(world: World) -> list[Any]:
    return [attempt for attempt in world.doubles.attempts if attempt.is_dry_run]


def test_phones_are_asked_about_once_before_a_shift_and_nothing_is_shown(world: World) -> None:
    world.stop_worker()
    officer = world.officer.has_app()
    on_duty_in(world, officer.person, 50)
    on_duty_in(world, world.colleague.has_app().person, 90)
    world.start_worker()
    eventually(lambda: checks(world), "a dry run")
    world.stop_worker()
    world.start_worker()
    world.settle()
    assert [attempt.to for attempt in checks(world)] == [officer.push_token]
    assert not world.pushes
    assert Device.get(Device.token == officer.push_token).ended_at is None


def test_a_phone_that_firebase_knows_no_more_is_ended_and_the_supervisor_is_told_in_time(world: World) -> None:
    world.stop_worker()
    officer = world.officer.has_app()
    world.doubles.phone(officer.push_token).unregister()
    on_duty_in(world, officer.person, 50)
    world.start_worker()
    subject = f"person:{officer.person.id}"
    eventually(lambda: alarms.standing(AlarmKind.PUSH_LOST, subject), "the alarm")
    assert Device.get(Device.token == officer.push_token).ended_at is not None
    Watchdog(world.settings).tell(clock.now())
    world.supervisor.expects_sms("A phone takes no pushes")
    officer.has_app("another-token")
    assert not alarms.standing(AlarmKind.PUSH_LOST, subject)


def test_a_phone_that_takes_no_pushes_is_told_for_as_long_as_someone_is_on_duty_with_it(world: World) -> None:
    world.stop_worker()
    officer = world.officer.has_app()
    world.doubles.phone(officer.push_token).unregister()
    shift = on_duty_in(world, officer.person, 50)
    world.start_worker()
    eventually(lambda: alarms.standing(AlarmKind.PUSH_LOST), "the alarm")
    world.stop_worker()
    shift_checks.forget_old(shift.to_at - timedelta(seconds=1))
    assert alarms.standing(AlarmKind.PUSH_LOST)
    shift_checks.forget_old(shift.to_at + timedelta(seconds=1))
    assert not alarms.standing(AlarmKind.PUSH_LOST)
    db.release_connection()


def test_a_shift_is_looked_at_again_where_firebase_did_not_answer(world: World) -> None:
    world.stop_worker()
    officer = world.officer.has_app()
    shift = on_duty_in(world, officer.person, 50)
    world.doubles.script(to=officer.push_token, status=503, times=1)
    world.start_worker()
    eventually(lambda: checks(world), "a dry run")
    world.stop_worker()
    assert Shift.get_by_id(shift.id).phones_checked_at is None
    world.start_worker()
    eventually(lambda: Shift.get_by_id(shift.id).phones_checked_at, "the second dry run")
    assert Device.get(Device.token == officer.push_token).ended_at is None
