"""Each text that can reach a protected person, in each state in which it may be about to go."""

from __future__ import annotations

from datetime import timedelta

import pytest

from backend import clock, db
from backend.models import Alert, Channel, Consent, Notification, Purpose, Victim
from backend.people import consent, numbers
from backend.people.wordings import ON_THEIR_PHONE, QUESTIONS, choices_of
from backend.record.facts import LONDON
from notifier import protected_person_texts
from notifier.protected_person_texts import NOTHING, TEXTS
from tests.world import World
from zones import Certainty

WORDS = {one.name: f"Words for {number}." for number, one in enumerate(QUESTIONS)}
STATES = ("agreed", "no consent", "withdrawn", "number not verified", "not a safe hour", "a sender that is gone")


def said(world: World, purpose: Purpose, certainty: Certainty = Certainty.CONFIRMED) -> tuple[str | None, str | None]:
    Alert.update(certainty=certainty).execute()
    row = Notification(
        alert=Alert.get(), victim=Victim.get(), purpose=purpose, channel=Channel.SMS, created_at=clock.now()
    )
    try:
        letter = protected_person_texts.letter_of(row, (), clock.now())
        return letter.number, letter.words
    finally:
        db.release_connection()


@pytest.fixture
def alerted(quiet: World) -> World:
    """A world in which an alert stands, and nothing is sent."""
    quiet.tag.is_far_away()
    quiet.tag.stays_inside()
    return quiet


@pytest.fixture
def quiet(world: World) -> World:
    """The world with the notifier stopped."""
    world.stop_worker()
    return world


def test_each_text_says_their_own_words_in_the_one_state_and_nothing_in_any_other(alerted: World) -> None:
    for purpose, text in TEXTS.items():
        for state in STATES:
            set_up(alerted, state)
            number, words = said(alerted, purpose)
            assert words == (WORDS[text.wording] if state == "agreed" else None), (purpose, state)
            assert number == (alerted.victim.phone if state == "agreed" else None), (purpose, state)
    alerted.reads_everything()


def test_each_notice_on_their_phone_too_and_only_what_can_be_asked_for_there(alerted: World) -> None:
    on_phone = {one.name for one in ON_THEIR_PHONE}
    for purpose, text in TEXTS.items():
        for state in ("agreed", "no consent", "withdrawn", "not a safe hour"):
            set_up(alerted, state, Channel.PUSH)
            row = Notification(
                alert=Alert.get(), victim=Victim.get(), purpose=purpose, channel=Channel.PUSH, created_at=clock.now()
            )
            letter = protected_person_texts.notice_of(row, clock.now())
            db.release_connection()
            goes = state == "agreed" and text.wording in on_phone
            assert letter.words == (WORDS[text.wording] if goes else None), (purpose, state)
            assert letter.number is None
    alerted.reads_everything()


def test_one_text_may_have_hours_and_a_sender_of_its_own(alerted: World) -> None:
    set_up(alerted, "agreed")
    hour = (clock.now().astimezone(LONDON) + timedelta(hours=2)).hour * 60
    closed = {"hours_from": hour, "hours_until": (hour + 60) % 1440}
    for purpose, text in TEXTS.items():
        Consent.update(by_use={text.wording: closed}).execute()
        assert {one: said(alerted, one)[1] is not None for one in TEXTS} == {one: one != purpose for one in TEXTS}
        # And the other way round: safe only for this one.
        Consent.update(by_use={text.wording: {"hours_from": 0, "hours_until": 0}}, **closed).execute()
        assert {one: said(alerted, one)[1] is not None for one in TEXTS} == {one: one == purpose for one in TEXTS}
        Consent.update(by_use={text.wording: {"sender": "Library"}}, hours_from=None, hours_until=None).execute()
        row = Notification(
            alert=Alert.get(), victim=Victim.get(), purpose=purpose, channel=Channel.SMS, created_at=clock.now()
        )
        assert protected_person_texts.letter_of(row, ("Library",), clock.now()).sender == "Library"
        # From the usual number it would not be what they chose.
        assert protected_person_texts.letter_of(row, (), clock.now()).words is None
        db.release_connection()
    alerted.reads_everything()


def test_what_was_nothing_is_said_in_the_words_for_that_or_as_over(alerted: World) -> None:
    set_up(alerted, "agreed")
    assert said(alerted, Purpose.VICTIM_OVER, Certainty.WITHDRAWN)[1] == WORDS[NOTHING.wording]
    Consent.update(wording_nothing=None).execute()
    assert said(alerted, Purpose.VICTIM_OVER, Certainty.WITHDRAWN)[1] == WORDS["wording_over"]


def test_what_is_said_to_staff_is_said_to_no_protected_person(alerted: World) -> None:
    set_up(alerted, "agreed")
    for purpose in set(Purpose) - set(TEXTS):
        assert said(alerted, purpose)[1] is None, purpose


def set_up(world: World, state: str, channel: Channel = Channel.SMS) -> None:
    Consent.delete().execute()
    numbers.void(world.victim, "another state", clock.now())
    if state != "number not verified":
        numbers.carry_over(world.victim, clock.now())
    if state == "no consent":
        return
    hour = (clock.now().astimezone(LONDON) + timedelta(hours=2)).hour
    hours = {"hours_from": f"{hour:02d}:00", "hours_until": f"{(hour + 1) % 24:02d}:00"}
    consent.choose(
        world.victim,
        choices_of(
            WORDS | (hours if state == "not a safe hour" else {}),
            (),
            ON_THEIR_PHONE if channel == Channel.PUSH else QUESTIONS,
        ),
        world.officer.person,
        clock.now(),
        channel,
    )
    if state == "a sender that is gone":
        Consent.update(sender="Library").execute()
    if state == "withdrawn":
        consent.withdraw(world.victim, channel, "test", clock.now())
