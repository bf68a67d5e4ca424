"""What their own page says of how it stands: honest, never where the wearer is; and what they ask for their places."""

from __future__ import annotations

import re

import pytest

from backend import clock, db
from backend.own_pages import choices_counted, tag_play
from tests.own_pages import PIN, OwnPhone, words_of
from tests.stories.test_help_messages import helps
from tests.world import World

TIME = re.compile(r"\d\d:\d\d")


@pytest.fixture
def phone(world: World) -> OwnPhone:
    """Their phone, with their page open."""
    mine = OwnPhone(world).takes_up()
    mine.enters(PIN)
    return mine


def test_it_says_watched_while_the_tag_is_seen_and_not_once_it_is_not(world: World, phone: OwnPhone) -> None:
    assert "You are not being watched over right now." in words_of(phone.get())
    world.tag.is_far_away()
    assert "You are being watched over. Last checked at" in words_of(phone.get())
    for _ in range(4):
        world.forward(200)
        page = words_of(phone.get())
    assert "You are not being watched over right now. Last checked at" in page
    assert "This has not been told to your officer yet" in page
    world.reads_everything()


def test_it_says_the_same_wherever_the_wearer_is(world: World, phone: OwnPhone) -> None:
    world.tag.is_far_away()
    far = words_of(phone.get())
    world.tag.stays_inside()
    near = words_of(phone.get())
    assert "You are being watched over" in far
    assert TIME.sub("", far) == TIME.sub("", near)
    world.reads_everything()


def test_short_gaps_are_not_told_where_that_was_agreed_and_nothing_untrue_is_said(
    world: World, phone: OwnPhone
) -> None:
    tag_play.set_rule(world.officer.person, world.victim.id, 60, clock.now())
    db.release_connection()
    world.tag.is_far_away()
    for _ in range(4):
        world.forward(200)
        page = words_of(phone.get())
    assert "Last checked at" in page
    assert "watched over" not in page
    for _ in range(8):
        world.forward(500)
        phone.enters(PIN)
    assert "not being watched over" in words_of(phone.get())
    world.reads_everything()


def test_play_with_the_tag_is_counted_for_officers_and_never_texted(world: World, phone: OwnPhone) -> None:
    world.victim_consents()
    for _ in range(3):
        world.tag.post(events=[{"kind": "strap_open", "at": clock.now().isoformat()}])
        world.forward(60)
        world.tag.post(events=[{"kind": "battery_low", "at": clock.now().isoformat()}])
        world.forward(60)
    play = tag_play.seen_of(world.wearer.id, clock.now())
    assert (play.strap, play.battery, play.is_pattern) == (3, 3, True)
    db.release_connection()
    assert not [message for message in world.doubles.messages if message.to == world.victim.phone]
    world.reads_everything()


def test_their_places_are_listed_by_name_and_a_request_is_a_notice(world: World, phone: OwnPhone) -> None:
    assert "Home" in words_of(phone.get("/places"))
    assert "Say a little more" in words_of(phone.post("/places", {"kind": "add", "words": ""}))
    page = phone.post("/places", {"kind": "add", "words": "My sister's flat, 4 Elm Road"})
    assert "Sent to your officer." in words_of(page)
    told = [reason for one in world.officer.alerts() if one["kind"] == "notice" for reason in one["reasons"]]
    assert "They ask for a place to be added: “My sister's flat, 4 Elm Road”" in told
    world.reads_everything()
    assert "Elm Road" not in " ".join(message.body for message in world.doubles.messages)


def test_moving_tonight_rings_until_a_person_answers(world: World, phone: OwnPhone) -> None:
    phone.post("/places", {"kind": "tonight", "words": "To the refuge at nine"})
    world.officer.expects_sms("Urgent alert")
    (alert,) = helps(world)
    assert "They are moving tonight: “To the refuge at nine”" in alert["reasons"][0]
    world.reads_everything()


def test_a_call_at_a_safe_time_is_asked_for_and_rings_no_one(world: World, phone: OwnPhone) -> None:
    phone.post("/places", {"kind": "call", "words": "Mondays at ten"})
    assert helps(world) == []
    told = [reason for one in world.officer.alerts() if one["kind"] == "notice" for reason in one["reasons"]]
    assert "They ask for a call at a time that is safe: “Mondays at ten”" in told
    world.reads_everything()


def test_what_protected_people_chose_is_counted_for_supervisors(world: World, phone: OwnPhone) -> None:
    def counted() -> tuple[int, int, int, int]:
        found = choices_counted.of_team(world.supervisor.person, clock.now())
        db.release_connection()
        return (found.agreed, found.declined, found.undecided, found.with_page)

    assert counted() == (0, 0, 1, 1)
    world.victim_consents()
    assert counted() == (1, 0, 0, 1)
    phone.post("/messages", {"act": "decline"})
    assert counted() == (0, 1, 0, 1)
    world.reads_everything()


def test_under_the_name_of_their_own_host_there_is_nothing_but_their_pages(world: World) -> None:
    world.app.extensions["cordon.settings"] = world.settings.changed(own_pages_url="http://notes.example")
    here = {"Host": "notes.example", "Accept": "text/html"}
    for path in ("/sign-in", "/cases", "/v1/alerts", "/health", "/static/staff.css", "/docs"):
        answer = world.api("GET", path, headers=here)
        assert answer.status_code == 404, path
        assert "ordon" not in answer.text
    assert world.api("GET", "/", headers=here, allow_redirects=False).headers["Location"] == "/p"
    assert world.api("GET", "/p", headers=here).status_code == 200
    assert world.api("GET", "/sign-in").status_code == 200
