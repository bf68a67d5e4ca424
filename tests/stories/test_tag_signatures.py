"""Keys of tags: a key that is changed, or a tag that is renamed, counts with the next request, in whatever process."""

from __future__ import annotations

from backend import db, tag_signatures
from backend.models import Fix, Tag
from tests.world import World


def changes(world: World, **fields: str) -> None:
    """Change the tag's row as another process, or a person at the database, does: nothing here is notified of it."""
    Tag.update(**fields).where(Tag.serial == world.tag.serial).execute()
    db.release_connection()


def test_a_key_that_was_withdrawn_opens_nothing_and_the_new_one_is_taken_at_once(world: World) -> None:
    world.tag.is_far_away()
    old, new = world.tag.key, tag_signatures.new_key()
    changes(world, key=new)
    stored = Fix.select().count()
    refused = world.tag.post(world.tag.fix(0.0), key=old)
    assert (refused.status_code, refused.json()["code"]) == (401, "wrong_signature")
    assert Fix.select().count() == stored
    assert world.tag.post(world.tag.fix(5_000.0), key=new).status_code == 200
    db.release_connection()


def test_the_new_key_is_taken_where_nothing_was_sent_with_the_old_one_since(world: World) -> None:
    world.tag.is_far_away()
    world.forward(60)
    new = tag_signatures.new_key()
    changes(world, key=new)
    assert world.tag.post(world.tag.fix(5_000.0), key=new).status_code == 200


def test_a_serial_that_was_given_up_is_unknown_at_once(world: World) -> None:
    world.tag.is_far_away()
    changes(world, serial="LDN-RENAMED")
    answer = world.tag.post(world.tag.fix(0.0))
    assert (answer.status_code, answer.json()["code"]) == (404, "unknown_tag")


def test_a_withdrawn_key_of_one_tag_keeps_no_other_from_being_heard(world: World) -> None:
    other = world.new_wearer("Somebody Else", "LDN-0002")
    world.tag.is_far_away()
    assert other.post(other.fix(5_000.0)).status_code == 200
    changes(world, key=tag_signatures.new_key())
    assert world.tag.post(world.tag.fix(0.0)).status_code == 401
    assert other.post(other.fix(5_000.0)).status_code == 200


def test_a_request_that_is_taken_asks_the_database_for_no_key(world: World) -> None:
    world.tag.is_far_away()
    known = tag_signatures.find(world.tag.serial)
    world.forward(3_600)
    world.tag.stays(5_000.0, for_s=60)
    assert tag_signatures.find(world.tag.serial) is known
