"""The link to their own page by text, where they asked for it: a random address on a host that says nothing."""

from __future__ import annotations

import re

import pytest

from backend import clock, db
from backend.errors import InvalidRecord
from backend.models import OwnPage
from backend.own_pages import invitations
from backend.people import consent, numbers
from tests.own_pages import OwnPhone, words_of
from tests.stories.test_help_messages import agreed, helps, theirs
from tests.stories.test_own_page_attacks import told_by
from tests.stories.test_short_replies import notices
from tests.world import World

HOST = "https://notes.example/p/a/"


def invite_by_text(world: World) -> invitations.Invitation:
    try:
        return invitations.invite(
            world.officer.person, world.victim.id, "On the phone, by text.", clock.now(), text_to=HOST
        )
    finally:
        db.release_connection()


def test_the_link_goes_by_text_and_nothing_else_with_it(world: World) -> None:
    agreed(world, None)
    made = invite_by_text(world)
    world.forward(1)
    world.settle()
    (text,) = theirs(world)
    world.reads_everything()
    assert text == f"{HOST}{made.link}"
    assert re.fullmatch(r"[A-Z0-9]{10}", made.link)
    assert made.code not in text
    page = OwnPage.get()
    assert page.link_text is None
    assert page.link_sent_at is not None
    db.release_connection()
    answer = OwnPhone(world).post(f"/a/{made.link}", {"code": made.code})
    assert answer.url.endswith("/p/start")


@pytest.mark.parametrize("how", ["no consent", "not verified", "withdrawn", "a wearer's number"])
def test_no_link_goes_where_a_text_is_not_safe(world: World, how: str) -> None:
    if how != "no consent":
        agreed(world, None)
    if how == "not verified":
        numbers.void(world.victim, "it bounced", clock.now())
    elif how == "withdrawn":
        consent.withdraw(world.victim, "sms", "test", clock.now())
    elif how == "a wearer's number":
        path = f"/v1/wearers/{world.wearer.id}/numbers"
        world.officer.api("POST", path, json={"number": world.victim.phone})
    db.release_connection()
    with pytest.raises(InvalidRecord):
        invite_by_text(world)
    assert OwnPage.select().count() == 0
    db.release_connection()
    world.reads_everything()


def test_a_link_that_they_withdrew_from_before_it_left_does_not_go(world: World) -> None:
    agreed(world, None)
    world.stop_worker()
    invite_by_text(world)
    consent.withdraw(world.victim, "sms", "test", clock.now())
    db.release_connection()
    world.start_worker()
    world.forward(1)
    world.settle()
    assert theirs(world) == []
    assert OwnPage.get().link_text is None
    db.release_connection()


def test_a_link_that_reached_someone_else_is_void_and_told_to_the_officer(world: World) -> None:
    agreed(world, None)
    made = invite_by_text(world)
    world.forward(1)
    world.settle()
    stranger = OwnPhone(world)
    assert told_by(stranger.get(f"/a/{made.link}")) == []
    real = stranger.post(f"/a/{made.link}/no")
    unknown = stranger.post("/a/ABCDEFGHJK/no")
    assert (real.status_code, real.content) == (unknown.status_code, unknown.content)
    assert invitations.NOT_THEIRS in notices(world)
    assert "not right" in words_of(stranger.post(f"/a/{made.link}", {"code": made.code}))
    assert helps(world) == []
    world.reads_everything()
