"""A world to tell stories in: the served application, its worker, the providers' doubles, and people with phones."""

from tests.world.line import HOME, World
from tests.world.patience import eventually
from tests.world.phone import PASSWORD, Phone
from tests.world.tag import TestTag

__all__ = ["HOME", "PASSWORD", "Phone", "TestTag", "World", "eventually"]
