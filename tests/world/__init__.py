"""A world to tell stories in: the served application, its worker, the providers' doubles, and people with phones."""

from tests.world.phone import PASSWORD, Phone
from tests.world.tag import TestTag
from tests.world.waiting import eventually
from tests.world.world import HOME, QUICK_HASHER, World

__all__ = ["HOME", "PASSWORD", "QUICK_HASHER", "Phone", "TestTag", "World", "eventually"]
