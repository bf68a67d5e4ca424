"""Runs each fault twice: with its remedy, and with the remedy switched off, when the story must fail."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.world import World, waiting

IMPATIENT_S = 2.0


class Remedy:
    """What keeps a fault from silencing a warning; a test says how to switch it off and what must hold."""

    def __init__(self, world: World, patch: pytest.MonkeyPatch, *, is_on: bool) -> None:
        self._world = world
        self._patch = patch
        self.is_on = is_on

    def is_switched_off_by(self, target: Any, name: str, value: Any) -> None:
        """Name the function or figure that is the remedy, and what stands there without it."""
        if not self.is_on:
            self._patch.setattr(target, name, value)

    @contextmanager
    def decides(self) -> Iterator[None]:
        """Expect the story inside to hold with the remedy, and to fail without it."""
        if self.is_on:
            yield
            return
        self._world.checks_at_end = False
        self._patch.setattr(waiting, "PATIENCE_S", IMPATIENT_S)
        with pytest.raises(AssertionError):
            yield


@pytest.fixture(params=["with its remedy", "without"])
def remedy(request: pytest.FixtureRequest, world: World, monkeypatch: pytest.MonkeyPatch) -> Remedy:
    """The remedy of the fault under test, on and off."""
    return Remedy(world, monkeypatch, is_on=request.param == "with its remedy")
