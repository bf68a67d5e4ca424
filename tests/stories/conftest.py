"""What stories share beyond the world: one in which everyone can be told."""

from __future__ import annotations

import pytest

from backend import clock, db
from backend.models import Channel
from backend.people import consent
from tests.cases import ENDING, NEAR, OVER
from tests.world import World


@pytest.fixture
def told(world: World) -> World:
    """A world whose protected person has words for all three, and whose officer has a phone."""
    consent.give(world.victim, Channel.SMS, NEAR, OVER, world.officer.person, clock.now(), wording_ending=ENDING)
    db.release_connection()
    world.officer.has_app()
    return world
