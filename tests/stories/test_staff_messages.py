"""News of what people were warned of: it reaches each of them, however long it takes, and no one whom it does not
concern any more."""

from __future__ import annotations

from datetime import timedelta

import pytest

from backend import alerts, authentication, clock, db
from backend.alerts.handling import Outcome
from backend.escalation.steps import Who
from backend.models import Alert, AuditEntry, Channel, Notification, NotificationState, Person, Role
from backend.people import contact_routes, numbers
from backend.people.numbers.validation import WrongCode
from notifier import retries
from tests.world import World, eventually


def test_the_one_who_was_woken_hears_that_it_was_withdrawn_though_the_provider_was_away_for_minutes(
    world: World,
) -> None:
    world.tag.is_far_away()
    world.tag.walks_in()
    world.officer.expects_sms("to acknowledge")
    world.settle()
    world.doubles.script(channel="sms", status=503)
    alerts.withdraw(Alert.get().id, "The record was corrected.", clock.now())
    db.release_connection()
    for _ in range(10):
        world.forward(20)
    world.doubles.clear_script()

    def is_notified() -> bool:
        # The provider is asked again after real seconds, whatever the clock of the test says.
        world.forward(30)
        return Notification.get(Notification.purpose == "withdrawn").state != NotificationState.PENDING

    eventually(is_notified, "the withdrawal went out")
    world.officer.expects_sms("withdrawn")
    world.reads_everything()


def test_news_that_cannot_be_delivered_is_told_to_the_supervisor(world: World) -> None:
    supervisor = world.supervisor.has_app()
    world.tag.is_far_away()
    world.tag.walks_in()
    world.officer.expects_sms("to acknowledge")
    world.settle()
    world.doubles.script(to=world.officer.person.phone, channel="sms", status=400)
    alerts.withdraw(Alert.get().id, "The record was corrected.", clock.now())
    db.release_connection()
    supervisor.expects_push("a colleague could not be told news of it")
    world.reads_everything()


def test_news_for_an_officer_whom_nothing_reaches_is_told_to_the_supervisor(world: World) -> None:
    Person.update(phone=None).where(Person.id == world.officer.person.id).execute()
    world.victim_consents()
    world.doubles.script(to=world.victim.phone, channel="sms", code=21614)
    world.tag.is_far_away()
    world.tag.stays_inside()
    world.supervisor.expects_sms("the protected person could not be warned by text")
    world.colleague.acknowledges()
    world.reads_everything()


def test_news_that_reaches_no_one_is_in_the_history_of_the_alert(world: World) -> None:
    Person.update(phone=None).execute()
    raised = alerts.raise_notice(world.wearer, world.zone, ["The order ends."], clock.now(), (Who.OFFICER,))
    assert AuditEntry.select().where(AuditEntry.alert == raised, AuditEntry.action == "no_one_reachable").exists()
    db.release_connection()


def test_news_that_went_out_by_another_way_is_not_called_undelivered(world: World) -> None:
    officer = world.officer.has_app()
    world.tag.is_far_away()
    world.tag.walks_in()
    world.forward(11)
    officer.expects_sms("to acknowledge")
    world.doubles.script(to=officer.person.phone, channel="sms", status=400)
    alerts.withdraw(Alert.get().id, "The record was corrected.", clock.now())
    db.release_connection()
    officer.expects_push("withdrawn")
    world.settle()
    assert not Notification.select().where(Notification.purpose == "news_undelivered").exists()
    world.reads_everything()


def test_news_is_given_up_once_it_is_of_no_use(world: World) -> None:
    left = retries.pause_s(40, jitter=0.5, left_s=60.0)
    assert left == retries.LONGEST_LASTING_PAUSE_S
    assert retries.pause_s(1, jitter=0.5, left_s=0.0) is None


def test_a_colleague_who_was_texted_and_called_hears_that_someone_acts(world: World) -> None:
    world.tag.walks_in()
    world.forward(61)
    world.colleague.expects_sms("No one has acknowledged")
    world.colleague.expects_call()
    world.officer.acknowledges()
    world.colleague.expects_sms("a colleague has acknowledged")
    world.reads_everything()


def test_a_colleague_whose_phone_took_a_push_hears_by_push_alone_that_someone_acts(world: World) -> None:
    colleague = world.colleague.has_app()
    world.tag.walks_in()
    world.forward(61)
    colleague.expects_push("No one has acknowledged")
    colleague.expects_sms("No one has acknowledged")
    world.officer.acknowledges()
    colleague.expects_push("a colleague has acknowledged")
    world.settle()
    texts = [m.body for m in world.doubles.messages if m.to == colleague.person.phone]
    assert not [body for body in texts if "a colleague has acknowledged" in body]
    world.reads_everything()


def test_nothing_goes_to_an_account_that_was_closed(world: World) -> None:
    stand_in = world.person(Role.OFFICER, "Nia Evans", "+447700900119")
    world.tag.is_far_away()
    world.tag.walks_in()
    world.forward(61)
    stand_in.expects_sms("No one has acknowledged")
    stand_in.expects_call()
    authentication.deactivate(stand_in.person, None, clock.now())
    alerts.withdraw(Alert.get().id, "The record was corrected.", clock.now())
    db.release_connection()
    world.officer.expects_sms("withdrawn")
    world.settle()
    assert not [m for m in world.doubles.messages if m.to == stand_in.person.phone and "withdrawn" in m.body]
    world.reads_everything()


def test_what_was_enqueued_to_an_account_that_was_closed_does_not_go(world: World) -> None:
    world.tag.is_far_away()
    world.tag.walks_in()
    world.officer.expects_sms("to acknowledge")
    world.settle()
    world.stop_worker()
    alerts.withdraw(Alert.get().id, "The record was corrected.", clock.now())
    authentication.deactivate(world.officer.person, None, clock.now())
    db.release_connection()
    world.start_worker()
    world.settle()
    assert Notification.get(Notification.purpose == "withdrawn").state == NotificationState.FAILED
    assert not [m for m in world.doubles.messages if "withdrawn" in m.body]
    world.reads_everything()


def test_a_correction_reaches_the_one_who_was_called(world: World) -> None:
    world.tag.walks_in()
    world.forward(61)
    world.colleague.expects_call()
    world.officer.acknowledges()
    alerts.close(
        world.officer.person,
        Alert.get().id,
        Outcome.RAISED_IN_ERROR,
        "A test of the tag.",
        clock.now(),
        is_confirmed=True,
    )
    db.release_connection()
    world.colleague.expects_sms("raised in error")
    world.reads_everything()


def test_full_width_digits_are_the_same_code_and_wrong_ones_are_a_wrong_code(world: World) -> None:
    proof = numbers.ask(world.officer.person, None, Channel.SMS, clock.now())
    db.release_connection()
    key = world.settings.signing_key()
    digits = numbers.code_of(proof, key)
    wrong = f"{(int(digits) + 1) % 1_000_000:06d}"

    def widened(code: str) -> str:
        return "".join(chr(ord(one) - ord("0") + ord("\uff10")) for one in code)

    with pytest.raises(WrongCode):
        contact_routes.prove(world.officer.person, widened(wrong), key, clock.now())
    # Digits of another script are none of ours.
    with pytest.raises(WrongCode):
        contact_routes.prove(world.officer.person, "\u0661\u0662\u0663\u0664\u0665\u0666", key, clock.now())
    contact_routes.prove(world.officer.person, widened(digits), key, clock.now() + timedelta(seconds=1))
    world.reads_everything()
