"""What happens when a part of Cordon itself stops: people are notified, and know afterwards who was unprotected."""

from __future__ import annotations

import signal
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from backend import alarms, clock, db, heartbeats, outages
from backend.models import (
    Alarm,
    AlarmKind,
    Alert,
    Escalation,
    Notification,
    Outage,
    PlaceZone,
    ProtectedPlace,
    Role,
    Team,
    Victim,
    Wearer,
)
from notifier.alarm_notices import LEASE_S
from notifier.watchdog import Watchdog
from tests.monitor import Monitor
from tests.processes import notifier
from tests.world import World, eventually

DUTY = "+447700900300"


def passes(world: World, dog: Watchdog, seconds: float, every_s: float = 5.0) -> None:
    """Let time pass while the watchdog looks and tells."""
    for _ in range(int(seconds / every_s)):
        world.clock.forward(every_s)
        if world.worker is not None:
            eventually(lambda: _age_s() < heartbeats.EVERY_S - 1, "the notifier is heard of")
        assert dog.look(clock.now())
        dog.tell(clock.now())


def _age_s() -> float:
    try:
        return heartbeats.ages_s(clock.now()).get("notifier", 1e9)
    finally:
        db.release_connection()


def test_a_notifier_that_stops_is_told_to_the_supervisor_and_so_is_its_return(world: World) -> None:
    outside = Monitor()
    dog = Watchdog(world.settings.changed(deadman_url=outside.url))
    passes(world, dog, 30)
    assert dog.ping()
    world.stop_worker()
    passes(world, dog, 5)
    world.expect_nothing_more()
    passes(world, dog, 15)
    world.supervisor.expects_sms("A part of the service is silent. Notifier last heard of")
    assert not dog.ping()
    # No one is notified twice in a row.
    passes(world, dog, 20)
    world.expect_nothing_more()
    world.start_worker()
    passes(world, dog, 5)
    world.supervisor.expects_sms("Over: A part of the service is silent.")
    assert dog.ping()
    passes(world, dog, 20)
    outside.close()


def test_without_a_watchdog_no_one_hears_of_a_notifier_that_stopped(world: World) -> None:
    world.officer.has_app()
    world.stop_worker()
    world.tag.walks_in()
    world.clock.forward(3_600)
    world.expect_nothing_more()


def test_after_a_stop_of_twenty_minutes_the_wearer_who_came_near_is_listed_with_the_alert(world: World) -> None:
    elsewhere = _another_teams_wearer(world)
    dog = Watchdog(world.settings)
    passes(world, dog, 30)
    world.stop_worker()
    world.tag.is_far_away()
    world.tag.walks_in()
    world.clock.forward(1_170)
    world.start_worker()
    world.settle()
    eventually(lambda: _age_s() < 2, "the notifier is heard of")
    dog = Watchdog(world.settings)
    assert dog.look(clock.now())
    dog.tell(clock.now())
    told = world.supervisor.expects_sms("Outage. Notifier down 20 min")
    assert "Unprotected: 1 person, 1 late alert." in told.body
    assert world.wearer.name not in told.body
    outage = Outage.get()
    assert (outage.what, outage.wearer_ids, outage.alert_ids) == ("notifier", [world.wearer.id], [Alert.get().id])
    answer = world.supervisor.api("GET", "/v1/alarms").json()
    assert [alarm["kind"] for alarm in answer["alarms"]] == ["outage"]
    assert answer["outages"][0]["wearers"] == [{"id": world.wearer.id, "name": "Daniel Marsh"}]
    assert world.officer.api("GET", "/v1/alarms").status_code == 403
    # Another team learns of the outage and not of the wearer.
    stranger = world.person(Role.SUPERVISOR, "Helen Price", "+447700900104", elsewhere.team)
    assert stranger.api("GET", "/v1/alarms").json()["outages"][0]["wearers"] == []
    world.reads_everything()
    world.officer.acknowledges()
    passes(world, dog, outages.SETTLES_AFTER_S + 10, every_s=30)
    world.supervisor.expects_sms("Over: Outage. Notifier down 20 min")
    assert Outage.get().settled_at is not None
    world.reads_everything()


def _another_teams_wearer(world: World) -> Wearer:
    now = clock.now()
    south = Team.create(name="South London", created_at=now)
    victim = Victim.create(team=south, name="Mary Hill", created_at=now)
    wearer = Wearer.create(team=south, name="John Reed", created_at=now)
    place = ProtectedPlace.create(victim=victim, label="Home")
    PlaceZone.create(place=place, wearer=wearer, from_at=now - timedelta(days=1), feature=world.zone.feature)
    return wearer


def test_wearers_whose_fixes_waited_for_the_web_server_are_listed_once_the_fixes_are_in(world: World) -> None:
    world.stop_worker()
    heartbeats.beat("web:test:1", clock.now())
    dog = Watchdog(world.settings)
    world.tag.is_far_away()
    world.clock.forward(600)
    heartbeats.beat("web:test:2", clock.now())
    heartbeats.beat("notifier:test:1", clock.now())
    assert dog.look(clock.now())
    outage = Outage.select().where(Outage.what == "web").get()
    assert outage.wearer_ids == []
    # The tag had kept what it could not send.
    world.tag.reports(*[world.tag.fix(5_000.0, ago_s=ago_s) for ago_s in (420, 300, 180, 5)])
    assert dog.look(clock.now())
    assert Outage.get_by_id(outage.id).wearer_ids == [world.wearer.id]
    # What comes minutes later in a trickle is counted until the outage is settled, and no longer.
    world.clock.forward(outages.SETTLES_AFTER_S + 1)
    heartbeats.beat("notifier:test:1", clock.now())
    heartbeats.beat("web:test:2", clock.now() - timedelta(seconds=outages.SETTLES_AFTER_S))
    assert dog.look(clock.now())
    assert Outage.get_by_id(outage.id).settled_at is not None
    dog.tell(clock.now())
    world.reads_everything()


def test_the_one_who_acknowledged_in_time_from_an_open_page_was_not_unprotected(world: World) -> None:
    world.stop_worker()
    heartbeats.beat("notifier:test:1", clock.now())
    world.officer.opens_the_app()
    world.tag.walks_in()
    world.officer.expects_hint()
    world.officer.acknowledges()
    world.clock.forward(600)
    heartbeats.beat("notifier:test:1", clock.now())
    outage = Outage.get()
    assert outages.assess(outage, clock.now()).alert_ids == []
    Alert.update(first_acknowledged_at=None).execute()
    assert outages.assess(outage, clock.now()).alert_ids == [Alert.get().id]


def test_vital_signs_are_numbers(world: World) -> None:
    eventually(lambda: _age_s() < 5, "the notifier is heard of")
    world.stop_worker()
    world.officer.has_app()
    world.tag.walks_in()
    world.clock.forward(20)
    answer = world.api("GET", "/health/vitals").json()
    assert answer["backlog"] == 1
    assert 20 <= answer["backlog_age_s"] < 25
    assert 20 <= answer["heartbeat_ages_s"]["notifier"] < 30


@pytest.mark.host_time
def test_the_watchdogs_own_process_repairs_tells_and_pings_until_it_is_told_to_stop(world: World) -> None:
    world.officer.has_app()
    world.tag.walks_in()
    world.settle()
    world.reads_everything()
    Escalation.update(next_at=None).execute()
    outside = Monitor()
    quick = world.settings.changed(deadman_url=outside.url, deadman_every_s=0.2, watchdog_every_s=0.2, duty_line=DUTY)
    db.release_connection()
    with notifier(quick, "watchdog") as process:
        world.expect_sms(DUTY, "An alert had stopped escalating.")
        eventually(lambda: outside.paths, "the monitor hears of the watchdog", 20)
        # The whole line went on: the officer's text was enqueued by the repaired escalation policy.
        world.officer.expects_sms("to acknowledge")
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
    assert Notification.select().where(Notification.state == "pending").count() == 0
    outside.close()
    world.reads_everything()


def told(world: World, words: str) -> list[str]:
    """Return who was sent a text with these words."""
    return [message.to for message in world.doubles.messages if words in message.body]


def test_an_alarm_whose_text_did_not_arrive_is_told_again_to_every_supervisor(world: World) -> None:
    world.stop_worker()
    other = world.person(Role.SUPERVISOR, "Helen Price", "+447700900104", Team.create(name="S", created_at=clock.now()))
    world.doubles.script(to=world.supervisor.person.phone, channel="sms", final_state="undelivered", error_code=30003)
    alarms.raise_alarm(AlarmKind.ROTA_GAP, "team:1", "Sunday night", clock.now(), world.team)
    dog = Watchdog(world.settings)
    assert dog.tell(clock.now()) == 1
    _reports_are_in(world)
    assert dog.tell(clock.now()) == 0
    assert Alarm.get().told_at is None
    world.clock.forward(16)
    assert alarms.oldest_untold_s(clock.now()) >= 16
    assert dog.tell(clock.now()) == 2
    _reports_are_in(world)
    assert dog.tell(clock.now()) == 0
    assert Alarm.get().told_at is not None
    assert told(world, "Sunday night").count(other.person.phone) == 1
    db.release_connection()
    world.reads_everything()


def test_an_alarm_that_its_only_supervisors_number_refuses_is_told_to_every_supervisor(world: World) -> None:
    world.stop_worker()
    other = world.person(Role.SUPERVISOR, "Helen Price", "+447700900104", Team.create(name="S", created_at=clock.now()))
    # A person who answered STOP gets no text at all.
    world.doubles.script(to=world.supervisor.person.phone, channel="sms", code=21610)
    alarms.raise_alarm(AlarmKind.ROTA_GAP, "team:1", "Sunday night", clock.now(), world.team)
    dog = Watchdog(world.settings)
    assert dog.tell(clock.now()) == 0
    world.clock.forward(16)
    assert dog.tell(clock.now()) == 1
    assert told(world, "Sunday night") == [other.person.phone]
    db.release_connection()
    world.reads_everything()


def test_a_text_that_the_network_says_no_more_of_counts_once_it_was_sent(world: World) -> None:
    world.stop_worker()
    world.doubles.script(to=world.supervisor.person.phone, channel="sms", final_state="sent")
    alarms.raise_alarm(AlarmKind.ROTA_GAP, "team:1", "Sunday night", clock.now(), world.team)
    dog = Watchdog(world.settings)
    assert dog.tell(clock.now()) == 1
    for _ in range(5):
        eventually(lambda: world.doubles.messages[0].state == "sent", "the network has it")
        assert Alarm.get().told_at is None
        world.clock.forward(10)
        assert dog.tell(clock.now()) == 0
    world.clock.forward(11)
    assert dog.tell(clock.now()) == 0
    assert Alarm.get().told_at is not None
    db.release_connection()
    world.reads_everything()


def test_two_watchdogs_tell_an_alarm_once_and_one_that_died_keeps_it_from_no_one(world: World) -> None:
    world.stop_worker()
    one, two = Watchdog(world.settings), Watchdog(world.settings)
    alarms.raise_alarm(AlarmKind.CANARY, "canary", "It did not arrive", clock.now())
    assert [one.tell(clock.now()), two.tell(clock.now())] == [1, 0]
    # The first is never heard of again before it knew that its text had arrived.
    world.clock.forward(LEASE_S - 1)
    assert two.tell(clock.now()) == 0
    world.clock.forward(2)
    assert two.tell(clock.now()) == 1
    _reports_are_in(world)
    assert two.tell(clock.now()) == 0
    assert Alarm.get().told_at is not None
    assert len(told(world, "did not arrive")) == 2
    db.release_connection()
    world.reads_everything()


def test_watchdogs_at_the_same_moment_tell_each_alarm_once(world: World) -> None:
    world.stop_worker()
    dogs = [Watchdog(world.settings) for _ in range(4)]
    for number in range(5):
        alarms.raise_alarm(AlarmKind.CLOCK, f"host:{number}", "a clock is off", clock.now())
    db.release_connection()
    with ThreadPoolExecutor(4) as pool:
        taken = list(pool.map(lambda dog: dog.tell(clock.now()), dogs))
    assert sum(taken) == 1
    assert len(told(world, "5 service alarms")) == 1
    world.reads_everything()


def _reports_are_in(world: World) -> None:
    ends = ("delivered", "undelivered")
    eventually(lambda: all(message.state in ends for message in world.doubles.messages), "the network's reports")
