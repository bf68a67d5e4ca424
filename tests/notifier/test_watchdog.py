"""What the watchdog finds, repairs and says, look by look."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import psycopg
import pytest

from backend import alarms, alerts, bulk_statements, clock, db, heartbeats, host_clock, outages, outbox, queue_depths
from backend.models import (
    Alarm,
    AlarmKind,
    Alert,
    AuditEntry,
    Channel,
    Escalation,
    Heartbeat,
    Notification,
    Outage,
    Person,
    Purpose,
    Role,
    Team,
)
from notifier import alarm_texts
from notifier.watchdog import Watchdog
from notifier.watchdog_looks import LATE_IN_A_STORM_S
from tests.monitor import Monitor
from tests.world import World, eventually

TITLE = alarms.TITLES
DUTY = "+447700900300"


@pytest.fixture
def monitor() -> Iterator[Monitor]:
    outside = Monitor()
    yield outside
    outside.close()


@pytest.fixture
def quiet(world: World) -> World:
    """The world with the notifier stopped, and heard of just now."""
    world.stop_worker()
    is_alive()
    return world


def is_alive() -> None:
    """Let a notifier be heard of, as if one worked."""
    heartbeats.beat("notifier:test:1", clock.now())


def watchdog(world: World, **settings: object) -> Watchdog:
    """Return a watchdog that has looked once and has been there for long enough to judge."""
    dog = Watchdog(world.settings.changed(**settings))
    assert dog.look(clock.now())
    world.clock.forward(heartbeats.SILENT_AFTER_S + 1)
    is_alive()
    assert dog.look(clock.now())
    return dog


@contextmanager
def database_down(admin_url: str) -> Iterator[None]:
    """Let PostgreSQL end every connection to the bound database and take no new one."""
    name = db.database.obj.database
    with psycopg.connect(admin_url, autocommit=True) as connection:
        connection.execute(f"ALTER DATABASE {name} WITH ALLOW_CONNECTIONS false")
        connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
        yield
        connection.execute(f"ALTER DATABASE {name} WITH ALLOW_CONNECTIONS true")


def kinds() -> list[str]:
    return [alarm.kind for alarm in alarms.standing()]


def raised(world: World) -> Alert:
    """Return an alert that was just raised, with its first warning due."""
    world.officer.has_app()
    world.tag.walks_in()
    return Alert.get()


# Alarms


def test_an_alarm_that_stands_is_raised_once_and_seen_again(database_url: str) -> None:
    now = clock.now()
    assert alarms.raise_alarm(AlarmKind.BACKLOG, "outbox", "3 wait", now)
    later = now + timedelta(seconds=5)
    assert not alarms.raise_alarm(AlarmKind.BACKLOG, "outbox", "4 wait", later)
    (alarm,) = alarms.standing(AlarmKind.BACKLOG, "outbox")
    assert (alarm.raised_at, alarm.last_seen_at, alarm.detail) == (now, later, "4 wait")
    assert alarms.end(AlarmKind.BACKLOG, "outbox", later)
    assert not alarms.end(AlarmKind.BACKLOG, "outbox", later)
    assert alarms.raise_alarm(AlarmKind.BACKLOG, "outbox", "again", later)
    assert Alarm.select().count() == 2


def test_alarms_raised_by_many_threads_at_once_are_one(database_url: str) -> None:
    def raise_one() -> None:
        alarms.raise_alarm(AlarmKind.CLOCK, "host", "an hour off", clock.now())
        db.release_connection()

    threads = [threading.Thread(target=raise_one) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Alarm.select().count() == 1


def test_a_look_ends_only_what_it_looked_for(database_url: str) -> None:
    now = clock.now()
    alarms.raise_alarm(AlarmKind.DEAD_LETTER, "notification:5", "poison", now)
    alarms.reconcile(AlarmKind.DEAD_LETTER, "alert:", {"alert:1": ("a", None), "alert:2": ("b", None)}, now)
    alarms.reconcile(AlarmKind.DEAD_LETTER, "alert:", {"alert:2": ("b", None)}, now, is_complete=False)
    assert len(alarms.standing()) == 3
    alarms.reconcile(AlarmKind.DEAD_LETTER, "alert:", {"alert:2": ("b", None)}, now)
    assert [alarm.subject for alarm in alarms.standing()] == ["notification:5", "alert:2"]


def test_the_gravest_alarm_is_named_first_and_every_kind_has_words(database_url: str) -> None:
    now = clock.now()
    for kind in reversed(AlarmKind):
        alarms.raise_alarm(kind, "all", "words", now)
    assert kinds() == list(AlarmKind)
    assert set(alarms.TITLES) == set(AlarmKind)


@pytest.mark.parametrize("standing", [0, 1, 3])
@pytest.mark.parametrize("ended", [0, 1, 3])
@pytest.mark.parametrize("detail", ["40 wait", "é" * 60 + "{}", "long " * 60])
def test_a_text_is_one_segment_of_plain_characters_whatever_it_tells(standing: int, ended: int, detail: str) -> None:
    title = max(alarms.TITLES.values(), key=len)
    text = alarm_texts.text(
        [(title, detail)] * standing, [(title, detail)] * ended, "https://cordon.example/supervisor"
    )
    assert len(text) <= 160
    assert text.isascii()
    assert not set(text) & set("{}[]|~^\\`")
    assert not standing or title in text


# Alerts that nothing moves on


def test_an_alert_whose_next_escalation_was_lost_is_repaired_in_one_look_and_told(quiet: World) -> None:
    alert = raised(quiet)
    dog = watchdog(quiet)
    Notification.update(state="sent", sent_at=clock.now()).execute()
    Escalation.update(next_at=None).execute()
    before = Notification.select().count()
    assert dog.look(clock.now())
    alert = Alert.get()
    assert Escalation.get().next_at is not None
    assert Notification.select().count() > before, "the next step is enqueued"
    assert AuditEntry.select().where(AuditEntry.action == "escalation_repaired", AuditEntry.alert == alert).count() == 1
    assert dog.tell(clock.now()) == 1
    quiet.supervisor.expects_sms(f"{TITLE[AlarmKind.NO_NEXT_ACTION]}. Alert {alert.id}: set going again.")
    assert dog.look(clock.now())
    assert AlarmKind.NO_NEXT_ACTION not in kinds()
    assert dog.tell(clock.now()) == 0


def test_without_the_watchdog_an_alert_that_lost_its_next_escalation_is_never_answered(world: World) -> None:
    world.officer.has_app()
    world.tag.walks_in()
    world.settle()
    world.reads_everything()
    Escalation.update(next_at=None).execute()
    db.release_connection()
    for _ in range(10):
        world.forward(50)
    world.expect_nothing_more()
    dog = Watchdog(world.settings)
    assert dog.look(clock.now())
    world.settle()
    world.officer.expects_sms("to acknowledge")
    world.reads_everything()


def test_an_alert_acknowledged_long_ago_whose_instant_was_lost_is_open_again(quiet: World) -> None:
    alert = raised(quiet)
    quiet.officer.acknowledges(alert.id)
    dog = watchdog(quiet)
    Escalation.update(next_at=None).execute()
    assert dog.look(clock.now())
    alert = Alert.get()
    assert Escalation.get().next_at == alert.acknowledged_at + timedelta(seconds=900)
    assert alert.handling == "acknowledged"
    Escalation.update(next_at=None).execute()
    Alert.update(acknowledged_at=clock.now() - timedelta(seconds=901)).execute()
    is_alive()
    assert dog.look(clock.now())
    assert alerts.escalate_overdue(clock.now() + timedelta(seconds=1)) == 1
    assert Alert.get().handling == "open"


def test_an_instant_beyond_every_step_is_as_good_as_none(quiet: World) -> None:
    raised(quiet)
    dog = watchdog(quiet)
    Notification.update(state="sent").execute()
    Escalation.update(next_at=clock.now() + timedelta(days=3)).execute()
    assert dog.look(clock.now())
    assert Escalation.get().next_at < clock.now() + timedelta(seconds=1_000)


def test_a_message_on_its_way_is_a_next_action(quiet: World) -> None:
    raised(quiet)
    dog = watchdog(quiet)
    Escalation.update(next_at=None).execute()
    assert outbox.claim_due(Channel.PUSH, clock.now(), 10, 5)
    assert dog.look(clock.now())
    assert AlarmKind.NO_NEXT_ACTION not in kinds()
    # Its worker has died, and no one took the message over.
    quiet.clock.forward(41)
    is_alive()
    assert dog.look(clock.now())
    assert AlarmKind.NO_NEXT_ACTION in kinds()


def test_what_no_one_has_to_answer_needs_no_next_action(quiet: World) -> None:
    alert = raised(quiet)
    dog = watchdog(quiet)
    Notification.update(state="sent").execute()
    Escalation.update(next_at=None).execute()
    Alert.update(certainty="withdrawn").execute()
    assert dog.look(clock.now())
    assert Escalation.get().next_at is None
    Alert.update(certainty="confirmed", handling="closed", outcome_at=clock.now()).execute()
    assert dog.look(clock.now())
    assert Escalation.get().next_at is None
    assert not alerts.repair(alert.id, clock.now())


def test_an_overdue_escalation_policy_is_climbed_when_the_notifier_works_and_waits_when_none_does(quiet: World) -> None:
    raised(quiet)
    dog = watchdog(quiet)
    count = Notification.select().count()
    for _ in range(12):
        quiet.clock.forward(5)
        assert dog.look(clock.now())
    # With no one to deliver, climbing would only heap up messages that all come at once.
    assert Notification.select().count() == count
    assert kinds()[0] == AlarmKind.PROCESS_SILENT
    # The notifier that comes back sends what waits, and has forgotten the escalation policy.
    Notification.update(state="sent").execute()
    for _ in range(8):
        quiet.clock.forward(5)
        is_alive()
        assert dog.look(clock.now())
    assert AlarmKind.PROCESS_SILENT not in kinds()
    assert AuditEntry.select().where(AuditEntry.action == "escalation_repaired").count() >= 1


def test_an_escalation_policy_that_waits_behind_a_backlog_is_told_as_one_backlog_and_not_each_by_itself(
    quiet: World,
) -> None:
    raised(quiet)
    dog = watchdog(quiet)
    for _ in range(12):
        quiet.clock.forward(5)
        is_alive()
        assert dog.look(clock.now())
    # First words have waited for a minute although a notifier works: second ones wait with them.
    assert kinds() == [AlarmKind.BACKLOG]
    quiet.clock.forward(LATE_IN_A_STORM_S)
    is_alive()
    assert dog.look(clock.now())
    assert AlarmKind.NO_NEXT_ACTION in kinds()
    assert AuditEntry.select().where(AuditEntry.action == "escalation_repaired").count() == 1


def test_one_bad_alert_stops_neither_the_round_nor_the_repair_of_the_others(quiet: World) -> None:
    bad = raised(quiet)
    good_id = _second_alert(quiet, bad)
    dog = watchdog(quiet)
    Notification.update(state="sent").execute()
    Escalation.update(next_at=None).execute()
    # There is no such step: escalation of this alert fails.
    Escalation.update(step=-9).where(Escalation.id == bad.escalation_id).execute()
    assert dog.look(clock.now())
    assert Alert.get_by_id(good_id).escalation.next_at is not None
    assert Alert.get_by_id(bad.id).escalation.next_at is None
    details = {alarm.subject: alarm.detail for alarm in alarms.standing(AlarmKind.NO_NEXT_ACTION)}
    assert "see to it yourself" in details[f"alert:{bad.id}"]
    assert "set going again" in details[f"alert:{good_id}"]
    is_alive()
    assert dog.look(clock.now())
    assert [alarm.subject for alarm in alarms.standing(AlarmKind.NO_NEXT_ACTION)] == [f"alert:{bad.id}"]


def _second_alert(world: World, like: Alert) -> int:
    row = {name: getattr(like, name) for name in like._meta.sorted_field_names if name != "id"}
    climb = Escalation.create(wearer=like.wearer, about="another", started_at=clock.now(), next_at=clock.now())
    second = Alert.create(**{**row, "code": "SECOND", "escalation": climb})
    Escalation.update(lead_id=second.id).where(Escalation.id == climb.id).execute()
    return second.id


# People and messages


def test_a_responsible_officer_without_any_route_is_an_alarm_at_once_until_there_is_one(quiet: World) -> None:
    dog = watchdog(quiet)
    assert kinds() == []
    Person.update(phone=None).where(Person.id.in_([quiet.officer.person.id, quiet.colleague.person.id])).execute()
    assert dog.look(clock.now())
    # The colleague is responsible for no one.
    assert [alarm.subject for alarm in alarms.standing(AlarmKind.NO_LIVE_ROUTE)] == [
        f"person:{quiet.officer.person.id}"
    ]
    assert alarms.standing()[0].team_id == quiet.team.id
    quiet.officer.has_app()
    assert dog.look(clock.now())
    assert kinds() == []


def test_an_alert_that_reaches_no_one_is_an_alarm(quiet: World) -> None:
    Person.update(phone=None).execute()
    quiet.tag.walks_in()
    dog = watchdog(quiet)
    assert AlarmKind.NO_LIVE_ROUTE in kinds()
    assert f"alert:{Alert.get().id}" in [alarm.subject for alarm in alarms.standing()]
    quiet.officer.acknowledges()
    assert dog.look(clock.now())
    assert not [alarm for alarm in alarms.standing() if alarm.subject.startswith("alert:")]


def test_an_alert_of_which_every_message_failed_is_a_dead_letter_until_one_has_gone_out(quiet: World) -> None:
    alert = raised(quiet)
    Notification.update(state="failed").execute()
    dog = watchdog(quiet)
    assert AlarmKind.DEAD_LETTER not in kinds(), "other routes are still being tried"
    for _ in range(4):
        quiet.clock.forward(5)
        is_alive()
        assert dog.look(clock.now())
    assert AlarmKind.DEAD_LETTER in kinds()
    with db.atomic():
        outbox.enqueue(alert, quiet.supervisor.person, Channel.SMS, Purpose.ESCALATION, clock.now(), step=7)
    assert dog.look(clock.now())
    assert AlarmKind.DEAD_LETTER in kinds(), "what is owed again has not gone out yet"
    Notification.update(state="sent").where(Notification.step == 7).execute()
    assert dog.look(clock.now())
    assert AlarmKind.DEAD_LETTER not in kinds()


def test_messages_that_wait_are_an_alarm_until_they_have_drained_and_both_are_told(quiet: World) -> None:
    raised(quiet)
    dog = watchdog(quiet)
    assert queue_depths.backlog(clock.now()).count == 1
    assert AlarmKind.BACKLOG in kinds()
    quiet.clock.forward(5)
    is_alive()
    assert dog.look(clock.now())
    assert dog.tell(clock.now()) == 1
    quiet.supervisor.expects_sms("Messages are waiting. 1 wait, the oldest for ")
    assert dog.tell(clock.now()) == 0
    Notification.update(state="sent").execute()
    assert queue_depths.backlog(clock.now()).oldest_s == 0.0
    assert dog.look(clock.now())
    assert kinds() == []
    assert dog.tell(clock.now()) == 1
    quiet.supervisor.expects_sms("Over: Messages are waiting.")
    assert dog.tell(clock.now()) == 0


# Telling


def test_an_alarm_is_told_once_and_again_after_a_quarter_of_an_hour(quiet: World) -> None:
    dog = watchdog(quiet)
    alarms.raise_alarm(AlarmKind.PROVIDER_DOWN, "twilio:calls", "Calls fail", clock.now())
    assert [dog.tell(clock.now()) for _ in range(3)] == [1, 0, 0]
    quiet.supervisor.expects_sms("A provider is down. Calls fail.")
    quiet.clock.forward(899)
    assert dog.tell(clock.now()) == 0
    quiet.clock.forward(2)
    assert dog.tell(clock.now()) == 1
    quiet.supervisor.expects_sms("A provider is down.")


def test_many_alarms_are_one_text_that_counts_them_and_names_the_gravest(quiet: World) -> None:
    dog = watchdog(quiet)
    alarms.raise_alarm(AlarmKind.ROTA_GAP, "team:1", "Sunday night", clock.now())
    alarms.raise_alarm(AlarmKind.PROVIDER_CREDENTIALS, "twilio", "Twilio answers 401", clock.now())
    assert dog.tell(clock.now()) == 1
    told = quiet.supervisor.expects_sms("2 service alarms, gravest: A provider refuses our credentials.")
    assert len(told.body) <= 160


def test_a_team_is_told_of_its_own_alarms_and_everyone_of_everybodys_and_the_duty_line_of_all(quiet: World) -> None:
    south = Team.create(name="South London", created_at=clock.now())
    other = quiet.person(Role.SUPERVISOR, "Helen Price", "+447700900104", south)
    dog = watchdog(quiet, duty_line=DUTY)
    alarms.raise_alarm(AlarmKind.OPTED_OUT, "person:1", "Officer 1 sent STOP", clock.now(), team=quiet.team)
    assert dog.tell(clock.now()) == 2
    quiet.supervisor.expects_sms("Officer 1 sent STOP")
    quiet.expect_sms(DUTY, "Officer 1 sent STOP")
    alarms.raise_alarm(AlarmKind.CLOCK, "host", "A clock is an hour off", clock.now())
    assert dog.tell(clock.now()) == 3
    for number in (quiet.supervisor.person.phone, other.person.phone, DUTY):
        quiet.expect_sms(number, "A clock is an hour off")


def test_a_team_without_a_supervisor_has_its_alarms_told_to_the_others(quiet: World) -> None:
    east = Team.create(name="East London", created_at=clock.now())
    dog = watchdog(quiet)
    alarms.raise_alarm(AlarmKind.ROTA_GAP, "team:east", "Nobody tonight", clock.now(), team=east.id)
    assert dog.tell(clock.now()) == 1
    quiet.supervisor.expects_sms("Nobody tonight")


def test_a_text_that_was_not_taken_is_tried_again_and_not_at_every_look(quiet: World) -> None:
    dog = watchdog(quiet)
    quiet.doubles.script(to=quiet.supervisor.person.phone, status=503, times=1)
    alarms.raise_alarm(AlarmKind.CLOCK, "host", "A clock is an hour off", clock.now())
    assert [dog.tell(clock.now()) for _ in range(3)] == [0, 0, 0]
    quiet.clock.forward(16)
    assert dog.tell(clock.now()) == 1
    quiet.supervisor.expects_sms("A clock is an hour off")


# The monitor outside


def test_the_monitor_hears_of_us_while_all_is_well(quiet: World, monitor: Monitor) -> None:
    dog = watchdog(quiet, deadman_url=monitor.url)
    assert dog.ping()
    assert monitor.paths == ["/ping/a-secret-path"]


def test_the_monitor_hears_nothing_while_no_notifier_works(quiet: World, monitor: Monitor) -> None:
    dog = watchdog(quiet, deadman_url=monitor.url)
    quiet.clock.forward(16)
    assert dog.look(clock.now())
    assert not dog.ping()
    is_alive()
    assert dog.look(clock.now())
    assert dog.ping()
    quiet.clock.forward(1)
    dog.tell(clock.now())
    quiet.reads_everything()


def test_the_monitor_hears_nothing_while_one_look_fails_and_the_others_are_made(
    quiet: World, monitor: Monitor, as_owner: Callable[[str], None]
) -> None:
    dog = watchdog(quiet, deadman_url=monitor.url)
    db.release_connection()
    as_owner("ALTER TABLE outage RENAME TO outage_away")
    assert not dog.look(clock.now())
    assert not dog.ping()
    db.release_connection()
    as_owner("ALTER TABLE outage_away RENAME TO outage")
    assert dog.look(clock.now())
    assert dog.ping()


def test_the_monitor_hears_nothing_while_an_alarm_can_be_told_to_no_one(quiet: World, monitor: Monitor) -> None:
    dog = watchdog(quiet, deadman_url=monitor.url)
    quiet.doubles.script(to=quiet.supervisor.person.phone, status=503, times=1)
    alarms.raise_alarm(AlarmKind.CLOCK, "host", "A clock is an hour off", clock.now())
    dog.tell(clock.now())
    assert dog.look(clock.now())
    assert dog.ping(), "it has not been long"
    quiet.clock.forward(121)
    is_alive()
    assert dog.look(clock.now())
    assert not dog.ping()
    assert dog.tell(clock.now()) == 1
    assert dog.look(clock.now())
    assert not dog.ping(), "a text that was taken has not arrived"
    eventually(lambda: [message for message in quiet.doubles.messages if message.state == "delivered"], "it arrives")
    dog.tell(clock.now())
    is_alive()
    assert dog.look(clock.now())
    assert dog.ping()
    quiet.reads_everything()


def test_a_monitor_that_is_down_is_logged_without_the_secret_in_its_address(
    quiet: World, monitor: Monitor, caplog: pytest.LogCaptureFixture
) -> None:
    dog = watchdog(quiet, deadman_url=monitor.url)
    monitor.status = 500
    assert not dog.ping()
    gone = Watchdog(quiet.settings.changed(deadman_url="http://127.0.0.1:9/ping/a-secret-path"))
    assert gone.look(clock.now())
    assert not gone.ping()
    assert "127.0.0.1 did not take the ping" in caplog.text
    assert "a-secret-path" not in caplog.text


def test_while_the_database_is_down_the_loop_lives_and_the_monitor_hears_nothing(
    quiet: World, monitor: Monitor, postgres: str
) -> None:
    dog = Watchdog(
        quiet.settings.changed(deadman_url=monitor.url, deadman_every_s=0.05, watchdog_every_s=0.05, duty_line=DUTY)
    )
    thread = threading.Thread(target=dog.run)
    thread.start()
    try:
        eventually(lambda: monitor.paths, "the monitor hears of the watchdog")
        db.release_connection()
        with database_down(postgres):
            eventually(lambda: not dog.ping(), "a look fails")
            # One ping may have been under way.
            threading.Event().wait(0.2)
            heard = len(monitor.paths)
            threading.Event().wait(1.0)
            assert len(monitor.paths) == heard
            assert thread.is_alive()
        eventually(_is_heard, "the database is back")
        heard = len(monitor.paths)
        eventually(lambda: len(monitor.paths) > heard, "the monitor hears of the watchdog again")
    finally:
        dog.stop()
        thread.join(10)
    assert not thread.is_alive()
    quiet.reads_everything()


def _is_heard() -> bool:
    try:
        is_alive()
    except db.LOST_CONNECTION:
        db.forget_connection()
        return False
    return True


# Heartbeats and outages


def test_the_first_to_come_back_keeps_the_outage_and_only_of_what_protects(database_url: str) -> None:
    now = clock.now()
    for kind in ("notifier", "web", "watchdog"):
        heartbeats.beat(f"{kind}:a:1", now)
    later = now + timedelta(minutes=20)
    for name in ("notifier:a:2", "notifier:b:3", "web:a:4", "watchdog:a:5"):
        heartbeats.beat(name, later)
    assert [(row.what, row.from_at, row.to_at) for row in Outage.select().order_by(Outage.what)] == [
        ("notifier", now, later),
        ("web", now, later),
    ]
    outages.note("web", now, later)
    assert Outage.select().count() == 2


def test_a_restart_within_a_minute_is_no_outage_and_one_notifier_covers_for_another(database_url: str) -> None:
    now = clock.now()
    heartbeats.beat("notifier:a:1", now)
    heartbeats.beat("notifier:b:2", now + timedelta(seconds=59))
    heartbeats.beat("notifier:a:1", now + timedelta(seconds=118))
    assert Outage.select().count() == 0


@pytest.mark.parametrize("kind", ["notifier", "web"])
def test_a_heartbeat_dated_in_the_future_hides_no_dead_process(quiet: World, kind: str) -> None:
    dog = watchdog(quiet)
    Heartbeat.create(name=f"{kind}:gone:7", kind=kind, at=clock.now() + timedelta(days=3))
    quiet.clock.forward(heartbeats.SILENT_AFTER_S + 1)
    dog.look(clock.now())
    assert (AlarmKind.PROCESS_SILENT, kind) in {(alarm.kind, alarm.subject) for alarm in alarms.standing()}
    assert heartbeats.ages_s(clock.now())[kind] > heartbeats.SILENT_AFTER_S


def test_old_heartbeats_are_forgotten_but_for_the_newest_of_each_kind(database_url: str) -> None:
    now = clock.now()
    heartbeats.beat("notifier:a:1", now - timedelta(days=9))
    heartbeats.beat("notifier:a:2", now - timedelta(days=3))
    heartbeats.beat("web:a:3", now)
    heartbeats.forget_old(now)
    assert sorted(row.name for row in Heartbeat.select()) == ["notifier:a:2", "web:a:3"]


def test_a_heart_beats_no_oftener_than_it_must(database_url: str) -> None:
    heart, now = heartbeats.Heart("notifier"), clock.now()
    for seconds in (0, 1, 4, 6):
        heart.beat(now + timedelta(seconds=seconds))
    assert Heartbeat.get().at == now + timedelta(seconds=6)
    assert heart.name.startswith("notifier:")


def test_the_clock_of_a_host_that_is_gone_is_no_alarm_for_ever(database_url: str) -> None:
    now = clock.now()
    alarms.raise_alarm(AlarmKind.CLOCK, "host:replaced", "The clock of replaced is 9 s behind the database's", now)
    host_clock.look(now + timedelta(seconds=host_clock.GONE_AFTER_S - 1))
    assert [alarm.subject for alarm in alarms.standing(AlarmKind.CLOCK)] == ["host:replaced"]
    host_clock.look(now + timedelta(seconds=host_clock.GONE_AFTER_S + 1))
    assert not alarms.standing(AlarmKind.CLOCK)


def test_a_call_that_waits_until_another_one_has_ended_is_no_backlog(quiet: World) -> None:
    alert, person, now = raised(quiet), quiet.officer.person, clock.now()
    Notification.update(state="sent").execute()
    with db.atomic():
        outbox.enqueue(alert, person, Channel.VOICE, Purpose.ALERT, now, step=2)
    ringing = Notification.get(Notification.channel == Channel.VOICE)
    Notification.update(state="sent", settled_at=now).where(Notification.id == ringing.id).execute()
    with db.atomic():
        outbox.enqueue(alert, person, Channel.VOICE, Purpose.ALERT, now, step=3)
    assert queue_depths.backlog(now + timedelta(seconds=40)).count == 0
    Notification.update(state="failed").where(Notification.id == ringing.id).execute()
    assert queue_depths.backlog(now + timedelta(seconds=40)) == queue_depths.Backlog(1, 40.0)
    db.release_connection()


def test_its_looks_read_the_alerts_that_are_due_an_answer_and_not_all_there_ever_were(
    quiet: World, caplog: pytest.LogCaptureFixture, as_owner: Callable[[str], None]
) -> None:
    raised(quiet)
    now, long_ago = clock.now(), clock.now() - timedelta(days=400)
    row = Alert.select().dicts().get()
    del row["id"]
    old = {"handling": "closed", "raised_at": long_ago, "fix_time": long_ago}
    bulk_statements.insert_rows(Alert, [{**row, **old, "code": f"OLD{number}"} for number in range(1_000)])
    db.release_connection()
    as_owner("ANALYZE")
    outages.note("notifier", now - timedelta(hours=1), now)
    outage = Outage.get()
    with caplog.at_level(logging.DEBUG, "peewee"):
        alerts.without_next_action(now, overdue_s=alerts.OVERDUE_S)
        alerts.unreached(now)
        outages.assess(outage, now)
    said = [record.msg for record in caplog.records if record.name == "peewee" and record.msg[0].startswith("SELECT")]
    looks = [(sql, params) for sql, params in said if 'FROM "alert" AS "t1"' in sql]
    with db.atomic():
        # The other tables are so small that they are read as a whole.
        db.database.execute_sql("SET LOCAL enable_seqscan = off")
        plans = [str(db.database.execute_sql(f"EXPLAIN {sql}", params).fetchall()) for sql, params in looks]
    assert len(plans) == 3
    assert all("alert_unanswered" in plan for plan in plans[:2])
    assert "notification_alert" in plans[2]
    db.release_connection()
