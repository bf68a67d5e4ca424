"""A tag reports from a drawer too: what it sent while no wearer had it is taken only where a person says so."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from backend import clock, db
from backend.models import Activation, AuditEntry, Fix, Wearer
from tests import cases
from tests.world import World
from tests.world.tag import TestTag


@pytest.fixture
def spare(world: World) -> TestTag:
    """A tag that reports from inside the zone of the wearer, in the drawer of a protected person's neighbour."""
    spare = world.new_tag("LDN-0099", None)
    spare.stays(0.0, for_s=120, every_s=30)
    world.forward(3_600)
    return spare


def take_off(world: World, **ago: float) -> None:
    old = Activation.get(Activation.wearer == world.wearer)
    db.release_connection()
    body = {"to_at": (clock.now() - timedelta(**ago)).isoformat(), "why": "The strap broke.", "is_confirmed": True}
    assert world.officer.api("POST", f"/v1/activations/{old.id}/end", json=body).status_code == 201


def fit(world: World, ago: timedelta, **more: Any) -> Any:
    body = {"serial": "LDN-0099", "from_at": (clock.now() - ago).isoformat(), "why": "Fitted.", **more}
    return world.officer.api("POST", f"/v1/wearers/{world.wearer.id}/tags", json=body)


def swap(world: World, ago: timedelta, **more: Any) -> Any:
    old = Activation.get(Activation.wearer == world.wearer)
    db.release_connection()
    body = {"serial": "LDN-0099", "at": (clock.now() - ago).isoformat(), "why": "Broken.", **more}
    return world.officer.api("POST", f"/v1/activations/{old.id}/swap", json=body)


def owners(serial: str = "LDN-0099") -> set[int | None]:
    try:
        return {fix.wearer_id for fix in Fix.select() if fix.tag.serial == serial}
    finally:
        db.release_connection()


@pytest.mark.parametrize("how", ["fitted", "swapped"])
def test_fixes_from_a_drawer_become_nobodys_breach_unasked(world: World, spare: TestTag, how: str) -> None:
    if how == "fitted":
        take_off(world, hours=3)
    enter = fit if how == "fitted" else swap
    asked = enter(world, timedelta(hours=2))
    assert (asked.status_code, asked.json()["code"]) == (409, "needs_confirmation")
    said = " ".join(asked.json()["warnings"])
    assert "LDN-0099 sent 4 fixes from" in said
    assert "Confirm only if Daniel Marsh wore the tag then" in said
    assert owners() == {None}
    assert cases.alerts() == []
    # Entered with the time from which it really is worn, nothing is asked and nothing is taken.
    assert enter(world, timedelta(minutes=5)).status_code == 201
    world.settle()
    assert owners() == {None}
    assert cases.alerts() == []
    world.reads_everything()


def test_a_tag_that_was_worn_before_it_was_written_down_is_judged_once_that_is_confirmed(
    world: World, spare: TestTag
) -> None:
    take_off(world, hours=3)
    assert fit(world, timedelta(hours=2), is_confirmed=True).status_code == 201
    world.settle()
    assert owners() == {world.wearer.id}
    (alert,) = cases.alerts()
    assert alert.wearer_id == world.wearer.id
    entry = AuditEntry.select().where(AuditEntry.action == "tag_fitted").order_by(AuditEntry.id.desc()).get()
    assert entry.detail["taken"] == 4
    db.release_connection()
    world.reads_everything()


def test_a_documented_correction_says_by_itself_that_it_was_worn_earlier(world: World, spare: TestTag) -> None:
    take_off(world, hours=3)
    made = fit(world, timedelta(minutes=5))
    assert made.status_code == 201
    corrected = fit(world, timedelta(hours=2), corrects=made.json()["id"])
    assert corrected.status_code == 201, corrected.text
    world.settle()
    assert owners() == {world.wearer.id}
    world.reads_everything()


def test_what_a_tag_sent_while_another_wearer_had_it_is_never_taken_whatever_is_confirmed(world: World) -> None:
    theirs = world.new_wearer("Owen Price", "LDN-0050")
    theirs.stays(5_000.0, for_s=60, every_s=30)
    world.forward(3_600)
    owen = Wearer.get(Wearer.name == "Owen Price")
    worn = Activation.get(Activation.wearer == owen)
    db.release_connection()
    off = {"to_at": clock.now().isoformat(), "why": "Over.", "is_confirmed": True}
    assert world.officer.api("POST", f"/v1/activations/{worn.id}/end", json=off).status_code == 201
    body = {"serial": "LDN-0050", "from_at": (clock.now() - timedelta(hours=2)).isoformat(), "why": "Fitted."}
    path = f"/v1/wearers/{world.wearer.id}/tags"
    take_off(world, hours=4)
    refused = world.officer.api("POST", path, json={**body, "is_confirmed": True})
    assert (refused.status_code, refused.json()["code"]) == (422, "invalid_record")
    assert owners("LDN-0050") == {owen.id}
    world.settle()
    world.reads_everything()


def test_a_tag_that_is_written_down_minutes_after_it_was_fitted_asks_nothing(world: World) -> None:
    take_off(world, hours=3)
    tag = world.new_tag("LDN-0099", None)
    tag.stays(5_000.0, for_s=300, every_s=60)
    made = fit(world, timedelta(minutes=6))
    assert made.status_code == 201
    assert owners() == {world.wearer.id}
    world.settle()
    world.reads_everything()
