"""What tags sent can be shown later, and a second source that has a tag's key is an alert."""

from __future__ import annotations

import base64
import json

import pytest

from backend import clock, db, kept_requests, tag_signatures
from backend.models import SignedRequest
from notifier.watchdog import Watchdog
from tests.world import World

# About 11 km.
ELSEWHERE_M = 11_000.0


def kept(world: World) -> list[SignedRequest]:
    rows = list(
        SignedRequest.select()
        .where(SignedRequest.tag == tag_signatures.find(world.tag.serial).id)
        .order_by(SignedRequest.id)
    )
    db.release_connection()
    return rows


def test_each_request_is_kept_as_it_was_signed_in_the_chain_of_its_tag(world: World) -> None:
    sent = [json.dumps({"fixes": [world.tag.fix(5_000.0, ago_s=30.0 - n)]}) for n in range(3)]
    for n, body in enumerate(sent):
        assert world.tag.post(body=body.encode(), webhook_id=f"msg-{n}").status_code == 200
    # A request that is sent again is kept once, and one that cannot be read is kept too.
    world.tag.post(body=sent[0].encode(), webhook_id="msg-0")
    world.tag.post(body=b"{", webhook_id="msg-3")
    rows = kept(world)
    content = [base64.b64decode(row.signed).decode() for row in rows]
    assert [one.split(".")[0] for one in content] == ["msg-0", "msg-1", "msg-2", "msg-3"]
    assert content[1].split(".", 2)[2] == sent[1]
    assert kept_requests.broken_at(rows[0].tag_id) is None


@pytest.mark.parametrize("change", ["a body", "a digest", "one is gone"])
def test_a_request_that_was_changed_or_taken_out_is_found(world: World, change: str) -> None:
    world.tag.stays(5_000.0, for_s=60)
    rows = kept(world)
    if change == "a body":
        SignedRequest.update(signed=base64.b64encode(b"another").decode()).where(SignedRequest.id == rows[1]).execute()
    elif change == "a digest":
        SignedRequest.update(digest="0" * 64, signed=None, salt=None).where(SignedRequest.id == rows[1]).execute()
    else:
        SignedRequest.delete().where(SignedRequest.id == rows[1]).execute()
    found = kept_requests.broken_at(rows[0].tag_id)
    db.release_connection()
    assert found == (rows[2].id if change == "one is gone" else rows[1].id)


def test_the_bytes_are_erased_after_their_time_and_the_chain_still_holds(world: World) -> None:
    world.tag.stays(5_000.0, for_s=60)
    world.forward(world.settings.keep_signed_days * 86_400 + 60)
    assert Watchdog(world.settings).look(clock.now())
    rows = kept(world)
    assert {(row.signed, row.salt) for row in rows} == {(None, None)}
    assert kept_requests.broken_at(rows[0].tag_id) is None
    db.release_connection()
    world.checks_at_end = False


def test_a_second_source_with_the_tags_key_rings_once_and_one_stray_fix_does_not(told: World) -> None:
    told.tag.is_far_away()
    told.tag.reports(told.tag.fix(5_000.0 + ELSEWHERE_M))
    told.forward(30)
    told.tag.stays(5_000.0, for_s=60, every_s=30)
    assert [one["event"] for one in told.officer.alerts("all")] == []
    for n in range(8):
        told.tag.reports(told.tag.fix(5_000.0 + (ELSEWHERE_M if n % 2 else 0.0)))
        told.forward(15)
    (alert,) = told.officer.alerts("all")
    assert (alert["kind"], alert["event"]) == ("tamper", "two_sources")
    told.officer.expects_push("two sources")
    told.reads_everything()
