"""Fault 10: a message that cannot be made or sent. Remedy: each row alone, plain words, and the next channel."""

from __future__ import annotations

from typing import Any

import pytest

from notifier import delivery, messages
from notifier.channels import registry, sms
from tests.faults.conftest import Remedy
from tests.world import World


def _breaks(*_: object, **__: object) -> Any:
    raise RuntimeError("poison")


def test_words_that_cannot_be_made_are_replaced_by_plain_ones(
    world: World, remedy: Remedy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(messages, "sms", _breaks)
    remedy.is_switched_off_by(sms, "_staff_text", _breaks)
    world.tag.walks_in()
    with remedy.decides():
        world.officer.expects_sms("Please open the app.")
        world.officer.acknowledges()
        world.reads_everything()


def test_a_channel_that_breaks_is_a_failure_of_this_row_and_the_next_channel_goes(
    world: World, remedy: Remedy, monkeypatch: pytest.MonkeyPatch
) -> None:
    officer = world.officer.has_app()
    monkeypatch.setattr(messages, "push", _breaks)

    def ask(way: registry.Way, notification: Any, attempt: Any) -> Any:
        return way.send(notification, delivery.subject_of(notification.alert), attempt)

    remedy.is_switched_off_by(delivery, "_ask_way", ask)
    world.tag.walks_in()
    with remedy.decides():
        officer.expects_sms("to acknowledge")
        officer.acknowledges()
        world.reads_everything()
