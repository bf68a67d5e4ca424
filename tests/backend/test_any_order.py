"""Whatever the order in which stored fixes arrive, and however they are packed: the same stays are alerts."""

from __future__ import annotations

import json
import random
import uuid
from datetime import datetime, timedelta
from typing import Any

from flask import Flask
from hypothesis import HealthCheck, example, given
from hypothesis import settings as with_settings
from hypothesis import strategies as st
from standardwebhooks import Webhook

from backend import alerts, clock, db, tag_signatures
from backend.models import (
    Activation,
    Alert,
    PlaceZone,
    ProtectedPlace,
    Tag,
    Team,
    Victim,
    Wearer,
)
from backend.settings import Settings
from tests import cases
from tests.applications import create_app
from tests.world import HOME
from zones import Certainty

EVERY = timedelta(minutes=10)
INSIDE_M, FAR_M = 0.0, 4_700.0
# How many fixes inside, and how many far off after them: who comes back within ten minutes has not gone.
STAYS = st.lists(st.tuples(st.integers(1, 3), st.integers(2, 4)), min_size=1, max_size=4)


def new_case(app: Flask) -> Tag:
    now = clock.now()
    with app.app_context():
        team = Team.create(name=uuid.uuid4().hex, created_at=now)
        victim = Victim.create(team=team, name="Laura Bennett", created_at=now)
        place = ProtectedPlace.create(victim=victim, label="Home")
        wearer = Wearer.create(team=team, name="Daniel Marsh", created_at=now)
        PlaceZone.create(place=place, wearer=wearer, from_at=now - timedelta(days=2), feature=cases.circle(*HOME))
        tag = Tag.create(serial=uuid.uuid4().hex, key=tag_signatures.new_key(), created_at=now)
        Activation.create(tag=tag, wearer=wearer, from_at=now - timedelta(days=2))
        db.release_connection()
    return tag


def post(app: Flask, tag: Tag, fixes: list[dict[str, Any]], *, is_new: bool = True) -> None:
    body, webhook_id, now = json.dumps({"fixes": fixes}), uuid.uuid4().hex, clock.now()
    headers = {
        "webhook-id": webhook_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(tag.key).sign(webhook_id, now, body),
    }
    answer = app.test_client().post(f"/v1/tags/{tag.serial}/fixes", data=body, headers=headers)
    assert answer.status_code == 200
    assert answer.json is not None
    assert answer.json["accepted" if is_new else "duplicate"] == len(fixes)


def test_the_order_of_arrival_and_the_packing_do_not_change_which_stays_are_alerts(
    settings: Settings,
) -> None:
    app = create_app(settings)
    try:
        _roam(app)
    finally:
        app.extensions["cordon.committer"].close()
        db.release_connection()


def _roam(app: Flask) -> None:
    @with_settings(
        max_examples=25, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck)
    )
    @given(
        stays=STAYS,
        order=st.sampled_from(["as it was", "backwards", "shuffled"]),
        size=st.integers(1, 9),
        seed=st.integers(0, 99),
    )
    # The last fix to arrive is read with the half hour after it: the alert of the two later stays reaches further.
    @example(stays=[(2, 3), (2, 2), (3, 2)], order="backwards", size=1, seed=0)
    def roam(stays: list[tuple[int, int]], order: str, size: int, seed: int) -> None:
        tag = new_case(app)
        marks = [False, False, *(mark for inside, far in stays for mark in [True] * inside + [False] * far)]
        begin = clock.now() - EVERY * len(marks)
        times = [begin + EVERY * n for n in range(len(marks))]
        sent = []
        for n, (at, is_inside) in enumerate(zip(times, marks, strict=True)):
            lat, lon = cases.east_of(HOME, (INSIDE_M if is_inside else FAR_M) + n % 5)
            sent.append({"fix_time": at.isoformat(), "lat": lat, "lon": lon, "accuracy_m": 6.0})
        if order != "as it was":
            sent.reverse()
        if order == "shuffled":
            random.Random(seed).shuffle(sent)
        for first in range(0, len(sent), size):
            post(app, tag, sent[first : first + size])
        _look(tag, times, stays)

    roam()


def _look(tag: Tag, times: list[datetime], stays: list[tuple[int, int]]) -> None:
    """Each stay is notified of once: by an alert that begins in it, or by one that stood all the while."""
    wearer = Activation.get(Activation.tag == tag).wearer_id
    # One that was found to be a part of another counts with that.
    raised = [one for one in Alert.select().where(Alert.wearer == wearer) if one.outcome_code != alerts.JOINED]
    db.release_connection()
    assert all(one.is_over for one in raised)
    first, begins, far_before = 2, 0, 0
    for inside, far in stays:
        began, ended = times[first], times[first + inside - 1]
        mine = [one for one in raised if began <= one.fix_time <= ended]
        # A part of its fixes may have said that it never was: it is told again once the others say that it was so.
        so = [one for one in mine if one.certainty != Certainty.WITHDRAWN]
        # Two fixes off it: it was known to be over at the second, and the wearer was back ten minutes later.
        is_return = far_before == 2
        spans = [
            one
            for one in raised
            if (is_return or not one.is_late) and one.fix_time < began and ended <= one.last_fix_time
        ]
        said = [(str(one.fix_time), str(one.last_fix_time), one.is_late, one.certainty) for one in raised]
        assert len(so) == 1 or (not so and (spans or len(mine) == 1)), (began, ended, said)
        begins += len(mine)
        first, far_before = first + inside + far, far
    assert begins == len(raised), "an alert tells of no stay"
