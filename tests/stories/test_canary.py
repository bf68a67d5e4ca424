"""The canary walks through the whole real chain, and people are notified when it does not arrive."""

from __future__ import annotations

import pytest

from backend import alarms, authentication, canary, clock, db, heartbeats, reports
from backend.errors import InvalidRecord, NotFound, WrongCredentials
from backend.models import AlarmKind, Alert, CanaryWalk, Fix, Notification, ProviderEvent
from notifier.canary_walks import CanaryWalker
from notifier.watchdog import Watchdog
from tests.world import World, eventually

PHONE = "+447700900999"


@pytest.fixture
def walker(world: World) -> CanaryWalker:
    canary.set_up(PHONE, "", clock.now())
    db.release_connection()
    return CanaryWalker(world.settings)


def arrives(walker: CanaryWalker) -> CanaryWalk:
    """Let a walk go on until it has ended."""

    def has_ended() -> bool:
        walker.step()
        newest = canary.newest()
        db.release_connection()
        return newest is not None and newest.under_way is None

    eventually(has_ended, "the canary arrives")
    found = canary.newest()
    assert found is not None
    return found


def looks(world: World, dog: Watchdog) -> list[str]:
    heartbeats.beat("notifier:test:1", clock.now())
    assert dog.look(clock.now())
    return [alarm.detail for alarm in alarms.standing(AlarmKind.CANARY)]


def test_a_walk_reaches_the_canarys_phone_closes_itself_and_rings_no_one(world: World, walker: CanaryWalker) -> None:
    for _ in range(4):
        walk = arrives(walker)
        assert walk.result == "passed", (walk.step, walk.detail)
        assert walk.started_at <= walk.taken_at <= walk.ended_at
        assert walk.decided_at <= walk.enqueued_at <= walk.sent_at
        text = world.expect_sms(PHONE, "Zone alert CANARY-")
        assert text.to == PHONE
        world.clock.forward(301)
    assert {alert.handling for alert in Alert.select()} == {"closed"}
    assert Alert.select().count() == 4
    world.clock.forward(700)
    world.expect_nothing_more()
    for phone in (world.officer, world.supervisor):
        assert phone.alerts("all") == []
    found = reports.response_times(world.supervisor.person, walk.started_at.replace(year=2000), clock.now(), "team")
    assert found["alerts"] == []


def test_a_notifier_that_stops_is_shown_by_the_canary_until_it_arrives_again(
    world: World, walker: CanaryWalker
) -> None:
    dog = Watchdog(world.settings)
    arrives(walker)
    world.reads_everything()
    world.stop_worker()
    world.clock.forward(301)
    for _ in range(5):
        walker.step()
        assert looks(world, dog) == []
        world.clock.forward(25)
    assert arrives(walker).result == "failed"
    (detail,) = looks(world, dog)
    assert "no provider has taken its message" in detail
    assert AlarmKind.CANARY in [alarm.kind for alarm in alarms.to_tell(clock.now())]
    world.clock.forward(61)
    world.start_worker()
    assert arrives(walker).result == "passed"
    assert looks(world, dog) == []
    world.reads_everything()


def test_a_canary_that_does_not_walk_is_told_by_the_watchdog(world: World, walker: CanaryWalker) -> None:
    dog = Watchdog(world.settings)
    arrives(walker)
    world.reads_everything()
    assert looks(world, dog) == []
    world.clock.forward(400)
    (detail,) = looks(world, dog)
    assert "its process does not work" in detail


def test_a_process_that_is_started_again_carries_the_walk_and_closes_what_a_crash_left(
    world: World, walker: CanaryWalker
) -> None:
    walker.step()
    again, second = CanaryWalker(world.settings), CanaryWalker(world.settings)
    second.step()
    assert arrives(again).result == "passed"
    assert CanaryWalk.select().count() == 1
    assert Alert.get().handling == "closed"
    Alert.update(handling="open").execute()
    world.clock.forward(301)
    arrives(again)
    assert not Alert.select().where(Alert.handling == "open").exists()
    world.reads_everything()


def test_what_the_canary_leaves_is_forgotten_after_a_day(world: World, walker: CanaryWalker) -> None:
    arrives(walker)
    world.reads_everything()
    world.stop_worker()
    kept = ProviderEvent.create(
        provider="twilio", token="0" * 32 + " x", kind="status", body={}, received_at=clock.now()
    )
    db.release_connection()
    eventually(lambda: ProviderEvent.select().count() > 1, "the provider tells of the text")
    world.clock.forward(2 * 86_400)
    mine = canary.find()
    assert mine is not None
    assert canary.forget_old(mine, clock.now()) == 1
    assert (Alert.select().count(), Fix.select().count(), Notification.select().count()) == (0, 0, 0)
    assert [row.id for row in ProviderEvent.select()] == [kept.id]
    assert CanaryWalk.get().result == "passed"
    db.release_connection()


def test_a_walk_whose_process_was_stopped_is_interrupted_and_told_only_if_none_arrives_after_it(
    world: World, walker: CanaryWalker
) -> None:
    dog = Watchdog(world.settings)
    arrives(walker)
    world.reads_everything()
    world.stop_worker()
    world.clock.forward(301)
    walker.step()
    world.clock.forward(140)
    assert looks(world, dog) == []
    again = CanaryWalker(world.settings)
    again.step()
    walk = canary.newest()
    assert walk is not None
    assert (walk.result, walk.under_way) == ("interrupted", None)
    assert not Alert.select().where(Alert.handling != "closed").exists()
    assert looks(world, dog) == []
    world.clock.forward(400)
    (detail,) = looks(world, dog)
    assert "was interrupted, and none has arrived since" in detail
    world.start_worker()
    assert arrives(again).result == "passed"
    assert looks(world, dog) == []
    world.reads_everything()


def test_a_stopped_process_is_an_alarm_and_coming_back_does_not_end_it_before_a_walk_arrives(
    world: World, walker: CanaryWalker
) -> None:
    dog = Watchdog(world.settings)
    arrives(walker)
    world.reads_everything()
    world.stop_worker()
    world.clock.forward(301)
    walker.step()
    world.clock.forward(200)
    (detail,) = looks(world, dog)
    assert "its process does not work" in detail
    again = CanaryWalker(world.settings)
    again.step()
    newest = canary.newest()
    assert newest is not None
    assert newest.result == "interrupted"
    (detail,) = looks(world, dog)
    assert "interrupted" in detail
    world.start_worker()
    assert arrives(again).result == "passed"
    assert looks(world, dog) == []
    world.reads_everything()


def test_the_last_walk_is_among_the_vital_signs(world: World, walker: CanaryWalker) -> None:
    assert world.api("GET", "/health/vitals").json()["canary"] is None
    walk = arrives(walker)
    seen = world.api("GET", "/health/vitals").json()["canary"]
    assert (seen["result"], seen["to_phone_s"]) == (
        "passed",
        round((walk.delivered_at - walk.started_at).total_seconds(), 1),
    )
    assert 0 <= seen["to_provider_s"] <= 60
    world.reads_everything()


def test_a_lost_password_is_given_anew(world: World) -> None:
    with pytest.raises(NotFound):
        canary.renew_password(clock.now())
    person, first = canary.set_up(PHONE, "", clock.now())
    _, second = canary.renew_password(clock.now())
    assert authentication.check_password(person.email, second).id == person.id
    assert first is not None
    with pytest.raises(WrongCredentials):
        authentication.check_password(person.email, first)
    db.release_connection()


def test_the_canary_takes_nobodys_number(world: World) -> None:
    for number in (world.officer.person.phone, world.victim.phone):
        with pytest.raises(InvalidRecord):
            canary.set_up(number, "", clock.now())
