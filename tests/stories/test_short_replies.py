"""What can be answered in a word to a text of theirs: safe, a call at a safe time, wrong person."""

from __future__ import annotations

import pytest

from backend import clock, db
from backend.models import Consent
from backend.people import consent, numbers
from tests.stories.test_help_messages import ANSWER, agreed, helps, theirs, writes
from tests.world import World


def notices(world: World) -> list[str]:
    return [reason for one in world.officer.alerts() if one["kind"] == "notice" for reason in one["reasons"]]


@pytest.mark.parametrize("words", ["wrong person", "Sorry, you have the wrong number", "Rhif anghywir"])
def test_wrong_person_ends_the_texts_at_once_is_told_to_the_officer_and_rings_no_one(world: World, words: str) -> None:
    agreed(world, ANSWER)
    world.tag.is_far_away()
    world.tag.stays_inside()
    world.settle()
    before = theirs(world)
    assert len(before) == 1
    writes(world, words)
    assert helps(world) == []
    (said,) = notices(world)
    assert said.startswith("Someone answered by text that it is the wrong person")
    assert "verify their number again" in said
    world.tag.leaves()
    world.settle()
    assert theirs(world) == before
    world.reads_everything()


def test_what_they_chose_stands_and_goes_to_their_number_once_it_is_verified_again(world: World) -> None:
    agreed(world, ANSWER)
    consent.allow_calls(world.victim, "", world.officer.person, clock.now())
    writes(world, "wrong number")
    assert Consent.get().withdrawn_at is None
    assert not numbers.is_proved(world.victim)
    assert consent.safe_call(world.victim) is None
    db.release_connection()
    # A stranger who writes on is heard and not answered.
    writes(world, "Who is this? Help")
    assert len(helps(world)) == 1
    assert theirs(world) == []
    numbers.carry_over(world.victim, clock.now())
    db.release_connection()
    writes(world, "Help")
    assert theirs(world) == [ANSWER]
    world.reads_everything()


def test_safe_is_read_by_the_officer_ends_no_alert_and_is_not_answered(world: World) -> None:
    agreed(world, ANSWER)
    writes(world, "He is at the door")
    before = theirs(world)
    writes(world, "I am safe now")
    assert len(helps(world)) == 1
    assert "they are safe; no alert ends by it" in notices(world)[0]
    assert theirs(world) == before
    world.reads_everything()


def test_a_call_at_a_safe_time_is_asked_for_by_text_and_rings_no_one(world: World) -> None:
    writes(world, "Call me at a safe time please")
    assert helps(world) == []
    assert "asks for a call at a time that is safe" in notices(world)[0]
    world.reads_everything()


@pytest.mark.parametrize("words", ["I am not safe", "am I safe?", "call me", "I think he has the wrong number, help"])
def test_what_is_nearly_one_of_these_rings(world: World, words: str) -> None:
    writes(world, words)
    assert len(helps(world)) == 1
    world.reads_everything()


def test_a_word_of_their_own_that_calls_for_help_rings_whatever_else_it_means(world: World) -> None:
    consent.give(world.victim, "sms", "a", "b", world.officer.person, clock.now(), help_word="I am safe")
    db.release_connection()
    writes(world, "I am safe")
    assert len(helps(world)) == 1
    world.reads_everything()
