"""Protected people who chose so are texted that no one can watch, since when, and that someone can again; honestly."""

from __future__ import annotations

from datetime import timedelta

import pytest

from backend import clock, db
from backend.cases import contact_details, monitoring_status
from backend.models import (
    Alert,
    Channel,
    Consent,
    Handling,
    Notification,
    PlaceZone,
    ProtectedPlace,
    UnwatchedTold,
    Victim,
)
from backend.own_pages import asking_again, outage_texts, tag_play
from backend.people import consent, numbers
from backend.record.facts import LONDON
from tests.cases import ENDING, NEAR, OVER, WHY, chosen
from tests.own_pages import PIN, OwnPhone, words_of
from tests.stories.test_help_messages import theirs
from tests.stories.test_short_replies import notices
from tests.world import World

SHUT, OPEN, ASKED = "The library is shut since {time}.", "The library is open again.", "Your card needs a look."


@pytest.fixture
def agreed(world: World) -> World:
    """A world in which they chose these words, and the tag was seen now."""
    chooses(world)
    world.tag.is_far_away()
    world.settle()
    return world


def chooses(world: World, **more: str) -> None:
    contact_details.agree(
        world.officer.person,
        world.wearer.id,
        world.victim.id,
        world.victim.phone or "",
        chosen(NEAR, OVER, ENDING, wording_unwatched=SHUT, wording_watched=OPEN, wording_asked=ASKED, **more),
        clock.now(),
        senders=("Library",),
    )
    db.release_connection()


def minutes_pass(world: World, minutes: int) -> None:
    """Let no tag say anything for so long, and the notifier look at the end of it."""
    for _ in range(minutes):
        world.forward(60)
    looks(world)


def looks(world: World) -> None:
    outage_texts.tell_due(clock.now())
    db.release_connection()
    world.settle()


def test_they_read_since_when_no_one_can_watch_and_that_someone_can_again_each_once(agreed: World) -> None:
    since = f"{clock.now().astimezone(LONDON):%H:%M}"
    minutes_pass(agreed, 5)
    assert theirs(agreed) == []
    minutes_pass(agreed, 6)
    assert theirs(agreed) == [SHUT.format(time=since)]
    minutes_pass(agreed, 3)
    assert len(theirs(agreed)) == 1
    agreed.tag.is_far_away()
    looks(agreed)
    looks(agreed)
    assert theirs(agreed) == [SHUT.format(time=since), OPEN]
    assert UnwatchedTold.select().count() == 0
    db.release_connection()
    agreed.reads_everything()


def test_the_text_says_what_their_own_page_says(agreed: World) -> None:
    phone = OwnPhone(agreed).takes_up()
    minutes_pass(agreed, 11)
    said = theirs(agreed)[0].split("since ")[1].rstrip(".")
    assert f"You are not being watched over right now. Last checked at {said}" in words_of(phone.enters(PIN))
    agreed.reads_everything()


def test_a_tag_that_is_tampered_with_is_no_watching_though_it_still_sends(agreed: World) -> None:
    agreed.tag.post(events=[{"kind": "strap_open", "at": clock.now().isoformat()}])
    looks(agreed)
    assert len(theirs(agreed)) == 1
    agreed.reads_everything()


def test_a_gap_that_they_agreed_to_hear_nothing_of_is_not_texted_with_a_page_or_without(agreed: World) -> None:
    tag_play.set_rule(agreed.officer.person, agreed.victim.id, 30, clock.now())
    db.release_connection()
    minutes_pass(agreed, 10)
    assert theirs(agreed) == []
    # A page on another phone changes nothing of what was agreed.
    OwnPhone(agreed).takes_up()
    minutes_pass(agreed, 10)
    assert theirs(agreed) == []
    minutes_pass(agreed, 12)
    assert len(theirs(agreed)) == 1
    agreed.reads_everything()


def test_a_tag_that_was_opened_and_still_sends_is_said_once_the_gap_is_as_long_as_was_agreed(agreed: World) -> None:
    tag_play.set_rule(agreed.officer.person, agreed.victim.id, 30, clock.now())
    db.release_connection()
    since = f"{clock.now().astimezone(LONDON):%H:%M}"
    agreed.tag.post(events=[{"kind": "strap_open", "at": clock.now().isoformat()}])
    phone = OwnPhone(agreed).takes_up()
    for _ in range(28):
        agreed.forward(30)
        agreed.tag.is_far_away()
    looks(agreed)
    assert theirs(agreed) == []
    assert "watched over" not in words_of(phone.enters(PIN))
    for _ in range(4):
        agreed.forward(30)
        agreed.tag.is_far_away()
    looks(agreed)
    assert theirs(agreed) == [SHUT.format(time=since)]
    assert "You are not being watched over right now." in words_of(phone.enters(PIN))
    agreed.reads_everything()


@pytest.mark.parametrize("how", ["no words for it", "withdrawn", "not a safe hour", "suspended"])
def test_nothing_goes_where_they_did_not_choose_it_or_it_is_not_safe_or_staff_paused_it(
    agreed: World, how: str
) -> None:
    now, person = clock.now(), agreed.officer.person
    if how == "no words for it":
        Consent.update(wording_unwatched=None).execute()
    elif how == "withdrawn":
        consent.withdraw(agreed.victim, "sms", "test", now)
    elif how == "not a safe hour":
        Consent.update(hours_from=((now.astimezone(LONDON).hour + 2) % 24) * 60, hours_until=0).execute()
    else:
        until = now + timedelta(days=9)
        monitoring_status.suspend(
            person, agreed.wearer.id, monitoring_status.Suspended.CUSTODY, now, until, now, why=WHY, is_confirmed=True
        )
    db.release_connection()
    minutes_pass(agreed, 12)
    assert theirs(agreed) == []
    agreed.reads_everything()


def test_what_is_over_before_the_text_left_is_not_told(agreed: World) -> None:
    agreed.stop_worker()
    agreed.forward(11 * 60)
    outage_texts.tell_due(clock.now())
    agreed.tag.is_far_away()
    outage_texts.tell_due(clock.now())
    db.release_connection()
    agreed.start_worker()
    agreed.settle()
    assert theirs(agreed) == []
    agreed.reads_everything()


def test_a_text_that_cannot_be_delivered_is_told_to_their_officer_and_tried_no_more(agreed: World) -> None:
    agreed.doubles.script(to=agreed.victim.phone, status=400)
    minutes_pass(agreed, 11)
    agreed.officer.expects_sms("the protected person could not be warned by text")
    looks(agreed)
    assert theirs(agreed) == []
    agreed.reads_everything()


def test_an_outage_costs_an_officer_one_notice_however_many_people_they_answer_for(agreed: World) -> None:
    others = [also_protected(agreed, f"+4477009005{number:02d}") for number in range(4)]
    minutes_pass(agreed, 11)
    for other in others:
        assert len([one for one in agreed.doubles.messages if one.to == other.phone]) == 1
    said = "No one can watch since"
    (notice,) = [one for one in agreed.officer.alerts() if one["reasons"][0].startswith(said)]
    to_officer = [one.body for one in agreed.doubles.messages if one.to == agreed.officer.person.phone]
    closed = list(Alert.select().where(Alert.handling == Handling.CLOSED))
    assert [body.split()[2].rstrip(":") for body in to_officer if "Notice" in body].count(notice["code"]) == 1
    assert not [one.code for one in closed if one.code in " ".join(to_officer)]
    _, further = notice["reasons"]
    assert further.startswith("The same holds of further protected people, 4 by now. Their closed notices: ")
    assert sorted(one.code for one in closed) == sorted(further.rstrip(".").rsplit(": ")[-1].split(", "))
    # Each case says on its own what its person was texted, and names no one else.
    for one in closed:
        texts = Notification.select().where(Notification.alert == one, Notification.victim.is_null(False))
        assert texts.count() == 1
    assert agreed.victim.name not in " ".join(said for one in closed for said in one.reasons)
    db.release_connection()
    agreed.reads_everything()


def also_protected(world: World, phone: str) -> Victim:
    """Let one more person be protected from the same wearer who wants to read of outages."""
    other = Victim.create(team=world.team, name="One more", phone=phone, created_at=clock.now())
    numbers.carry_over(other, clock.now())
    PlaceZone.create(
        place=ProtectedPlace.create(victim=other, label="Work"),
        wearer=world.wearer,
        feature=world.zone.feature,
        from_at=world.zone.from_at,
    )
    consent.give(other, Channel.SMS, NEAR, OVER, world.officer.person, clock.now(), wording_unwatched=SHUT)
    db.release_connection()
    return other


def test_a_second_look_at_the_same_time_tells_nothing_twice(agreed: World) -> None:
    agreed.stop_worker()
    agreed.forward(11 * 60)
    assert outage_texts.tell_due(clock.now()) == 1
    assert outage_texts.tell_due(clock.now()) == 0
    db.release_connection()
    agreed.start_worker()
    agreed.settle()
    assert len(theirs(agreed)) == 1
    agreed.reads_everything()


def test_after_ninety_days_they_are_asked_in_their_words_by_day_once_and_so_is_their_officer(agreed: World) -> None:
    Consent.update(given_at=clock.now() - timedelta(days=91)).execute()
    db.release_connection()
    asking_again.ask_due(clock.now())
    asking_again.ask_due(clock.now())
    db.release_connection()
    agreed.settle()
    assert theirs(agreed) == [ASKED]
    assert [one for one in notices(agreed) if "more than 90 days old" in one] == [asking_again.SAID]
    night = clock.now().astimezone(LONDON).replace(hour=3)
    assert asking_again.ask_due(night) == 0
    db.release_connection()
    agreed.reads_everything()


def test_texts_come_from_the_sender_that_they_chose_and_from_no_other(world: World) -> None:
    world.app.extensions["cordon.settings"] = world.settings.changed(text_senders="Library")
    chooses(world, sender="Library")
    assert Consent.get().sender == "Library"
    db.release_connection()
    # The notifier of this world knows of no such sender: it sends nothing rather than from another.
    world.tag.is_far_away()
    world.tag.stays_inside()
    world.officer.expects_sms("the protected person could not be warned by text")
    assert theirs(world) == []
    world.reads_everything()
