"""What a protected person reads, in their own words: no "it is over" while it is not, and no warning once the wearer
has left."""

from __future__ import annotations

from datetime import timedelta

import pytest

from backend import alerts, clock, db
from backend.models import (
    Alert,
    Attempt,
    Consent,
    Notification,
    NotificationState,
    PlaceZone,
    ProtectedPlace,
    ProviderEvent,
)
from tests.world import HOME, World, eventually
from tests.world.world import BUFFER_M, RADIUS_M
from zones.geo import Frame

NEAR, OVER = "Your book has arrived.", "Your book was collected."


def texts(world: World) -> list[str]:
    return [message.body for message in world.doubles.messages if message.to == world.victim.phone]


def works_at(world: World, metres_from_home: float) -> None:
    """Let their work so far east of their home, where the wearer must not be either."""
    lat, lon = Frame(*HOME).to_degrees(metres_from_home, 0.0)
    PlaceZone.create(
        place=ProtectedPlace.create(victim=world.victim, label="Work"),
        wearer=world.wearer,
        from_at=world.zone.from_at,
        feature={
            **world.zone.feature,
            "geometry": {"type": "Point", "coordinates": [lon, lat]},
            "properties": {"id": "work", "kind": "exclusion", "radius_m": RADIUS_M, "buffer_m": BUFFER_M},
        },
    )
    db.release_connection()


def not_warned(world: World) -> bool:
    world.settle()
    return bool(Notification.select().where(Notification.purpose == "victim_not_warned").exists())


def test_they_are_not_told_that_it_is_over_while_the_wearer_is_at_another_place_of_theirs(world: World) -> None:
    world.victim_consents()
    works_at(world, 600.0)
    world.tag.stays(-900.0, for_s=60)
    world.tag.stays(0.0, for_s=120)
    for metres in (150.0, 300.0):
        world.tag.stays(metres, for_s=30)
    # Still beside their home and by now where they work; then on through it.
    world.tag.stays(430.0, for_s=120)
    world.tag.stays(600.0, for_s=240)
    world.settle()
    standing = {alert.place.label: (alert.level, alert.is_over) for alert in Alert.select()}
    assert standing["Home"][1]
    assert standing["Work"] == (2, False)
    assert OVER not in texts(world)
    assert texts(world)[-1] == NEAR
    # They knew that the wearer is near: a minute later it was no news.
    assert texts(world) == [NEAR]
    world.tag.stays(5_000.0, for_s=180)
    assert texts(world) == [NEAR, OVER]
    world.reads_everything()


def test_a_second_place_long_after_the_first_is_told_again(world: World) -> None:
    world.victim_consents()
    works_at(world, 600.0)
    world.tag.stays(800.0, for_s=30)
    world.tag.stays(0.0, for_s=720, every_s=30)
    world.tag.stays(300.0, for_s=30)
    world.tag.stays(430.0, for_s=120)
    world.tag.stays(600.0, for_s=120)
    assert texts(world) == [NEAR, NEAR]
    world.tag.stays(5_000.0, for_s=180)
    assert texts(world) == [NEAR, NEAR, OVER]
    world.reads_everything()


def test_they_are_not_told_that_it_is_over_while_another_wearer_is_there(world: World) -> None:
    world.victim_consents()
    other = world.new_wearer("Second Wearer", "LDN-0002")
    for tag in (world.tag, other):
        tag.is_far_away()
        tag.stays_inside()
    assert texts(world) == [NEAR, NEAR]
    world.tag.stays(5_000.0, for_s=180)
    assert sorted(alert.is_over for alert in Alert.select()) == [False, True]
    assert texts(world) == [NEAR, NEAR]
    other.stays(5_000.0, for_s=180)
    assert texts(world) == [NEAR, NEAR, OVER]
    world.reads_everything()


def test_they_are_warned_of_another_place_at_once_when_it_was_over_before(world: World) -> None:
    world.victim_consents()
    works_at(world, 1_500.0)
    world.tag.is_far_away()
    world.tag.stays(0.0, for_s=90)
    world.tag.stays(700.0, for_s=180)
    assert texts(world) == [NEAR, OVER]
    world.tag.stays(1_500.0, for_s=90)
    assert texts(world) == [NEAR, OVER, NEAR]
    world.reads_everything()


def test_when_the_wearer_has_left_for_good_their_last_text_says_so(world: World) -> None:
    """In, out, in again within three minutes, and away for a quarter of an hour."""
    world.victim_consents()
    world.tag.stays(700.0, for_s=60)
    world.tag.stays(0.0, for_s=90)
    for metres in (250.0, 500.0, 750.0, 900.0, 900.0, 750.0, 500.0, 250.0, 0.0, 0.0, 0.0, 250.0, 500.0, 750.0):
        world.tag.stays(metres, for_s=15)
    world.tag.stays(900.0, for_s=900)
    world.settle()
    assert Alert.get().is_over
    assert texts(world) == [NEAR, OVER, NEAR, OVER]
    world.tag.stays(0.0, for_s=90)
    assert texts(world)[-1] == NEAR
    world.reads_everything()


def test_their_warning_that_hung_is_not_tried_again_once_it_is_over(world: World) -> None:
    world.victim_consents()
    world.tag.is_far_away()
    world.doubles.script(to=world.victim.phone, channel="sms", hang_s=2.5, status=503, times=1)
    for _ in range(12):
        world.tag.reports(world.tag.fix(0.0))
        if Notification.select().where(Notification.purpose == "victim_breach").exists():
            break
        world.clock.forward(15)
    db.release_connection()
    eventually(lambda: [a for a in world.doubles.attempts if a.to == world.victim.phone], "her text is on its way")
    alerts.withdraw(Alert.get().id, "The record was corrected.", clock.now())
    db.release_connection()
    eventually(lambda: not Notification.select().where(Notification.lease_token.is_null(False)).exists(), "all settled")
    db.release_connection()
    for _ in range(4):
        world.clock.forward(10)
        world.settle()
    assert NEAR not in texts(world)
    world.reads_everything()


@pytest.mark.parametrize("it_arrives", [True, False], ids=["and it arrives", "and nobody knows whether it arrives"])
def test_that_it_is_over_is_said_after_a_warning_that_is_on_its_way(world: World, it_arrives: bool) -> None:
    world.victim_consents()
    world.tag.is_far_away()
    hangs = {"hang_s": 2.0} if it_arrives else {"reset": "before_body"}
    world.doubles.script(to=world.victim.phone, channel="sms", times=1, **hangs)
    for _ in range(12):
        world.tag.reports(world.tag.fix(0.0))
        if Notification.select().where(Notification.purpose == "victim_breach").exists():
            break
        world.clock.forward(15)
    db.release_connection()
    eventually(lambda: [a for a in world.doubles.attempts if a.to == world.victim.phone], "her text is on its way")
    if not it_arrives:
        eventually(lambda: Attempt.select().where(Attempt.outcome == "unknown").exists(), "nobody answered")
        db.release_connection()
    alerts.withdraw(Alert.get().id, "The record was corrected.", clock.now())
    db.release_connection()
    eventually(lambda: OVER in texts(world), "the text that it is over")
    assert texts(world) == ([NEAR, OVER] if it_arrives else [OVER])
    world.reads_everything()


def test_a_warning_whose_worker_died_is_not_sent_once_the_wearer_has_left(world: World) -> None:
    world.victim_consents()
    world.tag.is_far_away()
    world.doubles.script(to=world.victim.phone, channel="sms", status=503)
    world.tag.stays(0.0, for_s=75)
    row = Notification.get(Notification.purpose == "victim_breach")
    # A worker that died holds it until its lease runs out, and meanwhile the wearer leaves.
    world.stop_worker()
    Notification.update(lease_token="gone", lease_until=clock.now() + timedelta(hours=1)).where(
        Notification.id == row.id
    ).execute()
    world.doubles.clear_script()
    db.release_connection()
    for metres in (250.0, 500.0, 750.0, 1_000.0, 1_250.0, 1_500.0):
        world.tag.stays(metres, for_s=15)
    assert Alert.get().is_over
    Notification.update(lease_until=clock.now()).where(Notification.id == row.id).execute()
    db.release_connection()
    world.start_worker()
    eventually(
        lambda: Notification.get_by_id(row.id).state == NotificationState.CANCELLED, "the warning is no longer needed"
    )
    assert NEAR not in texts(world)
    assert not_warned(world)
    world.reads_everything()


def test_the_wearer_was_there_and_their_text_never_left_and_their_officer_hears_so(world: World) -> None:
    """Twilio is away for the two minutes of the wearer's visit."""
    officer = world.officer.has_app()
    world.victim_consents()
    world.tag.is_far_away()
    world.doubles.script(channel="sms", status=503)
    world.tag.stays(0.0, for_s=75)
    assert Notification.select().where(Notification.purpose == "victim_breach").exists()
    for metres in (250.0, 500.0, 750.0, 1_000.0, 1_250.0, 1_500.0):
        world.tag.stays(metres, for_s=15)
    world.settle()
    world.doubles.clear_script()
    world.forward(300)
    assert Alert.get().is_over
    assert texts(world) == []
    officer.expects_push("the protected person could not be warned")
    world.reads_everything()


def test_an_outage_of_minutes_does_not_swallow_that_it_is_over(world: World) -> None:
    world.victim_consents()
    world.tag.is_far_away()
    world.tag.stays_inside()
    world.settle()
    assert texts(world) == [NEAR]
    world.doubles.script(channel="sms", status=503)
    world.tag.leaves()
    assert Alert.get().is_over
    assert texts(world) == [NEAR]
    world.doubles.clear_script()

    def is_notified() -> bool:
        # The provider is asked again after real seconds, whatever the clock of the test says.
        world.forward(30)
        return OVER in texts(world)

    eventually(is_notified, "the text that it is over")
    assert texts(world) == [NEAR, OVER]
    world.reads_everything()


def test_their_officer_hears_when_they_cannot_be_told_that_it_is_over(world: World) -> None:
    officer = world.officer.has_app()
    world.victim_consents()
    world.tag.is_far_away()
    world.tag.stays_inside()
    world.doubles.script(to=world.victim.phone, status=400)
    world.tag.leaves()
    assert texts(world) == [NEAR]
    officer.expects_push("the protected person could not be told that it is over")
    world.reads_everything()


@pytest.mark.parametrize(
    "words",
    [
        "Stop please",
        "Please stop",
        "stop texting me",
        "OPTOUT",
        "REVOKE",
        "“STOP”",
        "Stop\n\nSent from my iPhone",
        "STOPIWCH",
        "Please can you stop sending these messages",
        "Don't text me any more",
        "STOP. He reads my phone.",
        "I want to opt out",
        "> Your book has arrived.\nstop",
        "please remove my number",
    ],
)
def test_any_plain_no_withdraws(world: World, words: str) -> None:
    world.victim_consents()
    world.doubles.reply(from_=world.victim.phone, body=words, to=world.settings.twilio_from)
    eventually(lambda: ProviderEvent.select().where(ProviderEvent.kind == "reply").exists(), "kept")
    assert Consent.get().withdrawn_at is not None
    world.reads_everything()


@pytest.mark.parametrize(
    "words",
    ["I can't stop him, help", "Stop him", "Is this the end?", "Who is this", "no", "he won't stop texting me"],
)
def test_what_is_no_plain_no_leaves_their_protection_and_rings_their_officer(world: World, words: str) -> None:
    officer = world.officer.has_app()
    world.victim_consents()
    world.doubles.reply(from_=world.victim.phone, body=words, to=world.settings.twilio_from)
    said = officer.expects_push("a message needs an answer now")
    assert said.data["body"].endswith(": a message needs an answer now. Please acknowledge.")
    assert words in " ".join(officer.alert()["reasons"])
    assert Consent.get().withdrawn_at is None
    # What they write next lies beside it and rings again.
    world.doubles.reply(from_=world.victim.phone, body="Please call", to=world.settings.twilio_from)
    officer.expects_push("a message needs an answer now")
    eventually(lambda: "Please call" in " ".join(officer.alert()["reasons"]), "her second text beside the first")
    world.reads_everything()


def test_what_twilio_took_for_a_stop_withdraws_whatever_its_words(world: World) -> None:
    world.victim_consents()
    world.doubles.reply(from_=world.victim.phone, body="Arrêtez", to=world.settings.twilio_from, opt_out_type="STOP")
    eventually(lambda: ProviderEvent.select().where(ProviderEvent.kind == "reply").exists(), "kept")
    assert Consent.get().withdrawn_at is not None
    world.reads_everything()
