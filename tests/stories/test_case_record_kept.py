"""What the record said before stays on it: when a tag came off, and which number a protected person had."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from backend import clock, db, shared_location
from backend.cases import contact_details, viewing, writing
from backend.errors import InvalidRecord, InvalidTransition
from backend.models import Activation, Channel, Fix, Wearer
from backend.people import consent, numbers
from tests import cases
from tests.cases import chosen
from tests.stories.test_moving_places import agrees
from tests.world import World


def history(world: World, what: str) -> list[tuple[str, str, str, bool]]:
    """Return what the history of the case says of one thing: value, by whom, why, and whether it was corrected."""
    try:
        rows = viewing.history(world.officer.person, world.wearer.id, clock.now())
        return [(row["value"], row["by"], row["why"], row["is_corrected"]) for row in rows if row["what"] == what]
    finally:
        db.release_connection()


def test_when_a_tag_came_off_is_corrected_and_what_was_said_first_is_kept_with_who_and_why(world: World) -> None:
    world.tag.is_far_away()
    activation = Activation.get(Activation.wearer == world.wearer)
    db.release_connection()
    first, right = clock.now(), clock.now() - timedelta(minutes=20)
    path = f"/v1/activations/{activation.id}/end"
    early = {"to_at": first.isoformat(), "why": "He says so.", "is_correction": True}
    assert world.officer.api("POST", path, json=early).json()["code"] == "invalid_transition"
    answer = world.officer.api(
        "POST", path, json={"to_at": first.isoformat(), "why": "Taken off in custody.", "is_confirmed": True}
    )
    assert answer.status_code == 201, answer.text
    world.settle()
    assert [fix.wearer_id for fix in cases.fixes()] == [world.wearer.id] * 2
    again = {"to_at": right.isoformat(), "why": "The strap was cut.", "is_confirmed": True}
    assert world.officer.api("POST", path, json=again).json()["code"] == "invalid_transition"
    answer = world.officer.api("POST", path, json={**again, "is_correction": True})
    assert answer.status_code == 201, answer.text
    world.settle()
    # What was reported after that is no one's.
    assert [fix.wearer_id for fix in cases.fixes()] == [None, None]
    said = history(world, "Tag")
    assert [(by, why, is_wrong) for _, by, why, is_wrong in said] == [
        ("Amina Yusuf", "The strap was cut.", False),
        ("Amina Yusuf", "Taken off in custody.", True),
    ]
    assert said[0][0] != said[1][0]
    assert Activation.get_by_id(activation.id).to_at == right
    db.release_connection()
    world.reads_everything()


def test_a_tag_that_another_person_wears_by_then_is_not_given_back_by_a_correction(world: World) -> None:
    now = clock.now()
    activation = Activation.get(Activation.wearer == world.wearer)
    other = Wearer.create(team=world.team, name="Owen Price", created_at=now)
    officer = world.officer.person
    writing.take_tag_off(officer, activation.id, now - timedelta(hours=2), now, why="Off.", is_confirmed=True)
    writing.fit_tag(officer, other.id, "LDN-0001", now - timedelta(hours=1), now, why="Fitted to another.")
    with pytest.raises(InvalidRecord, match="Another person wears this tag"):
        writing.take_tag_off(officer, activation.id, now, now, why="Later.", is_correction=True, is_confirmed=True)
    with pytest.raises(InvalidTransition):
        writing.take_tag_off(officer, activation.id, now, now, why="Again.", is_confirmed=True)
    assert Activation.get_by_id(activation.id).to_at == now - timedelta(hours=2)
    assert not Fix.select().exists()
    db.release_connection()
    world.settle()
    world.reads_everything()


def test_a_changed_number_leaves_the_earlier_one_on_record_and_a_look_back_shows_it(world: World) -> None:
    before = clock.now()
    world.forward(60)
    words = ("Your book has arrived.", "Your book was collected.", "The library closes.")
    for number in ("+447700900201", "+447700900299"):
        contact_details.agree(
            world.officer.person, world.wearer.id, world.victim.id, number, chosen(*words), clock.now()
        )
        db.release_connection()
    assert history(world, "Number of a protected person") == [
        ("ends in 0299", "Amina Yusuf", "They agreed to texts to this number.", False),
        ("ends in 0201", "Cordon", "As it was recorded.", False),
    ]
    seen = {}
    for at in (before, clock.now()):
        seen[at] = viewing.look(world.officer.person, world.wearer.id, at, clock.now())["victims"][0]["phone"]
        db.release_connection()
    assert list(seen.values()) == ["ends in 0201", "ends in 0299"]
    world.settle()
    world.reads_everything()


def test_a_re_evaluation_says_what_they_had_agreed_to_then_and_which_number_was_proved(world: World) -> None:
    wearer_id, officer = world.wearer.id, world.officer.person
    numbers.void(world.victim, "a story about the first proof", clock.now())

    def seen(at: datetime) -> tuple[bool, bool, bool, str | None]:
        try:
            (victim,) = viewing.look(officer, wearer_id, at, clock.now())["victims"]
            return victim["has_agreed"], victim["is_reachable"], victim["shares_location"], victim["phone"]
        finally:
            db.release_connection()

    before = clock.now()
    world.forward(3_600)
    world.victim_consents()
    world.forward(3_600)
    agreed = clock.now()
    world.forward(3_600)
    numbers.carry_over(world.victim, clock.now())
    agrees(world)
    world.forward(3_600)
    proved = clock.now()
    world.forward(3_600)
    consent.withdraw(world.victim, Channel.SMS, "victim", clock.now())
    shared_location.withdraw(world.victim, "victim", clock.now())
    world.forward(3_600)
    now = clock.now()
    ending = "ends in 0201"
    assert [seen(at) for at in (before, agreed, proved, now)] == [
        (False, False, False, ending),
        (True, False, False, ending),
        (True, True, True, ending),
        (False, False, False, ending),
    ]
    world.reads_everything()
