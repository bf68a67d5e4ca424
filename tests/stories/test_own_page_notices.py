"""Notices on a protected person's own phone: only what they chose, true when it goes, ended with consent or page."""

from __future__ import annotations

import re
from typing import Any

import pytest

from backend import clock, db, push_subscriptions
from backend.cases import contact_details
from backend.models import Channel, Consent, Notification, OwnSubscription
from backend.own_pages import invitations
from backend.people import consent, numbers
from backend.record.facts import LONDON
from tests.cases import NEAR, OVER
from tests.own_pages import PIN, SECOND, OwnPhone, words_of
from tests.stories.test_help_messages import helps, theirs, writes
from tests.stories.test_outage_texts import minutes_pass
from tests.world import World, eventually

BOOK, BACK, TAKEN, NOTHING = "Two eggs, one lemon.", "Let it cool.", "The oven is on.", "No eggs after all."


@pytest.fixture
def phone(world: World) -> OwnPhone:
    """Their phone, with their page open."""
    mine = OwnPhone(world).takes_up()
    mine.enters(PIN)
    return mine


def chosen(**more: str) -> dict[str, str]:
    return {"wording_breach": BOOK, "wording_over": BACK, "sender": "recipes", **more}


def subscribe(phone: OwnPhone) -> dict[str, str]:
    """Let their browser subscribe, as its push service would."""
    world = phone.world
    made = world.doubles.webpush.subscribe(world.victim.phone or "", push_subscriptions.public_key(world.settings))
    return {"endpoint": made["endpoint"], "p256dh": made["keys"]["p256dh"], "auth": made["keys"]["auth"]}


def turns_on(phone: OwnPhone, **more: str) -> str:
    browser = subscribe(phone)
    answer = phone.post("/notices", chosen(**browser, **more))
    assert "Notices are on." in words_of(answer), words_of(answer)
    return browser["endpoint"]


def shown(world: World, endpoint: str) -> list[dict[str, Any]]:
    world.settle()
    return [one.data for one in world.doubles.webpush.received if one.token == endpoint]


def test_a_notice_says_their_title_icon_and_words_and_nothing_else(world: World, phone: OwnPhone) -> None:
    endpoint = turns_on(phone, wording_acts=TAKEN)
    world.tag.is_far_away()
    world.tag.stays_inside()
    assert shown(world, endpoint) == [{"title": "Recipes", "body": BOOK, "icon": "recipes"}]
    world.officer.acknowledges()
    assert shown(world, endpoint)[1:] == [{"title": "Recipes", "body": TAKEN, "icon": "recipes"}]
    world.tag.leaves()
    assert shown(world, endpoint)[2:] == [{"title": "Recipes", "body": BACK, "icon": "recipes"}]
    # Not even the push service reads what it is for.
    assert {one.topic for one in world.doubles.webpush.received} == {"n"}
    assert theirs(world) == []
    world.reads_everything()


def test_texts_and_notices_each_go_in_their_own_words_and_each_is_over_for_itself(
    world: World, phone: OwnPhone
) -> None:
    world.victim_consents()
    endpoint = turns_on(phone)
    world.tag.is_far_away()
    world.tag.stays_inside()
    world.tag.leaves()
    assert [one["body"] for one in shown(world, endpoint)] == [BOOK, BACK]
    assert theirs(world) == [NEAR, OVER]
    world.reads_everything()


def test_turned_off_during_an_alert_nothing_goes_any_more_and_texts_go_on(world: World, phone: OwnPhone) -> None:
    world.victim_consents()
    endpoint = turns_on(phone)
    world.stop_worker()
    world.tag.is_far_away()
    world.tag.stays_inside()
    assert "Notices are on." not in words_of(phone.post("/notices", {"act": "off"}))
    world.start_worker()
    assert shown(world, endpoint) == []
    assert theirs(world) == [NEAR]
    row = OwnSubscription.get()
    assert (row.token, row.keys, row.ended_because) == (f"ended:{row.id}", {}, "withdrawn")
    db.release_connection()
    world.reads_everything()


@pytest.mark.parametrize("how", ["STOP", "their page", "the officer", "the link", "a new phone", "declined"])
def test_every_way_of_stopping_ends_notices_at_once(world: World, phone: OwnPhone, how: str) -> None:
    world.victim_consents()
    endpoint = turns_on(phone)
    if how == "STOP":
        writes(world, "STOP")
    elif how == "their page":
        phone.post("/messages", {"act": "stop"})
    elif how == "declined":
        phone.post("/messages", {"act": "decline"})
    elif how == "the officer":
        contact_details.withdraw(world.officer.person, world.wearer.id, world.victim.id, clock.now())
    elif how == "the link":
        invitations.end(world.officer.person, world.victim.id, clock.now())
    else:
        OwnPhone(world).takes_up()
    db.release_connection()
    assert consent.standing(world.victim, Channel.PUSH) is None
    assert OwnSubscription.select().where(OwnSubscription.ended_at.is_null()).count() == 0
    db.release_connection()
    world.tag.is_far_away()
    world.tag.stays_inside()
    assert shown(world, endpoint) == []
    world.reads_everything()


def test_a_browser_that_gave_its_subscription_up_is_news_for_the_officer_and_to_them(
    world: World, phone: OwnPhone
) -> None:
    endpoint = turns_on(phone)
    world.doubles.webpush.unsubscribe(endpoint)
    world.tag.is_far_away()
    world.tag.stays_inside()
    world.officer.expects_sms("the protected person could not be warned by text")
    assert "This phone does not show them any more" in words_of(phone.get("/notices"))
    world.reads_everything()


def test_where_the_other_channel_went_the_officer_hears_of_no_failure(world: World, phone: OwnPhone) -> None:
    world.victim_consents()
    endpoint = turns_on(phone)
    world.doubles.webpush.unsubscribe(endpoint)
    world.tag.is_far_away()
    world.tag.stays_inside()
    world.settle()
    assert theirs(world) == [NEAR]
    assert not [one for one in world.doubles.messages if "could not be warned" in one.body]
    world.reads_everything()


def test_where_both_failed_the_officer_hears_so(world: World, phone: OwnPhone) -> None:
    world.victim_consents()
    endpoint = turns_on(phone)
    world.doubles.webpush.unsubscribe(endpoint)
    world.doubles.script(to=world.victim.phone, status=400)
    world.tag.is_far_away()
    world.tag.stays_inside()
    world.officer.expects_sms("the protected person could not be warned by text")
    world.reads_everything()


def test_no_notice_outside_its_hours(world: World, phone: OwnPhone) -> None:
    hour = clock.now().astimezone(LONDON).hour
    endpoint = turns_on(phone, hours_from=f"{(hour + 2) % 24:02d}:00", hours_until=f"{(hour + 4) % 24:02d}:00")
    world.tag.is_far_away()
    world.tag.stays_inside()
    world.officer.expects_sms("the protected person could not be warned by text")
    assert shown(world, endpoint) == []
    world.reads_everything()


def test_nothing_is_shown_of_a_call_in_secret(world: World, phone: OwnPhone) -> None:
    endpoint = turns_on(phone, wording_acts=TAKEN)
    phone.post("/close")
    phone.enters(SECOND)
    world.settle()
    world.officer.acknowledges(helps(world)[0]["id"])
    assert shown(world, endpoint) == []
    world.reads_everything()


def test_an_outage_is_shown_since_when_and_when_it_is_over(world: World, phone: OwnPhone) -> None:
    endpoint = turns_on(phone, wording_unwatched="The oven is off since {time}.", wording_watched="The oven is on.")
    world.tag.is_far_away()
    minutes_pass(world, 11)
    (notice,) = shown(world, endpoint)
    assert re.fullmatch(r"The oven is off since \d\d:\d\d\.", notice["body"])
    world.tag.is_far_away()
    minutes_pass(world, 0)
    assert [one["body"] for one in shown(world, endpoint)][1:] == ["The oven is on."]
    world.reads_everything()


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("wording_breach", "", "Enter your words for: danger is near"),
        ("sender", "", "Choose what a notice is called."),
        ("sender", "cordon", "Choose one of the senders."),
        ("endpoint", "", "This phone cannot show them."),
        ("endpoint", "https://10.0.0.1/push", "This phone cannot show them."),
        ("endpoint", "https://push.example/" + "x" * 2_000, "This phone cannot show them."),
        ("p256dh", "AAAA", "This phone cannot show them."),
        ("auth", "", "This phone cannot show them."),
    ],
)
def test_what_cannot_be_is_said_and_nothing_is_kept(
    world: World, phone: OwnPhone, field: str, value: str, said: str
) -> None:
    answer = phone.post("/notices", {**chosen(**subscribe(phone)), field: value})
    assert answer.status_code == 422
    assert said in words_of(answer)
    assert BACK in answer.text
    assert (Consent.select().count(), OwnSubscription.select().count()) == (0, 0)
    db.release_connection()


def test_words_are_changed_without_asking_the_browser_again_and_each_version_is_kept(
    world: World, phone: OwnPhone
) -> None:
    endpoint = turns_on(phone)
    assert "Notices are on." in words_of(phone.post("/notices", chosen(wording_breach="Three eggs.")))
    assert Consent.select().where(Consent.channel == Channel.PUSH).count() == 2
    db.release_connection()
    world.tag.is_far_away()
    world.tag.stays_inside()
    assert [one["body"] for one in shown(world, endpoint)] == ["Three eggs."]
    world.reads_everything()


def test_without_the_passcode_they_are_neither_seen_nor_turned_off(world: World, phone: OwnPhone) -> None:
    turns_on(phone)
    phone.post("/close")
    assert "Passcode" in words_of(phone.post("/notices", {"act": "off"}))
    assert OwnSubscription.select().where(OwnSubscription.ended_at.is_null()).count() == 1
    db.release_connection()


def test_a_number_that_is_not_theirs_any_more_ends_no_notice(world: World, phone: OwnPhone) -> None:
    world.victim_consents()
    endpoint = turns_on(phone)
    numbers.void(world.victim, "wrong person", clock.now())
    db.release_connection()
    world.tag.is_far_away()
    world.tag.stays_inside()
    eventually(lambda: len(shown(world, endpoint)) == 1, "the notice goes")
    assert theirs(world) == []
    assert Notification.select().where(Notification.channel == Channel.PUSH).count() >= 1
    db.release_connection()
    world.reads_everything()
