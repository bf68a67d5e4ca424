"""A row that someone holds for a minute delays only its own tag: every other tag is answered meanwhile."""

from __future__ import annotations

import threading

import psycopg
import pytest

from backend import db
from backend.models import Alert, Fix
from tests.world import World
from tests.world.tag import TestTag

# Each is held as a person at a console would hold it.
ROWS = {
    "its tag": "SELECT 1 FROM tag WHERE serial = 'LDN-0001' FOR UPDATE",
    "its wearer": "SELECT 1 FROM wearer WHERE id = 1 FOR UPDATE",
    "its wearer's alert": "SELECT 1 FROM alert WHERE wearer_id = 1 FOR UPDATE",
    "what was last judged of it": "SELECT 1 FROM place_state WHERE wearer_id = 1 FOR UPDATE",
    "its zone": "SELECT 1 FROM place_zone WHERE wearer_id = 1 FOR UPDATE",
}


class Post(threading.Thread):
    """A post that waits for its answer beside the story."""

    def __init__(self, tag: TestTag, metres: float) -> None:
        super().__init__(daemon=True)
        self.tag, self.fix = tag, tag.fix(metres)
        self.status: int | None = None
        self.start()

    def run(self) -> None:
        self.status = self.tag.post(self.fix).status_code


@pytest.mark.parametrize("row", ROWS)
def test_other_tags_are_answered_while_a_row_of_one_is_held(world: World, row: str) -> None:
    world.stop_worker()
    world.checks_at_end = False
    others = [world.new_wearer(f"Wearer {number}", f"LDN-10{number}") for number in range(5)]
    world.tag.is_far_away()
    world.tag.walks_in()
    with psycopg.connect(world.settings.database_url) as connection:
        connection.execute(ROWS[row])
        held = Post(world.tag, -5_000.0)
        # Together in one group, and one after the other.
        beside = [Post(other, 0.0) for other in others]
        for post in beside:
            post.join(20)
        assert [post.status for post in beside] == [200] * len(others)
        assert [other.post(other.fix(5.0)).status_code for other in others] == [200] * len(others)
        # No one waited until that tag was given up.
        assert held.is_alive() or held.status == 200
        connection.rollback()
    held.join(20)
    # The same is kept in the end, or the tag is asked to send it again.
    if held.status != 200:
        assert held.status == 503
        assert world.tag.post(held.fix).status_code == 200
    assert Fix.select().where(Fix.tag == 1).count() == 4
    assert {alert.wearer_id for alert in Alert.select()} == set(range(1, 7))
    db.release_connection()
