"""A phone that another account registers: its old owner and the supervisors are notified; nothing moves unseen."""

from __future__ import annotations

import threading
from typing import Any

from backend import alarms, clock, db
from backend.models import AlarmKind, AuditEntry, Device, Team
from backend.people import devices
from notifier.watchdog import Watchdog
from tests.world import Phone, World


def registers(who: Phone, token: str) -> int:
    return who.api("POST", "/v1/devices", json={"token": token, "platform": "android"}).status_code


def standing() -> list[str]:
    try:
        return [alarm.subject for alarm in alarms.standing(AlarmKind.PUSH_TAKEN_OVER)]
    finally:
        db.release_connection()


def live(token: str) -> list[tuple[int, str | None]]:
    try:
        rows = Device.select().where(Device.token == token).order_by(Device.id)
        return [(row.person_id, row.ended_because) for row in rows]
    finally:
        db.release_connection()


def test_a_phone_that_another_account_registers_is_an_alarm_and_its_old_owner_is_shown_it(world: World) -> None:
    officer, thief = world.officer.has_app(), world.colleague
    token = officer.push_token or ""
    assert registers(thief, token) == 201
    assert live(token) == [(officer.person.id, devices.TAKEN_OVER), (thief.person.id, None)]
    assert standing() == [f"person:{officer.person.id}"]
    dog = Watchdog(world.settings)
    dog.look(clock.now())
    assert dog.tell(clock.now()) == 1
    text = world.supervisor.expects_sms("registered by another account")
    assert "Amina" not in text.body
    shown = world.supervisor.api("GET", "/v1/alarms").json()
    assert "push_taken_over" in str(shown)
    taken = AuditEntry.get(AuditEntry.action == "device_taken_over")
    assert (taken.subject, taken.actor) == (f"person:{officer.person.id}", f"person:{thief.person.id}")
    # The old owner is warned in another way at once, and not on that phone.
    world.tag.walks_in()
    officer.expects_sms("to acknowledge")
    world.settle()
    assert [push for push in world.pushes if push.token == token] == []
    officer.acknowledges()
    # A person who opens their own app again has their phone again.
    assert registers(officer, token) == 201
    assert standing() == [f"person:{thief.person.id}"]
    world.reads_everything()


def test_the_supervisors_of_the_old_owner_are_told_whatever_team_the_other_account_is_of(world: World) -> None:
    other = Team.create(name="South London", created_at=clock.now())
    stranger = world.person(world.officer.person.role, "Zed Stranger", None, other)
    token = world.officer.has_app().push_token or ""
    assert registers(stranger, token) == 201
    (alarm,) = alarms.standing(AlarmKind.PUSH_TAKEN_OVER)
    assert alarm.team_id == world.team.id
    db.release_connection()


def test_a_phone_that_was_signed_out_before_and_one_of_the_same_person_are_no_alarm(world: World) -> None:
    token = world.officer.has_app().push_token or ""
    assert registers(world.officer, token) == 201
    world.officer.signs_in()
    assert registers(world.officer, token) == 201
    assert standing() == []
    assert world.officer.api("DELETE", "/v1/sessions").status_code == 204
    assert registers(world.colleague, token) == 201
    assert standing() == []
    assert [person_id for person_id, because in live(token) if because is None] == [world.colleague.person.id]


def test_accounts_that_register_one_phone_at_once_leave_one_owner_and_fail_nowhere(world: World) -> None:
    answers: list[int] = []
    phones = [world.officer, world.colleague, world.supervisor]
    for phone in phones:
        phone.signs_in()

    def register(phone: Phone) -> None:
        answers.append(registers(phone, "one-phone"))

    threads: list[Any] = [threading.Thread(target=register, args=(phone,)) for phone in phones]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [201, 201, 201]
    assert len([because for _, because in live("one-phone") if because is None]) == 1


def test_the_page_of_the_old_owner_says_so(world: World) -> None:
    token = world.officer.has_app().push_token or ""
    registers(world.colleague, token)
    assert devices.is_taken_over(world.officer.person)
    assert not devices.is_taken_over(world.colleague.person)
    db.release_connection()
