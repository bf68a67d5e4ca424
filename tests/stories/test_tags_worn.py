"""Tags are fitted, swapped and taken off: there is no instant without a tag that no one was asked about."""

from __future__ import annotations

from datetime import timedelta

import pytest

from backend import clock, db
from backend.cases import completeness, monitoring_status, viewing, writing
from backend.cases.completeness import MissingItem
from backend.cases.monitoring_status import Suspended
from backend.errors import InvalidRecord, InvalidTransition, NeedsConfirmation, NotFound
from backend.models import Activation, Fix, Wearer
from tests import cases
from tests.world import World


def worn(world: World) -> Activation:
    found = Activation.select().where(Activation.wearer == world.wearer).order_by(Activation.id.desc()).first()
    db.release_connection()
    return found


def test_a_swap_leaves_no_instant_without_a_tag_and_judges_the_new_one_from_then_on(world: World) -> None:
    world.officer.has_app()
    spare = world.new_tag("LDN-0099", None)
    world.tag.stays(3_000.0, for_s=120, every_s=30)
    swapped_at = clock.now()
    old = worn(world)
    # The new tag was on before anyone wrote it down: what it has reported is the wearer's from the swap on.
    spare.stays(0.0, for_s=60, every_s=15)
    assert cases.alerts() == []
    writing.swap_tag(world.officer.person, old.id, "LDN-0099", swapped_at, clock.now(), why="The strap was worn.")
    db.release_connection()
    rows = list(Activation.select().where(Activation.wearer == world.wearer).order_by(Activation.id))
    assert [(row.tag.serial, row.to_at) for row in rows] == [("LDN-0001", rows[1].from_at), ("LDN-0099", None)]
    (alert,) = cases.alerts()
    assert alert.wearer_id == world.wearer.id
    fixes = Fix.select().where(Fix.tag == rows[1].tag, Fix.wearer.is_null())
    assert not fixes.where(Fix.fix_time >= swapped_at).exists()
    world.tag.stays_inside()
    assert (
        not Fix.select()
        .where(Fix.tag == rows[0].tag, Fix.fix_time > clock.now() - timedelta(seconds=30))
        .where(Fix.wearer == world.wearer)
        .exists()
    )
    person = world.officer.person
    before = viewing.look(person, world.wearer.id, swapped_at - timedelta(seconds=1), clock.now())
    after = viewing.look(person, world.wearer.id, swapped_at, clock.now())
    assert (before["tag"]["serial"], after["tag"]["serial"]) == ("LDN-0001", "LDN-0099")
    then = viewing.activations(person, world.wearer.id, swapped_at - timedelta(seconds=1), clock.now())
    assert [(row["serial"], row["is_worn"]) for row in then] == [("LDN-0001", True)]
    now = viewing.activations(person, world.wearer.id, clock.now(), clock.now())
    assert [(row["serial"], row["is_worn"]) for row in now] == [("LDN-0099", True), ("LDN-0001", False)]
    assert now[0]["fitted"]["why"] == now[1]["taken_off"]["why"] == "The strap was worn."
    db.release_connection()
    world.settle()
    world.officer.acknowledges(alert.id)
    world.reads_everything()


def test_a_swap_that_cannot_be_leaves_the_old_tag_on(world: World) -> None:
    world.new_wearer("Owen Price", "LDN-0050")
    old, now = worn(world), clock.now()
    swap = [
        ("LDN-0050", now, "Broken.", InvalidRecord),
        ("LDN-0001", now, "Broken.", InvalidRecord),
        ("LDN-none", now, "Broken.", NotFound),
        ("LDN-0098", old.from_at, "Broken.", InvalidRecord),
        ("LDN-0098", now, " ", InvalidRecord),
    ]
    world.new_tag("LDN-0098", None)
    for serial, at, why, refusal in swap:
        with pytest.raises(refusal):
            writing.swap_tag(world.officer.person, old.id, serial, at, now, why=why)
        assert worn(world).id == old.id
        assert worn(world).to_at is None
    writing.swap_tag(world.officer.person, old.id, "LDN-0098", now, now, why="Broken.")
    with pytest.raises(InvalidTransition):
        writing.swap_tag(world.officer.person, old.id, "LDN-0098", now, now, why="Again.")
    db.release_connection()


def test_taking_a_tag_off_is_asked_back_in_words_while_a_zone_is_in_force(world: World) -> None:
    person, wearer, old = world.officer.person, world.wearer, worn(world)
    at = clock.now() + timedelta(days=2)
    with pytest.raises(NeedsConfirmation, match=f"From .* no tag of {wearer.name} is judged"):
        writing.take_tag_off(person, old.id, at, clock.now(), why="It hurts.")
    assert worn(world).to_at is None
    assert MissingItem.WITHOUT_TAG not in {one.item for one in completeness.find(clock.now(), [wearer.id])}
    writing.take_tag_off(person, old.id, clock.now(), clock.now(), why="It hurts.", is_confirmed=True)
    assert worn(world).to_at is not None
    assert MissingItem.WITHOUT_TAG in {one.item for one in completeness.find(clock.now(), [wearer.id])}
    newest = viewing.history(person, wearer.id, clock.now())[0]
    assert newest["value"].startswith("LDN-0001 taken off")
    assert newest["why"] == "It hurts."
    db.release_connection()
    world.settle()
    world.reads_everything()


def test_a_correction_that_leaves_someone_without_a_tag_is_asked_back_and_what_was_wrong_is_worn_nowhere(
    world: World,
) -> None:
    person, old = world.officer.person, worn(world)
    owen = Wearer.create(
        team=world.team, name="Owen Price", responsible_officer=world.officer.person, created_at=clock.now()
    ).id
    more = {"why": "It is his.", "corrects": old.id}
    with pytest.raises(NeedsConfirmation, match=f"no tag of {world.wearer.name}"):
        writing.fit_tag(person, owen, "LDN-0001", old.from_at, clock.now(), **more)
    writing.fit_tag(person, owen, "LDN-0001", old.from_at, clock.now(), **more, is_confirmed=True)
    assert viewing.look(person, world.wearer.id, clock.now(), clock.now())["tag"] is None
    db.release_connection()
    world.settle()
    world.reads_everything()


def test_a_second_tag_is_not_fitted_beside_the_first_where_it_would_hide_what_the_other_reports(world: World) -> None:
    person, wearer, old = world.officer.person, world.wearer, worn(world)
    world.new_tag("LDN-0099", None)
    now = clock.now()
    with pytest.raises(InvalidRecord, match="They wear tag LDN-0001 at that time: swap the tags"):
        writing.fit_tag(person, wearer.id, "LDN-0099", now, now, is_confirmed=True)
    # Also for a time that has passed, or that is still to come.
    for from_at, to_at in (
        (now - timedelta(days=2), now - timedelta(days=1)),
        (now + timedelta(days=1), now + timedelta(days=2)),
    ):
        with pytest.raises(InvalidRecord, match="swap the tags"):
            writing.fit_tag(person, wearer.id, "LDN-0099", from_at, now, to_at=to_at)
    assert worn(world).id == old.id
    writing.take_tag_off(person, old.id, now, now, why="It hurts.", is_confirmed=True)
    writing.fit_tag(person, wearer.id, "LDN-0099", now, now)
    with pytest.raises(NeedsConfirmation, match="recorded with two tags, LDN-0099 and LDN-0001"):
        writing.take_tag_off(person, old.id, now + timedelta(hours=1), now, why="An hour later.", is_correction=True)
    db.release_connection()
    world.reads_everything()


def test_tags_that_were_mixed_up_are_put_right_one_after_the_other_and_the_watch_sees_both_until_then(
    world: World,
) -> None:
    world.new_wearer("Owen Price", "LDN-0050")
    person, mine = world.officer.person, worn(world)
    other = Activation.get(Activation.wearer != world.wearer)
    owen = other.wearer_id
    more = {"why": "They were mixed up.", "corrects": mine.id}
    with pytest.raises(NeedsConfirmation, match="Owen Price is recorded with two tags, LDN-0050 and LDN-0001"):
        writing.fit_tag(person, owen, "LDN-0001", mine.from_at, clock.now(), **more)
    writing.fit_tag(person, owen, "LDN-0001", mine.from_at, clock.now(), **more, is_confirmed=True)
    (found,) = [one for one in completeness.find(clock.now(), [owen]) if one.item is MissingItem.TWO_TAGS]
    assert found.detail == "LDN-0001, LDN-0050"
    more["corrects"] = other.id
    writing.fit_tag(person, world.wearer.id, "LDN-0050", other.from_at, clock.now(), **more)
    gaps = {one.item for one in completeness.find(clock.now(), [owen, world.wearer.id])}
    assert not gaps & {MissingItem.TWO_TAGS, MissingItem.WITHOUT_TAG}
    db.release_connection()
    world.reads_everything()


def test_nothing_is_asked_back_where_another_tag_is_worn_or_no_zone_is_in_force(world: World) -> None:
    person, wearer, old = world.officer.person, world.wearer, worn(world)
    # Two that were on record before a second one was refused.
    world.new_tag("LDN-0099", wearer)
    db.release_connection()
    writing.take_tag_off(person, old.id, clock.now() + timedelta(hours=1), clock.now(), why="Two were worn.")
    now = clock.now()
    more = {"why": "Taken ill.", "is_confirmed": True}
    monitoring_status.suspend(person, wearer.id, Suspended.HOSPITAL, now, now + timedelta(days=3), now, **more)
    writing.take_tag_off(person, worn(world).id, clock.now(), clock.now(), why="For the operation.")
    assert worn(world).to_at is not None
    db.release_connection()
    world.reads_everything()


def test_tags_are_listed_swapped_and_taken_off_over_the_interface(world: World) -> None:
    world.new_tag("LDN-0099", None)
    old, path = worn(world), f"/v1/wearers/{world.wearer.id}/tags"
    body = {"serial": "LDN-0099", "at": clock.now().isoformat(), "why": "Broken."}
    made = world.officer.api("POST", f"/v1/activations/{old.id}/swap", json=body)
    assert made.status_code == 201, made.text
    listed = world.officer.api("GET", path).json()["tags"]
    assert [row["serial"] for row in listed] == ["LDN-0099", "LDN-0001"]
    off = {"to_at": clock.now().isoformat(), "why": "Ill."}
    ended = f"/v1/activations/{made.json()['id']}/end"
    asked = world.officer.api("POST", ended, json=off)
    assert (asked.status_code, asked.json()["code"]) == (409, "needs_confirmation")
    assert world.officer.api("POST", ended, json={**off, "is_confirmed": True}).status_code == 201
    assert world.officer.api("POST", ended, json=off).json()["code"] == "invalid_transition"
    assert world.officer.api("POST", "/v1/activations/999/end", json=off).status_code == 404
    world.settle()
    world.reads_everything()
