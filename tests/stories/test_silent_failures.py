"""Ways in which a warning could have gone quiet, each found by someone who looked for it, each with its remedy."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest

import notifier.worker
from backend import alerts, clock, db, escalation, outbox, wakeups
from backend.cases import completeness, officers
from backend.escalation import climbing
from backend.escalation.default_policy import DEFAULT
from backend.escalation.steps import Who
from backend.models import (
    Alert,
    AlertKind,
    CaseDue,
    Channel,
    Escalation,
    Notification,
    NotificationState,
    Person,
    PlaceState,
    Purpose,
    Role,
    Session,
    Socket,
    Wearer,
)
from notifier import retries
from notifier.watchdog import Watchdog
from tests.world import World, eventually


def test_an_outage_that_used_the_escalation_policy_up_in_seconds_is_followed_by_another_try_soon(world: World) -> None:
    world.doubles.script(status=503)
    world.tag.walks_in()
    for _ in range(6):
        world.forward(3)
    assert Escalation.get().step >= len(DEFAULT.steps)
    assert Escalation.get().next_at <= clock.now() + timedelta(seconds=climbing.NOTHING_OUT_S)
    world.doubles.clear_script()
    world.reads_everything()
    world.forward(climbing.NOTHING_OUT_S + 6)
    world.officer.expects_sms("No one has acknowledged")
    world.officer.acknowledges()
    world.reads_everything()


def test_a_provider_that_asks_for_an_hour_gets_half_a_minute() -> None:
    assert retries.pause_s(1, 0.5, 3_600.0) == retries.LONGEST_PAUSE_S


def test_a_notice_does_not_escalate_and_is_nothing_to_repair(world: World) -> None:
    alerts.raise_notice(world.wearer, world.zone, ["The order ends."], clock.now(), (Who.OFFICER,))
    db.release_connection()
    world.officer.expects_sms("")
    world.clock.forward(60)
    assert Watchdog(world.settings).look(clock.now())
    world.forward(1_000)
    assert Escalation.select().count() == 0
    world.officer.acknowledges()
    world.forward(1_000)
    assert Alert.get(Alert.kind == AlertKind.NOTICE).escalation_id is None


def test_a_text_on_its_way_as_the_alert_is_withdrawn_is_taken_back(world: World) -> None:
    world.tag.is_far_away()
    world.doubles.script(to=world.officer.person.phone, channel="sms", hang_s=1.0, times=1)
    world.tag.walks_in()
    eventually(lambda: world.doubles.attempts, "the text is on its way")
    for _ in range(4):
        world.clock.forward(15)
        world.tag.reports(world.tag.fix(5_000.0))
    world.officer.expects_sms("to acknowledge")
    world.officer.expects_sms("withdrawn")
    world.reads_everything()


def test_someone_who_was_never_asked_silences_no_one_by_saying_cannot(world: World) -> None:
    stranger = world.person(Role.OFFICER, "Nia Evans", None)
    officer = world.officer.has_app()
    world.tag.walks_in()
    officer.expects_push("Please acknowledge")
    stranger.says_cannot()
    world.forward(11)
    officer.expects_sms("to acknowledge")
    world.forward(20)
    officer.expects_call()
    world.colleague.expects_sms("No one has acknowledged")
    world.colleague.expects_call()
    officer.acknowledges()


def test_the_desk_may_answer_for_a_restricted_case_by_its_code_and_sees_nothing_of_it(world: World) -> None:
    desk = world.person(Role.SUPERVISOR, "Duty Desk", "+447700900110")
    own = DEFAULT.to_json()
    own["rungs"] = [own["rungs"][0], {**own["rungs"][4], "after_s": 20}]
    assert world.supervisor.api("PUT", "/v1/ladder", json={**own, "duty_person": desk.person.id}).status_code == 200
    named = [world.officer.person.id, world.supervisor.person.id]
    officers.restrict(world.supervisor.person, world.wearer.id, named, clock.now(), why="Family of the police.")
    db.release_connection()
    world.tag.walks_in()
    world.forward(141)
    code = desk.expects_sms("No one has acknowledged").body.split()[3].rstrip(":")
    alert = Alert.get()
    assert desk.api("GET", f"/v1/alerts/{alert.id}").status_code == 403
    desk.texts(f"1 {code}")
    desk.expects_sms("you have acknowledged it")
    assert Alert.get().acknowledged_by_id == desk.person.id
    world.reads_everything()


def test_an_alert_that_was_closed_while_others_were_climbed_for_is_left_alone(world: World) -> None:
    world.stop_worker()
    world.officer.has_app()
    world.tag.walks_in()
    alert = world.officer.alert()
    world.officer.acknowledges(alert["id"])
    world.officer.records_outcome()
    Escalation.update(next_at=clock.now() - timedelta(seconds=5)).execute()
    assert alerts.escalate_overdue(clock.now()) == 1
    assert Escalation.get().next_at is None
    assert Notification.select().where(Notification.state == NotificationState.PENDING).count() == 0
    db.release_connection()
    world.checks_at_end = False


def test_a_deactivated_person_whose_phone_still_rings_acknowledges_nothing(world: World) -> None:
    world.officer.handset.pick_up("hand")
    world.tag.walks_in()
    world.officer.expects_sms("to acknowledge")
    world.officer.handset.press("1")
    Person.update(is_active=False).where(Person.id == world.officer.person.id).execute()
    world.officer.texts(f"1 {Alert.get().code}")
    assert Alert.get().handling == "open"
    world.colleague.acknowledges()
    world.reads_everything()


def test_a_lease_of_a_clock_that_jumped_does_not_park_calls(world: World) -> None:
    world.stop_worker()
    world.tag.walks_in()
    row = Notification.get()
    far = clock.now() + timedelta(hours=1)
    Notification.update(channel=Channel.VOICE, lease_until=far, lease_token="x").where(
        Notification.id == row.id
    ).execute()
    assert [found.id for found in outbox.claim_due(Channel.VOICE, clock.now(), 10.0, 10)] == [row.id]
    db.release_connection()
    world.checks_at_end = False


def test_a_phone_that_was_agreed_on_and_says_nothing_is_an_alarm(world: World) -> None:
    body = {"agreed": True, "wearers": [world.wearer.id]}
    answer = world.officer.api("POST", f"/v1/victims/{world.victim.id}/shared-location", json=body)
    assert answer.status_code == 201
    world.forward(1_300)
    dog = Watchdog(world.settings)
    dog.look(clock.now())
    found = world.supervisor.api("GET", "/v1/alarms").json()
    assert "moving_place_silent" in str(found)
    assert "Laura" not in str(found)
    world.reads_everything()


def test_climbing_for_an_alert_never_waits_for_the_wearer_whose_fix_waits_for_the_alert(world: World) -> None:
    world.stop_worker()
    world.officer.has_app()
    world.tag.walks_in()
    alert = Alert.get()
    world.clock.forward(11)
    is_held, is_climbed = threading.Event(), threading.Event()

    def hold_the_wearer() -> None:
        with db.atomic():
            db.lock_rows(Wearer, [world.wearer.id])
            is_held.set()
            is_climbed.wait(5)
        db.release_connection()

    def climb() -> None:
        is_held.wait(5)
        with db.atomic():
            # Changed twice in one unit of work: then its keys are checked.
            escalation.climb(escalation.lock(alert.id), clock.now())
            escalation.climb(escalation.lock(alert.id), clock.now())
        is_climbed.set()
        db.release_connection()

    threads = [threading.Thread(target=hold_the_wearer), threading.Thread(target=climb)]
    for thread in threads:
        thread.start()
    assert is_climbed.wait(4)
    for thread in threads:
        thread.join(10)
    world.checks_at_end = False


def test_what_a_dead_worker_held_is_not_sent_after_someone_has_answered(world: World) -> None:
    world.stop_worker()
    officer = world.officer.has_app()
    world.tag.walks_in()
    assert outbox.claim_due(Channel.PUSH, clock.now(), world.settings.lease_s, 10)
    officer.acknowledges()
    db.release_connection()
    world.clock.forward(world.settings.lease_s + 1)
    world.start_worker()
    world.settle()
    assert Notification.get().state == NotificationState.CANCELLED


def test_danger_that_rises_while_only_a_hint_can_go_waits_three_seconds_for_its_text(world: World) -> None:
    officer = world.officer.signs_in()
    world.tag.is_far_away()
    Socket.create(person=officer.person, session=Session.get(), sid="half-open", seen_at=clock.now())
    db.release_connection()
    world.tag.reports(world.tag.fix(400.0))
    world.tag.stays(400.0, for_s=30)
    world.reads_everything()
    Socket.update(seen_at=clock.now() + timedelta(seconds=60)).execute()
    db.release_connection()
    world.tag.walks_in()
    assert Escalation.get().next_at <= clock.now() + timedelta(seconds=climbing.HINT_ACKNOWLEDGED_S)
    officer.acknowledges()
    world.reads_everything()


@contextmanager
def _held(row: Wearer | Alert) -> Iterator[None]:
    """Let someone hold a case or an alert for as long as the story inside takes."""
    is_held, is_over = threading.Event(), threading.Event()

    def hold() -> None:
        with db.atomic():
            db.lock_rows(type(row), [row.id])
            is_held.set()
            while not is_over.wait(1):
                # A session that said nothing would be ended.
                db.database.execute_sql("SELECT 1")
        db.release_connection()

    thread = threading.Thread(target=hold)
    thread.start()
    try:
        assert is_held.wait(10)
        yield
    finally:
        is_over.set()
        thread.join(10)


@pytest.mark.parametrize("waiting", ["a zone begins", "the calendar owes a look"])
def test_a_case_that_someone_holds_keeps_no_escalation_of_another_back(world: World, waiting: str) -> None:
    officer = world.officer.has_app()
    world.tag.is_far_away()
    world.new_wearer("Second Wearer", "LDN-0002").walks_in()
    officer.expects_push("Please acknowledge")
    with _held(world.wearer):
        if waiting == "a zone begins":
            PlaceState.update(next_change_at=clock.now()).where(PlaceState.wearer == world.wearer).execute()
        else:
            CaseDue.create(
                what=completeness.WATCH, subject=f"wearer:{world.wearer.id}", wearer=world.wearer, due_at=clock.now()
            )
        db.release_connection()
        world.clock.forward(11)
        officer.expects_sms("to acknowledge")
    officer.acknowledges(officer.alerts("open")[0]["id"])
    # What was enqueued to the case that was held is done once it is free.
    world.reads_everything()


# The highest number that the database keeps: to count on from it fails.
NO_NEXT_STEP = 2**31 - 1


def test_alerts_that_cannot_be_climbed_for_together_wait_for_none_that_someone_holds(world: World) -> None:
    world.stop_worker()
    world.officer.has_app()
    for walker in (world.tag, world.new_wearer("Second", "LDN-0002"), world.new_wearer("Third", "LDN-0003")):
        walker.walks_in()
    held, broken, sound = Alert.select().order_by(Alert.id)
    Escalation.update(step=NO_NEXT_STEP).where(Escalation.lead_id == broken.id).execute()
    world.clock.forward(11)
    with _held(held):
        alerts.escalate_overdue(clock.now())
    climbed = {row.lead_id: row.step for row in Escalation.select()}
    assert climbed == {held.id: 1, broken.id: NO_NEXT_STEP, sound.id: 2}
    db.release_connection()
    world.checks_at_end = False


def test_a_hint_that_no_socket_took_waits_for_no_one(world: World) -> None:
    officer = world.officer.has_app().opens_the_app()
    world.tag.is_far_away()
    world.tag.walks_in()
    officer.expects_hint()
    officer.expects_push("Please acknowledge")
    officer.closes_the_app()
    eventually(lambda: not Socket.select().exists(), "the socket is gone")
    alerts.withdraw(Alert.get().id, "The record was corrected.", clock.now())
    db.release_connection()
    officer.expects_push("withdrawn")
    waiting = Notification.select().where(Notification.state == NotificationState.PENDING)
    assert [row.channel for row in waiting] == [Channel.WEBSOCKET]
    world.clock.forward(outbox.UNTAKEN_S + 1)
    assert Watchdog(world.settings).look(clock.now())
    assert not waiting.exists()
    db.release_connection()
    world.reads_everything()


def test_what_no_wake_up_announced_is_found_at_the_next_poll(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    # So that only the question what falls due can find it, and no look at everything.
    monkeypatch.setattr(notifier.worker, "POLLS_A_LOOK", 1_000)
    officer = world.officer.has_app()
    world.tag.walks_in()
    officer.expects_push("Please acknowledge")
    officer.acknowledges()
    world.reads_everything()
    monkeypatch.setattr(wakeups, "announce", lambda: None)
    with db.atomic():
        outbox.enqueue(Alert.get(), officer.person, Channel.PUSH, Purpose.ANSWERED, clock.now())
    db.release_connection()
    officer.expects_push("")
