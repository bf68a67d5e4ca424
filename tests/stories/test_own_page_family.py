"""An adult stands for a child on a page of their own; two people of one wearer learn nothing of each other."""

from __future__ import annotations

from datetime import date

import pytest

from backend import clock, db
from backend.errors import InvalidRecord
from backend.models import Channel, PlaceZone, ProtectedPlace, Victim
from backend.own_pages import invitations, places
from backend.own_pages.places import AgreeToPlace
from backend.people import consent, numbers
from backend.record.facts import ends_with, midnight
from tests.cases import NEAR, OVER
from tests.own_pages import PIN, OwnPhone, words_of
from tests.stories.test_help_messages import helps
from tests.world import HOME, World

GRAN = "+447700900299"


@pytest.fixture
def adult(world: World) -> Victim:
    """The adult through whom the child of the case is reached."""
    gran = Victim.create(team=world.team, name="Gran", phone=GRAN, created_at=clock.now())
    numbers.carry_over(gran, clock.now())
    Victim.update(is_child=True, phone=None, reached_through=gran).where(Victim.id == world.victim.id).execute()
    db.release_connection()
    return gran


def to_gran(world: World) -> list[str]:
    return [one.body for one in world.doubles.messages if one.to == GRAN]


def test_the_adults_page_is_about_the_child_and_their_call_rings_for_the_childs_case(
    world: World, adult: Victim
) -> None:
    world.tag.is_far_away()
    phone = OwnPhone(world, adult).takes_up()
    phone.enters(PIN)
    assert "You are being watched over" in words_of(phone.get())
    assert "Home" in words_of(phone.get("/places"))
    phone.calls_for_help("They are at the school")
    world.settle()
    (alert,) = helps(world)
    assert alert["protected_person"]["name"] == "Gran"
    assert "They are at the school" in alert["reasons"][0]
    world.reads_everything()


def test_what_the_adult_chose_is_sent_for_the_childs_places(world: World, adult: Victim) -> None:
    consent.give(adult, Channel.SMS, NEAR, OVER, world.officer.person, clock.now())
    db.release_connection()
    world.tag.is_far_away()
    world.tag.stays_inside()
    world.settle()
    assert to_gran(world) == [NEAR]
    world.reads_everything()


def test_school_terms_that_the_adult_tells_of_protect_the_child(world: World, adult: Victim) -> None:
    phone = OwnPhone(world, adult).takes_up()
    phone.enters(PIN)
    phone.post("/places", {"kind": "school", "words": "Term", "from_day": "2030-01-07", "until_day": "2030-04-01"})
    (asked,) = places.unanswered(adult)
    child = next(one for one in places.whom_it_may_protect(asked, world.wearer.id) if one.is_child)
    fields = {"victim_id": child.id, "place": "School", "lat": HOME[0] + 0.1, "lon": HOME[1], "radius_m": 300.0}
    hours = {"begins": "08:30", "ends": "15:30"}
    made = AgreeToPlace.model_validate(fields | hours).carry_out(
        world.officer.person, clock.now(), world.wearer.id, asked.id
    )
    assert made.place.victim_id == child.id
    assert (made.from_at, made.to_at) == (midnight(date(2030, 1, 7)), ends_with(date(2030, 4, 1)))
    db.release_connection()
    world.reads_everything()


def test_a_child_has_no_page(world: World, adult: Victim) -> None:
    with pytest.raises(InvalidRecord):
        invitations.invite(world.officer.person, world.victim.id, "Asked.", clock.now())
    db.release_connection()


def test_what_one_asks_for_is_neither_shown_to_the_other_nor_protects_them(world: World) -> None:
    other = Victim.create(team=world.team, name="Sofia Marino", phone="+447700900277", created_at=clock.now())
    numbers.carry_over(other, clock.now())
    PlaceZone.create(
        place=ProtectedPlace.create(victim=other, label="Work"),
        wearer=world.wearer,
        feature=world.zone.feature,
        from_at=world.zone.from_at,
    )
    db.release_connection()
    mine = OwnPhone(world).takes_up()
    mine.enters(PIN)
    mine.post("/places", {"kind": "add", "words": "4 Elm Road"})
    theirs = OwnPhone(world, other).takes_up("another pass 3", "yet another 4")
    theirs.enters("another pass 3")
    page = theirs.get("/places").text
    for secret in ("Elm Road", "Laura", "Bennett", "A place should be added, "):
        assert secret not in page
    (asked,) = places.unanswered(world.victim)
    assert other.id not in [one.id for one in places.whom_it_may_protect(asked, world.wearer.id)]
    db.release_connection()
    world.reads_everything()
