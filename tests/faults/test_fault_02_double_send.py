"""Fault 2: a message goes out twice. Remedy: ids in every message, and answers that change nothing the second time."""

from __future__ import annotations

import itertools

from backend.models import AuditEntry
from notifier import messages
from tests.faults.conftest import Remedy
from tests.world import World, eventually


def test_both_copies_are_one_for_the_phone_and_answering_both_is_answering_once(world: World, remedy: Remedy) -> None:
    numbers = itertools.count(1)
    kept = messages.push

    def push(subject: messages.Subject, purpose: object, _: int, __: int) -> dict[str, str]:
        return kept(subject, purpose, next(numbers), next(numbers))  # type: ignore[arg-type]

    remedy.is_switched_off_by(messages, "push", push)
    officer = world.officer.has_app()
    # The push goes out and the answer is lost: no one can know, and so it goes again.
    world.doubles.script(to=officer.push_token, reset="after_work", times=1)
    world.tag.walks_in()
    with remedy.decides():
        world.forward(2)
        eventually(lambda: len(world.doubles.pushes) == 2, "the push and its copy")
        first, copy = world.doubles.pushes
        assert (first.data["alert_id"], first.data["notification_id"]) == (
            copy.data["alert_id"],
            copy.data["notification_id"],
        )
        officer.acknowledges()
        officer.acknowledges()
        assert AuditEntry.select().where(AuditEntry.action == "acknowledged").count() == 1
        world.reads_everything()
