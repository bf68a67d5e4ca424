"""A world to tell stories in: the served application, its worker, the providers' doubles, and people with phones."""

from tests.world.phone import PASSWORD, Phone
from tests.world.tag import TestTag
from tests.world.waiting import eventually
from tests.world.world import HOME, World

__all__ = ["HOME", "PASSWORD", "Phone", "TestTag", "World", "eventually"]
