"""However stored fixes are shuffled, split, merged and sent again: each visit is on record and told, and no other."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import Any

from flask import Flask
from hypothesis import HealthCheck, given
from hypothesis import settings as with_settings
from hypothesis import strategies as st

from backend import alerts, clock, db
from backend.models import Activation, Alert, AlertKind, Fix, Tag
from backend.settings import Settings
from tests import cases
from tests.applications import create_app
from tests.backend.test_any_order import new_case, post
from tests.world import HOME
from zones import Certainty, Level

EVERY = timedelta(minutes=3)
INSIDE_M, FAR_M = 0.0, 2_000.0
REENTRY = timedelta(minutes=10)
# How many fixes inside, and how many far off after them: two are a visit that goes on, five and more the end of it.
VISITS = st.lists(st.tuples(st.integers(2, 5), st.sampled_from([2, 5, 7])), min_size=1, max_size=4)


def test_shuffling_splitting_and_merging_hide_no_visit_and_make_none(settings: Settings) -> None:
    app = create_app(settings)
    try:
        _pack(app)
    finally:
        app.extensions["cordon.committer"].close()
        db.release_connection()


def _pack(app: Flask) -> None:
    @with_settings(
        max_examples=6, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck)
    )
    @given(visits=VISITS, sizes=st.lists(st.integers(1, 20), min_size=1, max_size=6), seed=st.integers(0, 999))
    def pack(visits: list[tuple[int, int]], sizes: list[int], seed: int) -> None:
        tag = new_case(app)
        marks = [False, False, *(mark for inside, far in visits for mark in [True] * inside + [False] * far)]
        begin = clock.now() - EVERY * len(marks) - timedelta(hours=1)
        times = [begin + EVERY * n for n in range(len(marks))]
        sent = []
        for n, (at, is_inside) in enumerate(zip(times, marks, strict=True)):
            lat, lon = cases.east_of(HOME, (INSIDE_M if is_inside else FAR_M) + n % 5)
            sent.append({"fix_time": at.isoformat(), "lat": lat, "lon": lon, "accuracy_m": 6.0})
        _send(app, tag, sent, sizes, random.Random(seed))
        expected = _visits_in(times, marks)
        wearer = Activation.get(Activation.tag == tag).wearer_id
        told = sorted(
            (row.fix_time, row.last_fix_time)
            for row in Alert.select().where(
                Alert.wearer == wearer, Alert.kind == AlertKind.ZONE, Alert.certainty != Certainty.WITHDRAWN
            )
            if row.outcome_code != alerts.JOINED
        )
        on_record = Fix.select().where(Fix.wearer == wearer, Fix.level == Level.BREACH).count()
        db.release_connection()
        for begins, ends in expected:
            # By an alert of its own, or by one that stood from an earlier visit to it while nothing else was known.
            assert any(began_at <= begins + EVERY and last_at >= ends for began_at, last_at in told), (told, expected)
        for began_at, last_at in told:
            assert any(abs(began_at - begins) <= EVERY for begins, _ in expected), (told, expected)
            assert any(ends <= last_at <= ends + 2 * EVERY for _, ends in expected), (told, expected)
        assert len(told) <= len(expected), (told, expected)
        assert on_record >= sum(marks)

    pack()


def _send(app: Flask, tag: Tag, sent: list[dict[str, Any]], sizes: list[int], rng: random.Random) -> None:
    """Send the fixes shuffled, in requests of these sizes, some of them again."""
    waiting = list(sent)
    rng.shuffle(waiting)
    turn = 0
    while waiting:
        size = sizes[turn % len(sizes)]
        heap, waiting = waiting[:size], waiting[size:]
        post(app, tag, heap)
        if turn % 3 == 1:
            # A tag that heard no answer sends the same again, in another heap.
            post(app, tag, heap[: len(heap) // 2 + 1], is_new=False)
        turn += 1
    # The live fix, far off and new.
    lat, lon = cases.east_of(HOME, FAR_M)
    post(app, tag, [{"fix_time": clock.now().isoformat(), "lat": lat, "lon": lon, "accuracy_m": 6.0}])


def _visits_in(times: list[datetime], marks: list[bool]) -> list[tuple[datetime, datetime]]:
    found: list[tuple[datetime, datetime]] = []
    for at in (at for at, is_inside in zip(times, marks, strict=True) if is_inside):
        if found and at - found[-1][1] <= REENTRY:
            found[-1] = found[-1][0], at
        else:
            found.append((at, at))
    return found
