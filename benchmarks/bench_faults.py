"""Recovery: how long after each fault the next person or channel is asked, in real time and with the default settings.

The whole line runs as in a story, on PostgreSQL, with the providers' doubles on this machine; no clock is moved.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from backend import clock, db, tag_signatures
from backend.models import Session, Socket
from benchmarks.bench_line import databases
from tests.faults.test_fault_01_worker_dies import DIE_AT
from tests.processes import ROOT, environment
from tests.world import World, eventually

PATIENCE_S = 90.0


def _texted(world: World, number: str | None) -> Callable[[], bool]:
    return lambda: any(message.to == number for message in world.doubles.messages)


def _called(world: World, number: str | None) -> Callable[[], bool]:
    return lambda: any(call.to == number for call in world.doubles.calls)


def _pushed(world: World) -> Callable[[], bool]:
    return lambda: bool(world.doubles.pushes)


def push_answers_503(world: World) -> Callable[[], bool]:
    """The text goes instead."""
    world.doubles.script(to=world.officer.has_app().push_token, status=503)
    world.tag.walks_in()
    return _texted(world, world.officer.person.phone)


def push_hangs(world: World) -> Callable[[], bool]:
    """The text goes after the timeout."""
    world.doubles.script(to=world.officer.has_app().push_token, hang_s=60)
    world.tag.walks_in()
    return _texted(world, world.officer.person.phone)


def push_token_revoked(world: World) -> Callable[[], bool]:
    """The text goes instead."""
    world.officer.has_app().handset.unregister()
    world.tag.walks_in()
    return _texted(world, world.officer.person.phone)


def number_is_a_landline(world: World) -> Callable[[], bool]:
    """The call goes instead."""
    world.doubles.script(to=world.officer.person.phone, channel="sms", final_state="undelivered", error_code=30006)
    world.tag.walks_in()
    return _called(world, world.officer.person.phone)


def text_lost_and_its_callback_too(world: World) -> Callable[[], bool]:
    """The provider is asked, and the call goes."""
    world.doubles.script(
        to=world.officer.person.phone,
        channel="sms",
        final_state="undelivered",
        error_code=30003,
        callbacks=("lost",),
    )
    world.tag.walks_in()
    return _called(world, world.officer.person.phone)


def socket_half_open(world: World) -> Callable[[], bool]:
    """The text goes instead."""
    officer = world.officer.signs_in()
    Socket.create(person=officer.person, session=Session.get(), sid="half-open", seen_at=clock.now())
    db.release_connection()
    world.tag.walks_in()
    return _texted(world, officer.person.phone)


def phone_off(world: World) -> Callable[[], bool]:
    """The colleague is notified."""
    world.officer.has_app().handset.turn_off()
    world.tag.walks_in()
    return _texted(world, world.colleague.person.phone)


def officer_cannot(world: World) -> Callable[[], bool]:
    """The colleague is notified."""
    world.officer.has_app()
    world.tag.walks_in()
    eventually(_pushed(world), "the push", PATIENCE_S)
    world.officer.says_cannot()
    return _texted(world, world.colleague.person.phone)


def worker_killed_with_the_claim(world: World) -> Callable[[], bool]:
    """Another one sends."""
    world.stop_worker()
    world.officer.has_app()
    world.tag.walks_in()
    subprocess.run(
        [sys.executable, "-c", DIE_AT, "claimed"],
        cwd=ROOT,
        env=environment(world.settings.changed(poll_s=1.0)),
        check=False,
        timeout=60,
    )
    world.start_worker()
    return _pushed(world)


CASES: tuple[tuple[str, Callable[[World], Callable[[], bool]]], ...] = (
    ("3: push answers 503, to the text", push_answers_503),
    ("3, 11: push hangs, to the text", push_hangs),
    ("7: push token revoked, to the text", push_token_revoked),
    ("8: the number is a landline, to the call", number_is_a_landline),
    ("15: text and callback lost, to the call", text_lost_and_its_callback_too),
    ("12: socket half open, to the text", socket_half_open),
    ("6: phone off, to the colleague's text", phone_off),
    ("the officer cannot, to the colleague's text", officer_cannot),
    ("1: worker killed with the claim, to the push", worker_killed_with_the_claim),
)


def run() -> None:
    """Print how long each recovery took."""
    with tempfile.TemporaryDirectory() as scratch, databases() as fresh:
        for number, (name, begin) in enumerate(CASES):
            url = fresh(f"fault_{number}")
            db.bind(url)
            db.migrate()
            tag_signatures.forget_known()
            folder = Path(scratch) / str(number)
            folder.mkdir()
            before: Any = clock.use(mine := clock.Clock())
            with World(url, folder, mine) as world:
                at = time.monotonic()
                eventually(begin(world), name, PATIENCE_S)
                print(f"fault {name}: {time.monotonic() - at:.1f} s", flush=True)
                world.doubles.clear_script()
                world.doubles.release()
            clock.use(before)
            db.database.obj.close_all()


if __name__ == "__main__":
    run()
