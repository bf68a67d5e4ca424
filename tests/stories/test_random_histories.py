"""Random histories of cases end, and stand after each event, as a judge has it who reads the whole of them at once.

``python -m tests.histories --count 500 --seed 0`` lives through many more, and ``--kind`` through those that hold more.
"""

from __future__ import annotations

import pytest

from backend import clock, db, tag_signatures
from backend.settings import Settings
from tests.applications import create_app
from tests.histories.history import Kind
from tests.histories.judge import live_through

# Those that fit into some thirty seconds, and those that once showed a fault.
SEEDS = (0, 1, 2, 3, 4, 5, 8, 20, 22, 325, 347, 511)
# One of each other kind; the first showed an alert over of a wearer who was inside.
OTHERS: tuple[tuple[Kind, int], ...] = (("worthless", 3114), ("handled", 3300), ("left", 3200))


@pytest.mark.timeout(600)
def test_random_histories_come_to_the_truth_whatever_the_order_of_arrival(
    settings: Settings, test_clock: clock.Clock
) -> None:
    tag_signatures.forget_known()
    app = create_app(settings)
    try:
        asked: list[tuple[Kind, int]] = [*(("plain", seed) for seed in SEEDS), *OTHERS]
        found = [fault for kind, seed in asked for fault in live_through(app, seed, kind)]
        assert found == [], "\n".join(found)
    finally:
        clock.use(test_clock)
        app.extensions["cordon.committer"].close()
        db.release_connection()
